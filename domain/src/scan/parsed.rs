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
    /// GS1 elements: an element string, a Digital Link, or ISO 15434 format 05.
    Gs1,
    /// A HIBC label: product, or what was packed, or both.
    Hibc,
    /// ISO 15434 format 06, as PPN uses it.
    Format06,
    /// An EAN, UPC or container number.
    Retail,
    /// A typed NDC with one certain reading.
    Ndc,
    /// The text of a label whose form nobody set up: a key to look up, never a product.
    Opaque(String),
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
    /// AI 10; HIBC and format 06 too.
    pub lot: Option<String>,
    /// AI 21; HIBC and format 06 too.
    pub serial: Option<String>,
    /// AI 17, where day 00 is the last of the month; HIBC; format 06 `D`.
    pub expiry: Option<Expiry>,
    /// AI 7003.
    pub expiry_datetime: Option<NaiveDateTime>,
    /// AI 15.
    pub best_before: Option<NaiveDate>,
    /// AI 11; HIBC and format 06 `16D`.
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
    /// AI 715 with 12 digits, preferred to the NDC inside the GTIN; or a typed 6-4-2.
    pub ndc12: Option<String>,
    /// 13 digits: a French EAN that starts 3400.
    pub cip13: Option<String>,
    /// HIBC: the four characters of the labeler.
    pub lic: Option<String>,
    /// HIBC: the labeler's product or catalogue number, 1 to 18 characters.
    pub pcn: Option<String>,
    /// HIBC: the packaging level, 0 to 9; 0 is the unit of use.
    pub uom: Option<u8>,
    /// HIBC: how many pieces are in the package.
    pub quantity: Option<u32>,
    /// HIBC: the check character of the product symbol that a symbol without product belongs to.
    pub link_char: Option<char>,
    /// Format 06 `9N`: Pharmacy Product Number with its two check digits.
    pub ppn: Option<String>,
    /// 8 digits: the German PZN inside a PPN that starts with 11.
    pub pzn: Option<String>,
}

/// When a package expires, as exactly as its code says and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// A month: here its last day.
    Month(NaiveDate),
    /// A day.
    Day(NaiveDate),
    /// An hour of a day.
    Hour(NaiveDateTime),
}

impl Expiry {
    /// The name of what is said: `month`, `day` or `hour`.
    pub fn precision(self) -> &'static str {
        match self {
            Self::Month(_) => "month",
            Self::Day(_) => "day",
            Self::Hour(_) => "hour",
        }
    }

    /// The last day on the whole of which the package may be used: of a month its last day, of an
    /// hour the day before.
    ///
    /// Source: USP General Notices 10.40.100, a month and a year mean the last day of the month.
    pub fn last_day(self) -> NaiveDate {
        match self {
            Self::Month(last) | Self::Day(last) => last,
            Self::Hour(at) => at.date().pred_opt().unwrap_or(at.date()),
        }
    }
}

/// `2027-03`, `2027-03-31` or `2027-03-31T16`: as many places as are known.
impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(last) => write!(f, "{}", last.format("%Y-%m")),
            Self::Day(day) => write!(f, "{day}"),
            Self::Hour(at) => write!(f, "{}", at.format("%Y-%m-%dT%H")),
        }
    }
}

impl Fields {
    /// The last day on the whole of which the package may be used, where the code says one.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.expiry.or(self.expiry_datetime.map(Expiry::Hour)).map(Expiry::last_day)
    }

    /// AI 715: the NDC as the package itself names it.
    pub fn nhrn_715(&self) -> Option<&str> {
        self.nhrn.iter().find(|number| number.ai == "715").map(|number| number.value.as_str())
    }

    /// The different readings of `ndc10` as 11 digits, in the order of `ndc::candidates`.
    pub fn ndc11_candidates(&self) -> Vec<String> {
        let readings = self.ndc10.as_deref().and_then(super::ndc::candidates);
        let mut readings = readings.map(Vec::from).unwrap_or_default();
        // Beside each other in ascending order of where the zero goes, so equal ones are adjacent.
        readings.dedup();
        readings
    }
}
