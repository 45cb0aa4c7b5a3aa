//! A serial scanner in a thread of its own: read, hand on, reopen when it goes away.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, DataBits, ErrorKind, FlowControl, SerialPort, StopBits, TTYPort};

use super::{Feed, Gone, ScannerLink};
use crate::config::{Flow, Parity, ScannerConfig};

/// The longest one read waits; bounds both the wake-ups a second and the time a stop takes.
const READ_WAIT_MAX_MS: u32 = 250;
const REOPEN_MIN: Duration = Duration::from_millis(250);
const REOPEN_MAX: Duration = Duration::from_secs(2);
/// A port that stayed open so long was no loose contact.
const STEADY: Duration = Duration::from_secs(2);

/// The running reader. Dropping it closes the port within a quarter of a second.
#[derive(Debug)]
pub struct SerialScanner {
    stop: Arc<AtomicBool>,
    thread: Thread,
}

impl SerialScanner {
    /// Starts reading `config.port`; codes, unreadable frames and the state of the port go to
    /// `feed`.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn spawn(config: ScannerConfig, feed: Feed) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let handle = thread::Builder::new()
            .name("scanner".into())
            .spawn(move || Reader { config, feed, stop: stopped }.run())?;
        Ok(Self { stop, thread: handle.thread().clone() })
    }
}

impl Drop for SerialScanner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

struct Reader {
    config: ScannerConfig,
    feed: Feed,
    stop: Arc<AtomicBool>,
}

impl Reader {
    fn run(mut self) {
        let mut pause = REOPEN_MIN;
        while !self.stopped() {
            let opened = Instant::now();
            let gone = match open(&self.config) {
                Ok(port) => self.read_until_gone(port),
                Err(why) => self.feed.link(unopened(&why)),
            };
            if gone.is_err() {
                return;
            }
            if opened.elapsed() >= STEADY {
                pause = REOPEN_MIN;
            }
            self.wait(pause);
            pause = (pause * 2).min(REOPEN_MAX);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn wait(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.stopped() {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return };
            thread::park_timeout(left);
        }
    }

    /// Reads until the port fails. A read that waits out its time is the kernel's word that the
    /// line was silent; time spent unscheduled is no silence, so a busy machine cuts no code.
    fn read_until_gone(&mut self, mut port: TTYPort) -> Result<(), Gone> {
        self.feed.link(ScannerLink::Open)?;
        let wait = port.timeout();
        let mut bytes = [0; 1024];
        while !self.stopped() {
            let began = Instant::now();
            match port.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => {
                    let silent = began.elapsed().min(wait - Duration::from_millis(1));
                    let answer = self.feed.bytes(silent, &bytes[..count])?;
                    if let Err(why) = port.write_all(&answer) {
                        tracing::info!(%why, "scanner: answering ended");
                        break;
                    }
                }
                Err(why) if why.kind() == io::ErrorKind::TimedOut => self.feed.silence(wait)?,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => {
                    tracing::info!(%why, "scanner: reading ended");
                    break;
                }
            }
        }
        self.feed.cut_off()?;
        self.feed.link(ScannerLink::Unplugged)
    }
}

/// The idle time and a little, in equal parts none of which is longer than [`READ_WAIT_MAX_MS`].
fn read_wait(idle_ms: u32) -> Duration {
    let idle_ms = idle_ms + 1;
    Duration::from_millis(idle_ms.div_ceil(idle_ms.div_ceil(READ_WAIT_MAX_MS)).into())
}

fn open(config: &ScannerConfig) -> serialport::Result<TTYPort> {
    let parity = match config.parity {
        Parity::None => serialport::Parity::None,
        Parity::Odd => serialport::Parity::Odd,
        Parity::Even => serialport::Parity::Even,
    };
    let flow = match config.flow {
        Flow::None => FlowControl::None,
        Flow::Hardware => FlowControl::Hardware,
        Flow::Software => FlowControl::Software,
    };
    let mut port = serialport::new(config.port.to_string_lossy(), config.baud)
        .data_bits(if config.data_bits == 7 { DataBits::Seven } else { DataBits::Eight })
        .parity(parity)
        .stop_bits(if config.stop_bits == 2 { StopBits::Two } else { StopBits::One })
        .flow_control(flow)
        .exclusive(true)
        .timeout(read_wait(config.idle_ms))
        .open_native()?;
    // Many scanners send only while DTR and RTS are on; a pseudo-terminal has neither line.
    for line in [port.write_data_terminal_ready(true), port.write_request_to_send(true)] {
        if let Err(why) = line {
            tracing::debug!(%why, "scanner: no modem lines");
        }
    }
    // What was scanned while nobody listened is no scan of now.
    port.clear(ClearBuffer::Input)?;
    Ok(port)
}

/// `NoDevice` is what serialport says of a port that another program holds.
fn unopened(why: &serialport::Error) -> ScannerLink {
    match why.kind() {
        ErrorKind::NoDevice => ScannerLink::Busy,
        ErrorKind::Io(io::ErrorKind::NotFound) => ScannerLink::Unplugged,
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => ScannerLink::Forbidden,
        _ => {
            tracing::debug!(%why, "scanner: not opened");
            ScannerLink::Unplugged
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_short_and_pass_the_idle_time() {
        for idle_ms in 20..=5000 {
            let wait = read_wait(idle_ms);
            assert!(wait <= Duration::from_millis(READ_WAIT_MAX_MS.into()), "{idle_ms}");
            let parts = (idle_ms + 1).div_ceil(READ_WAIT_MAX_MS);
            assert!(wait * parts > Duration::from_millis(idle_ms.into()), "{idle_ms}");
        }
    }
}
