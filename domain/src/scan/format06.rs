//! ISO 15434 envelopes: `[)>` RS, two digits of format, GS, the data, RS EOT.
//!
//! Format 05 holds GS1 elements, format 06 data identifiers, as the German PPN uses them.
//! Sources: ISO/IEC 15434; IFA, PPN-Code specification.
use chrono::NaiveDate;

use super::check::{has_check_digit, ppn_digits, pzn_digit};
use super::gs1::{self, date};
use super::parsed::{Expiry, Fields};
use super::problem::{Class, Problem};

const GS: char = '\u{1d}';
const RS: char = '\u{1e}';
const EOT: char = '\u{4}';
const NAME_MAX: usize = 20;
/// Product registration agency 11: the eight digits behind it are a PZN.
const AGENCY_PZN: &str = "11";

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// GS1 elements, each ended by GS.
    Gs1(&'a str),
    /// Data identifiers, each ended by GS.
    Identified(&'a str),
}

/// Takes the envelope off.
///
/// # Errors
/// `Envelope`: a part of it is missing, as when a keyboard swallows control characters.
/// `NotSupported`: another format.
pub(super) fn open(text: &str) -> Result<Content<'_>, Class> {
    let inside = text.strip_prefix("[)>\u{1e}").and_then(|t| t.strip_suffix("\u{1e}\u{4}"));
    let (format, data) = inside
        .filter(|inside| !inside.contains([RS, EOT]))
        .and_then(|inside| inside.split_once(GS))
        .ok_or(Class::Envelope)?;
    match format {
        "05" => Ok(Content::Gs1(data)),
        "06" => Ok(Content::Identified(data)),
        _ if format.len() == 2 && format.bytes().all(|b| b.is_ascii_digit()) => {
            Err(Class::NotSupported)
        }
        _ => Err(Class::Envelope),
    }
}

/// Reads the data of format 06.
///
/// # Errors
/// The first refusal.
pub(super) fn parse(data: &str, today: NaiveDate) -> Result<Fields, Problem> {
    let mut fields = Fields::default();
    for text in data.split(GS) {
        let (identifier, value) = split(text).map_err(Problem::of)?;
        field(&mut fields, identifier, value, today)
            .map_err(|class| Problem::at(class, identifier))?;
    }
    if fields.ppn.is_some() && fields.gtin.is_some() {
        return Err(Problem::of(Class::ConflictingProductCodes));
    }
    Ok(fields)
}

/// A data identifier is up to three digits and a capital.
fn split(text: &str) -> Result<(&str, &str), Class> {
    if text.is_empty() {
        return Err(Class::Length);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let capital = text.as_bytes().get(digits).is_some_and(u8::is_ascii_uppercase);
    text.split_at_checked(digits + 1).filter(|_| capital && digits <= 3).ok_or(Class::UnknownDi)
}

fn field(
    fields: &mut Fields,
    identifier: &str,
    value: &str,
    today: NaiveDate,
) -> Result<(), Class> {
    match identifier {
        "9N" => {
            ppn(value)?;
            fields.pzn = value.strip_prefix(AGENCY_PZN).and_then(|n| n.get(..8)).map(str::to_owned);
            put(&mut fields.ppn, value.to_owned())
        }
        "8P" => put(&mut fields.gtin, gtin(value)?.to_owned()),
        "1T" => put(&mut fields.lot, name(value)?.to_owned()),
        "S" => put(&mut fields.serial, name(value)?.to_owned()),
        "D" => {
            let day = date::yymmdd(value, today, true).ok_or(Class::BadDate)?;
            put(&mut fields.expiry, Expiry::Day(day))
        }
        "16D" => {
            let day = date::yyyymmdd(value, true).ok_or(Class::BadDate)?;
            put(&mut fields.production_date, day)
        }
        _ => Err(Class::UnknownDi),
    }
}

fn put<T>(slot: &mut Option<T>, value: T) -> Result<(), Class> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Class::RepeatedAi),
    }
}

fn gtin(text: &str) -> Result<&str, Class> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        Err(Class::Charset)
    } else if text.len() != 14 {
        Err(Class::Length)
    } else if has_check_digit(text) {
        Ok(text)
    } else {
        Err(Class::CheckDigit)
    }
}

fn name(text: &str) -> Result<&str, Class> {
    if text.is_empty() || text.len() > NAME_MAX {
        return Err(Class::Length);
    }
    if gs1::cset_82(text) { Ok(text) } else { Err(Class::Charset) }
}

/// Agency, national number of up to 18 characters, two check digits; a PZN has its own digit too.
fn ppn(text: &str) -> Result<(), Class> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return Err(Class::Charset);
    }
    let split = text.len().checked_sub(2).and_then(|n| text.split_at_checked(n));
    let (payload, check) = split.filter(|_| (5..=22).contains(&text.len())).ok_or(Class::Length)?;
    if ppn_digits(payload).is_none_or(|digits| digits != check) {
        return Err(Class::CheckDigit);
    }
    let Some(pzn) = payload.strip_prefix(AGENCY_PZN) else { return Ok(()) };
    let (seven, digit) =
        pzn.split_at_checked(7).filter(|(_, digit)| digit.len() == 1).ok_or(Class::Length)?;
    if pzn_digit(seven).is_some_and(|want| digit.chars().eq([want])) {
        Ok(())
    } else {
        Err(Class::CheckDigit)
    }
}
