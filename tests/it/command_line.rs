//! The command line beside a running server: it sees what the server holds, and changes it through
//! the server alone.

use crate::support::world::person;
use crate::support::{Asked, PIN, Scratch, TestApp, Wanted};
use clap::Parser as _;
use emar::cli::Cli;
use emar::service::devices::is_bridge;
use emar_domain::decide::{Command, HoldFor, OrderCommand};
use emar_domain::id::Slug;
use emar_domain::order::{FirstDose, OrderVersion};
use emar_domain::time::Instant;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_is_enrolled_beside_its_cart_and_a_new_code_ends_it() {
    let app = TestApp::new().await;
    let bridge = Slug::new("cart-1-bridge").unwrap();
    let cart = app.home().devices[&Slug::new("cart-1").unwrap()].clone();
    let why = emar(&app, &["cart", "add", "--config", "CONFIG", "--id", "cart-9", "--bridge"]);
    assert!(why.await.unwrap_err().contains("no cart cart-9"));
    let mut add = tokio::process::Command::new(env!("CARGO_BIN_EXE_emar"));
    add.args(["cart", "add", "--id", "cart-1", "--bridge", "--config"]).arg(&app.config);
    let done = add.output().await.unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}");
    let code = said.lines().next().unwrap().strip_prefix("one-time code: ").unwrap().to_owned();
    let (_, key) = said.split_once("--server-key '").unwrap();
    let key = key.split('\'').next().unwrap().to_owned();
    assert!(emar_bridge::key::parse(&key).is_some(), "{key}");

    let folder = Scratch::new();
    let id = |text: &str| emar_wire::Id::new(text).unwrap();
    let asked = emar_bridge::enroll::Enrolment {
        server: format!("http://{}", app.running().http),
        facility: id("oakhill"),
        cart: id("cart-1"),
        server_key: Some(key),
        folder: folder.path().to_owned(),
    };
    let enroll = |code: String| {
        let asked = asked.clone();
        tokio::task::spawn_blocking(move || emar_bridge::enroll::enroll(&asked, &code))
    };
    assert!(enroll("0123456789abcdef".into()).await.unwrap().is_err());
    enroll(code.clone()).await.unwrap().unwrap();
    let token = std::fs::read_to_string(folder.path().join("broker-password")).unwrap();
    let knows = |user: &str, password: &str| is_bridge(&app.home(), user, password);
    assert!(knows("cart-1", token.trim()));
    assert!(!knows("cart-2", token.trim()) && !knows("cart-1", &code) && !knows("cart-1", ""));
    assert_eq!(app.home().devices[&cart.id], cart, "the page's own enrolment stays");
    assert!(enroll(code).await.unwrap().is_err(), "once");
    // It is a way for scans, not a place where people sign on.
    let body = json!({"badge": "B-OSEI", "pin": PIN, "device": "cart-1-bridge"});
    let asked = Asked::post("/api/v1/sessions", &body).at(token.trim());
    assert_eq!(app.send(asked).await.problem(401), "sign_on_failed");

    let mut retired = cart.clone();
    for active in [false, true] {
        retired.rev += 1;
        retired.active = active;
        app.ask(Command::Device(Box::new(retired.clone()))).await;
        assert_eq!(knows("cart-1", token.trim()), active, "a bridge goes with its cart");
    }

    emar(&app, &["cart", "add", "--config", "CONFIG", "--id", "cart-1", "--bridge"]).await.unwrap();
    assert!(!knows("cart-1", token.trim()));
    assert_eq!(app.home().devices[&bridge].rev, 3);
    app.finish().await;
}

/// Runs the program itself: exit code, what it printed, what it complained of.
async fn program(what: &str, args: Vec<String>) -> (i32, String, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_emar"));
    let done = command.args(["schedule", what]).args(args).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

async fn preview(text: &str, args: &[&str]) -> (i32, String, String) {
    let dir = Scratch::new();
    let file = dir.path().join("order.file");
    std::fs::write(&file, text).unwrap();
    let mut all = vec![file.display().to_string()];
    all.extend(args.iter().map(|&a| a.to_owned()));
    program("preview", all).await
}

const ZONE: [&str; 2] = ["--zone", "America/New_York"];

/// The calendar without its first line, which names the release of the zone data.
async fn calendar(text: &str, args: &[&str]) -> String {
    let (code, out, why) = preview(text, &[&ZONE, args].concat()).await;
    assert_eq!(code, 0, "{why}");
    let (head, days) = out.split_once('\n').unwrap();
    assert!(head.starts_with("America/New_York (tz data 20"), "{head}");
    days.to_owned()
}

#[tokio::test]
async fn a_schedule_is_shown_as_a_calendar_with_a_legend_of_what_is_on_it() {
    let night = "kind = \"clock\"\ntimes = [\"01:30\", \"02:30\", 03:30:00]";
    let spring = ["--from", "2026-03-07", "--to", "2026-03-10"];
    let merged = "\
2026-03-07 Sat  01:30  02:30  03:30
2026-03-08 Sun  01:30 EST  02:30=  03:30 EDT
2026-03-09 Mon  01:30  02:30  03:30
8 doses
= at the same moment as another dose of the order, and one with it
";
    assert_eq!(calendar(night, &spring).await, merged);
    let one = "kind = \"clock\"\ntimes = [\"02:30\"]\ndow = [\"sun\"]";
    let shifted = "\
2026-03-07 Sat  -
2026-03-08 Sun  03:30 EDT>
2026-03-09 Mon  -
1 dose
> moved by a clock change, due at the time shown
";
    assert_eq!(calendar(one, &spring).await, shifted);
    let dropped = calendar(one, &[&spring[..], &["--gap", "skip"]].concat()).await;
    assert!(dropped.contains("2026-03-08 Sun  02:30x\n"), "{dropped}");
    assert!(dropped.contains("0 doses\nx not due"), "{dropped}");
    let autumn = ["--from", "2026-11-01", "--days", "1", "--overlap", "both"];
    let twice = calendar("kind = \"clock\"\ntimes = [\"01:30\"]", &autumn).await;
    assert_eq!(twice, "2026-11-01 Sun  01:30 EDT  01:30 EST\n2 doses\n");

    let order = json!({"start": "2026-06-10T12:00-04:00", "max_doses": 3,
        "holds": [["2026-06-12T00:00-04:00", "2026-06-13T00:00-04:00"]],
        "schedule": {"kind": "clock", "times": ["09:00"], "alternate": ["5 mg", "2.5 mg"],
            "anchor_date": "2026-06-10"}});
    let june = ["--from", "2026-06-10", "--days", "5"];
    let held = "\
2026-06-10 Wed  -
2026-06-11 Thu  09:00 2.5 mg
2026-06-12 Fri  09:00# 5 mg
2026-06-13 Sat  09:00 2.5 mg
2026-06-14 Sun  -
2 doses
# on hold or away, not due
";
    assert_eq!(calendar(&order.to_string(), &june).await, held);
    let json_too = [&ZONE[..], &june, &["--json"]].concat();
    let (_, out, _) = preview(&order.to_string(), &json_too).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["count"], &told["from"]), (&json!(2), &json!("2026-06-10")));
    let first = json!({"date": "2026-06-11", "slot": 1, "prescribed": "2026-06-11T09:00",
        "local": "2026-06-11T09:00:00-04:00", "utc": "2026-06-11T13:00:00Z", "shifted": false,
        "dose": "2.5 mg"});
    assert_eq!(told["due"][0], first);
    assert_eq!(told["held"][0]["date"], "2026-06-12");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_shown_is_told_by_field_and_remedy() {
    let clock = "kind = \"clock\"\n";
    let cases: [(&str, &[&str], &str, &str); 14] = [
        ("", &[], "kind: is missing", "write kind ="),
        ("kind = \"hourly\"", &[], "kind: is no kind", "write kind ="),
        ("{\"kind\": \"clock\",", &[], "is no JSON", "correct it there"),
        ("kind = ", &[], "is no TOML: line 1", "correct it there"),
        ("kind = \"clock\"\ntimes = []", &[], "times: there is no time", "times = [\"08:00\"]"),
        ("kind = \"clock\"\ntimes = [\"08:00\", \"25:00\"]", &[], "times[1]: ", "HH:MM"),
        ("schedule = 5", &[], "schedule: is no table", "[schedule]"),
        (
            "[schedule]\nkind = \"interval\"\nminutes = 5",
            &[],
            "schedule: missing field `anchor`",
            "add the field",
        ),
        (
            "tmes = 5\n[schedule]\nkind = \"once\"\nat = 2026-06-10T09:00:00Z",
            &[],
            "unknown field `tmes`",
            "take it out",
        ),
        (
            &[clock, "times = [\"08:00\"]\nevery_days = 2"].concat(),
            &[],
            "anchor_date: ",
            "add anchor_date",
        ),
        (
            &[clock, "times = [\"08:00\"]\n[monthly]\nday = 31\nevery = 1\nanchor = \"2026-01\""]
                .concat(),
            &[],
            "monthly.overflow: ",
            "clamp",
        ),
        (&[clock, "times = [\"08:00\"]"].concat(), &["--to", "2026-03-07"], "--to: ", "later"),
        (&[clock, "times = [\"08:00\"]"].concat(), &["--to", "9999-01-01"], "--to: ", "at most"),
        (
            "kind = \"interval\"\nminutes = 0\nanchor = 2026-06-10T09:00:00Z",
            &[],
            "minutes",
            "give 1 to",
        ),
    ];
    for (text, args, what, remedy) in cases {
        let args = [&ZONE[..], &["--from", "2026-03-07"], args].concat();
        let (code, out, why) = preview(text, &args).await;
        assert_eq!((code, out.as_str()), (1, ""), "{text}: {why}");
        assert!(why.contains(what) && why.contains(remedy), "{text}: {why}");
    }
    let good = "kind = \"clock\"\ntimes = [\"08:00\"]";
    let (code, _, why) = preview(good, &["--zone", "America/Nowhere"]).await;
    assert!(code == 1 && why.contains("--zone: tz database"), "{why}");
    for (args, what) in [(&[][..], "--zone"), (&["--zone", "UTC", "--from", "soon"], "--from")] {
        let (code, _, why) = preview(good, args).await;
        assert!(code == 2 && why.contains(what), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_a_home_is_shown_beside_its_running_server() {
    let app = TestApp::new().await;
    let garza = app.resident(1, "Garza").await;
    let order = app.order(garza, "senna", "8.6 mg", &["08:00", "20:00"]).await;
    let prn = app.order(garza, "ibuprofen", "200 mg", &[]).await;
    let config = app.config.display().to_string();
    let ask = |id: String| {
        let args = ["--order", &id, "--config", &config, "--from", "2026-11-02", "--days", "2"];
        program("preview", args.map(str::to_owned).to_vec())
    };
    let (code, out, why) = ask(order.to_string()).await;
    assert_eq!(code, 0, "{why}");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("senna tablet, 8.6\u{a0}mg, active since 2026-11-02T08:00"));
    assert_eq!(
        lines[2..],
        ["2026-11-02 Mon  08:00  20:00", "2026-11-03 Tue  08:00  20:00", "4 doses",]
    );
    let at = |text: &str| Some(Instant::parse(text).unwrap());
    let hold = HoldFor {
        from: at("2026-11-03T05:00:00Z"),
        until: at("2026-11-03T17:00:00Z"),
        reason: "low pressure".into(),
    };
    app.ask_as(person("Novak"), Command::Order(OrderCommand::Hold(order, hold))).await;
    let (_, out, _) = ask(order.to_string()).await;
    let held = ["2026-11-03 Tue  08:00#  20:00", "3 doses", "# on hold or away, not due"];
    assert_eq!(out.lines().skip(3).collect::<Vec<_>>(), held);
    let now = app.order_version(garza, "metoprolol", "25 mg", &["15:00", "21:00"]);
    let now = app.noted(OrderVersion { first_dose: FirstDose::Now, ..now }).await;
    let (_, out, why) = ask(now.to_string()).await;
    let shown = ["2026-11-02 Mon  08:00  15:00  21:00", "2026-11-03 Tue  15:00  21:00", "5 doses"];
    assert_eq!(out.lines().skip(2).collect::<Vec<_>>(), shown, "{why}");
    let (code, _, why) = ask(prn.to_string()).await;
    assert!(code == 1 && why.contains("--order: ") && why.contains("PRN"), "{why}");
    let (code, _, why) = ask(garza.to_string()).await;
    assert!(code == 1 && why.contains("has no order"), "{why}");
    app.finish().await;
}

#[tokio::test]
async fn every_fault_of_a_policy_is_told_to_people_and_to_programs() {
    let dir = Scratch::new();
    let file = dir.path().join("home.toml");
    let sound = include_str!("support/oakhill.toml").replace("ZONE", "Europe/London");
    std::fs::write(&file, &sound).unwrap();
    let check = |json: bool| {
        let flag = json.then(|| "--json".to_owned());
        program("check", [file.display().to_string()].into_iter().chain(flag).collect())
    };
    let (code, out, _) = check(false).await;
    assert_eq!((code, out), (0, format!("{}: good\n", file.display())));
    let faulty = sound
        .replace("confirm = ", "confrim = ")
        .replace("\"07:00-10:30\"", "\"7 to 10\"")
        .replace("facility_60", "hourly")
        .replace("schema = 1", "schema = 2");
    std::fs::write(&file, faulty).unwrap();
    let (code, out, why) = check(false).await;
    assert_eq!(code, 1);
    assert!(why.contains("1 of 1 policy files cannot be used"), "{why}");
    let told: Vec<&str> = out.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(told.len(), 4, "{out}");
    for (line, at) in told.iter().zip([":1:1: schema", ":12:", ":17:", ":19:"]) {
        assert!(line.contains(at), "{line} is not at {at}");
    }
    let (code, out, _) = check(true).await;
    assert_eq!(code, 1);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["ok"], false);
    let codes: Vec<&str> =
        told["faults"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    let wanted = ["schema_unknown", "not_so_written", "class_unknown", "unknown_field"];
    assert_eq!(codes, wanted);
}
