//! HIBC supplier labels: `+`, what it is, how it was packed, and a check character.
//!
//! Source: ANSI/HIBC 2.6. Everything a label says is in capitals, digits and seven signs, so what
//! CapsLock turned over is refused. The last character may be a space: nothing is trimmed.
use chrono::{NaiveDate, NaiveTime};

use super::check::mod_43;
use super::gs1::date;
use super::parsed::{Expiry, Fields};
use super::problem::Class;

/// Longest catalogue number, lot and serial.
const NAME_MAX: usize = 18;
const LIC_LENGTH: usize = 4;
/// More than two symbols with every field they may have; bounds the search for the seam of a pair.
const TEXT_MAX: usize = 256;

/// Reads the text of one symbol, or of a product symbol and its second symbol in one read.
///
/// # Errors
/// The first refusal. `NotSupported`: a label of the provider standard, for people and places.
pub(super) fn parse(text: &str, today: NaiveDate) -> Result<Fields, Class> {
    if text.len() > TEXT_MAX {
        return Err(Class::Length);
    }
    let Symbol { data, .. } = match checked(text) {
        Ok(symbol) => symbol,
        Err(why) => return pair(text, today).unwrap_or(Err(why)),
    };
    if data.starts_with('/') {
        return Err(Class::NotSupported);
    }
    if data.starts_with(|c: char| c.is_ascii_uppercase()) {
        // A whole text that passes by chance must not hide the pair it is.
        return pair(text, today).unwrap_or_else(|| product(data, today));
    }
    alone(data, today)
}

struct Symbol<'a> {
    /// Between the `+` and the check character.
    data: &'a str,
    check: char,
}

fn checked(text: &str) -> Result<Symbol<'_>, Class> {
    let check = mod_43(text).and(text.chars().last()).ok_or(Class::Charset)?;
    let payload = &text[..text.len() - 1];
    let data = payload.strip_prefix('+').filter(|data| !data.is_empty()).ok_or(Class::Length)?;
    if mod_43(payload) == Some(check) { Ok(Symbol { data, check }) } else { Err(Class::CheckChar) }
}

/// A product symbol and the symbol beside it, as a scanner sends them that joins two symbols: both
/// check characters must hold, and the link character must be the first one's check character.
///
/// `None`: not two such symbols.
fn pair(text: &str, today: NaiveDate) -> Option<Result<Fields, Class>> {
    let seams = text.match_indices('+').map(|(at, _)| at).filter(|at| *at > 0);
    let mut pairs = seams.filter_map(|at| {
        let (head, tail) = (checked(&text[..at]).ok()?, checked(&text[at..]).ok()?);
        let mut fields = alone(tail.data, today).ok()?;
        if fields.link_char.take() != Some(head.check) || head.data.contains('/') {
            return None;
        }
        primary(&mut fields, head.data).ok()?;
        Some(fields)
    });
    let first = pairs.next()?;
    Some(if pairs.next().is_some() { Err(Class::Ambiguous) } else { Ok(first) })
}

/// `LIC PCN U`, and after a `/` each what is said about this package.
fn product(data: &str, today: NaiveDate) -> Result<Fields, Class> {
    let mut fields = Fields::default();
    let mut segments = data.split('/');
    primary(&mut fields, segments.next().unwrap_or_default())?;
    for segment in segments {
        supplement(&mut fields, segment, today)?;
    }
    Ok(fields)
}

fn primary(fields: &mut Fields, text: &str) -> Result<(), Class> {
    if !capitals_and_digits(text) {
        return Err(Class::Charset);
    }
    let (lic, rest) = text.split_at_checked(LIC_LENGTH).ok_or(Class::Length)?;
    let split = rest.len().checked_sub(1).and_then(|n| rest.split_at_checked(n));
    let (pcn, uom) = split.ok_or(Class::Length)?;
    if pcn.is_empty() || pcn.len() > NAME_MAX {
        return Err(Class::Length);
    }
    if !lic.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err(Class::Charset);
    }
    fields.uom = Some(uom.parse().map_err(|_| Class::Charset)?);
    fields.lic = Some(lic.to_owned());
    fields.pcn = Some(pcn.to_owned());
    Ok(())
}

/// A symbol without product: its last character links it to the product symbol beside it.
fn alone(data: &str, today: NaiveDate) -> Result<Fields, Class> {
    let split = data.len().checked_sub(1).and_then(|n| data.split_at_checked(n));
    let (data, link) = split.ok_or(Class::Length)?;
    let mut fields = Fields::default();
    if data.starts_with('$') {
        secondary(&mut fields, data, today)?;
    } else {
        julian(&mut fields, data, today)?;
    }
    if fields == Fields::default() {
        return Err(Class::Length);
    }
    fields.link_char = link.chars().next();
    Ok(fields)
}

fn supplement(fields: &mut Fields, text: &str, today: NaiveDate) -> Result<(), Class> {
    let day = |text: &str| date::yyyymmdd(text, false).ok_or(Class::BadDate);
    if text.starts_with('$') {
        return secondary(fields, text, today);
    }
    if let Some(expiry) = text.strip_prefix("14D") {
        return put(&mut fields.expiry, Expiry::Day(day(expiry)?));
    }
    if let Some(made) = text.strip_prefix("16D") {
        return put(&mut fields.production_date, day(made)?);
    }
    if let Some(serial) = text.strip_prefix('S') {
        return put(&mut fields.serial, name(serial)?.ok_or(Class::Length)?);
    }
    if let Some(quantity) = text.strip_prefix('Q') {
        return put(&mut fields.quantity, number(quantity, 1..=5)?);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return julian(fields, text, today);
    }
    Err(if text.is_empty() { Class::Length } else { Class::UnknownDi })
}

/// `$` lot, `$+` serial, `$$` quantity, date and lot, `$$+` date and serial.
fn secondary(fields: &mut Fields, text: &str, today: NaiveDate) -> Result<(), Class> {
    let text = text.strip_prefix('$').unwrap_or(text);
    if let Some(dated) = text.strip_prefix("$+") {
        let serial = expiry(fields, dated, today)?;
        return put_some(&mut fields.serial, name(serial)?);
    }
    if let Some(serial) = text.strip_prefix('+') {
        return put_some(&mut fields.serial, name(serial)?);
    }
    let Some(dated) = text.strip_prefix('$') else {
        return put_some(&mut fields.lot, name(text)?);
    };
    let digits = match dated.chars().next() {
        Some('8') => 2,
        Some('9') => 5,
        _ => 0,
    };
    let mut rest = dated;
    if digits > 0 {
        let (count, after) = dated[1..].split_at_checked(digits).ok_or(Class::Length)?;
        put(&mut fields.quantity, number(count, digits..=digits)?)?;
        if after.is_empty() {
            return Ok(());
        }
        rest = after;
    }
    let lot = expiry(fields, rest, today)?;
    put_some(&mut fields.lot, name(lot)?)
}

/// Reads the date in front of a lot or a serial and leaves that. Its first character tells how it
/// is written: 0 or 1 is the month itself, 7 is no date.
fn expiry<'a>(fields: &mut Fields, text: &'a str, today: NaiveDate) -> Result<&'a str, Class> {
    let digits = match text.chars().next().ok_or(Class::Length)? {
        '0' | '1' => return month(fields, text, today),
        '7' => return Ok(&text[1..]),
        '2' | '3' => 6,
        '4' => 8,
        '5' => 5,
        '6' => 7,
        _ => return Err(Class::BadDate),
    };
    let (date, rest) = text[1..].split_at_checked(digits).ok_or(Class::Length)?;
    let (date, hour) =
        date.split_at_checked(if digits > 6 { digits - 2 } else { digits }).ok_or(Class::Length)?;
    let day = match date.len() {
        5 => date::yyjjj(date, today),
        _ if text.starts_with('2') => {
            let year_first = date.split_at_checked(4).map(|(mmdd, yy)| format!("{yy}{mmdd}"));
            year_first.and_then(|date| date::yymmdd(&date, today, false))
        }
        _ => date::yymmdd(date, today, false),
    };
    let day = day.ok_or(Class::BadDate)?;
    let when = if hour.is_empty() {
        Expiry::Day(day)
    } else {
        let time = NaiveTime::from_hms_opt(number(hour, 2..=2)?, 0, 0).ok_or(Class::BadTime)?;
        Expiry::Hour(day.and_time(time))
    };
    put(&mut fields.expiry, when)?;
    Ok(rest)
}

fn month<'a>(fields: &mut Fields, text: &'a str, today: NaiveDate) -> Result<&'a str, Class> {
    let (mmyy, rest) = text.split_at_checked(4).ok_or(Class::Length)?;
    let last = mmyy.split_at_checked(2).map(|(mm, yy)| format!("{yy}{mm}00"));
    let last = last.and_then(|date| date::yymmdd(&date, today, true)).ok_or(Class::BadDate)?;
    put(&mut fields.expiry, Expiry::Month(last))?;
    Ok(rest)
}

/// `YYJJJ` and a lot: the form without `$`.
fn julian(fields: &mut Fields, text: &str, today: NaiveDate) -> Result<(), Class> {
    let (date, lot) = text.split_at_checked(5).ok_or(Class::Length)?;
    let day = date::yyjjj(date, today).ok_or(Class::BadDate)?;
    put(&mut fields.expiry, Expiry::Day(day))?;
    put_some(&mut fields.lot, name(lot)?)
}

/// A lot or a serial; empty: the label has none.
fn name(text: &str) -> Result<Option<String>, Class> {
    if text.len() > NAME_MAX {
        return Err(Class::Length);
    }
    if !capitals_and_digits(text) {
        return Err(Class::Charset);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Result<u32, Class> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Class::Charset);
    }
    if !digits.contains(&text.len()) {
        return Err(Class::Length);
    }
    text.parse().map_err(|_| Class::Length)
}

fn capitals_and_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn put<T>(slot: &mut Option<T>, value: T) -> Result<(), Class> {
    put_some(slot, Some(value))
}

/// A label that says one thing twice is not read: which of the two is meant is not known.
fn put_some<T>(slot: &mut Option<T>, value: Option<T>) -> Result<(), Class> {
    if slot.is_some() && value.is_some() {
        return Err(Class::RepeatedAi);
    }
    *slot = value.or(slot.take());
    Ok(())
}
