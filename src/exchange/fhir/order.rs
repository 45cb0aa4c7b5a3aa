//! MedicationRequest: a version of an order, or its end.

use super::bundle::Batch;
use super::json::At;
use super::reason::{Code, Reasons};
use super::timing::Asked;
use super::{Via, Work, dosage, drug, resident, system};
use emar_domain::condition::Conditions;
use emar_domain::decide::{Command, HoldFor, OrderCommand};
use emar_domain::id::{OrderId, Slug};
use emar_domain::order::{FirstDose, Order, OrderVersion, Source};
use emar_domain::resident::Resident;
use sha2::{Digest, Sha256};

/// Who numbered the order, and which version this is.
struct Identity {
    placer: String,
    /// The sender's own version, as sent.
    version: Option<String>,
}

impl<'a> Work<'a> {
    /// Every MedicationRequest of the batch.
    pub(crate) fn orders(&mut self, reasons: &mut Reasons) {
        let batch: &'a Batch<'a> = self.batch;
        for at in batch.of_kind("MedicationRequest") {
            self.order(at, reasons);
        }
    }

    fn order(&mut self, at: &At<'a>, reasons: &mut Reasons) {
        if reasons.read(at.flag("doNotPerform")) == Some(true) {
            let why = "an instruction not to give a drug is not carried out here: tell the home";
            reasons.add(Code::MustUnderstand, at.to("doNotPerform"), why.to_owned());
            return;
        }
        let intent = reasons.read(at.text("intent")).unwrap_or_default();
        let orders = ["order", "original-order", "reflex-order", "filler-order", "instance-order"];
        if !orders.contains(&intent) {
            let why = format!("not an order: its intent is {intent:?}");
            reasons.add(Code::NotSupported, at.to("intent"), why);
            return;
        }
        let Some(identity) = identity(at, reasons) else { return };
        let sender = self.context.sender;
        let known = self.context.home.order_by_placer(sender, &identity.placer);
        let status = reasons.read(at.text("status")).unwrap_or_default();
        match status {
            "active" => self.receive(at, identity, known, reasons),
            "stopped" | "cancelled" | "entered-in-error" => self.stop(at, status, known, reasons),
            "on-hold" => self.hold(at, known, reasons),
            "completed" => {
                let why = "the order is over: nothing to give on it";
                reasons.add(Code::Note, at.to("status"), why.to_owned());
            }
            "unknown" => {
                let why = "the sender does not know where the order stands: ask before giving";
                reasons.transcribe(at.to("status"), why);
            }
            "draft" => {
                let why = "a draft of the sender's: not an order yet".to_owned();
                reasons.add(Code::NotSupported, at.to("status"), why);
            }
            other => {
                let why = format!("{other:?} is not a status of an order");
                reasons.add(Code::Malformed, at.to("status"), why);
            }
        }
    }

    fn stop(&mut self, at: &At<'a>, status: &str, known: Option<&Order>, reasons: &mut Reasons) {
        let Some(order) = known else {
            if self.via == Via::Import {
                let why = "it ended before the home knew of it: nothing to stop".to_owned();
                reasons.add(Code::Note, at.to("status"), why);
            } else {
                let why = "this order is not known here: nothing was stopped".to_owned();
                reasons.add(Code::OrderUnknown, at.to("identifier"), why);
            }
            return;
        };
        let Some(reason) = self.because(at, status, order, reasons) else { return };
        let command = OrderCommand::Discontinue(order.id(), reason);
        self.commands.push(Command::Order(command));
    }

    /// A hold acts at once, as a stop does; a person takes it off again.
    fn hold(&mut self, at: &At<'a>, known: Option<&Order>, reasons: &mut Reasons) {
        let Some(order) = known else {
            let why = "an order on hold that is not known here: enter it by hand if it resumes";
            reasons.transcribe(at.to("status"), why);
            // What else could not be taken is told too, so that it is transcribed once.
            self.subject(at, "subject", reasons);
            return;
        };
        let Some(reason) = self.because(at, "on-hold", order, reasons) else { return };
        let hold = HoldFor { from: None, until: None, reason };
        self.commands.push(Command::Order(OrderCommand::Hold(order.id(), hold)));
    }

    /// Why, in the sender's words; `None` when the message names another resident: it must not
    /// touch this one's order.
    fn because(
        &mut self,
        at: &At<'a>,
        status: &str,
        order: &Order,
        reasons: &mut Reasons,
    ) -> Option<String> {
        let named = self.subject(at, "subject", reasons)?;
        if named.id != order.current.resident {
            let why = "the home has this order for another resident".to_owned();
            reasons.add(Code::Conflict, at.to("subject"), why);
            return None;
        }
        let said = reasons.read(at.object("statusReason")).map(|c| dosage::words(&c, reasons));
        Some(said.filter(|words| !words.is_empty()).unwrap_or_else(|| status.to_owned()))
    }

    fn receive(
        &mut self,
        at: &At<'a>,
        identity: Identity,
        known: Option<&Order>,
        reasons: &mut Reasons,
    ) {
        let before = reasons.grave();
        if let Some(prior) = at.get("priorPrescription") {
            let why = "it replaces another order: stop that one and enter this one by hand";
            reasons.transcribe(prior.pointer, why);
        }
        let subject = self.subject(at, "subject", reasons);
        let drug = drug::read(at, self.batch, self.context, reasons);
        let indication = indication(at, reasons);
        let stat = match reasons.read(at.text("priority")) {
            None | Some("routine") => false,
            Some("stat") => true,
            Some(_) => {
                let why = "how soon this must be given is for a person to arrange";
                reasons.transcribe(at.to("priority"), why);
                false
            }
        };
        let policy = &self.context.home.policy;
        let terms = drug.iter().flat_map(|d| emar_domain::drug::terms(&d.drug.ingredient));
        let unit = subject.as_ref().map(|r| r.unit.clone());
        let asked = Asked {
            unit: unit.as_ref().map_or("", Slug::as_str),
            time_critical: policy.is_time_critical(terms),
            ordered: super::repeat::moment(at, "authoredOn", reasons),
            stat,
        };
        let said = dosage::read(at, &asked, &indication, self.context, reasons);
        let (Some(subject), Some(mut drug), Some(said)) = (subject, drug, said) else { return };
        if !said.route.is_empty() {
            drug.drug.route.clone_from(&said.route);
        }
        if drug.drug.route.is_empty() {
            let why = "no route: how it is given must be entered by a person";
            reasons.transcribe(at.to("dosageInstruction"), why);
        }
        if reasons.grave() > before {
            return;
        }
        if known.is_some_and(|order| order.current.resident != subject.id) {
            let why = "the home has this order for another resident".to_owned();
            reasons.add(Code::Conflict, at.to("subject"), why);
            return;
        }
        let prescriber = prescriber(at, reasons);
        let version =
            self.version(at, identity, known, &subject, drug.drug, said, asked, indication);
        let version = OrderVersion { prescriber, ..version };
        let same = |order: &Order| {
            order.current.source == version.source && order.current.version == version.version
        };
        if known.is_some_and(same) {
            let why = "the home has this version already".to_owned();
            reasons.add(Code::Known, at.pointer.clone(), why);
        }
        self.ordered.insert(at.pointer.clone(), version.clone());
        self.commands.push(Command::Order(OrderCommand::Receive(Box::new(version))));
    }

    #[allow(clippy::too_many_arguments, reason = "one field each of the version it makes")]
    fn version(
        &self,
        at: &At<'a>,
        identity: Identity,
        known: Option<&Order>,
        subject: &Resident,
        drug: emar_domain::order::OrderedDrug,
        said: dosage::Said,
        asked: Asked<'_>,
        indication: String,
    ) -> OrderVersion {
        let context = self.context;
        let facility = context.home.facility.as_str();
        let order = known.map_or_else(
            || OrderId(derived(&["order", facility, context.sender, &identity.placer])),
            Order::id,
        );
        let sent = identity
            .version
            .or_else(|| context.seq.map(|seq| seq.to_string()))
            .unwrap_or_else(|| format!("sha256:{}", hash(at)));
        let number = sent.parse::<u32>().ok().filter(|n| *n > 0);
        let number = number.unwrap_or_else(|| match known.map(|k| &k.current) {
            Some(current) if current.source.version == sent => current.version,
            Some(current) => current.version.saturating_add(1),
            None => 1,
        });
        OrderVersion {
            order,
            version: number,
            resident: subject.id,
            drug,
            dose: said.dose,
            dose_text: said.text,
            frequency: said.when.frequency,
            timing: said.when.timing,
            asked: said.when.asked,
            start: said.when.start.unwrap_or(context.now),
            stop: said.when.stop,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes: said.when.before_minutes,
            after_minutes: said.when.after_minutes,
            time_critical: asked.time_critical,
            indication,
            instructions: said.instructions,
            accepted: Vec::new(),
            first_dose: FirstDose::NextTime,
            not_before: None,
            conditions: Conditions { hours: said.when.hours, ..Conditions::default() },
            allergy_override: None,
            entered_by: None,
            source: Source {
                sender: context.sender.to_owned(),
                placer: identity.placer,
                version: sent,
            },
        }
    }
}

/// A uuid (version 8) from content: the same words, the same id.
#[must_use]
pub fn derived(words: &[&str]) -> uuid::Uuid {
    let mut hash = Sha256::new();
    for word in words {
        // The length keeps "ab" + "c" apart from "a" + "bc".
        hash.update(u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(word.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn hash(at: &At<'_>) -> String {
    let digest = Sha256::digest(format!("{:?}", at.node).as_bytes());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// The identifier of type placer, else the resource's id; numbers are the sender's own.
fn identity(at: &At<'_>, reasons: &mut Reasons) -> Option<Identity> {
    let mut placers = Vec::new();
    for identifier in reasons.read(at.list("identifier")) {
        if resident::has_type(&identifier, "PLAC", reasons) {
            let named = reasons.read(identifier.text("system")).unwrap_or_default();
            let value = reasons.read(identifier.text("value")).unwrap_or_default();
            if !value.is_empty() {
                let own = named.is_empty() || named == system::PLACER;
                placers.push(if own { value.to_owned() } else { format!("{named}|{value}") });
            }
        }
    }
    let id = reasons.read(at.text("id")).unwrap_or_default();
    let placer = match placers.as_slice() {
        [one] => one.clone(),
        [] if !id.is_empty() => id.to_owned(),
        [] => {
            let why = "neither an identifier of type PLAC nor an id: which order is this?";
            reasons.add(Code::Malformed, at.to("identifier"), why.to_owned());
            return None;
        }
        _ => {
            let why = "two placer numbers: which order is this?".to_owned();
            reasons.add(Code::Conflict, at.to("identifier"), why);
            return None;
        }
    };
    let meta = reasons.read(at.object("meta"));
    let version = meta.and_then(|m| reasons.read(m.text("versionId"))).map(str::to_owned);
    Some(Identity { placer, version })
}

/// Who prescribed it, as far as the message says so in words.
fn prescriber(at: &At<'_>, reasons: &mut Reasons) -> String {
    let requester = reasons.read(at.object("requester"));
    let name = requester.and_then(|r| reasons.read(r.text("display")));
    name.map(str::to_owned).unwrap_or_default()
}

fn indication(at: &At<'_>, reasons: &mut Reasons) -> String {
    let all = reasons.read(at.list("reasonCode"));
    let mut words: Vec<String> = all.iter().map(|c| dosage::words(c, reasons)).collect();
    words.retain(|w| !w.is_empty());
    words.join("; ")
}
