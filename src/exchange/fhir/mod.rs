//! FHIR R4 in and out: a resource or Bundle becomes commands and reasons, never a guess.
//!
//! Resources are read from a tree ([`json`]) rather than into derived structs: every reason carries
//! the pointer of what it is about, numbers keep their digits, and of the parts that say how a drug
//! is given (Dosage, Timing, Quantity) a member that is not understood is itself a reason.
pub mod administration;
pub mod answer;
mod bundle;
mod dispense;
mod dosage;
mod drug;
pub mod json;
pub mod message;
mod moment;
pub mod observation;
mod order;
mod reason;
mod repeat;
mod resident;
pub mod system;
#[cfg(test)]
pub(crate) mod tests;
mod timing;

use self::bundle::Batch;
pub use self::dosage::is_route;
use self::json::{At, Node};
pub use self::order::derived;
pub use self::reason::{Code, Reason, Reasons, Standing};
use emar_domain::decide::Command;
use emar_domain::home::Home;
use emar_domain::id::ResidentId;
use emar_domain::resident::Resident;
use emar_domain::schedule::frequency::Frequencies;
use emar_domain::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;

/// Largest message read, in bytes; the brokers refuse more.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Most entries of a message Bundle.
pub const MESSAGE_ENTRIES_MAX: usize = 500;
/// Largest file imported, in bytes.
pub const FILE_BYTES_MAX: usize = 5 << 20;
/// Most entries of an imported Bundle: one person's whole record holds a few thousand.
pub const FILE_ENTRIES_MAX: usize = 20_000;

/// What a mapping is made against.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The home.
    pub home: &'a Home,
    /// The table of frequency codes.
    pub frequencies: &'a Frequencies,
    /// Who sent it: a pharmacy id, or `import`. Part of each order's identity.
    pub sender: &'a str,
    /// Its number in the sender's stream, where it came by one: the version of an order without
    /// `meta.versionId`.
    pub seq: Option<u32>,
    /// Clinical time: the start of an order that names none.
    pub now: Instant,
}

/// What one file or message comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileResult {
    /// In one word.
    pub result: Standing,
    /// Why it is not applied; also what an applied one left out.
    pub reasons: Vec<Reason>,
    /// Resources by type.
    pub counts: BTreeMap<String, u32>,
    /// What it asks of the home; none when refused. A part that needs transcription has none, the
    /// parts that are exact keep theirs.
    #[serde(skip)]
    pub commands: Vec<Command>,
}

impl FileResult {
    fn of(reasons: Reasons, counts: BTreeMap<String, u32>, commands: Vec<Command>) -> Self {
        let result = reasons.standing();
        let commands = if result == Standing::Refused { Vec::new() } else { commands };
        Self { result, reasons: reasons.into_list(), counts, commands }
    }

    fn refused(code: Code, pointer: String, why: String) -> Self {
        let mut reasons = Reasons::default();
        reasons.add(code, pointer, why);
        Self::of(reasons, BTreeMap::new(), Vec::new())
    }
}

/// Classifies one file: any single resource, or a Bundle. Same bytes, home and context:
/// same answer; ids are derived from content, so applying twice has one effect.
#[must_use]
pub fn classify(bytes: &[u8], context: &Context<'_>) -> FileResult {
    let limits = Limits { bytes: FILE_BYTES_MAX, entries: FILE_ENTRIES_MAX };
    let node = match read(bytes, limits) {
        Ok(node) => node,
        Err(refused) => return *refused,
    };
    let root = At::root(&node);
    let is_message =
        root.text("resourceType") == Ok(Some("Bundle")) && root.text("type") == Ok(Some("message"));
    if is_message {
        return message::take(&root, context).result;
    }
    records(&root, limits, context)
}

#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    entries: usize,
}

fn read(bytes: &[u8], limits: Limits) -> Result<Node, Box<FileResult>> {
    if bytes.len() > limits.bytes {
        let why = format!("{} bytes; {} is the most: split it", bytes.len(), limits.bytes);
        return Err(Box::new(FileResult::refused(Code::Malformed, String::new(), why)));
    }
    let other = match bytes {
        [b'M', b'S', b'H', ..] => Some("this is HL7 v2, which is not taken yet: send FHIR R4 JSON"),
        [b'<', ..] => Some("this is XML: send FHIR R4 as JSON"),
        _ => None,
    };
    if let Some(why) = other {
        let refused = FileResult::refused(Code::NotSupported, String::new(), why.to_owned());
        return Err(Box::new(refused));
    }
    json::parse(bytes).map_err(|e| {
        let pointer = match &e {
            json::BadJson::TooDeep(pointer) => pointer.clone(),
            json::BadJson::Syntax(_) => String::new(),
        };
        Box::new(FileResult::refused(Code::Malformed, pointer, e.to_string()))
    })
}

/// Everything that is not a message: each resource on its own feet.
fn records(root: &At<'_>, limits: Limits, context: &Context<'_>) -> FileResult {
    let mut reasons = Reasons::default();
    let Some(batch) = Batch::of(root, limits.entries, &mut reasons) else {
        return FileResult::of(reasons, BTreeMap::new(), Vec::new());
    };
    let counts = batch.counts();
    let mut work = Work::new(context, &batch, Via::Import);
    work.residents(&mut reasons);
    work.orders(&mut reasons);
    work.labels(&mut reasons);
    work.rest(&mut reasons);
    let commands = work.into_commands();
    if commands.is_empty() && reasons.standing() == Standing::Applied && !work_was_known(&reasons) {
        let why = "nothing in it is kept: residents, allergies, orders and dispenses are";
        reasons.add(Code::NotSupported, root.pointer.clone(), why.to_owned());
    }
    FileResult::of(reasons, counts, commands)
}

/// A note that the home already has it is an effect too: the same file again is no refusal.
fn work_was_known(reasons: &Reasons) -> bool {
    reasons.list().iter().any(|r| r.code == Code::Known)
}

/// How resources came in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// By a person, who may create residents.
    Import,
    /// By a message, which may not.
    Message,
}

/// One batch being mapped.
pub(crate) struct Work<'a> {
    context: &'a Context<'a>,
    batch: &'a Batch<'a>,
    via: Via,
    /// Residents of this batch, by the pointer of their resource.
    placed: BTreeMap<String, ResidentId>,
    /// Their state after this batch.
    residents: BTreeMap<ResidentId, Resident>,
    /// Orders of this batch, by the pointer of their resource.
    ordered: BTreeMap<String, emar_domain::order::OrderVersion>,
    commands: Vec<Command>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(context: &'a Context<'a>, batch: &'a Batch<'a>, via: Via) -> Self {
        Self {
            context,
            batch,
            via,
            placed: BTreeMap::new(),
            residents: BTreeMap::new(),
            ordered: BTreeMap::new(),
            commands: Vec::new(),
        }
    }

    /// What the resources that are not kept were, one note a type.
    fn rest(&self, reasons: &mut Reasons) {
        let kept = [
            "Patient",
            "AllergyIntolerance",
            "MedicationRequest",
            "MedicationDispense",
            "Medication",
            "Location",
            "Encounter",
            "MessageHeader",
        ];
        let mut seen: BTreeMap<&str, (String, u32)> = BTreeMap::new();
        for at in self.batch.entries().iter().filter(|at| !kept.contains(&at.kind)) {
            let entry = seen.entry(at.kind).or_insert((at.resource.to("resourceType"), 0));
            entry.1 += 1;
        }
        for (kind, (pointer, count)) in seen {
            reasons.add(Code::Note, pointer, format!("{kind} is not kept here ({count} left out)"));
        }
    }

    fn into_commands(self) -> Vec<Command> {
        let residents = self.residents.into_values().map(|r| Command::Resident(Box::new(r)));
        residents.chain(self.commands).collect()
    }
}
