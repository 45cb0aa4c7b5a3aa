//! Two claims that one dose was given: both are kept, and a person must look.

use super::record::Record;
use crate::alert::{Alert, AlertKind, AlertState};
use crate::id::{AlertId, DoseId};
use crate::order::Order;

/// Raises the alert of the day for the order's resident. One is open per resident and day: a
/// further double claim is its next revision, and the alert then covers that dose too.
pub(super) fn possible_double_dose(record: &mut Record<'_, '_>, order: &Order, dose: DoseId) {
    let resident = order.current.resident;
    let Some(lives) = record.home.residents.get(&resident) else { return };
    let (home, now) = (record.home, record.now);
    let date = home.today(now);
    let kind = AlertKind::PossibleDoubleDose;
    if let Some(alert) = record.open_alert(kind, resident, date) {
        if !alert.doses.contains(&dose) {
            alert.doses.push(dose);
        }
        alert.rev = home.alerts.get(&alert.id).map_or(1, |committed| committed.rev + 1);
        alert.changed_at = now;
        return;
    }
    let id = AlertId(record.fresh());
    record.raise(Alert {
        id,
        rev: 1,
        kind,
        resident,
        unit: lives.unit.clone(),
        date,
        pass: "none".to_owned(),
        doses: vec![dose],
        due: now,
        time_critical: true,
        level: 1,
        state: AlertState::Active,
        accepted_by: None,
        accepted_until: None,
        raised_at: now,
        changed_at: now,
        quiet_until: None,
        quiet_reason: None,
        quiet_salt: None,
        ended: None,
    });
}
