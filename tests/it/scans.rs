//! Scans: one scan id, one answer, and two carts at one dose.

use crate::support::world::{band, package, person, told};
use crate::support::{PATIENCE, TestApp, Wanted};
use emar::bus::cart::Carts;
use emar::bus::simulated::{SimulatedBroker, SimulatedBus, SimulatedEvents};
use emar::bus::{Bus, BusEvent, BusEvents, Delivery};
use emar::clock::Clock;
use emar_domain::decide::Command;
use emar_domain::fact::User;
use emar_wire::payload::{Scan, VerdictMessage, VerdictWord, decode, encode};
use emar_wire::{Id, Role, Topic};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Barrier;
use uuid::Uuid;

const AT_8: &str = "2026-11-02T13:00:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_scan_by_page_and_bridge_charts_once() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    let dose = app.dose_at(order, AT_8);
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    let id = Uuid::now_v7();
    let page = osei.scan_as(&id.to_string(), &package(1, "A1"), &[]).await.expect(200);
    assert_eq!(told(&page), "ok prepared");
    let size = app.version();
    let again = osei.scan_as(&id.to_string(), &package(1, "A1"), &[]).await.expect(200);
    for part in ["verdict", "effect", "dose", "units", "objections", "receipt", "list_version"] {
        assert_eq!(again[part], page[part], "{part}");
    }
    let taken = Uuid::now_v7();
    let confirm = emar::service::scan::ScanInput {
        scan_id: emar_domain::id::ScanId(taken),
        cart: emar_domain::id::Slug::new("cart-1").unwrap(),
        raw: "]C0EMAR:CMD:TAKEN".to_owned(),
        source: "bridge".to_owned(),
        list_version: None,
        late: false,
        overrides: vec![],
    };
    let bridge = emar::service::scan::scan(&app.running().app, confirm).await;
    assert!(matches!(bridge, emar::service::Outcome::Done { .. }), "{bridge:?}");
    let page = osei.scan_as(&taken.to_string(), "]C0EMAR:CMD:TAKEN", &[]).await.expect(200);
    assert_eq!(told(&page), "ok confirmed", "the first answer, which the bridge got");
    assert!(app.version() > size);
    let all = app.running().app.store.administrations_of_dose(dose).await.unwrap();
    assert_eq!(all.len(), 1, "charted once");
    let reused = osei.scan_as(&taken.to_string(), "]C0EMAR:CMD:UNDO", &[]).await;
    assert_eq!(reused.problem(409), "key_reused");
    app.finish().await;
}

/// Both carts have the dose in the pot; both nurses press TAKEN at once.
async fn two_carts(postgres: bool) {
    let app = TestApp::with(Wanted { postgres, ..Wanted::default() }).await;
    app.product(1, "senna", "8.6 mg").await;
    let mut doses = Vec::new();
    for n in 1..=4u64 {
        let resident = app.resident(n, &format!("Resident{n}")).await;
        let order = app.order(resident, "senna", "8.6 mg", &["08:00"]).await;
        doses.push(app.dose_at(order, AT_8));
    }
    let app = Arc::new(app);
    for (n, dose) in doses.iter().enumerate() {
        let barrier = Arc::new(Barrier::new(2));
        let race = [("Osei", "cart-1", "A"), ("Lind", "cart-2", "B")].map(|(name, cart, pack)| {
            let (app, barrier) = (Arc::clone(&app), Arc::clone(&barrier));
            let pack = package(1, &format!("{pack}{n}"));
            tokio::spawn(async move {
                let nurse = app.bedside(name, cart).await;
                nurse.open(u64::try_from(n).unwrap() + 1).await;
                barrier.wait().await;
                let scanned = nurse.scan(&pack).await;
                barrier.wait().await;
                let confirmed = nurse.card("TAKEN").await;
                nurse.card("NEXT").await;
                (name, scanned, confirmed)
            })
        });
        let mut results = Vec::new();
        for one in race {
            results.push(one.await.unwrap());
        }
        let home = app.home().doses[dose].outcome.clone().expect("one of them gave it");
        let all = app.running().app.store.administrations_of_dose(*dose).await.unwrap();
        assert_eq!(all.iter().filter(|a| a.effective).count(), 1, "{all:?}");
        let won = |c: &Value| !c["administrations"].as_array().unwrap().is_empty();
        let winners: Vec<&str> =
            results.iter().filter(|(_, _, c)| won(c)).map(|(name, ..)| *name).collect();
        let [winner] = winners[..] else { panic!("{results:?}") };
        assert_eq!(home.by, person(winner).id());
        let (_, scanned, confirmed) = results.iter().find(|(n, ..)| *n != winner).unwrap();
        // Told at the scan or at the confirmation, by name of the winner and the time.
        let objections = [scanned, confirmed].map(|a| a["objections"].as_array().unwrap().clone());
        let told = objections.concat().into_iter().find(|o| {
            let text = o["params"].to_string();
            text.contains(&person(winner).id().to_string()) || text.contains(winner)
        });
        let told = told.unwrap_or_else(|| panic!("the other was not told who: {results:?}"));
        assert_eq!(told["severity"], json!("stop"), "{told}");
    }
    let app = Arc::into_inner(app).unwrap();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_carts_at_one_dose_on_sqlite() {
    two_carts(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_carts_at_one_dose_on_postgresql() {
    two_carts(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_at_a_cart_needs_that_cart_or_a_session_at_it() {
    let app = TestApp::new().await;
    let osei = app.bedside("Osei", "cart-1").await;
    let body = json!({"scan_id": Uuid::now_v7(), "cart": "cart-2", "raw": "x", "source": "wedge"});
    let asked = crate::support::Asked::post("/api/v1/scans", &body);
    assert_eq!(app.send(asked.clone().by(&osei.session)).await.problem(401), "sign_on_first");
    assert_eq!(app.send(asked.clone()).await.problem(401), "sign_on_first");
    let own = asked.at(&crate::support::world::device_token());
    let answer = app.send(own).await.expect(200);
    assert_eq!(told(&answer), "stop sign_on_first", "the cart itself may scan; nobody may chart");
    app.finish().await;
}

/// A cart's bridge, and the server's end it talks to.
struct Bridge {
    cart: SimulatedBus,
    heard: SimulatedEvents,
    scans: SimulatedEvents,
    carts: Carts,
}

impl Bridge {
    fn of_cart_1(app: &TestApp) -> Self {
        let broker = SimulatedBroker::default();
        let [facility, cart] = ["oakhill", "cart-1"].map(|text| Id::new(text).unwrap());
        let (server, scans) = broker.connect(Role::Server { facility: facility.clone() });
        let (cart, heard) = broker.connect(Role::Cart { facility, cart });
        let carts = Carts::new(Arc::clone(&app.running().app), Arc::new(server));
        Self { cart, heard, scans, carts }
    }

    async fn scan(&mut self, app: &TestApp, raw: &str) -> VerdictMessage {
        let [facility, cart] = ["oakhill", "cart-1"].map(|text| Id::new(text).unwrap());
        let (scan_id, at) = (Uuid::now_v7(), app.clock.machine());
        let scan = Scan { scan_id, raw: raw.to_owned(), at, ..Scan::default() };
        let topic = Topic::CartScan { facility, cart: cart.clone() };
        self.cart.publish(topic, encode(&scan).unwrap()).await.unwrap();
        let scan = message(&mut self.scans).await;
        self.carts.take(cart, scan).await;
        let Delivery { payload, ack, .. } = message(&mut self.heard).await;
        ack.stored().await;
        let verdict: VerdictMessage = decode(&payload, 65_536).unwrap();
        assert_eq!(verdict.scan_id, scan_id);
        verdict
    }
}

async fn message(events: &mut SimulatedEvents) -> Delivery {
    loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await;
        if let BusEvent::Message(delivery) = event.expect("a message").unwrap() {
            return delivery;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_without_its_pin_is_no_ok_at_the_cart() {
    let app = TestApp::new().await;
    let [known, unknown] = ["95212345000000007", "95212345000000008"]
        .map(|body| format!("{body}{}", emar_domain::scan::check::check_digit(body).unwrap()));
    let mut second = User::clone(&app.home().users[&person("Lind").id()]);
    (second.rev, second.badge) = (2, known.as_str().into());
    app.ask(Command::User(Box::new(second))).await;
    let mut bridge = Bridge::of_cart_1(&app);
    let scan = async |bridge: &mut Bridge, badge: &str| {
        let verdict = bridge.scan(&app, &format!("]d28017{badge}")).await;
        assert_eq!((verdict.verdict, verdict.receipt), (VerdictWord::Ask, None), "{badge}");
    };
    scan(&mut bridge, &known).await;
    scan(&mut bridge, &unknown).await;
    app.bedside("Osei", "cart-1").await;
    scan(&mut bridge, &known).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_gets_a_receipt_for_what_was_charted_and_for_nothing_else() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    app.bedside("Osei", "cart-1").await;
    let mut bridge = Bridge::of_cart_1(&app);
    let card = |name: &str| format!("]C0EMAR:CMD:{name}");
    let scans = [
        (format!("]C0{}", band(1)), false),
        (package(1, "A1"), false),
        (card("UNDO"), false),
        (package(1, "A1"), false),
        (card("TAKEN"), true),
    ];
    for (raw, charted) in scans {
        let verdict = bridge.scan(&app, &raw).await;
        assert_eq!(verdict.verdict, VerdictWord::Ok, "{raw}: {verdict:?}");
        assert_eq!(verdict.receipt.is_some(), charted, "{raw}");
    }
    app.finish().await;
}
