//! Missed doses: one alert, resent until it was shown, taken by one, ended by charting.

use crate::support::world::{PEOPLE, device_token, package, person};
use crate::support::{Asked, Broker, Mosquitto, PIN, TestApp, Wanted};
use emar_domain::alert::{AlertKind, AlertState};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::ChildStdout;
use uuid::Uuid;

type Heard = Lines<BufReader<ChildStdout>>;

/// The next payload of an alert's state, out of its signed envelope.
async fn heard(lines: &mut Heard) -> Value {
    let line = tokio::time::timeout(crate::support::PATIENCE, lines.next_line()).await;
    let line = line.expect("nothing was heard").unwrap().unwrap();
    let outer: Value = serde_json::from_str(&line).unwrap();
    serde_json::from_str(outer["p"].as_str().unwrap()).unwrap()
}

/// Neither another session, nor a cart, nor about a revision there never was.
async fn only_the_station_says_what_it_showed(app: &TestApp, alert: &str) {
    let body = json!({"rev": 1, "station": "station-east"});
    let shown = Asked::post(&format!("{alert}/shown"), &body);
    let lind = app.sign_on(person("Lind"), "cart-2").await;
    assert_eq!(app.send(shown.by(&lind)).await.problem(401), "sign_on_first", "elsewhere");
    for (rev, station, pointer) in
        [(1, "cart-1", "/station"), (2, "station-east", "/rev"), (0, "station-east", "/rev")]
    {
        let body = json!({"rev": rev, "station": station});
        let said = Asked::post(&format!("{alert}/shown"), &body).at(&device_token());
        let said = app.send(said).await;
        assert_eq!(said.problem(422), "malformed");
        assert_eq!(said.json()["pointer"], pointer, "{rev} {station}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_dose_raises_one_alert_until_it_is_charted() {
    let mosquitto = Mosquitto::start().await;
    let topic = ["-t", "emar/v1/oakhill/unit/+/alert/+/state"];
    let mut listener =
        mosquitto.tool("mosquitto_sub").args(topic).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(listener.stdout.take().unwrap()).lines();
    let broker = Broker::Mosquitto(mosquitto);
    let app = TestApp::with(Wanted { broker, ..Wanted::default() }).await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    let dose = app.dose_at(order, "2026-11-02T13:00:00Z");

    // The late bound itself, 09:00, is not late.
    app.clock.set("2026-11-02T14:00:00Z");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(app.home().alerts.is_empty());
    app.clock.set("2026-11-02T14:00:01Z");
    let raised = std::time::Instant::now();
    let alert = app.until("an alert", |home| home.alerts.values().next().cloned()).await;
    assert!(raised.elapsed() < Duration::from_secs(5), "{:?}", raised.elapsed());
    assert_eq!((alert.kind, alert.rev, &alert.doses), (AlertKind::MissedDose, 1, &vec![dose]));

    // Sent, and sent again, until a person saw it.
    for _ in 0..2 {
        let sent = heard(&mut lines).await;
        assert_eq!((&sent["rev"], &sent["state"]), (&json!(1), &json!("active")));
        assert!(!sent.to_string().contains("Garza") && !sent.to_string().contains("senna"));
    }
    let path = format!("/api/v1/alerts/{}", alert.id);
    let shown =
        Asked::post(&format!("{path}/shown"), &json!({"rev": 1, "station": "station-east"}));
    assert_eq!(app.send(shown.clone()).await.problem(401), "sign_on_first");
    only_the_station_says_what_it_showed(&app, &path).await;
    assert_eq!(app.send(shown.at(&device_token())).await.status, 204);
    app.drained(&[]).await;
    // What was under way before it was shown may still come; then it is quiet.
    while tokio::time::timeout(Duration::from_secs(7), lines.next_line()).await.is_ok() {}
    assert_eq!(app.home().alerts.len(), 1, "one alert, however long it waits");

    let take = |who: &str| {
        let body = json!({"rev": 1, "badge": person(who).badge, "pin": PIN,
            "station": "station-east"});
        app.send(Asked::post(&format!("{path}/accept"), &body).at(&device_token()))
    };
    assert_eq!(take("Pillai").await.problem(403), "role_forbidden");
    let taken = take("Osei").await.expect(200);
    assert_eq!((&taken["rev"], &taken["state"]), (&json!(2), &json!("accepted")));
    assert_eq!(heard(&mut lines).await["accepted_by"], person("Osei").id().to_string());
    let other = take("Lind").await;
    assert_eq!(other.problem(409), "alert_taken");
    assert!(other.text.contains("Osei"), "the second is told who has it: {}", other.text);

    let nurse = app.bedside("Osei", "cart-1").await;
    nurse.open(1).await;
    nurse.scan_because(&package(1, "A1"), &[("dose_late", "resident_request")]).await;
    let body = json!({"dose": dose, "outcome": "refused", "reason": "REF", "comment": "no",
        "cart": "cart-1"});
    nurse.chart(&Uuid::now_v7().to_string(), &body).await.expect(201);
    app.until("the alert's end", |home| home.alerts.is_empty().then_some(())).await;
    let ended = loop {
        let sent = heard(&mut lines).await;
        if sent["state"] == "ended" {
            break sent;
        }
    };
    assert_eq!(ended["ended_reason"], "charted");
    let stored = app.running().app.store.alert(alert.id).await.unwrap().unwrap();
    assert_eq!(stored.state, AlertState::Ended);
    assert!(PEOPLE.iter().all(|p| !ended.to_string().contains(p.name)));
    drop(listener);
    app.finish_with_waiting(&["alert"]).await;
}
