//! An order from what was typed into the form, or what is wrong, field by field.
use super::orders::{offered, routes};
use super::sight::Sight;
use crate::policy_file::frequencies;
use emar_domain::amount::{Amount, Unit};
use emar_domain::condition::Conditions;
use emar_domain::drug::{Product, terms};
use emar_domain::id::OrderId;
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::order_check::{cannot_be_made, reaction};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::schedule::YearMonth;
use emar_domain::schedule::frequency::{Brought, Frequency, Kind, Need, Planned, Unschedulable};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::time::{CivilDateTime, CivilTime, Instant, Weekday};
use emar_domain::zone::Resolved;
use serde::{Deserialize, Serialize};

/// Longest text of a field, in bytes; the route that takes the order has its own bounds.
const TEXT_MAX: usize = 1000;
/// Longest time between two PRN givings, in minutes: a week.
const APART_MINUTES_MAX: i64 = 7 * 24 * 60;
/// Most PRN givings in a day.
const PER_DAY_MAX: u32 = 100;

/// The form as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Typed {
    /// Resident id.
    pub resident: String,
    /// A name of the formulary.
    pub drug: String,
    /// The dose's number.
    pub number: String,
    /// The dose's unit.
    pub unit: String,
    /// Route code.
    pub route: String,
    /// Given when needed.
    pub prn: bool,
    /// Frequency code; may be empty when there are times.
    pub frequency: String,
    /// Times of day, `08:00 20:00`; empty: the home's.
    pub times: String,
    /// Codes of weekdays.
    pub days: Vec<String>,
    /// Fewest hours between two PRN givings.
    pub apart: String,
    /// Most PRN givings in 24 hours.
    pub most: String,
    /// `2026-11-02 08:00`, home time.
    pub start: String,
    /// The same; may be empty.
    pub stop: String,
    /// What for.
    pub indication: String,
    /// Special instructions.
    pub instructions: String,
    /// Why it is ordered in spite of a recorded reaction.
    pub allergy: String,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Name of the field.
    pub field: &'static str,
    /// What, why and what to do.
    pub text: String,
}

/// Collects what is wrong; a field is told of once.
struct Reader<'a> {
    sight: &'a Sight<'a>,
    typed: &'a Typed,
    wrong: Vec<Wrong>,
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
    let mut reader = Reader { sight, typed, wrong: Vec::new() };
    let resident = reader.resident(reads);
    let drug = reader.drug(resident);
    let dose = reader.dose(drug);
    let route = reader.route();
    let start = reader.instant("start", &typed.start);
    let when = reader.when(resident, drug, start);
    let stop = if typed.stop.trim().is_empty() {
        Some(None)
    } else {
        reader.instant("stop", &typed.stop).map(Some)
    };
    if let (Some(start), Some(Some(stop))) = (start, stop)
        && stop <= start
    {
        reader.is_wrong("stop", "wrong-stop", &[]);
    }
    reader.texts();
    let (Some(resident), Some(drug), Some(dose), Some(route), Some(start), Some(when), Some(stop)) =
        (resident, drug, dose, route, start, when, stop)
    else {
        return Err(reader.wrong);
    };
    if !reader.wrong.is_empty() {
        return Err(reader.wrong);
    }
    let text = |text: &str| text.trim().to_owned();
    Ok(OrderVersion {
        order: OrderId(uuid::Uuid::nil()),
        version: 1,
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
        expires: None,
        prescriber: String::new(),
        renews: None,
        before_minutes: when.window.0,
        after_minutes: when.window.1,
        time_critical: is_critical(sight, drug),
        indication: text(&typed.indication),
        instructions: text(&typed.instructions),
        accepted: Vec::new(),
        conditions: Conditions::default(),
        first_dose: FirstDose::NextTime,
        not_before: None,
        allergy_override: Some(text(&typed.allergy)).filter(|why| !why.is_empty()),
        entered_by: None,
        source: Source {
            sender: "home".to_owned(),
            placer: String::new(),
            version: "1".to_owned(),
        },
    })
}

/// A comma may part thousands and nothing else: "1,5" is one and a half to half the world.
fn without_thousands(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let parted = first && whole.contains(',') && groups.all(|group| group.len() == 3);
    if parted && !part.contains(',') { number.replace(',', "") } else { number.to_owned() }
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
    fn is_wrong(&mut self, field: &'static str, id: &str, args: &[(&str, &str)]) {
        if self.wrong.iter().all(|w| w.field != field) {
            self.wrong.push(Wrong { field, text: self.sight.words().with(id, args) });
        }
    }

    fn or<T>(&mut self, found: Option<T>, field: &'static str, id: &str) -> Option<T> {
        if found.is_none() {
            self.is_wrong(field, id, &[]);
        }
        found
    }

    fn resident(&mut self, reads: &dyn Fn(&Resident) -> bool) -> Option<&'a Resident> {
        let id = self.typed.resident.parse().ok();
        let found = id.and_then(|id| self.sight.home.residents.get(&id));
        let found = found.filter(|r| r.state == ResidentState::Admitted && reads(r));
        self.or(found, "resident", "wrong-resident")
    }

    /// The product of that name; one the resident has reacted to needs a reason.
    fn drug(&mut self, resident: Option<&Resident>) -> Option<&'a Product> {
        let name = self.typed.drug.trim();
        let mut products = self.sight.home.products.values();
        let found = products.find(|p| p.name.eq_ignore_ascii_case(name));
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

    /// A dose the formulary's product can make: an amount no count of pieces gives is a slip.
    fn dose(&mut self, drug: Option<&Product>) -> Option<Amount> {
        let number = without_thousands(self.typed.number.trim());
        let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let nano = emar_domain::amount::parse_nano(&number).ok().filter(|n| plain && *n > 0);
        let nano = self.or(nano, "number", "wrong-number");
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

    fn instant(&mut self, field: &'static str, text: &str) -> Option<Instant> {
        let civil = CivilDateTime::parse(text.trim()).ok();
        let civil = self.or(civil, field, "wrong-time")?;
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

    fn when(
        &mut self,
        resident: Option<&Resident>,
        drug: Option<&Product>,
        start: Option<Instant>,
    ) -> Option<When> {
        if self.typed.prn {
            return self.prn();
        }
        let times = self.times();
        let days = self.days();
        let code = self.typed.frequency.trim();
        let row = match (code, times.as_deref()) {
            ("", Some([])) => return self.or(None, "frequency", "wrong-frequency_none"),
            ("", Some(times)) => by_count(times.len()),
            (code, _) => offered().find(|row| row.code.eq_ignore_ascii_case(code)),
        };
        let row = self.or(row, "frequency", "wrong-frequency")?;
        let (times, days, start) = (times?, days?, start?);
        let civil = self.sight.home.zone.to_civil(start);
        if !days.is_empty() && !row.needs.contains(&Need::Dow) {
            self.is_wrong("days", "wrong-days_unused", &[]);
            return None;
        }
        let brought = Brought {
            times: (!times.is_empty()).then_some(times),
            anchor: Some(start),
            at: Some(start),
            anchor_date: Some(civil.date()),
            anchor_month: Some(YearMonth::of(civil.date())),
            day: Some(civil.date().day()),
            dow: (!days.is_empty()).then_some(days),
            ..Brought::default()
        };
        let resident = resident?;
        let hours = self.sight.home.policy.hours_of(resident.unit.as_str(), row);
        let planned = match row.plan(&brought, hours.as_deref()) {
            Ok(Planned::Doses(schedule)) => Timing::Planned { schedule },
            Ok(Planned::Pair { apply, remove }) => Timing::Pair { apply, remove },
            Ok(Planned::Unplanned) if row.kind == Kind::Continuous => {
                let (timing, frequency) = (Timing::Continuous, row.code.clone());
                return Some(When { timing, frequency, window: (0, 0) });
            }
            Ok(Planned::Unplanned) => return self.or(None, "frequency", "wrong-frequency"),
            Err(why) => return self.unschedulable(&why),
        };
        let (policy, critical) = (&self.sight.home.policy, is_critical(self.sight, drug?));
        let unit = resident.unit.as_str();
        let window = policy.order_window(frequencies(), row, unit, critical);
        let window = self.or(window, "frequency", "wrong-window")?;
        let asked = Some(AskedTiming { code: row.code.clone(), brought });
        Some(When { timing: planned, asked, frequency: row.code.clone(), window })
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

    fn times(&mut self) -> Option<Vec<CivilTime>> {
        let words = self.typed.times.split([' ', ',', ';']).filter(|t| !t.is_empty());
        let times = words.map(|t| CivilTime::parse(t).ok()).collect::<Option<Vec<_>>>();
        self.or(times, "times", "wrong-times")
    }

    fn days(&mut self) -> Option<Vec<Weekday>> {
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
        ];
        for (field, text) in texts {
            if text.len() > TEXT_MAX {
                self.is_wrong(field, "wrong-text", &[]);
            }
        }
    }
}

/// The code of so many times a day, for display and for its window.
fn by_count(count: usize) -> Option<&'static Frequency> {
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
