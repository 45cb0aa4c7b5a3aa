use std::path::Path;
use std::sync::Mutex;

use emar_wire::payload::{Receipt, VerdictWord};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::*;
use crate::config::EXAMPLE;
use crate::spool::Spool;

#[derive(Default)]
struct Hand(Mutex<Duration>);

impl Clock for Hand {
    fn monotonic(&self) -> Duration {
        *self.0.lock().unwrap()
    }
    fn wall_us(&self) -> i64 {
        0
    }
}

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<Signal>>>, Arc<Mutex<Vec<bool>>>);

impl Shown {
    fn causes(&self) -> Vec<Cause> {
        self.0.lock().unwrap().iter().map(|signal| signal.cause).collect()
    }
    fn last(&self) -> Signal {
        *self.0.lock().unwrap().last().unwrap()
    }
}

impl Panel for Shown {
    fn show(&mut self, signal: &Signal) {
        self.0.lock().unwrap().push(*signal);
    }
    fn unlock_drawer(&mut self, unlock: bool) {
        self.1.lock().unwrap().push(unlock);
    }
}

struct Cart {
    bridge: Bridge,
    hand: Arc<Hand>,
    shown: Shown,
    kept: UnboundedReceiver<KeeperEvent>,
}

impl Cart {
    fn new(folder: &Path) -> Self {
        Self::of(folder, &format!("{EXAMPLE}\n[drawer]\nopen_s = 20"))
    }

    /// With a scanner on the left and one on the right.
    fn of_two(folder: &Path) -> Self {
        let text = EXAMPLE.replace("# name = \"left\"", "name = \"left\"");
        let right = "[[scanner]]\nkind = \"serial\"\nname = \"right\"\nport = \"/dev/right\"";
        Self::of(folder, &format!("{text}\n[drawer]\nopen_s = 20\n{right}"))
    }

    fn of(folder: &Path, text: &str) -> Self {
        let config = Config::parse(text, folder).unwrap();
        let (events, kept) = mpsc::unbounded_channel();
        let keeper = Keeper::spawn(Spool::open(folder, 1 << 20).unwrap(), events).unwrap();
        let (hand, shown) = (Arc::new(Hand::default()), Shown::default());
        let bridge = Bridge::new(&config, Box::new(shown.clone()), keeper, hand.clone());
        Self { bridge, hand, shown, kept }
    }

    fn later(&self, by: Duration) {
        *self.hand.0.lock().unwrap() += by;
    }

    /// A scan that was sent.
    fn sent(&mut self) -> Uuid {
        self.sent_by(0)
    }

    fn sent_by(&mut self, port: Port) -> Uuid {
        let scan = Scan { scan_id: Uuid::now_v7(), raw: "x".into(), ..Scan::default() };
        let scan_id = scan.scan_id;
        self.bridge.answering.sent(scan, port, self.hand.monotonic());
        self.bridge.show(port, Signal::quiet(Light::Off, Cause::Waiting));
        scan_id
    }

    fn committed(&mut self, scan_id: Uuid) {
        let receipt = Some(Receipt { seq: 1, leaf_hash: String::new(), promise: None });
        self.told(scan_id, VerdictWord::Ok, receipt);
    }

    fn stopped(&mut self, scan_id: Uuid) {
        self.told(scan_id, VerdictWord::Stop, None);
    }

    fn told(&mut self, scan_id: Uuid, verdict: VerdictWord, receipt: Option<Receipt>) {
        let verdict = VerdictMessage { scan_id, verdict, objections: vec![], receipt };
        self.bridge.uplink(UplinkEvent::Verdict(verdict));
    }
}

#[test]
fn technical_states_are_amber_and_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    let second = Duration::from_secs(1);
    cart.bridge.rest();
    cart.bridge.scanners[0].link = Some(ScannerLink::Open);
    cart.bridge.rest();
    cart.bridge.uplink(UplinkEvent::Up);
    for _ in 0..15 {
        cart.later(second);
        cart.bridge.tick();
        let room = cart.kept.blocking_recv().unwrap();
        cart.bridge.keeper(room);
    }
    assert_eq!(cart.bridge.technical().light, Light::Off, "15 s of silence are not yet too long");
    cart.later(second);
    cart.bridge.tick();
    assert_eq!(cart.bridge.technical(), Signal::quiet(Light::Amber, Cause::ServerSilent));
    cart.bridge.uplink(UplinkEvent::Heartbeat { at: 0 });
    cart.bridge.uplink(UplinkEvent::Down);
    cart.bridge.scanners[0].link = Some(ScannerLink::Busy);
    cart.bridge.rest();
    let want = [
        Cause::ScannerDown,
        Cause::LinkDown,
        Cause::Ready,
        Cause::ServerSilent,
        Cause::Ready,
        Cause::LinkDown,
        Cause::ScannerDown,
    ];
    assert_eq!(cart.shown.causes(), want);
}

#[test]
fn a_lost_link_answers_stop_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.sent();
    cart.bridge.uplink(UplinkEvent::Down);
    assert_eq!(cart.shown.causes(), [Cause::Waiting, Cause::NoAnswer]);
    assert_eq!(cart.bridge.until_next_deadline(), None);
    assert_eq!(cart.bridge.beeps(), [(0, Beep::Stop)]);
}

#[test]
fn a_stop_stands_whatever_the_link_does_and_green_goes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.bridge.show(0, Signal::stop(Cause::Stop, None));
    cart.bridge.uplink(UplinkEvent::Up);
    cart.bridge.uplink(UplinkEvent::Down);
    cart.later(Duration::from_secs(600));
    cart.bridge.tick();
    assert_eq!(cart.shown.causes(), [Cause::Stop]);

    cart.bridge.show(0, Signal::quiet(Light::Green, Cause::Committed));
    cart.bridge.uplink(UplinkEvent::Up);
    assert_eq!(cart.shown.last().cause, Cause::Committed);
    cart.later(BRIEF);
    cart.bridge.tick();
    assert_eq!(cart.shown.last().cause, Cause::ScannerDown);
}

#[test]
fn a_clock_far_from_the_servers_is_amber_until_it_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.bridge.scanners[0].link = Some(ScannerLink::Open);
    cart.bridge.uplink(UplinkEvent::Up);
    cart.bridge.uplink(UplinkEvent::Heartbeat { at: 6_000_000 });
    assert_eq!(cart.shown.last(), Signal::quiet(Light::Amber, Cause::ClockOff));
    cart.bridge.uplink(UplinkEvent::Heartbeat { at: 1_000_000 });
    assert_eq!(cart.shown.last().cause, Cause::Ready);
}

#[test]
fn while_the_spool_refuses_nothing_is_green_and_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.bridge.scanners[0].link = Some(ScannerLink::Open);
    cart.bridge.uplink(UplinkEvent::Up);
    let (first, second, third) = (cart.sent(), cart.sent(), cart.sent());
    cart.committed(first);
    assert_eq!(cart.shown.last().light, Light::Green);
    let full = crate::spool::SpoolError::Full { bytes: 1 };
    cart.bridge.keeper(KeeperEvent::Room(Err(full)));
    assert_eq!(cart.shown.last(), Signal::quiet(Light::Red, Cause::SpoolBroken), "green goes");
    cart.bridge.beeps();
    cart.committed(second);
    assert_eq!((cart.shown.last().light, cart.shown.last().sound), (Light::Amber, None));
    assert_eq!(cart.bridge.beeps(), [(0, Beep::Ask)], "nor does the scanner light green");
    cart.bridge.keeper(KeeperEvent::Room(Ok(())));
    cart.committed(third);
    assert_eq!(cart.shown.last().light, Light::Green);
}

#[test]
fn the_button_puts_out_an_answer_and_hides_nothing_that_is_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.bridge.show(0, Signal::stop(Cause::Stop, None));
    cart.bridge.pressed();
    assert_eq!(cart.shown.last(), Signal::quiet(Light::Amber, Cause::ScannerDown));
    let scan_id = cart.sent();
    cart.bridge.pressed();
    assert_eq!(cart.shown.last().cause, Cause::Waiting, "a scan that waits goes on waiting");
    cart.committed(scan_id);
    assert_eq!(cart.shown.last().light, Light::Green);
}

#[test]
fn the_drawer_is_open_after_an_ok_and_locked_by_time_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    let scan_id = cart.sent();
    cart.bridge.tick();
    assert!(cart.shown.1.lock().unwrap().is_empty());
    cart.committed(scan_id);
    cart.later(Duration::from_secs(19));
    cart.bridge.tick();
    assert_eq!(*cart.shown.1.lock().unwrap(), [true]);
    cart.later(Duration::from_secs(1));
    cart.bridge.tick();
    assert_eq!(*cart.shown.1.lock().unwrap(), [true, false]);
    let shown = cart.shown.clone();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(cart.bridge.finish());
    assert_eq!(*shown.1.lock().unwrap(), [true, false, false]);
}

#[test]
fn health_tells_streak_spool_and_scanner() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.sent();
    cart.bridge.uplink(UplinkEvent::Down);
    let kept = cart.kept.blocking_recv().unwrap();
    cart.bridge.keeper(kept);
    let health = cart.bridge.health_due().unwrap();
    assert_eq!((health.failures, health.waiting), (1, 1));
    assert_eq!((health.spool, health.clock), (SpoolState::Keeps, ClockConfidence::Unknown));
    assert_eq!(health.scanners[0].state, ScannerState::Unplugged);
}

#[test]
fn a_stop_of_one_scanner_outlasts_what_the_other_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let second = Duration::from_secs(1);
    let stopped = |cart: &mut Cart| {
        let scan_id = cart.sent_by(0);
        cart.stopped(scan_id);
        assert_eq!(cart.shown.last().cause, Cause::Stop);
    };
    let green = |cart: &mut Cart, port: Port| {
        let scan_id = cart.sent_by(port);
        cart.committed(scan_id);
        cart.shown.last().light == Light::Green
    };
    let mut cart = Cart::of_two(folder.path());
    stopped(&mut cart);
    cart.bridge.beeps();
    assert!(!green(&mut cart, 1));
    assert_eq!(cart.bridge.beeps(), [(1, Beep::Given)], "the scanner itself says so");
    for _ in 0..4 {
        cart.later(second);
        cart.bridge.tick();
        let room = cart.kept.blocking_recv().unwrap();
        cart.bridge.keeper(room);
        assert!(!green(&mut cart, 1));
    }
    assert_eq!(cart.shown.last().cause, Cause::Stop);
    cart.later(second);
    assert!(green(&mut cart, 1), "it has stood long enough");

    stopped(&mut cart);
    assert!(green(&mut cart, 0), "the scanner it was for goes on");
    stopped(&mut cart);
    cart.bridge.pressed();
    assert!(green(&mut cart, 1), "it was seen");

    // A red of the other one may come beside it, and hides none of it.
    stopped(&mut cart);
    let other = cart.sent_by(1);
    cart.stopped(other);
    assert_eq!(cart.shown.last().scan_id, Some(other));
    assert!(!green(&mut cart, 1));
}

#[test]
fn a_disk_that_does_not_answer_is_a_broken_one_and_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut cart = Cart::new(folder.path());
    cart.bridge.scanners[0].link = Some(ScannerLink::Open);
    cart.bridge.uplink(UplinkEvent::Up);
    for _ in 0..3 {
        cart.bridge.tick();
        assert_eq!(cart.shown.last().cause, Cause::Ready);
        cart.later(Duration::from_secs(1));
    }
    cart.bridge.tick();
    assert_eq!(cart.shown.last(), Signal::quiet(Light::Red, Cause::SpoolBroken));
    let answer = cart.kept.blocking_recv().unwrap();
    cart.bridge.keeper(answer);
    assert_eq!(cart.shown.last().cause, Cause::Ready);
    cart.bridge.tick();
    let Cart { bridge, mut kept, .. } = cart;
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(bridge.finish());
    let looks = std::iter::from_fn(|| kept.try_recv().ok()).count();
    assert_eq!(looks, 1, "one at a time");
}
