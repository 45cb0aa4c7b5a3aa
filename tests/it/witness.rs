//! The second person, over the plain API: what the home wants two for is not given by one.

use crate::support::world::{device_token, package, person, told};
use crate::support::{Asked, PIN, Reply, TestApp};
use emar_domain::id::DoseId;
use serde_json::{Value, json};
use uuid::Uuid;

fn fresh() -> String {
    Uuid::now_v7().to_string()
}

/// A dose of 10 mg of oxycodone, two tablets, due at 08:00; and its order.
async fn due(app: &TestApp) -> (DoseId, Value) {
    app.product(1, "oxycodone", "5 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "oxycodone", "10 mg", &["08:00", "20:00"]).await;
    (app.dose_at(order, "2026-11-02T13:00:00Z"), json!(order))
}

/// Sends a check, from where the giver stands.
async fn check(app: &TestApp, giver: &str, body: &Value) -> Reply {
    let key = fresh();
    let asked = Asked::post("/api/v1/witness", body).by(giver).at(&device_token()).key(&key);
    app.send(asked).await
}

fn second(order: &Value, dose: DoseId, badge: &str, amount: &str) -> Value {
    let witness = json!({"badge": badge, "pin": PIN, "amount": amount});
    json!({"order": order, "dose": dose, "witness": witness})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dose_for_two_is_prepared_once_a_second_person_found_the_same() {
    let app = TestApp::new().await;
    let (dose, order) = due(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    let asked = osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&asked), "ask witness_required");
    assert_eq!((&asked["order"], &asked["dose"]), (&order, &json!(dose)), "{asked}");
    for (badge, amount, status, code) in [
        ("B-OSEI", "10 mg", 409, "witness_invalid"),
        ("B-ABEL", "10 mg", 409, "witness_invalid"),
        ("B-PILLAI", "10 mg", 409, "witness_invalid"),
        ("B-LIND", "5 mg", 409, "witness_differs"),
        ("B-NOBODY", "10 mg", 401, "sign_on_failed"),
    ] {
        let refused = check(&app, &osei.session, &second(&order, dose, badge, amount)).await;
        assert_eq!(refused.problem(status), code, "{badge}");
        // Neither learns from a refusal what the other found.
        assert!(!refused.text.contains("10\u{a0}mg"), "{}", refused.text);
    }
    let unread = check(&app, &osei.session, &second(&order, dose, "B-LIND", "ten")).await;
    assert_eq!(unread.expect(422)["pointer"], "/witness/amount");
    // Who is not at the cart is no witness: badge and PIN count where the cart's own token is.
    let body = second(&order, dose, "B-LIND", "10 mg");
    let elsewhere = Asked::post("/api/v1/witness", &body).by(&osei.session).key(&fresh());
    assert_eq!(app.send(elsewhere).await.problem(401), "sign_on_failed");
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "ask witness_required");

    check(&app, &osei.session, &second(&order, dose, "B-LIND", "10 mg")).await.expect(200);
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "ok unit_scanned");
    assert_eq!(told(&osei.scan(&package(1, "A2")).await), "ok prepared");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    let done = app.running().app.store.administrations_of_dose(dose).await.unwrap();
    assert_eq!(done[0].witness.map(|w| w.by), Some(person("Lind").id()), "{done:?}");
    assert_eq!(done[0].by, person("Osei").id());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administration_without_its_second_person_is_refused() {
    let app = TestApp::new().await;
    let (dose, _) = due(&app).await;
    app.clock.set("2026-11-02T13:10:00Z");
    let osei = app.bedside("Osei", "cart-1").await;
    let given = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:05:00-05:00"});
    assert_eq!(osei.chart(&fresh(), &given).await.problem(409), "witness_required");
    // A code alone says nothing.
    let mut alone = given.clone();
    alone["overrides"] = json!([{"code": "witness_required", "reason": "no_witness"}]);
    assert_eq!(osei.chart(&fresh(), &alone).await.problem(409), "witness_required");
    let chart = async |badge: &str| {
        let mut body = given.clone();
        body["witness"] = json!({"badge": badge, "pin": PIN, "amount": "10 mg"});
        let asked = Asked::post("/api/v1/administrations", &body).by(&osei.session);
        app.send(asked.at(&device_token()).key(&fresh())).await
    };
    assert_eq!(chart("B-OSEI").await.problem(409), "witness_invalid");
    let done = chart("B-NOVAK").await;
    assert_eq!(done.expect(201)["effective"], true);
    let done = app.running().app.store.administrations_of_dose(dose).await.unwrap();
    assert_eq!(done[0].witness.map(|w| w.by), Some(person("Novak").id()), "{done:?}");
    // Who corrects another's record has no second person by it.
    let id = done[0].id.to_string();
    let novak = app.bedside("Novak", "cart-2").await;
    let correction = json!({"outcome": "given", "mode": "past", "comment": "the time was wrong",
        "administered_at": "2026-11-02T08:06:00-05:00"});
    assert_eq!(novak.correct(&id, &fresh(), &correction).await.problem(409), "witness_required");
    app.finish().await;
}

/// What was given alone although the home wants two is recorded in the giver's words, and stays
/// nobody's secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_alone_is_recorded_with_its_reason_and_looked_at() {
    let app = TestApp::new().await;
    let (dose, _) = due(&app).await;
    app.clock.set("2026-11-02T13:10:00Z");
    let osei = app.bedside("Osei", "cart-1").await;
    let given = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:05:00-05:00", "overrides": [
            {"code": "witness_required", "reason": "no_witness", "comment": "alone at night"}]});
    osei.chart(&fresh(), &given).await.expect(201);
    let alerts =
        async || app.send(Asked::get("/api/v1/alerts").by(&osei.session)).await.expect(200);
    let open = alerts().await;
    assert_eq!(
        (&open["alerts"][0]["kind"], &open["alerts"][0]["level"]),
        (&json!("unwitnessed"), &json!(2))
    );
    let path = format!("/api/v1/alerts/{}/accept", open["alerts"][0]["id"].as_str().unwrap());
    let novak = app.bedside("Novak", "cart-2").await;
    let take = json!({"rev": open["alerts"][0]["rev"]});
    app.send(Asked::post(&path, &take).by(&novak.session)).await.expect(200);
    assert_eq!(alerts().await["alerts"], json!([]));
    app.finish_with_waiting(&["alert"]).await;
}

/// A pot's check is its giver's, at that cart: whoever charts it elsewhere has none by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_one_giver_is_no_check_of_another() {
    let app = TestApp::new().await;
    let (dose, order) = due(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    check(&app, &osei.session, &second(&order, dose, "B-NOVAK", "10 mg")).await.expect(200);
    osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&osei.scan(&package(1, "A2")).await), "ok prepared");
    let given = json!({"dose": dose, "outcome": "given"});
    for (name, cart) in [("Novak", "cart-2"), ("Lind", "cart-2")] {
        let other = app.bedside(name, cart).await;
        assert_eq!(other.chart(&fresh(), &given).await.problem(409), "witness_required", "{name}");
    }
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    app.finish().await;
}
