//! Facts: what a decision writes down. Insert-only; projections follow from them.

use crate::administration::Administration;
use crate::alert::Alert;
use crate::cart::CartSession;
use crate::dose::{Prescribed, Slot, Withdrawal};
use crate::drug::{Label, Product};
use crate::id::{CartId, DoseId, FactId, OrderId, PreparedId, ResidentId, ScanId, Slug, UserId};
use crate::order::{Hold, NewHours, OrderAct, OrderVersion};
use crate::reading::Measured;
use crate::resident::Resident;
use crate::role::Role;
use crate::time::{CivilDateTime, Instant};
use serde::{Deserialize, Serialize};

/// A person who may sign on, at its latest revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Counts from 1; an account is never edited in place.
    pub rev: u32,
    /// Name as shown (`N. Osei RN`).
    pub name: crate::resident::Personal,
    /// Role.
    pub role: Role,
    /// Text of the badge: an identifier, not a secret.
    pub badge: crate::resident::Personal,
    /// Argon2id hash of the PIN, as a PHC string.
    pub pin_hash: String,
    /// Units they work in; empty: all.
    #[serde(default)]
    pub units: Vec<Slug>,
    /// May sign on.
    pub active: bool,
}

/// A cart or a station.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Device {
    /// Identity, as in topics.
    pub id: Slug,
    /// Counts from 1.
    pub rev: u32,
    /// `cart` or `station`.
    pub kind: String,
    /// Unit it works in.
    pub unit: Slug,
    /// Name as shown (`Cart 1 · East A`).
    pub name: String,
    /// SHA-256 of its one-time enrolment code, or of its token once enrolled, in hex.
    pub secret_sha256: String,
    /// Has been enrolled: a PIN counts as second factor only there.
    pub enrolled: bool,
    /// May be used.
    pub active: bool,
}

/// What happened to an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Identity.
    pub id: FactId,
    /// The order.
    pub order: OrderId,
    /// Version it speaks of.
    pub version: u32,
    /// What.
    pub act: OrderAct,
    /// By whom; absent when a message did it.
    pub by: Option<UserId>,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub at: Instant,
    /// The hold it speaks of, with [`OrderAct::Held`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What it comes to, with [`OrderAct::HoursChanged`] and [`OrderAct::WindowsChanged`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<NewHours>,
}

/// A dose's identity, written once when it is first planned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DoseFact {
    /// Row identity.
    pub id: DoseId,
    /// Identity as planned.
    pub slot: Slot,
    /// Whose it is.
    pub resident: ResidentId,
    /// As it was ordered.
    #[serde(default)]
    pub prescribed: Prescribed,
    /// The prescribed local time.
    pub local: CivilDateTime,
    /// When it was planned.
    pub planned_at: Instant,
}

/// When a dose is due, or that it is not expected any more; the newest revision counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DoseDue {
    /// The dose.
    pub dose: DoseId,
    /// Counts from 1.
    pub rev: u32,
    /// When it is due.
    pub due: Instant,
    /// First instant that is not early.
    pub opens: Instant,
    /// Last instant that is not late.
    pub closes: Instant,
    /// Moved by a clock change.
    pub shifted: bool,
    /// No longer expected, and why.
    pub withdrawn: Option<Withdrawal>,
    /// When this revision was made.
    pub at: Instant,
}

/// What happened to a dose in the pot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PotAct {
    /// Put in.
    Prepared,
    /// Taken out again, not given.
    Returned,
}

/// A dose put in the pot, or taken out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PotFact {
    /// Identity.
    pub id: PreparedId,
    /// The dose.
    pub dose: DoseId,
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub resident: ResidentId,
    /// What.
    pub act: PotAct,
    /// By whom.
    pub by: UserId,
    /// At which cart.
    pub cart: CartId,
    /// When.
    pub at: Instant,
    /// Package texts scanned.
    pub packages: Vec<String>,
}

/// A message that was not carried out: a person reads it and does what it asks by hand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transcription {
    /// Identity.
    pub id: FactId,
    /// 1 while it waits, 2 once it is done.
    pub rev: u32,
    /// Who sent it.
    pub sender: String,
    /// Their id for it; the inbox keeps its bytes under both.
    pub message: String,
    /// What the sender was answered: `AE` or `AR`.
    pub answer: String,
    /// Whom it is about, where that is known.
    pub resident: Option<ResidentId>,
    /// What it says, as far as it can be read.
    pub says: String,
    /// Why it was not carried out, in words.
    pub reasons: Vec<String>,
    /// When it came.
    pub at: Instant,
    /// What a person did about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<TranscriptionDone>,
}

/// What became of a message that a person had to read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TranscriptionDone {
    /// Who.
    pub by: UserId,
    /// What they did, in words.
    pub note: String,
    /// When.
    pub at: Instant,
}

/// One scan and what the rules said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScanEvent {
    /// Identity, made by the page or the bridge.
    pub id: ScanId,
    /// Where.
    pub cart: CartId,
    /// Who was signed on.
    pub user: Option<UserId>,
    /// Which resident was open.
    pub resident: Option<ResidentId>,
    /// What was recognised (`wristband`, `product`, `label`, `badge`, `command`, `unknown`).
    pub kind: String,
    /// Text as read; empty for a badge, which is never kept in clear.
    pub raw: String,
    /// `wedge`, `bridge`, `key` or `keyed`.
    pub source: String,
    /// `ok`, `ask` or `stop`.
    pub verdict: String,
    /// Codes of all objections.
    pub objections: Vec<String>,
    /// The order it met.
    pub order: Option<OrderId>,
    /// The dose it met.
    pub dose: Option<DoseId>,
    /// Came after its answer was given up: stored, never charted.
    pub late: bool,
    /// When the server judged it.
    pub at: Instant,
}

/// Anything a decision writes down. One variant, one table (and its projection).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A resident as they now are (`resident`, `resident_event`).
    Resident(Box<Resident>),
    /// A product and its codes (`product`, `product_code`).
    Product(Box<Product>),
    /// A pharmacy label (`label`).
    Label(Box<Label>),
    /// A version of an order (`orders` at version 1, `order_version`).
    OrderVersion(Box<OrderVersion>),
    /// An order event (`order_event`).
    OrderEvent(Box<OrderEvent>),
    /// A planned dose (`dose`).
    Dose(Box<DoseFact>),
    /// When it is due (`dose_due`).
    DoseDue(Box<DoseDue>),
    /// In the pot or out of it (`prepared`).
    Pot(Box<PotFact>),
    /// What was done (`administration`, `dose_outcome`).
    Administration(Box<Administration>),
    /// What was measured on a resident (`reading`).
    Reading(Box<Measured>),
    /// A message for a person, or what became of it (`transcription`).
    Transcription(Box<Transcription>),
    /// A scan (`scan_event`).
    Scan(Box<ScanEvent>),
    /// A revision of an alert (`alert_event`, `alert`, `alert_dose`).
    Alert(Box<Alert>),
    /// A person (`user_account`).
    User(Box<User>),
    /// A cart or station (`device`).
    Device(Box<Device>),
    /// A cart's session (`cart_session`): a projection, replaced as a whole.
    Cart(Box<CartSession>),
}
