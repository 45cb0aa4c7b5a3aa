//! Messages in: Bundle(message) with a MessageHeader, and what each event may carry.

use super::bundle::Batch;
use super::json::At;
use super::reason::{Code, Reasons, Standing};
use super::{Context, FileResult, Limits, MESSAGE_BYTES_MAX, MESSAGE_ENTRIES_MAX, Via, Work};
use super::{dosage, read, system};
use emar_domain::id::ResidentId;

/// Most characters kept of what a message says.
const SAYS_MAX: usize = 2_000;

/// What a message is about, by its `eventCoding` of system `urn:emar:message-event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new order, or a new version of one.
    NewOrder,
    /// The end of an order: stopped, cancelled or entered in error.
    DiscontinueOrder,
    /// An administration; sent by this server.
    Administration,
}

impl Event {
    /// Every event.
    pub const ALL: &'static [Self] =
        &[Self::NewOrder, Self::DiscontinueOrder, Self::Administration];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NewOrder => "new-order",
            Self::DiscontinueOrder => "discontinue-order",
            Self::Administration => "administration",
        }
    }

    /// The event of a MessageHeader.
    pub(super) fn of(header: &At<'_>) -> Option<Self> {
        let coding = header.object("eventCoding").ok()??;
        let ours = coding.text("system") == Ok(Some(system::EVENT));
        let code = coding.text("code").ok()??;
        Self::ALL.iter().copied().find(|e| ours && e.code() == code)
    }
}

/// A message, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// `MessageHeader.id`: what an answer is correlated with. Absent when it cannot be read.
    pub id: Option<String>,
    /// Its event, when it is one of ours.
    pub event: Option<Event>,
    /// What it comes to: AA, AE or AR by [`FileResult::result`].
    pub result: FileResult,
    /// What a person reads of it, where it is not carried out.
    pub says: Says,
}

/// What a message says of an order, for a person: never acted upon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Says {
    /// The home's resident it names.
    pub resident: Option<ResidentId>,
    /// Status, drug and directions as they were sent.
    pub text: String,
}

/// Takes apart the bytes of a message as a pharmacy sends it.
#[must_use]
pub fn receive(bytes: &[u8], context: &Context<'_>) -> Taken {
    let limits = Limits { bytes: MESSAGE_BYTES_MAX, entries: MESSAGE_ENTRIES_MAX };
    match read(bytes, limits) {
        Ok(node) => take(&At::root(&node), context),
        Err(result) => Taken { id: None, event: None, result: *result, says: Says::default() },
    }
}

pub(super) fn take(root: &At<'_>, context: &Context<'_>) -> Taken {
    let mut reasons = Reasons::default();
    let message =
        root.text("resourceType") == Ok(Some("Bundle")) && root.text("type") == Ok(Some("message"));
    if !message {
        let why = "a message is a Bundle of type message".to_owned();
        reasons.add(Code::Malformed, root.to("type"), why);
    }
    let batch = Batch::of(root, MESSAGE_ENTRIES_MAX, &mut reasons);
    let first = batch.as_ref().and_then(|b| b.entries().first());
    let header = first.filter(|e| e.kind == "MessageHeader").map(|e| e.resource.clone());
    let Some((batch, header)) = batch.as_ref().zip(header) else {
        let why = "the first entry of a message is its MessageHeader".to_owned();
        reasons.add(Code::Malformed, root.to("entry"), why);
        let counts = batch.map(|b| b.counts()).unwrap_or_default();
        let result = FileResult::of(reasons, counts, vec![]);
        return Taken { id: None, event: None, result, says: Says::default() };
    };
    let id = message_id(&header, &mut reasons);
    let event = Event::of(&header);
    let mut work = Work::new(context, batch, Via::Message);
    match event {
        Some(event @ (Event::NewOrder | Event::DiscontinueOrder)) => {
            fitting(batch, &header, event, &mut reasons);
            work.residents(&mut reasons);
            work.orders(&mut reasons);
            work.rest(&mut reasons);
        }
        Some(Event::Administration) | None => {
            let why = "this event is not taken here: only new-order and discontinue-order of \
                       system urn:emar:message-event are";
            reasons.add(Code::NotSupported, header.to("eventCoding"), why.to_owned());
        }
    }
    let says = work.in_words();
    let commands = work.into_commands();
    // One message is one statement: half of it is not carried out.
    let whole = reasons.standing() == Standing::Applied;
    let commands = if whole { commands } else { Vec::new() };
    Taken { id, event, result: FileResult::of(reasons, batch.counts(), commands), says }
}

impl<'a> Work<'a> {
    /// What cannot be read of it is among the reasons already.
    fn in_words(&self) -> Says {
        let batch: &'a Batch<'a> = self.batch;
        let Some(order) = batch.of_kind("MedicationRequest").next() else { return Says::default() };
        let told = &mut Reasons::default();
        let named = self.find_subject(order, "subject", told).map(|r| r.id);
        let resident = named.filter(|id| self.context.home.residents.contains_key(id));
        let status = told.read(order.text("status")).unwrap_or_default().to_owned();
        let reference = told.read(order.object("medicationReference"));
        let reference = reference.and_then(|r| told.read(r.text("reference")));
        let medication = reference.and_then(|r| batch.resolve(order, r));
        let concept = match medication {
            Some(medication) => told.read(medication.object("code")),
            None => told.read(order.object("medicationCodeableConcept")),
        };
        let drug = concept.map(|concept| dosage::words(&concept, told)).unwrap_or_default();
        let dosages = told.read(order.list("dosageInstruction"));
        let directions =
            dosages.iter().filter_map(|d| told.read(d.text("text"))).map(str::to_owned);
        let parts = [status, drug].into_iter().chain(directions).filter(|part| !part.is_empty());
        let text: String = parts.collect::<Vec<_>>().join(" · ");
        Says { resident, text: text.chars().take(SAYS_MAX).collect() }
    }
}

fn message_id(header: &At<'_>, reasons: &mut Reasons) -> Option<String> {
    let id = reasons.read(header.text("id")).unwrap_or_default();
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if id.is_empty() || id.len() > 64 || !id.bytes().all(letters) {
        let why = "a message needs an id of 1 to 64 letters, digits, '-' and '.'".to_owned();
        reasons.add(Code::Malformed, header.to("id"), why);
        return None;
    }
    Some(id.to_owned())
}

/// One message carries one order, and what it says of it fits its event.
fn fitting(batch: &Batch<'_>, header: &At<'_>, event: Event, reasons: &mut Reasons) {
    let orders: Vec<_> = batch.of_kind("MedicationRequest").collect();
    let [order] = orders.as_slice() else {
        let why = format!("a message carries exactly one MedicationRequest, not {}", orders.len());
        reasons.add(Code::Malformed, header.to("focus"), why);
        return;
    };
    let status = order.text("status").ok().flatten().unwrap_or_default();
    let ends = matches!(status, "stopped" | "cancelled" | "entered-in-error");
    let fits = match event {
        Event::NewOrder => !ends && status != "completed",
        Event::DiscontinueOrder => ends,
        Event::Administration => false,
    };
    if !fits {
        let why = format!("an order of status {status:?} does not fit {}", event.code());
        reasons.add(Code::Conflict, order.to("status"), why);
    }
}
