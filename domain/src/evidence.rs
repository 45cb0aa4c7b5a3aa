//! Which readings an order goes by at an instant: what is missing or too old, how many units its
//! sliding scale comes to, and what an administration rests on.
//!
//! One place for the scan, the chart, the due list and the slab, so that they never differ.

use crate::amount::Amount;
use crate::gate::GateAnswer;
use crate::home::Home;
use crate::id::ReadingId;
use crate::order::Order;
use crate::reading::{GLUCOSE, Measured, Reading, customary_glucose, is_fresh};
use crate::scale::{GlucoseUnit, RowAnswer, Scale, ScaleRefusal};
use crate::time::Instant;

/// Most minutes a glucose reading may be old to enter a scale whose order has no hold parameter on
/// glucose and so names no age: the project's own choice. A scale is for the glucose before this
/// meal, not before the last one.
pub const SCALE_MINUTES: u32 = 60;

/// What a sliding scale comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ByScale<'a> {
    /// So many units; none at all is an answer too.
    Units(Amount, &'a Measured),
    /// The row says to do this instead, by its code.
    Action(&'a str, &'a Measured),
    /// No row fits the reading, or the meter showed no number and the row says units.
    NoRow(&'a Measured),
    /// No glucose was measured in the unit of the scale.
    Missing,
    /// The last glucose is too old.
    Stale(&'a Measured),
}

/// Most minutes a reading of this code may be old for an order.
#[must_use]
pub fn minutes_max(order: &Order, code: &str) -> u32 {
    let gate = order.current.conditions.gate.as_ref();
    let named = gate.filter(|gate| gate.codes().any(|of| of == code));
    named.map_or(SCALE_MINUTES, crate::gate::Gate::max_age_minutes)
}

/// The unit an order has glucose in: that of its scale, else the home's. Hold parameters name none.
#[must_use]
pub fn glucose_unit(home: &Home, order: &Order) -> GlucoseUnit {
    let scale = order.current.conditions.scale.as_ref();
    scale.map_or_else(|| customary_glucose(home.policy.profile), Scale::unit)
}

/// The newest reading of this code on the resident of an order, where the order lets it count.
#[must_use]
pub fn fresh<'a>(home: &'a Home, order: &Order, code: &str, at: Instant) -> Option<&'a Measured> {
    let newest = home.reading(order.current.resident, code, at)?;
    let wanted = |unit: GlucoseUnit| unit == glucose_unit(home, order);
    let counts = is_fresh(newest.at, minutes_max(order, code), at);
    (counts && newest.glucose_unit.is_none_or(wanted)).then_some(newest)
}

/// What an order's sliding scale comes to at `at`; `None` where it has none. The newest glucose
/// decides, whatever its unit: an older one says nothing any more.
#[must_use]
pub fn by_scale<'a>(home: &'a Home, order: &'a Order, at: Instant) -> Option<ByScale<'a>> {
    let scale = order.current.conditions.scale.as_ref()?;
    let Some(newest) = home.reading(order.current.resident, GLUCOSE, at) else {
        return Some(ByScale::Missing);
    };
    if newest.glucose_unit != Some(scale.unit()) {
        return Some(ByScale::Missing);
    }
    if !is_fresh(newest.at, minutes_max(order, GLUCOSE), at) {
        return Some(ByScale::Stale(newest));
    }
    let answer = newest.as_glucose().map_or(Err(ScaleRefusal::NotOneRow), |g| scale.evaluate(g));
    Some(match answer {
        Ok(RowAnswer::Units(units)) => ByScale::Units(*units, newest),
        Ok(RowAnswer::Action(code)) => ByScale::Action(code, newest),
        Err(_) => ByScale::NoRow(newest),
    })
}

/// The units to give by an order's scale at `at`, where it comes to some.
#[must_use]
pub fn units_by_scale(home: &Home, order: &Order, at: Instant) -> Option<Amount> {
    match by_scale(home, order, at)? {
        ByScale::Units(units, _) if units.nano > 0 => Some(units),
        _ => None,
    }
}

/// What an order's hold parameters are held against at `at`: of each code the newest reading alone,
/// all of them where several were taken at one instant.
#[must_use]
pub fn compared(home: &Home, order: &Order, at: Instant) -> Vec<Reading> {
    let resident = order.current.resident;
    let all = || home.readings.get(&resident).into_iter().flatten();
    let mut found = Vec::new();
    for code in order.current.conditions.readings() {
        let Some(newest) = home.reading(resident, code, at) else { continue };
        let same = all().filter(|r| r.code == code && r.at == newest.at);
        // Glucose in another unit takes the place of what was measured before, and compares with
        // nothing.
        let same: Option<Vec<_>> = same.map(|r| r.compared(glucose_unit(home, order))).collect();
        found.extend(same.into_iter().flatten());
    }
    found
}

/// The rules of an order's hold parameters that are not clean at `at`, each with why, as `told`
/// tells it.
pub(crate) fn unclean<T>(
    home: &Home,
    order: &Order,
    at: Instant,
    told: impl Fn(GateAnswer<'_>) -> T,
) -> Vec<T> {
    let Some(gate) = &order.current.conditions.gate else { return Vec::new() };
    let readings = compared(home, order, at);
    gate.against(&readings, at).map(told).collect()
}

/// The readings that a dose of an order given or held at `at` rests on.
#[must_use]
pub fn relied_on(home: &Home, order: &Order, at: Instant) -> Vec<ReadingId> {
    let codes = order.current.conditions.readings();
    codes.into_iter().filter_map(|code| fresh(home, order, code, at)).map(|r| r.id).collect()
}
