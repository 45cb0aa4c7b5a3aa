//! A serial scanner: read, hand on, reopen when it goes away; and told what to beep.

use std::io::{self, Read, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use emar_domain::scan::beep::{Beep, Beeper};
use emar_domain::scan::framing::Framer;
use serialport::{ClearBuffer, DataBits, ErrorKind, FlowControl, SerialPort, StopBits, TTYPort};

use super::reopen::{Reading, Stop};
use super::{Feed, Gone, ScannerLink, read_wait};
use crate::config::{Beeps, Flow, Parity, SerialConfig};

/// More than a nurse can scan while a blocked line lets none out; beyond it the panel speaks alone.
const BEEPS_WAITING_MAX: usize = 4;

/// The open port, for whoever has something to say on it; none while the scanner is gone.
type Line = Arc<Mutex<Option<TTYPort>>>;

/// Starts reading `config.port`; codes, unreadable frames and the state of the port go to `feed`.
///
/// # Errors
/// The operating system gives no thread.
pub(super) fn spawn(
    config: SerialConfig,
    mut feed: Feed<Framer>,
) -> io::Result<(Reading, Option<Mouth>)> {
    let line = Line::default();
    let mouth = match config.beeps {
        Beeps::None => None,
        Beeps::Honeywell => Some(Mouth::spawn(Beeper::Honeywell, line.clone())?),
        Beeps::Datalogic => Some(Mouth::spawn(Beeper::Datalogic, line.clone())?),
    };
    let reading = Reading::spawn(move |stop| match open(&config) {
        Ok(port) => {
            let said = port.try_clone_native();
            let said = said.inspect_err(|why| tracing::warn!(%why, "scanner: it will not beep"));
            set(&line, said.ok());
            let gone = read_until_gone(port, &mut feed, stop);
            set(&line, None);
            gone
        }
        Err(why) => feed.link(unopened(&why)),
    })?;
    Ok((reading, mouth))
}

fn set(line: &Line, port: Option<TTYPort>) {
    *line.lock().unwrap_or_else(PoisonError::into_inner) = port;
}

/// Sends a scanner its beeps from a thread of its own: a line that blocks delays no verdict.
#[derive(Debug)]
pub(super) struct Mouth {
    beeper: Beeper,
    words: mpsc::SyncSender<&'static [u8]>,
}

impl Mouth {
    fn spawn(beeper: Beeper, line: Line) -> io::Result<Self> {
        let (words, waiting) = mpsc::sync_channel::<&[u8]>(BEEPS_WAITING_MAX);
        thread::Builder::new().name("scanner-beep".into()).spawn(move || {
            for word in waiting {
                let mut port = line.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(Err(why)) = port.as_mut().map(|port| port.write_all(word)) {
                    tracing::info!(%why, "scanner: not told to beep");
                }
            }
        })?;
        Ok(Self { beeper, words })
    }

    pub(super) fn beep(&self, beep: Beep) {
        if self.words.try_send(self.beeper.bytes(beep)).is_err() {
            tracing::warn!("scanner: a beep left out, too many waiting");
        }
    }
}

/// Reads until the port fails. A read that waits out its time is the kernel's word that the
/// line was silent; time spent unscheduled is no silence, so a busy machine cuts no code.
fn read_until_gone(mut port: TTYPort, feed: &mut Feed<Framer>, stop: &Stop) -> Result<(), Gone> {
    feed.link(ScannerLink::Open)?;
    let wait = port.timeout();
    let mut bytes = [0; 1024];
    while !stop.asked() {
        let began = Instant::now();
        match port.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => {
                let silent = began.elapsed().min(wait - Duration::from_millis(1));
                let answer = feed.bytes(silent, &bytes[..count])?;
                if let Err(why) = port.write_all(&answer) {
                    tracing::info!(%why, "scanner: answering ended");
                    break;
                }
            }
            Err(why) if why.kind() == io::ErrorKind::TimedOut => feed.silence(wait)?,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => {
                tracing::info!(%why, "scanner: reading ended");
                break;
            }
        }
    }
    feed.cut_off()?;
    feed.link(ScannerLink::Unplugged)
}

fn open(config: &SerialConfig) -> serialport::Result<TTYPort> {
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
