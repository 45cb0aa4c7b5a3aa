//! When the drawer of a cart is unlocked. No IO; time is an argument.

use std::time::Duration;

use super::Cause;

/// The lock follows the server's answers: one that is ok opens it for a time, and only time locks
/// it again, since what was taken out for a STOP must go back in. Without an answer it stays as it
/// is; the mechanical key opens it always. Times are monotonic.
#[derive(Debug)]
pub struct Drawer {
    open_for: Duration,
    until: Option<Duration>,
}

impl Drawer {
    /// A locked drawer that an answer opens for so long.
    #[must_use]
    pub fn new(open_for: Duration) -> Self {
        Self { open_for, until: None }
    }

    /// Something was shown at `now`; true when the drawer is to be unlocked for it.
    pub fn shown(&mut self, cause: Cause, now: Duration) -> bool {
        let ok = matches!(cause, Cause::Committed | Cause::Noted);
        let opens = ok && self.until.is_none();
        if ok {
            self.until = Some(now + self.open_for);
        }
        opens
    }

    /// True once, when its time is over at `now` and it is to be locked.
    pub fn closes(&mut self, now: Duration) -> bool {
        self.until.take_if(|until| *until <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ok_of_the_server_opens_it_and_only_time_locks_it() {
        let at = Duration::from_secs;
        let mut drawer = Drawer::new(at(20));
        let no = [
            Cause::Ready,
            Cause::Waiting,
            Cause::Ask,
            Cause::Stop,
            Cause::NoAnswer,
            Cause::Unreadable,
            Cause::LinkDown,
            Cause::ServerSilent,
            Cause::ScannerDown,
            Cause::SpoolBroken,
            Cause::ClockOff,
        ];
        for cause in no {
            assert!(!drawer.shown(cause, at(1)), "{cause:?}");
            assert!(!drawer.closes(at(100)));
        }
        assert!(drawer.shown(Cause::Noted, at(100)));
        assert!(!drawer.shown(Cause::Committed, at(110)), "it is open already");
        assert!(!drawer.shown(Cause::Stop, at(111)));
        assert!(!drawer.closes(at(129)), "the second answer counts anew");
        assert!(drawer.closes(at(130)));
        assert!(!drawer.closes(at(131)));
    }
}
