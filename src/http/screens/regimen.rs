//! An order read back in words: what the rules will plan, told from the order as it is stored.
use super::giving;
use super::mar::limits;
use super::measured;
use super::pattern::is_plain;
use super::sight::{Sight, span};
use crate::http::pages::line::keep_units;
use crate::policy_file::frequencies;
use emar_domain::order::{FirstDose, OrderVersion, Timing};
use emar_domain::schedule::{
    Clock, Cycle, DoseDay, Interval, LENGTH_MAX, Monthly, Overflow, Schedule, Step,
};
use emar_domain::time::{CivilDate, CivilTime, Weekday};

/// The whole order, a line each: what and how, when, from when until when.
#[must_use]
pub fn read_back(sight: &Sight<'_>, version: &OrderVersion) -> Vec<String> {
    let w = sight.words();
    let route = sight.word("route", &version.drug.route);
    let named = matches!(&version.timing, Timing::Planned { schedule } if names_doses(schedule));
    let several = named || version.conditions.scale.is_some();
    let dose = if several { String::new() } else { format!(" — {}", version.dose) };
    let mut lines = vec![format!("{}{dose} · {route}", version.drug.name)];
    match &version.timing {
        Timing::Planned { schedule } => lines.extend(schedule_lines(sight, schedule)),
        Timing::Prn { indication, .. } => {
            let mut parts = vec![w.one("says-prn", "for", indication)];
            parts.extend(limits(sight, &version.timing));
            lines.push(parts.join(" · "));
        }
        Timing::Pair { apply, remove } => {
            lines.extend(schedule_lines(sight, apply));
            lines.push(w.one("orders-off", "at", &times(sight, remove)));
        }
        Timing::OnCall { repeat } => {
            lines.push(w.t(if *repeat { "row-on_call" } else { "row-on_call_once" }));
        }
        Timing::Continuous => lines.push(w.t("row-running")),
        Timing::Unschedulable { reason } => {
            lines.push(w.one("listed-unschedulable", "why", &sight.word("fault", reason)));
        }
    }
    lines.extend(giving::read_back(sight, version));
    lines.extend(measured::read_back(sight, &version.conditions));
    lines.push(life(sight, version));
    lines.push(prescribed(sight, version));
    lines.retain(|line| !line.is_empty());
    lines.iter().map(|line| keep_units(line)).collect()
}

/// From when until when, and when its first dose is given.
fn life(sight: &Sight<'_>, version: &OrderVersion) -> String {
    let w = sight.words();
    let mut parts = vec![w.one("orders-from", "at", &sight.stamp(version.start))];
    parts.extend(ends(sight, version));
    if matches!(version.timing.schedule(), Some(Schedule::Clock(_) | Schedule::Interval(_))) {
        parts.push(w.t(match version.first_dose {
            FirstDose::Now => "says-first_now",
            FirstDose::NextTime => "says-first_next",
        }));
    }
    parts.join(" · ")
}

/// Until when, and whether it is the law that says so.
pub(super) fn ends(sight: &Sight<'_>, version: &OrderVersion) -> Option<String> {
    let end = version.ends_at()?;
    let id = if version.stop == Some(end) { "orders-until" } else { "orders-until_law" };
    Some(sight.words().one(id, "at", &sight.stamp(end)))
}

/// By whom; empty where nobody said.
pub(super) fn prescribed(sight: &Sight<'_>, version: &OrderVersion) -> String {
    match version.prescriber.as_str() {
        "" => String::new(),
        who => sight.words().one("orders-prescribed", "who", who),
    }
}

/// When, in one line, beside a frequency. That it is every day is left out only where the frequency
/// says how often a day and nothing of the days: beside a weekly one it must meet the eye.
#[must_use]
pub fn times_beside(sight: &Sight<'_>, frequency: &str, schedule: &Schedule) -> String {
    match frequencies().find(frequency) {
        Some(row) if is_plain(row) => times(sight, schedule),
        _ => schedule_lines(sight, schedule).join("; "),
    }
}

/// When, in one line: for what says elsewhere how often.
#[must_use]
pub fn times(sight: &Sight<'_>, schedule: &Schedule) -> String {
    let mut lines = schedule_lines(sight, schedule);
    let daily = format!(", {}", sight.words().t("says-daily"));
    if let Some(short) = lines.first().and_then(|line| line.strip_suffix(&daily)) {
        lines = vec![short.to_owned()].into_iter().chain(lines.iter().skip(1).cloned()).collect();
    }
    lines.join("; ")
}

/// Whether the schedule names its doses itself.
#[must_use]
pub fn names_doses(schedule: &Schedule) -> bool {
    matches!(schedule, Schedule::Clock(clock) if clock.names_doses())
}

fn schedule_lines(sight: &Sight<'_>, schedule: &Schedule) -> Vec<String> {
    let w = sight.words();
    match schedule {
        Schedule::Once(once) => vec![w.one("says-once", "at", &sight.stamp(once.at))],
        Schedule::Interval(Interval { minutes, anchor }) => {
            let every = span(i64::from(*minutes) * 60);
            vec![w.with("says-interval", &[("every", &every), ("at", &sight.stamp(*anchor))])]
        }
        Schedule::Clock(clock) => Said { sight, clock }.lines(),
    }
}

struct Said<'a> {
    sight: &'a Sight<'a>,
    clock: &'a Clock,
}

impl Said<'_> {
    fn lines(&self) -> Vec<String> {
        let (sight, clock, w) = (self.sight, self.clock, self.sight.words());
        let mut head: Vec<String> = Vec::new();
        if !clock.times.is_empty() {
            head.push(w.one("says-times", "times", &clock_times(&clock.times)));
        }
        head.extend(clock.dow.as_ref().map(|days| w.one("says-dow", "days", &self.days(days))));
        let anchor = clock.anchor_date.map(|date| sight.of_date(date)).unwrap_or_default();
        head.extend(clock.every_days.map(|days| {
            w.with("says-every_days", &[("days", &days.to_string()), ("date", &anchor)])
        }));
        head.extend(clock.cycle.map(|cycle| self.cycle(cycle)));
        head.extend(clock.monthly.map(|monthly| self.monthly(monthly)));
        let daily = clock.dow.is_none()
            && clock.every_days.is_none()
            && clock.cycle.is_none()
            && clock.monthly.is_none();
        if daily && clock.steps.is_none() {
            head.push(w.t("says-daily"));
        }
        let mut lines: Vec<String> = vec![head.join(", ")];
        lines.retain(|line| !line.is_empty());
        lines.extend(clock.steps.iter().flat_map(|steps| self.steps(steps)));
        lines.extend(
            clock.alternate.as_ref().map(|turn| {
                w.with("says-turns", &[("doses", &turn.join(", ")), ("date", &anchor)])
            }),
        );
        lines.extend(clock.dose_by_dow.as_ref().map(|doses| {
            let one = |(day, dose): (&DoseDay, &String)| match day {
                DoseDay::Day(day) => format!("{} {dose}", self.day(*day)),
                DoseDay::Other => format!("{} {dose}", w.t("says-other_days")),
            };
            doses.iter().map(one).collect::<Vec<_>>().join(" · ")
        }));
        lines
    }

    fn cycle(&self, cycle: Cycle) -> String {
        let (on, off) = (cycle.on.to_string(), cycle.off.to_string());
        let date = self.sight.of_date(cycle.anchor);
        let args = [("on", on.as_str()), ("off", &off), ("date", &date)];
        self.sight.words().with("says-cycle", &args)
    }

    fn monthly(&self, rule: Monthly) -> String {
        let w = self.sight.words();
        let day = match (rule.day, rule.nth, rule.dow) {
            (Some(day), ..) => w.one("says-month_day", "day", &day.to_string()),
            (None, Some(nth), Some(dow)) => {
                let args = [("nth", w.t(&format!("nth-{nth}"))), ("day", self.day(dow))];
                w.with("says-month_nth", &args.each_ref().map(|(n, v)| (*n, v.as_str())))
            }
            _ => String::new(),
        };
        let every = rule.every.to_string();
        let from = self.sight.of_month(rule.anchor.first_day());
        let mut text = match rule.every {
            1 => w.one("says-each_month", "day", &day),
            _ => w.with("says-months", &[("day", &day), ("every", &every), ("from", &from)]),
        };
        text.push_str(&match (rule.day, rule.overflow) {
            (Some(29..), Some(Overflow::Clamp)) => format!(" ({})", w.t("says-clamp")),
            (Some(29..), Some(Overflow::Skip)) => format!(" ({})", w.t("says-skip")),
            _ => String::new(),
        });
        text
    }

    /// Each step with the days it lasts; those counted in doses have no dates of their own.
    fn steps(&self, steps: &[Step]) -> Vec<String> {
        let (sight, w) = (self.sight, self.sight.words());
        let mut from = self.clock.anchor_date;
        let mut lines = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let number = (at + 1).to_string();
            let length = match (step.days, step.doses) {
                (Some(LENGTH_MAX), _) | (_, Some(LENGTH_MAX)) => w.t("says-goes_on"),
                (Some(days), _) => {
                    let last = from.and_then(|date| date.plus_days(i64::from(days) - 1));
                    let dates = from.zip(last).map(|(a, b)| self.dates(a, b)).unwrap_or_default();
                    from = last.and_then(|date| date.plus_days(1));
                    format!("{}{dates}", w.count("says-step_days", &days))
                }
                (None, doses) => w.count("says-step_doses", &doses.unwrap_or(0)),
            };
            let times = step.times.as_deref().unwrap_or_default();
            let times = match times {
                [] => String::new(),
                times => format!(" {}", w.one("says-times", "times", &clock_times(times))),
            };
            let args = [
                ("number", number.as_str()),
                ("dose", &step.dose),
                ("times", &times),
                ("for", &length),
            ];
            lines.push(w.with("says-step", &args));
        }
        let ends = steps.last().is_some_and(|s| ![s.days, s.doses].contains(&Some(LENGTH_MAX)));
        if ends {
            let after = from.filter(|_| steps.iter().all(|s| s.days.is_some()));
            lines.push(match after {
                Some(date) => w.one("says-ends_on", "date", &sight.of_date(date)),
                None => w.t("says-ends"),
            });
        }
        lines
    }

    fn dates(&self, first: CivilDate, last: CivilDate) -> String {
        let sight = self.sight;
        if first == last {
            return format!(", {}", sight.of_date(first));
        }
        let args = [("from", sight.of_date(first)), ("to", sight.of_date(last))];
        let args = args.each_ref().map(|(name, date)| (*name, date.as_str()));
        format!(", {}", sight.words().with("says-dates", &args))
    }

    fn days(&self, days: &[Weekday]) -> String {
        let mut days = days.to_vec();
        days.sort_unstable();
        days.dedup();
        days.into_iter().map(|day| self.day(day)).collect::<Vec<_>>().join(", ")
    }

    fn day(&self, day: Weekday) -> String {
        self.sight.words().t(&format!("day-{}", day.code()))
    }
}

fn clock_times(times: &[CivilTime]) -> String {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.dedup();
    let text = |t: &CivilTime| format!("{:02}:{:02}", t.hour(), t.minute());
    times.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sight, told};
    use super::*;

    /// Beside "once weekly" a daily plan must be seen by whoever verifies it.
    #[test]
    fn every_day_is_left_out_only_beside_a_frequency_of_every_day() {
        let script = told("");
        let clock = serde_json::json!({"kind": "clock", "times": ["09:00"]});
        let daily: Schedule = serde_json::from_value(clock).unwrap();
        for (frequency, said) in [
            ("DAILY", "at 09:00"),
            ("QD", "at 09:00"),
            ("WEEKLY", "at 09:00, every day"),
            ("MWF", "at 09:00, every day"),
            ("QOD", "at 09:00, every day"),
            ("MONTHLY", "at 09:00, every day"),
            ("", "at 09:00, every day"),
        ] {
            assert_eq!(times_beside(&sight(&script), frequency, &daily), said, "{frequency}");
        }
    }
}
