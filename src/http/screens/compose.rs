//! An order from what was typed into the form, or what is wrong, field by field.
use super::carried::{as_timed, conditions, next_version};
use super::orders::{offered, routes};
use super::pattern::{Doses, Pattern, frequency_of};
use super::sight::Sight;
use super::typed::{Typed, number};
use crate::policy_file::frequencies;
use emar_domain::amount::{Amount, Unit};
use emar_domain::drug::{Product, terms};
use emar_domain::id::OrderId;
use emar_domain::order::{FirstDose, Order, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::order_check::{cannot_be_made, reaction};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::schedule::frequency::{Brought, Frequency, Kind, Need, Planned, Unschedulable};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::schedule::{Schedule, YearMonth};
use emar_domain::time::{CivilDate, CivilDateTime, CivilTime, Instant, Weekday};
use emar_domain::zone::Resolved;
use serde::Serialize;

/// Longest text of a field, in bytes; the route that takes the order has its own bounds.
const TEXT_MAX: usize = 1000;
/// Longest time between two PRN givings, in minutes: a week.
const APART_MINUTES_MAX: i64 = 7 * 24 * 60;
/// Most PRN givings in a day.
const PER_DAY_MAX: u32 = 100;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Name of the field.
    pub field: &'static str,
    /// Which of the fields of that name, from 0; absent: the only one, or all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// What, why and what to do.
    pub text: String,
}

/// Collects what is wrong; a field is told of once.
pub(super) struct Reader<'a> {
    sight: &'a Sight<'a>,
    pub(super) typed: &'a Typed,
    /// The order that is changed.
    current: Option<&'a Order>,
    wrong: Vec<Wrong>,
}

/// The span of a hold, to be sent to `POST /api/v1/orders/{id}/hold` with its reason.
///
/// # Errors
/// What is wrong with either end.
pub fn hold_span(
    sight: &Sight<'_>,
    typed: &Typed,
) -> Result<(Option<Instant>, Option<Instant>), Vec<Wrong>> {
    let mut reader = Reader { sight, typed, current: None, wrong: Vec::new() };
    let from = reader.maybe_instant("from", &typed.from);
    let until = reader.maybe_instant("until", &typed.until);
    match (from, until) {
        (Some(from), Some(until)) => Ok((from, until)),
        _ => Err(reader.wrong),
    }
}

/// The order, to be sent to `POST /api/v1/orders` as it stands; `reads` says whose residents the
/// one who asks may know of.
///
/// # Errors
/// Everything that is wrong, in the order of the form.
pub fn compose(
    sight: &Sight<'_>,
    typed: &Typed,
    reads: &dyn Fn(&Resident) -> bool,
) -> Result<OrderVersion, Vec<Wrong>> {
    let current = typed.order.parse().ok().and_then(|id| sight.home.orders.get(&id));
    let mut reader = Reader { sight, typed, current, wrong: Vec::new() };
    reader.change();
    let resident = reader.resident(reads);
    let drug = reader.drug(resident);
    let route = reader.route();
    let pattern = reader.or(Pattern::parse(&typed.pattern), "pattern", "wrong-pattern");
    let doses = pattern.and_then(|pattern| reader.doses(pattern, drug));
    let start = match pattern {
        Some(Pattern::Stat) => Some(sight.now),
        _ => reader.instant("start", &typed.start),
    };
    let when = pattern.and_then(|pattern| reader.when(pattern, resident, drug, start, &doses));
    let stop = reader.stop(pattern, start);
    reader.texts();
    let on = start.map(|start| sight.home.zone.to_civil(start).date().weekday());
    let dose = doses.zip(on).and_then(|(doses, on)| doses.first(on));
    let (Some(resident), Some(drug), Some(dose), Some(route), Some(start), Some(when), Some(stop)) =
        (resident, drug, dose, route, start, when, stop)
    else {
        return Err(reader.wrong);
    };
    if !reader.wrong.is_empty() {
        return Err(reader.wrong);
    }
    let text = |text: &str| text.trim().to_owned();
    let home =
        || Source { sender: "home".to_owned(), placer: String::new(), version: "1".to_owned() };
    let version = OrderVersion {
        order: current.map_or(OrderId(uuid::Uuid::nil()), Order::id),
        version: next_version(typed, current),
        resident: resident.id,
        drug: OrderedDrug {
            ingredient: drug.ingredient.clone(),
            name: drug.name.clone(),
            strength: Some(drug.strength),
            form: drug.form.clone(),
            route,
        },
        dose,
        dose_text: dose.to_string(),
        frequency: when.frequency,
        timing: when.timing,
        asked: when.asked,
        start,
        stop,
        // What the form does not ask is no part of a change.
        expires: current.and_then(|order| order.current.expires),
        prescriber: current.map(|order| order.current.prescriber.clone()).unwrap_or_default(),
        renews: None,
        before_minutes: when.window.0,
        after_minutes: when.window.1,
        time_critical: is_critical(sight, drug),
        indication: text(&typed.indication),
        instructions: text(&typed.instructions),
        accepted: Vec::new(),
        conditions: current.map(conditions).unwrap_or_default(),
        first_dose: if typed.first == "now" { FirstDose::Now } else { FirstDose::NextTime },
        not_before: None,
        allergy_override: Some(text(&typed.allergy)).filter(|why| !why.is_empty()),
        entered_by: None,
        source: current.map_or_else(home, |order| order.current.source.clone()),
    };
    Ok(match current.map(|order| &order.current).filter(|old| old.timing == version.timing) {
        Some(old) => as_timed(version, old),
        None => version,
    })
}

fn is_critical(sight: &Sight<'_>, drug: &Product) -> bool {
    sight.home.policy.is_time_critical(terms(&drug.ingredient))
}

/// When it is given, and in which window.
struct When {
    timing: Timing,
    asked: Option<AskedTiming>,
    frequency: String,
    window: (i64, i64),
}

impl<'a> Reader<'a> {
    pub(super) fn is_wrong(&mut self, field: &'static str, id: &str, args: &[(&str, &str)]) {
        self.is_wrong_at(field, None, id, args);
    }

    pub(super) fn is_wrong_at(
        &mut self,
        field: &'static str,
        row: Option<usize>,
        id: &str,
        args: &[(&str, &str)],
    ) {
        if self.wrong.iter().all(|w| (w.field, w.row) != (field, row)) {
            self.wrong.push(Wrong { field, row, text: self.sight.words().with(id, args) });
        }
    }

    /// Of a change: which order, what kind, chosen by hand, and why.
    fn change(&mut self) {
        let typed = self.typed;
        if typed.order.is_empty() {
            return;
        }
        if self.current.is_none() {
            self.is_wrong("resident", "refusal-order_unknown", &[]);
        }
        if !matches!(typed.kind.as_str(), "new_version" | "correction") {
            self.is_wrong("kind", "wrong-kind", &[]);
        }
        if typed.reason.trim().is_empty() {
            self.is_wrong("reason", "wrong-reason", &[]);
        }
    }

    pub(super) fn or<T>(&mut self, found: Option<T>, field: &'static str, id: &str) -> Option<T> {
        if found.is_none() {
            self.is_wrong(field, id, &[]);
        }
        found
    }

    fn resident(&mut self, reads: &dyn Fn(&Resident) -> bool) -> Option<&'a Resident> {
        let own = self.current.map(|order| order.current.resident);
        let id = own.or(self.typed.resident.parse().ok());
        let found = id.and_then(|id| self.sight.home.residents.get(&id));
        // Orders of who is away go on being changed; new ones wait for their return.
        let here = |r: &Resident| own.is_some() || r.state == ResidentState::Admitted;
        let found = found.filter(|r| here(r) && reads(r));
        self.or(found, "resident", "wrong-resident")
    }

    /// The product of that name; one the resident has reacted to needs a reason.
    fn drug(&mut self, resident: Option<&Resident>) -> Option<&'a Product> {
        let name = self.typed.drug.trim();
        let mut products = self.sight.home.products.values();
        let found = products.find(|p| p.name.eq_ignore_ascii_case(name));
        let found = found.or_else(|| self.as_ordered(name));
        let drug = self.or(found, "drug", "wrong-drug")?;
        let met = resident.and_then(|r| reaction(r, &drug.ingredient));
        if let Some(allergy) = met.filter(|_| self.typed.allergy.trim().is_empty()) {
            let args = [
                ("ingredient", allergy.ingredient.as_str()),
                ("reaction", allergy.reaction.as_str()),
            ];
            self.is_wrong("allergy", "wrong-allergy", &args);
        }
        Some(drug)
    }

    /// The product of an order that is changed: a sender may call it by another name.
    fn as_ordered(&self, name: &str) -> Option<&'a Product> {
        let drug = self.current.map(|o| &o.current.drug).filter(|drug| drug.name == name)?;
        let mut products = self.sight.home.products.values();
        products.find(|p| {
            let strength = drug.strength.is_none_or(|s| s.same_as(p.strength));
            drug.same_ingredient(p) && p.form == drug.form && strength
        })
    }

    /// A dose the formulary's product can make: an amount no count of pieces gives is a slip.
    pub(super) fn dose(&mut self, drug: Option<&Product>) -> Option<Amount> {
        let nano = self.or(number(self.typed.number.trim()), "number", "wrong-number");
        let unit = Unit::parse(&self.typed.unit);
        let unit = self.or(unit, "unit", "wrong-unit");
        let dose = Amount { nano: nano?, unit: unit? };
        let drug = drug?;
        if cannot_be_made(dose, drug.strength, &drug.form) {
            let (dose, strength) = (dose.to_string(), drug.strength.to_string());
            let args = [("dose", dose.as_str()), ("form", &drug.form), ("strength", &strength)];
            self.is_wrong("number", "wrong-dose_unfit", &args);
        }
        Some(dose)
    }

    fn route(&mut self) -> Option<String> {
        let found = routes().find(|code| *code == self.typed.route);
        self.or(found, "route", "wrong-route")
    }

    /// What is given once has no end to be written.
    fn stop(
        &mut self,
        pattern: Option<Pattern>,
        start: Option<Instant>,
    ) -> Option<Option<Instant>> {
        if matches!(pattern, Some(Pattern::Once | Pattern::Stat)) {
            return Some(None);
        }
        let stop = self.maybe_instant("stop", &self.typed.stop)?;
        if stop.zip(start).is_some_and(|(stop, start)| stop <= start) {
            self.is_wrong("stop", "wrong-stop", &[]);
        }
        Some(stop)
    }

    /// An instant that may be left out.
    fn maybe_instant(&mut self, field: &'static str, text: &str) -> Option<Option<Instant>> {
        if text.trim().is_empty() { Some(None) } else { self.instant(field, text).map(Some) }
    }

    fn instant(&mut self, field: &'static str, text: &str) -> Option<Instant> {
        let civil = CivilDateTime::parse(text.trim()).ok();
        let civil = self.or(civil, field, "wrong-time")?;
        self.resolved(field, civil)
    }

    fn resolved(&mut self, field: &'static str, civil: CivilDateTime) -> Option<Instant> {
        match self.sight.home.zone.resolve(civil) {
            Resolved::Single(at) => Some(at),
            Resolved::Gap { .. } => {
                self.is_wrong(field, "wrong-time_gap", &[]);
                None
            }
            Resolved::Overlap { .. } => {
                self.is_wrong(field, "wrong-time_twice", &[]);
                None
            }
        }
    }

    /// What days, and elapsed intervals, are counted from.
    fn anchor(&mut self, start: Instant) -> Option<(CivilDate, Instant)> {
        let text = self.typed.anchor.trim();
        let begins = self.sight.home.zone.to_civil(start);
        if text.is_empty() {
            return Some((begins.date(), start));
        }
        let day = CivilDate::parse(text).map(|date| date.at(begins.time()));
        let civil = day.or_else(|_| CivilDateTime::parse(text)).ok();
        let civil = self.or(civil, "anchor", "wrong-anchor")?;
        Some((civil.date(), self.resolved("anchor", civil)?))
    }

    fn when(
        &mut self,
        pattern: Pattern,
        resident: Option<&Resident>,
        drug: Option<&Product>,
        start: Option<Instant>,
        doses: &Option<Doses>,
    ) -> Option<When> {
        if pattern == Pattern::Prn {
            return self.prn();
        }
        let times = self.read_times("times", None, &self.typed.times);
        let row = self.row(pattern, times.as_deref());
        let days = if pattern == Pattern::Regular { self.days() } else { Some(Vec::new()) };
        let (row, times, days, start) = (row?, times?, days?, start?);
        if !days.is_empty() && !row.needs.contains(&Need::Dow) {
            self.is_wrong("days", "wrong-days_unused", &[]);
            return None;
        }
        let (date, anchor) = self.anchor(start)?;
        let brought = Brought {
            times: (!times.is_empty()).then_some(times),
            anchor: Some(anchor),
            at: Some(start),
            anchor_date: Some(date),
            anchor_month: Some(YearMonth::of(date)),
            day: Some(date.day()),
            dow: (!days.is_empty()).then_some(days),
            ..Brought::default()
        };
        let resident = resident?;
        let hours = self.sight.home.policy.hours_of(resident.unit.as_str(), row);
        let planned = match row.plan(&brought, hours.as_deref()) {
            Ok(Planned::Unplanned) if row.kind == Kind::Continuous => {
                let (timing, frequency) = (Timing::Continuous, row.code.clone());
                return Some(When { timing, asked: None, frequency, window: (0, 0) });
            }
            Ok(planned) => planned,
            Err(why) => return self.unschedulable(&why),
        };
        let (policy, critical) = (&self.sight.home.policy, is_critical(self.sight, drug?));
        let window = policy.order_window(frequencies(), row, resident.unit.as_str(), critical);
        let window = self.or(window, "frequency", "wrong-window")?;
        let (timing, frequency, asked) = match planned {
            Planned::Doses(plain) => {
                let schedule = match plain.clone() {
                    Schedule::Clock(clock) => {
                        let clock = self.shaped(pattern, *clock, doses.as_ref()?, date)?;
                        Schedule::Clock(Box::new(clock))
                    }
                    other => other,
                };
                self.or(schedule.validate().ok(), "pattern", "wrong-pattern")?;
                // A pattern the form shaped is more than its code asks for.
                let asked = AskedTiming { code: row.code.clone(), brought };
                let asked = (schedule == plain).then_some(asked);
                let frequency = frequency_of(pattern, row, &schedule);
                (Timing::Planned { schedule }, frequency, asked)
            }
            Planned::Pair { apply, remove } => {
                (Timing::Pair { apply, remove }, row.code.clone(), None)
            }
            Planned::Unplanned => return self.or(None, "frequency", "wrong-frequency"),
        };
        Some(When { timing, asked, frequency, window })
    }

    /// The frequency that is meant.
    fn row(&mut self, pattern: Pattern, times: Option<&[CivilTime]>) -> Option<&'static Frequency> {
        let code = self.typed.frequency.trim();
        let found = match (pattern, code, times) {
            (Pattern::Once, ..) => frequencies().find("ONCE"),
            (Pattern::Stat, ..) => frequencies().find("STAT"),
            (Pattern::Regular, "", Some([])) => {
                return self.or(None, "frequency", "wrong-frequency_none");
            }
            (Pattern::Regular, "", Some(times)) => by_count(times.len()),
            (Pattern::Regular, code, _) => {
                offered().find(|row| row.code.eq_ignore_ascii_case(code))
            }
            (_, _, times) => return self.plain_row(times.map_or(0, <[CivilTime]>::len)),
        };
        self.or(found, "frequency", "wrong-frequency")
    }

    fn unschedulable(&mut self, why: &Unschedulable) -> Option<When> {
        match why {
            Unschedulable::HoursCount { wanted } => {
                self.is_wrong("times", "wrong-times_count", &[("wanted", &wanted.to_string())]);
            }
            Unschedulable::DowCount { wanted } => {
                self.is_wrong("days", "wrong-days_count", &[("wanted", &wanted.to_string())]);
            }
            Unschedulable::NeedsMissing(needs) if needs.contains(&Need::Dow) => {
                self.is_wrong("days", "wrong-days", &[]);
            }
            _ => self.is_wrong("frequency", "wrong-frequency", &[]),
        }
        None
    }

    /// Schedules, rule 8: what for, how far apart and how often are needed before it is active.
    fn prn(&mut self) -> Option<When> {
        let indication = self.typed.indication.trim().to_owned();
        if indication.is_empty() {
            self.is_wrong("indication", "wrong-prn_indication", &[]);
        }
        let apart = minutes(self.typed.apart.trim()).filter(|m| *m <= APART_MINUTES_MAX);
        let apart = self.or(apart, "apart", "wrong-prn_apart");
        let most = self.typed.most.trim().parse().ok();
        let most = most.filter(|most: &u32| (1..=PER_DAY_MAX).contains(most));
        let most = self.or(most, "most", "wrong-prn_most");
        let timing = Timing::Prn {
            indication,
            interval_minutes_min: Some(apart?),
            per_day_max: Some(most?),
        };
        Some(When { timing, asked: None, frequency: "PRN".to_owned(), window: (0, 0) })
    }

    /// Times of day, none where none are written.
    pub(super) fn read_times(
        &mut self,
        field: &'static str,
        row: Option<usize>,
        text: &str,
    ) -> Option<Vec<CivilTime>> {
        let words = text.split([' ', ',', ';']).filter(|t| !t.is_empty());
        let times = words.map(|t| CivilTime::parse(t).ok()).collect::<Option<Vec<_>>>();
        if times.is_none() {
            self.is_wrong_at(field, row, "wrong-times", &[]);
        }
        times
    }

    pub(super) fn days(&mut self) -> Option<Vec<Weekday>> {
        let days = self.typed.days.iter().map(|d| Weekday::parse(d).ok());
        let days = days.collect::<Option<Vec<_>>>();
        self.or(days, "days", "wrong-days")
    }

    fn texts(&mut self) {
        let typed = self.typed;
        let texts = [
            ("indication", &typed.indication),
            ("instructions", &typed.instructions),
            ("allergy", &typed.allergy),
            ("reason", &typed.reason),
        ];
        for (field, text) in texts {
            if text.len() > TEXT_MAX {
                self.is_wrong(field, "wrong-text", &[]);
            }
        }
    }
}

/// The code of so many times a day, for display and for its window.
pub(super) fn by_count(count: usize) -> Option<&'static Frequency> {
    let code = match count {
        1 => "DAILY",
        2 => "BID",
        3 => "TID",
        4 => "QID",
        5 => "5XD",
        _ => return None,
    };
    frequencies().find(code)
}

/// Whole minutes of a number of hours such as `4` or `1.5`, at least one.
fn minutes(hours: &str) -> Option<i64> {
    let nano = emar_domain::amount::parse_nano(hours).ok()?;
    let minutes = nano.checked_mul(60)? / 1_000_000_000;
    (minutes >= 1).then_some(minutes)
}
