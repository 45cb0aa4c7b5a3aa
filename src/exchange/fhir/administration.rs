//! MedicationAdministration out: what was done about a dose, told to the pharmacy of its order.

use super::answer::{Envelope, bundle, coding, concept};
use super::json::Node;
use super::observation::{self, ToldReading};
use super::system;
use emar_domain::administration::{Administration, Outcome, reason};
use emar_domain::amount::{Amount, Dimension, Unit, format_nano};
use emar_domain::id::AdministrationId;
use emar_domain::order::OrderVersion;
use emar_domain::resident::Resident;
use emar_domain::time::OffsetTime;

/// One administration as it is told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The record.
    pub administration: &'a Administration,
    /// The first record of the same administration: itself, or what it corrects in the end. All
    /// versions of one administration share its id, so that a receiver never counts two.
    pub first: AdministrationId,
    /// Counts from 1; a correction is the next version.
    pub version: u32,
    /// The order's version it was charted on.
    pub order: &'a OrderVersion,
    /// Whose it is.
    pub resident: &'a Resident,
    /// The readings it rests on, as far as they are still known.
    pub readings: &'a [ToldReading<'a>],
    /// When it was done, with the home's offset.
    pub done_at: OffsetTime,
    /// When it was recorded, with the home's offset.
    pub recorded_at: OffsetTime,
}

/// The bytes of the message. Same arguments, same bytes.
#[must_use]
pub fn write(envelope: &Envelope<'_>, told: &Told<'_>) -> String {
    let url = format!("urn:uuid:{}", told.first);
    let observed = told.readings.iter().map(|reading| {
        (observation::url(reading.reading), observation::resource(reading, subject(told.resident)))
    });
    let all = std::iter::once((url, resource(told))).chain(observed).collect();
    bundle(envelope, Node::Null, true, all).to_string()
}

fn resource(told: &Told<'_>) -> Node {
    let (record, order) = (told.administration, told.order);
    let taken = record.outcome.is_taken();
    let meta = Node::object([
        ("versionId", told.version.to_string().into()),
        ("lastUpdated", told.recorded_at.to_string().into()),
    ]);
    let identifiers = vec![
        identifier(system::ADMINISTRATION, &told.first.to_string()),
        identifier(system::RECORD, &record.id.to_string()),
    ];
    let performer = Node::object([(
        "actor",
        Node::object([("identifier", identifier(system::USER, &record.by.to_string()))]),
    )]);
    Node::object([
        ("resourceType", "MedicationAdministration".into()),
        ("id", told.first.to_string().into()),
        ("meta", meta),
        ("identifier", identifiers.into()),
        ("status", if taken { "completed" } else { "not-done" }.into()),
        ("statusReason", if taken { Node::Null } else { status_reason(record) }),
        ("medicationCodeableConcept", Node::object([("text", order.drug.name.as_str().into())])),
        ("subject", subject(told.resident)),
        ("supportingInformation", rests_on(told)),
        ("effectiveDateTime", told.done_at.to_string().into()),
        ("performer", vec![performer].into()),
        ("reasonCode", if taken { said_reason(record) } else { Node::Null }),
        ("request", request(order)),
        ("note", notes(record).into()),
        ("dosage", dosage(record, order)),
    ])
}

/// The readings that let it be given, or had it held: each is an Observation of the same message.
fn rests_on(told: &Told<'_>) -> Node {
    let reference = |reading: &ToldReading<'_>| {
        let url = observation::url(reading.reading);
        Node::object([("reference", url.into()), ("type", "Observation".into())])
    };
    match told.readings {
        [] => Node::Null,
        all => all.iter().map(reference).collect::<Vec<_>>().into(),
    }
}

fn identifier(named: &str, value: &str) -> Node {
    Node::object([("system", named.into()), ("value", value.into())])
}

/// By the resident's id here and, where the home has one, their number; never by name.
fn subject(resident: &Resident) -> Node {
    let number = match resident.number.0.as_str() {
        "" => identifier(system::RESIDENT, &resident.id.to_string()),
        number => Node::object([
            ("type", concept(system::IDENTIFIER_TYPE, "MR")),
            ("value", number.into()),
        ]),
    };
    Node::object([
        ("reference", format!("urn:uuid:{}", resident.id).into()),
        ("type", "Patient".into()),
        ("identifier", number),
    ])
}

/// The order by the sender's own number, spelled as it was received.
fn request(order: &OrderVersion) -> Node {
    let placer = order.source.placer.as_str();
    let (named, value) = placer.rsplit_once('|').unwrap_or((system::PLACER, placer));
    let identifier = Node::object([
        ("type", concept(system::IDENTIFIER_TYPE, "PLAC")),
        ("system", named.into()),
        ("value", value.into()),
    ]);
    Node::object([("type", "MedicationRequest".into()), ("identifier", identifier)])
}

/// Both codings where both exist: FHIR's value set is of SNOMED concepts, its code system a to d
/// lies outside it, and the home's own code says more than either.
fn status_reason(record: &Administration) -> Node {
    let code = record.reason.as_deref().unwrap_or(record.outcome.code());
    let known = reason(code);
    let mut codings = Vec::new();
    codings.extend(known.and_then(|r| r.snomed).map(|id| coding(system::SNOMED, id)));
    codings.extend(known.and_then(|r| r.fhir_not_given).map(|c| coding(system::NOT_GIVEN, c)));
    codings.push(coding(system::CHARTING, code));
    let text = known.map_or(Node::Null, |r| r.display.into());
    vec![Node::object([("coding", codings.into()), ("text", text)])].into()
}

/// How a dose that was taken was taken (partly, by oneself, from paper), where that is charted.
fn said_reason(record: &Administration) -> Node {
    let code = match (record.reason.as_deref(), record.outcome) {
        (Some(code), _) => code,
        (None, Outcome::Partial) => "PARTIAL",
        (None, _) => return Node::Null,
    };
    let text = reason(code).map_or(Node::Null, |r| r.display.into());
    let coding = vec![coding(system::CHARTING, code)];
    vec![Node::object([("coding", coding.into()), ("text", text)])].into()
}

fn notes(record: &Administration) -> Vec<Node> {
    let comment = record.comment.as_deref().filter(|c| !c.trim().is_empty());
    comment.map(|text| Node::object([("text", text.into())])).into_iter().collect()
}

fn dosage(record: &Administration, order: &OrderVersion) -> Node {
    let Some(amount) = record.amount.filter(|_| record.outcome.is_taken()) else {
        return Node::Null;
    };
    let text = if order.dose_text.trim().is_empty() {
        Node::Null
    } else {
        order.dose_text.as_str().into()
    };
    let route = match order.drug.route.as_str() {
        "" => Node::Null,
        route => Node::object([("text", route.into())]),
    };
    Node::object([("text", text), ("route", route), ("dose", quantity(amount))])
}

/// A Quantity with its UCUM code where the unit has one; pieces are counted.
fn quantity(amount: Amount) -> Node {
    let code = match amount.unit {
        Unit::Mcg => "ug",
        Unit::Units => "[iU]",
        Unit::Meq => "meq",
        unit if unit.scale().0 != Dimension::Count || unit == Unit::Mmol => unit.code(),
        unit => return counted(amount, unit),
    };
    Node::object([
        ("value", number(amount)),
        ("unit", amount.unit.code().into()),
        ("system", system::UCUM.into()),
        ("code", code.into()),
    ])
}

fn counted(amount: Amount, unit: Unit) -> Node {
    Node::object([
        ("value", number(amount)),
        ("unit", unit.code().into()),
        ("system", system::UCUM.into()),
        ("code", format!("{{{}}}", unit.code()).into()),
    ])
}

fn number(amount: Amount) -> Node {
    Node::Number(format_nano(amount.nano).replace(',', ""))
}
