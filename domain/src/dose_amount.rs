//! How much one dose is: a taper, doses in turn and doses by weekday have an amount of their own
//! for each dose, and what is counted, given and charted is that one; a sliding scale has it from
//! the reading.

use crate::administration::Mode;
use crate::amount::Amount;
use crate::dose::{Dose, Prescribed, Slot};
use crate::evidence::units_by_scale;
use crate::home::Home;
use crate::order::{Order, Timing};
use crate::schedule::{PlannedDose, Schedule};
use crate::time::Instant;
use std::borrow::Cow;

/// What the order says of a dose that is planned now: the amount its schedule names for it, else
/// the order's own. Schedules, rule 7.
pub(crate) fn prescribed(order: &Order, slot: Slot, planned: &PlannedDose) -> Prescribed {
    let version = order.current.version;
    let unknown = order.is_unplanned() || order.current.conditions.scale.is_some();
    if unknown || slot.is_removal() {
        return Prescribed { version, amount: None };
    }
    let ordered = order.current.dose;
    let amount = match planned.dose.as_deref() {
        Some(text) => Amount::parse_text(text).unwrap_or(Amount { nano: 0, ..ordered }),
        None => ordered,
    };
    Prescribed { version, amount: Some(amount) }
}

/// The order as this dose of it is given now. A dose of an older plan is given as the order in
/// force has it; where that names each of its doses, it names none for this one, and no package
/// makes it.
#[must_use]
pub fn of_dose<'a>(order: &'a Order, dose: Option<&Dose>) -> Cow<'a, Order> {
    let Some(dose) = dose else { return Cow::Borrowed(order) };
    if dose.slot.plan == order.plan {
        return as_prescribed(order, dose);
    }
    match &order.current.timing {
        Timing::Planned { schedule: Schedule::Clock(clock) } if clock.names_doses() => {
            with_amount(order, Amount { nano: 0, ..order.current.dose })
        }
        _ => Cow::Borrowed(order),
    }
}

/// The order and its version as a dose of it is charted: what somebody says was given earlier, was
/// given as ordered when the dose was planned.
pub(crate) fn as_charted<'a>(
    order: &'a Order,
    dose: Option<&Dose>,
    mode: Mode,
) -> (Cow<'a, Order>, u32) {
    match dose.filter(|d| mode == Mode::Past && d.slot.plan != order.plan) {
        Some(older) => (as_prescribed(order, older), older.prescribed.version),
        None => (of_dose(order, dose), order.current.version),
    }
}

fn as_prescribed<'a>(order: &'a Order, dose: &Dose) -> Cow<'a, Order> {
    match dose.prescribed.amount {
        Some(amount) => with_amount(order, amount),
        None => Cow::Borrowed(order),
    }
}

fn with_amount(order: &Order, amount: Amount) -> Cow<'_, Order> {
    if order.current.dose == amount {
        return Cow::Borrowed(order);
    }
    let mut own = order.clone();
    own.current.dose = amount;
    own.current.dose_text = amount.to_string();
    Cow::Owned(own)
}

/// The order as this dose of it is given at `at`: with the units its sliding scale comes to then,
/// and the scale done with, else as [`of_dose`] has it. Where the scale comes to none, the order's
/// own dose stands, and a check of its readings stops the scan.
#[must_use]
pub fn at_scan<'a>(
    home: &Home,
    order: &'a Order,
    dose: Option<&Dose>,
    at: Instant,
) -> Cow<'a, Order> {
    let own = of_dose(order, dose);
    let Some(units) = units_by_scale(home, order, at) else { return own };
    let mut own = own.into_owned();
    own.current.conditions.scale = None;
    own.current.dose = units;
    own.current.dose_text = units.to_string();
    Cow::Owned(own)
}
