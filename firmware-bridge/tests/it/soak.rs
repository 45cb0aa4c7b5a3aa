//! A long life of a cart: scanners pulled out, brokers and servers that die. A handful of events
//! here; `EMAR_SOAK_EVENTS=1000` for a longer one, whose figures are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use emar_bridge::panel::{Cause, Light, Signal};
use emar_bridge::scanner::pty::PtyScanner;
use emar_wire::payload::Scan;
use tokio::sync::mpsc;
use tokio::time::timeout_at;
use uuid::Uuid;

use crate::support::SOON;
use crate::support::broker::Broker;
use crate::support::cart::write_config;
use crate::support::program::program;
use crate::support::server::Server;

/// Of one core; what a bridge that spins would take is all of it.
const CPU_PERCENT_MAX: u64 = 25;
const GROWTH_KB_MAX: u64 = 4_096;

/// The program with everything its panel ever showed.
struct Watched {
    child: Child,
    shown: mpsc::UnboundedReceiver<Signal>,
    book: Book,
}

/// What must hold over the whole life.
#[derive(Default)]
struct Book {
    /// Scans the bridge took: it showed that they wait.
    taken: BTreeSet<Uuid>,
    green: BTreeSet<Uuid>,
    spent: BTreeSet<Uuid>,
    /// What a server got, by scan.
    arrived: BTreeMap<Uuid, String>,
    /// What servers committed: a scan that was not late and whose text asks for a receipt.
    committed: BTreeMap<String, Uuid>,
}

impl Book {
    fn shown(&mut self, signal: &Signal) {
        assert_eq!(signal.light == Light::Green, signal.cause == Cause::Committed);
        let Some(id) = signal.scan_id else { return };
        match signal.cause {
            Cause::Waiting => assert!(self.taken.insert(id), "one scan taken twice"),
            Cause::Committed => {
                assert!(!self.spent.contains(&id), "a scan answered stop turned green");
                self.green.insert(id);
            }
            Cause::NoAnswer => {
                assert!(!self.green.contains(&id) && self.spent.insert(id));
            }
            _ => {}
        }
    }

    fn arrived(&mut self, scan: Scan) {
        if !scan.late && scan.raw.starts_with("OK-RECEIPT") {
            let first = *self.committed.entry(scan.raw.clone()).or_insert(scan.scan_id);
            assert_eq!(first, scan.scan_id, "one package charted by two scans");
        }
        self.arrived.insert(scan.scan_id, scan.raw);
    }
}

impl Watched {
    fn start(folder: &Path, port: u16) -> Self {
        let mut child = program(&[])
            .arg("--config")
            .arg(write_config(folder, port, "kind = \"null\"\njson_stdout = true"))
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (lines, shown) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = lines.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, shown, book: Book::default() }
    }

    /// What is shown next that is as `like` says; `None` after a while.
    async fn when(&mut self, wait: Duration, like: impl Fn(&Signal) -> bool) -> Option<Signal> {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let signal = timeout_at(until, self.shown.recv()).await.ok()?.expect("it runs");
            self.book.shown(&signal);
            if like(&signal) {
                return Some(signal);
            }
        }
    }

    /// The scan that it takes next. None: what was sent into a port that is only just opened, or
    /// is gone, is no scan, and it said nothing of it.
    async fn takes(&mut self) -> Option<Uuid> {
        let waits = |signal: &Signal| signal.cause == Cause::Waiting;
        self.when(Duration::from_secs(1), waits).await?.scan_id
    }

    /// What it shows for that scan.
    async fn answer(&mut self, id: Uuid) -> Cause {
        let answers =
            |signal: &Signal| signal.scan_id == Some(id) && signal.cause != Cause::Waiting;
        self.when(SOON, answers).await.expect("every scan that is taken is answered").cause
    }

    /// Hundredths of a second of CPU so far, and memory in kB.
    fn costs(&self) -> (u64, u64) {
        let at = format!("/proc/{}", self.child.id());
        let stat = std::fs::read_to_string(format!("{at}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        let status = std::fs::read_to_string(format!("{at}/status")).unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        (ticks, rss.trim().trim_end_matches(" kB").parse().unwrap())
    }

    fn files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The world around the bridge.
struct World {
    broker: Broker,
    server: Option<Server>,
    scanner: Option<PtyScanner>,
    scans: u32,
}

impl World {
    fn scan(&mut self) -> String {
        self.scans += 1;
        let text = format!("OK-RECEIPT#{}", self.scans);
        let line = format!("{text}\r");
        self.scanner.as_mut().unwrap().send(line.as_bytes()).unwrap();
        text
    }

    /// What the server got for that scan.
    async fn text_of(&mut self, id: Uuid, bridge: &mut Watched) -> String {
        while !bridge.book.arrived.contains_key(&id) {
            let scan = self.server.as_mut().unwrap().scan().await;
            bridge.book.arrived(scan);
        }
        bridge.book.arrived[&id].clone()
    }

    /// Scans until what was scanned last is committed: whole again. A commit before may be that of
    /// a scan from before the plug was pulled.
    async fn whole(&mut self, bridge: &mut Watched) {
        let until = Instant::now() + SOON;
        loop {
            let text = self.scan();
            if let Some(id) = bridge.takes().await
                && bridge.answer(id).await == Cause::Committed
                && self.text_of(id, bridge).await == text
            {
                return;
            }
            assert!(Instant::now() < until, "it does not come back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One thing that happens to a cart, each with a scan before it of which nobody knows how it
    /// ends, and one in the middle of it.
    async fn event(&mut self, number: u32, folder: &Path, bridge: &mut Watched) {
        match number % 3 {
            0 => {
                if number.is_multiple_of(2) {
                    self.scanner.as_mut().unwrap().send(b"OK-HALF").unwrap();
                } else {
                    self.scan();
                }
                self.scanner = None;
                self.scanner = Some(PtyScanner::plug_in(&folder.join("scanner")).unwrap());
            }
            1 => {
                self.scan();
                bridge.takes().await.unwrap();
                self.broker.kill();
                self.unanswered(bridge).await;
                self.broker.restart().await;
            }
            _ => {
                self.scan();
                bridge.takes().await.unwrap();
                for scan in self.server.take().unwrap().stop().await {
                    bridge.book.arrived(scan);
                }
                self.unanswered(bridge).await;
                self.server = Some(Server::start(self.broker.port).await);
            }
        }
        self.whole(bridge).await;
        for scan in self.server.as_mut().unwrap().arrived() {
            bridge.book.arrived(scan);
        }
    }

    async fn unanswered(&mut self, bridge: &mut Watched) {
        self.scan();
        let id = bridge.takes().await.unwrap();
        assert_eq!(bridge.answer(id).await, Cause::NoAnswer);
    }

    /// Waits until nothing is left to send, and takes what arrived meanwhile. Late scans go one by
    /// one, and after a dead server five seconds pass before the next try, so some are left over.
    async fn settle(&mut self, folder: &Path, bridge: &mut Watched) {
        let until = Instant::now() + SOON + Duration::from_millis(20) * self.scans;
        while std::fs::metadata(folder.join("spool/scans.spool")).unwrap().len() > 0 {
            assert!(Instant::now() < until, "the spool does not empty");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while let Ok(signal) = bridge.shown.try_recv() {
            bridge.book.shown(&signal);
        }
        for scan in self.server.take().unwrap().stop().await {
            bridge.book.arrived(scan);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_scan_is_lost_none_counts_twice_and_nothing_spins() {
    let events = std::env::var("EMAR_SOAK_EVENTS").map_or(9, |n| n.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let server = Some(Server::start(broker.port).await);
    let scanner = Some(PtyScanner::plug_in(&folder.path().join("scanner")).unwrap());
    let mut world = World { broker, server, scanner, scans: 0 };
    let mut bridge = Watched::start(folder.path(), world.broker.port);
    let ready = |signal: &Signal| signal.cause == Cause::Ready;
    bridge.when(SOON, ready).await.expect("it starts");

    // What a life takes once: buffers, the first connection, the first of each event.
    for number in 0..3 {
        world.event(number, folder.path(), &mut bridge).await;
    }
    let (began, before, files) = (Instant::now(), bridge.costs(), bridge.files());
    for number in 3..events + 3 {
        world.event(number, folder.path(), &mut bridge).await;
    }
    let (wall, after) = (began.elapsed(), bridge.costs());
    world.settle(folder.path(), &mut bridge).await;

    let book = &bridge.book;
    let lost: Vec<_> = book.taken.iter().filter(|id| !book.arrived.contains_key(id)).collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), book.taken.len());
    let committed: BTreeSet<Uuid> = book.committed.values().copied().collect();
    assert!(book.green.is_subset(&committed), "green without a commit");
    let cpu_percent = (after.0 - before.0) * 1_000 / u64::try_from(wall.as_millis()).unwrap();
    let grown_kb = after.1.saturating_sub(before.1);
    println!(
        "soak: {events} events in {} s, {} scans taken, {} green, {} answered stop and sent late, \
         0 lost, CPU {cpu_percent} % of one core, memory {} kB then {} kB, files {files} then {}",
        wall.as_secs(),
        book.taken.len(),
        book.green.len(),
        book.spent.len(),
        before.1,
        after.1,
        bridge.files(),
    );
    assert!(cpu_percent <= CPU_PERCENT_MAX, "{cpu_percent} % of one core");
    assert!(grown_kb <= GROWTH_KB_MAX, "grown by {grown_kb} kB");
    assert!(bridge.files() <= files + 2, "files are left open");
}
