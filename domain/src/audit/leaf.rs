//! The audit leaf: one JSON object, canonical at writing, hashed as stored.
//!
//! Keys are sorted, values are strings, integers and objects of those; nothing is ever written
//! again to verify it. No names and no free text: of a comment the leaf holds a salted hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::tree::Hash;

/// The version of the leaf's fields, written as `v`.
pub const LEAF_VERSION: i64 = 1;
/// The most bytes a leaf may have; the least is 1.
pub const LEAF_BYTES_MAX: u64 = 65_535;
/// The most bytes of a code or an opaque id in a leaf.
pub const CODE_BYTES_MAX: u64 = 128;
/// The most bytes of one text value in `before` or `after`.
pub const TEXT_BYTES_MAX: u64 = 4_096;
/// `object.kind` of an administration: exactly one leaf that creates it stands for each.
pub const ADMINISTRATION: &str = "administration";

/// What was done, by the letters of HL7 AuditEvent plus the log's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Something new was recorded: `C`.
    Create,
    /// Something was looked at: `R`.
    Read,
    /// Something got a new version or state: `U`.
    Update,
    /// Something was taken out of use: `D`.
    Delete,
    /// Something was carried out: `E`.
    Execute,
    /// A sign-on or sign-off: `login`.
    Login,
    /// A record was opened outside the user's rights: `breakglass`.
    BreakGlass,
    /// A policy, key or setting changed: `config`.
    Config,
}

impl Action {
    /// The word in the leaf.
    pub const fn code(self) -> &'static str {
        match self {
            Action::Create => "C",
            Action::Read => "R",
            Action::Update => "U",
            Action::Delete => "D",
            Action::Execute => "E",
            Action::Login => "login",
            Action::BreakGlass => "breakglass",
            Action::Config => "config",
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done: `done`.
    Done,
    /// The rules refused it and nothing else changed: `refused`.
    Refused,
    /// It was tried and did not succeed, as a wrong PIN: `failed`.
    Failed,
}

impl Outcome {
    /// The word in the leaf.
    pub const fn code(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// Who did it. Every part is a code or an opaque id; an empty actor is the server itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub user: Option<String>,
    /// The role in which the user acted.
    pub role: Option<String>,
    /// The session's id, never its secret.
    pub session: Option<String>,
    /// How the user proved who they are, as `badge+pin`.
    pub auth: Option<String>,
    /// The user id of the witness.
    pub witness2: Option<String>,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The kind of record, a table's name as `administration`.
    pub kind: String,
    /// The record's id.
    pub id: String,
}

/// A value in `before` or `after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A code or an id; free text goes in by its salted hash only.
    Text(String),
}

impl From<i64> for Value {
    fn from(int: i64) -> Value {
        Value::Int(int)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

/// The fields of a record before or after the act, by column name.
pub type Fields = BTreeMap<String, Value>;

/// Everything a leaf says; [`Leaf::to_bytes`] makes the bytes to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The leaf's own id, uuid v7.
    pub id: Uuid,
    /// When, in microseconds since 1970 UTC by the clinical clock.
    pub ts: i64,
    /// Whether the clinical clock is the demo's; written as `clock: "demo"`.
    pub demo: bool,
    /// The facility's zone name.
    pub tz: String,
    /// The facility's opaque id.
    pub facility: String,
    /// Who.
    pub actor: Actor,
    /// The cart, station or terminal.
    pub device: Option<String>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub object: Object,
    /// The resident's internal id.
    pub resident: Option<Uuid>,
    /// The reason's code.
    pub reason: Option<String>,
    /// Old values of what changed.
    pub before: Option<Fields>,
    /// New values of what changed.
    pub after: Option<Fields>,
    /// [`salted_sha256`] of the comment; text and salt stand in the fact row.
    pub comment_sha256: Option<Hash>,
    /// The request's idempotency key or id.
    pub request_id: Option<String>,
    /// The device's clock minus the server's, in milliseconds.
    pub clock_offset_ms: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Why a leaf cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// A code or id is empty, too long, or holds something else than graphic ASCII.
    #[error(
        "the audit field `{0}` must be a code of 1 to 128 graphic ASCII characters; \
         free text goes into the fact row and its salted hash here"
    )]
    Code(&'static str),
    /// A value of `before` or `after` is longer than [`TEXT_BYTES_MAX`].
    #[error("the audit value `{0}` is longer than 4,096 bytes; store its hash instead")]
    Text(String),
    /// The whole leaf is longer than [`LEAF_BYTES_MAX`].
    #[error("the audit leaf has {0} bytes, 65,535 are the most; name fewer changed fields")]
    Length(u64),
    /// The JSON writer refused; it cannot for strings and integers.
    #[error("the audit leaf could not be written as JSON: {0}")]
    Json(String),
}

/// The members of a leaf in the order of their names, which is the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    action: &'static str,
    actor: WrittenActor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Fields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_offset_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    facility: &'a str,
    id: Uuid,
    object: WrittenObject<'a>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resident: Option<Uuid>,
    ts: i64,
    tz: &'a str,
    v: i64,
}

#[derive(Serialize)]
struct WrittenActor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness2: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenObject<'a> {
    id: &'a str,
    kind: &'a str,
}

fn code<'a>(key: &'static str, value: &'a str) -> Result<&'a str, LeafError> {
    let fits = (1..=CODE_BYTES_MAX).contains(&(value.len() as u64));
    let plain = fits && value.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(value) } else { Err(LeafError::Code(key)) }
}

fn maybe<'a>(key: &'static str, value: Option<&'a String>) -> Result<Option<&'a str>, LeafError> {
    value.map(|value| code(key, value)).transpose()
}

fn checked<'a>(
    key: &'static str,
    fields: Option<&'a Fields>,
) -> Result<Option<&'a Fields>, LeafError> {
    for (name, value) in fields.into_iter().flatten() {
        code(key, name)?;
        if matches!(value, Value::Text(text) if text.len() as u64 > TEXT_BYTES_MAX) {
            return Err(LeafError::Text(name.clone()));
        }
    }
    Ok(fields)
}

impl Leaf {
    /// The exact bytes to store and hash, 1 to 65,535.
    ///
    /// # Errors
    /// [`LeafError`] names the field that does not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        let Actor { user, role, session, auth, witness2 } = &self.actor;
        let written = Written {
            action: self.action.code(),
            actor: WrittenActor {
                auth: maybe("auth", auth.as_ref())?,
                role: maybe("role", role.as_ref())?,
                session: maybe("session", session.as_ref())?,
                user: maybe("user", user.as_ref())?,
                witness2: maybe("witness2", witness2.as_ref())?,
            },
            after: checked("after", self.after.as_ref())?,
            before: checked("before", self.before.as_ref())?,
            clock: self.demo.then_some("demo"),
            clock_offset_ms: self.clock_offset_ms,
            comment_sha256: self.comment_sha256.map(|hash| hash.to_string()),
            device: maybe("device", self.device.as_ref())?,
            facility: code("facility", &self.facility)?,
            id: self.id,
            object: WrittenObject {
                id: code("id", &self.object.id)?,
                kind: code("kind", &self.object.kind)?,
            },
            outcome: self.outcome.code(),
            reason: maybe("reason", self.reason.as_ref())?,
            request_id: maybe("request_id", self.request_id.as_ref())?,
            resident: self.resident,
            ts: self.ts,
            tz: code("tz", &self.tz)?,
            v: LEAF_VERSION,
        };
        let bytes = serde_json::to_vec(&written).map_err(|e| LeafError::Json(e.to_string()))?;
        let length = bytes.len() as u64;
        if length > LEAF_BYTES_MAX { Err(LeafError::Length(length)) } else { Ok(bytes) }
    }
}

/// SHA-256 of a 16-byte salt followed by the text: what a leaf holds of free text, so that a
/// short comment cannot be guessed from the log.
pub fn salted_sha256(salt: &[u8; 16], text: &str) -> Hash {
    Hash(Sha256::new().chain_update(salt).chain_update(text).finalize().into())
}

#[derive(Deserialize)]
struct Seen {
    action: String,
    outcome: String,
    object: SeenObject,
}

#[derive(Deserialize)]
struct SeenObject {
    kind: String,
    id: Uuid,
}

/// The administration whose recording this leaf tells of; `None` for every other leaf.
pub fn recorded_administration(leaf: &[u8]) -> Option<Uuid> {
    let seen: Seen = serde_json::from_slice(leaf).ok()?;
    let done = seen.action == Action::Create.code() && seen.outcome == Outcome::Done.code();
    (done && seen.object.kind == ADMINISTRATION).then_some(seen.object.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            id: Uuid::from_u128(7),
            ts: 1_793_622_600_000_000,
            demo: true,
            tz: "America/New_York".into(),
            facility: "oakhill".into(),
            actor: Actor {
                user: Some("u1".into()),
                role: Some("nurse".into()),
                ..Actor::default()
            },
            device: Some("cart-1".into()),
            action: Action::Create,
            object: Object { kind: ADMINISTRATION.into(), id: Uuid::from_u128(9).to_string() },
            resident: None,
            reason: None,
            before: None,
            after: Some([("outcome".into(), "given".into()), ("amount".into(), 5.into())].into()),
            comment_sha256: None,
            request_id: Some("k1".into()),
            clock_offset_ms: Some(-12),
            outcome: Outcome::Done,
        }
    }

    #[test]
    fn bytes_are_sorted_and_exact() {
        let want = r#"{"action":"C","actor":{"role":"nurse","user":"u1"},"after":{"amount":5,"outcome":"given"},"clock":"demo","clock_offset_ms":-12,"device":"cart-1","facility":"oakhill","id":"00000000-0000-0000-0000-000000000007","object":{"id":"00000000-0000-0000-0000-000000000009","kind":"administration"},"outcome":"done","request_id":"k1","ts":1793622600000000,"tz":"America/New_York","v":1}"#;
        assert_eq!(String::from_utf8(leaf().to_bytes().unwrap()).unwrap(), want);
    }

    #[test]
    fn only_a_recorded_administration_counts() {
        let mut it = leaf();
        assert_eq!(recorded_administration(&it.to_bytes().unwrap()), Some(Uuid::from_u128(9)));
        it.outcome = Outcome::Refused;
        assert_eq!(recorded_administration(&it.to_bytes().unwrap()), None);
        it = Leaf { action: Action::Read, ..leaf() };
        assert_eq!(recorded_administration(&it.to_bytes().unwrap()), None);
        assert_eq!(recorded_administration(b"{"), None);
    }

    #[test]
    fn free_text_and_giants_are_refused() {
        let spoken = Leaf { reason: Some("she was asleep".into()), ..leaf() };
        assert_eq!(spoken.to_bytes(), Err(LeafError::Code("reason")));
        let empty = Leaf { facility: String::new(), ..leaf() };
        assert_eq!(empty.to_bytes(), Err(LeafError::Code("facility")));
        let long: Fields = [("x".to_owned(), Value::Text("a".repeat(4097)))].into();
        let long = Leaf { after: Some(long), ..leaf() };
        assert_eq!(long.to_bytes(), Err(LeafError::Text("x".into())));
        let many: Fields =
            (0..16).map(|n| (format!("f{n}"), Value::Text("a".repeat(4096)))).collect();
        let many = Leaf { after: Some(many), ..leaf() };
        assert!(matches!(many.to_bytes(), Err(LeafError::Length(n)) if n > 65_535));
    }

    #[test]
    fn hostile_values_stay_values() {
        let text = "\",\"outcome\":\"refused\n\u{1F600}";
        let sly = Leaf { after: Some([("note".into(), text.into())].into()), ..leaf() };
        let read: serde_json::Value = serde_json::from_slice(&sly.to_bytes().unwrap()).unwrap();
        assert_eq!(read["after"]["note"], text);
        assert_eq!(read["outcome"], "done");
    }
}
