//! What pharmacies send: inbox row (commit), PUBACK, CA, apply (commit), then AA, AE or AR.
//!
//! The answer is an outbox row of the commit that closes the message, so a crash between the two
//! loses neither. The inbox keeps the bytes of every message for ever; what was refused is pointed
//! to on the pharmacy's `dlq`.

use super::{Ack, Bus, Delivery};
use crate::exchange::fhir::answer::{self, Envelope, Kind};
use crate::exchange::fhir::message::{self, Event, Says, Taken};
use crate::exchange::fhir::{Code, Context, Reason, Standing};
use crate::policy_file::frequencies;
use crate::service::lane::Key;
use crate::service::{App, Asked, Outcome};
use crate::store::{InboxAnswer, OutboxRow, Received, StoreError};
use emar_domain::decide::{Actor, Aside, Command, Refusal};
use emar_domain::role::Role;
use emar_wire::payload::{DeadLetter, encode};
use emar_wire::topic::Inbound;
use emar_wire::{Id, Topic};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages that wait; a broker has fewer unacknowledged ones under way.
const MESSAGES_MAX: usize = 256;
/// Tries to store or apply one message before it is left to the sender or to the next start.
const TRIES_MAX: u32 = 5;
const CALM: Duration = Duration::from_millis(500);

struct Sent {
    pharmacy: Id,
    event: Inbound,
    message: Delivery,
}

/// The door to the task that takes messages, one after the other: a stream has an order.
pub struct PharmacyDoor(mpsc::Sender<Sent>);

impl PharmacyDoor {
    /// Starts the task with what was left unanswered; it ends with the door.
    #[must_use]
    pub fn new(app: Arc<App>, bus: Arc<dyn Bus>) -> Self {
        let (sender, receiver) = mpsc::channel(MESSAGES_MAX);
        tokio::spawn(Desk { app, bus }.serve(receiver));
        Self(sender)
    }

    /// Takes a message to it.
    pub async fn take(&self, pharmacy: Id, event: Inbound, message: Delivery) {
        // A task that has ended takes no more; the broker keeps the message.
        let _ = self.0.send(Sent { pharmacy, event, message }).await;
    }
}

struct Desk {
    app: Arc<App>,
    bus: Arc<dyn Bus>,
}

/// A message under the id it is kept by.
struct Letter {
    pharmacy: Id,
    event: Inbound,
    id: String,
    sha256: [u8; 32],
    bytes: Vec<u8>,
    /// Its own event, when it is one of ours.
    of: Option<Event>,
    /// What a person reads of it, should nothing be done.
    says: Says,
}

impl Desk {
    async fn serve(self, mut messages: mpsc::Receiver<Sent>) {
        self.resume().await;
        while let Some(Sent { pharmacy, event, message }) = messages.recv().await {
            let Delivery { topic, payload, ack, .. } = message;
            let letter = self.letter(pharmacy, event, payload);
            self.take(letter, &topic, ack).await;
        }
    }

    /// Works on what was stored and not answered before the last stop.
    async fn resume(&self) {
        let open = match self.app.store.open_messages(&self.app.facility).await {
            Ok(open) => open,
            Err(error) => return tracing::error!(%error, "open messages could not be read"),
        };
        for message in open {
            let Ok(Topic::PharmacyIn { pharmacy, event, .. }) = Topic::parse(&message.topic) else {
                continue;
            };
            let mut letter = self.letter(pharmacy, event, message.bytes);
            letter.id = message.message_id;
            self.apply(&letter).await;
        }
    }

    fn letter(&self, pharmacy: Id, event: Inbound, bytes: Vec<u8>) -> Letter {
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let Taken { id, event: of, says, .. } = self.read(&pharmacy, &bytes);
        // A message without an id of its own is known by what it says.
        let id = id.unwrap_or_else(|| format!("sha256:{}", hex(&sha256)));
        Letter { pharmacy, event, id, sha256, bytes, of, says }
    }

    fn read(&self, pharmacy: &Id, bytes: &[u8]) -> Taken {
        let now = self.app.clock.clinical();
        let home = self.app.home();
        let context = Context {
            home: &home,
            frequencies: frequencies(),
            sender: pharmacy.as_str(),
            seq: None,
            now,
        };
        message::receive(bytes, &context)
    }

    async fn take(&self, mut letter: Letter, topic: &Topic, ack: Ack) {
        let received = match self.store(&letter, topic).await {
            Ok(Received::Conflict) => {
                // The same id for something else: kept under its own hash, and refused.
                letter.id = format!("{}#{}", letter.id, hex(&letter.sha256[..8]));
                match self.store(&letter, topic).await {
                    Ok(received) => (received, true),
                    Err(error) => return not_stored(&letter, &error),
                }
            }
            Ok(received) => (received, false),
            Err(error) => return not_stored(&letter, &error),
        };
        ack.stored().await;
        match received {
            (Received::Replay(answer), _) => {
                self.publish(&letter.pharmacy, answer.into_bytes()).await;
            }
            (_, true) => {
                let to = letter.id.split('#').next().unwrap_or_default().to_owned();
                let why = "this id was used for another message: send it under a new one";
                self.close(&letter, &to, Kind::Ar, &[reason(Code::Conflict, why)]).await;
            }
            (_, false) => {
                let bytes = self.write(&letter, &letter.id, Kind::Ca, &[]);
                self.publish(&letter.pharmacy, bytes.into_bytes()).await;
                self.apply(&letter).await;
            }
        }
    }

    async fn store(&self, letter: &Letter, topic: &Topic) -> Result<Received, StoreError> {
        let (app, topic) = (&self.app, topic.to_string());
        let mut tries = 0;
        loop {
            let at = app.clock.clinical();
            let (sender, bytes) = (letter.pharmacy.as_str(), &letter.bytes);
            let done = app
                .store
                .receive(&app.facility, sender, &letter.id, letter.sha256, &topic, bytes, at)
                .await;
            tries += 1;
            match done {
                Err(error) if tries < TRIES_MAX => {
                    tracing::warn!(%error, "a message waits to be stored");
                    tokio::time::sleep(CALM).await;
                }
                done => return done,
            }
        }
    }

    /// Carries a stored message out and answers it.
    async fn apply(&self, letter: &Letter) {
        if letter.event != Inbound::Order {
            let why = "only orders are taken yet: send this to the home another way";
            let reasons = [reason(Code::NotSupported, why)];
            return self.close(letter, &letter.id, Kind::Ar, &reasons).await;
        }
        // Read anew: the home may have changed while it was stored.
        let result = self.read(&letter.pharmacy, &letter.bytes).result;
        let mut kind = Kind::from(result.result);
        let mut reasons = result.reasons;
        if result.result == Standing::Applied {
            for (n, command) in result.commands.into_iter().enumerate() {
                match self.command(letter, n, command).await {
                    Ok(()) => {}
                    Err(Some(refusal)) => {
                        kind = Kind::Ae;
                        reasons.push(refused(&refusal));
                        break;
                    }
                    // It stays open, and is worked on at the next start or when it comes again.
                    Err(None) => return,
                }
            }
        }
        self.close(letter, &letter.id, kind, &reasons).await;
    }

    async fn command(
        &self,
        letter: &Letter,
        n: usize,
        command: Command,
    ) -> Result<(), Option<Refusal>> {
        let key = Key {
            key: format!("message/{}/{}/{n}", letter.pharmacy, letter.id),
            who: letter.pharmacy.to_string(),
            request_sha256: letter.sha256,
        };
        let asked = Asked { actor: pharmacy(), key: Some(key), ..Asked::by_server(command) };
        match self.ask(asked).await {
            Outcome::Done { .. } => Ok(()),
            Outcome::Refused(refusal) => Err(Some(refusal)),
            Outcome::KeyReused => Err(Some(Refusal::new("key_reused", "new_message"))),
            Outcome::Unavailable | Outcome::Unknown => Err(None),
        }
    }

    async fn ask(&self, asked: Asked) -> Outcome {
        for _ in 1..TRIES_MAX {
            match self.app.lane.ask_patiently(asked.clone()).await {
                Outcome::Unavailable => tokio::time::sleep(CALM).await,
                outcome => return outcome,
            }
        }
        self.app.lane.ask_patiently(asked).await
    }

    /// Closes a message: its answer is kept, sent by the outbox, and told to the trail.
    async fn close(&self, letter: &Letter, to: &str, kind: Kind, reasons: &[Reason]) {
        let answer = self.write(letter, to, kind, reasons);
        let sender = letter.pharmacy.to_string();
        let stream = format!("pharmacy/{sender}");
        let Ok(facility) = Id::new(self.app.facility.as_str()) else { return };
        let pharmacy_id = letter.pharmacy.clone();
        let topic = Topic::PharmacyInAnswer { facility: facility.clone(), pharmacy: pharmacy_id };
        let mut outbox = vec![OutboxRow {
            stream: stream.clone(),
            topic: topic.to_string(),
            bytes: answer.clone().into_bytes(),
        }];
        if kind == Kind::Ar {
            let reason = reasons.iter().find(|r| r.code.standing() == Standing::Refused);
            let letter = DeadLetter {
                id: letter.id.clone(),
                reason: reason.map_or("refused", |r| r.code.text()).to_owned(),
                at: self.app.clock.machine(),
            };
            let pharmacy = pharmacy_of(&topic);
            if let (Some(pharmacy), Ok(bytes)) = (pharmacy, encode(&letter)) {
                let topic = Topic::PharmacyDeadLetter { facility, pharmacy }.to_string();
                outbox.push(OutboxRow { stream, topic, bytes });
            }
        }
        let command = Command::Message {
            sender: sender.clone(),
            message: letter.id.clone(),
            answer: kind.code().to_owned(),
            aside: (kind != Kind::Aa).then(|| aside(&letter.says, reasons)),
        };
        let inbox = InboxAnswer { sender, message_id: letter.id.clone(), answer };
        let asked =
            Asked { actor: pharmacy(), inbox: Some(inbox), outbox, ..Asked::by_server(command) };
        match self.ask(asked).await {
            Outcome::Done { .. } => {
                let (pharmacy, answer) = (&letter.pharmacy, kind.code());
                tracing::info!(%pharmacy, answer, "a message was answered");
            }
            outcome => tracing::error!(?outcome, "a message stays unanswered for now"),
        }
    }

    fn write(&self, letter: &Letter, to: &str, kind: Kind, reasons: &[Reason]) -> String {
        let app = &self.app;
        let home = app.home();
        let envelope = Envelope {
            id: app.ids.fresh(),
            at: home.zone.to_offset_time(app.clock.clinical()),
            facility: app.facility.as_str(),
            event: letter.of.unwrap_or(Event::NewOrder),
        };
        answer::write(&envelope, to, kind, reasons)
    }

    /// Once: whoever has not heard it asks again with the same message.
    async fn publish(&self, pharmacy: &Id, bytes: Vec<u8>) {
        let Ok(facility) = Id::new(self.app.facility.as_str()) else { return };
        let topic = Topic::PharmacyInAnswer { facility, pharmacy: pharmacy.clone() };
        if let Err(error) = self.bus.publish(topic, bytes).await {
            tracing::warn!(%error, %pharmacy, "an answer was not sent");
        }
    }
}

/// What a person reads, as nothing was done.
fn aside(says: &Says, reasons: &[Reason]) -> Aside {
    let reasons = reasons.iter().map(|reason| match reason.pointer.as_str() {
        "" => reason.why.clone(),
        pointer => format!("{} ({pointer})", reason.why),
    });
    Aside { resident: says.resident, says: says.text.clone(), reasons: reasons.collect() }
}

fn not_stored(letter: &Letter, error: &StoreError) {
    // Not acknowledged: the broker and the sender still have it.
    tracing::error!(%error, pharmacy = %letter.pharmacy, "a message was not stored");
}

fn pharmacy_of(topic: &Topic) -> Option<Id> {
    match topic {
        Topic::PharmacyInAnswer { pharmacy, .. } => Some(pharmacy.clone()),
        _ => None,
    }
}

fn pharmacy() -> Actor {
    Actor { user: None, role: Role::Device, session: None, device: None, auth: "pharmacy".into() }
}

fn reason(code: Code, why: &str) -> Reason {
    Reason { pointer: String::new(), why: why.to_owned(), code }
}

/// A refusal of the rules: the message was understood, and a person must look into it.
fn refused(refusal: &Refusal) -> Reason {
    let (code, why) = match refusal.code.as_str() {
        "resident_unknown" => (Code::ResidentUnknown, "the home has no such resident"),
        "order_unknown" => (Code::OrderUnknown, "the home has no such order"),
        "version_older" => (Code::Conflict, "superseded: the home has a newer version"),
        "order_state" => (Code::Conflict, "superseded: the order is not a draft any more"),
        _ => (Code::Conflict, "not carried out: ask the home"),
    };
    reason(code, why)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
