//! Scans: one scan id, one answer, and two carts at one dose.

use crate::support::world::{package, person, told};
use crate::support::{TestApp, Wanted};
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
