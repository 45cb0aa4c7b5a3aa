//! The workers and the bus together, on a real SQLite file: once over the simulated broker, once
//! over a real Mosquitto.

mod house;

use super::scheduler::{self, Ended, Terms};
use super::{horizon, outbox};
use crate::bus::simulated::SimulatedBroker;
use crate::bus::{Bus, BusEvent, BusEvents, Delivery, mqtt};
use crate::clock::Clock;
use crate::exchange::fhir::answer::{self, Kind};
use emar_domain::decide::{Command, OrderCommand};
use emar_domain::order::OrderState;
use emar_wire::client::Options;
use emar_wire::payload::{
    AlertAction, AlertCommand, AlertIndex, AlertLife, AlertState, CommandAnswer, CommandReply,
    DeadLetter, Heartbeat, Scan, Shown, VerdictMessage, VerdictWord, decode, encode,
};
use emar_wire::signed::Keyring;
use emar_wire::topic::Inbound;
use emar_wire::{Id, Role, Topic};
use house::{House, Mosquitto, discontinue, new_order};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
const MAX: usize = 64 * 1024;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

struct Party {
    bus: Arc<dyn Bus>,
    events: Box<dyn BusEvents>,
}

impl Party {
    /// The next message that `pick` takes; what it does not take is passed over.
    async fn hear<T>(&mut self, what: &str, mut pick: impl FnMut(&Delivery) -> Option<T>) -> T {
        let search = async {
            loop {
                match self.events.next().await.expect("the bus ended") {
                    BusEvent::Message(message) => {
                        let found = pick(&message);
                        message.ack.stored().await;
                        if let Some(found) = found {
                            return found;
                        }
                    }
                    BusEvent::Connected { .. } | BusEvent::Disconnected { .. } => {}
                }
            }
        };
        timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("nothing heard: {what}"))
    }

    async fn answer(&mut self, to: &str, kind: Kind) -> Vec<u8> {
        self.hear(&format!("{kind:?} to {to}"), |m| {
            let heard = answer::read(&m.payload)?;
            assert!(heard.to != to || heard.kind == kind, "{heard:?} in place of {kind:?}");
            (heard.to == to).then(|| m.payload.clone())
        })
        .await
    }

    async fn connected(&mut self) {
        while !matches!(self.events.next().await, Some(BusEvent::Connected { .. })) {}
    }
}

fn pharmacy_role() -> Role {
    Role::Pharmacy { facility: id("oakhill"), pharmacy: id("pharm1") }
}

fn station_role() -> Role {
    let units = vec![id("west")];
    Role::Station { facility: id("oakhill"), station: id("west-1"), units }
}

fn server_role() -> Role {
    Role::Server { facility: id("oakhill") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_simulated_broker() {
    let broker = SimulatedBroker::default();
    let party = |role| {
        let (bus, events) = broker.connect(role);
        Party { bus: Arc::new(bus), events: Box::new(events) }
    };
    let (server, pharmacy, station) =
        (party(server_role()), party(pharmacy_role()), party(station_role()));
    story(server, pharmacy, station).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_real_mosquitto() {
    let broker = Mosquitto::start().await;
    let party = |name: &str, role: &Role| {
        let now = Arc::new(|| 1_793_602_800_000_000);
        let to = ("127.0.0.1", broker.port);
        let mut options = Options::new(to, id(name), (name, "none"), now);
        options.subscriptions = role.filters();
        options.clean_session = false;
        let (bus, events) = mqtt::connect(options);
        Party { bus: Arc::new(bus), events: Box::new(events) }
    };
    let server = party("srv-1", &server_role());
    let mut pharmacy = party("pharm1", &pharmacy_role());
    let mut station = party("west-1", &station_role());
    pharmacy.connected().await;
    station.connected().await;
    story(server, pharmacy, station).await;
}

async fn story(server: Party, mut pharmacy: Party, mut station: Party) {
    let house = House::open(server.bus, server.events).await;
    orders_come_in(&house, &mut pharmacy).await;
    an_alert_is_resent_until_shown(&house, &mut station).await;
    an_order_is_stopped(&house, &mut pharmacy).await;
    signs_of_life(&house, &mut station).await;
    house.close().await;
}

async fn send(pharmacy: &Party, bytes: Vec<u8>) {
    let (facility, id) = (id("oakhill"), id("pharm1"));
    let topic = Topic::PharmacyIn { facility, pharmacy: id, event: Inbound::Order };
    pharmacy.bus.publish(topic, bytes).await.unwrap();
}

async fn orders_come_in(house: &House, pharmacy: &mut Party) {
    send(pharmacy, new_order("m-1")).await;
    pharmacy.answer("m-1", Kind::Ca).await;
    let first = pharmacy.answer("m-1", Kind::Aa).await;
    assert_eq!(house.order().unwrap().state, OrderState::Draft);
    let leaves = house.app.home().version;

    send(pharmacy, new_order("m-1")).await;
    assert_eq!(pharmacy.answer("m-1", Kind::Aa).await, first, "the same answer");
    assert_eq!(house.app.home().version, leaves, "and one effect");

    let mut other = new_order("m-1");
    other.push(b' ');
    send(pharmacy, other).await;
    pharmacy.answer("m-1", Kind::Ar).await;

    send(pharmacy, b"MSH|^~\\&|never parsed".to_vec()).await;
    pharmacy
        .hear("AR to what cannot be read", |m| {
            let heard = answer::read(&m.payload)?;
            (heard.kind == Kind::Ar && heard.to.starts_with("sha256:")).then_some(())
        })
        .await;
    let open = house.app.store.open_messages(&house.app.facility).await.unwrap();
    assert_eq!(open, [], "every message is answered");
}

async fn an_alert_is_resent_until_shown(house: &House, station: &mut Party) {
    let order = house.order().unwrap().id();
    house.nurse(Command::Order(OrderCommand::Note(order, Vec::new()))).await;
    house.until("doses are planned", |home| home.doses_of_order(order).count() >= 5).await;

    house.clock.pass_minutes(130);
    let ring = house.keyring();
    let state = |m: &Delivery| -> Option<AlertState> {
        let of_alert = matches!(m.topic, Topic::AlertState { .. }) && !m.payload.is_empty();
        of_alert.then(|| ring.open::<AlertState>(&m.payload, MAX).unwrap())
    };
    let began = Instant::now();
    let first = station.hear("an alert", state).await;
    assert_eq!((first.rev, first.state, first.doses), (1, AlertLife::Active, 1));
    for again in 1..=2 {
        let heard = station.hear("the alert again", state).await;
        assert_eq!((heard.id, heard.rev), (first.id, 1), "resend {again}");
    }
    assert!(began.elapsed() >= Duration::from_millis(2_500), "after 1 and 2 s");

    let shown = Shown { alert_id: first.id, rev: 1, at: 0 };
    let topic = Topic::StationShown { facility: id("oakhill"), station: id("west-1") };
    station.bus.publish(topic, encode(&shown).unwrap()).await.unwrap();
    house.until_closed("alert").await;
    let silence = timeout(Duration::from_secs(6), station.hear("silence", state)).await;
    assert!(silence.is_err(), "it was shown, and came again");

    let reply = order_about(house, station, &first, AlertAction::Accept, 1).await;
    assert_eq!((reply.answer, reply.rev), (CommandAnswer::Done, 2), "{reply:?}");
    let taken = station.hear("the accepted alert", state).await;
    assert_eq!((taken.rev, taken.state), (2, AlertLife::Accepted));
    let late = order_about(house, station, &first, AlertAction::Accept, 1).await;
    assert_eq!((late.answer, late.rev), (CommandAnswer::Conflict, 2));
    assert!(late.accepted_by.is_some());
}

async fn order_about(
    house: &House,
    station: &mut Party,
    alert: &AlertState,
    action: AlertAction,
    rev: u32,
) -> CommandReply {
    let at = house.app.clock.machine();
    let by = id(&house.nurse_id().to_string());
    let command =
        AlertCommand { id: Uuid::now_v7(), action, rev, by, at, expires_at: at + 60_000_000 };
    let (facility, unit, name) = (id("oakhill"), alert.unit.clone(), id("west-1"));
    let topic = Topic::AlertCommand { facility, unit, alert: alert.id, station: name };
    station.bus.publish(topic, encode(&command).unwrap()).await.unwrap();
    station
        .hear("a reply", |m| {
            let replied = matches!(m.topic, Topic::StationReply { .. });
            let reply = decode::<CommandReply>(&m.payload, MAX).ok().filter(|_| replied)?;
            (reply.id == command.id).then_some(reply)
        })
        .await
}

async fn an_order_is_stopped(house: &House, pharmacy: &mut Party) {
    send(pharmacy, discontinue("m-2")).await;
    pharmacy.answer("m-2", Kind::Ca).await;
    pharmacy.answer("m-2", Kind::Aa).await;
    assert_eq!(house.order().unwrap().state, OrderState::Discontinued);
}

async fn signs_of_life(house: &House, station: &mut Party) {
    let ring = house.keyring();
    let beat = station
        .hear("a heartbeat", |m| {
            matches!(m.topic, Topic::Heartbeat { .. })
                .then(|| ring.open::<Heartbeat>(&m.payload, MAX).unwrap())
        })
        .await;
    assert_eq!(beat.epoch, house.epoch);
    house.note_covers_the_log().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_open_is_answered_after_a_restart() {
    let broker = SimulatedBroker::default();
    let (pharmacy_bus, pharmacy_events) = broker.connect(pharmacy_role());
    let mut pharmacy = Party { bus: Arc::new(pharmacy_bus), events: Box::new(pharmacy_events) };
    let (bus, events) = broker.connect(server_role());
    let house = House::prepare().await;
    let (facility, from) = (house.app.facility.clone(), "pharm1");
    let bytes = new_order("m-1");
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    let topic = "emar/v1/oakhill/pharmacy/pharm1/in/order";
    let at = house.app.clock.clinical();
    let store = &house.app.store;
    store.receive(&facility, from, "m-1", sha256, topic, &bytes, at).await.unwrap();
    let house = house.start(Arc::new(bus), Box::new(events));
    pharmacy.answer("m-1", Kind::Aa).await;
    assert!(house.order().is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_that_comes_late_gets_the_open_set() {
    let broker = SimulatedBroker::default();
    let (bus, events) = broker.connect(server_role());
    let house = House::open(Arc::new(bus), Box::new(events)).await;
    house.order_directly().await;
    house.clock.pass_minutes(130);
    house.until("an alert is open", |home| !home.alerts.is_empty()).await;
    house.until_taken("alert").await;
    // What the broker kept is gone, and with it what a newcomer would be given.
    broker.kill(true);
    broker.restart();
    let (station, events) = broker.connect(station_role());
    let mut station = Party { bus: Arc::new(station), events: Box::new(events) };
    let ring: Keyring = house.keyring();
    let index = station
        .hear("an index", |m| {
            let unit = matches!(m.topic, Topic::AlertIndex { .. });
            let index = ring.open::<AlertIndex>(&m.payload, MAX).ok().filter(|_| unit)?;
            (!index.open.is_empty()).then_some(index)
        })
        .await;
    assert_eq!(index.open.len(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_word_to_a_worker_that_is_gone_does_not_hang() {
    let (outbox, inbox) = outbox::channel();
    drop(inbox);
    let shown = Shown { alert_id: Uuid::nil(), rev: 1, at: 0 };
    timeout(PATIENCE, outbox.shown(shown)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pointer_tells_of_what_was_refused() {
    let broker = SimulatedBroker::default();
    let (bus, events) = broker.connect(server_role());
    let (observer, heard) = broker.connect(Role::Observer);
    let mut observer = Party { bus: Arc::new(observer), events: Box::new(heard) };
    let (pharmacy, answers) = broker.connect(pharmacy_role());
    let pharmacy = Party { bus: Arc::new(pharmacy), events: Box::new(answers) };
    let house = House::open(Arc::new(bus), Box::new(events)).await;
    send(&pharmacy, b"{}".to_vec()).await;
    let letter = observer
        .hear("a pointer", |m| {
            let dlq = matches!(m.topic, Topic::PharmacyDeadLetter { .. });
            decode::<DeadLetter>(&m.payload, MAX).ok().filter(|_| dlq)
        })
        .await;
    assert_eq!(letter.reason, "malformed");
    sleep(Duration::from_millis(50)).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_gets_one_verdict_and_a_late_one_stop() {
    let broker = SimulatedBroker::default();
    let (bus, events) = broker.connect(server_role());
    let role = Role::Cart { facility: id("oakhill"), cart: id("cart-1") };
    let (cart, verdicts) = broker.connect(role);
    let mut cart = Party { bus: Arc::new(cart), events: Box::new(verdicts) };
    let house = House::open(Arc::new(bus), Box::new(events)).await;
    let topic = Topic::CartScan { facility: id("oakhill"), cart: id("cart-1") };
    let at = house.app.clock.machine();
    let scan = |late| Scan {
        scan_id: Uuid::now_v7(),
        raw: "R-1234567C".to_owned(),
        at,
        late,
        ..Scan::default()
    };
    let verdict = |m: &Delivery| decode::<VerdictMessage>(&m.payload, MAX).ok();
    let now = encode(&scan(false)).unwrap();
    cart.bus.publish(topic.clone(), now.clone()).await.unwrap();
    let first = cart.hear("a verdict", verdict).await;
    assert_eq!(first.verdict, VerdictWord::Stop, "nobody is signed on: {first:?}");
    assert_eq!(first.objections, ["sign_on_first"]);
    let leaves = house.app.home().version;
    cart.bus.publish(topic.clone(), now).await.unwrap();
    let again = cart.hear("the verdict again", verdict).await;
    assert_eq!((again.scan_id, &again.objections), (first.scan_id, &first.objections));
    assert_eq!(house.app.home().version, leaves, "one id, one scan");

    cart.bus.publish(topic.clone(), encode(&scan(true)).unwrap()).await.unwrap();
    let late = cart.hear("a verdict on the late scan", verdict).await;
    assert_eq!((late.verdict, late.objections), (VerdictWord::Stop, vec!["scan_spent".to_owned()]));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_policy_file_is_taken_over_and_a_bad_one_is_not() {
    let broker = SimulatedBroker::default();
    let (bus, events) = broker.connect(server_role());
    let house = House::open(Arc::new(bus), Box::new(events)).await;
    let good = include_str!("../../../schedules/oakhill.toml");
    let (facility, store) = (house.app.facility.clone(), house.app.store.clone());
    let versions = async |want: usize| {
        let wait = async {
            while store.policies(&facility).await.unwrap().len() < want {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("the policy is not taken over");
    };
    house.write_policy(good);
    versions(1).await;
    house.write_policy("schema = 1\n");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(store.policies(&facility).await.unwrap().len(), 1);
    assert_eq!(house.app.home().policy.escalation.charge_nurse_min, 10);
    house.write_policy(&good.replace("charge_nurse_min = 10", "charge_nurse_min = 9"));
    versions(2).await;
    house.until("it is in force", |home| home.policy.escalation.charge_nurse_min == 9).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sign_of_life_while_alerts_cannot_be_raised() {
    let house = House::prepare().await;
    let (stop, shutdown) = watch::channel(false);
    let planning = tokio::spawn(horizon::run(Arc::clone(&house.app), shutdown.clone()));
    house.order_directly().await;
    // Another server's epoch: the lane ends at its next write, the database goes on.
    let later = house.clock.machine() + 60_000_000;
    let (store, facility) = (&house.app.store, &house.app.facility);
    let lease = store.take_lease(facility, "srv-2", later, later + 10_000_000).await.unwrap();
    assert_eq!(lease.holder, "srv-2");
    house.clock.pass_minutes(130);
    let (passes, passed) = watch::channel(None);
    let terms = Terms { holder: "srv-1".to_owned(), epoch: house.epoch };
    let turns = tokio::spawn(scheduler::run(Arc::clone(&house.app), terms, passes, shutdown));
    sleep(Duration::from_secs(6)).await;
    assert_eq!(*passed.borrow(), None, "whoever waits for the sign must know");
    stop.send_replace(true);
    assert_eq!(turns.await.unwrap(), Ended::Shutdown);
    planning.await.unwrap();
    house.close().await;
}
