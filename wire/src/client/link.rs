//! One connection, from CONNECT to its end.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectionError, EventLoop, LastWill, MqttOptions, NetworkOptions, Outgoing,
    Packet, Publish, QoS, SubAck, SubscribeFilter, SubscribeReasonCode,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use super::supervise::refuse;
use super::{
    AckToken, Announced, Command, Event, Lost, Message, Options, PACKET_BYTES_MAX, PublishError,
    QUEUE_MAX,
};
use crate::Topic;
use crate::payload::{Presence, encode};
use crate::topic::Qos;

/// How long the broker may take for CONNACK and SUBACK together.
const READY_MAX: Duration = Duration::from_secs(10);
/// How long the broker may take for one PUBACK.
const PUBACK_MAX: Duration = Duration::from_secs(20);
/// How long a clean end may take.
const CLOSE_MAX: Duration = Duration::from_secs(2);
/// How often those are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) enum Ending {
    Lost(Lost),
    Closed(Option<oneshot::Sender<()>>),
}

/// Who waits for the PUBACK of a publication.
enum Waiter {
    Caller(oneshot::Sender<Result<(), PublishError>>),
    Birth,
    Death,
}

struct Sent {
    waiter: Waiter,
    since: Instant,
}

struct Closing {
    since: Instant,
    done: Option<oneshot::Sender<()>>,
}

pub(super) struct Link {
    client: AsyncClient,
    session: u64,
    started: Instant,
    ready: bool,
    subscriptions: Vec<String>,
    announced: Option<Announced>,
    now: std::sync::Arc<dyn Fn() -> i64 + Send + Sync>,
    events: mpsc::Sender<Event>,
    /// Handed to rumqttc, no packet id yet. It numbers them in this order.
    unnumbered: VecDeque<Sent>,
    /// On the wire, by packet id.
    numbered: BTreeMap<u16, Sent>,
    /// Received and not yet acknowledged to the broker, oldest first; true once the consumer has.
    received: VecDeque<(u16, bool)>,
    acks_queued: usize,
    closing: Option<Closing>,
}

impl Link {
    pub(super) fn new(
        options: &Options,
        session: u64,
        events: mpsc::Sender<Event>,
    ) -> (Self, EventLoop) {
        let mut mqtt =
            MqttOptions::new(options.client_id.to_string(), options.host.clone(), options.port);
        // rumqttc panics below one second.
        mqtt.set_keep_alive(options.keep_alive.max(Duration::from_secs(1)))
            .set_credentials(options.user.clone(), options.password.clone())
            .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX)
            .set_clean_session(options.clean_session)
            .set_manual_acks(true);
        let announced = options.announced.clone().map(|mut announced| {
            announced.presence.session = session;
            announced.presence.at = (options.now)();
            announced.presence.up = true;
            announced
        });
        if let Some(Announced { topic, presence }) = &announced {
            let death = Presence { up: false, ..presence.clone() };
            // A presence is integers, ids and a version: it always has a JSON form.
            let death = encode(&death).unwrap_or_default();
            mqtt.set_last_will(LastWill::new(topic.to_string(), death, qos(topic.qos()), true));
        }
        let (client, mut event_loop) = AsyncClient::new(mqtt, QUEUE_MAX + 8);
        // Small messages, each awaited: held back until the last is acknowledged they cost 40 ms.
        let mut network = NetworkOptions::new();
        network.set_tcp_nodelay(true);
        event_loop.set_network_options(network);
        let link = Self {
            client,
            session,
            started: Instant::now(),
            ready: false,
            subscriptions: options.subscriptions.clone(),
            announced,
            now: options.now.clone(),
            events,
            unnumbered: VecDeque::new(),
            numbered: BTreeMap::new(),
            received: VecDeque::new(),
            acks_queued: 0,
            closing: None,
        };
        (link, event_loop)
    }

    pub(super) fn was_ready(&self) -> bool {
        self.ready
    }

    pub(super) async fn run(
        &mut self,
        mut event_loop: EventLoop,
        commands: &mut mpsc::Receiver<Command>,
    ) -> Ending {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // A poll that is dropped half-way would begin the connection anew, so it is kept while
            // commands come in.
            let mut poll = pin!(event_loop.poll());
            let event = loop {
                tokio::select! {
                    event = &mut poll => break event,
                    command = commands.recv(), if self.has_room() => {
                        if let Err(ending) = self.on_command(command) {
                            return ending;
                        }
                    }
                    _ = look.tick() => {
                        if let Some(ending) = self.overdue() {
                            return ending;
                        }
                    }
                }
            };
            let outcome = match event {
                Ok(rumqttc::Event::Incoming(packet)) => self.on_packet(packet),
                Ok(rumqttc::Event::Outgoing(outgoing)) => self.on_outgoing(&outgoing),
                Err(error) => Err(self.failed(error)),
            };
            if let Err(ending) = outcome {
                return ending;
            }
        }
    }

    fn has_room(&self) -> bool {
        self.closing.is_none() && self.unnumbered.len() + self.acks_queued < QUEUE_MAX
    }

    fn on_command(&mut self, command: Option<Command>) -> Result<(), Ending> {
        match command {
            Some(Command::Publish { topic, payload, done }) if self.ready => {
                self.publish(&topic, payload, Waiter::Caller(done))
            }
            Some(Command::Publish { done, .. }) => {
                refuse(done, PublishError::NotConnected);
                Ok(())
            }
            Some(Command::Ack(token)) if token.session == self.session => {
                self.acknowledge(token.pkid)
            }
            Some(Command::Ack(_)) => Ok(()),
            Some(Command::Shutdown(done)) => self.begin_close(Some(done)),
            None => self.begin_close(None),
        }
    }

    fn publish(&mut self, topic: &Topic, payload: Vec<u8>, waiter: Waiter) -> Result<(), Ending> {
        let sent =
            self.client.try_publish(topic.to_string(), qos(topic.qos()), topic.retained(), payload);
        self.unnumbered.push_back(Sent { waiter, since: Instant::now() });
        sent.map_err(|_| overflow())
    }

    /// rumqttd drops a client whose PUBACKs come out of order, so an early one is held back.
    fn acknowledge(&mut self, pkid: u16) -> Result<(), Ending> {
        if let Some(entry) = self.received.iter_mut().find(|(id, _)| *id == pkid) {
            entry.1 = true;
        }
        while let Some((pkid, true)) = self.received.front().copied() {
            self.received.pop_front();
            let mut publish = Publish::new("", QoS::AtLeastOnce, Vec::new());
            publish.pkid = pkid;
            self.client.try_ack(&publish).map_err(|_| overflow())?;
            self.acks_queued += 1;
        }
        Ok(())
    }

    fn on_packet(&mut self, packet: Packet) -> Result<(), Ending> {
        match packet {
            Packet::ConnAck(_) if self.subscriptions.is_empty() => self.become_ready(),
            Packet::ConnAck(_) => {
                let filters = self
                    .subscriptions
                    .iter()
                    .map(|path| SubscribeFilter { path: path.clone(), qos: QoS::AtLeastOnce });
                self.client.try_subscribe_many(filters).map_err(|_| {
                    Ending::Lost(Lost::Subscription("with a malformed filter".to_owned()))
                })
            }
            Packet::SubAck(answer) => self.on_subscribed(&answer),
            Packet::Publish(publish) => self.on_message(publish),
            Packet::PubAck(puback) => match self.numbered.remove(&puback.pkid) {
                Some(sent) => self.arrived(sent.waiter),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn on_subscribed(&mut self, answer: &SubAck) -> Result<(), Ending> {
        let refused = self.subscriptions.iter().enumerate().find(|(at, _)| {
            !matches!(answer.return_codes.get(*at), Some(SubscribeReasonCode::Success(_)))
        });
        match refused {
            Some((_, filter)) => Err(Ending::Lost(Lost::Subscription(filter.clone()))),
            None => self.become_ready(),
        }
    }

    fn become_ready(&mut self) -> Result<(), Ending> {
        self.ready = true;
        if let Some(Announced { topic, presence }) = self.announced.clone() {
            // As for the last will: a presence always has a JSON form.
            self.publish(&topic, encode(&presence).unwrap_or_default(), Waiter::Birth)?;
        }
        self.emit(Event::Connected { session: self.session })
    }

    fn on_message(&mut self, publish: Publish) -> Result<(), Ending> {
        let acked = publish.qos != QoS::AtMostOnce;
        if acked {
            self.received.push_back((publish.pkid, false));
        }
        match Topic::parse(&publish.topic) {
            Ok(topic) => self.emit(Event::Message(Message {
                topic,
                payload: publish.payload.to_vec(),
                retained: publish.retain,
                qos: if acked { Qos::AtLeastOnce } else { Qos::AtMostOnce },
                ack: acked.then_some(AckToken { session: self.session, pkid: publish.pkid }),
            })),
            Err(why) => {
                // The topic itself may hold a name, so it is not written.
                tracing::warn!(%why, "message dropped");
                if acked { self.acknowledge(publish.pkid) } else { Ok(()) }
            }
        }
    }

    fn on_outgoing(&mut self, outgoing: &Outgoing) -> Result<(), Ending> {
        match outgoing {
            Outgoing::Publish(pkid) => match (self.unnumbered.pop_front(), pkid) {
                (Some(sent), 0) => self.arrived(sent.waiter),
                (Some(sent), pkid) => {
                    self.numbered.insert(*pkid, sent);
                    Ok(())
                }
                (None, _) => Ok(()),
            },
            Outgoing::PubAck(_) => {
                self.acks_queued = self.acks_queued.saturating_sub(1);
                Ok(())
            }
            Outgoing::Disconnect => Err(self.closed()),
            _ => Ok(()),
        }
    }

    fn arrived(&mut self, waiter: Waiter) -> Result<(), Ending> {
        match waiter {
            Waiter::Caller(done) => {
                // The caller may have stopped waiting; then nobody needs the answer.
                let _ = done.send(Ok(()));
                Ok(())
            }
            Waiter::Birth => Ok(()),
            Waiter::Death => self.disconnect(),
        }
    }

    fn begin_close(&mut self, done: Option<oneshot::Sender<()>>) -> Result<(), Ending> {
        self.closing = Some(Closing { since: Instant::now(), done });
        match self.announced.clone() {
            _ if !self.ready => Err(self.closed()),
            None => self.disconnect(),
            Some(Announced { topic, presence }) => {
                let death = Presence { up: false, at: (self.now)(), ..presence };
                // As for the last will: a presence always has a JSON form.
                self.publish(&topic, encode(&death).unwrap_or_default(), Waiter::Death)
            }
        }
    }

    fn disconnect(&mut self) -> Result<(), Ending> {
        self.client.try_disconnect().map_err(|_| self.closed())
    }

    fn closed(&mut self) -> Ending {
        Ending::Closed(self.closing.take().and_then(|closing| closing.done))
    }

    fn failed(&mut self, error: ConnectionError) -> Ending {
        if self.closing.is_some() {
            return self.closed();
        }
        Ending::Lost(match error {
            ConnectionError::ConnectionRefused(code) => Lost::Refused(format!("{code:?}")),
            ConnectionError::NetworkTimeout => Lost::Stalled("CONNECT"),
            other => Lost::Network(other.to_string()),
        })
    }

    fn overdue(&mut self) -> Option<Ending> {
        if self.closing.as_ref().is_some_and(|closing| closing.since.elapsed() > CLOSE_MAX) {
            return Some(self.closed());
        }
        if !self.ready && self.started.elapsed() > READY_MAX {
            return Some(Ending::Lost(Lost::Stalled("CONNECT and SUBSCRIBE")));
        }
        let late = self.numbered.values().chain(self.unnumbered.front());
        let late = late.map(|sent| sent.since.elapsed()).max()? > PUBACK_MAX;
        late.then_some(Ending::Lost(Lost::Stalled("PUBLISH")))
    }

    /// Never waits: a consumer may itself be waiting for a PUBACK that only this task can bring.
    fn emit(&mut self, event: Event) -> Result<(), Ending> {
        use mpsc::error::TrySendError;
        match self.events.try_send(event) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(Ending::Lost(Lost::Slow)),
            Err(TrySendError::Closed(_)) if self.closing.is_some() => Ok(()),
            Err(TrySendError::Closed(_)) => self.begin_close(None),
        }
    }
}

/// The queue inside rumqttc holds more than [`Link::has_room`] lets in, so this ends a connection
/// whose event loop is gone.
fn overflow() -> Ending {
    Ending::Lost(Lost::Stalled("the queue"))
}

fn qos(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
    }
}
