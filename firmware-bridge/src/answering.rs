//! Which scans wait for their verdict, and what each answer shows. No IO; time is an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use emar_wire::payload::{Scan, VerdictMessage, VerdictWord};
use uuid::Uuid;

use crate::panel::{Cause, Light, Signal, Sound};
use crate::scanner::Port;

/// How long a scan waits for its verdict; then it is answered STOP and spent.
pub const ANSWER_WAIT: Duration = Duration::from_secs(2);

/// The scans that were sent and not yet answered. Times are monotonic.
#[derive(Debug, Default)]
pub struct Answering {
    waiting: BTreeMap<Uuid, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    deadline: Duration,
    port: Port,
    scan: Scan,
}

impl Answering {
    /// Remembers that `scan`, read by the scanner at `port`, was sent at `now`.
    pub fn sent(&mut self, scan: Scan, port: Port, now: Duration) {
        self.waiting.insert(scan.scan_id, Waiting { deadline: now + ANSWER_WAIT, port, scan });
    }

    /// Takes the verdict's scan off the list; which scanner read it and what is shown. `None`:
    /// nobody waits for it, so it shows nothing; above all a scan already answered STOP never
    /// turns green.
    pub fn answered(&mut self, verdict: &VerdictMessage) -> Option<(Port, Signal)> {
        let waiting = self.waiting.remove(&verdict.scan_id)?;
        Some((waiting.port, signal(verdict)))
    }

    /// Whether no scan waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The moment at which the next scan is spent.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.waiting.values().map(|waiting| waiting.deadline).min()
    }

    /// Takes every scan off the list whose time is over at `now`, oldest first.
    pub fn spent(&mut self, now: Duration) -> Vec<(Port, Scan)> {
        self.take(|deadline| deadline <= now)
    }

    /// Takes every scan off the list: the link is gone or the bridge stops.
    pub fn all_spent(&mut self) -> Vec<(Port, Scan)> {
        self.take(|_| true)
    }

    fn take(&mut self, over: impl Fn(Duration) -> bool) -> Vec<(Port, Scan)> {
        let mut spent: Vec<_> =
            self.waiting.extract_if(.., |_, waiting| over(waiting.deadline)).collect();
        spent.sort_by_key(|(id, waiting)| (waiting.deadline, *id));
        spent.into_iter().map(|(_, waiting)| (waiting.port, waiting.scan)).collect()
    }
}

/// Green only with a receipt, amber for ask, red for stop. An ask makes no sound: the good tone
/// would lie and the stop tone would wear out.
fn signal(verdict: &VerdictMessage) -> Signal {
    let (light, sound, cause) = match (verdict.verdict, &verdict.receipt) {
        (VerdictWord::Ok, Some(_)) => (Light::Green, Some(Sound::Given), Cause::Committed),
        (VerdictWord::Ok, None) => (Light::Off, Some(Sound::Noted), Cause::Noted),
        (VerdictWord::Ask, _) => (Light::Amber, None, Cause::Ask),
        (VerdictWord::Stop, _) => (Light::Red, Some(Sound::Stop), Cause::Stop),
    };
    Signal { light, sound, cause, scan_id: Some(verdict.scan_id) }
}

#[cfg(test)]
mod tests {
    use emar_wire::payload::Receipt;

    use super::*;

    fn scan(number: u128) -> Scan {
        Scan { scan_id: Uuid::from_u128(number), raw: "x".into(), ..Scan::default() }
    }

    fn verdict(number: u128, word: VerdictWord, receipt: bool) -> VerdictMessage {
        let receipt = receipt.then(|| Receipt { seq: 1, leaf_hash: String::new(), promise: None });
        let scan_id = Uuid::from_u128(number);
        VerdictMessage { scan_id, verdict: word, objections: vec![], receipt }
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn green_comes_with_ok_and_receipt_only() {
        for word in [VerdictWord::Ok, VerdictWord::Ask, VerdictWord::Stop] {
            for receipt in [false, true] {
                let mut desk = Answering::default();
                desk.sent(scan(1), 0, Duration::ZERO);
                let (_, shown) = desk.answered(&verdict(1, word, receipt)).unwrap();
                let green = word == VerdictWord::Ok && receipt;
                assert_eq!(shown.light == Light::Green, green, "{word:?} {receipt}");
                assert_eq!(shown.sound == Some(Sound::Given), green, "{word:?} {receipt}");
                assert_eq!(shown.light == Light::Red, word == VerdictWord::Stop);
                assert_eq!(shown.light == Light::Amber, word == VerdictWord::Ask);
            }
        }
    }

    #[test]
    fn a_spent_scan_shows_nothing_when_its_verdict_comes() {
        let mut desk = Answering::default();
        desk.sent(scan(1), 0, Duration::ZERO);
        assert_eq!(desk.next_deadline(), Some(ANSWER_WAIT));
        assert_eq!(desk.spent(ANSWER_WAIT - MS), []);
        assert_eq!(desk.spent(ANSWER_WAIT), [(0, scan(1))]);
        assert_eq!(desk.answered(&verdict(1, VerdictWord::Ok, true)), None);
        assert_eq!(desk.next_deadline(), None);
    }

    #[test]
    fn each_scan_waits_for_itself() {
        let mut desk = Answering::default();
        for number in [3, 1, 2] {
            let port = usize::try_from(number).unwrap();
            desk.sent(scan(number), port, MS * u32::try_from(number).unwrap());
        }
        let answered = desk.answered(&verdict(2, VerdictWord::Stop, false));
        assert_eq!(answered.map(|(port, _)| port), Some(2), "the scanner that read it");
        assert!(desk.answered(&verdict(2, VerdictWord::Stop, false)).is_none());
        assert_eq!(desk.spent(ANSWER_WAIT + MS), [(1, scan(1))]);
        assert_eq!(desk.all_spent(), [(3, scan(3))]);
        assert!(desk.is_empty());
    }
}
