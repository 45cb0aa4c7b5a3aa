//! Orders over HTTP: held and taken off hold again.

use crate::support::world::person;
use crate::support::{Asked, TestApp};
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
