//! The demo's pharmacy: takes every administration it is told of, and says so.

use crate::clock::Clock;
use crate::exchange::fhir::answer::{self, Envelope, Kind};
use crate::exchange::fhir::message::Event as FhirEvent;
use emar_domain::zone::ZoneRules;
use emar_wire::client::{Announced, Event, Handle, Message, Options, connect};
use emar_wire::payload::Presence;
use emar_wire::{Id, Role, Topic};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

const STOP_MAX: Duration = Duration::from_secs(5);

/// What the pharmacy is told.
pub struct Told {
    /// The home's id in topics.
    pub facility: Id,
    /// Its own.
    pub pharmacy: Id,
    /// Its password at the broker.
    pub password: String,
    /// The broker.
    pub broker: SocketAddr,
    /// Clinical and machine time.
    pub clock: Arc<dyn Clock>,
    /// The home's zone.
    pub zone: ZoneRules,
}

/// A pharmacy at work.
pub struct Pharmacy {
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Pharmacy {
    /// Starts it.
    #[must_use]
    pub fn start(told: Told) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, running: tokio::spawn(told.work(stopped)) }
    }

    /// Stops it; it says goodbye to the broker.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(STOP_MAX, self.running).await.is_err() {
            tracing::warn!("the demo's pharmacy did not stop");
        }
    }
}

impl Told {
    fn options(&self) -> Options {
        let clock = Arc::clone(&self.clock);
        let (facility, pharmacy) = (self.facility.clone(), self.pharmacy.clone());
        let mut options = Options::new(
            (self.broker.ip().to_string(), self.broker.port()),
            pharmacy.clone(),
            (pharmacy.as_str(), self.password.as_str()),
            Arc::new(move || clock.machine()),
        );
        let role = Role::Pharmacy { facility: facility.clone(), pharmacy: pharmacy.clone() };
        options.subscriptions = role.filters();
        options.announced = Some(Announced {
            topic: Topic::PharmacyPresence { facility, pharmacy },
            presence: Presence::default(),
        });
        options
    }

    async fn work(self, mut stop: watch::Receiver<bool>) {
        let (handle, mut events) = connect(self.options());
        loop {
            tokio::select! {
                _ = stop.changed() => break,
                event = events.recv() => match event {
                    Some(Event::Message(message)) => self.message(message, &handle).await,
                    Some(Event::Disconnected { why }) => tracing::info!(%why, "demo pharmacy"),
                    Some(Event::Connected { .. }) => {}
                    None => break,
                },
            }
        }
        handle.shutdown().await;
    }

    /// CA and AA to whatever it is sent; what cannot be read is not answered, and comes again.
    async fn message(&self, message: Message, handle: &Handle) {
        if let Topic::PharmacyOut { .. } = &message.topic
            && let Some(id) = id_of(&message.payload)
        {
            for kind in [Kind::Ca, Kind::Aa] {
                let bytes = self.answer(&id, kind).into_bytes();
                let (facility, pharmacy) = (self.facility.clone(), self.pharmacy.clone());
                let topic = Topic::PharmacyOutAnswer { facility, pharmacy };
                // Without its answer the home sends the message again, and it is answered again.
                if let Err(why) = handle.publish(&topic, bytes).await {
                    tracing::info!(%why, "demo pharmacy: an answer was not sent");
                }
            }
        }
        if let Some(token) = message.ack {
            handle.ack(token).await;
        }
    }

    fn answer(&self, to: &str, kind: Kind) -> String {
        let envelope = Envelope {
            id: Uuid::now_v7(),
            at: self.zone.to_offset_time(self.clock.clinical()),
            facility: self.pharmacy.as_str(),
            event: FhirEvent::Administration,
        };
        answer::write(&envelope, to, kind, &[])
    }
}

/// `MessageHeader.id` of a message.
fn id_of(bytes: &[u8]) -> Option<String> {
    let message: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some(message.pointer("/entry/0/resource/id")?.as_str()?.to_owned())
}
