//! Code systems on the wire: those of FHIR, and emar's own (`urn:emar:...`).

/// Timing codes that mean "at the institution's times".
pub const GTS: &str = "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation";
/// Units of measure.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// Countable dose forms used as units.
pub const DOSE_FORM: &str = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm";
/// SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// LOINC.
pub const LOINC: &str = "http://loinc.org";
/// US drug codes.
pub const NDC: &str = "http://hl7.org/fhir/sid/ndc";
/// RxNorm.
pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
/// GTINs, by the systems in use for them.
pub const GTIN: [&str; 3] = ["urn:oid:1.3.160", "https://www.gs1.org/gtin", "http://gs1.org/gtin"];
/// Kinds of identifier (`PLAC`, `MR`).
pub const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
/// HL7 v2 routes.
pub const ROUTE_V2: &str = "http://terminology.hl7.org/CodeSystem/v2-0162";
/// HL7 v3 routes.
pub const ROUTE_V3: &str = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration";
/// Why a drug was not given, codes a to d.
pub const NOT_GIVEN: &str = "http://terminology.hl7.org/CodeSystem/reason-medication-not-given";

/// A resident's id in this server, as identifier or reference.
pub const RESIDENT: &str = "urn:emar:resident";
/// The text of a wristband.
pub const WRISTBAND: &str = "urn:emar:wristband";
/// Extension of Patient: the room and bed, as the home's policy spells it.
pub const ROOM: &str = "urn:emar:room";
/// The text in a pharmacy label's barcode.
pub const LABEL: &str = "urn:emar:pharmacy-label";
/// Events of messages.
pub const EVENT: &str = "urn:emar:message-event";
/// Kinds of answer: CA, AA, AE, AR.
pub const ANSWER: &str = "urn:emar:answer";
/// Codes of reasons in answers.
pub const REASON: &str = "urn:emar:reason";
/// Reason codes of charting.
pub const CHARTING: &str = "urn:emar:charting-reason";
/// Kinds of readings.
pub const READING: &str = "urn:emar:reading";
/// Administrations.
pub const ADMINISTRATION: &str = "urn:emar:administration";
/// Administrations as facts: a correction is a new one under the same administration.
pub const RECORD: &str = "urn:emar:administration-record";
/// Orders by the sender's own number.
pub const PLACER: &str = "urn:emar:placer";
/// People who chart.
pub const USER: &str = "urn:emar:user";
