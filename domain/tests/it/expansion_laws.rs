//! Two expanders agree: the product's and a naive one that was written from the documents alone.
//!
//! Random orders over every IANA zone, around every clock change from 1970 to 2040.
//! `EMAR_EXPAND_ORDERS=1000000` makes a long run of it, `EMAR_EXPAND_SEED` repeats one.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::expansion::calendar::{Day, day, day_of};
use crate::expansion::case::Case;
use crate::expansion::naive::{self, Account, CountWithoutStart, Told, second};
use crate::expansion::random::{self, Dice};
use crate::expansion::zone::{ZONES, Zone};
use emar_domain::schedule::{
    ExpandError, Expansion, Flag, OrderLife, PlannedDose, Schedule, ScheduleFault, Span, expand,
};
use emar_domain::time::{Instant, OffsetTime};
use serde_json::Value;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

static SEED: LazyLock<u64> = LazyLock::new(|| {
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    setting("EMAR_EXPAND_SEED").unwrap_or_else(now)
});

/// The product's answer in the witness's words.
fn product(case: &Case, range: Span) -> Result<Account, ExpandError> {
    product_of(case, &case.life(), range)
}

fn product_of(case: &Case, life: &OrderLife, range: Span) -> Result<Account, ExpandError> {
    let zone = case.zone();
    expand(life, &case.order.schedule, &zone.rules, case.change(), range)
        .map(|done| account(zone, &done))
}

type Expander = fn(&Case, Span) -> Result<Account, ExpandError>;

/// Products that are wrong by one: what the law must find.
const WRONG_BY_ONE: [(&str, Expander); 4] = [
    ("a dose at the instant of the stop is due", |case, range| {
        let mut life = case.life();
        life.stop = life.stop.and_then(|stop| stop.plus_seconds(1));
        product_of(case, &life, range)
    }),
    ("a dose at the instant of the start is not due", |case, range| {
        let mut life = case.life();
        life.start = life.start.and_then(|start| start.plus_seconds(1));
        product_of(case, &life, range)
    }),
    ("a dose at the end of the range is in it", |case, Span { from, to }| {
        product(case, Span { from, to: to.plus_seconds(1).unwrap_or(to) })
    }),
    ("every N days comes a day late in the February of a leap year", |case, range| {
        let mut told = product(case, range)?;
        let mut late = case.clone();
        if let Schedule::Clock(clock) = &mut late.order.schedule
            && let (Some(_), Some(anchor)) = (clock.every_days, clock.anchor_date)
        {
            clock.anchor_date = anchor.plus_days(1);
            let leap_february = |told: &Told| {
                let (year, month) = told.date.split_once('-').unwrap();
                month.starts_with("02") && year.parse::<i32>().unwrap() % 4 == 0
            };
            told.due.retain(|dose| !leap_february(dose));
            told.due.extend(product(&late, range)?.due.into_iter().filter(leap_february));
            told.due.sort_by_key(|dose| dose.at);
        }
        Ok(told)
    }),
];

fn account(zone: &Zone, done: &Expansion) -> Account {
    let told = |dose: &PlannedDose| Told {
        at: second(dose.at),
        local: zone.rules.to_offset_time(dose.at).to_string(),
        date: dose.date.to_string(),
        slot: dose.slot,
        prescribed: dose.prescribed.to_string(),
        shifted: dose.shifted,
        dose: dose.dose.clone(),
    };
    let flag = |flag: &Flag| match flag {
        Flag::TimeShiftedGap => "time_shifted_gap",
        Flag::DoseDroppedByGap => "dose_dropped_by_gap",
    };
    let flags = done.flags.iter().map(|(date, of)| (date.to_string(), of.iter().map(flag)));
    let merged = done.merged.iter().map(|one| {
        let (date, slot) = one.into;
        ((date.to_string(), slot), told(&one.dose))
    });
    Account {
        due: done.due.iter().map(told).collect(),
        held: done.held.iter().map(told).collect(),
        flags: flags.map(|(date, of)| (date, of.collect())).collect(),
        merged: merged.collect(),
        dropped: done.dropped.iter().map(told).collect(),
    }
}

fn total(account: &Account) -> usize {
    account.due.len() + account.held.len() + account.merged.len() + account.dropped.len()
}

fn identities(account: &Account) -> BTreeSet<(&str, u32)> {
    let merged = account.merged.iter().map(|(_, dose)| dose);
    let all = account.due.iter().chain(&account.held).chain(merged).chain(&account.dropped);
    all.map(|dose| (dose.date.as_str(), dose.slot)).collect()
}

/// Agreement with the witness, and prescribed = due + held + merged + dropped, each of them once.
fn agrees(case: &Case, product: Expander) -> Result<Account, String> {
    let range = case.range();
    let zone = case.zone();
    let wanted = naive::expand(&case.life(), &case.order.schedule, zone, case.change(), range);
    let got = product(case, range);
    let (wanted, prescribed) = match wanted {
        Ok(answer) => answer,
        Err(CountWithoutStart) if got == Err(ScheduleFault::CountWithoutStart.into()) => {
            return Ok(Account::default());
        }
        Err(error) => return Err(format!("witness {error:?}, product {got:?}")),
    };
    if got.as_ref() != Ok(&wanted) {
        return Err(format!("witness {wanted:#?}\nproduct {got:#?}"));
    }
    if total(&wanted) != prescribed || identities(&wanted).len() != prescribed {
        return Err(format!("{prescribed} times were prescribed, and told is {wanted:#?}"));
    }
    Ok(wanted)
}

/// A range is its parts one after the other, and a wider question does not change a narrower one.
fn holds_still(case: &Case, dice: &mut Dice) -> Result<Account, String> {
    let Span { from, to } = case.range();
    let Ok(whole) = product(case, case.range()) else {
        return Ok(Account::default());
    };
    let mut cuts = vec![from, to];
    for _ in 0..dice.count(1, 3) {
        let anywhere = dice.within(second(from), second(to));
        let cut = match whole.due.len() {
            doses @ 1.. if dice.one_in(2) => whole.due[dice.index(doses)].at,
            _ => anywhere,
        };
        cuts.push(Instant::from_micros(cut * 1_000_000));
    }
    cuts.sort_unstable();
    let mut sum = Account::default();
    for pair in cuts.windows(2) {
        let part = product(case, Span { from: pair[0], to: pair[1] }).unwrap();
        sum.due.extend(part.due);
        sum.held.extend(part.held);
        sum.merged.extend(part.merged);
        sum.dropped.extend(part.dropped);
        for (date, flags) in part.flags {
            sum.flags.entry(date).or_default().extend(flags);
        }
    }
    if sum != whole {
        return Err(format!("cut at {cuts:?} the parts are {sum:#?}\nthe whole is {whole:#?}"));
    }
    let wide = Span {
        from: from.plus_seconds(-dice.within(0, 4 * 86_400)).unwrap(),
        to: to.plus_seconds(dice.within(0, 9 * 86_400)).unwrap(),
    };
    let mut later = product(case, wide).unwrap();
    let inside = |dose: &Told| (second(from)..second(to)).contains(&dose.at);
    later.due.retain(inside);
    later.held.retain(inside);
    later.merged.retain(|(_, dose)| inside(dose));
    later.dropped.retain(inside);
    let flagged = |(date, flags): (&String, &BTreeSet<&str>)| {
        later.flags.get(date).is_some_and(|later| flags.is_subset(later))
    };
    if !whole.flags.iter().all(flagged) {
        return Err(format!(
            "asked {wide:?} the flags are {:?}, not {:?}",
            later.flags, whole.flags
        ));
    }
    later.flags = whole.flags.clone();
    if later != whole {
        return Err(format!("asked {wide:?} it is {later:#?}\nasked alone {whole:#?}"));
    }
    Ok(whole)
}

type Law<'a> = &'a dyn Fn(&Case, &mut Dice) -> Result<Account, String>;

/// The smallest order found on which the law still fails.
fn shrunk(mut case: Case, law: Law<'_>, dice: u64) -> (Case, String) {
    let fails = |case: &Case| law(case, &mut Dice::new(dice)).err();
    let mut why = fails(&case).unwrap();
    while let Some(simpler) =
        case.simpler().into_iter().find_map(|case| fails(&case).map(|why| (case, why)))
    {
        (case, why) = simpler;
    }
    (case, why)
}

/// How often the orders came upon what the law is about.
#[derive(Debug, Default)]
struct Tally {
    answered: usize,
    due: usize,
    held: usize,
    merged: usize,
    dropped: usize,
    flagged: usize,
}

impl Tally {
    fn add(&mut self, account: &Account) {
        self.answered += usize::from(total(account) > 0);
        self.due += account.due.len();
        self.held += account.held.len();
        self.merged += account.merged.len();
        self.dropped += account.dropped.len();
        self.flagged += account.flags.len();
    }
}

type Place = (&'static Zone, i64);

/// Changes that repeat a midnight, that skip one, and that fall about the end of a leap February.
fn rare(places: &[Place]) -> [Vec<Place>; 3] {
    let days = |zone: &Zone, at: i64| {
        let (before, after) = zone.across(at);
        (day_of(before), day_of(after))
    };
    let leap = |day: Day| day.year % 4 == 0 && day.month == 2 && day.day > 14;
    let of = |rare: &dyn Fn(i64, i64) -> bool| -> Vec<Place> {
        let mut found = places.to_vec();
        found.retain(|(zone, at)| {
            let (before, after) = days(zone, *at);
            rare(before, after)
        });
        found
    };
    [
        of(&|before, after| after < before),
        of(&|before, after| after > before),
        of(&|before, _| leap(day(before)) || leap(day(before - 14))),
    ]
}

/// Puts an order at every clock change before the law, in random order, and begins again until
/// there were enough of them. Every third order is for changes that are rare and hard. Fails with
/// how many orders it took and what was wrong.
fn every_order(name: &str, law: Law<'_>) -> Result<(), (u64, String)> {
    let begun = std::time::Instant::now();
    let (seed, orders) = (*SEED, setting("EMAR_EXPAND_ORDERS").unwrap_or(10_000));
    println!("{name}: {orders} orders, EMAR_EXPAND_SEED={seed}");
    let mut places: Vec<Place> =
        ZONES.iter().flat_map(|zone| zone.places().into_iter().map(move |at| (zone, at))).collect();
    let rare = rare(&places);
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    for done in 0..orders {
        let turn = usize::try_from(done).unwrap() % places.len();
        let other = dice.index(places.len() - turn);
        places.swap(turn, turn + other);
        let class = &rare[dice.index(rare.len())];
        let (zone, at) = if dice.one_in(3) { dice.pick(class) } else { places[turn] };
        let case = random::case(&mut dice, zone, at);
        let own = seed.wrapping_add(done);
        match law(&case, &mut Dice::new(own)) {
            Ok(account) => tally.add(&account),
            Err(_) => {
                let (took, done) = (begun.elapsed().as_secs_f32(), done + 1);
                let (case, why) = shrunk(case, law, own);
                let case = serde_json::to_string(&case).unwrap();
                return Err((
                    done,
                    format!(
                        "{name}: no, as {done} orders and {took:.1} s have found; \
                         EMAR_EXPAND_SEED={seed}\n{case}\n{why}"
                    ),
                ));
            }
        }
    }
    let took = begun.elapsed().as_secs_f32();
    println!("{name}: {} zones, {} changes, {took:.1} s, {tally:?}", ZONES.len(), places.len());
    let often = usize::try_from(orders).unwrap() / 200;
    for seen in [tally.answered, tally.held, tally.merged, tally.dropped, tally.flagged] {
        assert!(seen >= often, "too few of the orders came upon what the law is about: {tally:?}");
    }
    Ok(())
}

/// The witness is no better than its reading of the documents, so it answers the cases as well.
#[test]
fn the_witness_answers_the_conformance_cases() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/cases/schedule.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let mut answered = 0;
    for line in text.lines().filter(|line| line.contains(r#""type": "expand""#)) {
        let case: Case = serde_json::from_str(line).unwrap();
        let wanted: Value = serde_json::from_str::<Value>(line).unwrap()["expect"].take();
        let (life, zone) = (case.life(), case.zone());
        let schedule = &case.order.schedule;
        let (told, _) = naive::expand(&life, schedule, zone, case.change(), case.range()).unwrap();
        let time = |text: &Value| OffsetTime::parse(text.as_str().unwrap()).unwrap().to_string();
        let locals = |of: &Value| -> Vec<String> {
            of.as_array().unwrap().iter().map(|one| time(one.get("local").unwrap_or(one))).collect()
        };
        let told_locals = |of: &[Told]| of.iter().map(|dose| dose.local.clone()).collect();
        let due: Vec<String> = told_locals(&told.due);
        assert_eq!(due, locals(&wanted["due"]), "{line}");
        let doses = wanted["due"].as_array().unwrap().iter().map(|due| due["dose"].as_str());
        assert!(told.due.iter().map(|dose| dose.dose.as_deref()).eq(doses), "{line}");
        if let Some(held) = wanted.get("held") {
            let told_held: Vec<String> = told_locals(&told.held);
            assert_eq!(told_held, locals(held), "{line}");
        }
        if let Some(flags) = wanted.get("flags") {
            assert_eq!(&serde_json::to_value(&told.flags).unwrap(), flags, "{line}");
        }
        answered += 1;
    }
    assert!(answered >= 30, "only {answered} cases are about expansion");
}

#[test]
fn two_expanders_agree() {
    let law = every_order("two expanders agree", &|case, _| agrees(case, product));
    law.unwrap_or_else(|(_, why)| panic!("{why}"));
}

/// The law of the two expanders is only worth what it finds.
#[test]
fn an_expander_that_is_wrong_by_one_is_found() {
    for (wrong, expander) in WRONG_BY_ONE {
        let (orders, why) = every_order(wrong, &|case, _| agrees(case, expander)).unwrap_err();
        println!("{}", why.lines().next().unwrap());
        assert!(orders < 5_000, "{wrong} was found only by {orders} orders");
    }
}

#[test]
fn a_range_is_its_parts_and_later_questions_change_nothing() {
    let law = every_order("a range is its parts", &holds_still);
    law.unwrap_or_else(|(_, why)| panic!("{why}"));
}
