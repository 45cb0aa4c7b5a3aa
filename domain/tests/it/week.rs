//! A week of a whole home, with everything that happens in one: what was prescribed is what there
//! is, at the end of each day, and neither an edit nor new rules of the zone rewrite yesterday.
//!
//! What should be is worked out by the witness of the expansion laws, applied to the history of
//! versions, holds and absences that this test keeps by itself. `EMAR_WEEK_BEDS=120
//! EMAR_WEEK_EDITS=200` make it a large home's, `EMAR_WEEK_SEED` repeats one.

use crate::expansion::naive;
use crate::expansion::random::Dice;
use crate::expansion::zone::Zone;
use crate::world::{
    self, DAY, Row, World, answers, as_needed, charting, hold, nurse, planned, resident_id, version,
};
use emar_domain::decide::{
    Actor, Answer, AwayFor, ChangeKind, Command, OrderCommand, ScanEffect, Stay,
};
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::drug::{Product, Strength};
use emar_domain::explain;
use emar_domain::fact::{Device, Fact, User};
use emar_domain::id::{DoseId, OrderId, ProductId, ScanId, SessionId, Slug};
use emar_domain::order::{FirstDose, OrderState, OrderVersion, Timing};
use emar_domain::resident::AbsenceKind;
use emar_domain::scan::check::check_digit;
use emar_domain::schedule::window::is_too_near;
use emar_domain::schedule::{ClockChange, OrderLife, Schedule, Span};
use emar_domain::time::{CivilDate, Instant};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use uuid::Uuid;

/// Drugs of the home's formulary; the orders of one resident are each of another.
const DRUGS: u128 = 12;
const STEP_MINUTES: i64 = 30;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// A version in force from `begins` on until `ends`.
struct Plan {
    number: u32,
    version: OrderVersion,
    begins: Instant,
    ends: Instant,
}

/// An order as this test remembers it.
struct Past {
    resident: u128,
    plans: Vec<Plan>,
    holds: Vec<Span>,
    stopped: Option<Instant>,
    /// A dose of an older plan was taken: the plan has none before the end of each.
    spaced: Vec<(u32, Span)>,
}

/// Where a resident was not.
#[derive(Default)]
struct Away {
    spans: Vec<Span>,
    /// They left for good: what was in its window then was nobody's to give any more.
    left: Vec<Instant>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    prescribed: usize,
    doses: usize,
    charted: usize,
    missed: usize,
    held: usize,
    away: usize,
    superseded: usize,
    stopped: usize,
    merged: usize,
    /// Of those, the ones written down: of the others, neither dose was ever planned.
    recorded: usize,
    dropped: usize,
}

/// Two times that a clock change going forward puts on one instant, in one zone or another.
const MEET: [[&str; 2]; 3] = [["00:30", "01:30"], ["02:30", "03:30"], ["02:15", "02:45"]];

struct Week {
    world: World,
    /// As the release of the tz database that is in use tells it.
    zone: Cow<'static, Zone>,
    /// Until when it was told otherwise.
    rules_before: Option<(Instant, Cow<'static, Zone>)>,
    dice: Dice,
    beds: u128,
    orders: BTreeMap<OrderId, Past>,
    away: BTreeMap<u128, Away>,
    fates: BTreeMap<DoseId, (Instant, &'static str)>,
    next_order: BTreeMap<u128, u128>,
    done: BTreeMap<&'static str, usize>,
    scans: u128,
}

fn cart(resident: u128) -> Slug {
    Slug::new(&format!("cart-{}", resident % 3)).unwrap()
}

fn gtin(drug: u128) -> String {
    let body = format!("095212345{drug:04}");
    format!("{body}{}", check_digit(&body).unwrap())
}

fn last(spans: &mut [Span]) -> &mut Span {
    spans.last_mut().unwrap()
}

impl Week {
    fn new(zone: &'static Zone, begins: Instant, beds: u64, seed: u64, horizon_days: u32) -> Self {
        let beds = u128::from(beds);
        let mut world = World::with_residents(zone.rules.clone(), begins, beds);
        world.home.policy.horizon_days = horizon_days;
        let mut week = Self {
            world,
            zone: Cow::Borrowed(zone),
            rules_before: None,
            dice: Dice::new(seed),
            beds,
            orders: BTreeMap::new(),
            away: (1..=beds).map(|n| (n, Away::default())).collect(),
            fates: BTreeMap::new(),
            next_order: BTreeMap::new(),
            done: BTreeMap::new(),
            scans: 0,
        };
        week.furnish();
        for n in 1..=beds {
            for _ in 0..9 {
                week.admit(n);
            }
        }
        week
    }

    /// Products, carts, and a nurse at each of them.
    fn furnish(&mut self) {
        let server = Actor::server();
        for drug in 0..DRUGS {
            let product: Product = serde_json::from_value(json!({
                "id": ProductId(Uuid::from_u128(0xd_0000 + drug)), "name": "drug 5 mg tablet",
                "ingredient": format!("drug {drug}"), "strength": Strength::parse("5 mg").unwrap(),
                "form": "tablet", "route": "po", "units_per_package": 1, "gtins": [gtin(drug)],
            }))
            .unwrap();
            self.world.run(&server, &Command::Product(Box::new(product)));
        }
        let user: User = serde_json::from_value(json!({
            "id": nurse(1).user, "rev": 1, "name": "N. Osei RN", "role": "nurse",
            "badge": "badge-1", "pin_hash": "", "active": true,
        }))
        .unwrap();
        self.world.run(&server, &Command::User(Box::new(user)));
        for n in 0..3 {
            let device: Device = serde_json::from_value(json!({
                "id": cart(n), "rev": 1, "kind": "cart", "unit": "east", "name": "cart",
                "secret_sha256": "", "enrolled": true, "active": true,
            }))
            .unwrap();
            self.world.run(&server, &Command::Device(Box::new(device)));
            let (session, cart) = (SessionId(Uuid::from_u128(0x5e_0000 + n)), Some(cart(n)));
            let user = nurse(1).user.unwrap();
            self.world.run(&nurse(1), &Command::SignOn { user, session, cart, clocks: None });
        }
    }

    fn now(&self) -> Instant {
        self.world.now
    }

    fn times(&mut self, most: u32) -> Vec<String> {
        let many = self.dice.count(1, most);
        let of = |dice: &mut Dice| dice.count(0, 95) * 15;
        let minutes: BTreeSet<u32> = (0..many).map(|_| of(&mut self.dice)).collect();
        minutes.into_iter().map(|m| format!("{:02}:{:02}", m / 60, m % 60)).collect()
    }

    /// Every kind of schedule that is planned, but a single dose.
    fn recurring(&mut self) -> Value {
        let times = self.times(4);
        let few = self.times(2);
        let today = self.world.home.today(self.now());
        let anchor = today.plus_days(-self.dice.within(0, 9)).unwrap();
        let day = today.plus_days(self.dice.within(0, 6)).unwrap();
        let every = self.dice.count(2, 4);
        let length = self.dice.count(1, 4);
        let shape = match self.dice.count(0, 12) {
            0..=2 => json!({"times": times}),
            3 => json!({"times": self.dice.pick(&MEET)}),
            4 => json!({"times": few, "dow": ["mon", "thu", "sun"]}),
            5 => json!({"times": few, "every_days": every, "anchor_date": anchor}),
            6 => json!({"times": times,
                "cycle": {"on": every, "off": length, "anchor": anchor}}),
            7 => json!({"times": few, "monthly": {"day": day.day(), "overflow": "clamp",
                "every": 1, "anchor": "2026-01"}}),
            8 => json!({"times": few, "monthly": {"nth": (day.day() - 1) / 7 + 1,
                "dow": day.weekday(), "every": 1, "anchor": "2026-01"}}),
            9 => json!({"times": times, "anchor_date": today, "steps": [
                {"dose": "20 mg", "days": length}, {"dose": "10 mg", "days": 2, "times": few},
                {"dose": "5 mg", "days": every}]}),
            10 => json!({"times": times, "steps": [
                {"dose": "20 mg", "doses": 1 + every}, {"dose": "10 mg", "doses": 3,
                "times": few}, {"dose": "5 mg", "doses": 20}]}),
            11 => json!({"times": few, "alternate": ["5 mg", "2.5 mg"], "anchor_date": anchor}),
            _ => json!({"times": few, "dose_by_dow": {"mon": "7.5 mg", "*": "5 mg"}}),
        };
        if self.dice.one_in(7) {
            let minutes = self.dice.pick(&[240, 360, 480, 720, 1_440, 4_320]);
            let anchor = self.world.home.zone.day_begins(anchor);
            return planned(&json!({"kind": "interval", "minutes": minutes,
                "anchor": anchor.to_string()}));
        }
        let mut shape = shape;
        shape["kind"] = json!("clock");
        planned(&shape)
    }

    /// Another order of a resident, received and noted now.
    fn admit(&mut self, n: u128) {
        let nth = self.next_order.entry(n).or_insert(0);
        *nth += 1;
        let number = n * 100 + *nth;
        let drug = *nth % DRUGS;
        let now = self.now();
        let timing = match self.dice.count(0, 11) {
            0 => world::prn(240, 6),
            1 => world::once(now.plus_minutes(self.dice.within(0, 6 * 24) * 60).unwrap()),
            _ => self.recurring(),
        };
        let start = now.plus_minutes(self.dice.pick(&[-3 * DAY, -DAY, 0, 0, DAY])).unwrap();
        let mut order = version(number, n, &timing, start);
        order.drug.ingredient = format!("drug {drug}");
        if is_once(&order) {
            order.start = now;
        }
        if self.dice.one_in(6) {
            order.stop = now.plus_minutes(self.dice.within(1, 8 * 24) * 60).filter(|s| *s > start);
        }
        let repeated = order.timing.schedule().is_some() && !is_once(&order);
        if repeated && self.dice.one_in(6) {
            order.first_dose = FirstDose::Now;
        }
        let id = self.world.receive(order.clone());
        let begins = if is_once(&order) { order.start } else { order.start.max(now) };
        let plan = Plan { number: 1, version: order, begins, ends: Instant::MAX };
        let past =
            Past { resident: n, plans: vec![plan], holds: vec![], stopped: None, spaced: vec![] };
        self.orders.insert(id, past);
    }

    /// What is due is given by scan, charted, refused, or left alone; told late now and then.
    fn give(&mut self) {
        let now = self.now();
        let bound = now.plus_minutes(61).unwrap();
        let waiting: Vec<(DoseId, OrderId, bool)> = self
            .world
            .home
            .overdue(bound)
            .filter(|d| d.opens <= now)
            .map(|d| (d.id, d.slot.order, d.closes >= now))
            .collect();
        for (dose, order, in_window) in waiting {
            let dice = &mut self.dice;
            let (when, how) = *self.fates.entry(dose).or_insert_with(|| {
                let how = ["scan", "scan", "given", "given", "given", "refused", "held", "left"];
                let how = if dice.one_in(3) { dice.pick(&how) } else { dice.pick(&how[..5]) };
                (now.plus_minutes(dice.within(0, 3) * 30).unwrap(), how)
            });
            let resident = self.orders[&order].resident;
            let here = last_of(&self.away[&resident].spans).is_none_or(|s| s.to <= now);
            let open = self.world.home.doses.get(&dose).is_some_and(|d| d.is_open());
            if when > now || how == "left" || !here || !open {
                continue;
            }
            match how {
                "scan" if in_window && self.is_one_package(dose, order) => {
                    self.scan(resident, order);
                }
                "refused" | "held" => {
                    self.world.chart(charting(dose, how, None)).unwrap();
                }
                _ => self.given(dose, order),
            }
        }
        for (id, past) in &self.orders {
            let order = &self.world.home.orders[id];
            let away = &self.away[&past.resident];
            let here = last_of(&away.spans).is_none_or(|s| s.to <= now);
            let begun = order.current.start <= now && self.runs(*id);
            if order.is_prn() && here && begun && self.dice.one_in(20) {
                self.world.chart(as_needed(*id, now)).unwrap();
            }
        }
    }

    /// What it says may be given now; a dose before its end is charted as told, with a reason.
    fn runs(&self, order: OrderId) -> bool {
        self.world.home.orders[&order].state_at(self.now()) == OrderState::Active
    }

    /// One scan gives it: where the schedule names doses, they may be more than a package.
    fn is_one_package(&self, dose: DoseId, order: OrderId) -> bool {
        let timing = &self.world.home.orders[&order].current.timing;
        let named = matches!(timing.schedule(), Some(Schedule::Clock(c)) if c.names_doses());
        !named && self.next_to_take(dose, order)
    }

    /// Nothing stands against a scan: it runs, no later dose of it was taken, and no other is meant.
    fn next_to_take(&self, dose: DoseId, order: OrderId) -> bool {
        let (home, now) = (&self.world.home, self.now());
        let due = home.doses[&dose].due;
        let taken = |d: &&Dose| d.outcome.as_ref().is_some_and(|o| o.outcome.is_taken());
        let later = home.doses_after(order, due).find(taken);
        let open = |d: &&Dose| d.id != dose && d.is_open() && d.opens <= now && now <= d.closes;
        let other = home.doses_of_order(order).find(open);
        self.runs(order) && later.is_none() && other.is_none()
    }

    fn given(&mut self, dose: DoseId, order: OrderId) {
        let row = &self.world.ledger.rows[&dose];
        let (plan, opens) = (row.slot.plan, row.opens);
        let at = self.now().plus_minutes(-self.dice.within(0, 20)).unwrap().max(opens);
        let mut told = charting(dose, "given", Some(at));
        let of = &self.world.home.orders[&order];
        let named =
            matches!(of.current.timing.schedule(), Some(Schedule::Clock(c)) if c.names_doses());
        if named && plan != of.plan {
            // How much it was is not known any more: who gave it says.
            told.amount = Some(of.current.dose);
        }
        self.world.chart(told).unwrap();
        self.space(order, plan, at);
    }

    /// A dose of an older plan was taken: the plan in force has none nearer than half its interval.
    fn space(&mut self, order: OrderId, plan: u32, at: Instant) {
        let past = self.orders.get_mut(&order).unwrap();
        let in_force = past.plans.last().unwrap();
        if let Some(half) = half_seconds(&in_force.version)
            && plan < in_force.number
        {
            let to = at.plus_seconds(half).unwrap();
            past.spaced.push((in_force.number, Span { from: at, to }));
        }
    }

    fn scan(&mut self, resident: u128, order: OrderId) {
        let cart = cart(resident);
        let band = self.world.home.residents[&resident_id(resident)].band.0.clone();
        let drug = &self.world.home.orders[&order].current.drug.ingredient;
        let drug: u128 = drug.strip_prefix("drug ").unwrap().parse().unwrap();
        self.scans += 1;
        let package = format!("]d201{}1730123110L1\u{1d}21S{}", gtin(drug), self.scans);
        let texts = [format!("]C0{band}"), package, "]C0EMAR:CMD:TAKEN".to_owned()];
        let effects = [ScanEffect::ResidentOpened, ScanEffect::Prepared, ScanEffect::Confirmed];
        let mut charted = Vec::new();
        for ((n, raw), wanted) in (0..).zip(texts).zip(effects) {
            let id = ScanId(Uuid::from_u128(0x5ca_0000_0000 + self.scans * 4 + n));
            let scan = serde_json::from_value(json!({
                "id": id, "cart": cart, "raw": raw, "source": "wedge", "list_version": null,
                "late": false, "overrides": answers(),
            }));
            let done = self.world.run(&nurse(1), &Command::Scan(scan.unwrap()));
            let Ok(Answer::Scan(answer)) = done.answer else { panic!("{:?}", done.answer) };
            assert_eq!(answer.effect, wanted, "{raw}: {:?}", answer.objections);
            charted.extend(done.facts.iter().filter_map(|fact| match fact {
                Fact::Administration(a) => Some(a.dose),
                _ => None,
            }));
        }
        let [dose] = charted[..] else { panic!("one package charted {} doses", charted.len()) };
        let (plan, at) = (self.world.ledger.rows[&dose].slot.plan, self.now());
        self.space(order, plan, at);
    }

    fn any_order(&mut self, n: u128) -> OrderId {
        let of: Vec<OrderId> =
            self.orders.iter().filter(|(_, p)| p.resident == n).map(|(id, _)| *id).collect();
        of[self.dice.index(of.len())]
    }

    /// One edit that is carried out, and as many that are refused before it.
    fn edit(&mut self) {
        let what = self.dice.pick(&[
            "change",
            "change",
            "change",
            "correction",
            "hold",
            "hold",
            "resume",
            "resume",
            "discontinue",
            "away",
            "away",
            "back",
            "back",
            "discharge",
            "readmit",
            "order",
        ]);
        for _ in 0..40 {
            if self.tried(what) {
                *self.done.entry(what).or_default() += 1;
                return;
            }
        }
    }

    /// One edit, and a look at yesterday before and after it; whether it was carried out.
    fn tried(&mut self, what: &'static str) -> bool {
        let (n, order) = self.whom(what);
        let now = self.now();
        let midnight = self.midnight();
        let since = self.dice.pick(&[0, 0, 30, 60]);
        let since = now.plus_minutes(-since).unwrap().max(midnight);
        let of = |row: &Row| row.resident == resident_id(n);
        let before = self.what_is_over(since, of);
        let done = self.carry_out(what, n, order, since);
        assert_eq!(self.what_is_over(since, of), before, "{what} rewrote what was over");
        done
    }

    /// Of the home's day.
    fn midnight(&self) -> Instant {
        self.world.home.zone.day_begins(self.world.home.today(self.now()))
    }

    /// Doses due before `since` whose windows have closed, and yesterday's missed ones of all.
    fn what_is_over(&self, since: Instant, of: impl Fn(&Row) -> bool) -> (String, String) {
        let (now, midnight) = (self.now(), self.midnight());
        let rows = self.world.ledger.rows.values();
        let past: Vec<&Row> = rows.filter(|r| of(r) && r.due < since && r.closes < now).collect();
        let yesterday = midnight.plus_minutes(-DAY).unwrap();
        let missed = self.world.ledger.missed(yesterday, midnight, now);
        (serde_json::to_string(&past).unwrap(), missed)
    }

    /// Another release of the tz database: the week's clock change comes weeks later.
    fn zone_changes(&mut self) {
        let now = self.now();
        let before = self.what_is_over(now, |_| true);
        let zone = self.zone.put_off(now);
        let release = self.zone.rules.tzdb().to_owned();
        self.world.home.zone = zone.rules.clone();
        self.rules_before = Some((now, mem::replace(&mut self.zone, Cow::Owned(zone))));
        let told = self.world.run(&Actor::server(), &Command::ZoneRules(release));
        let Ok(Answer::Done { count }) = told.answer else { panic!("{:?}", told.answer) };
        assert!(count > 0, "new rules moved nothing");
        assert_eq!(self.what_is_over(now, |_| true), before, "new rules rewrote what was over");
    }

    /// Somebody it can concern, where there is anybody.
    fn whom(&mut self, what: &str) -> (u128, OrderId) {
        let now = self.now();
        let lasts = |spans: &[Span]| last_of(spans).is_some_and(|span| span.to > now);
        if what == "resume" {
            let held = self.orders.iter().filter(|(_, past)| lasts(&past.holds));
            let held: Vec<_> = held.map(|(id, past)| (past.resident, *id)).collect();
            if !held.is_empty() {
                return held[self.dice.index(held.len())];
            }
        }
        let gone = self.away.iter().filter(|(_, away)| lasts(&away.spans));
        let gone: Vec<u128> = gone.map(|(n, _)| *n).collect();
        let n = if matches!(what, "back" | "readmit") && !gone.is_empty() {
            gone[self.dice.index(gone.len())]
        } else {
            u128::try_from(self.dice.within(1, i64::try_from(self.beds).unwrap())).unwrap()
        };
        (n, self.any_order(n))
    }

    fn carry_out(&mut self, what: &str, n: u128, order: OrderId, since: Instant) -> bool {
        let now = self.now();
        match what {
            "change" => self.change(order, ChangeKind::NewVersion),
            "correction" => self.change(order, ChangeKind::Correction),
            "hold" => {
                let from = now.plus_minutes(self.dice.pick(&[0, 0, 90, DAY])).unwrap();
                let length = self.dice.pick(&[None, Some(45), Some(600), Some(2 * DAY)]);
                let until = length.map(|minutes| from.plus_minutes(minutes).unwrap());
                let c = OrderCommand::Hold(order, hold(Some(from), until));
                let held = self.world.order(&nurse(1), c).is_ok();
                if held {
                    let to = until.unwrap_or(Instant::MAX);
                    self.past(order).holds.push(Span { from, to });
                }
                held
            }
            "resume" => {
                let resumed = self.world.order(&nurse(1), OrderCommand::Resume(order)).is_ok();
                if resumed {
                    let span = last(&mut self.past(order).holds);
                    span.to = span.to.min(now);
                }
                resumed
            }
            "discontinue" => {
                let c = OrderCommand::Discontinue(order, "stopped".into());
                let stopped = self.world.order(&nurse(1), c).is_ok();
                let past = self.past(order);
                past.stopped = past.stopped.or(stopped.then_some(now));
                stopped
            }
            "order" => {
                let room = self.next_order[&n] < DRUGS - 1;
                if room {
                    self.admit(n);
                }
                room
            }
            _ => self.come_and_go(what, n, since),
        }
    }

    fn past(&mut self, order: OrderId) -> &mut Past {
        self.orders.get_mut(&order).unwrap()
    }

    fn come_and_go(&mut self, what: &str, n: u128, since: Instant) -> bool {
        let now = self.now();
        let person = &self.world.home.residents[&resident_id(n)];
        let was_away = person.absence_at(now).is_some();
        let (from, reason) = (Some(since), "as arranged".to_owned());
        let act = match what {
            "away" if !was_away => {
                Stay::Away(AwayFor { kind: AbsenceKind::Leave, from, until: None, reason })
            }
            "back" if was_away => Stay::Return,
            "discharge" => Stay::Discharge { reason, deceased: false },
            "readmit" => Stay::Readmit { room: None },
            _ => return false,
        };
        if self.world.stay(n, act).is_err() {
            return false;
        }
        let away = self.away.get_mut(&n).unwrap();
        match what {
            "away" => away.spans.push(Span { from: since, to: Instant::MAX }),
            "discharge" => {
                if !was_away {
                    away.spans.push(Span { from: now, to: Instant::MAX });
                }
                away.left.push(now);
            }
            _ => last(&mut away.spans).to = now,
        }
        if what == "readmit" {
            self.begin_on_return(n);
        }
        true
    }

    /// What was noted or changed while they did not live here begins when they do, first dose and
    /// all.
    fn begin_on_return(&mut self, n: u128) {
        let now = self.world.now;
        let ledger = &self.world.ledger;
        let here = last_of(&self.away[&n].spans).is_none_or(|s| s.to <= now);
        for (id, past) in self.orders.iter_mut().filter(|(_, p)| here && p.resident == n) {
            let first = past.plans.last_mut().unwrap();
            let waited = first.version.first_dose == FirstDose::Now;
            let mut of_plan = ledger.of(*id).filter(|r| r.slot.plan == first.number);
            if waited && of_plan.next().is_none() {
                first.begins = first.begins.max(now);
            }
        }
    }

    fn change(&mut self, order: OrderId, kind: ChangeKind) -> bool {
        let now = self.now();
        let old = self.world.home.orders[&order].current.clone();
        let fixed = !matches!(&old.timing, Timing::Planned { .. }) || is_once(&old);
        if fixed {
            return false;
        }
        let timing = serde_json::from_value(self.recurring()).unwrap();
        let version = OrderVersion { version: old.version + 1, timing, ..old };
        let waits = self.first_dose_waits(order);
        if self.world.change(version.clone(), kind).is_err() {
            return false;
        }
        let last = self.world.ledger.taken.get(&order).copied();
        let spaced = last.zip(half_seconds(&version)).and_then(|(at, half)| at.plus_seconds(half));
        let begins = spaced.map_or(now, |spaced| spaced.max(now)).max(version.start);
        let past = self.past(order);
        past.plans.last_mut().unwrap().ends = now;
        let number = past.plans.last().unwrap().number + 1;
        let first_dose = if waits { version.first_dose } else { FirstDose::NextTime };
        let version = OrderVersion { first_dose, ..version };
        past.plans.push(Plan { number, version, begins, ends: Instant::MAX });
        true
    }

    /// Whether what the plan in force has first is still to come, and nothing of it was charted.
    fn first_dose_waits(&self, order: OrderId) -> bool {
        let (now, plan) = (self.now(), self.orders[&order].plans.last().unwrap());
        let of_plan = |r: &&Row| r.slot.plan == plan.number;
        let mut rows = self.world.ledger.of(order).filter(of_plan).peekable();
        let own_start = || self.first_now(plan).is_some() || plan.version.start == now;
        rows.peek().is_none()
            || rows.all(|r| r.outcome.is_none())
                && (plan.begins > now || plan.begins == now && own_start())
    }

    /// Prescribed = doses + merged + dropped: nothing doubled, nothing missing, all of it told.
    fn account(&self, day: Span, tally: &mut Tally) {
        let mut open = 0;
        for (id, past) in &self.orders {
            let mut rows: BTreeMap<(u32, String, i64), &Row> = BTreeMap::new();
            // What was taken out of the plan, or stopped with its order, need not move when the
            // zone gets other rules.
            let stopped = |r: &Row| past.stopped.is_some_and(|stopped| stopped <= r.due);
            let planned = |r: &&Row| match r.withdrawn {
                Some(Withdrawal::Superseded | Withdrawal::Merged) => false,
                Some(Withdrawal::Discontinued) => !stopped(r),
                _ => true,
            };
            let due = self.world.ledger.of(*id).filter(|r| day.contains(r.due));
            for row in due.filter(planned) {
                let plan = past.plans.iter().find(|p| p.number == row.slot.plan).unwrap();
                let day = day_named(&plan.version, row.slot.date.to_string());
                rows.insert((row.slot.plan, day, row.slot.slot), row);
                open += usize::from(row.is_open());
            }
            if is_prn(&past.plans[0].version) {
                continue;
            }
            for plan in &past.plans {
                self.account_plan(past, plan, day, &mut rows, tally);
            }
            assert!(rows.is_empty(), "nobody prescribed {rows:?}, see {:?}", self.story(*id));
        }
        let listed = self.world.home.doses.values().filter(|d| d.is_open() && day.contains(d.due));
        assert_eq!(listed.count(), open, "the home forgot an open dose");
    }

    fn account_plan(
        &self,
        past: &Past,
        plan: &Plan,
        day: Span,
        rows: &mut BTreeMap<(u32, String, i64), &Row>,
        tally: &mut Tally,
    ) {
        let Timing::Planned { schedule } = &plan.version.timing else { return };
        let id = plan.version.order;
        let range = Span { from: plan.begins.max(day.from), to: day.to.max(plan.begins) };
        let life = OrderLife {
            start: Some(plan.version.start),
            stop: plan.version.stop,
            ..OrderLife::default()
        };
        let told = naive::expand(&life, schedule, &self.zone, ClockChange::default(), range);
        let (told, prescribed) = told.unwrap();
        assert_eq!(told.due.len() + told.merged.len() + told.dropped.len(), prescribed);
        let flagged = |date: &String| told.flags.contains_key(date);
        assert!(told.dropped.iter().all(|t| flagged(&t.date)), "dropped and not flagged");
        let mut expected: Vec<(String, i64, Instant)> = told
            .due
            .iter()
            .map(|t| (t.date.clone(), i64::from(t.slot), Instant::from_micros(t.at * 1_000_000)))
            .map(|(date, slot, at)| (day_named(&plan.version, date), slot, at))
            .collect();
        let first = self.first_now(plan);
        if let Some((date, begins, _)) = &first
            && day.contains(*begins)
        {
            let slot = if matches!(schedule, Schedule::Interval(_)) { u32::MAX } else { 0 };
            expected.push((day_named(&plan.version, date.to_string()), slot.into(), *begins));
            tally.prescribed += 1;
        }
        for (date, slot, at) in expected {
            let row = rows.remove(&(plan.number, date.clone(), slot));
            if let Some(row) = row {
                assert_eq!(row.due, at, "{date} slot {slot}: moved; {:?}", self.story(id));
            }
            let passed_over = first.as_ref().and_then(|f| f.2.as_ref());
            let passed_over = passed_over.is_some_and(|over| *over == (date.clone(), slot));
            let state = Where { past, plan, at, passed_over };
            if self.settle(&state, row, tally) {
                let (now, story) = (self.now(), self.story(id));
                panic!(
                    "plan {}, {date} slot {slot}, due {at}, seen {now}: {row:?}\n{story}",
                    plan.number
                );
            }
        }
        for (into, one) in &told.merged {
            tally.recorded += usize::from(self.account_merge(plan, into, one));
        }
        tally.merged += told.merged.len();
        tally.dropped += told.dropped.len();
        tally.prescribed += prescribed;
    }

    /// A merge is written down wherever the dose is that it went into; whether it is.
    fn account_merge(&self, plan: &Plan, into: &naive::Identity, one: &naive::Told) -> bool {
        let of_plan = |r: &&Row| r.slot.plan == plan.number && !r.slot.is_removal();
        let find = |date: &str, slot: u32| {
            let same = |r: &&Row| r.slot.date.to_string() == date && r.slot.slot == i64::from(slot);
            self.world.ledger.of(plan.version.order).filter(of_plan).find(same)
        };
        let Some(stays) = find(&into.0, into.1) else { return false };
        let (merged, story) = (find(&one.date, one.slot), self.story(plan.version.order));
        let merged =
            merged.unwrap_or_else(|| panic!("{one:?} went unseen into {stays:?}\n{story}"));
        let replaced = stays.withdrawn == Some(Withdrawal::Superseded);
        let told = merged.withdrawn == Some(Withdrawal::Merged);
        assert!(told || replaced && !merged.is_open(), "{merged:?} of {stays:?}\n{story}");
        assert_eq!(merged.due, stays.due, "{merged:?} of {stays:?}");
        true
    }

    /// A first dose given at once: its day, its instant, and the next time it passes over, by the
    /// rules the zone had then.
    fn first_now(&self, plan: &Plan) -> Option<FirstNow> {
        let Timing::Planned { schedule } = &plan.version.timing else { return None };
        let (begins, stop) = (plan.begins, plan.version.stop);
        if plan.version.first_dose != FirstDose::Now || stop.is_some_and(|stop| stop <= begins) {
            return None;
        }
        let interval = schedule.nominal_interval_minutes()?;
        let to = begins.plus_minutes(i64::from(interval)).unwrap();
        let life = OrderLife { start: Some(plan.version.start), stop, ..OrderLife::default() };
        let range = Span { from: begins, to };
        let change = ClockChange::default();
        let zone = match &self.rules_before {
            Some((until, zone)) if begins < *until => zone,
            _ => &self.zone,
        };
        let told = naive::expand(&life, schedule, zone, change, range).unwrap().0;
        let next = told.due.first().map(|t| (Instant::from_micros(t.at * 1_000_000), t));
        if next.is_some_and(|(at, _)| at == begins) {
            return None;
        }
        let passed_over = next.filter(|(at, _)| is_too_near(begins, *at, interval));
        let named = |date| day_named(&plan.version, date);
        let passed_over = passed_over.map(|(_, t)| (named(t.date.clone()), i64::from(t.slot)));
        Some((self.world.home.today(begins), begins, passed_over))
    }

    /// Counts one prescribed time; whether what became of it is wrong.
    fn settle(&self, state: &Where<'_>, row: Option<&Row>, tally: &mut Tally) -> bool {
        let Where { past, plan, at, passed_over } = *state;
        let within = |spans: &[Span]| spans.iter().any(|span| span.contains(at));
        let away = &self.away[&past.resident];
        let closes = row.map_or(at, |row| row.closes);
        let in_window = |moment: &Instant| at < *moment && *moment <= closes;
        let spaced = past.spaced.iter().any(|(n, span)| *n == plan.number && span.contains(at));
        let charted = row.is_some_and(|row| row.outcome.is_some());
        let open = row.is_some_and(Row::is_open);
        let withdrawn = row.and_then(|row| row.withdrawn);
        let (counted, wrong) = if at >= plan.ends || passed_over || spaced {
            (&mut tally.superseded, open)
        } else if past.stopped.is_some_and(|stopped| at >= stopped) {
            (&mut tally.stopped, open)
        } else if within(&away.spans) {
            (&mut tally.away, open && !is_once(&plan.version))
        } else if within(&past.holds) {
            (&mut tally.held, open || row.is_none())
        } else if past.stopped.iter().chain(&away.left).any(in_window) {
            (&mut tally.stopped, open || row.is_none())
        } else {
            // Neither ended, away, held nor passed over: it is there, and it was not withdrawn.
            (&mut tally.doses, row.is_none() || (withdrawn.is_some() && !charted))
        };
        *counted += 1;
        tally.charted += usize::from(charted);
        tally.missed += usize::from(open);
        wrong
    }

    fn story(&self, order: OrderId) -> String {
        let past = &self.orders[&order];
        let plans: Vec<String> = past
            .plans
            .iter()
            .map(|p| {
                let timing = serde_json::to_string(&p.version.timing).unwrap();
                let (start, stop) = (p.version.start, p.version.stop);
                format!(
                    "{}: {} to {}, life {start} to {stop:?}, {timing}",
                    p.number, p.begins, p.ends
                )
            })
            .collect();
        let spans = |all: &[Span]| -> Vec<String> {
            all.iter().map(|s| format!("{} to {}", s.from, s.to)).collect()
        };
        let away = &self.away[&past.resident];
        format!(
            "plans {plans:#?}\nheld {:?}\naway {:?}\nleft {:?}\nstopped {:?}\nspaced {:?}",
            spans(&past.holds),
            spans(&away.spans),
            away.left,
            past.stopped,
            past.spaced
        )
    }
}

/// A prescribed time, and what is known of it.
#[derive(Clone, Copy)]
struct Where<'a> {
    past: &'a Past,
    plan: &'a Plan,
    at: Instant,
    passed_over: bool,
}

/// A first dose's day and instant, and the day and slot of the time it passes over.
type FirstNow = (CivilDate, Instant, Option<(String, i64)>);

/// The day in a dose's identity. Elapsed doses are told apart by their slots alone: their days are
/// those of the rules they were planned with.
fn day_named(version: &OrderVersion, date: String) -> String {
    match &version.timing {
        Timing::Planned { schedule: Schedule::Clock(_) } => date,
        _ => "elapsed".to_owned(),
    }
}

fn last_of(spans: &[Span]) -> Option<&Span> {
    spans.last()
}

fn is_once(version: &OrderVersion) -> bool {
    matches!(&version.timing, Timing::Planned { schedule: Schedule::Once(_) })
}

/// Schedules, rule 1: half the nominal interval.
fn half_seconds(version: &OrderVersion) -> Option<i64> {
    let Timing::Planned { schedule } = &version.timing else { return None };
    schedule.nominal_interval_minutes().map(|minutes| i64::from(minutes) * 30)
}

fn is_prn(version: &OrderVersion) -> bool {
    matches!(version.timing, Timing::Prn { .. })
}

/// Planned so far ahead, most of what happens in a week meets doses that are not planned yet.
const NEAR_DAYS: u32 = 3;

fn a_week(zone: &str, first: &str, new_rules: Option<&str>, beds: u64, edits: u64) {
    let usual = world::policy(&Zone::named(zone).rules).horizon_days;
    a_week_planned(zone, first, new_rules, (beds, edits), usual);
}

fn a_week_planned(
    zone: &str,
    first: &str,
    new_rules: Option<&str>,
    (beds, edits): (u64, u64),
    horizon_days: u32,
) {
    let begun = std::time::Instant::now();
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = setting("EMAR_WEEK_SEED").unwrap_or_else(now);
    println!("a week of {zone} from {first}, {beds} beds, {edits} edits, EMAR_WEEK_SEED={seed}");
    let zone = Zone::named(zone);
    let first = CivilDate::parse(first).unwrap();
    let mut new_rules = new_rules.map(world::instant);
    let mut week = Week::new(zone, zone.rules.day_begins(first), beds, seed, horizon_days);
    println!("admitted after {:.1} s", begun.elapsed().as_secs_f32());
    let mut tally = Tally::default();
    let steps = 7 * DAY / STEP_MINUTES;
    let mut left = edits;
    for day in 0..7 {
        let date = first.plus_days(day).unwrap();
        let begins = |week: &Week, date| week.zone.rules.day_begins(date);
        let from = begins(&week, date);
        while week.now() < begins(&week, date.plus_days(1).unwrap()) {
            if new_rules.take_if(|at| *at <= week.now()).is_some() {
                week.zone_changes();
            }
            week.world.plan_ahead();
            week.world.tick();
            week.give();
            let share = u64::try_from(steps).unwrap();
            for _ in 0..(edits / share + 1) {
                let wanted = left > 0 && u64::from(week.dice.count(0, 999)) * share < edits * 1000;
                if wanted {
                    left -= 1;
                    week.edit();
                    week.world.plan_ahead();
                }
            }
            if week.dice.one_in(60) {
                week.world.restart();
            }
            if week.dice.one_in(12) {
                week.world.forget();
            }
            week.world.wait(STEP_MINUTES);
        }
        let to = begins(&week, date.plus_days(1).unwrap());
        week.account(Span { from, to }, &mut tally);
        for n in 1..=week.beds {
            let unlisted = explain::unlisted(&week.world.home, resident_id(n), week.now());
            assert!(unlisted.is_empty(), "{unlisted:?} are on no list");
        }
    }
    let took = begun.elapsed().as_secs_f32();
    println!("{took:.1} s, {} scans, {:?}\n{tally:?}", week.scans, week.done);
    let Tally { prescribed, doses, held, away, superseded, stopped, merged, dropped, .. } = tally;
    let told = doses + held + away + superseded + stopped + merged + dropped;
    assert_eq!(told, prescribed, "prescribed times = doses + merged + dropped: {tally:?}");
    assert!(tally.charted > 0, "nothing was given: {tally:?}");
    for seen in [doses, held, away, superseded, stopped] {
        assert!(seen > 0 || beds < 100, "the week came upon too little: {tally:?}");
    }
}

/// Three units, nine orders a resident, and the clocks go back on the fourth day.
#[test]
fn a_week_of_a_home_loses_doubles_and_moves_nothing() {
    let beds = setting("EMAR_WEEK_BEDS").unwrap_or(40);
    let edits = setting("EMAR_WEEK_EDITS").unwrap_or(70);
    a_week("America/New_York", "2026-10-29", None, beds, edits);
}

/// The same home when the zone's law is changed two days before the clocks go back.
#[test]
fn a_week_is_whole_when_the_zone_gets_other_rules() {
    let beds = setting("EMAR_WEEK_BEDS").unwrap_or(15);
    let edits = setting("EMAR_WEEK_EDITS").unwrap_or(50);
    a_week("America/New_York", "2026-10-29", Some("2026-10-30T18:10:00Z"), beds, edits);
    a_week("America/New_York", "2026-03-05", Some("2026-03-06T18:10:00Z"), 10, 40);
}

/// Smaller homes where clocks change otherwise: forward, by half an hour, at midnight.
#[test]
fn a_week_is_whole_under_every_kind_of_clock_change() {
    for (zone, first) in [
        ("America/New_York", "2026-03-05"),
        ("Australia/Lord_Howe", "2026-10-01"),
        ("America/Havana", "2026-03-05"),
    ] {
        a_week_planned(zone, first, None, (10, 40), NEAR_DAYS);
    }
}

/// An order of nine o'clock in a home that plans three days ahead.
fn daily(now: &str) -> (World, OrderId) {
    let now = world::instant(now);
    let mut world = World::with_residents(world::new_york(), now, 1);
    world.home.policy.horizon_days = NEAR_DAYS;
    let order = world.receive(version(1, 1, &world::clock(&["09:00"]), now));
    (world, order)
}

fn days_pass(world: &mut World, days: i64) {
    for _ in 0..days {
        world.wait(DAY);
        world.plan_ahead();
    }
}

/// A hold outlasts what was planned when it began: each of its days has its dose, held.
#[test]
fn what_is_planned_within_a_hold_is_held() {
    let (mut world, order) = daily("2026-11-02T12:00:00Z");
    world.order(&nurse(1), OrderCommand::Hold(order, hold(None, None))).unwrap();
    days_pass(&mut world, 6);
    let past = world.ledger.of(order).filter(|row| row.due < world.now);
    let past: Vec<_> = past.map(|row| row.withdrawn).collect();
    assert_eq!(past, [Some(Withdrawal::Held); 6]);
}

/// Nothing is planned for who left; when they are back, their orders go on from there.
#[test]
fn who_is_back_finds_no_doses_of_the_days_between() {
    let (mut world, order) = daily("2026-11-02T12:00:00Z");
    world.stay(1, Stay::Discharge { reason: "moved".into(), deceased: false }).unwrap();
    days_pass(&mut world, 6);
    world.stay(1, Stay::Readmit { room: None }).unwrap();
    days_pass(&mut world, 1);
    let open = world.ledger.of(order).filter(|row| row.is_open() && row.due < world.now);
    let open: Vec<String> = open.map(|row| row.due.to_string()).collect();
    assert_eq!(open, ["2026-11-08T14:00:00Z"], "only that of the day they are back");
}
