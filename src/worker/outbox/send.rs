//! Publishing many at once, and when to publish again.

use super::{SECOND, WAITING_SOON};
use crate::bus::BusFuture;
use emar_wire::Topic;
use emar_wire::client::PublishError;
use serde::Deserialize;
use std::future::poll_fn;
use std::task::Poll;

/// Between two messages of a backlog that is sent again: a hundred a second at most.
const BACKLOG: i64 = SECOND / 100;

/// Publications under way at once: few enough that a task may hand them all over in one go, and
/// that the queue to the broker has room left for verdicts and heartbeats.
const WINDOW: usize = 64;

/// Drives publications in their order, a window of them together.
pub(super) async fn all(
    mut publications: Vec<BusFuture<'_, Result<(), PublishError>>>,
) -> Vec<Result<(), PublishError>> {
    let mut results = Vec::with_capacity(publications.len());
    for window in publications.chunks_mut(WINDOW) {
        let mut told: Vec<Option<Result<(), PublishError>>> = window.iter().map(|_| None).collect();
        poll_fn(|context| {
            for (publication, result) in window.iter_mut().zip(&mut told) {
                if result.is_none()
                    && let Poll::Ready(done) = publication.as_mut().poll(context)
                {
                    *result = Some(done);
                }
            }
            if told.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        results.extend(told.into_iter().flatten());
    }
    results
}

/// Machine time until a pharmacy's message is sent again: 2 s, doubling to 60 s, for ever. While
/// many wait the pharmacy is away: then the whole backlog comes round slowly.
pub(super) fn pharmacy_wait(tries: u32, waiting: u64) -> i64 {
    if waiting > WAITING_SOON {
        let backlog = i64::try_from(waiting).unwrap_or(i64::MAX).saturating_mul(BACKLOG);
        return backlog.max(60 * SECOND);
    }
    ((2 * SECOND) << tries.min(5)).min(60 * SECOND)
}

/// Machine time until an alert is sent again: 1, 2, 5, 10 s, then each 10 s; a minute once it has
/// ended.
pub(super) fn alert_wait(tries: u32, ended: bool) -> i64 {
    let seconds = match tries {
        0 => 1,
        1 => 2,
        2 => 5,
        3..=9 => 10,
        _ if ended => 60,
        _ => 10,
    };
    seconds * SECOND
}

/// The id under which a pharmacy answers a message of ours.
pub(super) fn message_id(topic: &Topic, bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Bundle {
        id: String,
    }
    if !matches!(topic, Topic::PharmacyOut { .. }) {
        return None;
    }
    serde_json::from_slice::<Bundle>(bytes).ok().map(|bundle| bundle.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_limit() {
        let pharmacy: Vec<_> = (0..8).map(|n| pharmacy_wait(n, 1) / SECOND).collect();
        assert_eq!(pharmacy, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pharmacy_wait(0, 65), 60 * SECOND);
        assert_eq!(pharmacy_wait(0, 30_000), 300 * SECOND);
        let alert: Vec<_> = (0..6).map(|n| alert_wait(n, false) / SECOND).collect();
        assert_eq!(alert, [1, 2, 5, 10, 10, 10]);
        assert_eq!(alert_wait(10, true), 60 * SECOND);
    }
}
