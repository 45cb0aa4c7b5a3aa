//! A small home to write about.

use crate::store::{
    Batch, Committed, Decided, Entry, KeptAnswer, Ledger, NewAnswer, OutboxRow, Store,
};
use emar_domain::administration::{Administration, Mode, Outcome};
use emar_domain::alert::{Alert, AlertKind, AlertState};
use emar_domain::amount::{Amount, Unit};
use emar_domain::cart::CartSession;
use emar_domain::dose::{Prescribed, Slot};
use emar_domain::drug::{Label, Product, Strength};
use emar_domain::fact::{
    Device, DoseDue, DoseFact, Fact, OrderEvent, PotAct, PotFact, ScanEvent, Transcription, User,
};
use emar_domain::home::Home;
use emar_domain::id::{
    AdministrationId, AlertId, DoseId, FacilityId, FactId, LabelId, OrderId, PreparedId, ProductId,
    ReadingId, ResidentId, ScanId, Slug, UserId,
};
use emar_domain::order::{FirstDose, Hold, OrderAct, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::reading::{Measured, Shown};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::{CivilDate, CivilDateTime, Instant};
use emar_domain::zone::{ZoneName, ZoneOffset, ZoneRules};
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

pub(crate) const LOG: &str = "emar.test/oakhill/audit";

pub(crate) fn oakhill() -> FacilityId {
    Slug::new("oakhill").unwrap()
}

pub(crate) fn id(kind: u128, n: u128) -> Uuid {
    Uuid::from_u128((7 << 76) | (kind << 32) | n)
}

/// Minutes after 2026-11-02 06:00 UTC.
pub(crate) fn minute(n: i64) -> Instant {
    Instant::parse("2026-11-02T06:00:00Z").unwrap().plus_minutes(n).unwrap()
}

pub(super) fn nurse() -> UserId {
    UserId(id(1, 1))
}

pub(crate) async fn ledger(store: &Store) -> Ledger {
    let head = store.ensure_facility(&oakhill(), LOG, minute(0)).await.unwrap();
    store.ledger(oakhill(), &head.log, head.epoch)
}

pub(super) fn entry(facts: Vec<Fact>) -> Entry {
    // No two leaves are the same: real ones carry an id.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let leaves = vec![serde_json::to_vec(&(n, &facts)).unwrap()];
    Entry { facts, leaves, ..Entry::default() }
}

pub(super) fn answer(key: &str, text: &str) -> NewAnswer {
    let kept =
        KeptAnswer { who: "n".into(), request_sha256: [7; 32], status: 201, answer: text.into() };
    NewAnswer { key: key.into(), kept }
}

pub(super) fn message(stream: &str, text: &str) -> OutboxRow {
    OutboxRow { stream: stream.into(), topic: format!("t/{stream}"), bytes: text.into() }
}

pub(crate) async fn commit(ledger: &mut Ledger, at: Instant, entries: Vec<Entry>) -> Committed {
    let batch = Batch { at, entries };
    ledger.commit_with(&[], |_| Decided::Write(batch, ())).await.unwrap().1
}

pub(super) fn resident(n: u128) -> Resident {
    Resident {
        id: ResidentId(id(2, n)),
        family: "Moore".into(),
        given: "Ada".into(),
        nickname: "".into(),
        birth_date: CivilDate::new(1940, 2, 29),
        unit: Slug::new("east").unwrap(),
        room: format!("{n}-A"),
        number: "".into(),
        band: format!("R-{n}").as_str().into(),
        state: ResidentState::Admitted,
        absences: vec![],
        left_because: String::new(),
        allergies: vec![],
        how_taken: String::new(),
        code_status: String::new(),
    }
}

pub(super) fn order(n: u128, version: u32) -> OrderVersion {
    OrderVersion {
        order: OrderId(id(3, n)),
        version,
        resident: ResidentId(id(2, n)),
        drug: OrderedDrug {
            ingredient: "metformin".into(),
            name: "metformin 500 mg tablet".into(),
            strength: Strength::parse("500 mg"),
            form: "tablet".into(),
            route: "po".into(),
        },
        dose: Amount::whole(500, Unit::Mg),
        dose_text: "500 mg \u{1f600} it's <b>&\"~^|\n".into(),
        frequency: "BID".into(),
        timing: Timing::Unschedulable { reason: "none".into() },
        asked: None,
        start: minute(-60),
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
        conditions: emar_domain::condition::Conditions::default(),
        allergy_override: None,
        entered_by: None,
        source: Source { sender: "rx".into(), placer: format!("P{n}"), version: "1".into() },
    }
}

pub(super) fn act(n: u128, seq: u128, act: OrderAct, at: i64) -> Fact {
    Fact::OrderEvent(Box::new(OrderEvent {
        id: FactId(id(4, n * 100 + seq)),
        order: OrderId(id(3, n)),
        version: 1,
        act,
        by: Some(nurse()),
        reason: "why".into(),
        at: minute(at),
        hold: (act == OrderAct::Held).then(|| Hold {
            from: minute(at),
            until: None,
            reason: String::new(),
        }),
        hours: None,
    }))
}

/// Dose `slot` of order `n`, due at minute `due`.
pub(super) fn dose(n: u128, slot: u128, due: i64) -> [Fact; 2] {
    let dose = DoseId(id(5, n * 100 + slot));
    let local = CivilDateTime::parse("2026-11-02T08:00:00").unwrap();
    let fact = DoseFact {
        id: dose,
        slot: Slot {
            order: OrderId(id(3, n)),
            plan: 1,
            date: local.date(),
            slot: i64::try_from(slot).unwrap(),
        },
        resident: ResidentId(id(2, n)),
        prescribed: Prescribed { version: 1, amount: Some(Amount::parse_text("2.5 mg").unwrap()) },
        local,
        planned_at: minute(0),
    };
    [Fact::Dose(Box::new(fact)), moved(n, slot, 1, due)]
}

pub(super) fn moved(n: u128, slot: u128, rev: u32, due: i64) -> Fact {
    Fact::DoseDue(Box::new(DoseDue {
        dose: DoseId(id(5, n * 100 + slot)),
        rev,
        due: minute(due),
        opens: minute(due - 60),
        closes: minute(due + 60),
        shifted: false,
        withdrawn: None,
        at: minute(0),
    }))
}

pub(super) fn pot(n: u128, slot: u128, seq: u128, act: PotAct, at: i64) -> Fact {
    Fact::Pot(Box::new(PotFact {
        id: PreparedId(id(6, n * 1000 + slot * 10 + seq)),
        dose: DoseId(id(5, n * 100 + slot)),
        order: OrderId(id(3, n)),
        resident: ResidentId(id(2, n)),
        act,
        by: nurse(),
        cart: Slug::new("cart-1").unwrap(),
        at: minute(at),
        packages: vec![format!("00312345678906#S{n}{slot}")],
    }))
}

pub(super) fn charted(n: u128, slot: u128, seq: u128, outcome: Outcome, at: i64) -> Administration {
    Administration {
        witness: None,
        id: AdministrationId(id(7, n * 1000 + slot * 10 + seq)),
        dose: DoseId(id(5, n * 100 + slot)),
        order: OrderId(id(3, n)),
        version: 1,
        resident: ResidentId(id(2, n)),
        outcome,
        reason: None,
        comment_salt: None,
        comment: Some("'; DROP TABLE dose; --".into()),
        amount: Some(Amount::whole(500, Unit::Mg)),
        mode: Mode::Now,
        overrides: vec![],
        packages: vec![],
        readings: vec![],
        by: nurse(),
        cart: None,
        administered_at: minute(at),
        recorded_at: minute(at),
        corrects: None,
        effective: true,
    }
}

pub(crate) fn given(n: u128, slot: u128, at: i64) -> Fact {
    Fact::Administration(Box::new(charted(n, slot, 1, Outcome::Given, at)))
}

pub(super) fn alert(n: u128, rev: u32, state: AlertState, doses: &[u128]) -> Alert {
    Alert {
        id: AlertId(id(8, n)),
        rev,
        kind: AlertKind::MissedDose,
        resident: ResidentId(id(2, n)),
        unit: Slug::new("east").unwrap(),
        date: CivilDate::new(2026, 11, 2).unwrap(),
        pass: "morning".into(),
        doses: doses.iter().map(|slot| DoseId(id(5, n * 100 + slot))).collect(),
        due: minute(0),
        time_critical: false,
        level: 1,
        state,
        accepted_by: None,
        accepted_until: None,
        raised_at: minute(0),
        changed_at: minute(i64::from(rev)),
        quiet_until: None,
        quiet_reason: None,
        quiet_salt: None,
        ended: None,
    }
}

/// A pulse or a glucose of resident `n`.
pub(super) fn reading(n: u128, seq: u128, code: &str, at: i64) -> Fact {
    Fact::Reading(Box::new(Measured {
        id: ReadingId(id(13, n * 1000 + seq)),
        resident: ResidentId(id(2, n)),
        code: code.into(),
        shown: Shown::Nano(72_000_000_000),
        glucose_unit: None,
        by: nurse(),
        cart: None,
        at: minute(at),
        recorded_at: minute(at),
    }))
}

pub(super) fn scan(n: u128) -> Fact {
    Fact::Scan(Box::new(ScanEvent {
        id: ScanId(id(9, n)),
        cart: Slug::new("cart-1").unwrap(),
        user: Some(nurse()),
        resident: Some(ResidentId(id(2, n))),
        kind: "wristband".into(),
        raw: format!("R-{n}"),
        source: "bridge".into(),
        verdict: "ok".into(),
        objections: vec![],
        order: None,
        dose: None,
        late: false,
        at: minute(1),
    }))
}

/// A message that a person has yet to read.
fn waiting() -> Transcription {
    Transcription {
        id: FactId(id(12, 1)),
        rev: 1,
        sender: "pharm1".into(),
        message: "m-1".into(),
        answer: "AE".into(),
        resident: None,
        says: "active · prednisone taper".into(),
        reasons: vec!["tapers are for a person".into()],
        at: Instant::EPOCH,
        done: None,
    }
}

/// People, carts, a formulary, and `n` residents with an order and two doses each.
pub(crate) fn seed(n: u128) -> Vec<Entry> {
    let user = User {
        id: nurse(),
        rev: 1,
        name: "N. Osei RN".into(),
        role: Role::Nurse,
        badge: "B-1".into(),
        pin_hash: "x".into(),
        units: vec![],
        active: true,
    };
    let cart = Slug::new("cart-1").unwrap();
    let device = Device {
        id: cart.clone(),
        rev: 1,
        kind: "cart".into(),
        unit: Slug::new("east").unwrap(),
        name: "Cart 1".into(),
        secret_sha256: "00".into(),
        enrolled: true,
        active: true,
    };
    let product = Product {
        id: ProductId(id(10, 1)),
        name: "Metformin".into(),
        ingredient: "metformin".into(),
        strength: Strength::parse("500 mg").unwrap(),
        form: "tablet".into(),
        route: "po".into(),
        units_per_package: 1,
        handling: std::collections::BTreeSet::new(),
        ndc11: Some("00012345678".into()),
        gtins: vec!["00312345678906".into(), "00312345678906".into()],
    };
    let mut entries = vec![entry(vec![
        Fact::User(Box::new(user)),
        Fact::Device(Box::new(device)),
        Fact::Product(Box::new(product)),
        Fact::Transcription(Box::new(waiting())),
        Fact::Cart(Box::new(CartSession::empty(cart))),
    ])];
    for n in 1..=n {
        let label = Label {
            id: LabelId(id(11, n)),
            code: format!("L{n}"),
            pharmacy: "rx".into(),
            resident: ResidentId(id(2, n)),
            order: OrderId(id(3, n)),
            version: 1,
            product: None,
        };
        let mut facts = vec![
            Fact::Resident(Box::new(resident(n))),
            Fact::OrderVersion(Box::new(order(n, 1))),
            act(n, 1, OrderAct::Received, 0),
            act(n, 2, OrderAct::Noted, 0),
            act(n, 3, OrderAct::Verified, 0),
            Fact::Label(Box::new(label)),
        ];
        facts.extend(dose(n, 1, 120));
        facts.extend(dose(n, 2, 600));
        entries.push(entry(facts));
    }
    entries
}

pub(super) fn policy() -> Policy {
    toml::from_str(include_str!("../../../schedules/oakhill.toml")).unwrap()
}

pub(super) fn zone() -> ZoneRules {
    let offset = ZoneOffset { offset_s: 0, abbrev: "UTC".into() };
    ZoneRules::new(ZoneName::new("UTC").unwrap(), "2026a".into(), offset, vec![]).unwrap()
}

/// Folds what was committed into a home, as the lane does.
pub(super) fn fold(home: &mut Home, entries: &[Entry], committed: &Committed) {
    for (entry, done) in entries.iter().zip(&committed.entries) {
        for fact in &entry.facts {
            home.apply(fact, done.version);
        }
    }
    home.version = committed.size;
}
