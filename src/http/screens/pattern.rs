//! The part of the form that says when and how much: a taper's steps, doses in turn or by weekday,
//! cycles, every so many days, months.
use super::compose::Reader;
use super::timing::by_count;
use super::typed::number;
use emar_domain::amount::{Amount, Unit};
use emar_domain::drug::{Product, piece_of, units_for};
use emar_domain::schedule::frequency::{Frequency, Kind};
use emar_domain::schedule::{
    Clock, Cycle, DoseDay, LENGTH_MAX, Monthly, Overflow, Schedule, Step, YearMonth,
};
use emar_domain::time::{CivilDate, Weekday};
use std::collections::BTreeMap;

/// How an order is given, as the form offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// By a frequency or times of day, every day or as the frequency says.
    Regular,
    /// On named weekdays.
    Weekdays,
    /// Every so many days.
    EveryDays,
    /// Days on, days off.
    Cycle,
    /// On a day of the month.
    Monthly,
    /// A taper or titration in days.
    StepsDays,
    /// The same counted in doses.
    StepsDoses,
    /// Doses in turn, day by day.
    Turns,
    /// A dose for each weekday.
    ByDay,
    /// One time.
    Once,
    /// At once.
    Stat,
    /// When needed.
    Prn,
    /// When called for, until it stops.
    OnCall,
    /// When called for, one time.
    OnCallOnce,
    /// Without planned times from start to stop.
    Running,
    /// Put on and taken off again.
    Pair,
}

impl Pattern {
    /// All of them, in the order offered.
    pub const ALL: [Self; 16] = [
        Self::Regular,
        Self::Weekdays,
        Self::EveryDays,
        Self::Cycle,
        Self::Monthly,
        Self::StepsDays,
        Self::StepsDoses,
        Self::Turns,
        Self::ByDay,
        Self::Once,
        Self::Stat,
        Self::Prn,
        Self::OnCallOnce,
        Self::OnCall,
        Self::Running,
        Self::Pair,
    ];

    /// What the form sends.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Weekdays => "weekdays",
            Self::EveryDays => "every_days",
            Self::Cycle => "cycle",
            Self::Monthly => "monthly",
            Self::StepsDays => "steps_days",
            Self::StepsDoses => "steps_doses",
            Self::Turns => "turns",
            Self::ByDay => "by_day",
            Self::Once => "once",
            Self::Stat => "stat",
            Self::Prn => "prn",
            Self::OnCall => "on_call",
            Self::OnCallOnce => "on_call_once",
            Self::Running => "running",
            Self::Pair => "pair",
        }
    }

    /// Reads a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// How much: one dose, or those the schedule names.
pub(super) enum Doses {
    One(Amount),
    Steps(Vec<(Amount, Step)>),
    Turns(Vec<Amount>),
    ByDay(BTreeMap<Weekday, Amount>),
}

impl Doses {
    /// The dose of the first day, which the order itself bears.
    pub(super) fn first(&self, on: Weekday) -> Option<Amount> {
        match self {
            Self::One(dose) => Some(*dose),
            Self::Steps(steps) => steps.first().map(|(dose, _)| *dose),
            Self::Turns(turns) => turns.first().copied(),
            Self::ByDay(days) => days.get(&on).or_else(|| days.values().next()).copied(),
        }
    }
}

/// The code that says the same, where the table has one; without it the words are read back.
pub(super) fn frequency_of(pattern: Pattern, row: &Frequency, schedule: &Schedule) -> String {
    let Schedule::Clock(clock) = schedule else { return row.code.clone() };
    let once_a_day = clock.times.len() == 1;
    let code = match pattern {
        Pattern::Regular | Pattern::Once | Pattern::Stat => row.code.as_str(),
        Pattern::EveryDays => match clock.every_days.filter(|_| once_a_day) {
            Some(2) => "QOD",
            Some(3) => "Q3D",
            Some(14) => "Q2W",
            Some(28) => "Q28D",
            _ => "",
        },
        Pattern::Cycle if once_a_day => "CYCLE",
        Pattern::Monthly => match clock.monthly.filter(|m| once_a_day && m.day.is_some()) {
            Some(Monthly { every: 1, .. }) => "MONTHLY",
            Some(Monthly { every: 3, .. }) => "Q3MO",
            _ => "",
        },
        Pattern::StepsDays | Pattern::StepsDoses => "TAPER",
        Pattern::Weekdays
        | Pattern::Cycle
        | Pattern::Turns
        | Pattern::ByDay
        | Pattern::Pair
        | Pattern::Prn
        | Pattern::OnCall
        | Pattern::OnCallOnce
        | Pattern::Running => "",
    };
    code.to_owned()
}

/// A frequency that says how often a day and nothing of the days: a pattern says those.
pub(super) fn is_plain(row: &Frequency) -> bool {
    let clock = matches!(row.kind, Kind::Clock | Kind::Event | Kind::Window);
    let days = row.dow.is_none() && row.every_days.is_none() && row.every_months.is_none();
    clock && days && row.needs.is_empty()
}

impl<'a> Reader<'a> {
    /// The doses the form names; each must be one the product can make.
    pub(super) fn doses(&mut self, pattern: Pattern, drug: Option<&Product>) -> Option<Doses> {
        match pattern {
            Pattern::StepsDays | Pattern::StepsDoses => self.steps(pattern, drug).map(Doses::Steps),
            Pattern::Turns => self.turns(drug).map(Doses::Turns),
            Pattern::ByDay => self.by_day(drug).map(Doses::ByDay),
            _ => self.dose(drug).map(Doses::One),
        }
    }

    fn steps(&mut self, pattern: Pattern, drug: Option<&Product>) -> Option<Vec<(Amount, Step)>> {
        let typed = self.typed;
        let text = |list: &'a [String], at: usize| list.get(at).map_or("", |t| t.trim());
        let rows: Vec<usize> = (0..typed.step_number.len())
            .filter(|at| {
                let all = [&typed.step_number, &typed.step_length, &typed.step_times];
                all.iter().any(|list| !text(list, *at).is_empty())
            })
            .collect();
        let last = rows.last().copied();
        let mut steps = Vec::new();
        let mut whole = true;
        for at in &rows {
            let dose = self.amount("step_number", *at, text(&typed.step_number, *at), drug);
            let length = text(&typed.step_length, *at);
            // Only the last step may go on: any other would never let the next one begin.
            let length = if length.is_empty() && Some(*at) == last {
                Some(LENGTH_MAX)
            } else {
                self.counted("step_length", *at, length)
            };
            let times = self.read_times("step_times", Some(*at), text(&typed.step_times, *at));
            let (Some(dose), Some(length), Some(times)) = (dose, length, times) else {
                whole = false;
                continue;
            };
            let by_days = pattern == Pattern::StepsDays;
            let step = Step {
                dose: dose.to_string(),
                days: by_days.then_some(length),
                doses: (!by_days).then_some(length),
                times: Some(times).filter(|times| !times.is_empty()),
            };
            steps.push((dose, step));
        }
        if steps.is_empty() && whole {
            self.is_wrong("step_number", "wrong-steps", &[]);
        }
        Some(steps).filter(|steps| whole && !steps.is_empty())
    }

    fn turns(&mut self, drug: Option<&Product>) -> Option<Vec<Amount>> {
        let texts: Vec<(usize, &str)> =
            self.typed.turn.iter().map(|t| t.trim()).enumerate().collect();
        let texts: Vec<_> = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        if texts.len() < 2 {
            self.is_wrong("turn", "wrong-turns", &[]);
            return None;
        }
        let read: Vec<Option<Amount>> =
            texts.into_iter().map(|(at, text)| self.amount("turn", at, text, drug)).collect();
        read.into_iter().collect()
    }

    fn by_day(&mut self, drug: Option<&Product>) -> Option<BTreeMap<Weekday, Amount>> {
        let texts: Vec<&str> = self.typed.by_day.iter().map(|t| t.trim()).collect();
        let mut read = Vec::new();
        for (at, day) in Weekday::ALL.iter().enumerate() {
            let text = texts.get(at).copied().unwrap_or_default();
            if !text.is_empty() {
                read.push(self.amount("by_day", at, text, drug).map(|dose| (*day, dose)));
            }
        }
        if read.is_empty() {
            self.is_wrong("by_day", "wrong-by_day", &[]);
            return None;
        }
        read.into_iter().collect()
    }

    /// A dose of a row, in the order's unit.
    fn amount(
        &mut self,
        field: &'static str,
        row: usize,
        text: &str,
        drug: Option<&Product>,
    ) -> Option<Amount> {
        let unit = Unit::parse(&self.typed.unit);
        if unit.is_none() {
            self.is_wrong("unit", "wrong-unit", &[]);
        }
        let Some(nano) = number(text) else {
            self.is_wrong_at(field, Some(row), "wrong-number", &[]);
            return None;
        };
        let dose = Amount { nano, unit: unit? };
        let drug = drug?;
        let counted = drug.strength.per.is_none() && piece_of(&drug.form).is_some();
        if counted && units_for(dose, drug).is_none() {
            let (dose, strength) = (dose.to_string(), drug.strength.to_string());
            let args = [("dose", dose.as_str()), ("form", &drug.form), ("strength", &strength)];
            self.is_wrong_at(field, Some(row), "wrong-dose_unfit", &args);
            return None;
        }
        Some(dose)
    }

    fn counted(&mut self, field: &'static str, row: usize, text: &str) -> Option<u32> {
        let found = text.parse().ok().filter(|n| (1..LENGTH_MAX).contains(n));
        if found.is_none() {
            self.is_wrong_at(field, Some(row), "wrong-length", &[]);
        }
        found
    }

    pub(super) fn whole(&mut self, field: &'static str, text: &str, id: &str) -> Option<u32> {
        let found = text.trim().parse().ok().filter(|n| (1..LENGTH_MAX).contains(n));
        self.or(found, field, id)
    }

    /// The frequency that brings hours and window: the one chosen, else so many times a day; with
    /// neither, a pattern is once a day at the home's hour.
    pub(super) fn plain_row(&mut self, times: usize) -> Option<&'static Frequency> {
        let code = self.typed.frequency.trim();
        let row = match (code, times) {
            ("", 0) => by_count(1),
            ("", times) => by_count(times),
            (code, _) => super::orders::offered().find(|r| r.code.eq_ignore_ascii_case(code)),
        };
        self.or(row.filter(|row| is_plain(row)), "frequency", "wrong-frequency_plain")
    }

    /// The clock schedule as the pattern has it.
    pub(super) fn shaped(
        &mut self,
        pattern: Pattern,
        mut clock: Clock,
        doses: &Doses,
        anchor: CivilDate,
    ) -> Option<Clock> {
        match pattern {
            Pattern::Weekdays => clock.dow = Some(self.named_days()?),
            Pattern::EveryDays => {
                clock.every_days = Some(self.whole("every", &self.typed.every, "wrong-whole")?);
                clock.anchor_date = Some(anchor);
            }
            Pattern::Cycle => {
                let on = self.whole("on", &self.typed.on, "wrong-whole");
                let off = self.whole("off", &self.typed.off, "wrong-whole");
                clock.cycle = Some(Cycle { on: on?, off: off?, anchor });
            }
            Pattern::Monthly => clock.monthly = Some(self.monthly(anchor)?),
            Pattern::Pair => {
                clock.dow = Some(self.days()?).filter(|days| !days.is_empty());
                if !self.typed.every.trim().is_empty() {
                    clock.every_days =
                        Some(self.whole("every", &self.typed.every, "wrong-whole")?);
                    clock.anchor_date = Some(anchor);
                }
            }
            _ => {}
        }
        match doses {
            Doses::One(_) => {}
            Doses::Steps(steps) => {
                clock.steps = Some(steps.iter().map(|(_, step)| step.clone()).collect());
                clock.anchor_date = Some(anchor);
            }
            Doses::Turns(turns) => {
                clock.alternate = Some(turns.iter().map(ToString::to_string).collect());
                clock.anchor_date = Some(anchor);
            }
            Doses::ByDay(days) => {
                clock.dow = Some(days.keys().copied().collect());
                let doses = days.iter().map(|(day, dose)| (DoseDay::Day(*day), dose.to_string()));
                clock.dose_by_dow = Some(doses.collect());
            }
        }
        Some(clock)
    }

    fn named_days(&mut self) -> Option<Vec<Weekday>> {
        let days = self.days()?;
        self.or(Some(days).filter(|days| !days.is_empty()), "days", "wrong-days")
    }

    /// A day of the month, or its nth weekday; one that not every month has says what happens then.
    fn monthly(&mut self, anchor: CivilDate) -> Option<Monthly> {
        let typed = self.typed;
        let every = match typed.months.trim() {
            "" => Some(1),
            text => self.whole("months", text, "wrong-whole"),
        };
        let nth = typed.month_nth.trim().parse::<i8>().ok();
        let (day, nth, dow, overflow) = if let Some(nth) = nth {
            let dow = Weekday::parse(&typed.month_dow).ok();
            (None, Some(nth), Some(self.or(dow, "month_dow", "wrong-month_dow")?), None)
        } else {
            let day = typed.month_day.trim().parse().ok().filter(|day| (1..=31).contains(day));
            let day = self.or(day, "month_day", "wrong-month_day")?;
            let overflow = match typed.overflow.as_str() {
                "clamp" => Some(Overflow::Clamp),
                "skip" => Some(Overflow::Skip),
                _ => None,
            };
            let overflow = match day {
                29.. => Some(self.or(overflow, "overflow", "wrong-overflow")?),
                _ => None,
            };
            (Some(day), None, None, overflow)
        };
        Some(Monthly { day, overflow, nth, dow, every: every?, anchor: YearMonth::of(anchor) })
    }
}
