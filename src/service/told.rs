//! What a pharmacy is told of an administration on its order.

use crate::exchange::fhir::administration::{Told, write};
use crate::exchange::fhir::answer::Envelope;
use crate::exchange::fhir::message::Event;
use crate::exchange::fhir::observation::ToldReading;
use emar_domain::administration::Administration;
use emar_domain::home::Home;
use emar_domain::order::Order;
use emar_domain::time::Instant;
use uuid::Uuid;

/// The message; empty when the resident is not in memory, which an order in memory excludes.
#[must_use]
pub fn administration(
    home: &Home,
    order: &Order,
    given: &Administration,
    message: Uuid,
    now: Instant,
) -> Vec<u8> {
    let Some(resident) = home.residents.get(&given.resident) else { return Vec::new() };
    let envelope = Envelope {
        id: message,
        at: home.zone.to_offset_time(now),
        facility: home.facility.as_str(),
        event: Event::Administration,
    };
    // Looked for where they were when they were relied on: in memory, of this resident.
    let known = home.readings.get(&given.resident).into_iter().flatten();
    let relied_on = known.filter(|reading| given.readings.contains(&reading.id));
    let readings: Vec<ToldReading<'_>> = relied_on
        .map(|reading| ToldReading {
            reading,
            at: home.zone.to_offset_time(reading.at),
            profile: home.policy.profile,
        })
        .collect();
    let told = Told {
        administration: given,
        first: given.corrects.unwrap_or(given.id),
        version: if given.corrects.is_some() { 2 } else { 1 },
        order: &order.current,
        resident,
        readings: &readings,
        done_at: home.zone.to_offset_time(given.administered_at),
        recorded_at: home.zone.to_offset_time(given.recorded_at),
    };
    write(&envelope, &told).into_bytes()
}
