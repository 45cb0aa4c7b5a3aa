//! The due list of an open resident: every active order is on it, or below it with why it is not
//! due, or above it when no due time can be worked out.
use super::measure;
use super::regimen::times;
use super::sight::{Sight, amount, pieces, span, units_of};
use super::standing::status;
use super::why::{self, is_over, why_not_due};
use crate::http::pages::line::Line;
use crate::http::pages::say::date_text;
use crate::http::pages::view::bedside::{DoseRow, Doses, How, NotDue};
use crate::http::pages::view::{Chip, Status};
use emar_domain::cart::CartSession;
use emar_domain::condition::{SelfAdministration, Tie};
use emar_domain::dose::Dose;
use emar_domain::dose_amount::{at_scan, of_dose};
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{Order, OrderState, Timing};
use emar_domain::resident::Resident;
use emar_domain::time::{CivilTime, Instant};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How long a charted dose stays on the list after its window closed.
const CHARTED_MINUTES: i64 = 120;

/// The list of `resident` at a cart.
#[must_use]
pub fn doses(sight: &Sight<'_>, cart: &CartSession, resident: &Resident) -> Doses {
    let list = List { sight, cart, opened: cart.opened_at.unwrap_or(sight.now) };
    let mut found: Vec<((bool, Instant), DoseRow)> = Vec::new();
    let mut listed: BTreeSet<OrderId> = BTreeSet::new();
    for dose in sight.home.doses_of(resident.id).filter(|d| list.shows(d)) {
        let Some(order) = sight.home.orders.get(&dose.slot.order) else { continue };
        let Some(row) = list.dose(dose, order) else { continue };
        listed.insert(order.id());
        found.push((list.place(dose), row));
    }
    found.sort_by_key(|(place, _)| *place);
    let mut rows: Vec<DoseRow> = found.into_iter().map(|(_, row)| row).collect();
    let (mut never_due, mut not_due) = (Vec::new(), Vec::new());
    for order in sight.home.orders_of(resident.id) {
        if let Some(why) = why::never_due(sight, order) {
            never_due.push(NotDue { drug: sight.drug(order), why });
            continue;
        }
        match why_not_due(sight, order) {
            None if order.is_unplanned() => rows.push(list.unplanned(order)),
            Some(why) if !listed.contains(&order.id()) && !is_over(sight, order) => {
                not_due.push(NotDue { drug: sight.drug(order), why });
            }
            // Noted a moment ago, or planning is behind: it is due, and its dose is not there yet.
            None if !listed.contains(&order.id()) => {
                let why = sight.words().t("listed-planning");
                not_due.push(NotDue { drug: sight.drug(order), why });
            }
            _ => {}
        }
    }
    let counting = cart.counting.as_ref();
    let half = |row: &DoseRow| counting.is_some_and(|c| c.order.to_string() == row.order);
    let waits = |row: &DoseRow| row.open && !row.how.in_pot() && row.chip.status != Status::Prn;
    let current = rows.iter().position(half).or_else(|| rows.iter().position(waits));
    if let Some(row) = current.and_then(|at| rows.get_mut(at)) {
        row.current = true;
    }
    for orders in [&mut never_due, &mut not_due] {
        orders.sort_by_cached_key(|order: &NotDue| order.drug.to_string().to_lowercase());
    }
    let list_version = list_version(sight.home, resident.id).to_string();
    Doses { list_version, never_due, rows, not_due }
}

/// The version of a resident's list: the log's size when one of their orders or doses last changed.
/// Commits that concern others leave it, so the list on the screen stays the list it was.
#[must_use]
pub fn list_version(home: &Home, resident: ResidentId) -> u64 {
    let orders = home.orders_of(resident).filter_map(|o| home.order_changed.get(&o.id()));
    let doses = home.doses_of(resident).filter_map(|d| home.dose_changed.get(&d.id));
    orders.chain(doses).copied().max().unwrap_or(0)
}

/// Route, frequency, what for, instructions, what is measured first.
pub(super) fn under(sight: &Sight<'_>, order: &Order) -> Vec<String> {
    let readings = order.current.conditions.readings();
    let readings: Vec<String> = readings.iter().map(|code| sight.word("reading", code)).collect();
    let asked = || sight.words().one("row-measure", "reading", &readings.join(", "));
    under_with(sight, order, (!readings.is_empty()).then(asked).into_iter().collect())
}

fn under_with(sight: &Sight<'_>, order: &Order, readings: Vec<String>) -> Vec<String> {
    let version = &order.current;
    let frequency = if order.is_prn() { "" } else { version.frequency.as_str() };
    let mut parts = vec![sight.word("route", &version.drug.route)];
    parts.push(match (&version.timing, frequency) {
        (Timing::Planned { schedule }, "") => times(sight, schedule),
        _ => sight.word("freq", frequency),
    });
    parts.push(match &version.timing {
        Timing::Prn { indication, .. } if !indication.is_empty() => indication.clone(),
        _ => version.indication.clone(),
    });
    parts.push(version.instructions.clone());
    parts.extend(readings);
    parts.extend(conditions(sight, order));
    if order.state_at(sight.now) == OrderState::Active && order.verified_by.is_none() {
        parts.push(sight.words().t("row-unverified"));
    }
    parts.retain(|part| !part.is_empty() && part != "freq-" && part != "route-");
    parts
}

/// What else the order says of its giving, for its line.
fn conditions(sight: &Sight<'_>, order: &Order) -> Vec<String> {
    let (w, of) = (sight.words(), &order.current.conditions);
    let mut parts = Vec::new();
    match of.self_administration {
        SelfAdministration::Staff => {}
        SelfAdministration::SelfManaged => parts.push(w.t("listed-self_managed")),
        level => parts.push(w.t(&format!("row-self-{}", level.code()))),
    }
    parts.extend(of.covert.as_ref().map(|covert| {
        let review = date_text(sight.lang, covert.review_on);
        w.with("row-covert", &[("reference", &covert.legal_reference), ("review", &review)])
    }));
    parts
}

const fn no_readings() -> (Vec<String>, bool) {
    (Vec::new(), false)
}

/// A time of day of an order: with what it is tied to, or the span it opens.
pub(super) fn hour_text(sight: &Sight<'_>, order: &Order, time: CivilTime) -> String {
    let clock = |time: CivilTime| format!("{:02}:{:02}", time.hour(), time.minute());
    match order.current.conditions.tie(time) {
        Some(Tie::Span(span)) => format!("{}–{}", clock(span.opens), clock(span.closes)),
        Some(tie) => format!("{} {}", clock(time), tie_text(sight, tie)),
        None => clock(time),
    }
}

fn tie_text(sight: &Sight<'_>, tie: Tie) -> String {
    match tie {
        Tie::Meal { relation, meal } => {
            sight.words().t(&format!("tie-{}-{}", relation.code(), meal.code()))
        }
        Tie::Bedtime => sight.words().t("tie-bedtime"),
        Tie::Span(span) => String::from(span),
    }
}

struct List<'a> {
    sight: &'a Sight<'a>,
    cart: &'a CartSession,
    opened: Instant,
}

impl List<'_> {
    /// Doses to give, doses in the pot, and what was charted lately.
    fn shows(&self, dose: &Dose) -> bool {
        let now = self.sight.now;
        if dose.withdrawn.is_some() && dose.outcome.is_none() {
            return false;
        }
        if let Some(done) = &dose.outcome {
            let lately = now.plus_minutes(-CHARTED_MINUTES).unwrap_or(now);
            return dose.closes >= now || done.at >= lately || done.at >= self.opened;
        }
        let order = self.sight.home.orders.get(&dose.slot.order);
        let unplanned = order.is_some_and(Order::is_unplanned);
        let begun = dose.prepared.is_some() || self.counted(dose).is_some();
        // What is on the body may come off, or fall off, at any time.
        begun || dose.is_worn() || (dose.opens <= now && !unplanned)
    }

    /// Late before the rest, then by time. Late is as it was when the resident was opened: the list
    /// does not sort itself anew under the finger.
    fn place(&self, dose: &Dose) -> (bool, Instant) {
        (dose.closes >= self.opened, dose.due)
    }

    fn counted(&self, dose: &Dose) -> Option<How> {
        let counting = self.cart.counting.as_ref().filter(|c| c.dose == Some(dose.id))?;
        let scanned = u32::try_from(counting.packages.len()).unwrap_or(u32::MAX);
        Some(How::Units { scanned, needed: counting.needed })
    }

    fn dose(&self, dose: &Dose, order: &Order) -> Option<DoseRow> {
        let sight = self.sight;
        let status = status(sight.home, dose, sight.now)?;
        let note = match (&dose.outcome, status) {
            (Some(done), _) => sight.time(done.at),
            (None, Status::Late | Status::Missed) => span(sight.now.seconds_since(dose.due)),
            _ => String::new(),
        };
        let time = self.called(order).unwrap_or_else(|| self.time_of(dose, order));
        let wants = dose.is_open() && !dose.slot.is_removal();
        let (readings, missing) = if wants { measure::row(sight, order) } else { no_readings() };
        let mut under = under_with(sight, order, readings);
        let tie = order.current.conditions.tie(dose.local.time());
        if let Some(tie) = tie.filter(|tie| !matches!(tie, Tie::Span(_))) {
            under.insert(0, tie_text(sight, tie));
        }
        under.extend(self.notes(dose));
        let own = self.own(order, dose);
        let units = units_of(sight.home, &own);
        Some(DoseRow {
            dose: dose.id.to_string(),
            order: order.id().to_string(),
            time,
            drug: sight.drug(order),
            amount: amount(sight, &own.current),
            units: pieces(sight, &own, units),
            under: Line::from(under.join(" · ").as_str()),
            how: self.how(dose, units.map_or(1, |u| u.packages)),
            measure: missing,
            chip: Chip::new(status, &note),
            current: false,
            open: dose.is_open(),
        })
    }

    /// The order as this dose has it: in the pot, what was counted out; to be given, what it comes
    /// to now.
    fn own<'o>(&self, order: &'o Order, dose: &Dose) -> Cow<'o, Order> {
        let home = self.sight.home;
        let pot = self.cart.pot.iter().find(|p| p.dose == dose.id);
        if let Some(units) = pot.and_then(|p| p.by_scale) {
            let mut own = order.clone();
            own.current.conditions.scale = None;
            own.current.dose = units;
            return Cow::Owned(own);
        }
        match dose.outcome {
            None => at_scan(home, order, Some(dose), self.sight.now),
            Some(_) => of_dose(order, Some(dose)),
        }
    }

    fn how(&self, dose: &Dose, needed: u32) -> How {
        if dose.outcome.is_some() {
            return How::Nothing;
        }
        if dose.slot.is_removal() {
            return How::Remove;
        }
        if let Some(pot) = self.cart.pot.iter().find(|p| p.dose == dose.id) {
            return How::InPot { units: u32::try_from(pot.packages.len()).unwrap_or(u32::MAX) };
        }
        match self.counted(dose) {
            _ if dose.prepared.is_some() => How::Nothing,
            Some(counted) => counted,
            None if needed > 1 => How::Units { scanned: 0, needed },
            None => How::Scan,
        }
    }

    /// What stands in place of a time for an order without planned times.
    fn called(&self, order: &Order) -> Option<String> {
        let id = match order.current.timing {
            Timing::Prn { .. } => "row-prn",
            Timing::OnCall { .. } => "row-on_call",
            Timing::Continuous => "row-running",
            Timing::Planned { .. } | Timing::Pair { .. } | Timing::Unschedulable { .. } => {
                return None;
            }
        };
        Some(self.sight.words().t(id))
    }

    /// When a dose is due, or the span in which it is.
    fn time_of(&self, dose: &Dose, order: &Order) -> String {
        let tie = order.current.conditions.tie(dose.local.time());
        match tie {
            Some(Tie::Span(_)) if dose.slot.date == self.sight.home.today(self.sight.now) => {
                hour_text(self.sight, order, dose.local.time())
            }
            _ => self.due(dose.due),
        }
    }

    /// `08:00`, with its day when it is of another.
    fn due(&self, at: Instant) -> String {
        let date = self.sight.home.zone.to_civil(at).date();
        let clock = self.sight.clock(at);
        if date == self.sight.home.today(self.sight.now) {
            return clock;
        }
        let date = date_text(self.sight.lang, date);
        format!("{} {clock}", date.get(..6).unwrap_or(&date))
    }

    fn notes(&self, dose: &Dose) -> Option<String> {
        let (sight, w) = (self.sight, self.sight.words());
        if let Some(done) = &dose.outcome {
            let (at, who) = (sight.time(done.at), sight.user(done.by));
            return Some(w.with("row-charted", &[("at", &at), ("who", &who)]));
        }
        let own = self.cart.pot.iter().any(|p| p.dose == dose.id);
        if dose.prepared.is_some() && !own {
            return Some(w.t("row-other_pot"));
        }
        let late = sight.now > dose.closes;
        late.then(|| w.one("row-after", "for", &span(sight.now.seconds_since(dose.due))))
    }

    fn unplanned(&self, order: &Order) -> DoseRow {
        let (sight, w) = (self.sight, self.sight.words());
        let (readings, missing) = measure::row(sight, order);
        let mut under = under_with(sight, order, readings);
        let order = &*at_scan(sight.home, order, None, sight.now);
        let units = units_of(sight.home, order);
        let history: Vec<Instant> = sight.home.taken_of(order, None).collect();
        let last = history.iter().max();
        under.extend(last.map(|at| w.one("row-last", "at", &sight.time(*at))));
        if let Some(limit) = order.prn_limit()
            && let Some(most) = limit.per_day_max
        {
            let count = limit.counted(&sight.home.zone, &history, sight.now).to_string();
            under.push(w.with("row-count", &[("count", &count), ("most", &most.to_string())]));
        }
        let counting = self.cart.counting.as_ref();
        let counting = counting.filter(|c| c.order == order.id() && c.dose.is_none());
        let needed = units.map_or(1, |u| u.packages);
        let scanned = counting.map_or(0, |c| u32::try_from(c.packages.len()).unwrap_or(u32::MAX));
        DoseRow {
            dose: String::new(),
            order: order.id().to_string(),
            time: self.called(order).unwrap_or_default(),
            drug: sight.drug(order),
            amount: amount(sight, &order.current),
            units: pieces(sight, order, units),
            under: Line::from(under.join(" · ").as_str()),
            how: if needed > 1 { How::Units { scanned, needed } } else { How::Scan },
            measure: missing,
            chip: Chip::new(Status::Prn, ""),
            current: false,
            open: true,
        }
    }
}
