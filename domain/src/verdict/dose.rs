//! Dose and time: checks 38 to 49, and the PRN limits (53, 54).

use super::ingredient::taken_by_others;
use super::{Check, Objection, Package, Severity};
use crate::cart::{CartSession, Counting};
use crate::dose::{Dose, DoseState};
use crate::home::Home;
use crate::id::DoseId;
use crate::limit::PrnLimit;
use crate::order::Order;
use crate::schedule::policy::OffSchedule;
use crate::schedule::window::own_half;
use crate::time::Instant;

/// How long before its window opens a dose can still be reached by a scan (as early, with a
/// reason). Beyond it nothing is due: the project's choice, so that tomorrow's dose is never given
/// today.
pub const EARLY_REACH_MINUTES: i64 = 120;

/// The dose of `order` that a package scanned at `now` is for: the one whose window is open (the
/// uncharted before the charted), else the latest one that is late, else the next in early reach.
#[must_use]
pub fn pick_dose<'a>(home: &'a Home, order: &Order, now: Instant) -> Option<&'a Dose> {
    let usable = |d: &&Dose| d.withdrawn.is_none() && !d.slot.is_removal();
    let retry = |d: &Dose| d.outcome.as_ref().is_some_and(|o| o.outcome.may_be_retried());
    let in_window = |d: &&Dose| d.opens <= now && now <= d.closes;
    let all = || home.doses_of_order(order.id()).filter(usable);
    all()
        .filter(in_window)
        .find(|d| d.outcome.is_none())
        .or_else(|| all().filter(in_window).find(|d| retry(d)))
        .or_else(|| all().filter(in_window).find(|d| d.outcome.is_some()))
        .or_else(|| all().rfind(|d| d.state_at(now) == DoseState::Late))
        .or_else(|| {
            let reach = |d: &&Dose| d.opens > now && reach_opens(order, d) <= now;
            all().filter(reach).find(|d| d.outcome.is_none())
        })
}

/// The first instant at which the dose can be reached at all: so long before its window opens, and
/// never nearer to the dose before it than to its own due time.
#[must_use]
pub(super) fn reach_opens(order: &Order, dose: &Dose) -> Instant {
    let reach = dose.opens.plus_minutes(-EARLY_REACH_MINUTES).unwrap_or(Instant::MIN);
    let Some(schedule) = order.current.timing.schedule() else { return reach };
    let interval = schedule.nominal_interval_minutes();
    let nearer = interval.and_then(|interval| own_half(dose.due, interval));
    nearer.map_or(reach, |from| reach.max(from).min(dose.opens))
}

/// What the dose and the hour say against giving it.
#[must_use]
pub(super) fn dose_objections(
    home: &Home,
    order: &Order,
    dose: Option<&Dose>,
    seen: Option<u64>,
    now: Instant,
) -> Vec<Objection> {
    if order.is_self_managed() {
        return vec![nothing_due(home, order, now)];
    }
    if order.is_unplanned() {
        return prn_objections(home, order, None, now);
    }
    let Some(dose) = dose else { return vec![nothing_due(home, order, now)] };
    let mut found = Vec::new();
    let changed = home.dose_changed.get(&dose.id).copied().unwrap_or(0);
    if seen.is_some_and(|version| version < changed) {
        found.push(Objection::new(Check::DoseChanged));
    }
    if let Some(done) = &dose.outcome {
        if done.outcome.is_taken() {
            let o = Objection::new(Check::AlreadyGiven).with("given_at", done.at);
            found.push(o.with("by", done.by.to_string()));
            return found;
        }
        let o = Objection::new(Check::Retry).with("at", done.at);
        found.push(o.with("outcome", done.outcome.code()));
    }
    found.extend(previous_on(home, order));
    found.extend(time_objections(home, order, dose, now));
    found
}

/// Check 44: what was put on before must come off first. A dose that was itself taken is not asked.
#[must_use]
pub(super) fn previous_on(home: &Home, order: &Order) -> Option<Objection> {
    let removal = home.worn(order.id())?;
    let o = Objection::new(Check::PreviousPatchOn).with("off_at", removal.due);
    let on = home.taken_of(order, None).max();
    Some(match on {
        Some(on) => o.with("since_at", on),
        None => o,
    })
}

/// Check 50: something taken off before or after the window of its removal.
#[must_use]
pub fn removal_objection(removal: &Dose, at: Instant) -> Option<Objection> {
    let check = if at < removal.opens {
        Check::RemovalEarly
    } else if at > removal.closes {
        Check::RemovalLate
    } else {
        return None;
    };
    Some(Objection::new(check).with("off_at", removal.due))
}

/// What the hour says against the dose being taken at `at`.
#[must_use]
pub(super) fn time_objections(
    home: &Home,
    order: &Order,
    dose: &Dose,
    at: Instant,
) -> Vec<Objection> {
    let mut found = Vec::new();
    let later = home
        .doses_after(order.id(), dose.due)
        .filter_map(|d| d.outcome.as_ref())
        .find(|o| o.outcome.is_taken() && o.at <= at);
    if let Some(later) = later {
        found.push(Objection::new(Check::LaterDoseGiven).with("given_at", later.at));
    }
    if at < dose.opens {
        let minutes = dose.opens.seconds_since(at).div_euclid(60).max(1);
        let severity = match home.policy_at(at).giving.off_schedule {
            OffSchedule::Free => Severity::Info,
            OffSchedule::Review => Severity::Warn,
            OffSchedule::Blocked => Severity::Stop,
        };
        let early = Objection::new(Check::DoseEarly).severity(severity);
        found.push(early.with("minutes", minutes));
    } else if at > dose.closes {
        let minutes = at.seconds_since(dose.closes).div_euclid(60).max(1);
        found.push(Objection::new(Check::DoseLate).with("minutes", minutes));
    }
    found
}

fn nothing_due(home: &Home, order: &Order, now: Instant) -> Objection {
    let to_give = |d: &&Dose| d.is_open() && d.due > now && !d.slot.is_removal();
    let next = home.doses_of_order(order.id()).find(to_give);
    let o = Objection::new(Check::NotDue);
    match next {
        Some(d) => o.with("next_at", d.due),
        None => o,
    }
}

/// Check 53 over all orders of the ingredient, check 54, and the reason a PRN giving needs.
/// `own` is when the dose in question was itself charted as taken.
#[must_use]
pub(super) fn prn_objections(
    home: &Home,
    order: &Order,
    own: Option<Instant>,
    now: Instant,
) -> Vec<Objection> {
    let Some(limit) = order.prn_limit() else { return Vec::new() };
    let mut found = Vec::new();
    let mut history: Vec<Instant> = home.taken_of(order, own).collect();
    let own_limits = limit.check(&home.zone, &history, now).err();
    // The interval is the ingredient's, whatever it was given for; the maximum is the order's.
    history.extend(taken_by_others(home, order));
    let interval = PrnLimit { per_day_max: None, ..limit };
    let too_soon = interval.check(&home.zone, &history, now).err();
    let refusals = || too_soon.iter().chain(&own_limits);
    let never = refusals().any(|refusal| refusal.next.is_none());
    let next_at = refusals().filter_map(|refusal| refusal.next).max().filter(|_| !never);
    let next = |o: Objection| match next_at {
        Some(at) => o.with("next_at", at),
        None => o,
    };
    found.extend(too_soon.map(|_| next(Objection::new(Check::PrnTooSoon))));
    let reached = own_limits.and_then(|refusal| refusal.reached).zip(limit.per_day_max);
    found.extend(reached.map(|(count, most)| {
        let o = Objection::new(Check::PrnMaxReached).with("count", count).with("most", most);
        next(o)
    }));
    found.push(Objection::new(Check::PrnReasonMissing));
    found
}

/// Check 43: the same packet again, a packet of a charted dose, or more of a kind than the dose
/// takes.
#[must_use]
pub(super) fn double_scan(
    home: &Home,
    cart: &CartSession,
    package: &Package<'_>,
    order: &Order,
    dose: Option<DoseId>,
) -> Option<Objection> {
    let counting = cart.counting.as_ref().filter(|c| c.order == order.id());
    let again = package.unique
        && (home.spent.contains_key(&package.key)
            || counting.is_some_and(|c| c.packages.contains(&package.key))
            || cart.pot.iter().any(|p| p.packages.contains(&package.key))
            || cart.used.contains(&package.key));
    if again || dose.is_some_and(|d| cart.pot.iter().any(|p| p.dose == d)) {
        return Some(Objection::new(Check::DoubleScan));
    }
    // In a pot at another cart: whoever comes second is told who has it, and since when.
    let pot = dose.and_then(|d| home.doses.get(&d)).and_then(|d| d.prepared.as_ref())?;
    let o = Objection::new(Check::DoubleScan).with("by", pot.by.to_string());
    Some(o.with("prepared_at", pot.at))
}

/// Check 24: fewer packages than the dose takes.
#[must_use]
pub fn units_short(counting: &Counting) -> Objection {
    let scanned = i64::try_from(counting.packages.len()).unwrap_or(i64::MAX);
    let o = Objection::new(Check::UnitsShort).with("scanned", scanned);
    o.with("needed", counting.needed)
}

/// What became of a dose elsewhere while its packages were being counted here: taken, or put in
/// another pot.
#[must_use]
pub fn settled_elsewhere(home: &Home, dose: Option<DoseId>) -> Option<Objection> {
    let dose = home.doses.get(&dose?)?;
    if let Some(done) = dose.outcome.as_ref().filter(|o| o.outcome.is_taken()) {
        let o = Objection::new(Check::AlreadyGiven).with("given_at", done.at);
        return Some(o.with("by", done.by.to_string()));
    }
    if dose.is_replaced() {
        return Some(Objection::new(Check::OrderChanged));
    }
    let pot = dose.prepared.as_ref()?;
    let o = Objection::new(Check::DoubleScan).with("by", pot.by.to_string());
    Some(o.with("prepared_at", pot.at))
}
