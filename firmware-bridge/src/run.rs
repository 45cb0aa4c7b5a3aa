//! The bridge at work: scanners, uplink, spool and panel around one loop.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::bridge::Bridge;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError};
use crate::keeper::Keeper;
use crate::panel::Panel;
use crate::scanner::Scanner;
use crate::spool::{Spool, SpoolError};
use crate::uplink::{Uplink, UplinkError};
use crate::watchdog;

const TICK: Duration = Duration::from_secs(1);
/// Codes waiting between readers and loop; a nurse scans two a second at most.
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
    /// A scanner's thread ended by itself.
    #[error("a scanner's thread ended; the bridge stops and is to be started again")]
    ScannerThread,
}

/// Runs the bridge until `shutdown` resolves. Scans still unanswered then are kept in the spool.
///
/// # Errors
/// What keeps it from starting; once it runs, every failure is shown, logged and survived.
pub async fn run(
    config: Config,
    mut panel: Box<dyn Panel>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), BridgeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let spool = Spool::open(&config.spool.directory, config.spool.bytes_max)?;
    let (kept, mut keeper_events) = mpsc::unbounded_channel();
    let keeper = Keeper::spawn(spool, kept)?;
    let (codes, mut scanner_events) = mpsc::channel(SCANNER_QUEUE);
    let mut scanners = Vec::new();
    for (port, scanner) in config.scanners.iter().enumerate() {
        scanners.push(Scanner::spawn(port, scanner, codes.clone())?);
    }
    drop(codes);
    let mut uplink = Uplink::open(&config, clock.clone())?;

    let mut presses = panel.presses();
    let mut bridge = Bridge::new(&config, panel, keeper, clock);
    bridge.rest();
    watchdog::notify("READY=1");
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(shutdown);
    let ended = loop {
        let spent_in = bridge.until_next_deadline().unwrap_or(TICK);
        tokio::select! {
            () = &mut shutdown => break Ok(()),
            Some((port, event)) = scanner_events.recv() => {
                bridge.scanner(port, event, &uplink).await;
            }
            Some(event) = uplink.next() => bridge.uplink(event),
            Some(event) = keeper_events.recv() => bridge.keeper(event),
            Some(()) = pressed(&mut presses) => bridge.pressed(),
            () = tokio::time::sleep(spent_in) => bridge.spend(),
            _ = tick.tick() => {
                if scanners.iter().any(Scanner::has_ended) {
                    break Err(BridgeError::ScannerThread);
                }
                bridge.tick();
                watchdog::notify("WATCHDOG=1");
            }
        }
        for (port, beep) in bridge.beeps() {
            scanners[port].beep(beep);
        }
        bridge.send(&uplink).await;
    };
    watchdog::notify("STOPPING=1");
    drop(scanners);
    bridge.finish().await;
    uplink.close().await;
    ended
}

/// The next press; without a button there is none, ever.
async fn pressed(presses: &mut Option<mpsc::Receiver<()>>) -> Option<()> {
    match presses {
        Some(presses) => presses.recv().await,
        None => std::future::pending().await,
    }
}
