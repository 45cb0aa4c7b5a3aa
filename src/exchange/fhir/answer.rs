//! Answers, both ways: Bundle(message) with `MessageHeader.response` and an OperationOutcome.

use super::json::{self, At, Node};
use super::message::Event;
use super::reason::{Code, Reason, Standing};
use super::{FileResult, MESSAGE_BYTES_MAX, system};
use emar_domain::time::OffsetTime;
use uuid::Uuid;

/// Kinds of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Stored; stop resending.
    Ca,
    /// Applied, or an exact duplicate.
    Aa,
    /// Understood, not applied: needs a person.
    Ae,
    /// Refused.
    Ar,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Ca, Self::Aa, Self::Ae, Self::Ar];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ca => "CA",
            Self::Aa => "AA",
            Self::Ae => "AE",
            Self::Ar => "AR",
        }
    }

    /// FHIR's response code.
    #[must_use]
    pub const fn response(self) -> &'static str {
        match self {
            Self::Ca | Self::Aa => "ok",
            Self::Ae => "transient-error",
            Self::Ar => "fatal-error",
        }
    }
}

impl From<Standing> for Kind {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Applied => Self::Aa,
            Standing::NeedsTranscription => Self::Ae,
            Standing::Refused => Self::Ar,
        }
    }
}

/// What every message of ours carries.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Id of the message; its Bundle and other parts derive theirs from it.
    pub id: Uuid,
    /// When, with the home's offset.
    pub at: OffsetTime,
    /// The home.
    pub facility: &'a str,
    /// Its event.
    pub event: Event,
}

/// A Bundle(message): a MessageHeader and `resources` (full URL and resource), the first in focus.
pub(super) fn bundle(
    envelope: &Envelope<'_>,
    response: Node,
    focus: bool,
    resources: Vec<(String, Node)>,
) -> Node {
    let id = envelope.id.to_string();
    let first = resources.first().filter(|_| focus);
    let header = Node::object([
        ("resourceType", "MessageHeader".into()),
        ("id", id.clone().into()),
        ("eventCoding", coding(system::EVENT, envelope.event.code())),
        ("source", source(envelope.facility)),
        ("response", response),
        ("focus", first.map(|(url, _)| reference(url)).into_iter().collect::<Vec<_>>().into()),
    ]);
    let mut entries = vec![entry(format!("urn:uuid:{id}"), header)];
    entries.extend(resources.into_iter().map(|(url, resource)| entry(url, resource)));
    Node::object([
        ("resourceType", "Bundle".into()),
        ("id", id.into()),
        ("type", "message".into()),
        ("timestamp", envelope.at.to_string().into()),
        ("entry", entries.into()),
    ])
}

fn source(facility: &str) -> Node {
    Node::object([
        ("software", "emar".into()),
        ("endpoint", format!("urn:emar:facility:{facility}").into()),
    ])
}

fn entry(url: String, resource: Node) -> Node {
    Node::object([("fullUrl", url.into()), ("resource", resource)])
}

pub(super) fn reference(to: &str) -> Node {
    Node::object([("reference", to.into())])
}

pub(super) fn coding(named: &str, code: &str) -> Node {
    Node::object([("system", named.into()), ("code", code.into())])
}

/// A CodeableConcept of one coding.
pub(super) fn concept(named: &str, code: &str) -> Node {
    Node::object([("coding", vec![coding(named, code)].into())])
}

/// The bytes of our answer `kind` to the message `to` (its `MessageHeader.id`), with `reasons` in
/// the OperationOutcome. Same arguments, same bytes.
#[must_use]
pub fn write(envelope: &Envelope<'_>, to: &str, kind: Kind, reasons: &[Reason]) -> String {
    let outcome = format!("{}-outcome", envelope.id);
    let url = format!("urn:uuid:{}", super::order::derived(&["outcome", &outcome]));
    let response = Node::object([
        ("identifier", to.into()),
        ("code", kind.response().into()),
        ("details", reference(&url)),
    ]);
    let mut issues = vec![summary(kind)];
    if kind != Kind::Ca {
        issues.extend(reasons.iter().map(|reason| issue(kind, reason)));
    }
    let outcome = Node::object([
        ("resourceType", "OperationOutcome".into()),
        ("id", url.trim_start_matches("urn:uuid:").into()),
        ("issue", issues.into()),
    ]);
    bundle(envelope, response, false, vec![(url, outcome)]).to_string()
}

/// The answer a result asks for.
#[must_use]
pub fn to_result(envelope: &Envelope<'_>, to: &str, result: &FileResult) -> String {
    write(envelope, to, result.result.into(), &result.reasons)
}

fn summary(kind: Kind) -> Node {
    let (severity, code, text) = match kind {
        Kind::Ca => ("information", "informational", "stored; an answer follows"),
        Kind::Aa => ("information", "informational", "applied"),
        Kind::Ae => ("error", "processing", "understood and not applied: a person must act"),
        Kind::Ar => ("fatal", "invalid", "refused: sending it again as it is will not help"),
    };
    Node::object([
        ("severity", severity.into()),
        ("code", code.into()),
        ("details", concept(system::ANSWER, kind.code())),
        ("diagnostics", text.into()),
    ])
}

fn issue(kind: Kind, reason: &Reason) -> Node {
    let note = reason.code.standing() == Standing::Applied;
    let severity = match kind {
        _ if note => "information",
        Kind::Ar => "fatal",
        _ => "error",
    };
    let code = match reason.code {
        Code::Note | Code::Known => "informational",
        Code::NeedsTranscription => "incomplete",
        Code::ResidentUnknown | Code::OrderUnknown => "not-found",
        Code::ResidentMismatch => "business-rule",
        Code::Malformed => "invalid",
        Code::NotSupported => "not-supported",
        Code::MustUnderstand => "extension",
        Code::Conflict => "conflict",
    };
    Node::object([
        ("severity", severity.into()),
        ("code", code.into()),
        ("details", concept(system::REASON, reason.code.text())),
        ("diagnostics", format!("{} at {:?}", reason.why, reason.pointer).into()),
    ])
}

/// An answer of a pharmacy to a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// `MessageHeader.id` of our message.
    pub to: String,
    /// What it says; without a coding of ours `ok` is AA.
    pub kind: Kind,
    /// Diagnostics of its issues, for the person who looks into an AE or AR.
    pub words: Vec<String>,
}

/// Reads an answer; `None` when the bytes are no answer to anything.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Heard> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return None;
    }
    let node = json::parse(bytes).ok()?;
    let root = At::root(&node);
    if root.text("resourceType") != Ok(Some("Bundle")) {
        return None;
    }
    let entries = root.list("entry").ok()?;
    let resource = |kind: &str| {
        let all = entries.iter().filter_map(|e| e.object("resource").ok()?);
        all.into_iter().find(|r| r.text("resourceType") == Ok(Some(kind)))
    };
    let response = resource("MessageHeader")?.object("response").ok()??;
    let to = response.text("identifier").ok()??.to_owned();
    let mut kind = match response.text("code").ok()?? {
        "ok" => Kind::Aa,
        "transient-error" => Kind::Ae,
        "fatal-error" => Kind::Ar,
        _ => return None,
    };
    let issues = resource("OperationOutcome").and_then(|o| o.list("issue").ok());
    let mut words = Vec::new();
    for issue in issues.unwrap_or_default() {
        words.extend(issue.text("diagnostics").ok().flatten().map(str::to_owned));
        let details = issue.object("details").ok().flatten();
        let codings = details.and_then(|d| d.list("coding").ok()).unwrap_or_default();
        let received = codings.iter().any(|c| {
            c.text("system") == Ok(Some(system::ANSWER)) && c.text("code") == Ok(Some("CA"))
        });
        if received && kind == Kind::Aa {
            kind = Kind::Ca;
        }
    }
    Some(Heard { to, kind, words })
}
