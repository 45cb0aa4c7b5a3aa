//! The bedside: scans, the pot, charting, corrections, and asking twice.

use crate::support::world::{package, told};
use crate::support::{Asked, TestApp};
use emar_domain::id::DoseId;
use serde_json::{Value, json};
use uuid::Uuid;

const AT_8: &str = "2026-11-02T13:00:00Z";

async fn morning(app: &TestApp) -> DoseId {
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "17.2 mg", &["08:00"]).await;
    app.dose_at(order, AT_8)
}

fn fresh() -> String {
    Uuid::now_v7().to_string()
}

async fn outcome(app: &TestApp, dose: DoseId) -> Option<String> {
    app.home().doses[&dose].outcome.as_ref().map(|o| o.outcome.code().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dose_of_two_packages_is_given_by_scans_and_taken() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "stop no_resident_open");
    assert_eq!(told(&osei.open(1).await), "ok resident_opened");
    let first = osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&first), "ok unit_scanned");
    assert_eq!(first["units"], json!({"scanned": 1, "needed": 2}));
    assert_eq!(told(&osei.scan(&package(1, "A1")).await), "stop double_scan");
    let second = osei.scan(&package(1, "A2")).await;
    assert_eq!(told(&second), "ok prepared");
    assert_eq!(second["dose"], dose.to_string());
    assert_eq!(outcome(&app, dose).await, None, "prepared is not given");
    let taken = osei.card("TAKEN").await;
    assert_eq!(told(&taken), "ok confirmed");
    let [id] = taken["administrations"].as_array().unwrap().as_slice() else { panic!("{taken}") };
    assert_eq!(outcome(&app, dose).await.as_deref(), Some("given"));
    let stored: emar_domain::id::AdministrationId = serde_json::from_value(id.clone()).unwrap();
    let stored = app.running().app.store.administration(stored).await.unwrap().unwrap();
    assert_eq!(stored.packages.len(), 2);
    assert_eq!(told(&osei.scan(&package(1, "A9")).await), "stop already_given");

    // What the list says, and the trail's proof of the receipt.
    let garza = stored.resident;
    let list = Asked::get(&format!("/api/v1/residents/{garza}/doses")).by(&osei.session);
    let list = app.send(list).await.expect(200);
    assert_eq!(list["doses"][0]["outcome"]["outcome"], "given", "{list}");
    let month = format!("/api/v1/residents/{garza}/mar?month=2026-11");
    let mar = app.send(Asked::get(&month).by(&osei.session)).await.expect(200);
    assert_eq!(mar["administrations"].as_array().unwrap().len(), 1, "{mar}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_and_partial_need_their_reason_and_amount() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    let cases = [
        (json!({"dose": dose, "outcome": "refused"}), 422, "reason_missing"),
        (json!({"dose": dose, "outcome": "refused", "reason": "REF"}), 422, "comment_missing"),
        (
            json!({"dose": dose, "outcome": "refused", "reason": "NPO", "comment": "x"}),
            422,
            "reason_unknown",
        ),
        (json!({"dose": dose, "outcome": "given"}), 409, "not_prepared"),
        (
            json!({"dose": Uuid::nil(), "outcome": "refused", "reason": "REF", "comment": "x"}),
            404,
            "not_found",
        ),
        (json!({"outcome": "refused", "reason": "REF", "comment": "x"}), 422, "dose_missing"),
    ];
    for (body, status, code) in cases {
        assert_eq!(osei.chart(&fresh(), &body).await.problem(status), code, "{body}");
    }
    assert_eq!(outcome(&app, dose).await, None, "nothing half done");
    let body = json!({"dose": dose, "outcome": "refused", "reason": "REF",
        "comment": "spat it out", "cart": "cart-1"});
    let refused = osei.chart(&fresh(), &body).await.expect(201);
    assert_eq!((&refused["outcome"], &refused["effective"]), (&json!("refused"), &json!(true)));
    // Offered again inside its window, part of it is taken.
    osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&osei.scan(&package(1, "A2")).await), "ok prepared");
    let part = json!({"dose": dose, "outcome": "partial", "reason": "PARTIAL",
        "comment": "one tablet", "cart": "cart-1"});
    assert_eq!(osei.chart(&fresh(), &part).await.problem(422), "amount_missing");
    let mut part = part;
    part["units"] = json!("8.6 mg");
    osei.chart(&fresh(), &part).await.expect(201);
    assert_eq!(outcome(&app, dose).await.as_deref(), Some("partial"));
    app.finish().await;
}

async fn give(app: &TestApp, name: &str, cart: &'static str) -> Value {
    let nurse = app.bedside(name, cart).await;
    nurse.open(1).await;
    nurse.scan(&package(1, "A1")).await;
    nurse.scan(&package(1, "A2")).await;
    nurse.card("TAKEN").await["administrations"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_claim_about_the_past_is_kept_and_raises_the_alarm() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    give(&app, "Osei", "cart-1").await;
    app.clock.set("2026-11-02T13:10:00Z");
    let lind = app.bedside("Lind", "cart-2").await;
    let now = json!({"dose": dose, "outcome": "given"});
    let refused = lind.chart(&fresh(), &now).await;
    assert_eq!(refused.problem(409), "already_given");
    let params = &refused.json()["objections"][0]["params"];
    assert_eq!(params["by"], crate::support::world::person("Osei").id().to_string(), "{params}");
    assert!(params.get("given_at").is_some(), "{params}");

    let past = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:05:00-05:00"});
    let kept = lind.chart(&fresh(), &past).await.expect(201);
    assert_eq!(kept["effective"], false);
    let open = app.send(Asked::get("/api/v1/alerts").by(&lind.session)).await.expect(200);
    let kinds: Vec<&Value> =
        open["alerts"].as_array().unwrap().iter().map(|a| &a["kind"]).collect();
    assert_eq!(kinds, [&json!("possible_double_dose")]);
    let ahead = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:11:00-05:00"});
    assert_eq!(lind.chart(&fresh(), &ahead).await.problem(422), "time_in_future");
    app.finish_with_waiting(&["alert"]).await;
}

/// What was taken from the pot of one cart and was charted from another too: both claims are kept,
/// the first in effect, and a person must look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pot_whose_dose_was_charted_elsewhere_is_a_second_claim() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    osei.scan(&package(1, "A1")).await;
    assert_eq!(told(&osei.scan(&package(1, "A2")).await), "ok prepared");
    let lind = app.bedside("Lind", "cart-2").await;
    lind.open(1).await;
    let second = lind.scan(&package(1, "B1")).await;
    assert_eq!(told(&second), "stop double_scan");
    let all = second["objections"].as_array().unwrap();
    let stop = all.iter().find(|o| o["code"] == "double_scan").unwrap();
    let detail = stop["text"].as_str().unwrap();
    assert!(detail.contains("Osei") && detail.contains("08:00"), "{detail}");
    app.clock.set("2026-11-02T13:10:00Z");
    let past = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:05:00-05:00"});
    assert_eq!(lind.chart(&fresh(), &past).await.expect(201)["effective"], true);
    let taken = osei.card("TAKEN").await;
    assert_eq!(told(&taken), "stop confirmed possible_double_dose");
    assert_eq!(taken["administrations"].as_array().unwrap().len(), 1, "{taken}");
    let detail = taken["objections"][0]["text"].as_str().unwrap();
    assert!(detail.contains("Lind") && detail.contains("08:05"), "{detail}");
    let all = app.running().app.store.administrations_of_dose(dose).await.unwrap();
    let effective: Vec<bool> = all.iter().map(|a| a.effective).collect();
    assert_eq!(effective, [true, false], "{all:?}");
    let open = app.send(Asked::get("/api/v1/alerts").by(&lind.session)).await.expect(200);
    assert_eq!(open["alerts"][0]["kind"], "possible_double_dose", "{open}");
    assert_eq!(told(&osei.card("UNDO").await), "ok", "nothing is left in the pot");
    // A second double claim of the day is one more revision of the same alert.
    let again = json!({"dose": dose, "outcome": "given", "mode": "past",
        "administered_at": "2026-11-02T08:06:00-05:00"});
    assert_eq!(lind.chart(&fresh(), &again).await.expect(201)["effective"], false);
    let open = app.send(Asked::get("/api/v1/alerts").by(&lind.session)).await.expect(200);
    assert_eq!(
        (open["alerts"].as_array().unwrap().len(), &open["alerts"][0]["rev"]),
        (1, &json!(2))
    );
    app.finish_with_waiting(&["alert"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_append_and_only_some_roles_correct_anothers() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let id = give(&app, "Osei", "cart-1").await;
    let id = id.as_str().unwrap();
    let body = json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "wrong key"});
    let lind = app.bedside("Lind", "cart-2").await;
    assert_eq!(lind.correct(id, &fresh(), &body).await.problem(403), "role_cannot_chart");
    assert_eq!(outcome(&app, dose).await.as_deref(), Some("given"));
    let osei = app.bedside("Osei", "cart-1").await;
    let own = osei.correct(id, &fresh(), &body).await.expect(201);
    assert_eq!(outcome(&app, dose).await.as_deref(), Some("refused"));
    let charge = app.bedside("Novak", "cart-2").await;
    let given = json!({"dose": dose, "outcome": "given", "comment": "it was taken after all",
        "mode": "past", "administered_at": AT_8});
    charge.correct(own["administration"].as_str().unwrap(), &fresh(), &given).await.expect(201);
    assert_eq!(outcome(&app, dose).await.as_deref(), Some("given"));
    let all = app.running().app.store.administrations_of_dose(dose).await.unwrap();
    let points: Vec<bool> = all.iter().map(|a| a.corrects.is_some()).collect();
    assert_eq!(points, [false, true, true], "nothing is overwritten");
    let missing = osei.correct(&Uuid::nil().to_string(), &fresh(), &body).await;
    assert_eq!(missing.problem(404), "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_request_gets_the_first_answer_and_writes_nothing() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    let key = fresh();
    let body = json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "no"});
    let first = osei.chart(&key, &body).await.expect(201);
    let size = app.version();
    app.clock.set("2026-11-02T13:20:00Z");
    let again = osei.chart(&key, &body).await.expect(201);
    assert_eq!(again, first);
    assert_eq!(app.version(), size, "a repetition writes nothing");
    let other = json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "yes"});
    assert_eq!(osei.chart(&key, &other).await.problem(409), "key_reused");
    let lind = app.bedside("Lind", "cart-2").await;
    assert_eq!(lind.chart(&key, &body).await.problem(409), "key_reused");
    let reply = app
        .send(
            Asked::post(
                "/api/v1/administrations",
                &json!({"dose": dose, "outcome": "refused",
            "reason": "REF", "comment": "no", "mode": "now"}),
            )
            .by(&osei.session),
        )
        .await;
    assert_eq!(reply.problem(400), "key_missing");
    // A refusal is an answer too, and is repeated as it was.
    let key = fresh();
    let body = json!({"dose": dose, "outcome": "given"});
    let first = osei.chart(&key, &body).await;
    assert_eq!(first.problem(409), "not_prepared");
    assert_eq!(osei.chart(&key, &body).await.text, first.text);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_the_dose_or_the_record_is_pointed_at() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    let past = json!({"mode": "past", "administered_at": AT_8});
    let with = |more: Value| {
        let mut body = past.clone();
        body["dose"] = json!(dose);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let part = |units: &str| {
        with(json!({"outcome": "partial", "reason": "PARTIAL", "comment": "x", "units": units}))
    };
    let cases = [
        (with(json!({"outcome": "given", "units": "8.6 mg"})), "amount_unfit", "/units"),
        (with(json!({"outcome": "given", "units": "2 mL"})), "amount_unfit", "/units"),
        (part("17.2 mg"), "amount_unfit", "/units"),
        (part("1 g"), "amount_unfit", "/units"),
        (part("1 puff"), "amount_unfit", "/units"),
        (with(json!({"outcome": "given", "mode": "now"})), "malformed", "/administered_at"),
        (
            with(json!({"outcome": "given", "administered_at": "2020-01-01T00:00:00Z"})),
            "time_before_start",
            "/administered_at",
        ),
    ];
    for (body, code, pointer) in cases {
        let reply = osei.chart(&fresh(), &body).await;
        assert_eq!(reply.problem(422), code, "{body}");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    assert_eq!(outcome(&app, dose).await, None, "nothing half done");
    let given = with(json!({"outcome": "given", "units": "17.2 mg"}));
    let given = osei.chart(&fresh(), &given).await.expect(201);

    // A correction stays with the dose of its record.
    let other = app.home().doses.keys().copied().find(|d| *d != dose).unwrap();
    let id = given["administration"].as_str().unwrap();
    let body = json!({"dose": other, "outcome": "refused", "reason": "REF", "comment": "x"});
    let moved = osei.correct(id, &fresh(), &body).await;
    assert_eq!(moved.problem(422), "malformed");
    assert_eq!(moved.json()["pointer"], "/dose");
    assert_eq!(outcome(&app, other).await, None);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stands_for_the_overrides_too() {
    let app = TestApp::new().await;
    let dose = morning(&app).await;
    let osei = app.bedside("Osei", "cart-1").await;
    let key = fresh();
    let body = |reason: &str| {
        json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "no",
            "overrides": [{"code": "dose_late", "reason": reason}]})
    };
    let first = osei.chart(&key, &body("meal")).await.expect(201);
    assert_eq!(osei.chart(&key, &body("meal")).await.expect(201), first);
    assert_eq!(osei.chart(&key, &body("asleep")).await.problem(409), "key_reused");
    app.finish().await;
}
