//! How much one dose is: a taper, doses in turn and doses by weekday have an amount of their own
//! for each dose, and what is counted, given and charted is that one.

use crate::amount::Amount;
use crate::decide::expansion;
use crate::dose::Dose;
use crate::home::Home;
use crate::order::{Order, Timing};
use crate::schedule::{PlannedDose, Schedule, Span};
use std::borrow::Cow;

const DAY_MINUTES: i64 = 24 * 60;

/// The order as this dose of it has it: with the amount its schedule names for it, else as it is.
/// Schedules, rule 7.
///
/// An amount that cannot be read is nothing at all: no package makes it, so a scan stops. So is
/// that of a dose of an older plan, whose schedule is not known here any more.
#[must_use]
pub fn of_dose<'a>(home: &Home, order: &'a Order, dose: Option<&Dose>) -> Cow<'a, Order> {
    let Timing::Planned { schedule } = &order.current.timing else { return Cow::Borrowed(order) };
    // A first dose given at once is no dose of the schedule: the order's own dose is the first's.
    let (Some(dose), Schedule::Clock(clock)) = (dose.filter(|d| d.slot.slot != 0), schedule) else {
        return Cow::Borrowed(order);
    };
    if !clock.names_doses() {
        return Cow::Borrowed(order);
    }
    let none = Amount { nano: 0, ..order.current.dose };
    let mut own = order.clone();
    let known = dose.slot.plan == order.plan;
    let named = known.then(|| named(home, order, schedule, dose)).flatten();
    own.current.dose = named.unwrap_or(none);
    own.current.dose_text = own.current.dose.to_string();
    Cow::Owned(own)
}

fn named(home: &Home, order: &Order, schedule: &Schedule, dose: &Dose) -> Option<Amount> {
    // A zone's new rules may have moved the dose since it was planned, never by a day.
    let (from, to) = (dose.due.plus_minutes(-DAY_MINUTES)?, dose.due.plus_minutes(DAY_MINUTES)?);
    let found = expansion(home, order, schedule, Span { from, to }).ok()?;
    let same = |d: &&PlannedDose| (d.date, i64::from(d.slot)) == (dose.slot.date, dose.slot.slot);
    let planned = found.due.iter().chain(&found.held).find(same)?;
    match planned.dose.as_deref() {
        Some(text) => Amount::parse_text(text).ok(),
        None => Some(order.current.dose),
    }
}
