//! Orders over HTTP: held and taken off hold again, changed, withdrawn.

use crate::support::world::{package, person};
use crate::support::{Asked, TestApp};
use emar_domain::dose::Withdrawal;
use emar_domain::home::Home;
use emar_domain::id::{DoseId, OrderId};
use emar_domain::order::{OrderState, OrderVersion};
use emar_domain::time::Instant;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_order_is_resumed_and_its_doses_come_back() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let evening = app.dose_at(order, "2026-11-03T01:00:00Z");
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let act = |what: &str, body: serde_json::Value| {
        let path = format!("/api/v1/orders/{order}/{what}");
        app.send(Asked::post(&path, &body).by(&novak))
    };
    assert_eq!(act("resume", json!({})).await.problem(409), "order_state", "it is not held");
    act("hold", json!({"reason": "low pressure"})).await.expect(200);
    assert!(app.home().doses[&evening].withdrawn.is_some());
    let resumed = act("resume", json!({})).await.expect(200);
    assert_eq!((&resumed["state"], &resumed["changed"]), (&json!("active"), &json!(true)));
    assert!(app.home().doses[&evening].withdrawn.is_none(), "the dose is due again");
    let pillai = app.sign_on(person("Pillai"), "station-east").await;
    let path = format!("/api/v1/orders/{order}/resume");
    let refused = app.send(Asked::post(&path, &json!({})).by(&pillai)).await;
    assert_eq!(refused.problem(403), "role_forbidden");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_has_an_end_of_its_own() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let evening = app.dose_at(order, "2026-11-03T01:00:00Z");
    let next = app.dose_at(order, "2026-11-04T01:00:00Z");
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let hold = |body: serde_json::Value| {
        let path = format!("/api/v1/orders/{order}/hold");
        app.send(Asked::post(&path, &body).by(&novak))
    };
    let bad = hold(json!({"reason": "nausea", "until": "tomorrow"})).await;
    assert_eq!(bad.problem(422), "malformed");
    let reversed = json!({
        "reason": "nausea", "from": "2026-11-04T00:00:00Z", "until": "2026-11-03T18:00:00-05:00",
    });
    assert_eq!(hold(reversed).await.problem(409), "hold_reversed");
    let late = json!({"reason": "nausea", "from": "2026-11-01T00:00:00Z"});
    assert_eq!(hold(late).await.problem(409), "hold_past");
    let until = json!({"reason": "nausea", "until": "2026-11-03T12:00:00-05:00"});
    let held = hold(until.clone()).await.expect(200);
    assert_eq!(held["state"], json!("held"));
    assert!(app.home().doses[&evening].withdrawn.is_some());
    assert!(app.home().doses[&next].withdrawn.is_none(), "the hold is over by then");
    assert_eq!(hold(until).await.problem(409), "order_held");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_order_is_planned_anew_and_confirmed_by_a_second_person() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let evening = app.dose_at(order, "2026-11-03T01:00:00Z");
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let path = format!("/api/v1/orders/{order}/versions");
    let mut version = app.home().orders[&order].current.clone();
    version.version = 2;
    let schedule = json!({"kind": "clock", "times": ["21:00"]});
    version.timing =
        serde_json::from_value(json!({"when": "planned", "schedule": schedule})).unwrap();
    let body = |version: &OrderVersion, kind: &str| json!({"kind": kind, "reason": "round", "order": version});
    let mut nothing = body(&version, "new_version");
    nothing["order"]["dose"]["nano"] = json!(0);
    let refused = app.send(Asked::post(&path, &nothing).by(&novak)).await;
    assert_eq!(refused.problem(422), "malformed");
    assert_eq!(refused.json()["pointer"], "/order/dose/nano");
    let stale = OrderVersion { version: 3, ..version.clone() };
    let refused = app.send(Asked::post(&path, &body(&stale, "new_version")).by(&novak)).await;
    assert_eq!(refused.problem(409), "order_changed");
    let done = app.send(Asked::post(&path, &body(&version, "new_version")).by(&novak)).await;
    assert_eq!(done.expect(200)["version"], json!(2));
    let moved = app.dose_when_planned(order, "2026-11-03T02:00:00Z").await;
    {
        let home = app.home();
        assert_eq!(home.doses[&evening].withdrawn, Some(Withdrawal::Superseded));
        assert_eq!(home.doses[&moved].slot.plan, 2);
        assert!(home.orders[&order].verified_by.is_none());
    }
    let verify = format!("/api/v1/orders/{order}/verify");
    let own = app.send(Asked::post(&verify, &json!({})).by(&novak)).await;
    assert_eq!(own.problem(409), "verify_own");
    app.finish().await;
}

/// An order whose answer was lost is sent again under its key, and is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_under_its_key_is_done_once() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let known = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let mut version = app.home().orders[&known].current.clone();
    version.drug.ingredient = "docusate".to_owned();
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let body = serde_json::to_value(&version).unwrap();
    let enter = |body: &serde_json::Value, key: &str| {
        app.send(Asked::post("/api/v1/orders", body).by(&novak).key(key))
    };
    let first = enter(&body, "press-0001").await.expect(201);
    let again = enter(&body, "press-0001").await.expect(201);
    assert_eq!(first["order"], again["order"], "the first answer again");
    assert_eq!(app.home().orders_of(garza).count(), 2);
    version.indication = "another".to_owned();
    let other = serde_json::to_value(&version).unwrap();
    assert_eq!(enter(&other, "press-0001").await.problem(409), "key_reused");
    assert_eq!(enter(&other, "short").await.problem(400), "key_missing");

    let act = |what: &str, key: &str| {
        let path = format!("/api/v1/orders/{known}/{what}");
        app.send(Asked::post(&path, &json!({"reason": "nausea"})).by(&novak).key(key))
    };
    let held = act("hold", "press-0002").await.expect(200);
    assert_eq!(act("hold", "press-0002").await.expect(200)["seq"], held["seq"]);
    assert_eq!(act("hold", "press-0003").await.problem(409), "order_held");
    assert_eq!(act("discontinue", "press-0002").await.problem(409), "key_reused");
    app.finish().await;
}

/// Whether a dose was ever charted is asked of the database, which knows it for longer than memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_another_resident_is_entered_in_error_and_stays_so_over_a_restart() {
    let mut app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    app.product(2, "digoxin", "125 mcg").await;
    let garza = app.resident(1, "Garza").await;
    let wrong = app.order(garza, "senna", "8.6 mg", &["08:00", "20:00"]).await;
    let given = app.order(garza, "digoxin", "125 mcg", &["08:00"]).await;
    let cart = app.bedside("Osei", "cart-1").await;
    cart.open(1).await;
    cart.scan(&package(2, "D1")).await;
    cart.card("TAKEN").await;
    let charted = app.dose_at(given, "2026-11-02T13:00:00Z");
    assert!(app.home().doses[&charted].outcome.is_some());
    app.clock.set("2026-11-04T15:00:00Z");
    app.restart().await;
    let no_memory = |home: &Home| (!home.doses.contains_key(&charted)).then_some(());
    app.until("memory has forgotten the dose", no_memory).await;
    app.until("what was missed is told", |home| home.alerts.values().next().map(|_| ())).await;

    let novak = app.sign_on(person("Novak"), "station-east").await;
    let body = json!({"reason": "written for Gary"});
    let act = async |app: &TestApp, order: OrderId, key: &str| {
        let path = format!("/api/v1/orders/{order}/entered_in_error");
        app.send(Asked::post(&path, &body).by(&novak).key(key)).await
    };
    let would = async |app: &TestApp, order: OrderId| {
        let change = json!({"order": order, "change": "entered_in_error", "reason": "Gary"});
        app.send(Asked::post("/api/v1/orders/preview", &change).by(&novak)).await
    };
    assert_eq!(would(&app, given).await.problem(409), "error_charted");
    assert_eq!(act(&app, given, "press-0001").await.problem(409), "error_charted");
    let told = would(&app, wrong).await.expect(200);
    let gone = told["removed"].as_array().unwrap();
    assert!(!gone.is_empty() && gone.iter().all(|dose| dose["why"] == "entered_in_error"));
    let done = act(&app, wrong, "press-0002").await.expect(200);
    assert_eq!((&done["state"], &done["changed"]), (&json!("entered_in_error"), &json!(true)));
    assert_eq!(act(&app, wrong, "press-0002").await.expect(200)["seq"], done["seq"]);
    assert_eq!(act(&app, wrong, "press-0003").await.expect(200)["changed"], json!(false));

    let never_meant = async |app: &TestApp| {
        let home = app.home();
        assert_eq!(home.orders[&wrong].state, OrderState::EnteredInError);
        assert!(home.doses_of_order(wrong).all(|dose| !dose.is_open()), "late ones neither");
        // Digoxin was missed all the same, in the same passes.
        let of = |dose: &DoseId| home.doses.get(dose).is_some_and(|d| d.slot.order == wrong);
        assert!(!home.alerts.values().any(|a| a.doses.iter().all(of)), "it was not missed");
    };
    never_meant(&app).await;
    app.restart().await;
    never_meant(&app).await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let store = &app.running().app.store;
    let stored = store.doses_of_resident(garza, Instant::EPOCH, Instant::MAX).await.unwrap();
    let mut of_order = stored.iter().filter(|d| d.slot.order == wrong);
    let why = Some(Withdrawal::EnteredInError);
    assert!(of_order.clone().count() > 20 && of_order.all(|dose| dose.withdrawn == why));
    let explain = Asked::get(&format!("/api/v1/orders/{wrong}/explain")).by(&novak);
    assert_eq!(app.send(explain).await.expect(200)["why"], "entered_in_error");
    let orders = Asked::get("/api/v1/orders?state=entered_in_error").by(&novak);
    let orders = app.send(orders).await.expect(200);
    assert_eq!(orders["orders"][0]["reason"], "written for Gary");
    app.finish_with_waiting(&["alert"]).await;
}

/// What a schedule names as a dose is counted at the bedside: it must be an amount.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dose_named_in_words_is_refused() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let known = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let mut order = serde_json::to_value(&app.home().orders[&known].current).unwrap();
    order["drug"]["ingredient"] = json!("docusate");
    let novak = app.sign_on(person("Novak"), "station-east").await;
    for (dose, status) in [("two tablets", 422), ("0 mg", 422), ("8.6 mg", 201)] {
        order["timing"]["schedule"]["anchor_date"] = json!("2026-11-02");
        order["timing"]["schedule"]["steps"] = json!([{"dose": dose, "days": 3}]);
        let sent = app.send(Asked::post("/api/v1/orders", &order).by(&novak)).await;
        assert_eq!(sent.status, status, "{dose}: {}", sent.text);
    }
    app.finish().await;
}
