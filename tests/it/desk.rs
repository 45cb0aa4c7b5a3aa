//! The desk's pages: the MAR of a month with the history of its cells, and orders.

use crate::support::world::{of_role, package, person};
use crate::support::{Asked, TestApp};
use emar_domain::decide::Command;
use emar_domain::id::{ResidentId, Slug};
use emar_domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

fn page(resident: ResidentId, month: &str) -> String {
    format!("/residents/{resident}/mar?month={month}")
}

/// Garza with senna at 08:00, in the pot twice and refused, corrected to given.
async fn morning(app: &TestApp) -> (ResidentId, String) {
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    let dose = app.dose_at(order, "2026-11-02T13:00:00Z");
    let osei = app.bedside("Osei", "cart-1").await;
    osei.open(1).await;
    osei.scan(&package(1, "A1")).await;
    osei.card("UNDO").await;
    let refused = json!({"dose": dose, "outcome": "refused", "reason": "REF",
        "comment": "not now", "cart": "cart-1"});
    let id = osei.chart(&Uuid::now_v7().to_string(), &refused).await.expect(201);
    let held = json!({"outcome": "held", "reason": "HOLD_NURSE", "comment": "loose stools"});
    let id = id["administration"].as_str().unwrap();
    osei.correct(id, &Uuid::now_v7().to_string(), &held).await.expect(201);
    (garza, dose.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_months_mar_shows_each_dose_and_tells_all_of_it() {
    let app = TestApp::new().await;
    let (garza, dose) = morning(&app).await;
    let lind = app.sign_on(person("Lind"), "station-east").await;
    let mar = app.send(Asked::get(&page(garza, "2026-11")).by(&lind)).await;
    assert_eq!(mar.status, 200, "{}", mar.text);
    for part in ["GARZA", "senna", "November 2026", "America/New_York", &dose, "is-status-held"] {
        assert!(mar.text.contains(part), "{part} in {}", mar.text);
    }
    assert_eq!(mar.text.matches("role=\"gridcell\"").count(), 30, "one row of 30 days");

    let path = format!("/residents/{garza}/mar/history?doses={dose}");
    let told = app.send(Asked::get(&path).by(&lind)).await.expect(200);
    let told = told["fragments"][0]["html"].as_str().unwrap();
    for part in [
        "Planned, due Mon 02-Nov-2026 08:00",
        "Put in the pot",
        "Taken out of the pot",
        "Refused",
        "Comment: not now",
        "Corrected ",
        "Corrects the record of ",
        "Nursing judgement",
        "Osei",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }

    // Another month reads and shows none of it.
    let other = app.send(Asked::get(&page(garza, "2026-10")).by(&lind)).await;
    assert!(!other.text.contains(&dose) && other.text.contains("October 2026"));
    for month in ["2026-13", "yesterday"] {
        assert_eq!(app.send(Asked::get(&page(garza, month)).by(&lind)).await.status, 404);
    }
    let elsewhere = app.resident(2, "Chen").await;
    let foreign = format!("/residents/{elsewhere}/mar/history?doses={dose}");
    assert_eq!(app.send(Asked::get(&foreign).by(&lind)).await.problem(404), "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_read_is_told_so_plainly() {
    let app = TestApp::new().await;
    let (garza, dose) = morning(&app).await;
    let paths = [page(garza, "2026-11"), "/orders".to_owned()];
    for path in &paths {
        let stranger = app.send(Asked::get(path)).await;
        assert_eq!(stranger.status, 401, "{path}");
        assert!(!stranger.text.contains("GARZA") && !stranger.text.contains("senna"), "{path}");
        let auditor = app.sign_on(of_role(Role::Auditor), "station-east").await;
        let refused = app.send(Asked::get(path).by(&auditor)).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.text.contains("Your role may not read"), "{path}: {}", refused.text);
        assert!(!refused.text.contains("GARZA"), "{path}");
    }
    let spanish = Asked::get(&paths[1]).header("accept-language", "es-MX");
    assert!(app.send(spanish).await.text.contains("Inicie sesión"));

    // A nurse of another unit finds neither the resident nor the orders.
    let mut user = app.home().users[&person("Lind").id()].clone();
    user.rev += 1;
    user.units = vec![Slug::new("west").unwrap()];
    app.ask(Command::User(Box::new(user))).await;
    let lind = app.sign_on(person("Lind"), "station-east").await;
    let mar = app.send(Asked::get(&paths[0]).by(&lind)).await;
    assert_eq!(mar.status, 404);
    assert!(mar.text.contains("no such resident in your units"), "{}", mar.text);
    let history = format!("/residents/{garza}/mar/history?doses={dose}");
    assert_eq!(app.send(Asked::get(&history).by(&lind)).await.status, 404);
    let orders = app.send(Asked::get("/orders").by(&lind)).await;
    assert_eq!(orders.status, 200);
    assert!(!orders.text.contains("GARZA"), "{}", orders.text);
    let of_one = format!("/orders?resident={garza}");
    assert_eq!(app.send(Asked::get(&of_one).by(&lind)).await.status, 404);
    app.finish().await;
}

/// The form composes, the API takes what was composed as it stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_form_composes_is_an_order_the_api_takes() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let mut typed = json!({"resident": garza, "drug": "", "number": "17.2", "unit": "mg",
        "route": "po", "pattern": "regular", "frequency": "BID", "times": "", "days": [],
        "start": "2026-11-02 08:00", "stop": "", "indication": "", "instructions": "",
        "allergy": "", "apart": "", "most": ""});
    let name = app.home().products.values().next().unwrap().name.clone();
    let compose = |typed: &Value| Asked::post("/orders/compose", typed).by(&novak);
    let wrong = app.send(compose(&typed)).await.expect(200);
    assert_eq!(wrong["wrong"].as_array().map(Vec::len), Some(1), "{wrong}");
    assert_eq!(wrong["wrong"][0]["field"], "drug");
    typed["drug"] = json!(name);
    let composed = app.send(compose(&typed)).await.expect(200);
    let post = Asked::post("/api/v1/orders", &composed["order"]).by(&novak);
    let entered = app.send(post).await.expect(201);
    let id = entered["order"].as_str().unwrap();
    let work = app.send(Asked::get("/orders/fragments").by(&novak)).await.expect(200);
    let work = work["fragments"][0]["html"].as_str().unwrap();
    assert!(work.contains(&format!("id=\"order-{id}\"")), "{work}");
    assert!(work.contains("data-order-act=\"note\""), "{work}");
    let note = format!("/api/v1/orders/{id}/note");
    app.send(Asked::post(&note, &json!({})).by(&novak)).await.expect(200);
    let work = app.send(Asked::get("/orders/fragments").by(&novak)).await.expect(200);
    let work = work["fragments"][0]["html"].as_str().unwrap();
    assert!(work.contains("a second person verifies it"), "{work}");
    assert!(!work.contains("data-order-act=\"verify\""), "{work}");
    app.finish().await;
}

/// What was typed of senna for Garza at 08:00, and who typed it.
async fn composed(app: &TestApp, more: Value) -> (String, Value) {
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let drug = app.home().products.values().next().unwrap().name.clone();
    let mut typed = json!({"resident": garza, "drug": drug, "unit": "mg", "route": "po",
        "start": "2026-11-02 07:00", "times": "08:00"});
    typed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let order = app.send(Asked::post("/orders/compose", &typed).by(&novak)).await.expect(200);
    assert_eq!(order["wrong"], Value::Null, "{order}");
    (novak, order["order"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_shown_in_words_before_it_is_entered() {
    let app = TestApp::new().await;
    let taper = json!({"pattern": "steps_days", "step_number": ["17.2", "8.6"],
        "step_length": ["2", "2"]});
    let (novak, order) = composed(&app, taper).await;
    let preview = Asked::post("/api/v1/orders/preview?fragments=true", &order).by(&novak);
    for (lang, parts) in [
        ("en", ["4 doses added", "Step 2: 8.6\u{a0}mg", "senna 17.2\u{a0}mg (now none)"]),
        ("es", ["4\u{a0}dosis añadidas", "Paso 2: 8.6\u{a0}mg", "(ahora nada)"]),
    ] {
        let asked = preview.clone().header("accept-language", lang);
        let told = app.send(asked).await.expect(200);
        assert_eq!(told["added"].as_array().map(Vec::len), Some(4), "{told}");
        let html = told["fragments"][0]["html"].as_str().unwrap();
        let html = html.replace("4 dosis", "4\u{a0}dosis");
        for part in parts {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
    let told = app.send(Asked::post("/api/v1/orders/preview", &order).by(&novak)).await;
    assert_eq!(told.expect(200)["fragments"], Value::Null, "only where it is asked for");
    app.finish().await;
}

/// What is put on and taken off, measured first, and ended by law: read back in both languages,
/// taken by the API, and told by it as it was meant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_measured_and_taken_off_is_read_back_and_taken() {
    let app = TestApp::new().await;
    let patch = json!({"pattern": "pair", "number": "8.6", "off_times": "21:00",
        "prescriber": "Dr Adeyemi", "expires": "2026-11-09 12:00",
        "hold_code": ["sbp"], "hold_op": ["<"], "hold_value": ["100"], "hold_age": "60",
        "scale_unit": "mg/dL", "scale_from": ["", "150"], "scale_to": ["149", ""],
        "scale_units": ["0", "2"], "scale_action": ["", ""]});
    let (novak, order) = composed(&app, patch).await;
    let preview = Asked::post("/api/v1/orders/preview?fragments=true", &order).by(&novak);
    for (lang, parts) in [
        ("en", ["off at 21:00", "With systolic pressure 99: hold.", "149 and below: 0", "by law"]),
        ("es", ["21:00", "Con presión sistólica 99: retener.", "149 o menos: 0", "por ley"]),
    ] {
        let told = app.send(preview.clone().header("accept-language", lang)).await.expect(200);
        let by_scale = &told["totals"][0]["after"];
        assert_eq!(by_scale, &json!({"amounts": [], "left_out": [null]}), "{told}");
        let html = told["fragments"][0]["html"].as_str().unwrap().replace('\u{a0}', " ");
        for part in parts {
            assert!(html.contains(part), "{part} in {html}");
        }
    }
    let entered = app.send(Asked::post("/api/v1/orders", &order).by(&novak)).await.expect(201);
    let all = app.send(Asked::get("/api/v1/orders?state=draft").by(&novak)).await.expect(200);
    let rows = all["orders"].as_array().unwrap();
    let told = rows.iter().find(|o| o["id"] == entered["order"]).unwrap();
    assert_eq!(told["timing"]["when"], "pair", "{told}");
    assert_eq!(told["prescriber"], "Dr Adeyemi");
    assert_eq!(told["expires"], "2026-11-09T17:00:00Z");
    assert_eq!(told["conditions"], order["conditions"]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewer_sees_what_asks_for_a_look_and_verifies() {
    let app = TestApp::new().await;
    let more = json!({"pattern": "regular", "number": "8.6", "stop": "2026-11-05 08:00"});
    let (novak, order) = composed(&app, more).await;
    let entered = app.send(Asked::post("/api/v1/orders", &order).by(&novak)).await.expect(201);
    let id = entered["order"].as_str().unwrap().to_owned();
    let note = format!("/api/v1/orders/{id}/note");
    app.send(Asked::post(&note, &json!({})).by(&novak)).await.expect(200);
    let pharmacist = app.sign_on(of_role(Role::Pharmacist), "station-east").await;
    let page = app.send(Asked::get("/orders?view=review").by(&pharmacist)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for part in ["Pharmacy review", "Noted, not verified", "Ends Thu 05-Nov-2026 08:00"] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    let acts = page.text.matches("data-order-act=").count();
    assert_eq!((acts, page.text.matches("data-order-act=\"verify\"").count()), (1, 1));
    assert!(!page.text.contains("id=\"enter\""), "nothing is entered from here");
    let verify = Asked::post(&format!("/api/v1/orders/{id}/verify"), &json!({})).by(&pharmacist);
    app.send(verify).await.expect(200);
    let again = "/orders/fragments?view=review&resident=";
    let work = app.send(Asked::get(again).by(&pharmacist)).await.expect(200);
    let work = work["fragments"][0]["html"].as_str().unwrap();
    assert!(!work.contains("Noted, not verified") && work.contains("Ends Thu"), "{work}");
    assert!(!work.contains("data-order-act"), "{work}");
    app.finish().await;
}

/// What was given is told with the amount it was given under, over the API too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_amount_leaves_the_past_of_the_mar_alone() {
    let app = TestApp::new().await;
    let (garza, _) = morning(&app).await;
    let order = *app.home().orders.keys().next().unwrap();
    let mut version = app.home().orders[&order].current.clone();
    version.version = 2;
    version.dose = emar_domain::amount::Amount::parse_text("17.2 mg").unwrap();
    version.dose_text = "17.2 mg".to_owned();
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let change = json!({"kind": "new_version", "reason": "round", "order": version});
    let path = format!("/api/v1/orders/{order}/versions");
    app.send(Asked::post(&path, &change).by(&novak)).await.expect(200);
    let next = app.dose_when_planned(order, "2026-11-03T13:00:00Z").await;
    let month = format!("/api/v1/residents/{garza}/mar?month=2026-11");
    let mar = app.send(Asked::get(&month).by(&novak)).await.expect(200);
    let doses = mar["doses"].as_array().unwrap();
    assert_eq!(doses[0]["due_at"], "2026-11-02T08:00:00-05:00", "{mar}");
    assert_eq!(doses[0]["amount"], "8.6\u{a0}mg", "{mar}");
    let of_next = doses.iter().find(|dose| dose["id"] == next.to_string());
    assert_eq!(of_next.unwrap()["amount"], "17.2\u{a0}mg", "{mar}");
    app.finish().await;
}
