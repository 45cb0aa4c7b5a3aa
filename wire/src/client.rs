//! The MQTT client: the only place that knows rumqttc.
//!
//! rumqttc throws queued messages away when it reconnects to a broker that lost the session, so
//! its queue never holds the only copy of anything here: on any error the client and its event
//! loop are dropped, every [`PubAck`] still waiting fails, and the caller selects its unsent rows
//! again. A PUBACK says that the broker has the message, nothing more.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::payload::{Micros, Presence};
use crate::topic::{PHARMACY_BYTES_MAX, Qos};
use crate::{Id, Topic};

mod link;
mod supervise;

/// Commands that wait for the connection's task, and requests inside one connection.
const QUEUE_MAX: usize = 256;
/// Events that wait for the consumer; a broker sends fewer unacknowledged messages than that.
const EVENTS_MAX: usize = 512;
/// Room for the topic and the headers beside the greatest payload.
const PACKET_BYTES_MAX: usize = PHARMACY_BYTES_MAX + 64 * 1024;

/// The presence a party publishes: the birth, with the death of the same session as last will.
#[derive(Debug, Clone)]
pub struct Announced {
    /// The party's `presence` topic.
    pub topic: Topic,
    /// Its birth; `session`, `up` and `at` are filled in at each connection.
    pub presence: Presence,
}

/// How to connect.
#[derive(Clone)]
pub struct Options {
    /// The broker's name or address. There is no TLS in here: over a network it stands outside.
    pub host: String,
    /// The broker's port.
    pub port: u16,
    /// The client id; the broker drops an older connection of the same id.
    pub client_id: Id,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The presence, if this party has one.
    pub announced: Option<Announced>,
    /// Filters, subscribed again at each connection: [`crate::Role::filters`].
    pub subscriptions: Vec<String>,
    /// The interval of pings; a dead connection is found within two of them. At least 1 s.
    pub keep_alive: Duration,
    /// True: the broker forgets subscriptions and messages when the connection ends.
    pub clean_session: bool,
    /// The last session number used; the first connection takes the next. A party that can store
    /// it should, since receivers ignore a lower one; wall-clock microseconds do where it cannot.
    pub session: u64,
    /// The machine clock, for the `at` of the presence.
    pub now: Arc<dyn Fn() -> Micros + Send + Sync>,
}

impl Options {
    /// Options with no presence, no subscription, a clean session and a keep-alive of 5 s. The
    /// session numbers begin at the machine clock's microseconds.
    pub fn new(
        (host, port): (impl Into<String>, u16),
        client_id: Id,
        (user, password): (impl Into<String>, impl Into<String>),
        now: Arc<dyn Fn() -> Micros + Send + Sync>,
    ) -> Self {
        Self {
            host: host.into(),
            port,
            client_id,
            user: user.into(),
            password: password.into(),
            announced: None,
            subscriptions: Vec::new(),
            keep_alive: Duration::from_secs(5),
            clean_session: true,
            session: u64::try_from(now()).unwrap_or(0),
            now,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("broker", &(&self.host, self.port))
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The broker refuses user or password, or the client id.
    #[error("the broker refuses this client ({0}); check its user, password and client id")]
    Refused(String),
    /// The broker refuses a subscription.
    #[error("the broker refuses the subscription {0}; check its access list")]
    Subscription(String),
    /// The network or the broker failed.
    #[error("the connection to the broker failed: {0}; it is tried again")]
    Network(String),
    /// The broker did not answer in time.
    #[error("the broker did not answer {0} in time; it is connected anew")]
    Stalled(&'static str),
    /// This program did not take its messages in time.
    #[error("messages arrive faster than they are taken; the broker will send them again")]
    Slow,
}

/// What happens on the connection.
#[derive(Debug)]
pub enum Event {
    /// Connected, subscribed, birth sent. Publishing works from here on; select unsent rows.
    Connected {
        /// The session number, as in the presence.
        session: u64,
    },
    /// The connection ended; every publication without PUBACK has failed. It is tried again.
    Disconnected {
        /// Why.
        why: Lost,
    },
    /// A message arrived.
    Message(Message),
}

/// A message from the broker.
#[derive(Debug)]
pub struct Message {
    /// Its topic; messages on topics outside the tree are dropped.
    pub topic: Topic,
    /// Its payload; empty when a retained message was removed.
    pub payload: Vec<u8>,
    /// True when the broker had kept it: old state, not news, and never a sign of life.
    pub retained: bool,
    /// How it travelled.
    pub qos: Qos,
    /// To be handed to [`Handle::ack`] once the message is stored; `None` at QoS 0.
    pub ack: Option<AckToken>,
}

/// The right to acknowledge one message. Without it the broker sends the message again at the
/// next connection of a persistent session.
#[derive(Debug)]
#[must_use = "a message that is never acknowledged blocks those behind it"]
pub struct AckToken {
    session: u64,
    pkid: u16,
}

/// Why a message was not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// There is no connection; keep the row and wait for [`Event::Connected`].
    #[error("not connected to the broker; the message stays in the outbox")]
    NotConnected,
    /// The connection ended before the PUBACK; the broker may have it or not.
    #[error("the connection ended before the broker answered; the message is sent again")]
    Lost,
    /// Larger than its topic allows.
    #[error("the message has {bytes} bytes, its topic takes {max}; it can never be sent")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The client was shut down.
    #[error("the client was shut down")]
    Closed,
}

/// Resolves when the broker has sent its PUBACK (QoS 1) or the message was written (QoS 0).
#[derive(Debug)]
#[must_use = "without its PUBACK nobody knows whether the broker has the message"]
pub struct PubAck(oneshot::Receiver<Result<(), PublishError>>);

impl Future for PubAck {
    type Output = Result<(), PublishError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A dropped sender means that its connection was dropped with it.
        Pin::new(&mut self.0).poll(cx).map(|sent| sent.unwrap_or(Err(PublishError::Lost)))
    }
}

enum Command {
    Publish { topic: Topic, payload: Vec<u8>, done: oneshot::Sender<Result<(), PublishError>> },
    Ack(AckToken),
    Shutdown(oneshot::Sender<()>),
}

/// The client's end for publishing; cheap to clone. When the last one is dropped the client
/// publishes its death and disconnects.
#[derive(Debug, Clone)]
pub struct Handle(mpsc::Sender<Command>);

/// The client's end for receiving.
#[derive(Debug)]
pub struct EventReceiver(mpsc::Receiver<Event>);

/// Starts the client on the current tokio runtime; it connects and reconnects by itself, after
/// 0.2 s doubling to 5 s.
pub fn connect(options: Options) -> (Handle, EventReceiver) {
    let (commands, commands_rx) = mpsc::channel(QUEUE_MAX);
    let (events_tx, events) = mpsc::channel(EVENTS_MAX);
    tokio::spawn(supervise::run(options, commands_rx, events_tx));
    (Handle(commands), EventReceiver(events))
}

impl Handle {
    /// Hands a message to the connection, with the QoS and retain flag of its row in the tree. An
    /// empty payload removes a retained message. Waits while the queue is full; the message is
    /// sent once, so after an error the caller sends it again.
    pub async fn publish(&self, topic: &Topic, payload: Vec<u8>) -> Result<PubAck, PublishError> {
        let max = topic.kind().payload_bytes_max();
        if payload.len() > max {
            return Err(PublishError::TooLarge { bytes: payload.len(), max });
        }
        let (done, ack) = oneshot::channel();
        let command = Command::Publish { topic: topic.clone(), payload, done };
        self.0.send(command).await.map_err(|_| PublishError::Closed)?;
        Ok(PubAck(ack))
    }

    /// Acknowledges a message, to be called after it was stored. PUBACKs leave in the order the
    /// messages came in, so one waits for those before it. A token of an ended connection does
    /// nothing: the broker sends that message again.
    pub async fn ack(&self, token: AckToken) {
        // A client that was shut down has no connection to acknowledge on.
        let _ = self.0.send(Command::Ack(token)).await;
    }

    /// Publishes the death, disconnects and ends the client; takes 2 s at most.
    pub async fn shutdown(&self) {
        let (done, ended) = oneshot::channel();
        if self.0.send(Command::Shutdown(done)).await.is_ok() {
            // A dropped sender means that the client has ended, too.
            let _ = ended.await;
        }
    }
}

impl EventReceiver {
    /// The next event; `None` once the client was shut down. Dropping the receiver ends the
    /// client. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}
