//! Random orders around a clock change: every kind, filters combined, bounds inside gaps and
//! overlaps, times in any order and some twice.

use std::collections::BTreeMap;

use emar_domain::schedule::{
    Clock, Cycle, DoseDay, Interval, LENGTH_MAX, Monthly, Once, OrderLife, Overflow, Schedule,
    Span, Step, YearMonth,
};
use emar_domain::time::{CivilDate, CivilTime, Instant, Weekday};
use emar_domain::zone::{GapPolicy, OverlapPolicy};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use crate::expansion::calendar::{day, day_of};
use crate::expansion::case::{Case, Order, Policy, Query};
use crate::expansion::naive;
use crate::expansion::zone::Zone;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub(crate) struct Dice(TestRng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let bytes = [seed.to_le_bytes(), (!seed).to_le_bytes()].concat();
        Self(TestRng::from_seed(RngAlgorithm::XorShift, &bytes))
    }

    /// From `from` to `to`, both in.
    pub(crate) fn within(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to - from + 1).unwrap();
        from + i64::try_from(self.0.next_u64() % width).unwrap()
    }

    pub(crate) fn count(&mut self, from: u32, to: u32) -> u32 {
        u32::try_from(self.within(from.into(), to.into())).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.count(1, n) == 1
    }

    /// Below `length`.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.0.next_u64() % u64::try_from(length).unwrap()).unwrap()
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    fn maybe<T>(&mut self, one_in: u32, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(one_in).then(|| value(self))
    }
}

/// The neighbourhood of one clock change.
struct Near<'a> {
    dice: &'a mut Dice,
    zone: &'a Zone,
    at: i64,
}

/// An order whose life and range lie around the change at `at`.
pub(crate) fn case(dice: &mut Dice, zone: &Zone, at: i64) -> Case {
    let mut near = Near { dice, zone, at };
    let schedule = near.schedule();
    let from = near.from();
    let length = match near.dice.count(1, 10) {
        1..=2 => (near.instant() - from).max(1),
        3..=4 => near.dice.within(1, 48) * 30 * MINUTE,
        5..=8 => near.dice.within(1, 8 * DAY),
        _ => near.dice.within(1, 50) * DAY,
    };
    let start = near.dice.one_in(2).then(|| near.start(from));
    let stop = near.dice.one_in(3).then(|| near.stop(from));
    let counted = if start.is_some() { 6 } else { 12 };
    let max_doses = near.dice.maybe(counted, |dice| {
        let most = dice.pick(&[9, 40, 40, 400]);
        dice.count(0, most)
    });
    let holds = (0..near.dice.count(0, 4).saturating_sub(2))
        .map(|_| {
            let begin = near.instant();
            let end = begin + near.dice.pick(&[0, HOUR, 7 * HOUR, 2 * DAY]);
            (zone.stamp(begin), zone.stamp(end))
        })
        .collect();
    let gap = near.dice.pick(&[GapPolicy::Rfc5545, GapPolicy::NextValid, GapPolicy::Skip]);
    let overlap =
        near.dice.pick(&[OverlapPolicy::First, OverlapPolicy::Second, OverlapPolicy::Both]);
    let case = Case {
        id: "W".to_owned(),
        kind: "expand".to_owned(),
        tz: zone.name().to_owned(),
        policy: Policy { gap, overlap, stop: "exclusive".to_owned() },
        order: Order {
            schedule,
            start: start.map(|at| zone.stamp(at)),
            stop: stop.map(|at| zone.stamp(at)),
            max_doses,
            holds,
        },
        query: Query { from: zone.stamp(from), to: zone.stamp(from + length) },
    };
    if near.dice.one_in(5) { near.counted_out(case) } else { case }
}

impl Near<'_> {
    /// At the change, a little beside it, or days away.
    fn instant(&mut self) -> i64 {
        let beside = match self.dice.count(1, 10) {
            1 => 0,
            2 => self.dice.within(-2, 2),
            3..=5 => self.dice.within(-8, 8) * 15 * MINUTE,
            6..=8 => self.dice.within(-3 * 24 * 60, 3 * 24 * 60) * MINUTE,
            _ => self.dice.within(-30 * DAY, 10 * DAY),
        };
        self.at + beside
    }

    /// Mostly before the change, so that the range holds it.
    fn from(&mut self) -> i64 {
        match self.dice.count(1, 10) {
            1..=2 => self.instant(),
            3..=6 => self.at - self.dice.within(0, 14) * HOUR,
            _ => self.at - self.dice.within(0, 6 * DAY),
        }
    }

    /// The same order with its last dose, or that of its first step, about at the change.
    fn counted_out(&mut self, mut case: Case) -> Case {
        let Some(start) = case.order.start else { return case };
        let beside = self.dice.within(-4, 8) * 30 * MINUTE;
        let until = Instant::from_micros((self.at + beside) * 1_000_000);
        let endless = OrderLife { start: Some(start.instant), ..OrderLife::default() };
        let change = case.change();
        let so_far = |schedule: &Schedule| {
            let range = Span { from: start.instant, to: until };
            let told = naive::expand(&endless, schedule, self.zone, change, range).unwrap();
            u32::try_from(told.0.due.len()).unwrap()
        };
        if let Schedule::Clock(clock) = &case.order.schedule
            && let Some(first) = clock.steps.iter().flatten().find(|step| step.doses.is_some())
        {
            let step = Step { doses: Some(LENGTH_MAX), ..first.clone() };
            let mut alone = clock.clone();
            alone.steps.as_mut().unwrap()[0] = step;
            let doses = so_far(&Schedule::Clock(alone)).max(1);
            let Schedule::Clock(clock) = &mut case.order.schedule else { return case };
            clock.steps.as_mut().unwrap()[0].doses = Some(doses);
        } else {
            case.order.max_doses = Some(so_far(&case.order.schedule));
        }
        case
    }

    fn stop(&mut self, from: i64) -> i64 {
        if self.dice.one_in(3) { self.instant() } else { from + self.dice.within(0, 5 * DAY) }
    }

    fn start(&mut self, from: i64) -> i64 {
        match self.dice.count(1, 20) {
            1 => from - self.dice.within(0, 500) * DAY,
            2..=12 => from - self.dice.within(0, 40 * 24 * 4) * 15 * MINUTE,
            _ => self.instant(),
        }
    }

    /// A time of day: often one that the change skips or repeats, or a bound of it.
    fn time(&mut self) -> CivilTime {
        let minute = if self.dice.one_in(2) {
            let side = self.dice.pick(&[self.at - 1, self.at]);
            let beside = self.dice.pick(&[0, 0, -1, 1, 15, 29, 30, -30, 45, 59, 60, -60, 90, -90]);
            (self.at + self.zone.offset_at(side)).div_euclid(MINUTE) + beside
        } else {
            self.dice.within(0, 95) * 15
        };
        let minute = u32::try_from(minute.rem_euclid(1440)).unwrap();
        CivilTime::new(minute / 60, minute % 60).unwrap()
    }

    fn times(&mut self) -> Vec<CivilTime> {
        if self.dice.one_in(6) {
            let (apart, past) = (self.dice.pick(&[30, 30, 60]), self.dice.pick(&[0, 15]));
            let minutes = (0..1440 / apart).rev().map(|nth| nth * apart + past);
            return minutes.map(|of| CivilTime::new(of / 60, of % 60).unwrap()).collect();
        }
        let mut times: Vec<CivilTime> = (0..self.dice.count(1, 5)).map(|_| self.time()).collect();
        if self.dice.one_in(4) {
            times.push(times[0]);
        }
        times
    }

    /// A date up to `before` days before the change, or a few after it.
    fn date(&mut self, before: i64) -> CivilDate {
        let near = if self.dice.one_in(3) { before } else { 12 };
        let number = day_of(self.at) + self.dice.within(-near, 1);
        let day = day(number);
        CivilDate::new(day.year, day.month, day.day).unwrap()
    }

    fn schedule(&mut self) -> Schedule {
        match self.dice.count(1, 20) {
            1 => {
                let at = Instant::from_micros(self.instant() * 1_000_000);
                Schedule::Once(Once { at })
            }
            2..=3 => {
                let minutes = self.dice.pick(&[15, 60, 90, 150, 240, 360, 480, 1440, 4320, 7]);
                let anchor = self.instant() - self.dice.within(0, 10) * DAY;
                let anchor = Instant::from_micros(anchor * 1_000_000);
                Schedule::Interval(Interval { minutes, anchor })
            }
            _ => Schedule::Clock(Box::new(self.clock())),
        }
    }

    fn clock(&mut self) -> Clock {
        let mut clock = Clock { times: self.times(), ..Clock::default() };
        if self.dice.one_in(5) {
            clock.dow = Some((0..self.dice.count(1, 9)).map(|_| self.weekday()).collect());
        }
        clock.every_days = self.dice.maybe(4, |dice| dice.pick(&[1, 1, 2, 2, 3, 4, 7, 9]));
        if self.dice.one_in(5) {
            let (on, off) = (self.dice.count(1, 21), self.dice.count(0, 7));
            clock.cycle = Some(Cycle { on, off, anchor: self.date(700) });
        }
        if self.dice.one_in(10) {
            clock.monthly = Some(self.monthly());
        }
        match self.dice.count(1, 8) {
            1 => clock.steps = Some(self.steps(true)),
            2 => clock.steps = Some(self.steps(false)),
            3 => clock.dose_by_dow = Some(self.dose_by_dow()),
            4 => {
                clock.alternate = Some((0..self.dice.count(1, 4)).map(dose).collect());
            }
            _ => {}
        }
        let by_doses = clock.steps.iter().flatten().any(|step| step.doses.is_some());
        if by_doses && clock.every_days.is_none() {
            clock.anchor_date = self.dice.one_in(2).then(|| self.date(60));
        } else if clock.every_days.is_some() || clock.steps.is_some() || clock.alternate.is_some() {
            clock.anchor_date = Some(self.date(if clock.steps.is_some() { 30 } else { 900 }));
        }
        if clock.steps.iter().flatten().all(|step| step.times.is_some())
            && clock.steps.is_some()
            && self.dice.one_in(2)
        {
            clock.times.clear();
        }
        clock
    }

    fn weekday(&mut self) -> Weekday {
        self.dice.pick(&Weekday::ALL)
    }

    fn monthly(&mut self) -> Monthly {
        let here = day(day_of(self.at));
        let anchor = YearMonth::of(self.date(1_000));
        let every = self.dice.pick(&[1, 1, 1, 1, 2, 12]);
        if self.dice.one_in(2) {
            let nth = self.dice.pick(&[1_i8, 2, 3, 4, 5, -1]);
            let dow = if self.dice.one_in(2) { here.weekday } else { self.weekday() };
            let dow = Some(dow);
            return Monthly { day: None, overflow: None, nth: Some(nth), dow, every, anchor };
        }
        let of_month = self.dice.pick(&[1, 28, 29, 30, 31, here.day, here.day, here.day]);
        let asked = of_month > 28 || self.dice.one_in(2);
        let overflow = asked.then(|| self.dice.pick(&[Overflow::Clamp, Overflow::Skip]));
        Monthly { day: Some(of_month), overflow, nth: None, dow: None, every, anchor }
    }

    fn steps(&mut self, by_days: bool) -> Vec<Step> {
        (0..self.dice.count(1, 5))
            .map(|number| {
                let length = self.dice.count(1, 15);
                Step {
                    dose: dose(number),
                    days: by_days.then_some(length),
                    doses: (!by_days).then_some(length),
                    times: self.dice.one_in(2).then(|| self.times()),
                }
            })
            .collect()
    }

    fn dose_by_dow(&mut self) -> BTreeMap<DoseDay, String> {
        let mut doses: BTreeMap<DoseDay, String> = (0..self.dice.count(0, 3))
            .map(|number| (DoseDay::Day(self.weekday()), dose(number)))
            .collect();
        doses.insert(DoseDay::Other, "2.5 mg".to_owned());
        doses
    }
}

fn dose(number: u32) -> String {
    format!("{} mg", 10 * (number + 1))
}
