//! What no well-meaning client sends: told what and where, never echoed, nothing half done.

use crate::support::world::{device_token, person};
use crate::support::{Asked, PIN, Reply, TestApp, Wanted};
use emar::http::auth::TABLE;
use serde_json::{Value, json};
use uuid::Uuid;

/// A word that is in every hostile text and in no answer of the server's own.
const MARK: &str = "zwetschgendatschi";

fn hostile() -> Vec<String> {
    let mut all: Vec<String> = ["&", "^", "|", "~", "<script>", "'; DROP TABLE dose; --", "\""]
        .iter()
        .map(|text| format!("{text}{MARK}"))
        .collect();
    all.push(format!("a\nb\r\n{MARK}"));
    all.push(format!("\u{1f48a}\u{202e}{MARK}\u{0}"));
    all.push(MARK.repeat(64 * 1024 / MARK.len()));
    all
}

/// The routes that take a body, and a body each takes.
fn bodies() -> Vec<(&'static str, Value)> {
    let id = Uuid::nil();
    let chart = json!({"dose": id, "order": id, "outcome": "refused", "reason": "REF",
        "comment": "x", "units": "5 mg", "scans": ["x"], "mode": "past",
        "administered_at": "2026-11-02T07:00:00-05:00",
        "overrides": [{"code": "dose_late", "reason": "meal", "comment": "x", "contact": "x"}],
        "cart": "station-east", "list_version": "1"});
    vec![
        ("/api/v1/sessions", json!({"badge": "B-OSEI", "pin": PIN, "device": "cart-1"})),
        (
            "/api/v1/scans",
            json!({"scan_id": id, "cart": "cart-1", "raw": "x", "symbology": "]C0",
                "source": "wedge", "at": "x", "list_version": "1", "answers": "x",
                "overrides": [{"code": "dose_late", "reason": "meal", "comment": "x"}]}),
        ),
        ("/api/v1/administrations", chart.clone()),
        (
            "/api/v1/witness",
            json!({"order": id, "dose": id,
                "witness": {"badge": "B-LIND", "pin": PIN, "amount": "4 units"}}),
        ),
        ("/api/v1/administrations/{id}/corrections", chart),
        ("/api/v1/orders", order()),
        (
            "/orders/compose",
            json!({"resident": "x", "drug": "x", "number": "x", "unit": "mg", "frequency": "BID",
                "start": "x", "indication": "x", "days": ["mon"], "pattern": "steps_days",
                "step_number": ["1"], "step_length": ["x"], "step_times": ["x"], "anchor": "x"}),
        ),
        (
            "/api/v1/orders/{id}/versions",
            json!({"kind": "new_version", "reason": "x", "order": order()}),
        ),
        ("/api/v1/orders/preview", json!({"order": Uuid::nil(), "change": "hold", "reason": "x"})),
        ("/api/v1/orders/{id}/hold", json!({"reason": "x", "from": "x", "until": "x"})),
        ("/api/v1/orders/{id}/discontinue", json!({"reason": "x"})),
        ("/api/v1/orders/{id}/entered_in_error", json!({"reason": "x"})),
        ("/api/v1/transcriptions/{id}/done", json!({"reason": "x"})),
        ("/api/v1/orders/{id}/renew", json!({"until": "x", "reason": "x"})),
        ("/api/v1/orders/{id}/do_not_give", json!({"reason": "x"})),
        ("/api/v1/orders/{id}/may_give", json!({"reason": "x"})),
        (
            "/api/v1/residents/{id}/readings",
            json!({"readings": [{"code": "sbp", "value": "128", "unit": "mg/dL"}], "at": "x",
                "cart": "station-east"}),
        ),
        (
            "/api/v1/residents/{id}/absence",
            json!({"kind": "leave", "from": "x", "until": "x", "reason": "x"}),
        ),
        ("/api/v1/residents/{id}/discharge", json!({"reason": "x", "deceased": true})),
        (
            "/api/v1/alerts/{id}/accept",
            json!({"rev": 1, "badge": "B-OSEI", "pin": PIN, "station": "station-east"}),
        ),
        ("/api/v1/alerts/{id}/snooze", json!({"rev": 1, "minutes": 5, "reason": "x"})),
        ("/api/v1/alerts/{id}/escalate", json!({"rev": 1})),
        ("/api/v1/alerts/{id}/shown", json!({"rev": 1, "station": "station-east"})),
        ("/api/v1/control", json!([])),
    ]
}

fn order() -> Value {
    json!({"order": Uuid::nil(), "version": 1, "resident": Uuid::nil(),
        "drug": {"ingredient": "x", "name": "x", "form": "tablet", "route": "po"},
        "dose": {"nano": 5_000_000_000_i64, "unit": "mg"}, "dose_text": "x", "frequency": "DAILY",
        "timing": {"when": "planned", "schedule": {"kind": "clock", "times": ["08:00"]}},
        "start": 1_793_624_400_000_000_i64, "stop": null, "before_minutes": 60, "after_minutes": 60,
        "indication": "x", "instructions": "x",
        "source": {"sender": "x", "placer": "x", "version": "x"}})
}

struct Door {
    app: TestApp,
    session: String,
}

impl Door {
    async fn new() -> Self {
        Self::on(false).await
    }

    async fn on(postgres: bool) -> Self {
        let app = TestApp::with(Wanted { postgres, ..Wanted::default() }).await;
        let session = app.sign_on(person("Novak"), "station-east").await;
        Self { app, session }
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Reply {
        let path = path.replace("{id}", &Uuid::nil().to_string());
        let mut asked = Asked::new("POST", &path).bytes(body).at(&device_token());
        asked = match path.as_str() {
            "/api/v1/control" => {
                let token = emar::secret::hex(&self.app.running().web.control);
                asked.header("Authorization", &format!("Control {token}"))
            }
            _ => asked.by(&self.session),
        };
        self.app.send(asked.key(&Uuid::now_v7().to_string())).await
    }

    /// A refusal as it must be: a 4xx problem that says what, and does not echo.
    #[track_caller]
    fn refuses(&self, what: &str, reply: &Reply) {
        assert!((400..500).contains(&reply.status), "{what}: {} {}", reply.status, reply.text);
        reply.problem(reply.status);
        assert!(!reply.text.contains(MARK), "{what}: the answer echoes: {}", cut(&reply.text));
        assert!(reply.text.len() < 4096, "{what}: {}", cut(&reply.text));
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.len().min(300)).unwrap_or("(cut)")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_json_or_another_json_are_told_where() {
    let door = Door::new().await;
    let posts = TABLE.iter().filter(|(m, p, _)| *m == "POST" && !p.starts_with("/demo/"));
    let known: Vec<&str> = bodies().iter().map(|(path, _)| *path).collect();
    let bare = [
        "/enrol",
        "/api/v1/orders/{id}/note",
        "/api/v1/orders/{id}/verify",
        "/api/v1/orders/{id}/resume",
        "/api/v1/residents/{id}/return",
        "/api/v1/residents/{id}/readmit",
    ];
    for (_, path, _) in posts {
        assert!(known.contains(path) || bare.contains(path), "{path} has no hostile bodies");
    }
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(300 * 1024));
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("nothing", Vec::new(), &[400]),
        ("half", b"{\"rev\":".to_vec(), &[400, 422]),
        ("no UTF-8", vec![b'"', 0xff, 0xfe, b'"'], &[400, 422]),
        ("a number", b"17".to_vec(), &[422]),
        ("a text", format!("\"{MARK}\"").into_bytes(), &[422]),
        ("unknown field", format!("{{\"{MARK}\":1}}").into_bytes(), &[422]),
        ("too deep", format!("{}1{}", "[".repeat(40), "]".repeat(40)).into_bytes(), &[422]),
        ("too large", large.into_bytes(), &[413]),
    ];
    for (path, _) in bodies() {
        for (name, body, statuses) in &cases {
            let reply = door.post(path, body.clone()).await;
            door.refuses(&format!("{path}: {name}"), &reply);
            assert!(statuses.contains(&reply.status), "{path}: {name}: {}", reply.text);
            let body = reply.json();
            let place = body["pointer"].is_string() || body["code"] == "body";
            assert!(place, "{path}: {name}: does not say where: {body}");
        }
    }
    assert_eq!(door.app.home().orders.len(), 0, "nothing half done");
    door.app.finish().await;
}

/// Every place in a value, as the path to it.
fn places(value: &Value, at: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                at.push(name.clone());
                places(field, at, all);
                at.pop();
            }
        }
        Value::Array(list) => {
            for (n, element) in list.iter().enumerate() {
                at.push(n.to_string());
                places(element, at, all);
                at.pop();
            }
        }
        _ => all.push(at.clone()),
    }
}

fn with(value: &Value, place: &[String], put: Value) -> Value {
    let mut value = value.clone();
    let pointer: String = place.iter().map(|p| format!("/{p}")).collect();
    *value.pointer_mut(&pointer).unwrap() = put;
    value
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_and_wrong_types_in_every_field_do_no_harm() {
    hostile_fields(false).await;
}

/// PostgreSQL refuses texts that SQLite takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_does_no_harm_on_postgresql_either() {
    hostile_fields(true).await;
}

async fn hostile_fields(postgres: bool) {
    let door = Door::on(postgres).await;
    let before = door.app.home().orders.len();
    for (path, body) in bodies() {
        let mut all = Vec::new();
        places(&body, &mut Vec::new(), &mut all);
        for place in all {
            let mut puts: Vec<Value> = hostile().into_iter().map(Value::String).collect();
            puts.extend([
                json!(-1),
                json!(1.5),
                json!(i64::MAX),
                json!([]),
                json!({}),
                json!(true),
            ]);
            for put in puts {
                let sent = with(&body, &place, put);
                let reply = door.post(path, sent.to_string().into_bytes()).await;
                let what = format!("{path} {place:?}: {}", cut(&sent.to_string()));
                assert!(reply.status < 500, "{what}: {}", reply.text);
                let echo = reply.text.contains(MARK);
                assert!(!echo, "{what}: echoed: {}", cut(&reply.text));
                if reply.status >= 300 {
                    door.refuses(&what, &reply);
                }
            }
        }
    }
    assert_eq!(door.app.home().orders.len(), before, "an order for nobody was taken");
    door.app.finish().await;
}

/// Free text is kept as it was written, whatever it looks like, and only where it belongs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_comment_is_kept_as_written() {
    for postgres in [false, true] {
        let door = Door::on(postgres).await;
        let app = &door.app;
        app.product(1, "senna", "8.6 mg").await;
        let cart = app.bedside("Osei", "cart-1").await;
        for (number, text) in (1..).zip(hostile().into_iter().filter(|t| t.len() < 4000)) {
            let resident = app.resident(number, &text).await;
            let order = app.order(resident, "senna", "8.6 mg", &["08:00"]).await;
            let dose = app.dose_at(order, "2026-11-02T13:00:00Z");
            let body = json!({"dose": dose, "outcome": "refused", "reason": "REF",
                "comment": text});
            cart.chart(&Uuid::now_v7().to_string(), &body).await.expect(201);
            let stored = app.running().app.store.administrations_of_dose(dose).await.unwrap();
            assert_eq!(stored[0].comment.as_deref(), Some(text.as_str()));
            cart.scan(&text).await;
        }
        let page = app.send(Asked::get("/station?unit=east").by(&door.session)).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("<script>"), "{}", page.text);
        door.app.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_values_are_named() {
    let door = Door::new().await;
    let garza = door.app.resident(1, "Garza").await;
    door.app.product(1, "senna", "8.6 mg").await;
    let order_id = door.app.order(garza, "senna", "8.6 mg", &["08:00"]).await;
    let dose = door.app.dose_at(order_id, "2026-11-02T13:00:00Z");
    let given = json!({"dose": dose, "outcome": "partial", "reason": "PARTIAL", "comment": "x",
        "mode": "past", "administered_at": "2026-11-02T07:30:00-05:00", "units": "5 mg"});
    let cases = [
        ("units", json!("5 florps"), "/units"),
        ("units", json!("mg"), "/units"),
        ("units", json!("-5 mg"), "/units"),
        ("units", json!("1e999 mg"), "/units"),
        ("administered_at", json!("2026-02-30T08:00:00Z"), "/administered_at"),
        ("administered_at", json!("2026-11-02T25:61:00Z"), "/administered_at"),
        ("administered_at", json!("yesterday"), "/administered_at"),
        ("administered_at", json!("2026-11-02T08:00:00"), "/administered_at"),
        ("list_version", json!("x"), "/list_version"),
        ("cart", json!("no/such"), "/cart"),
        ("cart", json!("cart-2"), "/cart"),
    ];
    for (field, value, pointer) in cases {
        let mut body = given.clone();
        body[field] = value.clone();
        let reply = door.post("/api/v1/administrations", body.to_string().into_bytes()).await;
        reply.problem(422);
        assert_eq!(reply.json()["pointer"], pointer, "{field} {value}: {}", reply.text);
    }
    assert!(door.app.home().doses[&dose].outcome.is_none(), "nothing half done");
    for query in
        ["month=2026-13", "month=x", "month=2026-11&x=1", "", "month=%F0%9F%92%8A", "month=%ff"]
    {
        let path = format!("/api/v1/residents/{garza}/mar?{query}");
        let reply = door.app.send(Asked::get(&path).by(&door.session)).await;
        door.refuses(query, &reply);
    }
    for path in [
        format!("/api/v1/residents?{MARK}=1"),
        format!("/api/v1/orders?state={MARK}"),
        format!("/api/v1/orders?{MARK}=1"),
        "/api/v1/audit/proof".to_owned(),
        format!("/api/v1/audit/proof?leaf={MARK}"),
        "/api/v1/residents/%ff".to_owned(),
        format!("/api/v1/residents/{MARK}"),
        format!("/{MARK}"),
    ] {
        let reply = door.app.send(Asked::get(&path).by(&door.session)).await;
        door.refuses(&path, &reply);
    }
    let form =
        Asked::new("POST", "/enrol").header("Content-Type", "application/x-www-form-urlencoded");
    for body in [format!("device={MARK}"), format!("device={MARK}&code=x"), "%ff=%ff".to_owned()] {
        let mut asked = form.clone();
        asked.body = body.clone().into_bytes();
        door.refuses(&body, &door.app.send(asked).await);
    }
    door.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn impossible_readings_are_named() {
    let door = Door::new().await;
    let garza = door.app.resident(1, "Garza").await;
    let path = format!("/api/v1/residents/{garza}/readings");
    let one = |code: &str, value: &str| json!([{"code": code, "value": value}]);
    for (readings, at, pointer) in [
        (one("sbp", "12a"), None, "/readings/0/value"),
        (one("sbp", "-128"), None, "/readings/0/value"),
        (one("sbp", "hi"), None, "/readings/0/value"),
        (one("sbp", "1e2"), None, "/readings/0/value"),
        (one("sbp", "1,28"), None, "/readings/0/value"),
        (one("temp", ".5"), None, "/readings/0/value"),
        (one("Sbp", "128"), None, "/readings/0/code"),
        (one("", "128"), None, "/readings/0/code"),
        (json!([{"code": "glucose", "value": "7", "unit": "g/L"}]), None, "/readings/0/unit"),
        (json!(vec![json!({"code": "sbp", "value": "128"}); 13]), None, "/readings"),
        (one("sbp", "128"), Some("2026-11-02T08:00:00"), "/at"),
    ] {
        let body = json!({"readings": readings, "at": at});
        let reply = door.post(&path, body.to_string().into_bytes()).await;
        assert_eq!(reply.problem(422), "malformed");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    let unknown = json!({"readings": one(MARK, "128")}).to_string().into_bytes();
    door.refuses("an unknown code", &door.post(&path, unknown).await);
    for query in ["hours=0", "hours=745", "hours=x", "x=1"] {
        let path = format!("{path}?{query}");
        let reply = door.app.send(Asked::get(&path).by(&door.session)).await;
        door.refuses(query, &reply);
    }
    assert!(door.app.home().readings.is_empty(), "nothing was written down");
    door.app.finish().await;
}

/// An order as entered is checked before it becomes part of the home.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impossible_order_is_not_taken() {
    let door = Door::new().await;
    let garza = door.app.resident(1, "Garza").await;
    let mut good =
        serde_json::to_value(door.app.order_version(garza, "senna", "8.6 mg", &["08:00"])).unwrap();
    let long = "x".repeat(64 * 1024);
    let cases = [
        ("/before_minutes", json!(-60)),
        ("/after_minutes", json!(i64::MAX)),
        ("/dose/nano", json!(0)),
        ("/dose/nano", json!(-1)),
        ("/drug/name", json!(long)),
        ("/drug/name", json!("")),
        ("/drug/ingredient", json!(long)),
        ("/instructions", json!(long)),
        ("/dose_text", json!(long)),
        ("/source/version", json!(long)),
        ("/stop", json!(0)),
    ];
    for (pointer, put) in cases {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} in {good}")) = put;
        let reply = door.post("/api/v1/orders", body.to_string().into_bytes()).await;
        reply.problem(422);
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    assert!(door.app.home().orders.is_empty(), "nothing half done");
    good["resident"] = json!(Uuid::nil());
    let reply = door.post("/api/v1/orders", good.to_string().into_bytes()).await;
    assert_eq!(reply.problem(409), "resident_unknown");
    good["resident"] = json!(garza);
    let entered = door.post("/api/v1/orders", good.to_string().into_bytes()).await.expect(201);
    assert_eq!(entered["state"], "draft");
    door.app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_names_are_shown_as_text() {
    let app = TestApp::new().await;
    let name = "<script>alert(1)</script>&\"' \u{1f48a}";
    app.resident(1, name).await;
    let nurse = app.bedside("Osei", "cart-1").await;
    let page = || Asked::get("/bedside?cart=cart-1").by(&nurse.session);
    for step in 0..2 {
        if step == 1 {
            nurse.open(1).await;
        }
        let page = app.send(page()).await;
        assert_eq!(page.status, 200);
        // Family names are shown in capitals.
        let text = page.text.to_lowercase();
        assert!(!text.contains("<script>alert"), "step {step}");
        if step == 0 {
            // The round shows who has something due; nobody has.
            continue;
        }
        let escaped = text.contains("script&#62;") || text.contains("script&gt;");
        assert!(escaped, "step {step}: the name is not on the page");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    }
    app.finish().await;
}

/// What is of another type than asked for is named by the pointer that leads to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_type_is_pointed_at() {
    let door = Door::new().await;
    let good = order();
    for pointer in ["/resident", "/drug/name", "/dose/unit", "/dose/nano", "/start", "/source"] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = json!([true]);
        let reply = door.post("/api/v1/orders", body.to_string().into_bytes()).await;
        assert_eq!(reply.problem(422), "malformed");
        let said = reply.json()["pointer"].as_str().unwrap().to_owned();
        assert!(said.starts_with(pointer), "{pointer}: {}", reply.text);
    }
    let chart = |put: Value| json!({"outcome": "refused", "mode": "now", "overrides": put});
    for (put, pointer) in [
        (json!(1), "/overrides"),
        (json!([{"code": "x", "reason": "y"}, {"code": "x"}]), "/overrides/1/reason"),
        (json!([{"code": "x", "reason": "y"}, {"code": 1, "reason": "y"}]), "/overrides/1/code"),
    ] {
        let body = chart(put).to_string().into_bytes();
        let reply = door.post("/api/v1/administrations", body).await;
        assert_eq!(reply.problem(422), "malformed");
        assert_eq!(reply.json()["pointer"], pointer, "{}", reply.text);
    }
    door.app.finish().await;
}
