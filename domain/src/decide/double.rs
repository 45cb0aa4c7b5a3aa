//! What a person must look at once it is done: two claims that one dose was given, of which both
//! are kept, and a dose given without the second person the home wants.

use super::alert::{LEVEL_CHARGE, joined, raised, revise};
use super::record::Record;
use crate::alert::AlertKind;
use crate::id::{AlertId, DoseId};
use crate::order::Order;

/// Two claims that one dose was given.
pub(super) fn possible_double_dose(record: &mut Record<'_, '_>, order: &Order, dose: DoseId) {
    to_look_at(record, AlertKind::PossibleDoubleDose, order, dose);
}

/// Raises the alert of the day for the order's resident. One of a kind is open per resident and
/// day: a further dose is its next revision, and the alert then covers that dose too.
pub(super) fn to_look_at(
    record: &mut Record<'_, '_>,
    kind: AlertKind,
    order: &Order,
    dose: DoseId,
) {
    let (home, now) = (record.home, record.now);
    let Some(resident) = home.residents.get(&order.current.resident) else { return };
    let date = home.today(now);
    if let Some(alert) = record.open_alert(kind, resident.id, date) {
        if !alert.doses.contains(&dose) {
            alert.doses.push(dose);
        }
        joined(alert);
        revise(home, alert, now);
        return;
    }
    let id = AlertId(record.fresh());
    let mut alert = raised(id, kind, resident, date, now);
    alert.doses.push(dose);
    match kind {
        AlertKind::Unwitnessed => alert.level = LEVEL_CHARGE,
        _ => alert.time_critical = true,
    }
    record.raise(alert);
}
