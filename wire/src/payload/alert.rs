use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Micros;
use crate::Id;

/// How urgent an alert is; IEC 60601-1-8's words only, emar is no such alarm system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// To be noticed.
    Low,
    /// To be acted on soon.
    Medium,
    /// To be acted on at once.
    High,
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertLife {
    /// Exists, not yet to be shown with sound.
    Pending,
    /// Waits for a person.
    Active,
    /// A person took it, until `accepted_until`.
    Accepted,
    /// Over; `ended_reason` says why.
    Ended,
}

/// The full current state of one alert, retained and signed. One alert per resident, pass date,
/// pass and kind; it may cover several doses. It names no resident and no drug: the station asks
/// the server for those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    /// The alert.
    pub id: Uuid,
    /// Grows by one with each change of doses, level or state.
    pub rev: u32,
    /// The kind's code, for example `late_dose`.
    pub kind: String,
    /// How urgent.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertLife,
    /// Escalation level, from 1.
    pub level: u32,
    /// The unit.
    pub unit: Id,
    /// An opaque code of the place, never a room of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Id>,
    /// When the earliest covered dose was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Micros>,
    /// How many doses it covers.
    pub doses: u32,
    /// When it was raised.
    pub raised_at: Micros,
    /// When this revision was made.
    pub at: Micros,
    /// The user who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<Id>,
    /// Until when it is taken; then it is active again, one level up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_until: Option<Micros>,
    /// The code of why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_reason: Option<String>,
}

/// What happened to an alert; the phases of IHE ACM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Raised.
    Start,
    /// Sent again unchanged, after a restart or a station's birth.
    Continue,
    /// Changed.
    Update,
    /// One level up.
    Escalate,
    /// One level down.
    Deescalate,
    /// Over.
    End,
}

/// One transition of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// Grows by one within the unit; a gap tells of a lost message.
    pub seq: u64,
    /// What happened.
    pub phase: Phase,
    /// The state after it.
    pub alert: AlertState,
}

/// One line of an [`AlertIndex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertIndexEntry {
    /// The alert.
    pub id: Uuid,
    /// Its revision.
    pub rev: u32,
}

/// Which alerts of a unit are open, retained and signed: by it a station finds a state that is
/// missing or stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertIndex {
    /// Grows with each change; a receiver ignores a lower one.
    pub seq: u64,
    /// The open alerts.
    pub open: Vec<AlertIndexEntry>,
}

/// A silence: no sound for a while, with an author and an end. Nothing clinical is silenced
/// without both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Who made it.
    pub author: Id,
    /// The code of why.
    pub reason: String,
    /// When it ends by itself.
    pub ends_at: Micros,
}
