//! Effects get their topics and bytes, and wait in the outbox of the same commit.

use crate::store::OutboxRow;
use emar_domain::administration::Administration;
use emar_domain::alert::{Alert, AlertState};
use emar_domain::decide::Effect;
use emar_domain::home::Home;
use emar_domain::order::Order;
use emar_domain::time::Instant;
use emar_wire::payload::{AlertLife, AlertState as AlertPayload, Severity};
use emar_wire::topic::Outbound;
use emar_wire::{Id, Topic, signed};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Makes the message that tells a pharmacy of an administration on its order.
pub type AdministrationMessage = fn(&Home, &Order, &Administration, Uuid, Instant) -> Vec<u8>;

/// Everything needed to turn an effect into a message.
pub struct Outgoing {
    /// Signs alert state, heartbeat and index.
    pub key: ed25519_dalek::SigningKey,
    /// Pharmacies that are told of administrations on their orders.
    pub pharmacies: BTreeSet<String>,
    /// How they are told.
    pub administration: AdministrationMessage,
}

/// The outbox stream of alerts; a pharmacy's stream is `pharmacy/{id}`.
pub const ALERTS: &str = "alert";

impl Outgoing {
    /// The message of one effect, if anybody is to hear of it; `home` is as before the commit.
    #[must_use]
    pub fn row(
        &self,
        home: &Home,
        effect: &Effect,
        fresh: Uuid,
        now: Instant,
    ) -> Option<OutboxRow> {
        let facility = Id::new(home.facility.as_str()).ok()?;
        match effect {
            Effect::Alert(alert) => {
                let unit = Id::new(alert.unit.as_str()).ok()?;
                let topic = Topic::AlertState { facility, unit, alert: alert.id.0 }.to_string();
                let bytes = signed::sign(&self.key, &alert_payload(alert)?).ok()?;
                Some(OutboxRow { stream: ALERTS.to_owned(), topic, bytes })
            }
            Effect::Administration(given) => {
                let order = home.orders.get(&given.order)?;
                let sender = &order.current.source.sender;
                if !self.pharmacies.contains(sender) {
                    return None;
                }
                let pharmacy = Id::new(sender.as_str()).ok()?;
                let event = Outbound::Administration;
                let topic = Topic::PharmacyOut { facility, pharmacy, event }.to_string();
                let bytes = (self.administration)(home, order, given, fresh, now);
                Some(OutboxRow { stream: format!("pharmacy/{sender}"), topic, bytes })
            }
        }
    }
}

/// An alert as it goes over the wire: ids and codes, no name, no drug. `None`: an id that cannot
/// stand in a topic, which the checks at entry exclude.
#[must_use]
pub fn alert_payload(alert: &Alert) -> Option<AlertPayload> {
    let accepted_by = alert.accepted_by.map(|u| Id::new(u.to_string())).transpose().ok()?;
    Some(AlertPayload {
        id: alert.id.0,
        rev: alert.rev,
        kind: alert.kind.code().to_owned(),
        severity: if alert.time_critical { Severity::High } else { Severity::Medium },
        state: match alert.state {
            AlertState::Active => AlertLife::Active,
            AlertState::Accepted => AlertLife::Accepted,
            AlertState::Ended => AlertLife::Ended,
        },
        level: u32::from(alert.level),
        unit: Id::new(alert.unit.as_str()).ok()?,
        place: None,
        due_at: Some(alert.due.micros()),
        doses: u32::try_from(alert.doses.len()).unwrap_or(u32::MAX),
        raised_at: alert.raised_at.micros(),
        at: alert.changed_at.micros(),
        accepted_by,
        accepted_until: alert.accepted_until.map(Instant::micros),
        ended_reason: alert.ended.clone(),
    })
}
