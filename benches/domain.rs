//! What the core costs: `cargo bench --bench domain`.
//!
//! The home is the demo's: 120 residents with about nine orders each, planned for the horizon.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use emar::demo::seed::{Seed, seed};
use emar::demo::sheet::Sheet;
use emar::policy_file;
use emar::zones::Catalogue;
use emar_domain::audit::proof::{consistency_proof, inclusion_proof};
use emar_domain::audit::tile::{Tiles, filled};
use emar_domain::audit::tree::{Frontier, Hash, leaf_hash, verify_inclusion};
use emar_domain::cart::CartSession;
use emar_domain::decide::{Actor, Command, Stamp, decide};
use emar_domain::home::Home;
use emar_domain::id::{SessionId, Slug};
use emar_domain::order::{Order, Timing};
use emar_domain::role::Role;
use emar_domain::scan::{self, Setup};
use emar_domain::schedule::{ClockChange, OrderLife, Schedule, Span, expand};
use emar_domain::time::Instant;
use emar_domain::verdict::judge;
use emar_domain::verdict::read::named;
use std::hint::black_box;
use uuid::Uuid;

/// Leaves of the log: about what a home of 120 residents writes in a year and a half.
const LEAVES: u64 = 1 << 20;
const DAY_MICROS: i64 = 86_400_000_000;

struct House {
    seed: Seed,
    home: Home,
}

/// The demo home with its doses planned.
fn house() -> House {
    let zones = Catalogue::open(None);
    let policy = policy_file::parse(include_str!("../schedules/oakhill.toml"), &zones);
    let policy = policy.expect("the demo's policy");
    let zone = (*zones.rules(&policy.zone).expect("the demo's zone")).clone();
    let seed = seed(1, &policy, &zone, &|_| Some(String::new())).expect("the demo's seed");
    let mut home = Home::new(Slug::new("oakhill").expect("a slug"), policy, zone);
    let mut ids = 0;
    let mut run = |actor: &Actor, command: &Command| {
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut stamp = Stamp { now: seed.start, demo: true, fresh: &mut fresh };
        let decision = decide(&home, actor, command, &mut stamp);
        assert!(decision.answer.is_ok(), "{command:?}: {:?}", decision.answer);
        home.version += 1;
        let version = home.version;
        decision.facts.iter().for_each(|fact| home.apply(fact, version));
    };
    seed.steps.iter().for_each(|(actor, command)| run(actor, command));
    let orders = seed.beds.iter().flat_map(|bed| &bed.orders);
    run(&Actor::server(), &Command::Plan(orders.map(|(order, _)| order.order).collect()));
    House { seed, home }
}

/// Every code of the home, once: wristbands, packages, pharmacy labels.
fn parse(c: &mut Criterion, house: &House) {
    let sheet = Sheet::new("oakhill", &house.seed);
    let codes: Vec<String> = sheet.packages.iter().map(|p| p.raw.clone()).collect();
    let setup = Setup::new(chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a date"));
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Elements(codes.len() as u64));
    group.bench_function("packages of the demo", |b| {
        b.iter(|| {
            codes.iter().map(|code| scan::parse(black_box(code), &setup).1.len()).sum::<usize>()
        });
    });
    group.finish();
}

/// A package at the bedside of the resident it is for, at the hour it is due: reading it, finding
/// the order and the dose, and every check.
fn verdict(c: &mut Criterion, house: &House) {
    let sheet = Sheet::new("oakhill", &house.seed);
    let nurse = house.seed.people.iter().find(|p| p.role == Role::Nurse).expect("a nurse");
    let scans: Vec<(CartSession, String, Instant)> = sheet
        .packages
        .iter()
        .filter_map(|package| {
            let order = house.home.orders.values().find(|o| o.id().to_string() == package.order)?;
            let dose = house.home.doses_of_order(order.id()).find(|d| d.is_open())?;
            let mut cart = CartSession::empty(house.seed.carts[0].id.clone());
            cart.user = Some(nurse.id);
            cart.session = Some(SessionId(Uuid::nil()));
            cart.open(order.current.resident, dose.due);
            Some((cart, package.raw.clone(), dose.due))
        })
        .collect();
    let mut group = c.benchmark_group("judge");
    group.throughput(Throughput::Elements(scans.len() as u64));
    group.bench_function("packages of the demo", |b| {
        b.iter(|| {
            for (cart, code, now) in &scans {
                let read = named(&house.home, code, *now);
                black_box(judge(&house.home, cart, Some(Role::Nurse), &read, None, *now));
            }
        });
    });
    group.finish();
}

/// The planned orders of the home over a day and over a month with a clock change in it.
fn schedules(c: &mut Criterion, house: &House) {
    let planned = |order: &Order| match &order.current.timing {
        Timing::Planned { schedule } => Some(schedule.clone()),
        _ => None,
    };
    let schedules: Vec<Schedule> = house.home.orders.values().filter_map(planned).collect();
    let mut group = c.benchmark_group("expand");
    group.throughput(Throughput::Elements(schedules.len() as u64));
    let from = Instant::parse("2026-10-20T04:00:00Z").expect("an instant");
    for days in [1, 30] {
        let to = Instant::from_micros(from.micros() + days * DAY_MICROS);
        let (life, range) = (OrderLife::default(), Span { from, to });
        group.bench_function(format!("orders of the demo over {days} d"), |b| {
            b.iter(|| {
                for schedule in &schedules {
                    let change = ClockChange::default();
                    let _ = black_box(expand(&life, schedule, &house.home.zone, change, range));
                }
            });
        });
    }
    group.finish();
}

fn audit(c: &mut Criterion) {
    let leaves: Vec<Hash> = (0..LEAVES).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let mut frontier = Frontier::new();
    frontier.append_all(&leaves);
    let root = frontier.root();
    let mut tiles = Tiles::default();
    for id in filled(0, LEAVES) {
        tiles.add_tile(id, id.read(leaves.as_slice()).expect("a full tile"));
    }
    let leaf = vec![b'x'; 500];
    let mut group = c.benchmark_group("audit");
    group.bench_function("append a leaf of 500 bytes", |b| {
        b.iter_batched_ref(
            || frontier.clone(),
            |frontier| frontier.append(leaf_hash(black_box(&leaf))),
            BatchSize::SmallInput,
        );
    });
    let index = LEAVES / 3;
    group.bench_function("prove one leaf of 2^20 from tiles", |b| {
        b.iter(|| inclusion_proof(black_box(index), LEAVES, &tiles));
    });
    group.bench_function("prove 2^19 + 1 leaves a prefix of 2^20 from tiles", |b| {
        b.iter(|| consistency_proof(black_box(LEAVES / 2 + 1), LEAVES, &tiles));
    });
    let proof = inclusion_proof(index, LEAVES, &tiles).expect("a proof");
    let hash = leaf_hash(&index.to_be_bytes());
    assert_eq!(verify_inclusion(&hash, index, LEAVES, &proof, &root), Ok(()));
    group.bench_function("check the proof of one leaf of 2^20", |b| {
        b.iter(|| verify_inclusion(black_box(&hash), index, LEAVES, &proof, &root));
    });
    group.finish();
}

fn core(c: &mut Criterion) {
    let house = house();
    parse(c, &house);
    verdict(c, &house);
    schedules(c, &house);
}

criterion_group!(benches, core, audit);
criterion_main!(benches);
