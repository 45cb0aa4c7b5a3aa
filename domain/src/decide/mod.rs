//! `decide`: a command, the home as it is, the time and fresh ids, and out comes what to answer,
//! what to write down and what to send. A refusal is an answer and has facts too.

mod alert;
mod chart;
mod double;
mod end;
mod far;
mod filing;
mod hold;
mod hours;
mod measure;
mod order;
mod plan;
mod record;
mod refusal;
mod resident;
mod scan;
mod scan_unit;
mod short;
mod transcribe;
mod witness;
mod zone;

use crate::administration::{Administration, Mode, Outcome, Override};
use crate::alert::Alert;
use crate::amount::Amount;
use crate::audit::leaf::Leaf;
use crate::fact::{Device, Fact, User};
use crate::home::Home;
use crate::id::{
    AdministrationId, AlertId, CartId, DoseId, FactId, OrderId, ResidentId, ScanId, SessionId,
    Slug, UserId,
};
use crate::order::OrderVersion;
use crate::reading::Measured;
use crate::resident::Resident;
use crate::role::Role;
use crate::time::Instant;
use crate::verdict::{Objection, Word};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use alert::{QUIET_MINUTES_MAX, is_overdue};
pub(crate) use end::limited;
pub use end::{PSYCHOTROPIC_PRN_DAYS, RenewFor};
pub use far::far_orders;
pub use hours::{HoursCommand, OtherHours, other_hours};
pub use measure::{MeasureCommand, NewReading, READING_PAST_HOURS_MAX, READINGS_MAX};
pub(crate) use plan::next_unplanned;
pub use plan::{expansion, order_fault};
pub use refusal::Refusal;
pub use resident::{ABSENCE_PAST_HOURS_MAX, AwayFor, Stay, StayCommand};
pub use transcribe::Aside;
pub use witness::WitnessCommand;

/// The time of a decision and a source of fresh ids.
pub struct Stamp<'a> {
    /// Clinical time.
    pub now: Instant,
    /// The clinical clock is the demo's.
    pub demo: bool,
    /// Makes a fresh id each time.
    pub fresh: &'a mut dyn FnMut() -> Uuid,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// The person; absent for the server itself and for messages.
    pub user: Option<UserId>,
    /// In which role.
    pub role: Role,
    /// Under which session.
    pub session: Option<SessionId>,
    /// At which cart or station.
    pub device: Option<Slug>,
    /// How they proved who they are (`badge+pin`, `server`, `pharmacy`).
    pub auth: String,
}

impl Actor {
    /// The server's own workers.
    #[must_use]
    pub fn server() -> Self {
        Self { user: None, role: Role::Device, session: None, device: None, auth: "server".into() }
    }
}

/// A scan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScanCommand {
    /// Made by the page or the bridge.
    pub id: ScanId,
    /// Where.
    pub cart: CartId,
    /// Text as read, GS as U+001D.
    pub raw: String,
    /// `wedge`, `bridge`, `key` or `keyed`.
    pub source: String,
    /// Version of the list on the screen.
    pub list_version: Option<u64>,
    /// Came after its answer had been given up.
    pub late: bool,
    /// Warnings the nurse gave a reason for.
    pub overrides: Vec<Override>,
}

/// Charting without a scan of its own: an exception, a confirmation, a past giving.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChartCommand {
    /// The dose; absent for a PRN giving.
    pub dose: Option<DoseId>,
    /// The order, for a PRN giving.
    pub order: Option<OrderId>,
    /// What was done.
    pub outcome: Outcome,
    /// Reason code.
    pub reason: Option<String>,
    /// Free text.
    pub comment: Option<String>,
    /// Salt for the comment's hash, made by the shell.
    pub salt: [u8; 16],
    /// How much was taken, of a partial dose.
    pub amount: Option<Amount>,
    /// Now or past.
    pub mode: Mode,
    /// When it was done; absent: now.
    pub administered_at: Option<Instant>,
    /// Warnings the nurse gave a reason for.
    pub overrides: Vec<Override>,
    /// The second person, whose badge and PIN the shell has checked, and the dose they found.
    pub witness: Option<(UserId, Amount)>,
    /// The cart, if at one.
    pub cart: Option<CartId>,
    /// Version of the list on the screen.
    pub list_version: Option<u64>,
    /// The administration this one corrects.
    pub corrects: Option<AdministrationId>,
    /// The corrected administration itself, loaded by the shell.
    pub corrected: Option<Box<Administration>>,
}

/// Something done to an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum OrderCommand {
    /// A version arrives or is entered: a draft, or a newer version of a draft.
    Receive(Box<OrderVersion>),
    /// A nurse accepts it, and answers what is doubtful about it with a reason.
    Note(OrderId, Vec<Override>),
    /// A second person confirms it.
    Verify(OrderId),
    /// On hold.
    Hold(OrderId, HoldFor),
    /// Off hold.
    Resume(OrderId),
    /// Not to be given, for a reason, until the mark is lifted.
    DoNotGive(OrderId, String),
    /// The mark is lifted, for a reason.
    MayGive(OrderId, String),
    /// Prescribed on, otherwise as it is.
    Renew(OrderId, RenewFor),
    /// Only if the order's version is still the one that was seen.
    AsSeen(u32, Box<OrderCommand>),
    /// Another version takes force now.
    Change(Box<ChangeCommand>),
    /// Stopped.
    Discontinue(OrderId, String),
    /// It was never meant, as one written for another resident; barred once a dose is charted.
    EnteredInError {
        /// The order.
        order: OrderId,
        /// Why, in words.
        reason: String,
        /// Whether any dose of the order was ever charted, see [`ChangeCommand::charted`].
        charted: bool,
    },
}

/// How long an order is held, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HoldFor {
    /// From this instant on; absent: from now.
    pub from: Option<Instant>,
    /// Before this instant; absent: until somebody resumes it.
    pub until: Option<Instant>,
    /// Why, in words.
    pub reason: String,
}

/// Another version of an order in force.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChangeCommand {
    /// The whole order as it will be, numbered one above the version in force.
    pub version: OrderVersion,
    /// A new version was prescribed, or the record of the old one was wrong.
    pub kind: ChangeKind,
    /// Why, in words.
    pub reason: String,
    /// Whether any dose of the order was ever charted; memory is too short, the shell has looked.
    pub charted: bool,
    /// When the latest taken dose of the order was given, as far back as the database reaches.
    pub last_taken: Option<Instant>,
}

/// What a change is. Features, group 1: chosen explicitly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The prescriber wants something else from now on.
    NewVersion,
    /// It never was as written; barred once a dose is charted.
    Correction,
}

/// Something done to an alert.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AlertCommand {
    /// A person takes it, seeing this revision.
    Accept(AlertId, u32),
    /// A person makes it quiet until an instant, with a reason.
    Snooze(AlertId, u32, Instant, String),
    /// A person sends it one level up.
    Escalate(AlertId, u32),
}

/// Everything that changes a home.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// A scan at a cart.
    Scan(ScanCommand),
    /// Charting.
    Chart(Box<ChartCommand>),
    /// A second person's check.
    Witness(WitnessCommand),
    /// What was measured on a resident.
    Measure(MeasureCommand),
    /// An order.
    Order(OrderCommand),
    /// An alert.
    Alert(AlertCommand),
    /// A person signed on at a cart; the shell has checked badge and PIN.
    SignOn {
        /// Who.
        user: UserId,
        /// The new session.
        session: SessionId,
        /// The cart, if at one.
        cart: Option<CartId>,
        /// What the cart's clock showed and, at the same moment, the server's own.
        clocks: Option<(Instant, Instant)>,
    },
    /// Somebody tried to sign on and failed.
    SignOnFailed {
        /// Who, if the badge was known.
        user: Option<UserId>,
        /// Where.
        device: Slug,
    },
    /// A person signed off.
    SignOff {
        /// The cart, if at one.
        cart: Option<CartId>,
    },
    /// Plan the doses of these orders up to the horizon.
    Plan(Vec<OrderId>),
    /// Raise, revise, escalate or end alerts as the time demands; at most so many doses a turn.
    Overdue(u32),
    /// A resident as imported or admitted.
    Resident(Box<Resident>),
    /// A resident goes away, comes back, leaves or lives here again.
    Stay(StayCommand),
    /// A line of the formulary.
    Product(Box<crate::drug::Product>),
    /// A pharmacy label.
    Label(Box<crate::drug::Label>),
    /// A person's account.
    User(Box<User>),
    /// A cart or station.
    Device(Box<Device>),
    /// A received message was answered; what it asked for, if anything, was commanded before.
    Message {
        /// Who sent it.
        sender: String,
        /// Their id for it.
        message: String,
        /// `AA`, `AE` or `AR`.
        answer: String,
        /// What a person has to read, where it was not carried out.
        aside: Option<Aside>,
    },
    /// A person did what a message that was not carried out asks for, or found nothing to do.
    Transcribed {
        /// The message.
        id: FactId,
        /// What was done, in words.
        note: String,
    },
    /// A version of the home's policy was taken over.
    Policy {
        /// Counts from 1.
        version: u32,
        /// From when on it holds.
        effective_from: Instant,
    },
    /// Orders are at other hours of the home from an instant on.
    Hours(Box<HoursCommand>),
    /// The home's zone has other rules than those of this tz data release, with which its doses
    /// were planned.
    ZoneRules(String),
}

/// What a scan did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanEffect {
    /// Nothing.
    None,
    /// A badge: the PIN comes next.
    Badge,
    /// A resident is open.
    ResidentOpened,
    /// One of several packages was counted.
    UnitScanned,
    /// The dose is in the pot.
    Prepared,
    /// The pot was confirmed: its doses are given.
    Confirmed,
    /// Something was taken back.
    Undone,
    /// A command the screen must carry on with.
    Command,
}

/// The answer to a scan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScanAnswer {
    /// The scan.
    pub scan_id: ScanId,
    /// In one word.
    pub verdict: Word,
    /// All objections.
    pub objections: Vec<Objection>,
    /// What it did.
    pub effect: ScanEffect,
    /// The command, with [`ScanEffect::Command`].
    pub command: Option<String>,
    /// The person, with [`ScanEffect::Badge`].
    pub user: Option<UserId>,
    /// Whose it is.
    pub resident: Option<ResidentId>,
    /// The dose.
    pub dose: Option<DoseId>,
    /// The order.
    pub order: Option<OrderId>,
    /// Packages scanned so far and needed.
    pub units: Option<(u32, u32)>,
    /// Administrations recorded by it.
    pub administrations: Vec<AdministrationId>,
}

/// The answer to charting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChartAnswer {
    /// The record.
    pub administration: AdministrationId,
    /// The dose.
    pub dose: DoseId,
    /// What it says.
    pub outcome: Outcome,
    /// Whether it is the dose's effective outcome.
    pub effective: bool,
    /// When it was done.
    pub administered_at: Instant,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// What the command answered, once it was carried out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// To a scan, whatever the verdict.
    Scan(Box<ScanAnswer>),
    /// To charting.
    Chart(ChartAnswer),
    /// To readings.
    Measure {
        /// Each of them, in the order they were sent.
        readings: Vec<Measured>,
    },
    /// To an order command.
    Order {
        /// The order.
        order: OrderId,
        /// Its version.
        version: u32,
        /// Whether anything changed (not for an exact repeat).
        changed: bool,
    },
    /// To an alert command.
    Alert(Box<Alert>),
    /// Nothing more to say.
    Done {
        /// How many facts of note (doses planned, alerts raised).
        count: u32,
    },
}

/// What leaves the house after commit; the shell gives it its topic and bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Effect {
    /// An alert has a new revision.
    Alert(Box<Alert>),
    /// An administration is to be told to the pharmacy that sent the order.
    Administration(Box<Administration>),
}

/// What was decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// What to answer.
    pub answer: Result<Answer, Refusal>,
    /// What to write down.
    pub facts: Vec<Fact>,
    /// What the trail says of it.
    pub leaves: Vec<Leaf>,
    /// What to send.
    pub effects: Vec<Effect>,
}

/// Decides `command` on `home`.
#[must_use]
pub fn decide(home: &Home, actor: &Actor, command: &Command, stamp: &mut Stamp<'_>) -> Decision {
    let mut record = record::Record::new(home, actor, stamp);
    let answer = match command {
        Command::Scan(c) => Ok(scan::scan(&mut record, c)),
        Command::Chart(c) => chart::chart(&mut record, c),
        Command::Witness(c) => witness::witness(&mut record, c),
        Command::Measure(c) => measure::measure(&mut record, c),
        Command::Order(c) => order::order(&mut record, c),
        Command::Alert(c) => alert::command(&mut record, c),
        Command::SignOn { user, session, cart, clocks } => {
            scan::sign_on(&mut record, (*user, *session), cart.as_ref(), *clocks)
        }
        Command::SignOnFailed { user, device } => {
            Ok(scan::sign_on_failed(&mut record, *user, device))
        }
        Command::SignOff { cart } => Ok(scan::sign_off(&mut record, cart.as_ref())),
        Command::Plan(orders) => Ok(plan::plan(&mut record, orders)),
        Command::Overdue(most) => Ok(alert::overdue(&mut record, *most)),
        Command::Resident(r) => Ok(resident::resident(&mut record, r)),
        Command::Stay(c) => resident::stay(&mut record, c),
        Command::Product(p) => {
            Ok(record.register("product", p.id.to_string(), Fact::Product(p.clone())))
        }
        Command::Label(l) => Ok(record.register("label", l.id.to_string(), Fact::Label(l.clone()))),
        Command::User(u) => record.user(u),
        Command::Device(d) => {
            Ok(record.register("device", d.id.to_string(), Fact::Device(d.clone())))
        }
        Command::Message { sender, message, answer, aside } => {
            Ok(transcribe::message(&mut record, (sender, message, answer), aside.as_ref()))
        }
        Command::Transcribed { id, note } => transcribe::transcribed(&mut record, *id, note),
        Command::Policy { version, effective_from } => Ok(record.policy(*version, *effective_from)),
        Command::Hours(c) => Ok(hours::hours(&mut record, c)),
        Command::ZoneRules(before) => Ok(zone::rules(&mut record, before)),
    };
    if let Err(refusal) = &answer {
        record.refused(command, refusal);
    }
    record.into_decision(answer)
}
