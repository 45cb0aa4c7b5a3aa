//! Scans: bytes to frames, frames to meaning.
//!
//! The parser is total and keeps nothing from one scan to the next: a lot can never be that of the
//! scan before.
pub mod aim;
pub mod beep;
pub mod check;
mod format06;
pub mod framing;
mod gs1;
mod hibc;
mod label;
pub mod ndc;
mod parsed;
mod pattern;
mod problem;
mod retail;
pub mod wristband;

use std::borrow::Cow;

use aim::{Aim, Carrier};
use chrono::NaiveDate;
pub use label::{LabelPattern, Patterns};
pub use parsed::{Element, Expiry, Fields, Kind, Parsed};
pub use pattern::{Pattern, PatternError};
pub use problem::{Class, Problem};
use retail::Retail;

/// What a scanner without AIM identifiers, or an input box, says its text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A GS1 element string.
    Gs1,
    /// EAN or UPC digits.
    Retail,
    /// A typed NDC.
    Ndc,
}

/// What is known beforehand about the scanner, the home and the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Used only when there is no AIM identifier.
    pub form: Option<Form>,
    /// Text that this scanner sends in place of GS. Without it such text is data.
    pub separator: Option<String>,
    /// Today in the home, for the century of two-digit years.
    pub today: NaiveDate,
    /// The home's own codes.
    pub patterns: Patterns,
}

impl Setup {
    /// A scanner that sends AIM identifiers and GS, in a home without codes of its own.
    pub fn new(today: NaiveDate) -> Self {
        Self { form: None, separator: None, today, patterns: Patterns::default() }
    }
}

const COMMAND: &str = "EMAR:CMD:";

/// Says what a scan means. Never fails; a problem whose class refuses goes with `Kind::Refused`
/// and empty fields.
///
/// Order: command card, the home's patterns, AIM identifier, form.
pub fn parse(raw: &str, setup: &Setup) -> (Parsed, Vec<Problem>) {
    let (aim, body) = Aim::split(raw);
    let (kind, fields, problems) = match read(aim, body, setup) {
        Ok(Read { kind, fields, doubts }) => (kind, fields, doubts),
        Err(problem) => (Kind::Refused, Fields::default(), vec![problem]),
    };
    (Parsed { aim, kind, fields }, problems)
}

struct Read {
    kind: Kind,
    fields: Fields,
    doubts: Vec<Problem>,
}

impl Read {
    fn sure(kind: Kind, fields: Fields) -> Self {
        Self { kind, fields, doubts: Vec::new() }
    }
}

fn read(aim: Option<Aim>, body: &str, setup: &Setup) -> Result<Read, Problem> {
    let carrier = aim.map(Aim::carrier);
    // CapsLock turns the letter of an identifier over: the text behind it is not to be trusted.
    if carrier == Some(Carrier::Unknown) {
        return Err(Problem::of(Class::AimUnsupported));
    }
    if let Some(name) = body.strip_prefix(COMMAND) {
        return command(name);
    }
    if matches!(carrier, None | Some(Carrier::Text | Carrier::Other))
        && let Some(own) = facility(body, &setup.patterns)
    {
        return own;
    }
    match carrier {
        Some(Carrier::Gs1) => gs1_string(body, setup),
        Some(Carrier::Ean13) => ean(body, 13),
        Some(Carrier::Ean8) => ean(body, 8),
        Some(Carrier::Text) => scheme(body, setup).unwrap_or_else(|| opaque(body)),
        Some(Carrier::Other) if gs1::link::is_link(body) => digital_link(body, setup),
        Some(Carrier::Other | Carrier::Unknown) => {
            scheme(body, setup).unwrap_or_else(|| Err(Problem::of(Class::AimUnsupported)))
        }
        None => formed(body, setup),
    }
}

fn formed(body: &str, setup: &Setup) -> Result<Read, Problem> {
    match setup.form {
        Some(Form::Gs1) if gs1::link::is_link(body) => digital_link(body, setup),
        Some(Form::Gs1) => gs1_string(body, setup),
        Some(Form::Retail) => match retail::bare(body).map_err(Problem::of)? {
            Retail::Gtin(gtin) => Ok(Read::sure(Kind::Retail, retail_fields(gtin))),
            Retail::Sscc(sscc) => {
                Ok(Read::sure(Kind::Retail, Fields { sscc: Some(sscc), ..Fields::default() }))
            }
        },
        Some(Form::Ndc) => match ndc::typed(body) {
            ndc::Typed::Ndc11(ndc11) => {
                Ok(Read::sure(Kind::Ndc, Fields { ndc11: Some(ndc11), ..Fields::default() }))
            }
            ndc::Typed::Ndc12(ndc12) => {
                Ok(Read::sure(Kind::Ndc, Fields { ndc12: Some(ndc12), ..Fields::default() }))
            }
            ndc::Typed::Ambiguous => Err(Problem::of(Class::Ambiguous)),
            ndc::Typed::NotAnNdc => Err(Problem::of(Class::NotAnNdc)),
        },
        None if own_gsrn(body, &setup.patterns) => gs1_string(body, setup),
        None if other_layout(body, setup) => Err(Problem::of(Class::Prefix)),
        None => scheme(body, setup).unwrap_or_else(|| Err(Problem::of(Class::Unrecognised))),
    }
}

fn command(name: &str) -> Result<Read, Problem> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(known) {
        return Err(Problem::of(Class::Unrecognised));
    }
    Ok(Read::sure(Kind::Command(name.to_owned()), Fields::default()))
}

/// The home's own codes that are free text.
fn facility(body: &str, patterns: &Patterns) -> Option<Result<Read, Problem>> {
    let is = |pattern: &Option<Pattern>| pattern.as_ref().is_some_and(|p| p.matches(body));
    if is(&patterns.wristband) {
        return Some(if wristband::has_check_character(body) {
            Ok(Read::sure(Kind::Wristband(body.to_owned()), Fields::default()))
        } else {
            Err(Problem::of(Class::CheckChar))
        });
    }
    if is(&patterns.badge) {
        return Some(Ok(Read::sure(Kind::Badge(body.to_owned()), Fields::default())));
    }
    let pharmacies: Vec<String> = patterns.pharmacies(body).map(str::to_owned).collect();
    (!pharmacies.is_empty()).then(|| {
        let key = body.to_owned();
        Ok(Read::sure(Kind::Label { pharmacies, key }, Fields::default()))
    })
}

/// A GSRN of the home is told by its prefix, also when the reader sends no AIM identifier.
fn own_gsrn(body: &str, patterns: &Patterns) -> bool {
    let gsrn = body.strip_prefix("8018").or_else(|| body.strip_prefix("8017"));
    gsrn.is_some_and(|gsrn| patterns.owns_gsrn(gsrn))
}

/// HIBC and ISO 15434 are told by how they start.
fn scheme(body: &str, setup: &Setup) -> Option<Result<Read, Problem>> {
    if body.starts_with("[)>") {
        return Some(envelope(body, setup));
    }
    let hibc = match body.strip_prefix('*') {
        Some(starred) if starred.starts_with('+') => starred.strip_suffix('*')?,
        _ => body,
    };
    hibc.starts_with('+').then(|| {
        let fields = hibc::parse(hibc, setup.today).map_err(Problem::of)?;
        Ok(Read::sure(Kind::Hibc, fields))
    })
}

/// A German host makes `+` of the `]` of an AIM identifier, so that what it names looks like HIBC.
fn other_layout(body: &str, setup: &Setup) -> bool {
    let Some(rest) = body.strip_prefix('+') else { return false };
    let meant = format!("]{rest}");
    let (aim, text) = Aim::split(&meant);
    match aim.map(Aim::carrier) {
        Some(Carrier::Gs1) => gs1_string(text, setup).is_ok(),
        Some(Carrier::Ean13) => ean(text, 13).is_ok(),
        Some(Carrier::Ean8) => ean(text, 8).is_ok(),
        _ => false,
    }
}

fn envelope(body: &str, setup: &Setup) -> Result<Read, Problem> {
    match format06::open(&separated(body, setup)).map_err(Problem::of)? {
        format06::Content::Gs1(elements) => gs1_separated(elements, setup),
        format06::Content::Identified(data) => {
            let mut fields = format06::parse(data, setup.today)?;
            fields.ndc10 = fields.gtin.as_deref().and_then(ndc::ndc10_of).map(str::to_owned);
            Ok(Read::sure(Kind::Format06, fields))
        }
    }
}

fn digital_link(body: &str, setup: &Setup) -> Result<Read, Problem> {
    gs1_separated(&gs1::link::element_string(body)?, setup)
}

/// Elements from what cannot lose a separator between them.
fn gs1_separated(text: &str, setup: &Setup) -> Result<Read, Problem> {
    let mut read = gs1_elements(text, setup)?;
    read.doubts.retain(|doubt| doubt.class != Class::Suspect);
    Ok(read)
}

fn opaque(body: &str) -> Result<Read, Problem> {
    if body.is_empty() {
        return Err(Problem::of(Class::Length));
    }
    if !body.bytes().all(|b| matches!(b, 0x20..=0x7E)) {
        return Err(Problem::of(Class::Charset));
    }
    Ok(Read::sure(Kind::Opaque(body.to_owned()), Fields::default()))
}

fn ean(body: &str, length: usize) -> Result<Read, Problem> {
    let gtin = retail::symbol(body, length).map_err(Problem::of)?;
    Ok(Read::sure(Kind::Retail, retail_fields(gtin)))
}

fn retail_fields(gtin: String) -> Fields {
    let ndc10 = ndc::ndc10_of(&gtin).map(str::to_owned);
    let cip13 = gtin.starts_with("03400").then(|| gtin[1..].to_owned());
    Fields { ndc10, cip13, gtin: Some(gtin), ..Fields::default() }
}

fn gs1_string(body: &str, setup: &Setup) -> Result<Read, Problem> {
    gs1_elements(&separated(body, setup), setup)
}

/// The text with GS where this scanner sends something else for it.
fn separated<'a>(body: &'a str, setup: &Setup) -> Cow<'a, str> {
    match setup.separator.as_deref() {
        Some(separator) if !separator.is_empty() && body.contains(separator) => {
            Cow::Owned(body.replace(separator, "\u{1d}"))
        }
        _ => Cow::Borrowed(body),
    }
}

/// Elements whose separators are GS.
fn gs1_elements(text: &str, setup: &Setup) -> Result<Read, Problem> {
    let (spans, mut doubts) = gs1::parse(text, setup.today)?;
    let mut fields = Fields::default();
    for span in &spans {
        gs1_field(&mut fields, span.ai, span.value, setup.today);
    }
    fields.ndc10 = fields.gtin.as_deref().and_then(ndc::ndc10_of).map(str::to_owned);
    if ndc::conflict(&fields) {
        doubts.push(Problem::at(Class::NdcConflict, "715"));
    }
    let own = |gsrn: &&String| setup.patterns.owns_gsrn(gsrn);
    let kind = match (&fields.gsrn_recipient, &fields.gsrn_provider) {
        (Some(gsrn), _) if own(&gsrn) => Kind::Wristband(gsrn.clone()),
        (_, Some(gsrn)) if own(&gsrn) => Kind::Badge(gsrn.clone()),
        _ => Kind::Gs1,
    };
    Ok(Read { kind, fields, doubts })
}

/// The meaning of one element; its value has passed every check of the dictionary.
fn gs1_field(fields: &mut Fields, ai: &str, value: &str, today: NaiveDate) {
    let text = || Some(value.to_owned());
    let date = || gs1::date::yymmdd(value, today, true);
    match ai {
        "00" => fields.sscc = text(),
        "01" => fields.gtin = text(),
        "02" => fields.content_gtin = text(),
        "10" => fields.lot = text(),
        "11" => fields.production_date = date(),
        "13" => fields.packaging_date = date(),
        "15" => fields.best_before = date(),
        "17" => fields.expiry = date().map(Expiry::Day),
        "21" => fields.serial = text(),
        "37" => fields.count = text(),
        "7003" => fields.expiry_datetime = gs1::date::yymmdd_hhmm(value, today),
        "8008" => fields.production_datetime = text(),
        "8017" => fields.gsrn_provider = text(),
        "8018" => fields.gsrn_recipient = text(),
        "8019" => fields.srin = text(),
        "710" | "711" | "712" | "713" | "714" | "715" | "716" | "717" => {
            if ai == "715" && value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit()) {
                fields.ndc12 = text();
            }
            fields.nhrn.push(Element { ai: ai.to_owned(), value: value.to_owned() });
        }
        _ => {}
    }
    fields.elements.push(Element { ai: ai.to_owned(), value: value.to_owned() });
}
