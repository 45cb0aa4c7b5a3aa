//! What-if previews and explanations over HTTP: what is told beforehand is what is there
//! afterwards.

use crate::support::world::person;
use crate::support::{Asked, TestApp};
use emar_domain::decide::Command;
use emar_domain::id::{OrderId, Slug};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const PREVIEW: &str = "/api/v1/orders/preview";

fn dues(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|d| d["due_at"].as_str().unwrap().to_owned()).collect()
}

/// The due times of an order's open doses before `to`, as the API writes them.
fn open(app: &TestApp, order: OrderId, to: &str) -> BTreeSet<String> {
    let home = app.home();
    let to = emar_domain::time::Instant::parse(to).unwrap();
    let doses = home.doses_of_order(order).filter(|d| d.is_open() && d.due < to);
    doses.map(|d| home.zone.to_offset_time(d.due).to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_of_an_order_is_what_comes_when_it_is_noted() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let there = app.order(garza, "metformin", "500 mg", &["09:00", "17:00"]).await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let post = |path: &str, body: &Value| app.send(Asked::post(path, body).by(&novak));
    let body = app.order_version(garza, "metformin", "1 g", &["12:00"]);
    let mut body = serde_json::to_value(body).unwrap();
    let before = app.version();
    let told = post(&format!("{PREVIEW}?days=2"), &body).await.expect(200);
    assert_eq!(app.version(), before, "a preview writes nothing");
    assert_eq!((&told["order"], &told["as_noted"]), (&Value::Null, &json!(true)));
    let added = ["2026-11-02T12:00:00-05:00", "2026-11-03T12:00:00-05:00"];
    assert_eq!(dues(&told["added"]), added);
    assert_eq!((&told["removed"], &told["moved"]), (&json!([]), &json!([])));
    let total = &told["totals"][0];
    assert_eq!(total["date"], "2026-11-02");
    assert_eq!(total["before"]["amounts"][0]["nano"], 1_000_000_000_000_i64);
    assert_eq!(total["after"]["amounts"][0]["text"], "2,000\u{a0}mg");
    let near = &told["overlaps"][0];
    assert_eq!(near["first"]["order"], json!(there));
    assert_eq!(
        (&near["second"]["order"], &near["minutes"], &near["nominal_minutes"]),
        (&Value::Null, &json!(180), &json!(1440))
    );
    let noon = json!({"date": "2026-11-02", "pass": "noon", "before": 0, "after": 1});
    assert!(told["load"].as_array().unwrap().contains(&noon), "{}", told["load"]);

    let doubtful = post("/api/v1/orders", &body).await;
    assert_eq!(doubtful.problem(409), "order_findings");
    body["accepted"] = json!([{"code": "duplicate_order", "reason": "both_meant"}]);
    let entered = post("/api/v1/orders", &body).await.expect(201);
    let id: OrderId = entered["order"].as_str().unwrap().parse().unwrap();
    let note = json!({"order": id, "change": "note"});
    let told = post(&format!("{PREVIEW}?days=2"), &note).await.expect(200);
    assert_eq!(dues(&told["added"]), added, "whoever notes it sees the same");
    post(&format!("/api/v1/orders/{id}/note"), &json!({})).await.expect(200);
    let far = json!({"order": id, "change": "hold", "reason": "x",
        "from": "2026-11-12T05:00:00Z", "until": "2026-11-13T05:00:00Z"});
    let told = post(PREVIEW, &far).await.expect(200);
    assert_eq!(dues(&told["removed"]), ["2026-11-12T12:00:00-05:00"], "beyond the first week");
    app.ask(Command::Plan(vec![id])).await;
    assert_eq!(open(&app, id, "2026-11-04T05:00:00Z"), added.map(str::to_owned).into());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_of_a_change_is_what_the_change_does() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:30", "20:00"]).await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let post = |path: &str, body: Value| {
        let asked = Asked::post(path, &body).by(&novak);
        let app = &app;
        async move { app.send(asked).await }
    };
    let until = "2026-11-04T05:00:00Z";
    let path = format!("{PREVIEW}?days=2");
    let expected = open(&app, order, until);
    let body = |what: &str| json!({"order": order, "change": what, "reason": "low pressure"});
    for (change, why) in [("hold", "held"), ("discontinue", "discontinued")] {
        let told = post(&path, body(change)).await.expect(200);
        assert_eq!(BTreeSet::from_iter(dues(&told["removed"])), expected, "{change}");
        assert!(told["removed"].as_array().unwrap().iter().all(|d| d["why"] == why));
        assert_eq!((&told["added"], &told["unchanged"]), (&json!([]), &json!(0)));
    }
    let refused = post(&path, body("resume")).await;
    assert_eq!(refused.problem(409), "order_state", "as the act itself");

    let hold = format!("/api/v1/orders/{order}/hold");
    post(&hold, json!({"reason": "low pressure"})).await.expect(200);
    assert_eq!(open(&app, order, until).len(), 0);
    let told = post(&path, json!({"order": order, "change": "resume"})).await.expect(200);
    assert_eq!(BTreeSet::from_iter(dues(&told["added"])), expected);
    post(&format!("/api/v1/orders/{order}/resume"), json!({})).await.expect(200);
    assert_eq!(open(&app, order, until), expected);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_refused_as_the_act_would_be() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let change = |what: &str| json!({"order": order, "change": what, "reason": "x"});
    let mut new = serde_json::to_value(app.order_version(garza, "senna", "8.6 mg", &["08:00"]));
    let new = new.as_mut().unwrap();
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let ask = |path: String, body: Value, session: String| {
        let app = &app;
        async move { app.send(Asked::post(&path, &body).by(&session)).await }
    };
    for (body, pointer) in [
        (json!({"order": order, "change": "hold"}), "/reason"),
        (json!({"order": order, "change": "move", "reason": "x"}), "/change"),
        (json!({"order": "x", "change": "hold", "reason": "x"}), "/order"),
        (json!({"change": "hold", "reason": "x"}), "/order"),
        (json!({}), "/order"),
    ] {
        let reply = ask(PREVIEW.into(), body, novak.clone()).await;
        assert_eq!(reply.problem(422), "malformed");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    for days in ["0", "61"] {
        let reply = ask(format!("{PREVIEW}?days={days}"), change("hold"), novak.clone()).await;
        reply.problem(422);
        assert_eq!(reply.json()["pointer"], "?days");
    }
    let unknown = json!({"order": Uuid::nil(), "change": "resume"});
    assert_eq!(ask(PREVIEW.into(), unknown, novak.clone()).await.problem(404), "order_unknown");
    new["dose"]["nano"] = json!(0);
    let reply = ask(PREVIEW.into(), new.clone(), novak.clone()).await;
    reply.problem(422);
    assert_eq!(reply.json()["pointer"], "/dose/nano", "an order is checked as when entered");
    new["dose"]["nano"] = json!(1);
    new["resident"] = json!(Uuid::nil());
    let reply = ask(PREVIEW.into(), new.clone(), novak).await;
    assert_eq!(reply.problem(409), "resident_unknown");

    // A pharmacist may stop an order and not take it off hold.
    let pillai = app.sign_on(person("Pillai"), "station-east").await;
    let reply = ask(PREVIEW.into(), change("resume"), pillai.clone()).await;
    assert_eq!(reply.problem(403), "role_forbidden");
    ask(PREVIEW.into(), change("hold"), pillai).await.expect(200);

    let mut osei = app.home().users[&person("Osei").id()].clone();
    osei.rev += 1;
    osei.units = vec![Slug::new("west").unwrap()];
    app.ask(Command::User(Box::new(osei))).await;
    let osei = app.sign_on(person("Osei"), "station-east").await;
    assert_eq!(ask(PREVIEW.into(), change("hold"), osei.clone()).await.problem(404), "not_found");
    new["resident"] = json!(garza);
    assert_eq!(ask(PREVIEW.into(), new.clone(), osei.clone()).await.problem(404), "not_found");
    let path = format!("/api/v1/orders/{order}/explain");
    assert_eq!(app.send(Asked::get(&path).by(&osei)).await.problem(404), "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_says_why_it_is_not_due() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:30"]).await;
    let prn = app.order(garza, "ibuprofen", "200 mg", &[]).await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let explained = |order: OrderId| {
        let asked = Asked::get(&format!("/api/v1/orders/{order}/explain")).by(&novak);
        let app = &app;
        async move { app.send(asked).await.expect(200) }
    };
    let told = explained(order).await;
    assert_eq!((&told["due"], &told["why"]), (&json!(true), &Value::Null));
    let window = json!({"due_at": "2026-11-02T08:30:00-05:00",
        "opens_at": "2026-11-02T07:30:00-05:00", "closes_at": "2026-11-02T09:30:00-05:00"});
    assert_eq!(told["dose"], window);
    assert_eq!(explained(prn).await["why"], "prn");

    let dose = app.dose_at(order, "2026-11-02T13:30:00Z");
    let cart = app.bedside("Osei", "cart-1").await;
    let refused = json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "x"});
    cart.chart(&Uuid::now_v7().to_string(), &refused).await.expect(201);
    let told = explained(order).await;
    assert_eq!((&told["why"], &told["outcome"]), (&json!("charted"), &json!("refused")));
    assert_eq!(told["by"], json!(person("Osei").id()));
    assert_eq!(told["charted_at"], "2026-11-02T08:00:00-05:00");
    assert_eq!(told["dose"]["due_at"], "2026-11-03T08:30:00-05:00");

    let hold =
        Asked::post(&format!("/api/v1/orders/{order}/hold"), &json!({"reason": "low pressure"}));
    app.send(hold.by(&novak)).await.expect(200);
    let told = explained(order).await;
    let want = json!({"order": order, "drug": "senna tablet", "state": "held", "due": false,
        "why": "held", "since_at": "2026-11-02T08:00:00-05:00", "reason": "low pressure",
        "dose": null});
    assert_eq!(told, want);
    // The resident's list says the same of an order that has nothing on it.
    let list = Asked::get(&format!("/api/v1/residents/{garza}/doses")).by(&novak);
    let list = app.send(list).await.expect(200);
    let why = |of: OrderId| {
        let rows = list["not_due"].as_array().unwrap();
        rows.iter().find(|row| row["order"] == json!(of)).map(|row| row["why"].clone())
    };
    assert_eq!((why(prn), why(order)), (Some(json!("prn")), None));

    for nobody in [Uuid::nil().to_string(), "x".to_owned()] {
        let asked = Asked::get(&format!("/api/v1/orders/{nobody}/explain")).by(&novak);
        assert_eq!(app.send(asked).await.problem(404), "not_found");
    }
    app.finish().await;
}
