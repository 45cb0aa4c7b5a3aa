//! The record by key: what was ordered, due, done and scanned, whenever it was.

use super::super::value::bind;
use super::super::{Row, Store, StoreError};
use super::home::{read_prescribed, read_withdrawal};
use super::statements;
use emar_domain::administration::Administration;
use emar_domain::alert::Alert;
use emar_domain::dose::{DoseOutcome, Slot};
use emar_domain::drug::Label;
use emar_domain::fact::{DoseDue, DoseFact, OrderEvent, PotFact, ScanEvent};
use emar_domain::id::{AdministrationId, AlertId, DoseId, FacilityId, OrderId, ResidentId, ScanId};
use emar_domain::order::OrderVersion;
use emar_domain::resident::Resident;
use emar_domain::time::{CivilDate, CivilDateTime, Instant};
use serde::de::DeserializeOwned;

statements! {
    ADMINISTRATION = "SELECT body FROM administration WHERE id = $1";
    ADMINISTRATIONS_OF_DOSE = "SELECT body FROM administration WHERE dose = $1 ORDER BY seq, rank";
    ADMINISTRATIONS_OF_RESIDENT = "SELECT body FROM administration WHERE resident = $1 \
        AND administered_at >= $2 AND administered_at < $3 ORDER BY administered_at, seq, rank";
    ADMINISTRATIONS_BETWEEN = "SELECT body FROM administration WHERE facility = $1 \
        AND administered_at >= $2 AND administered_at < $3 \
        ORDER BY administered_at, seq, rank LIMIT $4";
    OUTCOMES_OF_RESIDENT = "SELECT a.body FROM dose_state s \
        JOIN dose_outcome o ON o.dose = s.dose JOIN administration a ON a.id = o.administration \
        WHERE s.resident = $1 AND s.due >= $2 AND s.due < $3";
    ORDER_VERSIONS = "SELECT body FROM order_version WHERE orders = $1 ORDER BY version";
    ORDER_EVENTS = "SELECT body FROM order_event WHERE orders = $1 ORDER BY seq, rank";
    ORDERS_OF_RESIDENT = "SELECT v.body FROM order_state s JOIN order_version v \
        ON v.orders = s.orders AND v.version = s.version \
        WHERE s.resident = $1 ORDER BY v.orders";
    ORDER_BY_PLACER = "SELECT id FROM orders WHERE facility = $1 AND sender = $2 AND placer = $3 \
        AND placer <> ''";
    LAST_CHARTED = "SELECT a.administered_at FROM dose_state d \
        JOIN dose_outcome o ON o.dose = d.dose JOIN administration a ON a.id = o.administration \
        WHERE d.orders = $1 ORDER BY d.due DESC LIMIT 1";
    LAST_TAKEN = "SELECT a.administered_at FROM dose_state d \
        JOIN dose_outcome o ON o.dose = d.dose JOIN administration a ON a.id = o.administration \
        WHERE d.orders = $1 AND o.taken = 1 ORDER BY d.due DESC LIMIT 1";
    DOSE = "SELECT id, orders, plan, civil_date, slot, resident, local_time, at, version, amount, \
        unit FROM dose \
        WHERE id = $1";
    DUES = "SELECT dose, rev, due, opens, closes, shifted, withdrawn, at FROM dose_due \
        WHERE dose = $1 ORDER BY rev";
    POTS = "SELECT body FROM prepared WHERE dose = $1 ORDER BY seq, rank";
    SCAN = "SELECT body FROM scan_event WHERE id = $1";
    RESIDENT = "SELECT body FROM resident_event WHERE resident = $1 \
        ORDER BY seq DESC, rank DESC LIMIT 1";
    LABEL = "SELECT body FROM label WHERE facility = $1 AND code = $2 \
        ORDER BY seq DESC, rank DESC LIMIT 1";
    ALERT = "SELECT body FROM alert WHERE id = $1";
    ALERT_REVISIONS = "SELECT body FROM alert_event WHERE alert = $1 ORDER BY rev";
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoneOn {
    /// Whether any dose of it was ever charted.
    pub charted: bool,
    /// When the latest due dose that was taken was given.
    pub last_taken: Option<Instant>,
}

/// All that is known of one dose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoseHistory {
    /// Its identity.
    pub dose: DoseFact,
    /// When it was due, oldest first.
    pub dues: Vec<DoseDue>,
    /// In the pot and out of it, oldest first.
    pub pots: Vec<PotFact>,
    /// What was done, oldest first, corrections included.
    pub administrations: Vec<Administration>,
}

fn nouns<T: DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| row.noun(0)).collect()
}

fn first<T: DeserializeOwned>(rows: &[Row]) -> Result<Option<T>, StoreError> {
    rows.first().map(|row| row.noun(0)).transpose()
}

fn read_dose(row: &Row) -> Result<DoseFact, StoreError> {
    let bad = |what: &str| StoreError::Damaged(format!("the {what} of a dose"));
    let date = CivilDate::parse(&row.text(3)?).map_err(|_| bad("civil date"))?;
    Ok(DoseFact {
        id: DoseId(row.id(0)?),
        slot: Slot { order: OrderId(row.id(1)?), plan: row.count(2)?, date, slot: row.int(4)? },
        resident: ResidentId(row.id(5)?),
        prescribed: read_prescribed(row, 8)?,
        local: CivilDateTime::parse(&row.text(6)?).map_err(|_| bad("local time"))?,
        planned_at: Instant::from_micros(row.int(7)?),
    })
}

fn read_due(row: &Row) -> Result<DoseDue, StoreError> {
    let at = |column| row.int(column).map(Instant::from_micros);
    Ok(DoseDue {
        dose: DoseId(row.id(0)?),
        rev: row.count(1)?,
        due: at(2)?,
        opens: at(3)?,
        closes: at(4)?,
        shifted: row.truth(5)?,
        withdrawn: row.text_opt(6)?.map(|code| read_withdrawal(&code)).transpose()?,
        at: at(7)?,
    })
}

/// Reads of one statement each.
macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*)
        -> $out:ty = $how:ident($sql:ident, [$($value:expr),*]);)+) => {
        impl Store {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// When a row cannot be read or the database fails.
            pub async fn $name(&self, $($arg: $type),*) -> Result<$out, StoreError> {
                $how(&self.read($sql, bind![$($value),*]).await?)
            }
        )+}
    };
}

reads! {
    /// An administration.
    administration(id: AdministrationId) -> Option<Administration> = first(ADMINISTRATION, [id.0]);
    /// What was done about a dose, in the order it was recorded.
    administrations_of_dose(dose: DoseId) -> Vec<Administration>
        = nouns(ADMINISTRATIONS_OF_DOSE, [dose.0]);
    /// What was done for a resident at or after `from` and before `to`.
    administrations_of_resident(resident: ResidentId, from: Instant, to: Instant)
        -> Vec<Administration>
        = nouns(ADMINISTRATIONS_OF_RESIDENT, [resident.0, from.micros(), to.micros()]);
    /// At most `limit` administrations of a home done at or after `from` and before `to`.
    administrations_between(facility: &FacilityId, from: Instant, to: Instant, limit: u32)
        -> Vec<Administration>
        = nouns(ADMINISTRATIONS_BETWEEN, [facility.as_str(), from.micros(), to.micros(), limit]);
    /// Every version of an order, oldest first.
    order_versions(order: OrderId) -> Vec<OrderVersion> = nouns(ORDER_VERSIONS, [order.0]);
    /// What happened to an order, oldest first.
    order_events(order: OrderId) -> Vec<OrderEvent> = nouns(ORDER_EVENTS, [order.0]);
    /// The current version of every order a resident ever had.
    orders_of_resident(resident: ResidentId) -> Vec<OrderVersion>
        = nouns(ORDERS_OF_RESIDENT, [resident.0]);
    /// A scan.
    scan(id: ScanId) -> Option<ScanEvent> = first(SCAN, [id.0]);
    /// A resident as they now are, also long after they left.
    resident(id: ResidentId) -> Option<Resident> = first(RESIDENT, [id.0]);
    /// The newest label with this text, also of an order that ended.
    label(facility: &FacilityId, code: &str) -> Option<Label>
        = first(LABEL, [facility.as_str(), code]);
    /// An alert at its newest revision, also one that ended.
    alert(id: AlertId) -> Option<Alert> = first(ALERT, [id.0]);
    /// Every revision of an alert.
    alert_revisions(id: AlertId) -> Vec<Alert> = nouns(ALERT_REVISIONS, [id.0]);
}

impl Store {
    /// How far an order has come, whenever that was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn done_on(&self, order: OrderId) -> Result<DoneOn, StoreError> {
        let charted = !self.read(LAST_CHARTED, bind![order.0]).await?.is_empty();
        let last = self.read(LAST_TAKEN, bind![order.0]).await?;
        let last_taken =
            last.first().map(|row| row.int(0).map(Instant::from_micros)).transpose()?;
        Ok(DoneOn { charted, last_taken })
    }

    /// The order a sender knows under its own number, also one that ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_by_placer(
        &self,
        facility: &FacilityId,
        sender: &str,
        placer: &str,
    ) -> Result<Option<OrderId>, StoreError> {
        let rows = self.read(ORDER_BY_PLACER, bind![facility.as_str(), sender, placer]).await?;
        rows.first().map(|row| row.id(0).map(OrderId)).transpose()
    }

    /// All that is known of a dose.
    ///
    /// # Errors
    /// When a row cannot be read or the database fails.
    pub async fn dose_history(&self, id: DoseId) -> Result<Option<DoseHistory>, StoreError> {
        let rows = self.read(DOSE, bind![id.0]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let dues = self.read(DUES, bind![id.0]).await?;
        Ok(Some(DoseHistory {
            dose: read_dose(row)?,
            dues: dues.iter().map(read_due).collect::<Result<_, _>>()?,
            pots: nouns(&self.read(POTS, bind![id.0]).await?)?,
            administrations: self.administrations_of_dose(id).await?,
        }))
    }

    pub(super) async fn outcomes_of_resident(
        &self,
        resident: ResidentId,
        from: Instant,
        to: Instant,
    ) -> Result<Vec<(DoseId, DoseOutcome)>, StoreError> {
        let values = bind![resident.0, from.micros(), to.micros()];
        let all: Vec<Administration> = nouns(&self.read(OUTCOMES_OF_RESIDENT, values).await?)?;
        let outcome = |a: Administration| {
            let at = a.administered_at;
            (a.dose, DoseOutcome { administration: a.id, outcome: a.outcome, by: a.by, at })
        };
        Ok(all.into_iter().map(outcome).collect())
    }
}
