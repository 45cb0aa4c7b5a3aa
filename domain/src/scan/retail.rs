//! EAN and UPC: digits, with a check digit or compressed.
use super::check::{check_digit, has_check_digit};
use super::problem::Class;

/// What bare digits are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Retail {
    /// A GTIN, filled up to 14 digits.
    Gtin(String),
    /// A shipping container.
    Sscc(String),
}

/// The digits of a symbol that is known to have `length` of them.
pub(super) fn symbol(text: &str, length: usize) -> Result<String, Class> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Class::Charset);
    }
    if text.len() != length {
        return Err(Class::Length);
    }
    checked(text)
}

/// Digits of which only the form is known.
pub(super) fn bare(text: &str) -> Result<Retail, Class> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Class::Charset);
    }
    match text.len() {
        12..=14 => checked(text).map(Retail::Gtin),
        8 if has_check_digit(text) => checked(text).map(Retail::Gtin),
        8 => {
            let upca = expanded(&text[..7])?;
            if upca.ends_with(&text[7..]) {
                checked(&upca).map(Retail::Gtin)
            } else {
                Err(Class::CheckDigit)
            }
        }
        7 => expanded(text).and_then(|upca| checked(&upca)).map(Retail::Gtin),
        6 => expanded(&format!("0{text}")).and_then(|upca| checked(&upca)).map(Retail::Gtin),
        18 if has_check_digit(text) => Ok(Retail::Sscc(text.to_owned())),
        18 => Err(Class::CheckDigit),
        _ => Err(Class::Unrecognised),
    }
}

fn checked(text: &str) -> Result<String, Class> {
    if has_check_digit(text) { Ok(format!("{text:0>14}")) } else { Err(Class::CheckDigit) }
}

/// The UPC-A that number system and six digits of a UPC-E stand for, with its check digit.
///
/// Source: GS1 General Specifications 5.2.2.4.3.
fn expanded(text: &str) -> Result<String, Class> {
    let (system, six) = text.split_at(1);
    if !matches!(system, "0" | "1") {
        return Err(Class::Unrecognised);
    }
    let (five, last) = six.split_at(5);
    let payload = match last {
        "0" | "1" | "2" => format!("{system}{}{last}0000{}", &five[..2], &five[2..]),
        "3" => format!("{system}{}00000{}", &five[..3], &five[3..]),
        "4" => format!("{system}{}00000{}", &five[..4], &five[4..]),
        _ => format!("{system}{five}0000{last}"),
    };
    let digit = check_digit(&payload).ok_or(Class::Charset)?;
    Ok(format!("{payload}{digit}"))
}
