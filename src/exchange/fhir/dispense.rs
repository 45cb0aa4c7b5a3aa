//! MedicationDispense: the pharmacy's label on a package, for one version of one order.

use super::json::At;
use super::order::derived;
use super::reason::{Code, Reasons};
use super::{Work, drug, system};
use emar_domain::decide::Command;
use emar_domain::drug::Label;
use emar_domain::id::{LabelId, OrderId};

/// Longest text a label's barcode may carry.
const CODE_MAX: usize = 128;

impl<'a> Work<'a> {
    /// Every MedicationDispense of the batch.
    pub(crate) fn labels(&mut self, reasons: &mut Reasons) {
        let batch = self.batch;
        for at in batch.of_kind("MedicationDispense") {
            self.label(at, reasons);
        }
    }

    fn label(&mut self, at: &At<'a>, reasons: &mut Reasons) {
        let mut codes = Vec::new();
        for identifier in reasons.read(at.list("identifier")) {
            if reasons.read(identifier.text("system")) == Some(system::LABEL) {
                let value = reasons.read(identifier.text("value")).unwrap_or_default();
                codes.push((value, identifier.pointer.clone()));
            }
        }
        let Some((code, pointer)) = codes.first().cloned() else {
            let why = "a dispense without a label code (identifier of system \
                       urn:emar:pharmacy-label): nothing in it is kept";
            reasons.add(Code::Note, at.pointer.clone(), why.to_owned());
            return;
        };
        let printable = !code.is_empty()
            && code.len() <= CODE_MAX
            && code.bytes().all(|b| matches!(b, 0x20..=0x7e));
        if !printable || codes.len() > 1 {
            let why = "one label code of 1 to 128 printable ASCII characters is needed".to_owned();
            reasons.add(Code::Malformed, pointer, why);
            return;
        }
        if !matches!(reasons.read(at.text("status")), Some("completed" | "in-progress")) {
            let why = "not handed over: its label is not taken".to_owned();
            reasons.add(Code::Note, at.to("status"), why);
            return;
        }
        let before = reasons.grave();
        let resident = self.subject(at, "subject", reasons);
        let order = self.filled(at, reasons);
        let product = self.product(at);
        let (Some(resident), Some((order, version, owner))) = (resident, order) else { return };
        if owner != resident.id {
            let why = "it fills an order of another resident".to_owned();
            reasons.add(Code::Conflict, at.to("subject"), why);
        }
        if reasons.grave() > before {
            return;
        }
        let context = self.context;
        let facility = context.home.facility.as_str();
        let label = Label {
            id: LabelId(derived(&["label", facility, context.sender, code])),
            code: code.to_owned(),
            pharmacy: context.sender.to_owned(),
            resident: resident.id,
            order,
            version,
            product,
        };
        match context.home.labels.get(code) {
            Some(old) if *old == label => {
                reasons.add(Code::Known, pointer, "the home has this label already".to_owned());
            }
            // The same text on two packages would make one of them the wrong resident's.
            Some(old) if (old.resident, &old.pharmacy) != (label.resident, &label.pharmacy) => {
                let why = "the home has this label code for another resident or pharmacy";
                reasons.add(Code::Conflict, pointer, why.to_owned());
            }
            _ => self.commands.push(Command::Label(Box::new(label))),
        }
    }

    /// The order it fills, the version in force, and whose it is.
    fn filled(
        &self,
        at: &At<'a>,
        reasons: &mut Reasons,
    ) -> Option<(OrderId, u32, emar_domain::id::ResidentId)> {
        let all = reasons.read(at.list("authorizingPrescription"));
        let [one] = all.as_slice() else {
            let why = "exactly one authorizingPrescription is needed: which order does it fill?";
            reasons.transcribe(at.to("authorizingPrescription"), why);
            return None;
        };
        let reference = reasons.read(one.text("reference")).unwrap_or_default();
        if let Some(found) = self.batch.resolve(at, reference)
            && let Some(version) = self.ordered.get(&found.pointer)
        {
            return Some((version.order, version.version, version.resident));
        }
        let identifier = reasons.read(one.object("identifier"));
        let numbered = identifier.and_then(|i| reasons.read(i.text("value")));
        let id = reference.strip_prefix("MedicationRequest/");
        let home = self.context.home;
        let sender = self.context.sender;
        let known = numbered.or(id).and_then(|placer| home.order_by_placer(sender, placer));
        if known.is_none() {
            let (code, why) = (Code::OrderUnknown, "the order it fills is not known here");
            let pointer = one.pointer.clone();
            reasons.add(code, pointer, why.to_owned());
        }
        known.map(|o| (o.id(), o.current.version, o.current.resident))
    }

    /// The product in the package, where the formulary has it; a label does without.
    fn product(&self, at: &At<'a>) -> Option<emar_domain::id::ProductId> {
        let mut quiet = Reasons::default();
        drug::read(at, self.batch, self.context, &mut quiet).and_then(|d| d.product)
    }
}
