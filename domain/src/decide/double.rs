//! Two claims that one dose was given: both are kept, and a person must look.

use super::alert::{joined, raised, revise};
use super::record::Record;
use crate::alert::AlertKind;
use crate::id::{AlertId, DoseId};
use crate::order::Order;

/// Raises the alert of the day for the order's resident. One is open per resident and day: a
/// further double claim is its next revision, and the alert then covers that dose too.
pub(super) fn possible_double_dose(record: &mut Record<'_, '_>, order: &Order, dose: DoseId) {
    let (home, now) = (record.home, record.now);
    let Some(resident) = home.residents.get(&order.current.resident) else { return };
    let date = home.today(now);
    let kind = AlertKind::PossibleDoubleDose;
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
    alert.time_critical = true;
    record.raise(alert);
}
