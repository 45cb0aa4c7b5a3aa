//! A scanner that is a keyboard, read from its input device and grabbed: what it types reaches
//! nothing else on the cart.

use std::io;
use std::time::{Duration, Instant};

use emar_domain::scan::framing::{KeyEvent, KeyFramer};
use evdev::raw_stream::RawDevice;
use evdev::{EventType, InputEvent, SynchronizationCode};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::reopen::{Reading, Stop};
use super::{Feed, Gone, ScannerLink, read_wait};
use crate::config::KeyboardConfig;

/// Where the keys come from.
trait Keys {
    /// Waits for keys at most so long; none is silence.
    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<KeyEvent>>;
}

/// Starts reading `config.device`.
///
/// # Errors
/// The operating system gives no thread.
pub(super) fn spawn(config: KeyboardConfig, mut feed: Feed<KeyFramer>) -> io::Result<Reading> {
    Reading::spawn(move |stop| match open(&config) {
        Ok(device) => read_until_gone(Device(device), read_wait(config.idle_ms), &mut feed, stop),
        Err(why) => feed.link(unopened(&why)),
    })
}

struct Device(RawDevice);

impl Keys for Device {
    fn wait(&mut self, at_most: Duration) -> io::Result<Vec<KeyEvent>> {
        let limit = Timespec::try_from(at_most).map_err(io::Error::other)?;
        let ready = poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&limit))?;
        if ready == 0 {
            return Ok(Vec::new());
        }
        let events: Vec<InputEvent> = self.0.fetch_events()?.collect();
        if events.is_empty() {
            // Ready and empty for ever would spin.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(events.into_iter().filter_map(key).collect())
    }
}

fn key(event: InputEvent) -> Option<KeyEvent> {
    match (event.event_type(), event.value()) {
        (EventType::KEY, 0) => Some(KeyEvent::Released(event.code())),
        (EventType::KEY, 1) => Some(KeyEvent::Pressed(event.code())),
        (EventType::KEY, _) => Some(KeyEvent::Repeated(event.code())),
        (EventType::SYNCHRONIZATION, _) => {
            (event.code() == SynchronizationCode::SYN_DROPPED.0).then_some(KeyEvent::Lost)
        }
        _ => None,
    }
}

fn open(config: &KeyboardConfig) -> io::Result<RawDevice> {
    let mut device = RawDevice::open(&config.device)?;
    device.grab()?;
    Ok(device)
}

/// Reads until the device fails or a stop is asked for. Only a wait that ran out is silence: time
/// spent unscheduled cuts no code.
fn read_until_gone(
    mut keys: impl Keys,
    wait: Duration,
    feed: &mut Feed<KeyFramer>,
    stop: &Stop,
) -> Result<(), Gone> {
    feed.link(ScannerLink::Open)?;
    while !stop.asked() {
        let began = Instant::now();
        match keys.wait(wait) {
            Ok(keys) if keys.is_empty() => {
                // Other events than keys end a wait, too.
                feed.silence(began.elapsed().min(wait))?;
            }
            Ok(keys) => {
                let silent = began.elapsed().min(wait.saturating_sub(Duration::from_millis(1)));
                feed.keys(silent, &keys)?;
            }
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

/// Busy: another program has grabbed it.
fn unopened(why: &io::Error) -> ScannerLink {
    match why.kind() {
        io::ErrorKind::ResourceBusy => ScannerLink::Busy,
        io::ErrorKind::PermissionDenied => ScannerLink::Forbidden,
        _ => {
            tracing::debug!(%why, "scanner: not opened");
            ScannerLink::Unplugged
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::sync::mpsc;

    use super::*;
    use crate::scanner::ScannerEvent;

    /// Keys as the kernel told them, `type code value`, and what each wait of the reader got.
    struct Recorded(VecDeque<io::Result<Vec<InputEvent>>>);

    impl Keys for Recorded {
        fn wait(&mut self, at_most: Duration) -> io::Result<Vec<KeyEvent>> {
            let events = self.0.pop_front().unwrap_or_else(|| Err(io::ErrorKind::NotFound.into()));
            let events: Vec<KeyEvent> = events?.into_iter().filter_map(key).collect();
            if events.is_empty() {
                // The kernel's word that the time ran out.
                std::thread::park_timeout(at_most);
            }
            Ok(events)
        }
    }

    /// evtest's lines of one read: key events, MSC_SCAN beside them, SYN_REPORT after them.
    fn typed(codes: &[(u16, i32)]) -> io::Result<Vec<InputEvent>> {
        Ok(codes
            .iter()
            .flat_map(|(code, value)| [(4, 4, 458_784), (1, *code, *value), (0, 0, 0)])
            .map(|(kind, code, value)| InputEvent::new(kind, code, value))
            .collect())
    }

    fn heard(reads: Vec<io::Result<Vec<InputEvent>>>) -> Vec<ScannerEvent> {
        let config: KeyboardConfig = toml::from_str("device = \"/dev/input/x\"").unwrap();
        let (events, mut got) = mpsc::channel(32);
        let mut feed = Feed::keyboard(3, &config, events);
        let wait = read_wait(config.idle_ms);
        read_until_gone(Recorded(reads.into()), wait, &mut feed, &Stop::default()).unwrap();
        std::iter::from_fn(|| got.try_recv().ok())
            .map(|(port, event)| {
                assert_eq!(port, 3);
                event
            })
            .collect()
    }

    #[test]
    fn recorded_keys_are_a_code_and_an_unplugged_scanner_leaves_none_half() {
        let shift = 42;
        let reads = vec![
            typed(&[(27, 1), (27, 0), (32, 1), (32, 0), (3, 1), (3, 0)]),
            typed(&[(shift, 1), (30, 1), (30, 0), (shift, 0)]),
            typed(&[(29, 1), (27, 1), (27, 0), (29, 0), (2, 1), (2, 2), (2, 0)]),
            typed(&[(28, 1), (28, 0)]),
            typed(&[(2, 1), (2, 0), (shift, 1)]),
        ];
        let want = [
            ScannerEvent::Link(ScannerLink::Open),
            ScannerEvent::Code("]d2A\u{1d}1".into()),
            ScannerEvent::Unreadable(emar_domain::scan::framing::FrameError::Partial),
            ScannerEvent::Link(ScannerLink::Unplugged),
        ];
        assert_eq!(heard(reads), want);
    }

    #[test]
    fn events_the_kernel_dropped_spoil_the_code_and_not_the_next() {
        let dropped = Ok(vec![InputEvent::new(0, 3, 0)]);
        let reads = vec![
            typed(&[(2, 1), (2, 0)]),
            dropped,
            typed(&[(28, 1), (28, 0)]),
            typed(&[(3, 1), (3, 0), (28, 1), (28, 0)]),
        ];
        let want = [
            ScannerEvent::Unreadable(emar_domain::scan::framing::FrameError::Garbage),
            ScannerEvent::Code("2".into()),
        ];
        assert_eq!(heard(reads)[1..3], want);
    }

    #[test]
    fn silence_cuts_a_code_off() {
        let reads =
            vec![typed(&[(2, 1), (2, 0)]), typed(&[]), typed(&[(3, 1), (3, 0), (28, 1), (28, 0)])];
        let want = [
            ScannerEvent::Unreadable(emar_domain::scan::framing::FrameError::Partial),
            ScannerEvent::Code("2".into()),
        ];
        assert_eq!(heard(reads)[1..3], want);
    }
}
