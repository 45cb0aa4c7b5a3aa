//! What the bridge does about each thing that happens, and what it shows. Its time comes from its
//! clock; ports, threads and the loop are elsewhere.

use std::sync::Arc;
use std::time::Duration;

use emar_domain::scan::beep::Beep;
use emar_wire::Id;
use emar_wire::payload::{
    CartHealth, ClockConfidence, Scan, ScannerHealth, ScannerState, SpoolState, VerdictMessage,
};
use uuid::Uuid;

use crate::answering::Answering;
use crate::clock::Clock;
use crate::config::{Config, ScannerConfig};
use crate::health::Health;
use crate::keeper::{Keeper, KeeperEvent};
use crate::late::Late;
use crate::panel::{Cause, Drawer, Light, Panel, Signal};
use crate::scanner::{Port, ScannerEvent, ScannerLink};
use crate::uplink::{Uplink, UplinkEvent};

/// Three heartbeats of five seconds.
const SERVER_SILENT: Duration = Duration::from_secs(15);
/// So long a red of one scanner stands against what another has to say.
const RED_STANDS: Duration = Duration::from_secs(5);
/// A disk that does not say within this time whether it has room is taken for broken.
const LOOK_WAIT: Duration = Duration::from_secs(3);
/// A green light older than this could be taken for the answer to the next package.
const BRIEF: Duration = Duration::from_secs(3);

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

/// One scanner as the loop sees it.
struct Seen {
    name: Option<Id>,
    link: Option<ScannerLink>,
    /// Until then, monotonic, its red gives way to nothing of another scanner.
    red_until: Option<Duration>,
}

pub(crate) struct Bridge {
    panel: Box<dyn Panel>,
    drawer: Option<Drawer>,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    answering: Answering,
    late: Late,
    health: Health,
    standing: Standing,
    resting: Option<Signal>,
    scanners: Vec<Seen>,
    beeps: Vec<(Port, Beep)>,
    link_up: bool,
    spool_broken: bool,
    /// When the disk was last looked at, monotonic, while it has not answered.
    looked: Option<Duration>,
    heard: Duration,
}

impl Bridge {
    pub(crate) fn new(
        config: &Config,
        panel: Box<dyn Panel>,
        keeper: Keeper,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let seen = |scanner: &ScannerConfig| Seen {
            name: scanner.name().cloned(),
            link: None,
            red_until: None,
        };
        let open_for = |open_s: u32| Duration::from_secs(open_s.into());
        Self {
            panel,
            drawer: config.drawer.as_ref().map(|drawer| Drawer::new(open_for(drawer.open_s))),
            keeper,
            heard: clock.monotonic(),
            clock,
            answering: Answering::default(),
            late: Late::default(),
            health: Health::default(),
            standing: Standing::Rest,
            resting: None,
            scanners: config.scanners.iter().map(seen).collect(),
            beeps: Vec::new(),
            link_up: false,
            spool_broken: false,
            looked: None,
        }
    }

    pub(crate) async fn scanner(&mut self, port: Port, event: ScannerEvent, uplink: &Uplink) {
        match event {
            ScannerEvent::Code(raw) => self.take(port, raw, uplink).await,
            ScannerEvent::Unreadable(why) => {
                tracing::warn!(port, ?why, "scanner: not one whole code");
                self.health.failed();
                self.answer(port, Signal::stop(Cause::Unreadable, None));
            }
            ScannerEvent::Link(link) => {
                tracing::info!(port, ?link, "scanner");
                self.scanners[port].link = Some(link);
                self.rest();
            }
        }
    }

    async fn take(&mut self, port: Port, raw: String, uplink: &Uplink) {
        let scan = Scan {
            scan_id: Uuid::now_v7(),
            raw,
            symbology: None,
            at: self.clock.wall_us(),
            scanner: self.scanners[port].name.clone(),
            late: false,
        };
        self.health.read(scan.at);
        if self.spool_broken {
            // Taken now it would be lost should its answer not come.
            tracing::warn!(scan_id = %scan.scan_id, "scan not taken: the spool refuses");
            self.health.failed();
            return self.answer(port, Signal::stop(Cause::SpoolBroken, Some(scan.scan_id)));
        }
        let waiting =
            Signal { scan_id: Some(scan.scan_id), ..Signal::quiet(Light::Off, Cause::Waiting) };
        self.show(port, waiting);
        if !self.link_up {
            return self.no_answer(port, scan);
        }
        match uplink.send(&scan).await {
            Ok(()) => self.answering.sent(scan, port, self.clock.monotonic()),
            Err(why) => {
                tracing::warn!(scan_id = %scan.scan_id, %why, "scan not sent");
                self.no_answer(port, scan);
            }
        }
    }

    /// The nurse is told to stop; from here on the scan is for the record only.
    fn no_answer(&mut self, port: Port, scan: Scan) {
        self.health.failed();
        self.answer(port, Signal::stop(Cause::NoAnswer, Some(scan.scan_id)));
        let scan_id = scan.scan_id;
        if !self.keeper.keep(scan) {
            tracing::error!(%scan_id, "spool: its thread is behind or gone, a scan is not kept");
            self.spool_breaks();
        }
    }

    pub(crate) fn uplink(&mut self, event: UplinkEvent) {
        match event {
            UplinkEvent::Up => {
                self.link_up = true;
                self.heard = self.clock.monotonic();
                self.late.link_up();
                self.health.forget_told();
            }
            UplinkEvent::Down => {
                self.link_up = false;
                for (port, scan) in self.answering.all_spent() {
                    self.no_answer(port, scan);
                }
            }
            UplinkEvent::Heartbeat { at } => {
                self.heard = self.clock.monotonic();
                self.health.heard(self.heard, at, self.clock.wall_us());
            }
            UplinkEvent::Verdict(verdict) => self.verdict(&verdict),
        }
        self.rest();
    }

    fn verdict(&mut self, verdict: &VerdictMessage) {
        let scan_id = verdict.scan_id;
        if let Some((port, signal)) = self.answering.answered(verdict) {
            self.health.answered();
            self.answer(port, signal);
        } else if self.late.answered(scan_id) {
            if verdict.receipt.is_some() {
                tracing::warn!(%scan_id, "the server had committed a scan answered stop here");
            }
            self.keeper.answered(scan_id);
        }
    }

    pub(crate) fn keeper(&mut self, event: KeeperEvent) {
        match event {
            KeeperEvent::Kept(scan) => self.late.kept(scan),
            KeeperEvent::Refused(scan_id, why) => {
                tracing::error!(%scan_id, %why, "a scan is not kept");
                self.spool_breaks();
            }
            KeeperEvent::Room(Ok(())) => {
                self.looked = None;
                if self.spool_broken {
                    tracing::info!("spool: it keeps again");
                }
                self.spool_broken = false;
            }
            KeeperEvent::Room(Err(why)) => {
                self.looked = None;
                if !self.spool_broken {
                    tracing::error!(%why, "spool: no scan is taken until there is room");
                }
                self.spool_breaks();
            }
        }
        self.rest();
    }

    /// A green light that still stands goes out, too.
    fn spool_breaks(&mut self) {
        self.spool_broken = true;
        if let Standing::Brief(_) = self.standing {
            self.standing = Standing::Rest;
            self.resting = None;
        }
    }

    /// The nurse pressed the button: what she has seen need not stand any longer. It answers no
    /// scan, and a technical state stays.
    pub(crate) fn pressed(&mut self) {
        self.scanners.iter_mut().for_each(|seen| seen.red_until = None);
        if self.standing == Standing::Held && self.answering.is_empty() {
            self.standing = Standing::Rest;
            self.resting = None;
            self.rest();
        }
    }

    /// What scanners are to beep since this was last asked.
    pub(crate) fn beeps(&mut self) -> Vec<(Port, Beep)> {
        std::mem::take(&mut self.beeps)
    }

    pub(crate) fn until_next_deadline(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        self.answering.next_deadline().map(|at| at.saturating_sub(now))
    }

    pub(crate) fn spend(&mut self) {
        for (port, scan) in self.answering.spent(self.clock.monotonic()) {
            tracing::warn!(scan_id = %scan.scan_id, "no verdict in time");
            self.no_answer(port, scan);
        }
    }

    pub(crate) fn tick(&mut self) {
        let now = self.clock.monotonic();
        if self.drawer.as_mut().is_some_and(|drawer| drawer.closes(now)) {
            self.panel.unlock_drawer(false);
        }
        self.look(now);
        if let Standing::Brief(until) = self.standing
            && self.clock.monotonic() >= until
        {
            self.standing = Standing::Rest;
            self.resting = None;
        }
        self.rest();
    }

    /// Asks once whether the disk has room, and waits for the answer before it asks again.
    fn look(&mut self, now: Duration) {
        match self.looked {
            None if self.keeper.look() => self.looked = Some(now),
            Some(at) if now.saturating_sub(at) < LOOK_WAIT => {}
            _ => {
                if !self.spool_broken {
                    tracing::error!("spool: the disk does not answer, no scan is taken");
                }
                self.spool_breaks();
            }
        }
    }

    /// Sends what waits for the link: late scans, and how the cart is.
    pub(crate) async fn send(&mut self, uplink: &Uplink) {
        if !self.link_up {
            return;
        }
        if let Some(health) = self.health_due()
            && let Err(why) = uplink.tell(&health).await
        {
            tracing::debug!(%why, "health not told");
        }
        if let Some(scan) = self.late.due(self.clock.monotonic())
            && let Err(why) = uplink.send(scan).await
        {
            tracing::warn!(scan_id = %scan.scan_id, %why, "late scan not sent");
        }
    }

    fn health_due(&mut self) -> Option<CartHealth> {
        let state = |link: Option<ScannerLink>| match link {
            Some(ScannerLink::Open) => ScannerState::Open,
            Some(ScannerLink::Busy) => ScannerState::Busy,
            Some(ScannerLink::Forbidden) => ScannerState::Forbidden,
            Some(ScannerLink::Unplugged) | None => ScannerState::Unplugged,
        };
        let health =
            |seen: &Seen| ScannerHealth { name: seen.name.clone(), state: state(seen.link) };
        let scanners = self.scanners.iter().map(health).collect();
        let waiting = u32::try_from(self.late.len()).unwrap_or(u32::MAX);
        let spool = if self.spool_broken { SpoolState::Refuses } else { SpoolState::Keeps };
        self.health.due(self.clock.monotonic(), self.clock.wall_us(), scanners, waiting, spool)
    }

    /// Shows the answer to a code of the scanner at `port`, and has that scanner beep it.
    /// While the spool refuses nothing is green, not even what was sent before it did: the page
    /// tells what is committed.
    fn answer(&mut self, port: Port, mut signal: Signal) {
        if self.spool_broken && signal.light == Light::Green {
            signal = Signal { light: Light::Amber, sound: None, ..signal };
        }
        self.beeps.extend(signal.beep().map(|beep| (port, beep)));
        self.show(port, signal);
    }

    /// Shows what there is to say to the scanner at `port`, unless a red of another one stands: the
    /// nurse who was told to stop may still have her back to the panel.
    fn show(&mut self, port: Port, signal: Signal) {
        let now = self.clock.monotonic();
        if self.drawer.as_mut().is_some_and(|drawer| drawer.shown(signal.cause, now)) {
            self.panel.unlock_drawer(true);
        }
        let red = signal.light == Light::Red;
        self.scanners[port].red_until = red.then_some(now + RED_STANDS);
        if !red && self.scanners.iter().any(|seen| seen.red_until.is_some_and(|end| now < end)) {
            return;
        }
        self.standing = match signal.cause {
            Cause::Committed | Cause::Noted => Standing::Brief(now + BRIEF),
            _ => Standing::Held,
        };
        self.resting = None;
        self.panel.show(&signal);
    }

    /// Shows the technical state, unless an answer stands or the same is shown already.
    pub(crate) fn rest(&mut self) {
        let signal = self.technical();
        if self.standing == Standing::Rest && self.resting != Some(signal) {
            self.resting = Some(signal);
            self.panel.show(&signal);
        }
    }

    fn technical(&self) -> Signal {
        let now = self.clock.monotonic();
        let open = |seen: &Seen| seen.link == Some(ScannerLink::Open);
        let cause = if !self.scanners.iter().all(open) {
            Cause::ScannerDown
        } else if self.spool_broken {
            return Signal::quiet(Light::Red, Cause::SpoolBroken);
        } else if !self.link_up {
            Cause::LinkDown
        } else if now.saturating_sub(self.heard) > SERVER_SILENT {
            Cause::ServerSilent
        } else if self.health.clock(now).0 == ClockConfidence::Off {
            Cause::ClockOff
        } else {
            return Signal::quiet(Light::Off, Cause::Ready);
        };
        Signal::quiet(Light::Amber, cause)
    }

    pub(crate) async fn finish(mut self) {
        for (port, scan) in self.answering.all_spent() {
            self.no_answer(port, scan);
        }
        if self.drawer.is_some() {
            self.panel.unlock_drawer(false);
        }
        let keeper = self.keeper;
        if tokio::task::spawn_blocking(move || keeper.finish()).await.is_err() {
            tracing::error!("spool: not closed");
        }
    }
}

#[cfg(test)]
mod tests;
