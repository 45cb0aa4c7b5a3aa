//! The matrix: every route, every role and nobody, against what is written out here by hand.
//!
//! The expectations are literals on purpose: a table compared with itself is always right.

use crate::support::world::{PEOPLE, of_role};
use crate::support::{Asked, TestApp};
use emar::http::auth::{Needs, TABLE, needs};
use emar_domain::decide::Command;
use emar_domain::id::Slug;
use emar_domain::role::{Action, Role};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Everybody with a role, by letter: nurse, aide, charge nurse, pharmacist, director of nursing,
/// surveyor, auditor, device.
const ROLES: [(char, Role); 8] = [
    ('n', Role::Nurse),
    ('a', Role::Aide),
    ('c', Role::Charge),
    ('p', Role::Pharmacist),
    ('d', Role::Don),
    ('s', Role::Surveyor),
    ('u', Role::Auditor),
    ('v', Role::Device),
];

/// Who may do what.
const MAY: &[(Action, &str)] = &[
    (Action::Scan, "nacv"),
    (Action::Chart, "nac"),
    (Action::ChartRestricted, "nc"),
    (Action::CorrectOwn, "nacd"),
    (Action::CorrectOther, "cd"),
    (Action::TakeAlert, "ncd"),
    (Action::AlertShown, "nacdv"),
    (Action::EnterOrder, "ncp"),
    (Action::NoteOrder, "nc"),
    (Action::VerifyOrder, "ncp"),
    (Action::StopOrder, "ncp"),
    (Action::LiftMark, "cp"),
    (Action::RecordAbsence, "nc"),
    (Action::Admit, "cd"),
    (Action::ReadMar, "nacpds"),
    (Action::ReadAudit, "cdsu"),
    (Action::Administer, "d"),
    (Action::Formulary, "p"),
];

const READS_MAR: &str = "nacpds";
const OPEN: &str = "open";
const ANYBODY: &str = "nacpdsu";

/// Who may use each route. `open`: the guard asks nobody; some of these ask for a device, a badge
/// or the command line's token themselves.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/", OPEN),
    ("GET", "/healthz", OPEN),
    ("GET", "/readyz", OPEN),
    ("GET", "/api/openapi.json", OPEN),
    ("GET", "/enrol", OPEN),
    ("POST", "/enrol", OPEN),
    ("POST", "/api/v1/sessions", OPEN),
    ("GET", "/bedside", OPEN),
    ("GET", "/assets/{*path}", OPEN),
    ("GET", "/bedside/fragments", OPEN),
    ("GET", "/bedside/preview", OPEN),
    ("GET", "/bedside/measure", OPEN),
    ("GET", "/station", OPEN),
    ("GET", "/station/fragments", OPEN),
    ("GET", "/residents/{id}/mar", OPEN),
    ("GET", "/residents/{id}/mar/history", READS_MAR),
    ("GET", "/orders", OPEN),
    ("GET", "/orders/fragments", READS_MAR),
    ("POST", "/orders/compose", "ncp"),
    ("GET", "/events", OPEN),
    ("GET", "/api/v1/words", OPEN),
    ("GET", "/demo/scanner", OPEN),
    ("POST", "/demo/scan", OPEN),
    ("GET", "/demo/sheet.json", OPEN),
    ("GET", "/api/v1/core/home", OPEN),
    ("POST", "/api/v1/scans", OPEN),
    ("POST", "/api/v1/alerts/{id}/accept", OPEN),
    ("POST", "/api/v1/alerts/{id}/shown", OPEN),
    ("POST", "/api/v1/control", OPEN),
    ("DELETE", "/api/v1/session", ANYBODY),
    ("GET", "/api/v1/residents", READS_MAR),
    ("GET", "/api/v1/residents/{id}", READS_MAR),
    ("GET", "/api/v1/residents/{id}/doses", READS_MAR),
    ("GET", "/api/v1/residents/{id}/mar", READS_MAR),
    ("GET", "/api/v1/residents/{id}/readings", READS_MAR),
    ("POST", "/api/v1/residents/{id}/readings", "nac"),
    ("POST", "/api/v1/residents/{id}/absence", "nc"),
    ("POST", "/api/v1/residents/{id}/return", "nc"),
    ("POST", "/api/v1/residents/{id}/discharge", "cd"),
    ("POST", "/api/v1/residents/{id}/readmit", "cd"),
    ("POST", "/api/v1/administrations", "nac"),
    ("POST", "/api/v1/witness", "nac"),
    ("POST", "/api/v1/administrations/{id}/corrections", "nacd"),
    ("GET", "/api/v1/orders", READS_MAR),
    ("POST", "/api/v1/orders", "ncp"),
    ("POST", "/api/v1/orders/preview", "ncp"),
    ("GET", "/api/v1/orders/{id}/explain", READS_MAR),
    ("POST", "/api/v1/orders/{id}/note", "nc"),
    ("POST", "/api/v1/orders/{id}/verify", "ncp"),
    ("POST", "/api/v1/orders/{id}/versions", "ncp"),
    ("POST", "/api/v1/orders/{id}/hold", "ncp"),
    ("POST", "/api/v1/orders/{id}/resume", "nc"),
    ("POST", "/api/v1/orders/{id}/discontinue", "ncp"),
    ("POST", "/api/v1/orders/{id}/entered_in_error", "ncp"),
    ("POST", "/api/v1/orders/{id}/renew", "nc"),
    ("POST", "/api/v1/orders/{id}/do_not_give", "ncp"),
    ("POST", "/api/v1/orders/{id}/may_give", "ncp"),
    ("GET", "/api/v1/transcriptions", READS_MAR),
    ("POST", "/api/v1/transcriptions/{id}/done", "nc"),
    ("GET", "/api/v1/alerts", READS_MAR),
    ("POST", "/api/v1/alerts/{id}/snooze", "ncd"),
    ("POST", "/api/v1/alerts/{id}/escalate", "ncd"),
    ("GET", "/api/v1/audit/checkpoint", "cdsu"),
    ("GET", "/api/v1/audit/proof", "cdsu"),
];

/// Open routes that answer whoever asks, because they tell of nobody.
const PUBLIC: &[&str] = &[
    "/",
    "/healthz",
    "/readyz",
    "/api/openapi.json",
    "/enrol",
    "/api/v1/words",
    "/assets/{*path}",
];

#[test]
fn every_role_may_do_what_is_written_here_and_nothing_else() {
    for (action, letters) in MAY {
        for (letter, role) in ROLES {
            assert_eq!(role.may(*action), letters.contains(letter), "{role:?} {action:?}");
        }
    }
}

#[test]
fn the_servers_table_and_this_one_name_the_same_routes() {
    let theirs: BTreeSet<_> = TABLE.iter().map(|(m, p, _)| (*m, *p)).collect();
    let ours: BTreeSet<_> = ROUTES.iter().map(|(m, p, _)| (*m, *p)).collect();
    assert_eq!(theirs, ours);
    assert_eq!((TABLE.len(), ROUTES.len()), (ours.len(), ours.len()), "a route twice");
    for (method, path, needed) in TABLE {
        let who = ROUTES.iter().find(|(m, p, _)| (m, p) == (method, path)).unwrap().2;
        assert_eq!(*needed == Needs::Open, who == OPEN, "{method} {path}");
    }
}

/// A request that reaches the route's own checks and no further.
fn request(method: &str, path: &str) -> Asked {
    let path = path.replace("{id}", &Uuid::nil().to_string()).replace("{*path}", "tokens.css");
    let asked = Asked::new(method, &path);
    if method == "POST" { asked.bytes(b"{}".to_vec()) } else { asked }
}

/// Whether the guard in front let the request pass: what the routes refuse by themselves are the
/// places of carts and stations, badges and the command line, each with a code of its own.
fn passed(reply: &crate::support::Reply) -> bool {
    let code = match reply.header("content-type") {
        Some("application/problem+json") => reply.json()["code"].as_str().unwrap().to_owned(),
        _ => String::new(),
    };
    !matches!(code.as_str(), "sign_on_first" | "role_forbidden" | "cross_site")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_and_every_role_do_as_the_table_says() {
    let app = TestApp::new().await;
    let roles: Vec<Role> = Role::ALL.iter().copied().filter(|r| *r != Role::Device).collect();
    assert!(roles.iter().all(|r| PEOPLE.iter().any(|p| p.role == *r)), "a role nobody has");
    let mut wrong = Vec::new();
    let mut asked = 0;
    for who in std::iter::once(None).chain(roles.iter().copied().map(Some)) {
        // One badge after the other at one station: each ends the session before it.
        let session = match who {
            Some(role) => Some(app.sign_on(of_role(role), "station-east").await),
            None => None,
        };
        for (method, path, who_may) in ROUTES {
            // The demo's own routes are not in this server; signing off comes last.
            if path.starts_with("/demo/") || *path == "/api/v1/session" {
                continue;
            }
            let mut request = request(method, path);
            if let Some(session) = &session {
                request = request.by(session);
            }
            let reply = app.send(request).await;
            asked += 1;
            assert!(reply.status < 500, "{method} {path}: {}", reply.text);
            let letter = ROLES.iter().find(|(_, role)| Some(*role) == who).map(|(l, _)| *l);
            let allowed = *who_may == OPEN || letter.is_some_and(|l| who_may.contains(l));
            let refused = if who.is_none() { 401 } else { 403 };
            if *who_may == OPEN {
                // Some of these refuse by themselves who is nobody here, and none for the role.
                let code = reply.text.contains("role_forbidden");
                if code {
                    wrong.push(format!("{method} {path} as {who:?}: {}", reply.text));
                }
                continue;
            }
            if passed(&reply) != allowed || (!allowed && reply.status != refused) {
                wrong.push(format!("{method} {path} as {who:?}: {} {}", reply.status, reply.text));
            }
        }
        let off = Asked::new("DELETE", "/api/v1/session");
        match session {
            Some(session) => assert_eq!(app.send(off.by(&session)).await.status, 204, "{who:?}"),
            None => assert_eq!(app.send(off).await.problem(401), "sign_on_first"),
        }
    }
    assert!(asked > 250, "{asked}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    app.finish().await;
}

/// Routes a guard that is open must refuse by themselves to whoever is nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_routes_tell_a_stranger_nothing_about_anybody() {
    let app = TestApp::new().await;
    app.resident(1, "Zwetschgenmus").await;
    for (method, path, who_may) in ROUTES {
        if *who_may != OPEN || path.starts_with("/demo/") {
            continue;
        }
        let mut asked = request(method, path);
        if path.starts_with("/bedside") || *path == "/api/v1/core/home" {
            asked.path.push_str("?cart=cart-1");
        } else if path.starts_with("/station") || *path == "/events" {
            asked.path.push_str("?unit=east");
        }
        let reply = app.send(asked).await;
        assert!(!reply.text.contains("Zwetschgenmus"), "{method} {path}");
        let open = *method == "GET" && PUBLIC.contains(path);
        assert_eq!(reply.status < 400, open, "{method} {path}: {} {}", reply.status, reply.text);
    }
    app.finish().await;
}

/// The router cannot be listed; what the API describes and what the table names must be the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_names_every_route_and_the_rest_is_not_there() {
    let app = TestApp::new().await;
    let described = app.send(Asked::get("/api/openapi.json")).await.expect(200);
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: axum::http::Method = method.to_uppercase().parse().unwrap();
            assert!(needs(&method, path).is_some(), "{method} {path} is not in the table");
        }
    }
    let session = app.sign_on(of_role(Role::Don), "station-east").await;
    for (method, path, _) in TABLE.iter().filter(|(_, p, _)| !p.starts_with("/demo/")) {
        let reply = app.send(request(method, path).by(&session)).await;
        assert_ne!(reply.status, 405, "{method} {path} is in the table and not in the router");
    }
    let session = app.sign_on(of_role(Role::Don), "station-east").await;
    for (method, path) in [
        ("GET", "/api/v1/users"),
        ("GET", "/api/v1/residents/"),
        ("GET", "/admin"),
        ("POST", "/api/v2/scans"),
        ("GET", "/assets/../Cargo.toml"),
        ("GET", "/demo/scanner"),
        ("DELETE", "/api/v1/residents"),
        ("PUT", "/api/v1/orders"),
        ("PATCH", "/api/v1/session"),
    ] {
        let reply = app.send(request(method, path).by(&session)).await;
        assert!(matches!(reply.status, 404 | 405), "{method} {path}: {}", reply.status);
    }
    app.finish().await;
}

/// Nurses and aides read of their units, a surveyor of those let into, and no list tells of others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_end_at_the_unit() {
    let app = TestApp::new().await;
    app.product(1, "senna", "8.6 mg").await;
    let garza = app.resident(1, "Garza").await;
    app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    app.clock.set("2026-11-02T14:00:01Z");
    app.until("an alert", |home| home.alerts.values().next().cloned()).await;
    let rows = |who: Role| {
        let app = &app;
        async move {
            let session = app.sign_on(of_role(who), "station-east").await;
            let mut counts = Vec::new();
            for list in ["residents", "orders", "alerts"] {
                let all = Asked::get(&format!("/api/v1/{list}")).by(&session);
                counts.push(app.send(all).await.expect(200)[list].as_array().unwrap().len());
            }
            let one = Asked::get(&format!("/api/v1/residents/{garza}")).by(&session);
            (counts, app.send(one).await.status)
        }
    };
    let works_in = |who: Role, unit: &'static str| {
        let mut user = app.home().users[&of_role(who).id()].clone();
        user.rev += 1;
        user.units = vec![Slug::new(unit).unwrap()];
        app.ask(Command::User(Box::new(user)))
    };
    assert_eq!(rows(Role::Don).await, (vec![1, 1, 1], 200));
    assert_eq!(rows(Role::Nurse).await, (vec![1, 1, 1], 200), "no unit named: all");
    assert_eq!(rows(Role::Surveyor).await, (vec![0, 0, 0], 404), "let into nothing");
    for who in [Role::Nurse, Role::Aide, Role::Surveyor] {
        works_in(who, "west").await;
        assert_eq!(rows(who).await, (vec![0, 0, 0], 404), "{who:?}");
        works_in(who, "east").await;
        assert_eq!(rows(who).await, (vec![1, 1, 1], 200), "{who:?}");
    }
    app.finish_with_waiting(&["alert"]).await;
}
