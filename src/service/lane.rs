//! The write lane: one task a facility takes waiting commands, commits them a batch at a time, and
//! answers after the commit.
//!
//! Architecture Invariant: no handler owns a transaction; a client that hangs up cancels nothing.

mod reach;
mod touched;

use super::app::Change;
use super::effects::Outgoing;
use crate::clock::{Clock, Ids};
use crate::store::{
    Batch, CommitError, Committed, Decided, Entry, InboxAnswer, KeptAnswer, Ledger, NewAnswer,
    Opened, OutboxRow, PolicyRow, Store,
};
use emar_domain::audit::leaf::{Leaf, LeafError};
use emar_domain::audit::tree::leaf_hash;
use emar_domain::decide::{Actor, Answer, Command, Decision, Refusal, Stamp, decide};
use emar_domain::fact::Fact;
use emar_domain::home::Home;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;
use touched::touches;

/// Most commands in one batch.
const BATCH_MAX: usize = 64;
/// Most commands waiting; beyond it callers are told to come again.
const WAITING_MAX: usize = 1024;

/// The key under which a command is asked once, however often it is sent.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub key: String,
    /// Who asks.
    pub who: String,
    /// SHA-256 of what is asked.
    pub request_sha256: [u8; 32],
}

/// What is asked of the lane.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Command,
    /// Under which key, if the caller has one.
    pub key: Option<Key>,
    /// The received message it answers: sender, message id, and the answer by outcome.
    pub inbox: Option<InboxAnswer>,
    /// A policy that takes force with it.
    pub policy: Option<PolicyRow>,
    /// Messages that leave with it, beside those of its effects.
    pub outbox: Vec<OutboxRow>,
}

impl Asked {
    /// A command of the server itself, without a key.
    #[must_use]
    pub fn by_server(command: Command) -> Self {
        Self {
            actor: Actor::server(),
            command,
            key: None,
            inbox: None,
            policy: None,
            outbox: Vec::new(),
        }
    }
}

/// Proof of a commit: where the trail holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Index of its leaf in the audit log.
    pub seq: u64,
    /// Hash of the leaf, hex.
    pub leaf_hash: String,
}

/// What the lane answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Carried out, durably.
    Done {
        /// The answer.
        answer: Box<Answer>,
        /// Where the trail holds it.
        receipt: Receipt,
        /// Size of the log after it.
        version: u64,
    },
    /// Refused; the refusal is in the trail.
    Refused(Refusal),
    /// The key was used for something else.
    KeyReused,
    /// Nothing was written; come again.
    Unavailable,
    /// Whether it was written is not known; ask again with the same key.
    Unknown,
}

struct Waiting {
    asked: Asked,
    reply: oneshot::Sender<Outcome>,
}

/// The door to the lane. Cheap to clone.
#[derive(Clone)]
pub struct LaneHandle(mpsc::Sender<Waiting>);

impl LaneHandle {
    /// Asks, and waits for the answer after the commit. Dropping the wait cancels nothing.
    pub async fn ask(&self, asked: Asked) -> Outcome {
        let (reply, answer) = oneshot::channel();
        if self.0.try_send(Waiting { asked, reply }).is_err() {
            return Outcome::Unavailable;
        }
        answer.await.unwrap_or(Outcome::Unknown)
    }

    /// As [`Self::ask`], but waits its turn when the lane is full: for the server's own work.
    pub async fn ask_patiently(&self, asked: Asked) -> Outcome {
        let Some(answer) = self.queue(asked).await else { return Outcome::Unavailable };
        answer.await.unwrap_or(Outcome::Unknown)
    }

    /// Waits for a place in the queue only: what one task queues is decided in its order. `None`:
    /// the lane has ended.
    pub async fn queue(&self, asked: Asked) -> Option<oneshot::Receiver<Outcome>> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Waiting { asked, reply }).await.ok().map(|()| answer)
    }
}

/// What the lane works with.
pub struct Lane {
    /// Writes.
    pub ledger: Ledger,
    /// Reloads.
    pub store: Store,
    /// The state in memory.
    pub home: Arc<RwLock<Home>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// What leaves.
    pub outgoing: Arc<Outgoing>,
    /// Told after each commit.
    pub changes: broadcast::Sender<Change>,
    /// Told when the lane cannot go on: the process ends and is started again.
    pub fatal: mpsc::Sender<String>,
}

/// A command in a batch, and what was decided on it.
enum Turn {
    Decided(Outcome),
    /// Nothing is written for it: it was answered before, or cannot be recorded.
    Unwritten(Outcome),
}

impl Lane {
    /// Starts the lane's task.
    #[must_use]
    pub fn start(self) -> LaneHandle {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        tokio::spawn(self.run(receiver));
        LaneHandle(sender)
    }

    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut waiting: VecDeque<Waiting> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match timeout(reach::LOOK, receiver.recv()).await {
                    Ok(Some(first)) => waiting.push_back(first),
                    Ok(None) => return,
                    Err(_) => {
                        self.look_ahead_in_peace().await;
                        continue;
                    }
                }
            }
            while waiting.len() < BATCH_MAX
                && let Ok(next) = receiver.try_recv()
            {
                waiting.push_back(next);
            }
            let batch = self.disjoint(&mut waiting);
            if !self.serve(batch).await {
                return;
            }
        }
    }

    /// Takes from the front those that touch nothing in common; the others keep their order.
    fn disjoint(&self, waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
        let home = self.home.read().unwrap_or_else(PoisonError::into_inner);
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let mut batch = Vec::new();
        let mut later = VecDeque::new();
        for next in waiting.drain(..) {
            let touches = touches(&home, &next.asked);
            let alone = touches.is_empty();
            let free = if alone {
                batch.is_empty() && later.is_empty()
            } else {
                !touched.contains("*") && touches.iter().all(|t| !touched.contains(t))
            };
            if alone {
                touched.insert("*".to_owned());
            }
            touched.extend(touches);
            if free { batch.push(next) } else { later.push_back(next) }
        }
        *waiting = later;
        batch
    }

    /// Commits a batch and answers; false when the lane must stop.
    async fn serve(&mut self, mut batch: Vec<Waiting>) -> bool {
        match self.commit(&mut batch).await {
            Ok(turns) => {
                answer(batch, turns);
                true
            }
            Err(CommitError::Conflict(which)) if batch.len() > 1 => {
                tracing::warn!(%which, "a batch was refused; running its commands one by one");
                for one in batch {
                    if !Box::pin(self.serve(vec![one])).await {
                        return false;
                    }
                }
                true
            }
            Err(CommitError::Unknown(error)) => {
                tracing::error!(%error, "the outcome of a commit is unknown");
                refuse_all(batch, &Outcome::Unknown);
                let _ = self.fatal.send("the outcome of a commit is unknown".to_owned()).await;
                false
            }
            Err(CommitError::Fenced) => {
                tracing::error!("another server holds this log's epoch");
                refuse_all(batch, &Outcome::Unavailable);
                let _ = self.fatal.send("another server took over".to_owned()).await;
                false
            }
            Err(error) => {
                tracing::error!(%error, "nothing was written");
                refuse_all(batch, &Outcome::Unavailable);
                true
            }
        }
    }

    async fn commit(&mut self, batch: &mut [Waiting]) -> Result<Vec<Turn>, CommitError> {
        #[cfg(debug_assertions)]
        let mut early = planted::replies(batch);
        let batch = &*batch;
        let keys: Vec<String> =
            batch.iter().filter_map(|w| w.asked.key.as_ref()).map(|k| k.key.clone()).collect();
        for _ in 0..3 {
            let far = self.reach_for(batch).await?;
            let (home, clock, ids, outgoing) = (
                Arc::clone(&self.home),
                Arc::clone(&self.clock),
                Arc::clone(&self.ids),
                Arc::clone(&self.outgoing),
            );
            #[cfg(debug_assertions)]
            let early = early.take();
            let deciding = move |opened: &Opened| {
                let home = home.read().unwrap_or_else(PoisonError::into_inner);
                if home.version != opened.size {
                    return Decided::Stale;
                }
                let context =
                    Context { home: &home, clock: &*clock, ids: &*ids, outgoing: &outgoing };
                let decided = context.decide_all(batch, opened);
                #[cfg(debug_assertions)]
                planted::answer(early, &decided);
                decided
            };
            match self.ledger.commit_with(&keys, deciding).await {
                Err(CommitError::Stale(_)) => self.reload().await?,
                other => {
                    let done = other.map(|(turns, committed)| {
                        self.publish(&committed);
                        turns
                    });
                    self.let_go(far);
                    return done;
                }
            }
        }
        Err(CommitError::Stale(0))
    }

    async fn reload(&self) -> Result<(), CommitError> {
        let (facility, policy, earlier, zone) = {
            let home = self.home.read().unwrap_or_else(PoisonError::into_inner);
            let policies = (home.policy.clone(), home.earlier.clone());
            (home.facility.clone(), policies.0, policies.1, home.zone.clone())
        };
        let now = self.clock.clinical();
        let fresh = self.store.load_home(&facility, policy, zone, now).await;
        let mut fresh = fresh.map_err(CommitError::from)?;
        fresh.earlier = earlier;
        *self.home.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Folds the committed facts into memory and tells who shows them.
    fn publish(&self, committed: &Committed) {
        let mut change = Change { version: committed.size, ..Change::default() };
        {
            let mut home = self.home.write().unwrap_or_else(PoisonError::into_inner);
            for entry in &committed.entries {
                for fact in &entry.facts {
                    note(&mut change, fact);
                    home.apply(fact, entry.version);
                }
            }
            home.version = committed.size;
        }
        // Nobody listening is no error.
        let _ = self.changes.send(change);
    }
}

/// The fault that the crash test must find: the answer leaves before the commit. Only in a build
/// with debug assertions, and only when the environment asks for it by name.
#[cfg(debug_assertions)]
mod planted {
    use super::{Decided, Outcome, Turn, Waiting, oneshot};
    use std::sync::LazyLock;
    use std::time::Duration;

    static WANTED: LazyLock<bool> = LazyLock::new(|| {
        std::env::var("EMAR_PLANTED_FAULT").is_ok_and(|fault| fault == "answer-before-commit")
    });
    /// Longer than a page takes to be drawn, so that the answer is read before the commit.
    const BEFORE_COMMIT: Duration = Duration::from_millis(500);

    pub(super) fn replies(batch: &mut [Waiting]) -> Option<Vec<oneshot::Sender<Outcome>>> {
        let take = |w: &mut Waiting| std::mem::replace(&mut w.reply, oneshot::channel().0);
        WANTED.then(|| batch.iter_mut().map(take).collect())
    }

    pub(super) fn answer(
        replies: Option<Vec<oneshot::Sender<Outcome>>>,
        decided: &Decided<Vec<Turn>>,
    ) {
        let (Some(replies), Decided::Write(_, turns) | Decided::Nothing(turns)) =
            (replies, decided)
        else {
            return;
        };
        for (reply, turn) in replies.into_iter().zip(turns) {
            let (Turn::Unwritten(outcome) | Turn::Decided(outcome)) = turn;
            let _ = reply.send(outcome.clone());
        }
        let pause = tokio::time::sleep(BEFORE_COMMIT);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(pause));
    }
}

struct Context<'a> {
    home: &'a Home,
    clock: &'a dyn Clock,
    ids: &'a dyn Ids,
    outgoing: &'a Outgoing,
}

impl Context<'_> {
    fn decide_all(&self, batch: &[Waiting], opened: &Opened) -> Decided<Vec<Turn>> {
        let at = self.clock.clinical();
        let mut turns = Vec::with_capacity(batch.len());
        let mut entries = Vec::new();
        let mut seq = opened.size;
        for waiting in batch {
            let asked = &waiting.asked;
            if let Some(kept) = asked.key.as_ref().and_then(|k| opened.answers.get(&k.key)) {
                turns.push(Turn::Unwritten(repeat(asked, kept)));
                continue;
            }
            let mut fresh = || self.ids.fresh();
            let mut stamp = Stamp { now: at, demo: self.clock.is_demo(), fresh: &mut fresh };
            let decision = decide(self.home, &asked.actor, &asked.command, &mut stamp);
            turns.push(match self.entry(asked, decision, at, &mut seq) {
                Ok((entry, outcome)) => {
                    entries.push(entry);
                    Turn::Decided(outcome)
                }
                Err(error) => {
                    tracing::error!(%error, "a command has no leaf and was not carried out");
                    Turn::Unwritten(Outcome::Unavailable)
                }
            });
        }
        if entries.is_empty() {
            return Decided::Nothing(turns);
        }
        Decided::Write(Batch { at, entries }, turns)
    }

    /// What a decision writes, and what will be answered once it is written; `seq` moves on by its
    /// leaves. Nothing is written without its leaf.
    fn entry(
        &self,
        asked: &Asked,
        decision: Decision,
        at: emar_domain::time::Instant,
        seq: &mut u64,
    ) -> Result<(Entry, Outcome), LeafError> {
        let leaves = decision.leaves.iter().map(Leaf::to_bytes);
        let leaves = leaves.collect::<Result<Vec<Vec<u8>>, LeafError>>()?;
        let first = leaves.first().map(|l| leaf_hash(l).to_string()).unwrap_or_default();
        let receipt = Receipt { seq: *seq, leaf_hash: first };
        *seq += u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        let outcome = match &decision.answer {
            Ok(answer) => {
                Outcome::Done { answer: Box::new(answer.clone()), receipt, version: *seq }
            }
            Err(refusal) => Outcome::Refused(refusal.clone()),
        };
        let outbox = decision.effects.iter();
        let outbox = outbox.filter_map(|e| self.outgoing.row(self.home, e, self.ids.fresh(), at));
        let answer = asked.key.as_ref().map(|k| NewAnswer {
            key: k.key.clone(),
            kept: KeptAnswer {
                who: k.who.clone(),
                request_sha256: k.request_sha256,
                status: if decision.answer.is_ok() { 200 } else { 409 },
                answer: serde_json::to_string(&outcome).unwrap_or_default(),
            },
        });
        let entry = Entry {
            answer,
            facts: decision.facts,
            leaves,
            outbox: outbox.chain(asked.outbox.iter().cloned()).collect(),
            inbox: asked.inbox.iter().cloned().collect(),
            policy: asked.policy.clone(),
        };
        Ok((entry, outcome))
    }
}

/// The first answer again: the same key with the same request gets what was kept then.
fn repeat(asked: &Asked, kept: &KeptAnswer) -> Outcome {
    let same = asked
        .key
        .as_ref()
        .is_some_and(|k| k.who == kept.who && k.request_sha256 == kept.request_sha256);
    if !same {
        return Outcome::KeyReused;
    }
    serde_json::from_str(&kept.answer).unwrap_or_else(|error| {
        tracing::error!(%error, "a kept answer cannot be read");
        Outcome::Unknown
    })
}

fn answer(batch: Vec<Waiting>, turns: Vec<Turn>) {
    for (waiting, turn) in batch.into_iter().zip(turns) {
        let (Turn::Unwritten(outcome) | Turn::Decided(outcome)) = turn;
        // A caller who went away keeps their answer under their key.
        let _ = waiting.reply.send(outcome);
    }
}

fn refuse_all(batch: Vec<Waiting>, outcome: &Outcome) {
    for waiting in batch {
        let _ = waiting.reply.send(outcome.clone());
    }
}

fn note(change: &mut Change, fact: &Fact) {
    match fact {
        Fact::Resident(r) => drop(change.residents.insert(r.id)),
        Fact::OrderVersion(v) => drop(change.residents.insert(v.resident)),
        Fact::Dose(d) => drop(change.residents.insert(d.resident)),
        Fact::Pot(p) => drop(change.residents.insert(p.resident)),
        Fact::Administration(a) => drop(change.residents.insert(a.resident)),
        Fact::Alert(a) => {
            change.residents.insert(a.resident);
            change.alerts.insert(a.id);
        }
        Fact::Cart(c) => drop(change.carts.insert(c.cart.clone())),
        _ => {}
    }
}
