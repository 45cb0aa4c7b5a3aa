//! The command line beside a running server: it sees what the server holds, and changes it through
//! the server alone.

use crate::support::{TestApp, Wanted};
use clap::Parser as _;
use emar::cli::Cli;
use emar_domain::id::Slug;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Runs a command as `emar` would, on a thread of its own.
async fn emar(app: &TestApp, args: &[&str]) -> Result<(), String> {
    let mut all: Vec<String> = ["emar"].iter().chain(args).map(|&a| a.to_owned()).collect();
    let at = all.iter().position(|a| a == "CONFIG").unwrap();
    all[at] = app.config.display().to_string();
    let run = move || Cli::try_parse_from(all).unwrap().run().map_err(|e| e.to_string());
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn file(app: &TestApp, name: &str, body: &Value) -> String {
    let path: PathBuf = app.config.with_file_name(name);
    std::fs::write(&path, body.to_string()).unwrap();
    path.display().to_string()
}

fn number() -> Value {
    let coding = json!([{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]);
    json!({"type": {"coding": coding}, "system": "urn:oid:1.2.3", "value": "77"})
}

async fn import(postgres: bool) {
    let app = TestApp::with(Wanted { postgres, ..Wanted::default() }).await;
    let garza = json!({"resourceType": "Patient", "id": "p1", "identifier": [number()],
        "name": [{"family": "Garza", "given": ["Ana"]}], "birthDate": "1940-01-02"});
    let allergy = json!({"resourceType": "AllergyIntolerance",
        "patient": {"identifier": number()}, "code": {"text": "penicillin"}});
    let one = file(&app, "garza.json", &garza);
    let two = file(&app, "allergy.json", &allergy);
    // The second file is about whom the first one brought.
    emar(&app, &["import", "--config", "CONFIG", &one, &two]).await.unwrap();
    let known = || app.home().residents.values().next().cloned().unwrap();
    assert_eq!(known().allergies[0].ingredient, "penicillin");

    let mut moved = garza.clone();
    moved["extension"] = json!([{"url": "urn:emar:room", "valueString": "113-A"}]);
    let three = file(&app, "moved.json", &moved);
    emar(&app, &["import", "--config", "CONFIG", &three]).await.unwrap();
    assert_eq!(known().room, "113-A");
    assert_eq!(known().allergies.len(), 1, "an import forgets no allergy");
    assert_eq!(app.home().residents.len(), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_beside_a_running_server_keeps_what_the_home_knows() {
    import(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_beside_a_running_server_on_postgresql_keeps_it_too() {
    import(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_added_again_must_be_enrolled_again() {
    let app = TestApp::new().await;
    let cart = Slug::new("cart-1").unwrap();
    let add = |unit: &'static str| {
        let args = ["cart", "add", "--config", "CONFIG", "--id", "cart-1", "--unit", unit];
        let app = &app;
        async move { emar(app, &args).await }
    };
    let why = add("attic").await.unwrap_err();
    assert!(why.contains("attic") && why.contains("east, west"), "{why}");
    assert_eq!(app.home().devices[&cart].rev, 1);
    add("west").await.unwrap();
    let device = app.home().devices[&cart].clone();
    assert_eq!((device.rev, device.enrolled, device.unit.as_str()), (2, false, "west"));
    app.finish().await;
}
