//! Observations out: the readings that an administration rests on, beside it in its message.

use super::answer::coding;
use super::json::Node;
use super::system;
use emar_domain::amount::format_nano;
use emar_domain::reading::{Measured, Shown, code_in_words};
use emar_domain::scale::GlucoseUnit;
use emar_domain::schedule::policy::Profile;
use emar_domain::time::OffsetTime;

/// One reading as it is told.
#[derive(Clone, Copy, Debug)]
pub struct ToldReading<'a> {
    /// The record.
    pub reading: &'a Measured,
    /// When it was measured, with the home's offset.
    pub at: OffsetTime,
    /// What the home measures in.
    pub profile: Profile,
}

/// Where the Observation stands in its message.
pub(super) fn url(reading: &Measured) -> String {
    format!("urn:uuid:{}", reading.id)
}

pub(super) fn resource(told: &ToldReading<'_>, subject: Node) -> Node {
    let reading = told.reading;
    let mut codings: Vec<Node> = loinc(reading).map(|c| coding(system::LOINC, c)).collect();
    codings.push(coding(system::READING, &reading.code));
    let code = [("coding", codings.into()), ("text", code_in_words(&reading.code).as_str().into())];
    let by = [("system", system::USER.into()), ("value", reading.by.to_string().into())];
    let performer = Node::object([("identifier", Node::object(by))]);
    let (quantity, text) = match reading.shown {
        Shown::Nano(nano) => (quantity(told, nano), Node::Null),
        // Above or below what the meter measures: there is no number to send.
        shown @ (Shown::Hi | Shown::Lo) => (Node::Null, shown.to_string().into()),
    };
    Node::object([
        ("resourceType", "Observation".into()),
        ("id", reading.id.to_string().into()),
        ("status", "final".into()),
        ("code", Node::object(code)),
        ("subject", subject),
        ("effectiveDateTime", told.at.to_string().into()),
        ("performer", vec![performer].into()),
        ("valueQuantity", quantity),
        ("valueString", text),
    ])
}

/// The LOINC code, of the readings that have one; where a pulse was felt the home's own code says.
fn loinc(reading: &Measured) -> impl Iterator<Item = &'static str> {
    let code = match (reading.code.as_str(), reading.glucose_unit) {
        ("sbp", _) => "8480-6",
        ("dbp", _) => "8462-4",
        ("hr" | "hr_apical" | "hr_radial", _) => "8867-4",
        ("rr", _) => "9279-1",
        ("spo2", _) => "59408-5",
        ("temp", _) => "8310-5",
        ("inr", _) => "6301-6",
        ("glucose", Some(GlucoseUnit::MgPerDl)) => "2339-0",
        ("glucose", Some(GlucoseUnit::MmolPerL)) => "15074-8",
        ("weight", _) => "29463-7",
        ("pain", _) => "72514-3",
        _ => "",
    };
    Some(code).filter(|code| !code.is_empty()).into_iter()
}

/// With the UCUM code of the unit a home of this profile measures in.
fn quantity(told: &ToldReading<'_>, nano: i64) -> Node {
    let (unit, ucum) = match (told.reading.code.as_str(), told.profile) {
        ("sbp" | "dbp", _) => ("mmHg", "mm[Hg]"),
        ("hr" | "hr_apical" | "hr_radial" | "rr", _) => ("/min", "/min"),
        ("spo2", _) => ("%", "%"),
        ("temp", Profile::Us) => ("°F", "[degF]"),
        ("temp", Profile::Uk) => ("°C", "Cel"),
        ("glucose", _) => {
            let unit = told.reading.glucose_unit.map_or("", GlucoseUnit::code);
            (unit, unit)
        }
        ("weight", Profile::Us) => ("lb", "[lb_av]"),
        ("weight", Profile::Uk) => ("kg", "kg"),
        ("pain", _) => ("score", "{score}"),
        _ => ("1", "1"),
    };
    Node::object([
        ("value", Node::Number(format_nano(nano).replace(',', ""))),
        ("unit", unit.into()),
        ("system", system::UCUM.into()),
        ("code", ucum.into()),
    ])
}
