//! Memory and database tell the same story.

use super::world::*;
use crate::store::value::bind;
use crate::store::{AHEAD_MINUTES, Store};
use emar_domain::administration::Outcome;
use emar_domain::alert::AlertState;
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::fact::{Fact, PotAct};
use emar_domain::home::Home;
use emar_domain::order::{OrderAct, Timing};
use emar_domain::resident::{Allergy, Resident, ResidentState};

/// A resident who was discharged, and whose allergy outlasts that.
fn moved_out() -> Resident {
    let penicillin =
        Allergy { ingredient: "penicillin".into(), reaction: "rash".into(), covers: vec![] };
    let state = ResidentState::Discharged;
    Resident { state, allergies: vec![penicillin], ..resident(6) }
}

/// The same dose of a later plan.
fn of_plan(plan: u32, [planned, due]: [Fact; 2]) -> Vec<Fact> {
    let Fact::Dose(mut planned) = planned else { unreachable!("a dose is planned first") };
    planned.slot.plan = plan;
    vec![Fact::Dose(planned), due]
}

/// The same as a removal: it may lie after the last dose, and planning goes on after the dose.
fn as_removal(mut facts: Vec<Fact>) -> Vec<Fact> {
    for fact in &mut facts {
        if let Fact::Dose(planned) = fact {
            planned.slot.slot = -1 - planned.slot.slot;
        }
    }
    facts
}

/// When a dose is due that no server has in memory yet.
const FAR: i64 = 6 * 24 * 60;

/// The second revision of a dose: held.
fn held(n: u128, slot: u128, due: i64) -> Fact {
    let Fact::DoseDue(mut held) = moved(n, slot, 2, due) else { unreachable!("a due time") };
    held.withdrawn = Some(Withdrawal::Held);
    Fact::DoseDue(held)
}

/// Planned and passed over at once.
fn passed_over([planned, due]: [Fact; 2]) -> Vec<Fact> {
    let Fact::DoseDue(mut due) = due else { unreachable!("a due time follows") };
    due.withdrawn = Some(Withdrawal::Superseded);
    vec![planned, Fact::DoseDue(due)]
}

/// A morning in which a little of everything happens.
fn morning() -> Vec<Vec<crate::store::Entry>> {
    let mut corrected = charted(1, 1, 2, Outcome::Partial, 131);
    corrected.corrects = Some(charted(1, 1, 1, Outcome::Given, 130).id);
    let mut claim = charted(2, 1, 2, Outcome::Given, 140);
    claim.effective = false;
    let moved_out = moved_out();
    let one = |fact| entry(vec![fact]);
    vec![
        seed(6),
        vec![one(scan(1)), entry(vec![pot(1, 1, 1, PotAct::Prepared, 125), given(1, 1, 130)])],
        vec![
            one(Fact::Administration(Box::new(corrected))),
            one(pot(2, 1, 1, PotAct::Prepared, 126)),
            one(pot(3, 1, 1, PotAct::Prepared, 126)),
        ],
        vec![
            one(pot(3, 1, 2, PotAct::Returned, 127)),
            one(given(2, 1, 128)),
            one(moved(4, 1, 2, 150)),
            one(act(5, 4, OrderAct::Discontinued, 129)),
            one(Fact::OrderVersion(Box::new(order(4, 2)))),
            one(act(6, 4, OrderAct::Held, 129)),
        ],
        vec![one(act(4, 4, OrderAct::Changed, 129)), entry(of_plan(2, dose(4, 3, 700)))],
        vec![entry(as_removal(of_plan(2, dose(4, 4, 900))))],
        vec![
            one(Fact::Administration(Box::new(claim))),
            one(Fact::Alert(Box::new(alert(3, 1, AlertState::Active, &[1])))),
            one(Fact::Alert(Box::new(alert(4, 1, AlertState::Active, &[1])))),
            one(Fact::Resident(Box::new(moved_out))),
            entry(vec![reading(1, 1, "sbp", 150), reading(1, 2, "hr_apical", 150)]),
            // Taken before what was recorded before it.
            one(reading(1, 3, "sbp", 149)),
        ],
        vec![
            one(Fact::Alert(Box::new(alert(3, 2, AlertState::Accepted, &[1, 2])))),
            one(Fact::Alert(Box::new(alert(4, 2, AlertState::Ended, &[1])))),
            one(pot(3, 1, 3, PotAct::Prepared, 160)),
            // Beyond what memory reaches, open, held and passed over.
            entry([dose(6, 3, FAR), dose(6, 4, FAR + 1)].concat()),
            one(held(6, 4, FAR + 1)),
            entry(passed_over(dose(6, 5, FAR + 2))),
        ],
    ]
}

pub(super) async fn a_loaded_home_is_the_folded_home(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let mut folded = Home::new(oakhill(), policy(), zone());
    folded.reach = minute(200 + AHEAD_MINUTES);
    for entries in morning() {
        let done = commit(&mut lane, minute(0), entries.clone()).await;
        fold(&mut folded, &entries, &done);
        let loaded = store.load_home(&oakhill(), policy(), zone(), minute(200)).await.unwrap();
        assert_same(&loaded, &folded);
    }
    let much_later = minute(60 * 24 * 30);
    let loaded = store.load_home(&oakhill(), policy(), zone(), much_later).await.unwrap();
    assert!(loaded.doses.values().all(Dose::is_open));
    assert!(!loaded.orders.contains_key(&order(5, 1).order) || !loaded.doses.is_empty());
    assert!(loaded.taken.values().all(Vec::is_empty));
    // Who comes back after a month must be found, or they would be made anew without allergies.
    let gone = moved_out();
    assert_eq!(loaded.residents.get(&gone.id), Some(&gone));
    assert_eq!(loaded.resident_by_band(&gone.band.0).map(|r| r.id), Some(gone.id));
}

/// What memory does not reach is brought by time, or by order.
pub(super) async fn far_doses_are_brought(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    for entries in morning() {
        commit(&mut lane, minute(0), entries).await;
    }
    let far = |slot: u128, why| (order(6, 1).order, id(5, 600 + slot), why);
    let told = |doses: Vec<Dose>| -> Vec<_> {
        let mut told: Vec<_> = doses.iter().map(|d| (d.slot.order, d.id.0, d.withdrawn)).collect();
        told.sort_by_key(|(_, id, _)| *id);
        told
    };
    let home = oakhill();
    let ahead = store.doses_ahead(&home, minute(FAR), minute(FAR + 1)).await.unwrap();
    assert_eq!(told(ahead), [far(3, None)], "from a time on, and before another");
    let orders = [order(6, 1).order, order(1, 1).order].into();
    let brought = store.doses_far(&orders, minute(FAR)).await.unwrap();
    let over = far(5, Some(Withdrawal::Superseded));
    assert_eq!(told(brought), [far(3, None), far(4, Some(Withdrawal::Held)), over]);
    let others = [order(1, 1).order].into();
    assert!(store.doses_far(&others, minute(FAR)).await.unwrap().is_empty());
    let later = store.load_home(&home, policy(), zone(), minute(FAR - 60)).await.unwrap();
    assert_eq!(later.doses_of_order(order(6, 1).order).filter(|d| d.due >= minute(FAR)).count(), 3);
    let now = store.load_home(&home, policy(), zone(), minute(200)).await.unwrap();
    let ahead: Vec<Dose> =
        now.doses_of_order(order(6, 1).order).filter(|d| d.due >= minute(FAR)).cloned().collect();
    assert_eq!(told(ahead), [over], "what was passed over is never told as the next");
}

/// Its interval may be longer than memory reaches, at a start and in a server that runs on.
pub(super) async fn the_last_prn_giving_is_kept(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let mut prn = order(1, 2);
    prn.timing = Timing::prn("pain", Some(60 * 72), None);
    let mut folded = Home::new(oakhill(), policy(), zone());
    let noted = act(1, 9, OrderAct::Noted, 1);
    let seeded = [seed(2), vec![entry(vec![Fact::OrderVersion(Box::new(prn)), noted])]].concat();
    let givings = vec![entry(vec![given(1, 1, 130), given(1, 2, 140), given(2, 1, 130)])];
    for entries in [seeded, givings] {
        let done = commit(&mut lane, minute(0), entries.clone()).await;
        fold(&mut folded, &entries, &done);
    }
    let later = minute(60 * 60);
    let loaded = store.load_home(&oakhill(), policy(), zone(), later).await.unwrap();
    folded.forget(later.plus_minutes(-crate::store::MEMORY_MINUTES).unwrap());
    for home in [loaded, folded] {
        let at: Vec<_> = home.taken.values().flatten().map(|t| t.at).collect();
        assert_eq!(at, [minute(140)]);
    }
}

/// The last of each code, for as long as it may count: an INR of last week is one.
pub(super) async fn the_last_reading_of_each_code_is_kept(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let mut folded = Home::new(oakhill(), policy(), zone());
    let days = |n: i64| n * 24 * 60;
    let measured = vec![entry(vec![
        reading(1, 1, "inr", 0),
        reading(1, 2, "inr", days(2)),
        reading(1, 3, "sbp", days(2) + 1),
        reading(2, 4, "inr", days(3)),
        reading(1, 5, "sbp", days(9)),
    ])];
    for entries in [seed(2), measured] {
        let done = commit(&mut lane, minute(0), entries.clone()).await;
        fold(&mut folded, &entries, &done);
    }
    for (now, kept) in [(days(9), vec![2, 3, 5, 4]), (days(34), vec![5, 4]), (days(50), vec![])] {
        let loaded = store.load_home(&oakhill(), policy(), zone(), minute(now)).await.unwrap();
        folded.forget(minute(now - crate::store::MEMORY_MINUTES));
        for home in [&loaded, &folded] {
            let ids =
                home.readings.values().flatten().map(|r| (r.id.0.as_u128() & 0xffff_ffff) % 1000);
            assert_eq!(ids.collect::<Vec<_>>(), kept, "{now}");
        }
    }
    let resident = order(1, 1).resident;
    let all = store.readings_of_resident(resident, minute(1), minute(days(9))).await.unwrap();
    let codes: Vec<&str> = all.iter().map(|r| r.code.as_str()).collect();
    assert_eq!(codes, ["inr", "sbp"], "from a time on and before another, in order");
}

fn assert_same(loaded: &Home, folded: &Home) {
    let json = |home: &Home| serde_json::to_value(home).unwrap();
    let (a, b) = (json(loaded), json(folded));
    for (field, value) in a.as_object().unwrap() {
        assert_eq!(value, &b[field], "{field}: loaded, folded");
    }
    assert_eq!(loaded, folded, "indexes");
}

const PROJECTIONS: &[&str] = &[
    "SELECT kind, id, mark, live, seq, rank, at, body FROM latest ORDER BY kind, id",
    "SELECT orders, resident, version, plan, stop, since, ended, changed FROM order_state \
     ORDER BY orders",
    "SELECT dose, orders, resident, rev, due, opens, closes, shifted, withdrawn, pot, is_open, \
     changed FROM dose_state ORDER BY dose",
    "SELECT dose, administration, taken, replaces, seq, rank FROM dose_outcome ORDER BY dose",
    "SELECT id, rev, kind, resident, civil_date, pass, is_open, changed_at, body FROM alert \
     ORDER BY id",
    "SELECT dose, kind, alert FROM alert_dose ORDER BY dose, kind",
];

pub(super) async fn rebuilt_projections_are_the_live_ones(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    for entries in morning() {
        commit(&mut lane, minute(0), entries).await;
    }
    let live = dump(&store).await;
    assert!(live.iter().all(|table| !table.is_empty()));
    let break_it = "UPDATE dose_state SET is_open = 0, due = 0 WHERE facility = $1";
    store.write_one(break_it, bind!["oakhill"]).await.unwrap();
    assert_ne!(dump(&store).await, live, "the comparison sees a difference");
    store.rebuild_projections(&oakhill()).await.unwrap();
    let rebuilt = dump(&store).await;
    for (table, (a, b)) in PROJECTIONS.iter().zip(rebuilt.iter().zip(&live)) {
        assert_eq!(a, b, "{table}");
    }
}

/// Every way of three acts on a dose, each act in a commit of its own, and all three in one.
pub(super) async fn a_dose_stands_where_its_acts_left_it(store: Store, _: String) {
    let mut lane = ledger(&store).await;
    let act = |way: u128, place: u128, one: u128| {
        let (slot, at) = (way + 10, i64::try_from(130 + place).unwrap());
        let mut charted = charted(1, slot, place, Outcome::Held, at);
        charted.effective = one == 2;
        match one {
            0 => pot(1, slot, place, PotAct::Prepared, at),
            1 => pot(1, slot, place, PotAct::Returned, at),
            _ => Fact::Administration(Box::new(charted)),
        }
    };
    let way = |n: u128| [n / 16, n / 4 % 4, n % 4];
    let doses = (0..128).map(|n| entry(dose(1, n + 10, 120).to_vec())).collect();
    commit(&mut lane, minute(0), [seed(1), doses].concat()).await;
    for place in 0..3_u128 {
        let step = |n| way(n)[usize::try_from(place).unwrap()];
        let acts = (0..64).map(|n| entry(vec![act(n, place, step(n))])).collect();
        commit(&mut lane, minute(1), acts).await;
    }
    // Two that take force in one commit contradict each other.
    let once = (0..64).filter(|n| way(*n).iter().filter(|one| **one == 2).count() < 2);
    let together =
        |n: u128| entry((0..3).zip(way(n)).map(|(place, one)| act(64 + n, place, one)).collect());
    commit(&mut lane, minute(2), once.map(together).collect()).await;
    let live = dump(&store).await;
    store.rebuild_projections(&oakhill()).await.unwrap();
    assert_eq!(dump(&store).await, live);
}

async fn dump(store: &Store) -> Vec<Vec<String>> {
    let mut tables = Vec::new();
    for sql in PROJECTIONS {
        let rows = store.read(sql, vec![]).await.unwrap();
        tables.push(rows.iter().map(crate::store::value::Row::show).collect());
    }
    tables
}
