//! A house with its workers, and a broker of its own.

use crate::bus::{Bus, BusEvents};
use crate::clock::{Clock, RandomIds};
use crate::exchange::fhir::{Context, classify};
use crate::service::app::App;
use crate::service::effects::Outgoing;
use crate::service::heard::HeardFrom;
use crate::service::lane::{Asked, Lane, Outcome};
use crate::store::Store;
use crate::worker::checkpoint;
use crate::worker::scheduler::Terms;
use crate::worker::start::{Parts, Running, start};
use crate::zones::Catalogue;
use emar_domain::audit::checkpoint::{Checkpoint, read_log};
use emar_domain::audit::note::{KeyKind, Note, SignKey};
use emar_domain::decide::{Actor, Command, OrderCommand};
use emar_domain::fact::{Device, User};
use emar_domain::home::Home;
use emar_domain::id::{Slug, UserId};
use emar_domain::order::Order;
use emar_domain::role::Role;
use emar_domain::time::Instant;
use emar_wire::signed::Keyring;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
const LOG: &str = "emar.test/oakhill/audit";
/// 08:00 in the home.
const START: &str = "2026-11-02T13:00:00Z";

/// Real time from [`START`] on; tests let minutes pass.
pub(super) struct TestClock {
    began: std::time::Instant,
    passed: AtomicI64,
}

impl TestClock {
    pub(super) fn pass_minutes(&self, minutes: i64) {
        self.passed.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn clinical(&self) -> Instant {
        let start = Instant::parse(START).unwrap();
        let micros = self.machine() - 1_000_000_000 + self.passed.load(Ordering::SeqCst);
        start.plus_micros(micros).unwrap()
    }

    fn machine(&self) -> i64 {
        1_000_000_000 + i64::try_from(self.began.elapsed().as_micros()).unwrap()
    }
}

pub(super) struct House {
    pub(super) app: Arc<App>,
    pub(super) clock: Arc<TestClock>,
    pub(super) epoch: i64,
    sign: SignKey,
    directory: PathBuf,
    running: Option<Running>,
    stop: watch::Sender<bool>,
    // Dropped, the lane could not tell.
    _fatal: mpsc::Receiver<String>,
}

impl House {
    pub(super) async fn open(bus: Arc<dyn Bus>, events: Box<dyn BusEvents>) -> Self {
        Self::prepare().await.start(bus, events)
    }

    /// The house with a resident, a nurse and a station, nobody at work.
    pub(super) async fn prepare() -> Self {
        let _ = tracing_subscriber::fmt().with_test_writer().try_init();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        let directory = std::env::temp_dir().join(format!("emar-house-{}-{n}", std::process::id()));
        let store = Store::open(&directory.display().to_string()).await.unwrap();
        let began = std::time::Instant::now();
        let clock = Arc::new(TestClock { began, passed: AtomicI64::new(0) });
        let facility = Slug::new("oakhill").unwrap();
        store.ensure_facility(&facility, LOG, clock.clinical()).await.unwrap();
        let now = clock.machine();
        let lease = store.take_lease(&facility, "srv-1", now, now + 10_000_000).await.unwrap();
        let home = Arc::new(RwLock::new(crate::exchange::fhir::tests::home()));
        let (changes, _) = broadcast::channel(64);
        let (fatal, _fatal) = mpsc::channel(1);
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let outgoing = Arc::new(Outgoing {
            key,
            pharmacies: ["pharm1".to_owned()].into(),
            administration: |_, _, _, _, _| Vec::new(),
        });
        let ids = Arc::new(RandomIds);
        let lane = Lane {
            ledger: store.ledger(facility.clone(), LOG, lease.epoch),
            store: store.clone(),
            home: Arc::clone(&home),
            clock: clock.clone(),
            ids: ids.clone(),
            outgoing: Arc::clone(&outgoing),
            changes: changes.clone(),
            fatal,
        }
        .start();
        let app = App {
            facility,
            store,
            home,
            lane,
            clock: clock.clone(),
            ids,
            outgoing,
            changes,
            activity: Default::default(),
            scans: broadcast::Sender::new(16),
            heard: HeardFrom::default(),
        };
        let sign = SignKey::from_seed("oakhill", KeyKind::Log, &[9; 32]).unwrap();
        let (stop, _) = watch::channel(false);
        let app = Arc::new(app);
        let epoch = lease.epoch;
        let house = Self { app, clock, epoch, sign, directory, running: None, stop, _fatal };
        house.fill().await;
        house
    }

    pub(super) fn start(mut self, bus: Arc<dyn Bus>, events: Box<dyn BusEvents>) -> Self {
        let parts = Parts {
            app: Arc::clone(&self.app),
            terms: Terms { holder: "srv-1".to_owned(), epoch: self.epoch },
            sign: self.sign.clone(),
            directory: self.directory.clone(),
            policy: Some(self.directory.join("oakhill.toml")),
            zones: Arc::new(Catalogue::open(None)),
            bus: Some((bus, events)),
        };
        self.running = Some(start(parts, &self.stop.subscribe()));
        self
    }

    async fn fill(&self) {
        for command in self.classified(&[resident()]) {
            self.ask(Asked::by_server(command)).await;
        }
        let user = User {
            id: self.nurse_id(),
            rev: 1,
            name: "N. Osei RN".into(),
            role: Role::Nurse,
            badge: "B-1".into(),
            pin_hash: String::new(),
            units: Vec::new(),
            active: true,
        };
        self.ask(Asked::by_server(Command::User(Box::new(user)))).await;
        for (id, kind) in [("west-1", "station"), ("cart-1", "cart")] {
            let device = Device {
                id: Slug::new(id).unwrap(),
                rev: 1,
                kind: kind.into(),
                unit: Slug::new("west").unwrap(),
                name: "West".into(),
                secret_sha256: String::new(),
                enrolled: true,
                active: true,
            };
            self.ask(Asked::by_server(Command::Device(Box::new(device)))).await;
        }
    }

    fn classified(&self, resources: &[Value]) -> Vec<Command> {
        let entries: Vec<Value> = resources.iter().map(|r| json!({"resource": r})).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
        let home = self.app.home();
        let frequencies = crate::policy_file::frequencies();
        let now = self.clock.clinical();
        let context = Context { home: &home, frequencies, sender: "pharm1", seq: None, now };
        let result = classify(bundle.to_string().as_bytes(), &context);
        result.commands
    }

    /// An order that is in the home and noted, without a message.
    pub(super) async fn order_directly(&self) {
        for command in self.classified(&[resident(), order("active")]) {
            self.ask(Asked::by_server(command)).await;
        }
        let id = self.order().unwrap().id();
        self.nurse(Command::Order(OrderCommand::Note(id, Vec::new()))).await;
        self.until("doses are planned", |home| home.doses_of_order(id).count() >= 5).await;
    }

    /// Writes the policy file as a person would.
    pub(super) fn write_policy(&self, text: &str) {
        std::fs::write(self.directory.join("oakhill.toml"), text).unwrap();
    }

    pub(super) fn nurse_id(&self) -> UserId {
        UserId(Uuid::from_u128((7 << 76) | 1))
    }

    pub(super) async fn nurse(&self, command: Command) {
        let actor = Actor {
            user: Some(self.nurse_id()),
            role: Role::Nurse,
            session: None,
            device: None,
            auth: "badge+pin".to_owned(),
        };
        self.ask(Asked { actor, ..Asked::by_server(command) }).await;
    }

    async fn ask(&self, asked: Asked) {
        let outcome = self.app.lane.ask(asked).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }

    pub(super) fn order(&self) -> Option<Order> {
        self.app.home().order_by_placer("pharm1", "RX-9").cloned()
    }

    pub(super) fn keyring(&self) -> Keyring {
        Keyring::new([self.app.outgoing.key.verifying_key()])
    }

    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Home) -> bool) {
        let wait = async {
            while !holds(&self.app.home()) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("not yet: {what}"));
    }

    /// Waits until nothing of a stream wants to be sent any more.
    pub(super) async fn until_closed(&self, stream: &str) {
        let wait = async {
            loop {
                let open = self.app.store.outbox_open(&self.app.facility).await.unwrap();
                if !open.iter().any(|(name, ..)| name == stream) {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{stream} is not sent"));
    }

    /// Waits until the broker has taken everything of a stream once.
    pub(super) async fn until_taken(&self, stream: &str) {
        let wait = async {
            loop {
                let app = &self.app;
                let due = app.store.outbox_due(&app.facility, Some(stream), i64::MAX, 9).await;
                let due = due.unwrap();
                if !due.is_empty() && due.iter().all(|row| row.sent_at.is_some()) {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{stream} is not taken"));
    }

    /// The newest note of `checkpoints.log` is ours, over the whole log as it is now.
    pub(super) async fn note_covers_the_log(&self) {
        let wait = async {
            loop {
                let file = self.directory.join(checkpoint::FILE);
                let text = std::fs::read_to_string(file).unwrap_or_default();
                let last = read_log(&text).pop().map(|text| Note::parse(&text).unwrap());
                let head = self.app.store.head(&self.app.facility).await.unwrap().unwrap();
                if let Some(note) = last {
                    note.verify(&[self.sign.verify_key()]).unwrap();
                    let said = Checkpoint::from_body(&note.body).unwrap();
                    if said.size == head.frontier.size() {
                        assert_eq!(said.root, head.frontier.root());
                        return;
                    }
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("the log is not signed");
    }

    pub(super) async fn close(mut self) {
        self.stop.send_replace(true);
        if let Some(mut running) = self.running.take() {
            let wait = async { while running.loops.join_next().await.is_some() {} };
            timeout(PATIENCE, wait).await.expect("a worker does not end");
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn resident() -> Value {
    json!({"resourceType": "Patient", "id": "p1", "birthDate": "1940-02-29",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "4711"},
            {"system": "urn:emar:wristband", "value": "R-1234567C"}],
        "extension": [{"url": "urn:emar:room", "valueString": "201-A"}],
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

pub(super) fn new_order(id: &str) -> Vec<u8> {
    message(id, "new-order", &order("active"))
}

pub(super) fn discontinue(id: &str) -> Vec<u8> {
    message(id, "discontinue-order", &order("stopped"))
}

/// A Mosquitto on a free loopback port.
pub(super) struct Mosquitto {
    pub(super) port: u16,
    child: Child,
    directory: PathBuf,
}

impl Mosquitto {
    pub(super) async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = std::env::temp_dir().join(format!("emar-mosquitto-{port}"));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("conf");
        let conf = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
        std::fs::write(&file, conf).unwrap();
        let program = std::env::var("EMAR_TEST_MOSQUITTO");
        let program = program.unwrap_or_else(|_| "/usr/sbin/mosquitto".to_owned());
        let child = std::process::Command::new(program)
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is needed for this test; install the package mosquitto");
        let up = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, up).await.expect("mosquitto did not start");
        Self { port, child, directory }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
