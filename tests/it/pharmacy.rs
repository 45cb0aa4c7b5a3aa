//! A pharmacy with nothing but Mosquitto's own tools: an order in, given, told, and stopped.

use crate::support::world::{device_token, package, person, told};
use crate::support::{Asked, Broker, Mosquitto, PATIENCE, TestApp, Wanted};
use emar::exchange::fhir::{Context, classify};
use emar_domain::order::OrderState;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

const IN: &str = "emar/v1/oakhill/pharmacy/pharm1/in/order";

fn resident() -> Value {
    json!({"resourceType": "Patient", "id": "p1", "birthDate": "1940-02-29",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "4711"},
            {"system": "urn:emar:wristband", "value": "R-1234567C"}],
        "extension": [{"url": "urn:emar:room", "valueString": "112-A"}],
        "name": [{"family": "Voss", "given": ["Edda"]}]})
}

fn order(status: &str) -> Value {
    json!({"resourceType": "MedicationRequest", "id": "rx1", "status": status,
        "intent": "order", "meta": {"versionId": "3"},
        "identifier": [{"type": {"coding": [{"code": "PLAC"}]}, "value": "RX-9"}],
        "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-02T08:00:00-05:00",
        "medicationCodeableConcept": {"coding": [{"code": "314231",
            "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
            "display": "Simvastatin 20 MG Oral Tablet"}]},
        "dosageInstruction": [{"text": "twice a day",
            "timing": {"code": {"coding": [{"code": "BID",
                "system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"}]}},
            "doseAndRate": [{"doseQuantity": {"value": 20, "unit": "mg",
                "system": "http://unitsofmeasure.org", "code": "mg"}}]}]})
}

fn message(id: &str, event: &str, order: &Value) -> Vec<u8> {
    json!({"resourceType": "Bundle", "type": "message", "entry": [
        {"resource": {"resourceType": "MessageHeader", "id": id,
            "eventCoding": {"system": "urn:emar:message-event", "code": event}}},
        {"resource": order}, {"resource": resident()}]})
    .to_string()
    .into_bytes()
}

/// What `mosquitto_sub` hears of a topic.
struct Hears {
    lines: Lines<BufReader<ChildStdout>>,
    _tool: Child,
}

impl Hears {
    fn topic(mosquitto: &Mosquitto, topic: &str) -> Self {
        let mut tool = mosquitto.tool("mosquitto_sub");
        tool.args(["-t", &format!("emar/v1/oakhill/pharmacy/pharm1/{topic}")]);
        let mut tool = tool.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(tool.stdout.take().unwrap()).lines();
        Self { lines, _tool: tool }
    }

    async fn next(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        line.expect("nothing was heard").unwrap().unwrap()
    }

    /// The next answer: its kind and the id of the message it answers.
    async fn answer(&mut self) -> (String, String, String) {
        let text = self.next().await;
        let bundle: Value = serde_json::from_str(&text).unwrap();
        let response = &bundle["entry"][0]["resource"]["response"];
        let to = response["identifier"].as_str().unwrap().to_owned();
        let kinds = ["CA", "AA", "AE", "AR"];
        let said = |k: &&str| text.contains(&format!("\"{k}\""));
        let kind = kinds.into_iter().find(said).unwrap_or_else(|| panic!("{text}"));
        (kind.to_owned(), to, text)
    }
}

async fn publish(app: &TestApp, topic: &str, bytes: &[u8]) {
    let mosquitto = app.mosquitto.as_ref().unwrap();
    let mut tool = mosquitto.tool("mosquitto_pub");
    let mut tool = tool.args(["-t", topic, "-s"]).stdin(Stdio::piped()).spawn().unwrap();
    tool.stdin.take().unwrap().write_all(bytes).await.unwrap();
    assert!(tool.wait().await.unwrap().success());
}

/// The server with the resident, the formulary, and ears for answers, tellings and dead letters.
async fn pharmacy() -> (TestApp, [Hears; 3]) {
    let mosquitto = Mosquitto::start().await;
    let hears = ["in/answer", "out/administration", "dlq"].map(|t| Hears::topic(&mosquitto, t));
    let broker = Broker::Mosquitto(mosquitto);
    let app = TestApp::with(Wanted { broker, ..Wanted::default() }).await;
    app.product(7, "simvastatin", "20 mg").await;
    let bundle = json!({"resourceType": "Bundle", "type": "collection",
        "entry": [{"resource": resident()}]});
    let commands = {
        let home = app.home();
        let context = Context {
            home: &home,
            frequencies: emar::policy_file::frequencies(),
            sender: "import",
            seq: None,
            now: emar::clock::Clock::clinical(&*app.clock),
        };
        classify(bundle.to_string().as_bytes(), &context).commands
    };
    for command in commands {
        app.ask(command).await;
    }
    (app, hears)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_comes_in_is_given_told_and_stopped() {
    let (app, [mut answers, mut tellings, _dlq]) = pharmacy().await;
    publish(&app, IN, &message("m1", "new-order", &order("active"))).await;
    let (kind, to, _) = answers.answer().await;
    assert_eq!((kind.as_str(), to.as_str()), ("CA", "m1"));
    let (kind, to, text) = answers.answer().await;
    assert_eq!((kind.as_str(), to.as_str()), ("AA", "m1"), "{text}");

    // Nothing may be given on it before a nurse has noted it.
    let osei = app.bedside("Osei", "cart-1").await;
    let drafts = Asked::get("/api/v1/orders?state=draft").by(&osei.session);
    let drafts = app.send(drafts).await.expect(200);
    let [draft] = drafts["orders"].as_array().unwrap().as_slice() else { panic!("{drafts}") };
    let id = draft["id"].as_str().unwrap();
    assert_eq!(told(&osei.scan("]C0R-1234567C").await), "ok resident_opened");
    let early = osei.scan(&package(7, "A1")).await;
    assert_eq!(early["verdict"], "stop", "{early}");
    let note = format!("/api/v1/orders/{id}/note");
    app.send(Asked::new("POST", &note).by(&osei.session)).await.expect(200);
    let lind = app.sign_on(person("Lind"), "cart-2").await;
    let verify = Asked::new("POST", &format!("/api/v1/orders/{id}/verify")).by(&lind);
    app.send(verify).await.expect(200);

    let dose = app
        .until("doses are planned", |home| {
            let order = home.order_by_placer("pharm1", "RX-9")?;
            home.doses_of_order(order.id()).next().cloned()
        })
        .await;
    app.clock.set_micros(dose.due.micros());
    assert_eq!(told(&osei.scan(&package(7, "A1")).await), "ok prepared");
    let taken = osei.card("TAKEN").await;
    assert_eq!(told(&taken), "ok confirmed");
    let telling: Value = serde_json::from_str(&tellings.next().await).unwrap();
    let header = &telling["entry"][0]["resource"];
    assert_eq!(header["eventCoding"]["code"], "administration");
    let given = telling["entry"].as_array().unwrap().iter().map(|e| &e["resource"]);
    let given = given.filter(|r| r["resourceType"] == "MedicationAdministration");
    let [given] = given.collect::<Vec<_>>()[..] else { panic!("{telling}") };
    assert_eq!(given["status"], "completed");
    assert_eq!(given["request"]["identifier"]["value"], "RX-9");
    assert_eq!(given["dosage"]["dose"]["value"], json!(20));
    // Until the pharmacy itself confirms it, it is told again.
    let again: Value = serde_json::from_str(&tellings.next().await).unwrap();
    assert_eq!(again, telling);
    let of = telling["entry"][0]["resource"]["id"].as_str().unwrap();
    let confirm = json!({"resourceType": "Bundle", "type": "message", "entry": [{"resource": {
        "resourceType": "MessageHeader", "id": "c1",
        "eventCoding": {"system": "urn:emar:message-event", "code": "administration"},
        "response": {"identifier": of, "code": "ok"}}}]});
    let out = "emar/v1/oakhill/pharmacy/pharm1/out/answer";
    publish(&app, out, confirm.to_string().as_bytes()).await;

    publish(&app, IN, &message("m2", "discontinue-order", &order("stopped"))).await;
    assert_eq!(answers.answer().await.0, "CA");
    let (kind, to, text) = answers.answer().await;
    assert_eq!((kind.as_str(), to.as_str()), ("AA", "m2"), "{text}");
    app.until("the order is stopped", |home| {
        let order = home.order_by_placer("pharm1", "RX-9")?;
        (order.state == OrderState::Discontinued).then_some(())
    })
    .await;
    let stopped = osei.scan(&package(7, "A2")).await;
    assert_eq!(stopped["verdict"], "stop", "{stopped}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_again_gets_the_same_answer_and_garbage_is_refused() {
    let (app, [mut answers, _tellings, mut dlq]) = pharmacy().await;
    let bytes = message("m1", "new-order", &order("active"));
    publish(&app, IN, &bytes).await;
    assert_eq!(answers.answer().await.0, "CA");
    let (kind, _, first) = answers.answer().await;
    assert_eq!(kind, "AA", "{first}");
    publish(&app, IN, &bytes).await;
    let (_, _, again) = answers.answer().await;
    assert_eq!(again, first, "byte for byte");
    assert_eq!(app.home().orders.len(), 1);

    let other = message("m1", "new-order", &order("on-hold"));
    publish(&app, IN, &other).await;
    let (kind, to, text) = answers.answer().await;
    assert_eq!((kind.as_str(), to.as_str()), ("AR", "m1"), "{text}");
    dlq.next().await;

    let unknown = String::from_utf8(message("m3", "new-order", &order("active"))).unwrap();
    let unknown = unknown.replace("4711", "9999").replace("R-1234567C", "R-0000000000");
    publish(&app, IN, unknown.as_bytes()).await;
    assert_eq!(answers.answer().await.0, "CA");
    let (kind, to, _) = answers.answer().await;
    assert_eq!((kind.as_str(), to.as_str()), ("AE", "m3"), "{text}");

    let hostile = [
        b"{".to_vec(),
        vec![0xff; 64],
        "[".repeat(5000).into_bytes(),
        br#"{"resourceType":"Bundle","type":"message","entry":[]}"#.to_vec(),
        message("m 4 & ^ | ~ < > ' \"", "new-order", &order("active")),
        vec![b'x'; 200_000],
    ];
    for bytes in hostile {
        publish(&app, IN, &bytes).await;
        // Stored first, then refused.
        let (kind, ..) = answers.answer().await;
        let kind = if kind == "CA" { answers.answer().await.0 } else { kind };
        assert_eq!(kind, "AR", "{:?}", &bytes[..bytes.len().min(40)]);
        let letter: Value = serde_json::from_str(&dlq.next().await).unwrap();
        assert!(letter["id"].as_str().is_some_and(|id| !id.is_empty()), "{letter}");
    }
    assert_eq!(app.home().orders.len(), 1, "nothing half done");
    app.send(Asked::get("/readyz")).await.header("content-type").expect("the server is alive");
    app.finish().await;
}

/// Reads what waits for a person.
async fn waiting(app: &TestApp, session: &str) -> Vec<Value> {
    let list = app.send(Asked::get("/api/v1/transcriptions").by(session)).await.expect(200);
    list["transcriptions"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_carried_out_waits_for_a_person_and_a_hold_acts_at_once() {
    let (app, [mut answers, _tellings, _dlq]) = pharmacy().await;
    let mut taper = order("active");
    let second = taper["dosageInstruction"][0].clone();
    taper["dosageInstruction"].as_array_mut().unwrap().push(second);
    publish(&app, IN, &message("t1", "new-order", &taper)).await;
    assert_eq!(answers.answer().await.0, "CA");
    assert_eq!(answers.answer().await.0, "AE");
    publish(&app, IN, b"{").await;
    assert_eq!(answers.answer().await.0, "CA");
    assert_eq!(answers.answer().await.0, "AR");
    assert_eq!(app.home().orders.len(), 0);

    let osei = app.sign_on(person("Osei"), "cart-1").await;
    let all = waiting(&app, &osei).await;
    let [letter, unread] = all.as_slice() else { panic!("{all:?}") };
    let edda = app.home().residents.keys().next().copied();
    assert_eq!((&letter["message"], &letter["answer"]), (&json!("t1"), &json!("AE")));
    assert_eq!(letter["resident"], json!(edda));
    let says = letter["says"].as_str().unwrap();
    assert!(says.contains("Simvastatin 20 MG Oral Tablet · twice a day"), "{says}");
    assert!(!letter["reasons"].as_array().unwrap().is_empty());
    assert_eq!((&unread["says"], &unread["answer"]), (&json!(""), &json!("AR")));

    let novak = app.sign_on(person("Novak"), "station-east").await;
    let page = app.send(Asked::get("/orders").by(&novak)).await;
    assert!(page.text.contains("To transcribe") && page.text.contains("twice a day"), "{page:?}");
    let board = app.send(Asked::get("/station?unit=east").at(&device_token())).await;
    assert!(board.text.contains("2 messages of pharmacies were not carried out"), "{board:?}");

    // A server that stops in between forgets none of it.
    let read = app.running().app.store.load_home(
        &app.running().app.facility,
        app.home().policy.clone(),
        app.home().zone.clone(),
        emar::clock::Clock::clinical(&*app.clock),
    );
    assert_eq!(read.await.unwrap().transcriptions, app.home().transcriptions);

    let done = format!("/api/v1/transcriptions/{}/done", letter["id"].as_str().unwrap());
    let entered = Asked::post(&done, &json!({"reason": "entered as two orders"}));
    app.send(entered.by(&osei).key("letter-1")).await.expect(200);
    assert_eq!(waiting(&app, &osei).await.len(), 1);
    let again = Asked::post(&done, &json!({"reason": "once more"}));
    let again = again.by(&osei).key("letter-2");
    assert_eq!(app.send(again).await.problem(409), "transcription_done");

    publish(&app, IN, &message("m1", "new-order", &order("active"))).await;
    assert_eq!(answers.answer().await.0, "CA");
    assert_eq!(answers.answer().await.0, "AA");
    let id = app.home().order_by_placer("pharm1", "RX-9").unwrap().id();
    app.send(Asked::new("POST", &format!("/api/v1/orders/{id}/note")).by(&osei)).await.expect(200);
    let held = message("m2", "new-order", &order("on-hold"));
    publish(&app, IN, &held).await;
    assert_eq!(answers.answer().await.0, "CA");
    let (kind, _, text) = answers.answer().await;
    assert_eq!(kind, "AA", "{text}");
    let now = emar::clock::Clock::clinical(&*app.clock);
    assert_eq!(app.home().orders[&id].state_at(now), OrderState::Held);
    app.finish().await;
}
