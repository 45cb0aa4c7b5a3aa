//! The cart's end of the bus: presence, scans out, verdicts and heartbeats in.

use std::sync::Arc;
use std::time::Duration;

use emar_wire::client::{self, Announced, Event, EventReceiver, Handle, Message, Options};
use emar_wire::payload::{
    self, CartHealth, Heartbeat, PayloadError, Presence, Scan, VerdictMessage,
};
use emar_wire::signed::{Keyring, Signed};
use emar_wire::{Id, IdError, Role, Topic};

use crate::clock::Clock;
use crate::config::{Config, ConfigError};

/// The client takes a message at once or not at all.
const QUEUE_WAIT: Duration = Duration::from_millis(300);

/// What the loop learns from the bus.
#[derive(Debug)]
pub enum UplinkEvent {
    /// Connected and subscribed.
    Up,
    /// The connection ended; what was not answered will not be.
    Down,
    /// The server answered a scan.
    Verdict(VerdictMessage),
    /// The server is alive; `at` is its clock.
    Heartbeat {
        /// Microseconds UTC.
        at: i64,
    },
}

/// The link cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// A secret or key file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The cart's id makes no client id.
    #[error("the cart id is too long for a client id: {0}")]
    ClientId(#[from] IdError),
}

/// A scan was not handed to the client.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The client's queue stays full.
    #[error("the connection takes no message")]
    Stalled,
    /// It cannot be written.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The client refuses.
    #[error(transparent)]
    Publish(#[from] client::PublishError),
}

/// The open link; it reconnects by itself.
#[derive(Debug)]
pub struct Uplink {
    handle: Handle,
    events: EventReceiver,
    scan_topic: Topic,
    health_topic: Topic,
    pulse: Pulse,
}

impl Uplink {
    /// Starts connecting, on the current tokio runtime.
    ///
    /// # Errors
    /// A secret or key that cannot be read.
    pub fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, UplinkError> {
        let facility = config.facility.clone();
        let cart = config.cart.clone();
        let options = Options {
            announced: Some(Announced {
                topic: Topic::CartPresence { facility: facility.clone(), cart: cart.clone() },
                presence: Presence {
                    build: Some(env!("CARGO_PKG_VERSION").into()),
                    ..Presence::default()
                },
            }),
            subscriptions: Role::Cart { facility: facility.clone(), cart: cart.clone() }.filters(),
            ..Options::new(
                (config.broker.host.clone(), config.broker.port),
                Id::new(format!("bridge-{cart}"))?,
                (config.broker.user.clone(), config.password()?),
                Arc::new(move || clock.wall_us()),
            )
        };
        let pulse =
            Pulse { keyring: config.server_key()?.map(|key| Keyring::new([key])), last: None };
        let (handle, events) = client::connect(options);
        let health_topic = Topic::CartHealth { facility: facility.clone(), cart: cart.clone() };
        let scan_topic = Topic::CartScan { facility, cart };
        Ok(Self { handle, events, scan_topic, health_topic, pulse })
    }

    /// Hands `scan` to the connection, in order with those before it. That the broker has it is
    /// not waited for: the verdict is the only acknowledgement that counts.
    ///
    /// # Errors
    /// It will not leave; it was not sent.
    pub async fn send(&self, scan: &Scan) -> Result<(), NotSent> {
        self.publish(&self.scan_topic, payload::encode(scan)?).await
    }

    /// Tells how the cart is. Nothing hangs on it: the next one tells it anew.
    ///
    /// # Errors
    /// It will not leave.
    pub async fn tell(&self, health: &CartHealth) -> Result<(), NotSent> {
        self.publish(&self.health_topic, payload::encode(health)?).await
    }

    async fn publish(&self, topic: &Topic, bytes: Vec<u8>) -> Result<(), NotSent> {
        let publish = self.handle.publish(topic, bytes);
        let ack = tokio::time::timeout(QUEUE_WAIT, publish).await;
        drop(ack.map_err(|_| NotSent::Stalled)??);
        Ok(())
    }

    /// The next event; `None` once the client has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<UplinkEvent> {
        loop {
            let event = match self.events.recv().await? {
                Event::Connected { session } => {
                    tracing::info!(session, "uplink: connected");
                    // A home restored from a backup may count from an older epoch.
                    self.pulse.last = None;
                    Some(UplinkEvent::Up)
                }
                Event::Disconnected { why } => {
                    tracing::warn!(%why, "uplink: disconnected");
                    Some(UplinkEvent::Down)
                }
                Event::Message(mut message) => {
                    if let Some(token) = message.ack.take() {
                        // Not awaited here, or a cancelled wait would lose the message with it.
                        let handle = self.handle.clone();
                        tokio::spawn(async move { handle.ack(token).await });
                    }
                    self.message(&message)
                }
            };
            if event.is_some() {
                return event;
            }
        }
    }

    fn message(&mut self, message: &Message) -> Option<UplinkEvent> {
        let max = message.topic.kind().payload_bytes_max();
        match &message.topic {
            // Old state is neither an answer nor a sign of life.
            _ if message.retained => None,
            Topic::CartVerdict { .. } => match payload::decode(&message.payload, max) {
                Ok(verdict) => Some(UplinkEvent::Verdict(verdict)),
                Err(why) => {
                    tracing::warn!(%why, "uplink: a verdict does not read");
                    None
                }
            },
            Topic::Heartbeat { .. } => {
                let at = self.pulse.alive(&message.payload, max)?;
                Some(UplinkEvent::Heartbeat { at })
            }
            _ => None,
        }
    }

    /// Publishes the cart's death and disconnects; takes 2 s at most.
    pub async fn close(self) {
        self.handle.shutdown().await;
    }
}

/// Tells a sign of life from a repeated, old or forged one.
#[derive(Debug)]
struct Pulse {
    keyring: Option<Keyring>,
    last: Option<(i64, u64)>,
}

impl Pulse {
    /// When the server sent it, if it is a sign of life.
    fn alive(&mut self, bytes: &[u8], max: usize) -> Option<i64> {
        let beat = self.read(bytes, max)?;
        let number = (beat.epoch, beat.seq);
        if self.last.is_some_and(|last| number <= last) {
            return None;
        }
        self.last = Some(number);
        Some(beat.at)
    }

    fn read(&self, bytes: &[u8], max: usize) -> Option<Heartbeat> {
        let read = match &self.keyring {
            Some(keyring) => keyring.open(bytes, max).map_err(|why| why.to_string()),
            None => payload::decode::<Signed>(bytes, max)
                .and_then(|signed| payload::decode(signed.p.as_bytes(), max))
                .map_err(|why| why.to_string()),
        };
        read.inspect_err(|why| tracing::warn!(why, "uplink: a heartbeat is not believed")).ok()
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use emar_wire::signed::sign;

    use super::*;

    fn beat(key: u8, epoch: i64, seq: u64) -> Vec<u8> {
        let beat =
            Heartbeat { epoch, seq, at: 7, tree_size: 0, open_alerts: 0, oldest_unsent_s: 0 };
        sign(&SigningKey::from_bytes(&[key; 32]), &beat).unwrap()
    }

    #[test]
    fn only_a_new_beat_of_the_servers_key_is_a_sign_of_life() {
        let keyring = Keyring::new([SigningKey::from_bytes(&[1; 32]).verifying_key()]);
        let mut pulse = Pulse { keyring: Some(keyring), last: None };
        let rows = [
            (beat(1, 1, 5), true, "first"),
            (beat(1, 1, 5), false, "again"),
            (beat(1, 1, 4), false, "older"),
            (beat(2, 1, 9), false, "another key"),
            (beat(1, 1, 6), true, "next"),
            (beat(1, 2, 1), true, "new epoch"),
            (beat(1, 1, 7), false, "old epoch"),
            (b"{}".to_vec(), false, "nothing"),
        ];
        for (bytes, alive, what) in rows {
            assert_eq!(pulse.alive(&bytes, 4096), alive.then_some(7), "{what}");
        }
    }

    #[test]
    fn without_a_key_a_beat_counts_unverified() {
        let mut pulse = Pulse { keyring: None, last: None };
        assert!(pulse.alive(&beat(7, 1, 1), 4096).is_some());
        assert!(pulse.alive(b"hello", 4096).is_none());
    }
}
