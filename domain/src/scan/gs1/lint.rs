//! The content checks of the GS1 dictionary.
use chrono::NaiveDate;

use super::entry::{Lint, Set};
use super::{coupon, date};
use crate::scan::check::has_check_digit;
use crate::scan::problem::Class;

/// CSET 82 in the order that the alphanumeric check characters count by.
const CSET_82: &[u8] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const CSET_32: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_LISTS: &str = include_str!("../../../data/gs1-code-lists.txt");

impl Set {
    pub(super) fn holds(self, text: &str) -> bool {
        match self {
            Self::N => digits(text),
            Self::X => text.bytes().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'!' | b'"' | b'%'..=b'/' | b':'..=b'?' | b'_')
            }),
            Self::Y => text.bytes().all(|b| {
                b.is_ascii_digit() || b.is_ascii_uppercase() || matches!(b, b'#' | b'-' | b'/')
            }),
            Self::Z => base64url(text),
        }
    }
}

fn base64url(text: &str) -> bool {
    let payload = text.trim_end_matches('=');
    let padded = match text.len() - payload.len() {
        0 => true,
        1 => payload.len() % 3 == 2,
        2 => payload.len() % 3 == 1,
        _ => false,
    };
    padded && payload.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

pub(super) fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Checks a component that has the right length and characters. `today` gives the century.
pub(super) fn check(lint: Lint, text: &str, today: NaiveDate) -> Result<(), Class> {
    let (holds, class) = match lint {
        Lint::Couponcode => return coupon::code(text, today),
        Lint::Couponposoffer => return coupon::positive_offer(text),
        Lint::Csum => (has_check_digit(text), Class::CheckDigit),
        Lint::Csumalpha => (check_pair(text), Class::CheckChar),
        Lint::Gcppos1 => (company_prefix(text), Class::Gcp),
        Lint::Gcppos2 => (text.get(1..).is_some_and(company_prefix), Class::Gcp),
        Lint::Yymmd0 => (date::yymmdd(text, today, true).is_some(), Class::BadDate),
        Lint::Yymmdd => (date::yymmdd(text, today, false).is_some(), Class::BadDate),
        Lint::Yyyymmdd => (date::yyyymmdd(text, false).is_some(), Class::BadDate),
        Lint::Hh => (text <= "23", Class::BadTime),
        Lint::Mi | Lint::Ss => (text <= "59", Class::BadTime),
        Lint::Hhmi => (date::hhmm(text).is_some(), Class::BadTime),
        _ => (other(lint, text), Class::Other),
    };
    if holds { Ok(()) } else { Err(class) }
}

fn other(lint: Lint, text: &str) -> bool {
    match lint {
        Lint::Hasnondigit => !digits(text),
        Lint::Hyphen => text == "-",
        Lint::Iban => iban(text),
        Lint::Importeridx => {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        }
        Lint::Iso3166 => listed("iso3166", text),
        Lint::Iso3166999 => text == "999" || listed("iso3166", text),
        Lint::Iso3166alpha2 => listed("iso3166alpha2", text),
        Lint::Iso4217 => listed("iso4217", text),
        Lint::Iso5218 => matches!(text, "0" | "1" | "2" | "9"),
        // Both are texts of ten digits, so they compare as numbers do.
        Lint::Latitude => text <= "1800000000",
        Lint::Longitude => text <= "3600000000",
        Lint::Mediatype => listed("mediatype", text),
        Lint::Nonzero => text.bytes().any(|b| b != b'0'),
        Lint::Nozeroprefix => text == "0" || !text.starts_with('0'),
        Lint::Packagetype => listed("packagetype", text),
        Lint::Pcenc => percent_encoded(text),
        Lint::Pieceoftotal => piece_of_total(text),
        Lint::Posinseqslash => position_in_sequence(text),
        Lint::Winding => matches!(text, "0" | "1" | "9"),
        Lint::Yesno => matches!(text, "0" | "1"),
        Lint::Zero => text == "0",
        _ => true,
    }
}

/// A GS1 company prefix is told only by its first two digits here: GS1 does not publish the rest.
fn company_prefix(text: &str) -> bool {
    text.len() >= 2 && text.bytes().take(2).all(|b| b.is_ascii_digit())
}

fn listed(list: &str, code: &str) -> bool {
    CODE_LISTS
        .lines()
        .filter_map(|line| line.strip_prefix(list)?.strip_prefix(':'))
        .any(|codes| codes.split(' ').any(|known| known == code && !known.is_empty()))
}

/// The two check characters of a GMN. Source: GS1 General Specifications 7.9.5.
fn check_pair(text: &str) -> bool {
    const PRIMES: [u32; 23] =
        [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83];
    let Some((payload, pair)) = text.len().checked_sub(2).map(|n| text.split_at(n)) else {
        return false;
    };
    let position = |set: &[u8], byte: u8| {
        set.iter().position(|b| *b == byte).and_then(|p| u32::try_from(p).ok())
    };
    let mut sum = 0;
    if payload.len() > PRIMES.len() {
        return false;
    }
    for (byte, prime) in payload.bytes().rev().zip(PRIMES) {
        let Some(value) = position(CSET_82, byte) else { return false };
        sum += value * prime;
    }
    let values: Option<Vec<u32>> = pair.bytes().map(|b| position(CSET_32, b)).collect();
    values.is_some_and(|v| v[0] * 32 + v[1] == sum % 1021)
}

fn iban(text: &str) -> bool {
    if text.len() <= 4 || !text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return false;
    }
    let (front, rest) = text.split_at(4);
    let remainder = rest.bytes().chain(front.bytes()).fold(0u32, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        _ => (sum * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    remainder == 1 && listed("iso3166alpha2", &front[..2])
}

fn percent_encoded(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

fn piece_of_total(text: &str) -> bool {
    let (piece, total) = text.split_at(text.len() / 2);
    let none = |part: &str| part.bytes().all(|b| b == b'0');
    piece.len() == total.len() && !none(piece) && !none(total) && piece <= total
}

fn position_in_sequence(text: &str) -> bool {
    let Some((position, end)) = text.split_once('/') else { return false };
    let number = |part: &str| digits(part) && !part.is_empty() && !part.starts_with('0');
    number(position) && number(end) && (position.len(), position) <= (end.len(), end)
}
