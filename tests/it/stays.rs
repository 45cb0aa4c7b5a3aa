//! A resident's stay over HTTP: away, back, discharged, readmitted.

use crate::support::world::person;
use crate::support::{Asked, Reply, TestApp};
use emar_domain::dose::Withdrawal;
use emar_domain::id::ResidentId;
use serde_json::{Value, json};

async fn stay(app: &TestApp, by: &str, who: ResidentId, what: &str, body: &Value) -> Reply {
    let path = format!("/api/v1/residents/{who}/{what}");
    let key = uuid::Uuid::now_v7().to_string();
    app.send(Asked::post(&path, body).by(by).key(&key)).await
}

async fn badly_asked(app: &TestApp, osei: &str, garza: ResidentId) {
    let nobody = stay(app, osei, garza, "return", &json!({})).await;
    assert_eq!(nobody.problem(409), "resident_present");
    for (body, pointer) in [
        (json!({"kind": "holiday", "reason": "x"}), "/kind"),
        (json!({"kind": "leave", "reason": " "}), "/reason"),
        (json!({"kind": "leave", "reason": "x", "until": "soon"}), "/until"),
    ] {
        let reply = stay(app, osei, garza, "absence", &body).await;
        assert_eq!(reply.problem(422), "malformed");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    let path = format!("/api/v1/residents/{garza}/absence");
    let away = json!({"kind": "leave", "reason": "x"});
    let keyless = app.send(Asked::post(&path, &away).by(osei)).await;
    assert_eq!(keyless.problem(400), "key_missing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_hospital_for_a_time_and_back_before_it_ends() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let evening = app.dose_at(order, "2026-11-03T01:00:00Z");
    let next = app.dose_at(order, "2026-11-04T01:00:00Z");
    let osei = app.sign_on(person("Osei"), "cart-1").await;
    let get = |path: String| app.send(Asked::get(&path).by(&osei));

    badly_asked(&app, &osei, garza).await;
    let path = format!("/api/v1/residents/{garza}/absence");
    let away = json!({"kind": "hospital", "until": "2026-11-03T12:00:00-05:00", "reason": "fall"});
    let version = app.version();
    let dry = format!("{path}?dry_run=true&fragments=true");
    let told = app.send(Asked::post(&dry, &away).by(&osei).key("one-absence")).await.expect(200);
    let gone = told["removed"].as_array().unwrap();
    assert_eq!((gone.len(), told["added"].clone()), (1, json!([])), "{told}");
    assert_eq!(gone[0]["due_at"], "2026-11-02T20:00:00-05:00");
    assert_eq!(gone[0]["why"], "away");
    assert!(
        told["fragments"][0]["html"].as_str().unwrap().contains("senna tablet (away)"),
        "{told}"
    );
    assert_eq!(app.version(), version, "nothing is written");

    let asked = Asked::post(&path, &away).by(&osei).key("one-absence");
    let done = app.send(asked.clone()).await.expect(200);
    assert_eq!(done["doses"], json!(1), "one dose lies in it");
    let absence = &done["resident"]["absence"];
    assert_eq!(done["resident"]["away"], json!(true));
    assert_eq!(
        (&absence["kind"], &absence["until"], &absence["reason"]),
        (&json!("hospital"), &json!("2026-11-03T12:00:00-05:00"), &json!("fall"))
    );
    let version = app.version();
    let again = app.send(asked).await.expect(200);
    assert_eq!(
        (again["doses"].clone(), app.version()),
        (json!(1), version),
        "sent twice, done once"
    );
    {
        let home = app.home();
        assert_eq!(home.doses[&evening].withdrawn, Some(Withdrawal::Away));
        assert_eq!(home.doses[&next].withdrawn, None, "it ends by itself");
    }
    let why = get(format!("/api/v1/orders/{order}/explain")).await.expect(200);
    assert_eq!(
        (&why["why"], &why["kind"], &why["reason"], &why["until_at"]),
        (
            &json!("resident_absent"),
            &json!("hospital"),
            &json!("fall"),
            &json!("2026-11-03T12:00:00-05:00")
        )
    );
    assert_eq!(why["dose"]["due_at"], "2026-11-03T20:00:00-05:00", "the dose after it");
    let list = get(format!("/api/v1/residents/{garza}/doses")).await.expect(200);
    let kept = &list["kept_back"][0];
    assert_eq!((&kept["id"], &kept["withdrawn"]), (&json!(evening), &json!("away")));
    assert_eq!(kept["kept_back"]["reason"], "fall");
    assert_eq!(list["not_due"][0]["kind"], "hospital");

    stay(&app, &osei, garza, "return", &json!({})).await.expect(200);
    assert_eq!(app.home().doses[&evening].withdrawn, None, "due again");
    let list = get(format!("/api/v1/residents/{garza}/doses")).await.expect(200);
    assert_eq!(list["kept_back"], json!([]));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discharged_and_readmitted_by_who_may() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["20:00"]).await;
    let evening = app.dose_at(order, "2026-11-03T01:00:00Z");
    let osei = app.sign_on(person("Osei"), "cart-1").await;
    let novak = app.sign_on(person("Novak"), "station-east").await;
    let gone = json!({"reason": "moved to her daughter"});
    let refused = stay(&app, &osei, garza, "discharge", &gone).await;
    assert_eq!(refused.problem(403), "role_forbidden");
    let early = stay(&app, &novak, garza, "readmit", &json!({})).await;
    assert_eq!(early.problem(409), "resident_state", "she lives here");
    let told = stay(&app, &novak, garza, "discharge?dry_run=true&days=14", &gone).await.expect(200);
    let ahead = told["removed"].as_array().unwrap().clone();
    assert!(ahead.iter().all(|dose| dose["why"] == "discontinued"), "{told}");
    assert_eq!((ahead.len(), told["unchanged"].clone()), (14, json!(0)));
    let refused = stay(&app, &osei, garza, "discharge?dry_run=true", &gone).await;
    assert_eq!(refused.problem(403), "role_forbidden");
    let done = stay(&app, &novak, garza, "discharge", &gone).await.expect(200);
    assert_eq!(done["resident"]["state"], "discharged");
    assert_eq!(done["resident"]["left_because"], "moved to her daughter");
    assert_eq!(app.home().doses[&evening].withdrawn, Some(Withdrawal::Discontinued));
    let away = json!({"kind": "leave", "reason": "x"});
    let refused = stay(&app, &osei, garza, "absence", &away).await;
    assert_eq!(refused.problem(409), "resident_state");
    let nowhere = stay(&app, &novak, garza, "readmit", &json!({"room": "no such room"})).await;
    assert_eq!(nowhere.problem(409), "room_unknown");
    let told = stay(&app, &novak, garza, "readmit?dry_run=true&days=14", &json!({})).await;
    assert_eq!(told.expect(200)["added"].as_array().unwrap().len(), 14, "what comes back");
    let back = stay(&app, &novak, garza, "readmit", &json!({"room": "113-B"})).await.expect(200);
    assert_eq!((&back["resident"]["room"], &back["doses"]), (&json!("113-B"), &json!(14)));
    assert_eq!(back["resident"]["left_because"], "");
    assert_eq!(app.home().doses[&evening].withdrawn, None);
    let died = json!({"reason": "in her sleep", "deceased": true});
    let done = stay(&app, &novak, garza, "discharge", &died).await.expect(200);
    assert_eq!(done["resident"]["state"], "deceased");
    let never = stay(&app, &novak, garza, "readmit", &json!({})).await;
    assert_eq!(never.problem(409), "resident_state");
    app.finish().await;
}
