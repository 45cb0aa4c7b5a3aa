use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Micros;
use crate::Id;

/// What a person at a station does about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertAction {
    /// Has looked at it.
    Seen,
    /// Takes it.
    Accept,
    /// Does not take it.
    Reject,
    /// Wants it later.
    Snooze,
    /// Sends it one level up.
    Escalate,
}

/// A command about one revision of an alert. The alert and the station are those of the topic.
///
/// `{"id":"0190...","action":"accept","rev":2,"by":"u-17","at":...,"expires_at":...}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertCommand {
    /// The command; the reply carries it, and the same id gets the same reply.
    pub id: Uuid,
    /// What to do.
    pub action: AlertAction,
    /// The revision the person saw; another one is answered `conflict`.
    pub rev: u32,
    /// The user.
    pub by: Id,
    /// When the person acted.
    pub at: Micros,
    /// After this the command is answered `expired`; 60 s after `at`.
    pub expires_at: Micros,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandAnswer {
    /// Done.
    Done,
    /// The alert has moved on; `rev` and `accepted_by` say where it stands.
    Conflict,
    /// It came too late.
    Expired,
    /// Not allowed or not understood; `reason` says why.
    Refused,
}

/// The answer to an [`AlertCommand`], on the station's `reply` topic.
///
/// `{"id":"0190...","answer":"conflict","rev":3,"accepted_by":"u-04"}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandReply {
    /// The command it answers.
    pub id: Uuid,
    /// How it ended.
    pub answer: CommandAnswer,
    /// The alert's revision now.
    pub rev: u32,
    /// Who has the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<Id>,
    /// The code of why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
