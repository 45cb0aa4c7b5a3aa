//! Orders over HTTP: prescribed on, marked against giving, and acted on as they were read.

use crate::support::world::{package, person, told};
use crate::support::{Asked, TestApp};
use emar_domain::decide::{Command, OrderCommand};
use emar_domain::dose::Withdrawal;
use emar_domain::order::OrderState;
use emar_domain::time::Instant;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_prescribed_on_and_planned_on() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let post = |path: String, body: Value| {
        let asked = Asked::post(&path, &body).by(&novak);
        let app = &app;
        async move { app.send(asked).await }
    };
    let mut version = app.order_version(garza, "senna", "8.6 mg", &["20:00"]);
    version.stop = Some(Instant::parse("2026-11-04T00:00:00Z").unwrap());
    version.prescriber = "Dr. Adeyemi".into();
    let id = version.order;
    app.ask(Command::Order(OrderCommand::Receive(Box::new(version)))).await;
    post(format!("/api/v1/orders/{id}/note"), json!({})).await.expect(200);
    app.ask_as(person("Osei"), Command::Order(OrderCommand::Verify(id))).await;
    let evening = app.dose_when_planned(id, "2026-11-03T01:00:00Z").await;
    let row = async || {
        let orders = app.send(Asked::get("/api/v1/orders?state=active").by(&novak)).await;
        orders.expect(200)["orders"][0].clone()
    };
    let before = row().await;
    assert_eq!(
        (&before["ends_at"], &before["days_left"], &before["prescriber"]),
        (&json!("2026-11-03T19:00:00-05:00"), &json!(1), &json!("Dr. Adeyemi"))
    );
    let path = format!("/api/v1/orders/{id}/renew");
    let short = json!({"until": "2026-11-03T12:00:00Z", "reason": "review"});
    assert_eq!(post(path.clone(), short).await.problem(409), "renewal_not_longer");
    let until = json!({"until": "2026-11-05T00:00:00Z", "reason": "review"});
    let done = post(path.clone(), until).await.expect(200);
    assert_eq!((&done["version"], &done["state"]), (&json!(2), &json!("active")));
    app.dose_when_planned(id, "2026-11-04T01:00:00Z").await;
    let after = row().await;
    assert_eq!(
        (&after["ends_at"], &after["renews"]),
        (&json!("2026-11-04T19:00:00-05:00"), &json!(1))
    );
    {
        let home = app.home();
        assert_eq!(home.doses[&evening].withdrawn, None, "planned as it was");
        assert_eq!((home.orders[&id].plan, home.doses_of_order(id).count()), (1, 2));
        assert!(home.orders[&id].verified_by.is_some());
    }
    // The database knows the same plan: planning again after a restart doubles nothing.
    let (policy, zone) = { (app.home().policy.clone(), app.home().zone.clone()) };
    let now = Instant::parse("2026-11-02T13:00:00Z").unwrap();
    let running = &app.running().app;
    let read = running.store.load_home(&running.facility, policy, zone, now).await.unwrap();
    assert_eq!(read.orders[&id], app.home().orders[&id]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_against_giving_stops_the_scan_until_it_is_lifted() {
    let app = TestApp::new().await;
    app.product(1, "digoxin", "125 mcg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "digoxin", "125 mcg", &["08:00"]).await;
    let dose = app.dose_at(order, "2026-11-02T13:00:00Z");
    let osei = app.bedside("Osei", "cart-1").await;
    let lind = app.bedside("Lind", "cart-2").await;
    let post = |what: &str, by: &str| {
        let path = format!("/api/v1/orders/{order}/{what}");
        app.send(Asked::post(&path, &json!({"reason": "slow pulse"})).by(by))
    };
    let marked = post("do_not_give", &osei.session).await.expect(200);
    assert_eq!(marked["state"], "do_not_give");
    assert_eq!(app.home().doses[&dose].withdrawn, Some(Withdrawal::DoNotGive));
    lind.open(1).await;
    let stopped = lind.scan(&package(1, "A1")).await;
    assert_eq!(told(&stopped), "stop order_do_not_give not_due");
    let path = format!("/api/v1/orders/{order}/explain");
    let why = app.send(Asked::get(&path).by(&lind.session)).await.expect(200);
    assert_eq!((&why["why"], &why["reason"]), (&json!("do_not_give"), &json!("slow pulse")));
    assert_eq!(post("may_give", &lind.session).await.problem(409), "mark_of_another");
    let pillai = app.sign_on(person("Pillai"), "station-east").await;
    assert_eq!(post("may_give", &pillai).await.expect(200)["state"], "active");
    assert_eq!(told(&lind.scan(&package(1, "A1")).await), "ok prepared");
    lind.card("TAKEN").await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_what_is_noted_and_verified() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let osei = app.sign_on(person("Osei"), "cart-1").await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let version = app.order_version(garza, "senna", "8.6 mg", &["20:00"]);
    let entered = app.send(Asked::post("/api/v1/orders", &json!(version)).by(&osei)).await;
    let entered = entered.expect(201);
    let id: emar_domain::id::OrderId = entered["order"].as_str().unwrap().parse().unwrap();
    let act = |what: &str, seen: u32, by: &str| {
        let path = format!("/api/v1/orders/{id}/{what}");
        app.send(Asked::post(&path, &json!({"version": seen})).by(by))
    };
    assert_eq!(act("note", 2, &osei).await.problem(409), "order_changed");
    assert_eq!(app.home().orders[&id].state, OrderState::Draft, "nothing was done");
    act("note", 1, &osei).await.expect(200);
    assert_eq!(act("verify", 2, &novak).await.problem(409), "order_changed");
    assert!(app.home().orders[&id].verified_by.is_none());
    act("verify", 1, &novak).await.expect(200);
    assert!(app.home().orders[&id].verified_by.is_some());
    app.finish().await;
}
