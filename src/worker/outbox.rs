//! Sends what waits in the outbox, again and again until the other end itself has said that it has
//! it. The broker's PUBACK only says that the broker has it.

mod alerts;
mod send;

use super::heartbeat::OldestUnsent;
use super::{Shutdown, ended};
use crate::bus::{Ack, Bus};
use crate::exchange::fhir::answer::Kind as AnswerKind;
use crate::service::App;
use crate::service::effects::ALERTS;
use crate::store::{Due, Mark, StoreError};
use alerts::Alerts;
use emar_wire::client::PublishError;
use emar_wire::payload::Shown;
use emar_wire::{Id, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};

/// Rows of one pass.
const ROWS_MAX: u32 = 512;
/// At most so long until the next look at what is due.
const TICK: Duration = Duration::from_millis(500);
/// At least so long between two passes, so that marks are made in lots under load.
const GATHER: Duration = Duration::from_millis(50);
/// After an error of the database or the broker.
const CALM: Duration = Duration::from_secs(1);
/// Words that wait for the worker.
const WORDS_MAX: usize = 1024;
const SECOND: i64 = 1_000_000;
/// A pharmacy said that it has the message; asked again if it never says what became of it.
const APPLIED_WAIT: i64 = 600 * SECOND;
/// Unanswered messages of one pharmacy that are sent again soon; beyond that it is away.
const WAITING_SOON: u64 = 64;

/// Whom to tell once a word is kept.
#[derive(Debug)]
pub enum Kept {
    /// The broker.
    Bus(Ack),
    /// A caller.
    Caller(oneshot::Sender<()>),
}

impl Kept {
    async fn tell(self) {
        match self {
            Self::Bus(ack) => ack.stored().await,
            // A caller who went away does not want to know.
            Self::Caller(caller) => drop(caller.send(())),
        }
    }
}

/// What the worker is told.
#[derive(Debug)]
enum Word {
    Connected,
    Birth(Vec<Id>),
    Shown(Shown, Kept),
    Answered { pharmacy: Id, to: String, kind: AnswerKind, kept: Kept },
}

/// The door to the worker; cheap to clone.
#[derive(Clone, Debug)]
pub struct OutboxHandle(mpsc::Sender<Word>);

/// The worker's end.
#[derive(Debug)]
pub struct OutboxInbox(mpsc::Receiver<Word>);

/// The two ends.
#[must_use]
pub fn channel() -> (OutboxHandle, OutboxInbox) {
    let (sender, receiver) = mpsc::channel(WORDS_MAX);
    (OutboxHandle(sender), OutboxInbox(receiver))
}

impl OutboxHandle {
    /// A station has shown this revision to a person; returns once that is kept. Its message, and
    /// those of earlier revisions, are not sent again.
    pub async fn shown(&self, shown: Shown) {
        let (caller, kept) = oneshot::channel();
        self.tell(Word::Shown(shown, Kept::Caller(caller))).await;
        // A worker that has ended keeps nothing more.
        let _ = kept.await;
    }

    /// As [`Self::shown`], from the bus: acknowledged once it is kept.
    pub async fn shown_by_bus(&self, shown: Shown, ack: Ack) {
        self.tell(Word::Shown(shown, Kept::Bus(ack))).await;
    }

    /// A pharmacy answered the message `to` of ours.
    pub async fn answered(&self, pharmacy: Id, to: String, kind: AnswerKind, ack: Ack) {
        self.tell(Word::Answered { pharmacy, to, kind, kept: Kept::Bus(ack) }).await;
    }

    /// The broker is back, perhaps without what it had kept.
    pub async fn connected(&self) {
        self.tell(Word::Connected).await;
    }

    /// A station is there that shows these units; none named: all.
    pub async fn birth(&self, units: Vec<Id>) {
        self.tell(Word::Birth(units)).await;
    }

    async fn tell(&self, word: Word) {
        // A worker that has ended sends nothing more.
        let _ = self.0.send(word).await;
    }
}

struct Worker {
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    alerts: Alerts,
    /// Our message ids that a pharmacy has not answered, by stream: the row's number.
    unanswered: BTreeMap<String, BTreeMap<String, i64>>,
    /// Sent and not closed, by stream.
    waiting: BTreeMap<String, u64>,
}

/// Sends until the server ends.
pub async fn run(
    app: Arc<App>,
    bus: Arc<dyn Bus>,
    OutboxInbox(mut words): OutboxInbox,
    oldest: Arc<OldestUnsent>,
    mut shutdown: Shutdown,
) {
    let mut changes = app.changes.subscribe();
    let alerts = Alerts::new(&app, oldest).await;
    let mut worker =
        Worker { app, bus, alerts, unanswered: BTreeMap::new(), waiting: BTreeMap::new() };
    worker.count_waiting().await;
    loop {
        let rest = match worker.pass(&mut words).await {
            Ok(true) => GATHER,
            Ok(false) => TICK,
            Err(error) => {
                tracing::warn!(%error, "the outbox waits");
                CALM
            }
        };
        // Without broker or database a commit is no reason to try again at once.
        let until = tokio::time::sleep(if rest == CALM { CALM } else { GATHER });
        tokio::select! {
            () = until => {}
            () = ended(&mut shutdown) => return,
        }
        if rest == GATHER {
            continue;
        }
        let word = tokio::select! {
            word = words.recv() => match word { Some(word) => Some(word), None => return },
            told = changes.recv() => {
                if matches!(told, Err(broadcast::error::RecvError::Closed)) { return }
                None
            }
            () = tokio::time::sleep(rest) => None,
            () = ended(&mut shutdown) => return,
        };
        if let Some(word) = word {
            worker.hear(word, &mut words).await;
        }
    }
}

/// Why a pass stopped.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Worker {
    async fn count_waiting(&mut self) {
        match self.app.store.outbox_unanswered(&self.app.facility).await {
            Ok(unanswered) => self.waiting = unanswered.into_iter().collect(),
            Err(error) => tracing::warn!(%error, "what waits in the outbox is not known"),
        }
    }

    /// Sends what is due; true when there may be more.
    async fn pass(&mut self, words: &mut mpsc::Receiver<Word>) -> Result<bool, PassError> {
        if let Ok(word) = words.try_recv() {
            self.hear(word, words).await;
        }
        self.alerts.publish_open(&self.app, &*self.bus).await?;
        self.alerts.clear_ended(&self.app, &*self.bus).await?;
        let now = self.app.clock.machine();
        let due = self.app.store.outbox_due(&self.app.facility, None, now, ROWS_MAX).await?;
        self.alerts.note_unsent(&due, now);
        let more = due.len() >= usize::try_from(ROWS_MAX).unwrap_or(usize::MAX);
        let (alert, other): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|row| row.stream == ALERTS);
        self.send_alerts(alert).await?;
        self.send_others(other).await?;
        Ok(more)
    }

    async fn send_alerts(&mut self, rows: Vec<Due>) -> Result<(), PassError> {
        if rows.is_empty() {
            return Ok(());
        }
        let marks = self.alerts.send(&self.app, &*self.bus, rows).await;
        let lots = marks.lots.into_iter().map(|(mark, seqs)| (ALERTS.to_owned(), seqs, mark));
        self.mark(lots.collect()).await?;
        marks.stopped.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Rows for pharmacies: many at once, each stream in its order.
    async fn send_others(&mut self, rows: Vec<Due>) -> Result<(), PassError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut sent: BTreeMap<(String, Option<i64>), Vec<i64>> = BTreeMap::new();
        let mut failed: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut stopped = None;
        let (rows, publications): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .filter_map(|mut row| match Topic::parse(&row.topic) {
                Ok(topic) => {
                    let bytes = std::mem::take(&mut row.bytes);
                    let message = send::message_id(&topic, &bytes);
                    let publication = self.bus.publish(topic.clone(), bytes);
                    Some(((row, topic, message), publication))
                }
                Err(error) => {
                    let (stream, seq) = (&row.stream, row.seq);
                    tracing::error!(%error, stream, seq, "an unsendable row");
                    failed.entry(row.stream).or_default().push(row.seq);
                    None
                }
            })
            .unzip();
        let results = send::all(publications).await;
        let now = self.app.clock.machine();
        let mut first_sent: BTreeMap<String, u64> = BTreeMap::new();
        for ((row, topic, message), result) in rows.into_iter().zip(results) {
            match result {
                Ok(()) => {
                    let next_at = self.next_at(&row, &topic, now);
                    if next_at.is_some() && row.sent_at.is_none() {
                        *first_sent.entry(row.stream.clone()).or_insert(0) += 1;
                    }
                    if let (Some(_), Some(id)) = (next_at, message) {
                        let ids = self.unanswered.entry(row.stream.clone()).or_default();
                        ids.insert(id, row.seq);
                    }
                    sent.entry((row.stream, next_at)).or_default().push(row.seq);
                }
                Err(error @ PublishError::TooLarge { .. }) => {
                    let (stream, seq) = (&row.stream, row.seq);
                    tracing::error!(%error, stream, seq, "an unsendable row");
                    failed.entry(row.stream).or_default().push(row.seq);
                }
                // It stays due, and is selected again once the broker is back.
                Err(error) => stopped = Some(error),
            }
        }
        let sent = sent.into_iter();
        let sent = sent.map(|((s, next_at), seqs)| (s, seqs, Mark::Sent { at: now, next_at }));
        let failed = failed.into_iter().map(|(s, seqs)| (s, seqs, Mark::Failed { at: now }));
        self.mark(sent.chain(failed).collect()).await?;
        for (stream, count) in first_sent {
            *self.waiting.entry(stream).or_insert(0) += count;
        }
        stopped.map_or(Ok(()), |error| Err(error.into()))
    }

    /// When a sent row is sent again unless it is answered; none: nothing more is expected. By what
    /// waited before this pass, and so the same for all its rows that were tried as often: they are
    /// marked together.
    fn next_at(&self, row: &Due, topic: &Topic, now: i64) -> Option<i64> {
        if !matches!(topic, Topic::PharmacyOut { .. }) {
            return None;
        }
        if row.received_at.is_some() {
            return Some(now + APPLIED_WAIT);
        }
        let waiting = self.waiting.get(&row.stream).copied().unwrap_or(0);
        Some(now + send::pharmacy_wait(row.tries, waiting))
    }

    async fn mark(&self, marks: Vec<(String, Vec<i64>, Mark)>) -> Result<(), StoreError> {
        let marks: Vec<_> = marks.into_iter().filter(|(_, seqs, _)| !seqs.is_empty()).collect();
        if !marks.is_empty() {
            self.app.store.outbox_mark(&self.app.facility, marks).await?;
        }
        Ok(())
    }

    /// Takes a word, and those that wait behind it, so that what is the same is kept in one go.
    async fn hear(&mut self, first: Word, words: &mut mpsc::Receiver<Word>) {
        let mut kept = Vec::new();
        let mut shown = Vec::new();
        let mut answered: BTreeMap<(String, AnswerKind), Vec<i64>> = BTreeMap::new();
        let mut next = Some(first);
        while let Some(word) = next {
            match word {
                Word::Connected => self.alerts.publish_all(&self.app),
                Word::Birth(units) => self.alerts.publish_units(&self.app, units),
                Word::Shown(word, tell) => {
                    shown.extend(self.alerts.shown(&word));
                    kept.push(tell);
                }
                Word::Answered { pharmacy, to, kind, kept: tell } => {
                    let stream = format!("pharmacy/{pharmacy}");
                    match self.unanswered.get(&stream).and_then(|ids| ids.get(&to)) {
                        Some(seq) => answered.entry((stream, kind)).or_default().push(*seq),
                        // Answered before, or sent before a restart: then it is sent again.
                        None => tracing::debug!(%pharmacy, "an answer to nothing that waits"),
                    }
                    kept.push(tell);
                }
            }
            next = if kept.len() < WORDS_MAX { words.try_recv().ok() } else { None };
        }
        match self.keep(&shown, answered).await {
            Ok(()) => {
                for tell in kept {
                    tell.tell().await;
                }
            }
            // Not acknowledged: they are told again.
            Err(error) => tracing::error!(%error, "what stations and pharmacies said was not kept"),
        }
    }

    async fn keep(
        &mut self,
        shown: &[i64],
        answered: BTreeMap<(String, AnswerKind), Vec<i64>>,
    ) -> Result<(), StoreError> {
        let at = self.app.clock.machine();
        let mut marks =
            vec![(ALERTS.to_owned(), shown.to_vec(), Mark::Received { at, next_at: None })];
        for ((stream, kind), seqs) in &answered {
            let mark = match kind {
                AnswerKind::Ca => Mark::Received { at, next_at: Some(at + APPLIED_WAIT) },
                AnswerKind::Aa => Mark::Applied { at },
                AnswerKind::Ae | AnswerKind::Ar => {
                    tracing::error!(stream, ?kind, ?seqs, "a pharmacy did not take a message");
                    Mark::Failed { at }
                }
            };
            marks.push((stream.clone(), seqs.clone(), mark));
        }
        self.mark(marks).await?;
        for ((stream, _), seqs) in answered.into_iter().filter(|((_, k), _)| *k != AnswerKind::Ca) {
            let ids = self.unanswered.entry(stream.clone()).or_default();
            let count = u64::try_from(seqs.len()).unwrap_or(u64::MAX);
            let seqs: BTreeSet<i64> = seqs.into_iter().collect();
            ids.retain(|_, seq| !seqs.contains(seq));
            let waiting = self.waiting.entry(stream).or_insert(0);
            *waiting = waiting.saturating_sub(count);
        }
        Ok(())
    }
}
