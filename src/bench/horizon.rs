//! Planning one horizon for many residents: the core alone, as the server's worker asks it, with
//! memory that reaches as far ahead as the server's.

use super::process::own_peak_kib;
use crate::policy_file;
use crate::store::AHEAD_MINUTES;
use crate::worker::horizon::ORDERS_MAX;
use crate::zones::Catalogue;
use anyhow::{Context as _, bail};
use emar_domain::amount::{Amount, Unit};
use emar_domain::condition::Conditions;
use emar_domain::decide::{Actor, Answer, Command, Stamp, decide};
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId, Slug};
use emar_domain::order::{FirstDose, Order, OrderState, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::resident::{Personal, Resident, ResidentState};
use emar_domain::schedule::Schedule;
use emar_domain::time::Instant;
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

const POLICY: &str = include_str!("../../schedules/oakhill.toml");
/// 2026-10-25 in New York, a week before clocks go back.
const BEGINS: &str = "2026-10-25T04:00:00Z";
const DAY_MINUTES: i64 = 24 * 60;

/// Planning for so many residents.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// Residents, all in one home.
    pub residents: u32,
    /// Their orders.
    pub orders: u64,
    /// The first planning: everything up to the horizon.
    pub first: Pass,
    /// A day later: the day the horizon moved on by.
    pub next_day: Pass,
    /// Doses in memory then: those that are near.
    pub doses_in_memory: u64,
    /// The most memory the process held so far, in KiB; it held fewer residents before.
    pub peak_kib: Option<u64>,
}

/// Planning all orders once.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pass {
    /// Doses planned.
    pub doses: u64,
    /// How long it took.
    pub micros: u64,
    /// For each dose: expanded, decided, written down as facts, folded into memory.
    pub nanos_per_dose: u64,
}

/// The curve.
#[derive(Clone, Debug, Serialize)]
pub struct Curve {
    /// Days planned ahead.
    pub horizon_days: u32,
    /// From few residents to many.
    pub points: Vec<Point>,
}

/// Plans for each of these numbers of residents, from few to many.
///
/// # Errors
/// When the home of the load is not sound.
pub fn run(mut residents: Vec<u32>, horizon_days: u32) -> anyhow::Result<Curve> {
    residents.sort_unstable();
    let points = residents.into_iter().map(|count| point(count, horizon_days));
    Ok(Curve { horizon_days, points: points.collect::<Result<_, _>>()? })
}

fn point(residents: u32, horizon_days: u32) -> anyhow::Result<Point> {
    let mut planning = Planning::new(residents, horizon_days)?;
    let first = planning.pass()?;
    planning.now = planning.now.plus_minutes(DAY_MINUTES).context("no next day")?;
    let next_day = planning.pass()?;
    Ok(Point {
        residents,
        orders: u64::try_from(planning.orders.len())?,
        first,
        next_day,
        doses_in_memory: u64::try_from(planning.home.doses.len())?,
        peak_kib: own_peak_kib(),
    })
}

struct Planning {
    home: Home,
    /// Resident by resident.
    orders: Vec<OrderId>,
    now: Instant,
    ids: u128,
}

impl Planning {
    fn new(residents: u32, horizon_days: u32) -> anyhow::Result<Self> {
        let zones = Catalogue::open(None);
        let policy = policy_file::parse(POLICY, &zones);
        let mut policy = policy.map_err(|_| anyhow::anyhow!("the demo's policy is not sound"))?;
        policy.horizon_days = horizon_days;
        let zone = (*zones.rules(&policy.zone)?).clone();
        let now = Instant::parse(BEGINS)?;
        let mut home = Home::new(Slug::new("bench")?, policy, zone);
        home.reach = now.plus_minutes(AHEAD_MINUTES).context("no reach")?;
        let schedules = schedules()?;
        let mut planning = Self { home, orders: Vec::new(), now, ids: 0 };
        for _ in 0..residents {
            let resident = resident(ResidentId(planning.fresh()))?;
            for schedule in &schedules {
                let order = order(OrderId(planning.fresh()), resident.id, schedule.clone(), now);
                planning.orders.push(order.id());
                planning.home.put_order(order);
            }
            planning.home.put_resident(resident);
        }
        Ok(planning)
    }

    fn fresh(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    fn pass(&mut self) -> anyhow::Result<Pass> {
        let begun = std::time::Instant::now();
        let mut doses = 0_u64;
        let orders = std::mem::take(&mut self.orders);
        for some in orders.chunks(ORDERS_MAX) {
            let mut ids = self.ids;
            let mut fresh = || {
                ids += 1;
                Uuid::from_u128(ids)
            };
            let mut stamp = Stamp { now: self.now, demo: false, fresh: &mut fresh };
            let command = Command::Plan(some.to_vec());
            let decision = decide(&self.home, &Actor::server(), &command, &mut stamp);
            self.ids = ids;
            let Ok(Answer::Done { count }) = decision.answer else {
                bail!("planning was not done: {:?}", decision.answer)
            };
            doses += u64::from(count);
            let version = self.home.version + 1;
            decision.facts.iter().for_each(|fact| self.home.apply(fact, version));
        }
        self.orders = orders;
        let spent = begun.elapsed();
        let micros = |spent: Duration| u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
        let nanos = u64::try_from(spent.as_nanos())?;
        Ok(Pass { doses, micros: micros(spent), nanos_per_dose: nanos / doses.max(1) })
    }
}

/// The orders of a resident: nineteen doses on an ordinary day.
fn schedules() -> anyhow::Result<Vec<Schedule>> {
    let clock = |times: &[&str]| json!({"kind": "clock", "times": times});
    let mut weekly = clock(&["10:00"]);
    weekly["dow"] = json!(["mon", "wed", "fri"]);
    let mut third = clock(&["07:00", "19:00"]);
    third["every_days"] = json!(3);
    third["anchor_date"] = json!("2026-10-01");
    let mut monthly = clock(&["08:00"]);
    monthly["monthly"] = json!({"day": 15, "every": 1, "anchor": "2026-01"});
    let all = [
        clock(&["09:00"]),
        clock(&["09:00", "17:00"]),
        clock(&["08:00", "14:00", "20:00"]),
        clock(&["08:00", "12:00", "16:00", "20:00"]),
        clock(&["01:30", "13:30"]),
        clock(&["21:00"]),
        weekly,
        third,
        monthly,
        json!({"kind": "interval", "minutes": 480, "anchor": "2026-10-01T13:00:00Z"}),
    ];
    Ok(all.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?)
}

fn resident(id: ResidentId) -> anyhow::Result<Resident> {
    let number = id.0.as_u128().to_string();
    Ok(Resident {
        id,
        family: Personal(format!("Resident {number}")),
        given: Personal("Load".to_owned()),
        nickname: Personal(String::new()),
        birth_date: None,
        unit: Slug::new("east")?,
        room: "101-A".to_owned(),
        number: Personal(number.clone()),
        band: Personal(number),
        state: ResidentState::Admitted,
        absences: Vec::new(),
        left_because: String::new(),
        allergies: Vec::new(),
        how_taken: String::new(),
        code_status: String::new(),
    })
}

fn order(id: OrderId, resident: ResidentId, schedule: Schedule, now: Instant) -> Order {
    let current = OrderVersion {
        order: id,
        version: 1,
        resident,
        drug: OrderedDrug {
            ingredient: "benchol".to_owned(),
            name: "Benchol 5 mg tablet".to_owned(),
            strength: None,
            form: "tablet".to_owned(),
            route: "po".to_owned(),
        },
        dose: Amount::whole(5, Unit::Mg),
        dose_text: "5 mg".to_owned(),
        frequency: String::new(),
        timing: Timing::Planned { schedule },
        asked: None,
        start: now,
        stop: None,
        expires: None,
        prescriber: String::new(),
        renews: None,
        before_minutes: 60,
        after_minutes: 60,
        time_critical: false,
        indication: String::new(),
        instructions: String::new(),
        accepted: Vec::new(),
        first_dose: FirstDose::NextTime,
        not_before: None,
        conditions: Conditions::default(),
        allergy_override: None,
        entered_by: None,
        source: Source {
            sender: "bench".to_owned(),
            placer: id.0.as_u128().to_string(),
            version: "1".to_owned(),
        },
    };
    Order {
        current,
        plan: 1,
        planned_until: None,
        state: OrderState::Active,
        since: now,
        reason: String::new(),
        hold: None,
        do_not_give: None,
        noted_by: None,
        verified_by: None,
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "planning {} days ahead, one home, one processor", self.horizon_days)?;
        writeln!(
            f,
            "{:>9} {:>10} {:>11} {:>10} {:>8} {:>12} {:>8} {:>11} {:>9}",
            "residents",
            "orders",
            "doses",
            "ms",
            "ns/dose",
            "a day later",
            "ns/dose",
            "in memory",
            "peak MB"
        )?;
        for p in &self.points {
            let peak = p.peak_kib.map_or("-".to_owned(), |kib| (kib / 1024).to_string());
            writeln!(
                f,
                "{:>9} {:>10} {:>11} {:>10} {:>8} {:>12} {:>8} {:>11} {:>9}",
                p.residents,
                p.orders,
                p.first.doses,
                p.first.micros / 1000,
                p.first.nanos_per_dose,
                p.next_day.doses,
                p.next_day.nanos_per_dose,
                p.doses_in_memory,
                peak
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doses_grow_with_residents_and_memory_holds_the_near_ones() {
        let curve = run(vec![4, 2], 14).unwrap();
        let [two, four] = curve.points.as_slice() else { panic!("{curve:?}") };
        assert_eq!((two.residents, two.orders, four.orders), (2, 20, 40));
        assert_eq!(two.first.doses * 2, four.first.doses);
        // 19 or 20 doses a day, and as many again for the day after.
        let a_day = two.first.doses / 2 / 14;
        assert!((17..=21).contains(&a_day), "{a_day}");
        assert!((2 * 12..=2 * 26).contains(&two.next_day.doses), "{}", two.next_day.doses);
        assert!(two.doses_in_memory < two.first.doses / 3, "{}", two.doses_in_memory);
    }
}
