//! Everything the server hears, handed to whoever acts on it.

use super::cart::Carts;
use super::pharmacy::PharmacyDoor;
use super::station::StationDoor;
use super::{Bus, BusEvent, BusEvents, Delivery};
use crate::exchange::fhir::answer;
use crate::service::App;
use crate::worker::outbox::OutboxHandle;
use crate::worker::{Shutdown, ended};
use emar_domain::id::CartId;
use emar_wire::payload::{Capabilities, Presence, SCHEMA_PHARMACY, Shown, decode, encode};
use emar_wire::topic::PHARMACY_BYTES_MAX;
use emar_wire::{Id, Topic};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Stations whose births are remembered; the access list knows fewer.
const STATIONS_MAX: usize = 1024;

/// Where messages go.
pub struct Doors {
    /// Scans.
    pub carts: Carts,
    /// Commands of stations.
    pub stations: StationDoor,
    /// Orders and their like.
    pub pharmacies: PharmacyDoor,
    /// `shown`, answers of pharmacies, births.
    pub outbox: OutboxHandle,
    /// Counts connections.
    pub connected: watch::Sender<u64>,
}

/// Hears until the bus or the server ends.
pub async fn run(
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    mut events: Box<dyn BusEvents>,
    mut doors: Doors,
    mut shutdown: Shutdown,
) {
    let mut births = BTreeMap::new();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = ended(&mut shutdown) => return,
        };
        match event {
            None => return,
            Some(BusEvent::Connected { session }) => {
                tracing::info!(session, "connected to the broker");
                tell_capabilities(&app, Arc::clone(&bus));
                doors.connected.send_replace(session);
                doors.outbox.connected().await;
            }
            Some(BusEvent::Disconnected { why }) => {
                app.heard.nobody_present(app.clock.machine());
                tracing::warn!(%why, "the broker is away");
            }
            Some(BusEvent::Message(message)) => {
                if let Topic::CartPresence { cart, .. } = &message.topic {
                    cart_presence(&app, cart, &message);
                }
                take(&mut doors, &mut births, message).await;
            }
        }
    }
}

async fn take(doors: &mut Doors, births: &mut BTreeMap<Id, u64>, message: Delivery) {
    match message.topic.clone() {
        Topic::CartScan { cart, .. } => doors.carts.take(cart, message).await,
        Topic::AlertCommand { unit, alert, station, .. } => {
            doors.stations.take(unit, alert, station, message).await;
        }
        Topic::PharmacyIn { pharmacy, event, .. } => {
            doors.pharmacies.take(pharmacy, event, message).await;
        }
        Topic::StationShown { .. } => shown(doors, message).await,
        Topic::StationPresence { station, .. } => birth(doors, births, station, message).await,
        Topic::PharmacyOutAnswer { pharmacy, .. } => match answer::read(&message.payload) {
            Some(heard) => {
                let (outbox, ack) = (&doors.outbox, message.ack);
                outbox.answered(pharmacy, heard.to, heard.kind, ack).await;
            }
            None => {
                tracing::warn!(%pharmacy, "an answer that cannot be read");
                message.ack.stored().await;
            }
        },
        // Presence of carts was noted; of pharmacies, cosignatures, resync: nothing to do yet.
        _ => message.ack.stored().await,
    }
}

fn cart_presence(app: &App, cart: &Id, message: &Delivery) {
    let max = message.topic.kind().payload_bytes_max();
    let up = decode::<Presence>(&message.payload, max).is_ok_and(|presence| presence.up);
    let Ok(cart) = CartId::new(cart.as_str()) else { return };
    // Only carts of this home: a stranger must not fill the memory.
    if app.home().devices.contains_key(&cart) {
        app.heard.presence(&cart, up, app.clock.machine());
    }
}

async fn shown(doors: &Doors, message: Delivery) {
    let max = message.topic.kind().payload_bytes_max();
    match decode::<Shown>(&message.payload, max) {
        Ok(shown) => doors.outbox.shown_by_bus(shown, message.ack).await,
        Err(error) => {
            tracing::warn!(%error, topic = %message.topic, "not understood");
            message.ack.stored().await;
        }
    }
}

async fn birth(doors: &Doors, births: &mut BTreeMap<Id, u64>, station: Id, message: Delivery) {
    let max = message.topic.kind().payload_bytes_max();
    let presence = decode::<Presence>(&message.payload, max).unwrap_or_default();
    let known = births.get(&station).copied();
    // A death can come after the birth that follows it; its session is lower.
    let news = known.is_none_or(|last| presence.session > last);
    if presence.up && news && (known.is_some() || births.len() < STATIONS_MAX) {
        births.insert(station, presence.session);
        doors.outbox.birth(presence.units).await;
    }
    message.ack.stored().await;
}

fn tell_capabilities(app: &App, bus: Arc<dyn Bus>) {
    let Ok(facility) = Id::new(app.facility.as_str()) else { return };
    let capabilities = Capabilities {
        schemas: vec![SCHEMA_PHARMACY.to_owned()],
        content_types: vec!["application/fhir+json; fhirVersion=4.0".to_owned()],
        accepts: vec!["order".to_owned()],
        sends: vec!["administration".to_owned()],
        bytes_max: u32::try_from(PHARMACY_BYTES_MAX).unwrap_or(u32::MAX),
    };
    let Ok(bytes) = encode(&capabilities) else { return };
    // Not waited for: the PUBACK comes by the loop that would wait.
    tokio::spawn(async move {
        if let Err(error) = bus.publish(Topic::Capabilities { facility }, bytes).await {
            tracing::warn!(%error, "capabilities were not published");
        }
    });
}
