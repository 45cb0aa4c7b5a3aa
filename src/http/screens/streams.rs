//! How many event streams are open, and for whom.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Streams one session or device may have open; a further one ends its oldest, so that a page that
/// lost its link is never locked out by its own dead stream.
const OF_ONE_MAX: usize = 2;
/// Streams of everybody together.
const ALL_MAX: usize = 512;

type Open = BTreeMap<String, VecDeque<(u64, oneshot::Sender<()>)>>;

/// The open streams.
#[derive(Default)]
pub struct Streams(Mutex<(u64, Open)>);

/// One stream's place; it ends when `ended` does.
pub struct Place {
    who: String,
    id: u64,
    /// Resolves when a newer stream took the place.
    pub ended: oneshot::Receiver<()>,
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, (u64, Open)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a stream of `who`; `None` when the server has as many as it takes.
    #[must_use]
    pub fn take(&self, who: &str) -> Option<Place> {
        let mut held = self.lock();
        let (count, open) = &mut *held;
        if open.values().map(VecDeque::len).sum::<usize>() >= ALL_MAX {
            return None;
        }
        *count += 1;
        let id = *count;
        let own = open.entry(who.to_owned()).or_default();
        while own.len() >= OF_ONE_MAX {
            // Dropping its sender ends the oldest.
            own.pop_front();
        }
        let (end, ended) = oneshot::channel();
        own.push_back((id, end));
        Some(Place { who: who.to_owned(), id, ended })
    }

    /// Gives a place back.
    pub fn leave(&self, place: &Place) {
        let mut held = self.lock();
        let Some(own) = held.1.get_mut(&place.who) else { return };
        own.retain(|(id, _)| *id != place.id);
        if own.is_empty() {
            held.1.remove(&place.who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_stream_of_one_session_ends_its_first() {
        let streams = Streams::default();
        let mut places: Vec<Place> = (0..3).filter_map(|_| streams.take("s1")).collect();
        let other = streams.take("s2").unwrap();
        assert!(
            places[0].ended.try_recv().is_err_and(|e| e == oneshot::error::TryRecvError::Closed)
        );
        assert_eq!(places[1].ended.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        assert_eq!(places[2].ended.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        for place in places.iter().chain([&other]) {
            streams.leave(place);
        }
        assert!(streams.lock().1.is_empty());
    }

    #[test]
    fn the_server_takes_no_more_than_its_limit() {
        let streams = Streams::default();
        let all: Vec<Place> = (0..ALL_MAX).filter_map(|i| streams.take(&i.to_string())).collect();
        assert_eq!(all.len(), ALL_MAX);
        assert!(streams.take("one more").is_none());
        streams.leave(&all[0]);
        assert!(streams.take("one more").is_some());
    }
}
