//! The thread of one scanner: opens it, reads until it is gone, waits and opens it again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Gone;

const REOPEN_MIN: Duration = Duration::from_millis(250);
const REOPEN_MAX: Duration = Duration::from_secs(2);
/// A port that stayed open so long was no loose contact.
const STEADY: Duration = Duration::from_secs(2);

/// The running thread. Dropping it closes the scanner within a quarter of a second.
#[derive(Debug)]
pub(super) struct Reading {
    stop: Stop,
    thread: JoinHandle<()>,
}

/// Whether the reading is to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(super) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Reading {
    /// Starts `read`, which opens the scanner, reads until it is gone or a stop is asked for, and
    /// is called again after a pause. It never gets to spin: a scanner that goes at once waits
    /// longer each time.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(super) fn spawn(
        mut read: impl FnMut(&Stop) -> Result<(), Gone> + Send + 'static,
    ) -> io::Result<Self> {
        let stop = Stop::default();
        let asked = stop.clone();
        let thread = thread::Builder::new().name("scanner".into()).spawn(move || {
            let mut pause = REOPEN_MIN;
            while !asked.asked() {
                let opened = Instant::now();
                if read(&asked).is_err() {
                    return;
                }
                if opened.elapsed() >= STEADY {
                    pause = REOPEN_MIN;
                }
                wait(&asked, pause);
                pause = (pause * 2).min(REOPEN_MAX);
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Whether the thread is gone, which nobody asked for while this lives.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.stop.0.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
    }
}

fn wait(stop: &Stop, pause: Duration) {
    let until = Instant::now() + pause;
    while !stop.asked() {
        let Some(left) = until.checked_duration_since(Instant::now()) else { return };
        thread::park_timeout(left);
    }
}
