//! What stands in the fields of the form, and what would have been typed for an order there is.
use super::compose::compose;
use super::giving::{home_window, ticked};
use super::orders::offered;
use super::pattern::Pattern;
use super::sight::Sight;
use super::timing::CALENDAR_DAY;
use emar_domain::amount::{Amount, format_nano};
use emar_domain::limit::Day;
use emar_domain::order::{FirstDose, Order, OrderVersion, Timing};
use emar_domain::scale::Scale;
use emar_domain::schedule::frequency::{Kind, Need};
use emar_domain::schedule::{Clock, DoseDay, LENGTH_MAX, Overflow, Schedule};
use emar_domain::time::{CivilTime, Instant, Weekday};
use serde::{Deserialize, Serialize};

/// The form as typed. Of what a pattern does not use, anything may stand in the fields.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Typed {
    /// `hold`: only its span is read; else empty.
    pub act: String,
    /// The order that is changed; empty: a new one.
    pub order: String,
    /// Of a change: the version the form was filled from.
    pub version: String,
    /// Of a change: `new_version` or `correction`.
    pub kind: String,
    /// Of a change: why.
    pub reason: String,
    /// Resident id; of a change nothing, the order has its own.
    pub resident: String,
    /// A name of the formulary.
    pub drug: String,
    /// The dose's number.
    pub number: String,
    /// The unit of every dose.
    pub unit: String,
    /// Route code.
    pub route: String,
    /// How it is given: a code of [`Pattern`].
    pub pattern: String,
    /// Frequency code; may be empty when there are times.
    pub frequency: String,
    /// Times of day, `08:00 20:00`; empty: the home's.
    pub times: String,
    /// Codes of weekdays.
    pub days: Vec<String>,
    /// Every so many days.
    pub every: String,
    /// Days on.
    pub on: String,
    /// Days off.
    pub off: String,
    /// Day of the month.
    pub month_day: String,
    /// `clamp` or `skip`, of days that not every month has.
    pub overflow: String,
    /// Which weekday of the month, in place of a day: `1` to `5`, `-1` the last.
    pub month_nth: String,
    /// Its code.
    pub month_dow: String,
    /// Every so many months.
    pub months: String,
    /// What days and intervals are counted from, `2026-11-02` or with a time; empty: the start.
    pub anchor: String,
    /// The number of each step's dose.
    pub step_number: Vec<String>,
    /// How long each step lasts, in days or doses; of the last one empty when it goes on.
    pub step_length: Vec<String>,
    /// Times of each step, in place of the order's.
    pub step_times: Vec<String>,
    /// Numbers of the doses in turn.
    pub turn: Vec<String>,
    /// Numbers of the doses from Monday on; empty: none that day.
    pub by_day: Vec<String>,
    /// Fewest hours between two PRN givings.
    pub apart: String,
    /// Of a range the more hours; empty: none.
    pub apart_max: String,
    /// `calendar_day`: PRN givings are counted by it; empty: over any 24 hours.
    pub count_by: String,
    /// Most PRN givings in 24 hours.
    pub most: String,
    /// When what is put on comes off, `21:00`; empty: when the next one is put on.
    pub off_times: String,
    /// `2026-11-02 08:00`, home time.
    pub start: String,
    /// The same; may be empty.
    pub stop: String,
    /// The same: when the law ends it.
    pub expires: String,
    /// Who prescribed it; may be empty.
    pub prescriber: String,
    /// Of each hold parameter: the reading's code.
    pub hold_code: Vec<String>,
    /// How it is compared: `<`, `<=`, `>`, `>=` or `=`.
    pub hold_op: Vec<String>,
    /// With what.
    pub hold_value: Vec<String>,
    /// Most minutes any of the readings may be old.
    pub hold_age: String,
    /// Unit of every number of the sliding scale.
    pub scale_unit: String,
    /// The lowest reading of each row; empty: open.
    pub scale_from: Vec<String>,
    /// The highest reading of each row; empty: open.
    pub scale_to: Vec<String>,
    /// How many units then.
    pub scale_units: Vec<String>,
    /// What is done instead of giving units.
    pub scale_action: Vec<String>,
    /// `now`: the first dose at once; else at its next time.
    pub first: String,
    /// What for.
    pub indication: String,
    /// Special instructions.
    pub instructions: String,
    /// Who takes care of taking it, a code; empty: staff give it.
    pub self_administration: String,
    /// Anything: whoever gives it confirms the special instructions.
    pub acknowledge: String,
    /// Of covert giving: the decision it rests on; empty: the resident knows.
    pub covert_reference: String,
    /// The day by which that is looked at again, `2026-12-01`.
    pub covert_review: String,
    /// Anything: the hours of the frequency are elapsed ones, from what is counted from.
    pub elapsed: String,
    /// Minutes before its time, where fewer than the home's.
    pub before: String,
    /// The same after it.
    pub after: String,
    /// Why it is ordered in spite of a recorded reaction.
    pub allergy: String,
    /// Of a hold: from then on; empty: now.
    pub from: String,
    /// Of a hold: before then; empty: until it is resumed.
    pub until: String,
}

impl Typed {
    /// The form as it would have been filled in for an order. Where no way of filling it in gives
    /// exactly the order's times, the pattern is left open: whoever changes it chooses one.
    #[must_use]
    pub fn of(sight: &Sight<'_>, order: &Order) -> Self {
        let version = &order.current;
        let mut blank = Self {
            version: version.version.to_string(),
            resident: version.resident.to_string(),
            drug: version.drug.name.clone(),
            number: dose_number(version),
            unit: version.dose.unit.code().to_owned(),
            route: version.drug.route.clone(),
            start: civil(sight, version.start),
            stop: version.stop.map(|at| civil(sight, at)).unwrap_or_default(),
            expires: version.expires.map(|at| civil(sight, at)).unwrap_or_default(),
            prescriber: version.prescriber.clone(),
            first: match version.first_dose {
                FirstDose::Now => "now".to_owned(),
                FirstDose::NextTime => "next_time".to_owned(),
            },
            indication: version.indication.clone(),
            instructions: version.instructions.clone(),
            allergy: version.allergy_override.clone().unwrap_or_default(),
            ..Self::default()
        };
        blank.fill_measured(&version.conditions);
        blank.fill_giving(&version.conditions);
        let mut ways = blank.ways(sight, order);
        let again = |typed: &Self| {
            let (order, kind) = (order.id().to_string(), "new_version".to_owned());
            let asked = Self { order, kind, reason: "x".to_owned(), ..typed.clone() };
            let again = compose(sight, &asked, &|_| true).ok()?;
            (again.timing == version.timing).then_some(again)
        };
        let exact = ways.iter().enumerate().find_map(|(at, way)| Some((at, again(way)?)));
        let (mut found, home) = match exact {
            Some((at, again)) => {
                (ways.swap_remove(at), Some((again.before_minutes, again.after_minutes)))
            }
            None => (blank, home_window(sight, version)),
        };
        found.fill_window(version, home);
        found
    }

    /// The ways in which the form may say when it is given, the plainest first.
    fn ways(&self, sight: &Sight<'_>, order: &Order) -> Vec<Self> {
        let version = &order.current;
        let of = |pattern: Pattern| Self { pattern: pattern.code().to_owned(), ..self.clone() };
        match &version.timing {
            Timing::Planned { schedule: Schedule::Clock(clock) } => self.clocks(clock, order),
            Timing::Planned { schedule: Schedule::Interval(interval) } => {
                let anchor = civil(sight, interval.anchor);
                let regular = self.regular(&version.frequency);
                let row = offered().find(|row| row.code == regular.frequency);
                let asked = row.is_some_and(|row| row.kind == Kind::Clock);
                vec![Self { anchor, elapsed: ticked(asked), ..regular }]
            }
            Timing::Planned { schedule: Schedule::Once(_) } => {
                vec![of(Pattern::Once)]
            }
            Timing::Prn {
                indication,
                interval_minutes_min,
                interval_minutes_max,
                per_day_max,
                day,
            } => {
                // An hour's parts are rounded up, so that reading them back gives these minutes.
                let hours =
                    |m: i64| format_nano(m.saturating_mul(1_000_000_000).saturating_add(59) / 60);
                vec![Self {
                    indication: indication.clone(),
                    apart: interval_minutes_min.map(hours).unwrap_or_default(),
                    apart_max: interval_minutes_max.map(hours).unwrap_or_default(),
                    count_by: match day {
                        Day::Rolling24h => String::new(),
                        Day::CalendarDay => CALENDAR_DAY.to_owned(),
                    },
                    most: per_day_max.map(|most| most.to_string()).unwrap_or_default(),
                    ..of(Pattern::Prn)
                }]
            }
            Timing::Pair { apply: Schedule::Clock(apply), remove: Schedule::Clock(remove) } => {
                vec![of(Pattern::Pair).pair(apply, remove)]
            }
            Timing::Continuous => vec![of(Pattern::Running)],
            Timing::OnCall { repeat: true } => vec![of(Pattern::OnCall)],
            Timing::OnCall { repeat: false } => vec![of(Pattern::OnCallOnce)],
            Timing::Pair { .. } | Timing::Unschedulable { .. } => Vec::new(),
        }
    }

    fn pair(self, apply: &Clock, remove: &Clock) -> Self {
        let days = apply.dow.iter().flatten().map(|day| day.code().to_owned());
        Self {
            times: times_text(&apply.times),
            off_times: if remove == apply { String::new() } else { times_text(&remove.times) },
            days: days.collect(),
            every: apply.every_days.map(|days| days.to_string()).unwrap_or_default(),
            anchor: apply.anchor_date.map(|date| date.to_string()).unwrap_or_default(),
            ..self
        }
    }

    fn regular(&self, frequency: &str) -> Self {
        let known = offered().any(|row| row.code == frequency);
        let frequency = if known { frequency.to_owned() } else { String::new() };
        Self { pattern: Pattern::Regular.code().to_owned(), frequency, ..self.clone() }
    }

    /// The ways in which the form may say a clock schedule, the plainest first.
    fn clocks(&self, clock: &Clock, order: &Order) -> Vec<Self> {
        let days = |days: &[Weekday]| days.iter().map(|d| d.code().to_owned()).collect::<Vec<_>>();
        let dow = clock.dow.as_deref().unwrap_or_default();
        let with_times = Self {
            times: times_text(&clock.times),
            anchor: clock.anchor_date.map(|date| date.to_string()).unwrap_or_default(),
            ..self.clone()
        };
        let regular = with_times.regular(&order.current.frequency);
        let row = offered().find(|row| row.code == regular.frequency);
        let asks = row.is_some_and(|row| row.needs.contains(&Need::Dow));
        let by_code = Self { days: if asks { days(dow) } else { Vec::new() }, ..regular };
        let by_times = Self { frequency: String::new(), ..by_code.clone() };
        let shaped = with_times.shaped(clock).map(|(pattern, typed)| Self {
            pattern: pattern.code().to_owned(),
            days: days(dow),
            ..typed
        });
        [by_code, by_times].into_iter().chain(shaped).collect()
    }

    fn shaped(&self, clock: &Clock) -> Option<(Pattern, Self)> {
        let mut typed = self.clone();
        let number = |text: &String| {
            Amount::parse_text(text).map(|dose| format_nano(dose.nano)).unwrap_or_default()
        };
        if let Some(steps) = &clock.steps {
            let by_days = steps.iter().all(|step| step.days.is_some());
            typed.step_number = steps.iter().map(|step| number(&step.dose)).collect();
            let length = |length: u32| match length {
                LENGTH_MAX => String::new(),
                length => length.to_string(),
            };
            let lengths = steps.iter().map(|step| step.days.or(step.doses).map(length));
            typed.step_length = lengths.map(Option::unwrap_or_default).collect();
            let times = steps.iter().map(|step| step.times.as_deref().unwrap_or_default());
            typed.step_times = times.map(times_text).collect();
            return Some((if by_days { Pattern::StepsDays } else { Pattern::StepsDoses }, typed));
        }
        if let Some(turns) = &clock.alternate {
            typed.turn = turns.iter().map(number).collect();
            return Some((Pattern::Turns, typed));
        }
        if let Some(doses) = &clock.dose_by_dow {
            let of = |day: &Weekday| doses.get(&DoseDay::Day(*day)).map(number);
            typed.by_day = Weekday::ALL.iter().map(|day| of(day).unwrap_or_default()).collect();
            return Some((Pattern::ByDay, typed));
        }
        if let Some(days) = clock.every_days {
            typed.every = days.to_string();
            return Some((Pattern::EveryDays, typed));
        }
        if let Some(cycle) = clock.cycle {
            (typed.on, typed.off) = (cycle.on.to_string(), cycle.off.to_string());
            typed.anchor = cycle.anchor.to_string();
            return Some((Pattern::Cycle, typed));
        }
        if let Some(rule) = clock.monthly {
            typed.month_day = rule.day.map(|day| day.to_string()).unwrap_or_default();
            typed.month_nth = rule.nth.map(|nth| nth.to_string()).unwrap_or_default();
            typed.month_dow = rule.dow.map(|day| day.code().to_owned()).unwrap_or_default();
            typed.overflow = match rule.overflow.filter(|_| rule.day > Some(28)) {
                Some(Overflow::Clamp) => "clamp".to_owned(),
                Some(Overflow::Skip) => "skip".to_owned(),
                None => String::new(),
            };
            typed.months = rule.every.to_string();
            typed.anchor = rule.anchor.first_day().to_string();
            return Some((Pattern::Monthly, typed));
        }
        clock.dow.is_some().then_some((Pattern::Weekdays, typed))
    }
}

/// The number of an order's dose; empty where a scale brought it and nobody typed it.
fn dose_number(version: &OrderVersion) -> String {
    let most = version.conditions.scale.as_ref().and_then(Scale::most);
    match most.is_some_and(|most| most.same_as(version.dose)) {
        true => String::new(),
        false => format_nano(version.dose.nano),
    }
}

/// `2026-11-02 08:00`, home time.
pub(super) fn civil(sight: &Sight<'_>, at: Instant) -> String {
    format!("{} {}", sight.home.zone.to_civil(at).date(), sight.clock(at))
}

fn times_text(times: &[CivilTime]) -> String {
    let text = |t: &CivilTime| format!("{:02}:{:02}", t.hour(), t.minute());
    times.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A comma may part thousands and nothing else: "1,5" is one and a half to half the world.
pub(super) fn without_thousands(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    let parted = first && whole.contains(',') && groups.all(|group| group.len() == 3);
    if parted && !part.contains(',') { number.replace(',', "") } else { number.to_owned() }
}

/// A dose's number in billionths, above nothing.
pub(super) fn number(text: &str) -> Option<i64> {
    let number = without_thousands(text);
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    emar_domain::amount::parse_nano(&number).ok().filter(|n| plain && *n > 0)
}
