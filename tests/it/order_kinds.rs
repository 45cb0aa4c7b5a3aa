//! Orders of every kind over HTTP: on call, continuous, put on and taken off, with hold parameters,
//! scales and self-administration; and what cannot be an order, told with its place.

use crate::support::world::{package, person, told};
use crate::support::{Asked, TestApp};
use emar_domain::dose::Withdrawal;
use emar_domain::id::{OrderId, ResidentId};
use serde_json::{Value, json};
use uuid::Uuid;

struct Desk {
    app: TestApp,
    garza: ResidentId,
    novak: String,
}

impl Desk {
    async fn new() -> Self {
        let app = TestApp::new().await;
        app.product(1, "senna", "8.6 mg").await;
        let garza = app.resident(1, "Garza").await;
        let novak = app.sign_on(person("Novak"), "station-east").await;
        Self { app, garza, novak }
    }

    fn body(&self, times: &[&str]) -> Value {
        serde_json::to_value(self.app.order_version(self.garza, "senna", "8.6 mg", times)).unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> crate::support::Reply {
        self.app.send(Asked::post(path, body).by(&self.novak)).await
    }

    /// Enters the order, notes it, and has a second person verify it.
    async fn in_force(&self, body: &Value) -> OrderId {
        let entered = self.post("/api/v1/orders", body).await.expect(201);
        let id: OrderId = entered["order"].as_str().unwrap().parse().unwrap();
        let note = json!({"overrides": []});
        self.post(&format!("/api/v1/orders/{id}/note"), &note).await.expect(200);
        let osei = self.app.sign_on(person("Osei"), "station-east").await;
        let verify = Asked::post(&format!("/api/v1/orders/{id}/verify"), &json!({})).by(&osei);
        self.app.send(verify).await.expect(200);
        id
    }

    async fn list(&self) -> Value {
        let path = format!("/api/v1/residents/{}/doses", self.garza);
        self.app.send(Asked::get(&path).by(&self.novak)).await.expect(200)
    }

    async fn told_of(&self, id: OrderId) -> Value {
        let all = self.app.send(Asked::get("/api/v1/orders").by(&self.novak)).await.expect(200);
        let rows = all["orders"].as_array().unwrap();
        rows.iter().find(|o| o["id"] == json!(id)).unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_on_call_is_listed_and_ends_by_its_own_rule() {
    let desk = Desk::new().await;
    let mut body = desk.body(&["08:00"]);
    body["timing"] = json!({"when": "on_call", "repeat": true});
    let endless = desk.post("/api/v1/orders", &body).await;
    assert_eq!(endless.problem(422), "malformed");
    assert_eq!(endless.json()["pointer"], "/stop", "{}", endless.text);
    body["timing"] = json!({"when": "on_call"});
    let id = desk.in_force(&body).await;
    let list = desk.list().await;
    let why =
        &list["not_due"].as_array().unwrap().iter().find(|o| o["order"] == json!(id)).unwrap();
    assert_eq!(why["why"], "on_call", "{list}");
    let osei = desk.app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "ok prepared");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    assert_eq!(desk.told_of(id).await["state"], "completed");
    assert_eq!(told(&osei.scan(&package(1, "A2")).await), "stop order_completed");
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_on_is_taken_off_without_a_scan() {
    let desk = Desk::new().await;
    let mut body = desk.body(&["08:00"]);
    let at = |time: &str| json!({"kind": "clock", "times": [time]});
    body["timing"] = json!({"when": "pair", "apply": at("08:30"), "remove": at("08:30")});
    let twice = json!({"kind": "clock", "times": ["08:30", "09:30"]});
    let mut unlinked = body.clone();
    unlinked["timing"]["apply"] = twice;
    let refused = desk.post("/api/v1/orders", &unlinked).await;
    assert_eq!(refused.problem(422), "malformed");
    assert_eq!(refused.json()["pointer"], "/timing/remove", "{}", refused.text);
    body["timing"]["remove"] = at("09:00");
    let id = desk.in_force(&body).await;
    let on = desk.app.dose_when_planned(id, "2026-11-02T13:30:00Z").await;
    let off = desk.app.dose_when_planned(id, "2026-11-02T14:00:00Z").await;
    assert_eq!(desk.app.home().doses[&off].withdrawn, Some(Withdrawal::NotApplied));
    let osei = desk.app.bedside("Osei", "cart-1").await;
    let removed = json!({"dose": off, "outcome": "removed"});
    let fresh = || Uuid::now_v7().to_string();
    let early = osei.chart(&fresh(), &removed).await;
    assert_eq!(early.problem(409), "nothing_on");
    osei.open(1).await;
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "ok prepared");
    assert_eq!(told(&osei.card("TAKEN").await), "ok confirmed");
    assert!(desk.app.home().doses[&on].outcome.is_some());
    let list = desk.list().await;
    let row = |id| list["doses"].as_array().unwrap().iter().find(|d| d["id"] == json!(id)).unwrap();
    assert_eq!((&row(on)["act"], &row(off)["act"]), (&json!("give"), &json!("remove")));
    let given = osei.chart(&fresh(), &json!({"dose": off, "outcome": "given"})).await;
    assert_eq!(given.problem(409), "removal_only");
    let done = osei.chart(&fresh(), &removed).await.expect(201);
    assert_eq!(done["outcome"], "removed");
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold_parameters_are_read_back_and_stop_a_dose_without_a_reading() {
    let desk = Desk::new().await;
    let mut body = desk.body(&["08:30"]);
    let rule =
        |op: &str, value: i64| json!({"code": "sbp", "op": op, "nano": value * 1_000_000_000});
    body["conditions"] = json!({"gate": {"max_age_minutes": 60, "hold_if_any": [rule("<", 100)]}});
    let preview = desk.post("/api/v1/orders/preview", &body).await.expect(200);
    let said = "Hold when systolic pressure is below 100. Each reading may be at most 60 minutes \
                old. With systolic pressure 100: give. With systolic pressure 99: hold.";
    assert_eq!(preview["read_back"]["gate"], said);
    let id = desk.in_force(&body).await;
    assert_eq!(desk.told_of(id).await["read_back"]["gate"], said);
    desk.app.dose_when_planned(id, "2026-11-02T13:30:00Z").await;
    let osei = desk.app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "stop reading_missing");

    let rows = |rules: Value| json!({"gate": {"max_age_minutes": 60, "hold_if_any": rules}});
    let unknown = json!([{"code": "<b>", "op": "<", "nano": 1}]);
    for (conditions, pointer, words) in [
        (rows(json!([rule("<", 100), rule(">=", 100)])), "/conditions/gate", "reversed"),
        (rows(json!([])), "/conditions/gate", "name at least one"),
        (rows(unknown), "/conditions/gate", "hr_apical"),
    ] {
        body["conditions"] = conditions;
        let refused = desk.post("/api/v1/orders", &body).await;
        assert_eq!(refused.problem(422), "malformed");
        let said = refused.json();
        assert_eq!(said["pointer"], pointer, "{}", refused.text);
        assert!(said["detail"].as_str().unwrap().contains(words), "{}", refused.text);
        assert!(!refused.text.contains("<b>"), "{}", refused.text);
    }
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scale_names_the_two_rows_that_do_not_fit() {
    let desk = Desk::new().await;
    let mut body = desk.body(&["08:30"]);
    let row = |lo: Option<u32>, hi: Option<u32>, units: i64| {
        let units = json!({"nano": units * 1_000_000_000, "unit": "units"});
        json!({"span": {"lo": lo, "hi": hi}, "answer": {"units": units}})
    };
    let scale = |second: Value| {
        let rows = [row(None, Some(149), 0), second];
        json!({"scale": {"unit": "mg/dL", "rows": rows}})
    };
    for (second, rows) in [
        (row(Some(151), None, 2), ["149 and below", "151 and above"]),
        (row(Some(140), None, 2), ["149 and below", "140 and above"]),
        (row(Some(200), Some(150), 2), ["200 to 150", "lower number first"]),
    ] {
        body["conditions"] = scale(second);
        let refused = desk.post("/api/v1/orders", &body).await;
        assert_eq!(refused.problem(422), "malformed");
        let said = refused.json();
        assert_eq!(said["pointer"], "/conditions/scale", "{}", refused.text);
        let detail = said["detail"].as_str().unwrap();
        assert!(rows.iter().all(|row| detail.contains(row)), "{detail}");
    }
    let call = json!({"span": {"lo": 400, "hi": null}, "answer": {"action": "call_prescriber"}});
    let rows = json!([row(None, Some(149), 0), row(Some(150), Some(399), 2), call]);
    body["conditions"] = json!({"scale": {"unit": "mg/dL", "rows": rows}});
    let told = desk.post("/api/v1/orders/preview", &body).await.expect(200);
    let text = told["read_back"]["scale"].as_str().unwrap().replace('\u{a0}', " ");
    assert!(text.contains("150 to 399: 2 units; 400 and above: call prescriber"), "{text}");
    assert_eq!(text.matches("With ").count(), 2, "two worked examples: {text}");
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_self_managed_order_is_listed_off_the_pass() {
    let desk = Desk::new().await;
    let mut body = desk.body(&["08:30"]);
    body["conditions"] = json!({"self_administration": "self_managed"});
    let id = desk.in_force(&body).await;
    let dose = desk.app.dose_when_planned(id, "2026-11-02T13:30:00Z").await;
    assert_eq!(desk.app.home().doses[&dose].withdrawn, Some(Withdrawal::SelfManaged));
    let list = desk.list().await;
    assert_eq!(list["doses"], json!([]), "{list}");
    assert_eq!(list["not_due"][0]["why"], "self_managed", "{list}");
    desk.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let mut good = desk.body(&["08:30"]);
    good["frequency"] = json!("DAILY");
    let cases = [
        ("/stop", json!(0), "/stop"),
        ("/dose", json!({"nano": 0, "unit": "mg"}), "/dose/nano"),
        ("/dose", json!({"nano": 1, "unit": "stone"}), "/dose/unit"),
        ("/frequency", json!("BID"), "/timing/schedule/times"),
        ("/frequency", json!("Q8H"), "/timing/schedule/times"),
        ("/frequency", json!("CONT"), "/frequency"),
        ("/frequency", json!("SOMETIMES"), "/frequency"),
        ("/drug/route", json!("by ear trumpet"), "/drug/route"),
        ("/before_minutes", json!(61), "/before_minutes"),
        ("/after_minutes", json!(90), "/after_minutes"),
        (
            "/conditions",
            json!({"covert": {"legal_reference": "x"}}),
            "/conditions/covert/review_on",
        ),
        (
            "/conditions",
            json!({"covert": {"legal_reference": " ", "review_on": "2026-12-01"}}),
            "/conditions/covert/legal_reference",
        ),
        ("/conditions", json!({"acknowledge": true}), "/conditions/acknowledge"),
        (
            "/conditions",
            json!({"hours": [{"time": "07:00", "tie": "bedtime"}]}),
            "/conditions/hours",
        ),
        ("/conditions", json!({"gates": 1}), "/conditions"),
        ("/gate", json!({"max_age_minutes": 60}), ""),
    ];
    for (at, put, pointer) in cases {
        let mut body = good.clone();
        let (parent, key) = at.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[key] = put;
        let refused = desk.post("/api/v1/orders", &body).await;
        assert_eq!(refused.problem(422), "malformed", "{at}");
        assert_eq!(refused.json()["pointer"], pointer, "{}", refused.text);
    }
    // What the page finds, the plain door finds as well.
    let mut reacts = desk.app.home().residents[&desk.garza].clone();
    reacts.allergies = serde_json::from_value(json!([
        {"ingredient": "senna", "reaction": "rash", "covers": []}
    ]))
    .unwrap();
    desk.app.ask(emar_domain::decide::Command::Resident(Box::new(reacts))).await;
    let refused = desk.post("/api/v1/orders", &good).await;
    assert_eq!(refused.problem(409), "order_findings");
    assert_eq!(refused.json()["objections"][0]["code"], "allergy_match", "{}", refused.text);
    assert_eq!(refused.json()["pointer"], "/allergy_override", "{}", refused.text);
    good["allergy_override"] = json!("tolerated since May");
    good["drug"]["strength"] = json!({"amount": {"nano": 4_000_000_000_i64, "unit": "mg"}});
    let refused = desk.post("/api/v1/orders", &good).await;
    assert_eq!(refused.problem(409), "order_findings");
    assert_eq!(refused.json()["objections"][0]["code"], "dose_unfit", "{}", refused.text);
    assert_eq!(refused.json()["pointer"], "/dose", "{}", refused.text);
    desk.app.finish().await;
}

/// A weekly drug planned every day, and a taper whose second step is ten times the dose.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_entered_by_machine_is_checked_like_what_is_typed() {
    let desk = Desk::new().await;
    let good = desk.body(&["08:30"]);
    let taper = |dose: &str| {
        json!({"kind": "clock", "times": ["08:30"], "anchor_date": "2026-11-02",
            "steps": [{"dose": "8.6 mg", "days": 3}, {"dose": dose, "days": 3}]})
    };
    let interval = json!({"kind": "interval", "minutes": 60, "anchor": "2026-11-02T13:30:00Z"});
    for (frequency, schedule, pointer) in [
        ("WEEKLY", good["timing"]["schedule"].clone(), "/timing/schedule/dow"),
        ("QOD", good["timing"]["schedule"].clone(), "/timing/schedule/every_days"),
        ("DAILY", interval, "/frequency"),
        ("", taper("4 tablets"), "/timing/schedule/steps"),
    ] {
        let mut body = good.clone();
        body["frequency"] = json!(frequency);
        body["timing"]["schedule"] = schedule;
        let refused = desk.post("/api/v1/orders", &body).await;
        assert_eq!(refused.problem(422), "malformed", "{frequency}");
        assert_eq!(refused.json()["pointer"], pointer, "{}", refused.text);
    }
    let mut body = good.clone();
    body["drug"]["strength"] = json!({"amount": {"nano": 8_600_000_000_i64, "unit": "mg"}});
    body["timing"]["schedule"] = taper("860 mg");
    let refused = desk.post("/api/v1/orders", &body).await;
    assert_eq!(refused.problem(409), "order_findings");
    assert_eq!(refused.json()["objections"][0]["code"], "dose_unusual", "{}", refused.text);
    let mut body = good.clone();
    body["dose"] = json!({"nano": 500_000_000_000_i64, "unit": "mL"});
    body["dose_text"] = json!("500 mL");
    let asked = desk.post("/api/v1/orders", &body).await;
    assert_eq!(asked.problem(409), "order_findings");
    assert_eq!(asked.json()["objections"][0]["code"], "dose_high", "{}", asked.text);
    assert_eq!(asked.json()["pointer"], "/dose", "{}", asked.text);
    body["accepted"] = json!([{"code": "dose_high", "reason": "prescriber"}]);
    desk.post("/api/v1/orders", &body).await.expect(201);
    for (pointer, put) in [("/drug/ingredient", "Senna"), ("/drug/form", "Tablet")] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = json!(put);
        let refused = desk.post("/api/v1/orders", &body).await;
        assert_eq!(refused.problem(422), "malformed", "{put}");
        assert_eq!(refused.json()["pointer"], pointer, "{}", refused.text);
    }
    desk.app.finish().await;
}

/// Model, section 1: what is time critical is the home's word; a sender may add to it alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_time_critical_follows_the_homes_policy() {
    let desk = Desk::new().await;
    desk.app.change_policy(&[("[windows]", "[windows]\ntime_critical = [\"insulin\"]")]);
    let listed = |home: &emar_domain::home::Home| {
        (!home.policy.windows.time_critical.is_empty()).then_some(())
    };
    desk.app.until("the policy is in force", listed).await;
    desk.app.product(2, "insulin glargine", "100 units/mL").await;
    let version = desk.app.order_version(desk.garza, "insulin glargine", "10 units", &["08:30"]);
    let mut body = serde_json::to_value(version).unwrap();
    let wide = desk.post("/api/v1/orders", &body).await;
    assert_eq!(wide.problem(422), "malformed");
    assert_eq!(wide.json()["pointer"], "/before_minutes", "{}", wide.text);
    body["before_minutes"] = json!(30);
    body["after_minutes"] = json!(30);
    body["time_critical"] = json!(false);
    let id = desk.in_force(&body).await;
    let stored = |desk: &Desk| desk.app.home().orders[&id].current.clone();
    assert!(stored(&desk).time_critical, "as the home says");
    let version = emar_domain::order::OrderVersion {
        version: 2,
        time_critical: false,
        instructions: "left arm".into(),
        ..stored(&desk)
    };
    let change = json!({"kind": "new_version", "reason": "site", "order": version});
    desk.post(&format!("/api/v1/orders/{id}/versions"), &change).await.expect(200);
    assert_eq!(stored(&desk).version, 2);
    assert!(stored(&desk).time_critical, "a change does not take it away");
    let mut senna = desk.body(&["08:30"]);
    senna["time_critical"] = json!(true);
    (senna["before_minutes"], senna["after_minutes"]) = (json!(30), json!(30));
    let id = desk.in_force(&senna).await;
    assert!(desk.app.home().orders[&id].current.time_critical, "added");
    desk.app.finish().await;
}
