//! The bridge at work: scanner, uplink, spool and panel around one loop.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use emar_wire::payload::{Scan, VerdictMessage};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::answering::Answering;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError};
use crate::keeper::{Keeper, KeeperEvent};
use crate::late::Late;
use crate::panel::{Cause, Light, Panel, Signal};
use crate::scanner::serial::SerialScanner;
use crate::scanner::{Feed, ScannerEvent, ScannerLink};
use crate::spool::{Spool, SpoolError};
use crate::uplink::{Uplink, UplinkError, UplinkEvent};
use crate::watchdog;

/// Three heartbeats of five seconds.
const SERVER_SILENT: Duration = Duration::from_secs(15);
/// A green light older than this could be taken for the answer to the next package.
const BRIEF: Duration = Duration::from_secs(3);
const TICK: Duration = Duration::from_secs(1);
/// Codes waiting between reader and loop; a nurse scans two a second at most.
const SCANNER_QUEUE: usize = 32;

/// The bridge cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// A file the configuration names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The link to the broker.
    #[error(transparent)]
    Uplink(#[from] UplinkError),
    /// A thread.
    #[error("the operating system gives no thread: {0}; free memory or raise the limit")]
    Thread(#[from] std::io::Error),
    /// The scanner's thread ended by itself.
    #[error("the scanner's thread ended; the bridge stops and is to be started again")]
    ScannerThread,
}

/// Runs the bridge until `shutdown` resolves. Scans still unanswered then are kept in the spool.
///
/// # Errors
/// What keeps it from starting; once it runs, every failure is shown, logged and survived.
pub async fn run(
    config: Config,
    panel: Box<dyn Panel>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), BridgeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let spool = Spool::open(&config.spool.directory, config.spool.bytes_max)?;
    let (kept, mut keeper_events) = mpsc::unbounded_channel();
    let keeper = Keeper::spawn(spool, kept)?;
    let (codes, mut scanner_events) = mpsc::channel(SCANNER_QUEUE);
    let feed = Feed::new(&config, codes);
    let scanner = SerialScanner::spawn(config.scanner.clone(), feed)?;
    let mut uplink = Uplink::open(&config, clock.clone())?;

    let mut bridge = Bridge::new(panel, keeper, clock);
    bridge.rest();
    watchdog::notify("READY=1");
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(shutdown);
    let ended = loop {
        let spent_in = bridge.until_next_deadline();
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            event = scanner_events.recv() => match event {
                Some(event) => bridge.scanner(event, &uplink).await,
                None => break Err(BridgeError::ScannerThread),
            },
            Some(event) = uplink.next() => bridge.uplink(event),
            Some(event) = keeper_events.recv() => bridge.keeper(event),
            () = tokio::time::sleep(spent_in) => bridge.spend(),
            _ = tick.tick() => {
                bridge.tick();
                watchdog::notify("WATCHDOG=1");
            }
        }
        bridge.send_late(&uplink).await;
    };
    watchdog::notify("STOPPING=1");
    drop(scanner);
    bridge.finish().await;
    uplink.close().await;
    ended
}

/// How long the present light stays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The technical state itself.
    Rest,
    /// Until then, monotonic.
    Brief(Duration),
    /// Until the next scan.
    Held,
}

struct Bridge {
    panel: Box<dyn Panel>,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    answering: Answering,
    late: Late,
    standing: Standing,
    resting: Option<Signal>,
    scanner: Option<ScannerLink>,
    link_up: bool,
    spool_broken: bool,
    heard: Duration,
}

impl Bridge {
    fn new(panel: Box<dyn Panel>, keeper: Keeper, clock: Arc<dyn Clock>) -> Self {
        Self {
            panel,
            keeper,
            heard: clock.monotonic(),
            clock,
            answering: Answering::default(),
            late: Late::default(),
            standing: Standing::Rest,
            resting: None,
            scanner: None,
            link_up: false,
            spool_broken: false,
        }
    }

    async fn scanner(&mut self, event: ScannerEvent, uplink: &Uplink) {
        match event {
            ScannerEvent::Code(raw) => self.take(raw, uplink).await,
            ScannerEvent::Unreadable(why) => {
                tracing::warn!(?why, "scanner: not one whole code");
                self.show(Signal::stop(Cause::Unreadable, None));
            }
            ScannerEvent::Link(link) => {
                tracing::info!(?link, "scanner");
                self.scanner = Some(link);
                self.rest();
            }
        }
    }

    async fn take(&mut self, raw: String, uplink: &Uplink) {
        let scan = Scan {
            scan_id: Uuid::now_v7(),
            raw,
            symbology: None,
            at: self.clock.wall_us(),
            late: false,
        };
        let waiting =
            Signal { scan_id: Some(scan.scan_id), ..Signal::quiet(Light::Off, Cause::Waiting) };
        self.show(waiting);
        if !self.link_up {
            return self.no_answer(scan);
        }
        match uplink.send(&scan).await {
            Ok(()) => self.answering.sent(scan, self.clock.monotonic()),
            Err(why) => {
                tracing::warn!(scan_id = %scan.scan_id, %why, "scan not sent");
                self.no_answer(scan);
            }
        }
    }

    /// The nurse is told to stop; from here on the scan is for the record only.
    fn no_answer(&mut self, scan: Scan) {
        self.show(Signal::stop(Cause::NoAnswer, Some(scan.scan_id)));
        let scan_id = scan.scan_id;
        if !self.keeper.keep(scan) {
            tracing::error!(%scan_id, "spool: its thread is gone, a scan is not kept");
            self.spool_broken = true;
        }
    }

    fn uplink(&mut self, event: UplinkEvent) {
        match event {
            UplinkEvent::Up => {
                self.link_up = true;
                self.heard = self.clock.monotonic();
                self.late.link_up();
            }
            UplinkEvent::Down => {
                self.link_up = false;
                for scan in self.answering.all_spent() {
                    self.no_answer(scan);
                }
            }
            UplinkEvent::Heartbeat => self.heard = self.clock.monotonic(),
            UplinkEvent::Verdict(verdict) => self.verdict(&verdict),
        }
        self.rest();
    }

    fn verdict(&mut self, verdict: &VerdictMessage) {
        let scan_id = verdict.scan_id;
        if let Some(signal) = self.answering.answered(verdict) {
            self.show(signal);
        } else if self.late.answered(scan_id) {
            if verdict.receipt.is_some() {
                tracing::warn!(%scan_id, "the server had committed a scan answered stop here");
            }
            self.keeper.answered(scan_id);
        }
    }

    fn keeper(&mut self, event: KeeperEvent) {
        match event {
            KeeperEvent::Kept(scan) => {
                self.spool_broken = false;
                self.late.kept(scan);
            }
            KeeperEvent::Refused(scan_id, why) => {
                tracing::error!(%scan_id, %why, "a scan is not kept");
                self.spool_broken = true;
            }
        }
        self.rest();
    }

    fn until_next_deadline(&self) -> Duration {
        let now = self.clock.monotonic();
        self.answering.next_deadline().map_or(TICK, |at| at.saturating_sub(now))
    }

    fn spend(&mut self) {
        for scan in self.answering.spent(self.clock.monotonic()) {
            tracing::warn!(scan_id = %scan.scan_id, "no verdict in time");
            self.no_answer(scan);
        }
    }

    fn tick(&mut self) {
        if let Standing::Brief(until) = self.standing
            && self.clock.monotonic() >= until
        {
            self.standing = Standing::Rest;
            self.resting = None;
        }
        self.rest();
    }

    async fn send_late(&mut self, uplink: &Uplink) {
        if !self.link_up {
            return;
        }
        if let Some(scan) = self.late.due(self.clock.monotonic())
            && let Err(why) = uplink.send(scan).await
        {
            tracing::warn!(scan_id = %scan.scan_id, %why, "late scan not sent");
        }
    }

    fn show(&mut self, signal: Signal) {
        self.standing = match signal.cause {
            Cause::Committed | Cause::Noted => Standing::Brief(self.clock.monotonic() + BRIEF),
            _ => Standing::Held,
        };
        self.resting = None;
        self.panel.show(&signal);
    }

    /// Shows the technical state, unless an answer stands or the same is shown already.
    fn rest(&mut self) {
        let signal = self.technical();
        if self.standing == Standing::Rest && self.resting != Some(signal) {
            self.resting = Some(signal);
            self.panel.show(&signal);
        }
    }

    fn technical(&self) -> Signal {
        let silent = self.clock.monotonic().saturating_sub(self.heard) > SERVER_SILENT;
        let cause = match self.scanner {
            Some(ScannerLink::Open) if !self.link_up => Cause::LinkDown,
            Some(ScannerLink::Open) if silent => Cause::ServerSilent,
            Some(ScannerLink::Open) if self.spool_broken => Cause::SpoolBroken,
            Some(ScannerLink::Open) => return Signal::quiet(Light::Off, Cause::Ready),
            _ => Cause::ScannerDown,
        };
        Signal::quiet(Light::Amber, cause)
    }

    async fn finish(mut self) {
        for scan in self.answering.all_spent() {
            self.no_answer(scan);
        }
        let keeper = self.keeper;
        if tokio::task::spawn_blocking(move || keeper.finish()).await.is_err() {
            tracing::error!("spool: not closed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

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
    struct Shown(Arc<Mutex<Vec<Cause>>>);

    impl Panel for Shown {
        fn show(&mut self, signal: &Signal) {
            self.0.lock().unwrap().push(signal.cause);
        }
    }

    fn bridge(folder: &std::path::Path) -> (Bridge, Arc<Hand>, Shown) {
        let (kept, _) = mpsc::unbounded_channel();
        let keeper = Keeper::spawn(Spool::open(folder, 1 << 20).unwrap(), kept).unwrap();
        let (hand, shown) = (Arc::new(Hand::default()), Shown::default());
        (Bridge::new(Box::new(shown.clone()), keeper, hand.clone()), hand, shown)
    }

    #[test]
    fn technical_states_are_amber_and_shown_once() {
        let folder = tempfile::tempdir().unwrap();
        let (mut bridge, hand, shown) = bridge(folder.path());
        let second = Duration::from_secs(1);
        bridge.rest();
        bridge.scanner = Some(ScannerLink::Open);
        bridge.rest();
        bridge.uplink(UplinkEvent::Up);
        for _ in 0..15 {
            *hand.0.lock().unwrap() += second;
            bridge.tick();
        }
        assert_eq!(bridge.technical().light, Light::Off, "15 s of silence are not yet too long");
        *hand.0.lock().unwrap() += second;
        bridge.tick();
        assert_eq!(bridge.technical(), Signal::quiet(Light::Amber, Cause::ServerSilent));
        bridge.uplink(UplinkEvent::Heartbeat);
        bridge.uplink(UplinkEvent::Down);
        bridge.scanner = Some(ScannerLink::Busy);
        bridge.rest();
        let want = [
            Cause::ScannerDown,
            Cause::LinkDown,
            Cause::Ready,
            Cause::ServerSilent,
            Cause::Ready,
            Cause::LinkDown,
            Cause::ScannerDown,
        ];
        assert_eq!(*shown.0.lock().unwrap(), want);
    }

    #[test]
    fn a_lost_link_answers_stop_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (mut bridge, hand, shown) = bridge(folder.path());
        let raw = "x".to_owned();
        let scan = Scan { scan_id: Uuid::now_v7(), raw, symbology: None, at: 0, late: false };
        bridge.answering.sent(scan, hand.monotonic());
        bridge.show(Signal::quiet(Light::Off, Cause::Waiting));
        bridge.uplink(UplinkEvent::Down);
        assert_eq!(*shown.0.lock().unwrap(), [Cause::Waiting, Cause::NoAnswer]);
        assert_eq!(bridge.until_next_deadline(), TICK);
    }

    #[test]
    fn a_stop_stands_whatever_the_link_does_and_green_goes_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (mut bridge, hand, shown) = bridge(folder.path());
        bridge.show(Signal::stop(Cause::Stop, None));
        bridge.uplink(UplinkEvent::Up);
        bridge.uplink(UplinkEvent::Down);
        *hand.0.lock().unwrap() += Duration::from_secs(600);
        bridge.tick();
        assert_eq!(*shown.0.lock().unwrap(), [Cause::Stop]);

        bridge.show(Signal::quiet(Light::Green, Cause::Committed));
        bridge.uplink(UplinkEvent::Up);
        assert_eq!(shown.0.lock().unwrap().last(), Some(&Cause::Committed));
        *hand.0.lock().unwrap() += BRIEF;
        bridge.tick();
        assert_eq!(shown.0.lock().unwrap().last(), Some(&Cause::ScannerDown));
    }
}
