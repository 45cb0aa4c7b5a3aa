//! One order in one zone, asked for one range, written as the conformance cases are: what a
//! failure prints can be pasted into a table here or handed to `emar conformance`.

use emar_domain::schedule::{ClockChange, OrderLife, Schedule, Span};
use emar_domain::time::OffsetTime;
use emar_domain::zone::{GapPolicy, OverlapPolicy};
use serde::{Deserialize, Serialize};

use crate::expansion::naive::second;
use crate::expansion::zone::Zone;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) tz: String,
    pub(crate) policy: Policy,
    pub(crate) order: Order,
    pub(crate) query: Query,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) gap: GapPolicy,
    pub(crate) overlap: OverlapPolicy,
    pub(crate) stop: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) schedule: Schedule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<OffsetTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stop: Option<OffsetTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_doses: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) holds: Vec<(OffsetTime, OffsetTime)>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) from: OffsetTime,
    pub(crate) to: OffsetTime,
}

impl Case {
    pub(crate) fn zone(&self) -> &'static Zone {
        Zone::named(&self.tz)
    }

    pub(crate) fn life(&self) -> OrderLife {
        let span =
            |hold: &(OffsetTime, OffsetTime)| Span { from: hold.0.instant, to: hold.1.instant };
        OrderLife {
            start: self.order.start.map(|time| time.instant),
            stop: self.order.stop.map(|time| time.instant),
            max_doses: self.order.max_doses,
            holds: self.order.holds.iter().map(span).collect(),
        }
    }

    pub(crate) fn change(&self) -> ClockChange {
        ClockChange { gap: self.policy.gap, overlap: self.policy.overlap }
    }

    pub(crate) fn range(&self) -> Span {
        Span { from: self.query.from.instant, to: self.query.to.instant }
    }

    /// Every case that says less than this one in one place.
    pub(crate) fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            found.push(case);
        };
        with(&|case| case.order.start = None);
        with(&|case| case.order.stop = None);
        with(&|case| case.order.max_doses = None);
        with(&|case| case.order.max_doses = case.order.max_doses.map(|most| most / 2));
        for at in 0..self.order.holds.len() {
            with(&|case| {
                case.order.holds.remove(at);
            });
        }
        let (from, to) = (self.query.from, self.query.to);
        let length = to.instant.seconds_since(from.instant);
        for part in [length / 2, length / 8, 3600, 60].into_iter().filter(|part| *part < length) {
            with(&|case| case.query.from = case.later(from, part));
            with(&|case| case.query.to = case.later(to, -part));
        }
        if let Schedule::Clock(clock) = &self.order.schedule {
            let steps = clock.steps.as_ref().map_or(0, Vec::len);
            for at in 0..clock.times.len() {
                with(&|case| {
                    case.clock().times.remove(at);
                });
            }
            with(&|case| case.clock().dow = None);
            with(&|case| case.clock().every_days = None);
            with(&|case| case.clock().cycle = None);
            with(&|case| case.clock().monthly = None);
            with(&|case| case.clock().steps = None);
            with(&|case| case.clock().dose_by_dow = None);
            with(&|case| case.clock().alternate = None);
            for at in 0..steps {
                with(&|case| drop(case.clock().steps.as_mut().unwrap().remove(at)));
                with(&|case| case.clock().steps.as_mut().unwrap()[at].times = None);
            }
        }
        let before = serde_json::to_string(self).unwrap();
        found.retain(|case| {
            case.order.schedule.validate().is_ok() && serde_json::to_string(case).unwrap() != before
        });
        found
    }

    fn clock(&mut self) -> &mut emar_domain::schedule::Clock {
        match &mut self.order.schedule {
            Schedule::Clock(clock) => clock,
            other => panic!("{other:?} has no times of day"),
        }
    }

    fn later(&self, time: OffsetTime, seconds: i64) -> OffsetTime {
        self.zone().stamp(second(time.instant) + seconds)
    }
}
