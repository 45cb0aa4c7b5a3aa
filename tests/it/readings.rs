//! Readings over HTTP: taken once, shared by the orders that ask for them, and judged by the server
//! when a dose is scanned and when it is charted.

use crate::support::world::{Bedside, package, person, told};
use crate::support::{Asked, Reply, TestApp, Wanted};
use emar_domain::amount::{Amount, Unit};
use emar_domain::condition::Conditions;
use emar_domain::decide::{Command, OrderCommand};
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{OrderVersion, OrderedDrug};
use serde_json::{Value, json};
use uuid::Uuid;

async fn measure(
    app: &TestApp,
    by: &Bedside<'_>,
    who: ResidentId,
    key: &str,
    body: &Value,
) -> Reply {
    let path = format!("/api/v1/residents/{who}/readings");
    app.send(Asked::post(&path, body).by(&by.session).key(key)).await
}

fn fresh() -> String {
    Uuid::now_v7().to_string()
}

fn readings(all: &[(&str, &str)]) -> Value {
    let one = |(code, value): &(&str, &str)| json!({"code": code, "value": value});
    json!({"readings": all.iter().map(one).collect::<Vec<_>>()})
}

/// An order with these conditions, noted, verified and planned.
async fn in_force(app: &TestApp, version: OrderVersion, conditions: Value) -> OrderId {
    let conditions: Conditions = serde_json::from_value(conditions).unwrap();
    let (id, version) = (version.order, OrderVersion { conditions, ..version });
    app.ask(Command::Order(OrderCommand::Receive(Box::new(version)))).await;
    app.ask_as(person("Novak"), Command::Order(OrderCommand::Note(id, Vec::new()))).await;
    app.ask_as(person("Osei"), Command::Order(OrderCommand::Verify(id))).await;
    app.ask(Command::Plan(vec![id])).await;
    id
}

fn gate(code: &str, op: &str, value: i64) -> Value {
    let rule = json!({"code": code, "op": op, "nano": value * 1_000_000_000});
    json!({"gate": {"max_age_minutes": 60, "hold_if_any": [rule]}})
}

async fn once_for_all(postgres: bool) {
    let mut app = TestApp::with(Wanted { postgres, ..Wanted::default() }).await;
    app.product(1, "metoprolol", "25 mg").await;
    app.product(2, "lisinopril", "10 mg").await;
    let garza = app.resident(1, "Garza").await;
    let metoprolol = app.order_version(garza, "metoprolol", "25 mg", &["08:00"]);
    let metoprolol = in_force(&app, metoprolol, gate("sbp", "<", 100)).await;
    let lisinopril = app.order_version(garza, "lisinopril", "10 mg", &["08:00"]);
    in_force(&app, lisinopril, gate("sbp", "<", 95)).await;
    let due = app.dose_when_planned(metoprolol, "2026-11-02T13:00:00Z").await;
    {
        let osei = app.bedside("Osei", "cart-1").await;
        osei.open(1).await;
        let stopped = osei.scan(&package(1, "A1")).await;
        assert_eq!(told(&stopped), "stop reading_missing");
        let said = stopped["objections"][0]["text"].as_str().unwrap();
        assert!(said.contains("systolic pressure"), "{said}");

        let key = fresh();
        let pressure = json!({"readings": [{"code": "sbp", "value": "128"},
            {"code": "dbp", "value": "74"}], "cart": "cart-1"});
        let done = measure(&app, &osei, garza, &key, &pressure).await.expect(201);
        assert_eq!(done["readings"][0]["value"], "128", "{done}");
        assert_eq!(done["readings"][1]["unit"], "mmHg", "{done}");
        let version = app.version();
        let again = measure(&app, &osei, garza, &key, &pressure).await.expect(201);
        assert_eq!((&again["readings"], app.version()), (&done["readings"], version));
        let other = readings(&[("sbp", "98")]);
        let reused = measure(&app, &osei, garza, &key, &other).await;
        assert_eq!(reused.problem(409), "key_reused");
    }
    // A server that starts again knows what was measured.
    app.restart().await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "ok prepared");
    assert_eq!(told(&osei.scan(&package(2, "B1")).await), "ok prepared");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    let all = app.running().app.store.administrations_of_dose(due).await.unwrap();
    let path = format!("/api/v1/residents/{garza}/readings");
    let listed = app.send(Asked::get(&path).by(&osei.session)).await.expect(200);
    let listed = listed["readings"].as_array().unwrap();
    assert_eq!(listed.iter().map(|r| &r["code"]).collect::<Vec<_>>(), ["sbp", "dbp"]);
    assert_eq!(json!(all[0].readings), json!([listed[0]["id"]]), "the dose rests on the systolic");
    let trail = app.trail_tells().await;
    let leaf = trail.iter().find(|l| l["object"]["id"] == listed[0]["id"]).unwrap();
    assert_eq!(
        (&leaf["object"]["kind"], &leaf["after"]["shown"]),
        (&json!("reading"), &json!("128"))
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reading_serves_every_order_of_the_pass() {
    once_for_all(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reading_serves_every_order_on_postgresql() {
    once_for_all(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_reading_holds_until_the_prescriber_was_asked() {
    let app = TestApp::new().await;
    app.product(1, "metoprolol", "25 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order_version(garza, "metoprolol", "25 mg", &["08:00"]);
    let order = in_force(&app, order, gate("sbp", "<", 100)).await;
    let due = app.dose_when_planned(order, "2026-11-02T13:00:00Z").await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    measure(&app, &osei, garza, &fresh(), &readings(&[("sbp", "98")])).await.expect(201);
    let stopped = osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&stopped), "stop hold_parameter_failed");
    let said = stopped["objections"][0]["text"].as_str().unwrap();
    assert!(said.contains("98") && said.contains("Hold below 100"), "{said}");
    let scan = |over: Value| {
        let body = json!({"scan_id": fresh(), "cart": "cart-1", "raw": package(1, "A1"),
            "source": "wedge", "overrides": [over]});
        let app = &app;
        let session = osei.session.clone();
        async move { app.send(Asked::post("/api/v1/scans", &body).by(&session)).await }
    };
    let code = "hold_parameter_failed";
    for contact in [json!(null), json!(" ")] {
        let over = json!({"code": code, "reason": "prescriber", "contact": contact});
        let again = scan(over).await.expect(200);
        assert_eq!(told(&again), "stop hold_parameter_failed", "{contact}");
    }
    let long = json!({"code": code, "reason": "prescriber", "contact": "x".repeat(1001)});
    assert_eq!(scan(long).await.problem(422), "malformed");
    let asked = json!({"code": code, "reason": "prescriber", "contact": "Dr Shah 08:02: give"});
    assert_eq!(told(&scan(asked).await.expect(200)), "ok prepared");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    let all = app.running().app.store.administrations_of_dose(due).await.unwrap();
    assert_eq!(all[0].overrides[0].contact.as_deref(), Some("Dr Shah 08:02: give"));
    assert_eq!(all[0].readings.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_by_scale_follow_from_the_glucose() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    app.product(1, "insulin lispro", "100 units/mL").await;
    let units = |n: i32| Amount::whole(n, Unit::Units);
    let version = app.order_version(garza, "insulin lispro", "8 units", &["08:00"]);
    let row = |lo: Option<u32>, hi: Option<u32>, answer: Value| json!({"span": {"lo": lo, "hi": hi}, "answer": answer});
    let rows = json!([
        row(None, Some(149), json!({"units": units(0)})),
        row(Some(150), Some(199), json!({"units": units(2)})),
        row(Some(200), Some(399), json!({"units": units(8)})),
        row(Some(400), None, json!({"action": "call_prescriber"})),
    ]);
    let drug = OrderedDrug { name: "insulin lispro".into(), ..version.drug.clone() };
    let version = OrderVersion { drug, ..version };
    let order = in_force(&app, version, json!({"scale": {"unit": "mg/dL", "rows": rows}})).await;
    let due = app.dose_when_planned(order, "2026-11-02T13:00:00Z").await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    let amount = || async {
        let path = format!("/api/v1/residents/{garza}/doses");
        let list = app.send(Asked::get(&path).by(&osei.session)).await.expect(200);
        let all = list["doses"].as_array().unwrap().clone();
        all.iter().find(|d| d["id"] == json!(due)).unwrap()["amount"].clone()
    };
    assert_eq!(amount().await, json!(null));
    let high = readings(&[("glucose", "HI")]);
    measure(&app, &osei, garza, &fresh(), &high).await.expect(201);
    let stopped = osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&stopped), "stop scale_action");
    let said = stopped["objections"][0]["text"].as_str().unwrap();
    assert!(said.contains("HI") && said.contains("call the prescriber"), "{said}");
    measure(&app, &osei, garza, &fresh(), &readings(&[("glucose", "182")])).await.expect(201);
    assert_eq!(amount().await, json!("2\u{a0}units"));
    let prepared = osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&prepared), "ok prepared");
    assert!(prepared["detail"].as_str().unwrap().contains("2\u{a0}units"), "{prepared}");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    let all = app.running().app.store.administrations_of_dose(due).await.unwrap();
    assert_eq!(all[0].amount, Some(units(2)));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_reading_is_refused_in_words() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let osei = app.bedside("Osei", "cart-1").await;
    for (all, code, words) in [
        (readings(&[]), "readings_missing", "no value"),
        (readings(&[("sbp", "1280")]), "reading_unfit", "systolic pressure goes from 30 to 320"),
        (readings(&[("hr", "HI")]), "reading_unfit", "only a glucose meter"),
        (readings(&[("height", "170")]), "reading_unknown", "no reading that is kept"),
        (readings(&[("sbp", "128"), ("sbp", "118")]), "reading_twice", "systolic pressure"),
        (readings(&[("sbp", "74"), ("dbp", "128")]), "pressure_reversed", "systolic"),
    ] {
        let refused = measure(&app, &osei, garza, &fresh(), &all).await;
        assert_eq!(refused.problem(422), code);
        assert_eq!(refused.json()["pointer"], "/readings");
        assert!(refused.json()["detail"].as_str().unwrap().contains(words), "{}", refused.text);
    }
    let at = |text: &str| {
        let mut body = readings(&[("sbp", "128")]);
        body["at"] = json!(text);
        body
    };
    for (when, code) in
        [("2026-11-09T08:00:00Z", "reading_in_future"), ("2026-10-30T08:00:00Z", "reading_too_old")]
    {
        let refused = measure(&app, &osei, garza, &fresh(), &at(when)).await;
        assert_eq!(refused.problem(422), code);
        assert_eq!(refused.json()["pointer"], "/at");
    }
    assert!(app.home().readings.is_empty());
    let nobody = ResidentId(Uuid::from_u128(7));
    let refused = measure(&app, &osei, nobody, &fresh(), &readings(&[("sbp", "128")])).await;
    assert_eq!(refused.status, 404);
    app.finish().await;
}
