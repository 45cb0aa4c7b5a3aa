//! GS1 element strings: application identifiers and their values.
//!
//! Every rule is in the table that is generated from GS1's dictionary.
mod associate;
mod coupon;
pub(super) mod date;
mod entry;
pub(super) mod link;
mod lint;
mod suspect;
#[rustfmt::skip]
mod table;

use chrono::NaiveDate;
use entry::{Entry, Part};

use super::problem::{Class, Problem};

/// FNC1 as readers send it.
const GS: char = '\u{1d}';

/// One element as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) ai: &'a str,
    pub(super) value: &'a str,
    entry: &'static Entry,
}

/// Reads an element string whose separators are GS.
///
/// # Errors
/// The first refusal. Otherwise the elements as sent, and doubts: a missing requisite, or a
/// separator that may have been lost.
pub(super) fn parse(
    text: &str,
    today: NaiveDate,
) -> Result<(Vec<Span<'_>>, Vec<Problem>), Problem> {
    if !text.bytes().all(|b| matches!(b, 0x21..=0x7E | 0x1D)) {
        return Err(Problem::of(Class::Charset));
    }
    let mut rest = text.strip_prefix(GS).unwrap_or(text);
    if rest.is_empty() {
        return Err(Problem::of(Class::Length));
    }
    let mut spans = Vec::with_capacity(8);
    while !rest.is_empty() {
        let (span, after) = element(rest, today)?;
        spans.push(span);
        rest = after;
    }
    let mut doubts = Vec::new();
    doubts.extend(associate::check(&spans)?);
    if let Some(last) = spans.last()
        && !text.contains(GS)
        && suspect::swallowed(last, today)
    {
        doubts.push(Problem::at(Class::Suspect, last.ai));
    }
    Ok((spans, doubts))
}

/// Are all characters in CSET 82, as those of a lot and a serial must be?
pub(super) fn cset_82(text: &str) -> bool {
    entry::Set::X.holds(text)
}

/// Reads one element, and its separator where there is one.
fn element(text: &str, today: NaiveDate) -> Result<(Span<'_>, &str), Problem> {
    let (ai, entry) = identifier(text)?;
    let rest = &text[ai.len()..];
    let refuse = |class| Problem::at(class, ai);
    let (min, max) = entry.lengths();
    let separator = rest.find(GS);
    let (value, rest) = if entry.predefined {
        let upto = separator.unwrap_or(rest.len()).min(max);
        rest.split_at(upto)
    } else {
        rest.split_at(separator.unwrap_or(rest.len()))
    };
    if value.len() < min || value.len() > max {
        return Err(refuse(Class::Length));
    }
    check_parts(entry.parts, value, today).map_err(refuse)?;
    Ok((Span { ai, value, entry }, rest.strip_prefix(GS).unwrap_or(rest)))
}

fn identifier(text: &str) -> Result<(&str, &'static Entry), Problem> {
    let unknown = || Problem::of(Class::UnknownAi);
    let lead = text.get(..2).and_then(number).ok_or_else(unknown)?;
    let digits = usize::from(table::DIGITS[usize::from(lead)]);
    let ai = text.get(..digits).filter(|ai| !ai.is_empty()).ok_or_else(unknown)?;
    let key = number(ai).ok_or_else(unknown)?
        * 10u16.pow(4 - u32::from(table::DIGITS[usize::from(lead)]));
    let place = table::ENTRIES.partition_point(|entry| entry.to < key);
    match table::ENTRIES.get(place) {
        Some(entry) if entry.from <= key => Ok((ai, entry)),
        _ => Err(Problem::at(Class::UnknownAi, ai)),
    }
}

fn number(digits: &str) -> Option<u16> {
    digits.bytes().try_fold(0u16, |sum, byte| {
        byte.is_ascii_digit().then(|| sum * 10 + u16::from(byte - b'0'))
    })
}

/// Checks the components of a value from left to right, each as long as it can be.
fn check_parts(parts: &[Part], value: &str, today: NaiveDate) -> Result<(), Class> {
    let mut rest = value;
    for part in parts {
        let (text, after) = rest.split_at(rest.len().min(usize::from(part.max)));
        rest = after;
        if text.is_empty() && part.optional {
            continue;
        }
        if text.len() < usize::from(part.min) {
            return Err(Class::Length);
        }
        if !part.set.holds(text) {
            return Err(Class::Charset);
        }
        for lint in part.lints {
            lint::check(*lint, text, today)?;
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(Class::Length) }
}
