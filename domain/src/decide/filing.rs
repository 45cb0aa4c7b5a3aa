//! What is checked when an outcome is written down: how much was taken, and the rules once more.

use super::record::Record;
use super::{ChartCommand, Refusal};
use crate::administration::{Mode, Outcome, Override, Witnessed};
use crate::amount::Amount;
use crate::cart::InPot;
use crate::dose::Dose;
use crate::evidence::{ByScale, by_scale, relied_on, units_by_scale};
use crate::home::Home;
use crate::order::Order;
use crate::time::Instant;
use crate::verdict::{
    Check, Objection, Severity, cap_objections, filing_objections, removal_objection, unanswered,
    witness_objection,
};

/// How much was taken: the dose when it was given, some of it when it was given in part.
pub(super) fn amount(
    home: &Home,
    order: &Order,
    c: &ChartCommand,
    at: Instant,
) -> Result<Option<Amount>, Refusal> {
    let dose = units_by_scale(home, order, at).unwrap_or(order.current.dose);
    let unfit = || Refusal::new("amount_unfit", "amount").with("dose", dose.to_string());
    let said = || c.amount.ok_or_else(|| Refusal::new("amount_missing", "amount"));
    let against = |taken: Amount| {
        taken.comparable(dose).then(|| taken.base().cmp(&dose.base())).ok_or_else(unfit)
    };
    if let (Outcome::Given, Some(scale)) = (c.outcome, &order.current.conditions.scale) {
        let fits = match by_scale(home, order, at) {
            // What the reading's row comes to is the dose, whoever says it.
            Some(ByScale::Units(units, _)) if units.nano > 0 => {
                let taken = c.amount.unwrap_or(units);
                return if taken.same_as(units) { Ok(Some(taken)) } else { Err(unfit()) };
            }
            // Without the reading the row is not known, so it is said.
            None | Some(ByScale::Missing | ByScale::Stale(_)) => scale.gives(said()?),
            // What the prescriber ordered in place of the row.
            Some(ByScale::Units(..) | ByScale::Action(..) | ByScale::NoRow(_)) => {
                said()?.nano > 0 && said()?.comparable(dose)
            }
        };
        return if fits { Ok(Some(said()?)) } else { Err(unfit()) };
    }
    if dose.nano == 0 && matches!(c.outcome, Outcome::Given | Outcome::Partial) {
        // How much this dose was is not known any more: whoever gave it says.
        let taken = said()?;
        let fits = taken.nano > 0 && taken.comparable(dose);
        return if fits { Ok(Some(taken)) } else { Err(unfit()) };
    }
    match (c.outcome, c.amount) {
        (Outcome::Given, None) => Ok(Some(dose)),
        (Outcome::Given, Some(taken)) if against(taken)?.is_eq() => Ok(Some(taken)),
        (Outcome::Partial, None) => Err(Refusal::new("amount_missing", "amount")),
        (Outcome::Partial, Some(taken)) if taken.nano > 0 && against(taken)?.is_lt() => {
            Ok(Some(taken))
        }
        (Outcome::Given | Outcome::Partial, Some(_)) => Err(unfit()),
        _ => Ok(None),
    }
}

/// The checks of a taken dose once more, on the hour it was taken at; the warnings that were
/// answered go into the record. What is charted now is stopped by a stop. What already happened
/// has to be recordable, so for the past, and for a correction, a stop asks for a reason as a
/// warning does: the entry then holds what spoke against it, and why it is there all the same.
pub(super) fn filed(
    record: &Record<'_, '_>,
    c: &ChartCommand,
    (order, dose): (&Order, Option<&Dose>),
    (amount, witness): (Option<Amount>, Option<&Witnessed>),
    at: Instant,
) -> Result<Vec<Override>, Refusal> {
    let mut overrides = c.overrides.clone();
    if c.outcome == Outcome::Removed {
        let untimely = dose.and_then(|d| removal_objection(d, at)).into_iter().collect();
        let open = unanswered(untimely, &overrides, c.mode);
        return if open.is_empty() { Ok(overrides) } else { Err(objected(open)) };
    }
    if !c.outcome.is_taken() {
        return Ok(overrides);
    }
    let pots = record.home.carts.values().flat_map(|cart| &cart.pot);
    let prepared = pots.filter(|p| dose.is_some_and(|d| d.id == p.dose));
    let now = c.mode == Mode::Now;
    let other_version = prepared.clone().any(|p| p.version != order.current.content_version());
    let other_units = now && prepared.clone().any(|p| is_other_units(record.home, order, p, at));
    let short = prepared.clone().find_map(|p| Some((p.packages.len(), p.needed?)));
    if let Some((scanned, needed)) = short.filter(|_| c.outcome == Outcome::Given) {
        // Part of the dose is in the pot: the whole of it was not given from there.
        let scanned = i64::try_from(scanned).unwrap_or(i64::MAX);
        let o = Objection::new(Check::UnitsShort).severity(Severity::Stop);
        return Err(objected(vec![o.with("scanned", scanned).with("needed", needed)]));
    }
    let earlier = c.corrected.iter().flat_map(|a| &a.overrides);
    let of_pots = prepared.flat_map(|p| still_answered(record.home, order, p, at));
    overrides.extend(of_pots.chain(earlier.cloned()));
    let seen = c.list_version.filter(|_| now);
    let mut all = filing_objections(record.home, order, dose, seen, at);
    all.extend(cap_objections(record.home, order, dose, amount, at));
    all.extend(witness_objection(record.home, order, witness, (c.mode, at)));
    // What lies in a pot was counted out for what the order, or its scale, said then.
    if (other_version || other_units) && !all.iter().any(|o| o.code == Check::OrderChanged) {
        all.push(Objection::new(Check::OrderChanged).severity(Severity::Stop));
    }
    let open = unanswered(all, &overrides, c.mode);
    if open.is_empty() { Ok(overrides) } else { Err(objected(open)) }
}

/// Whether what lies in a pot was counted out, or checked by a second person, by another reading
/// than the one that counts now: the scale comes to other units.
pub(super) fn is_other_units(home: &Home, order: &Order, pot: &InPot, at: Instant) -> bool {
    let Some(counted) = pot.by_scale else { return false };
    let now = units_by_scale(home, order, at);
    let found = pot.witness.map(|witness| witness.amount);
    [now, found].into_iter().flatten().any(|units| !units.same_as(counted))
}

/// What was answered for a dose in a pot and still holds: what a prescriber said of a reading says
/// nothing of the next one.
pub(super) fn still_answered(
    home: &Home,
    order: &Order,
    pot: &InPot,
    at: Instant,
) -> Vec<Override> {
    let same = pot.readings == relied_on(home, order, at);
    let holds = |v: &&Override| same || v.code != Check::HoldParameterFailed.code();
    pot.overrides.iter().filter(holds).cloned().collect()
}

/// Refused under the code of the heaviest objection.
pub(super) fn objected(objections: Vec<Objection>) -> Refusal {
    let heaviest = objections.iter().min_by_key(|o| o.severity);
    let code = heaviest.map_or("reload", |o| o.code.code());
    let next = match heaviest.map(|o| o.severity) {
        Some(Severity::Warn) => "reason",
        Some(Severity::Witness) => "second_person",
        _ => "reload",
    };
    Refusal { objections, ..Refusal::new(code, next) }
}
