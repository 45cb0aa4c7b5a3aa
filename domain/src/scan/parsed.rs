//! What a scan means.
use chrono::{NaiveDate, NaiveDateTime};

use super::aim::Aim;

/// A scan, read. Always made, also from nonsense: then `kind` is `Refused`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The AIM identifier, where the reader sent one.
    pub aim: Option<Aim>,
    /// What kind of code it is.
    pub kind: Kind,
    /// What stands in it; empty when refused, so that nothing of a bad code can be used.
    pub fields: Fields,
}

/// The kind of a code: what it may be used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Not to be used; the problems say why.
    Refused,
    /// A coding scheme that is known and not read.
    NotSupported(Scheme),
    /// A command card: its name. Never a drug.
    Command(String),
    /// A wristband of this home: the key to look the resident up by.
    Wristband(String),
    /// A badge of this home's staff: the key to look the person up by.
    Badge(String),
    /// A pharmacy's label: an opaque key within that pharmacy.
    Label {
        /// Every pharmacy whose labels look like this, in the order of the setup.
        pharmacies: Vec<String>,
        /// The whole text.
        key: String,
    },
    /// A GS1 element string.
    Gs1,
    /// An EAN, UPC or container number.
    Retail,
    /// A typed NDC with one certain reading.
    Ndc,
    /// The text of a label whose form nobody set up: a key to look up, never a product.
    Opaque(String),
}

/// Coding schemes that are recognised and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Health Industry Bar Code.
    Hibc,
    /// ISO 15434 format 06, as PPN uses it.
    Format06,
}

/// One GS1 element as sent, without separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The application identifier.
    pub ai: String,
    /// Its value.
    pub value: String,
}

/// The fields of a code. A field is there only when the code carries it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// GS1 only: everything as sent.
    pub elements: Vec<Element>,
    /// 14 digits: AI 01, EAN or UPC.
    pub gtin: Option<String>,
    /// 14 digits: what a container holds, AI 02.
    pub content_gtin: Option<String>,
    /// How many trade items a container holds, AI 37, as text.
    pub count: Option<String>,
    /// AI 10.
    pub lot: Option<String>,
    /// AI 21.
    pub serial: Option<String>,
    /// AI 17; day 00 is the last of the month.
    pub expiry: Option<NaiveDate>,
    /// AI 7003.
    pub expiry_datetime: Option<NaiveDateTime>,
    /// AI 15.
    pub best_before: Option<NaiveDate>,
    /// AI 11.
    pub production_date: Option<NaiveDate>,
    /// AI 13.
    pub packaging_date: Option<NaiveDate>,
    /// AI 8008 as sent.
    pub production_datetime: Option<String>,
    /// 18 digits: AI 00.
    pub sscc: Option<String>,
    /// 18 digits: AI 8017, a provider of care.
    pub gsrn_provider: Option<String>,
    /// 18 digits: AI 8018, a subject of care.
    pub gsrn_recipient: Option<String>,
    /// AI 8019: which band or badge of the person.
    pub srin: Option<String>,
    /// National numbers, AI 710 to 717: the AI and the number.
    pub nhrn: Vec<Element>,
    /// The 10 digits that a GTIN with `03` after its first digit carries.
    pub ndc10: Option<String>,
    /// The 11 digits of a typed NDC with a certain reading.
    pub ndc11: Option<String>,
    /// AI 715 with 12 digits. Preferred to the NDC inside the GTIN.
    pub ndc12: Option<String>,
    /// 13 digits: a French EAN that starts 3400.
    pub cip13: Option<String>,
}

impl Fields {
    /// The different readings of `ndc10` as 11 digits, in the order of `ndc::candidates`.
    pub fn ndc11_candidates(&self) -> Vec<String> {
        let readings = self.ndc10.as_deref().and_then(super::ndc::candidates);
        let mut readings = readings.map(Vec::from).unwrap_or_default();
        // Beside each other in ascending order of where the zero goes, so equal ones are adjacent.
        readings.dedup();
        readings
    }
}
