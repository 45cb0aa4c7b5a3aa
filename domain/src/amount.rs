//! Amounts without floats: billionths of a unit, and a unit code.

use serde::{Deserialize, Serialize};
use std::fmt;

const NANO: i64 = 1_000_000_000;

/// What kind of quantity a unit measures; amounts compare only within one dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dimension {
    /// Mass, in micrograms.
    Mass,
    /// Volume, in microlitres.
    Volume,
    /// Anything counted, comparable only with itself.
    Count,
}

macro_rules! units {
    ($(
        $(#[$doc:meta])*
        $name:ident, $code:literal, $dim:ident, $factor:literal, [$($alias:literal),*];
    )+) => {
        /// A unit of dose, by its code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Unit { $($(#[$doc])* #[serde(rename = $code)] $name,)+ }

        impl Unit {
            /// Every unit.
            pub const ALL: &'static [Unit] = &[$(Unit::$name,)+];

            /// The code stored, sent and shown.
            #[must_use]
            pub const fn code(self) -> &'static str { match self { $(Unit::$name => $code,)+ } }

            /// The dimension, and how many base units one of these is.
            #[must_use]
            pub const fn scale(self) -> (Dimension, i64) {
                match self { $(Unit::$name => (Dimension::$dim, $factor),)+ }
            }

            /// Reads a code or a known way of writing it; case counts only where it must (`mg`, not
            /// `Mg`).
            #[must_use]
            pub fn parse(s: &str) -> Option<Unit> {
                match s { $($code $(| $alias)* => Some(Unit::$name),)+ _ => None }
            }
        }
    };
}

units! {
    /// Micrograms.
    Mcg, "mcg", Mass, 1, ["ug", "µg", "μg", "microgram", "micrograms"];
    /// Milligrams.
    Mg, "mg", Mass, 1_000, ["MG", "milligram", "milligrams"];
    /// Grams.
    G, "g", Mass, 1_000_000, ["gram", "grams"];
    /// Millilitres.
    Ml, "mL", Volume, 1_000, ["ml", "ML", "milliliter", "millilitre"];
    /// Litres.
    L, "L", Volume, 1_000_000, ["l"];
    /// International or insulin units.
    Units, "units", Count, 1, ["unit", "[iU]", "[IU]", "U", "IU", "iu"];
    /// Milliequivalents.
    Meq, "mEq", Count, 1, ["meq"];
    /// Millimoles.
    Mmol, "mmol", Count, 1, [];
    /// Tablets.
    Tablet, "tablet", Count, 1, ["tablets", "TAB", "tab", "{tablet}", "{tbl}"];
    /// Capsules.
    Capsule, "capsule", Count, 1, ["capsules", "CAP", "cap", "{capsule}"];
    /// Inhaler puffs.
    Puff, "puff", Count, 1, ["puffs", "PUFF", "{puff}", "{actuat}"];
    /// Drops.
    Drop, "drop", Count, 1, ["drops", "DROP", "[drp]", "gtt"];
    /// Patches.
    Patch, "patch", Count, 1, ["patches", "PATCH", "{patch}"];
    /// Sprays.
    Spray, "spray", Count, 1, ["sprays", "SPRYINHL", "{spray}"];
    /// Suppositories.
    Suppository, "suppository", Count, 1, ["suppositories", "SUPP"];
    /// Applications of a cream or ointment.
    Application, "application", Count, 1, ["applications", "{applicatorful}", "APPFUL"];
    /// Sachets.
    Sachet, "sachet", Count, 1, ["sachets", "packet", "packets"];
}

/// A quantity: `nano` billionths of `unit`. Never negative when parsed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// Billionths of the unit.
    pub nano: i64,
    /// The unit.
    pub unit: Unit,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAmount {
    /// Not a plain decimal number.
    #[error("not a plain decimal number such as 2 or 0.5")]
    NotANumber,
    /// More than nine decimals, or too large to hold.
    #[error("the number has more than nine decimals or is too large")]
    OutOfRange,
    /// The unit is not known.
    #[error("the unit is not known")]
    UnknownUnit,
}

/// Reads a plain decimal number (`12`, `0.5`, `1.0`, also `.5` and `2.5e-1` as machines send them)
/// as billionths.
///
/// # Errors
/// [`BadAmount::NotANumber`], or [`BadAmount::OutOfRange`] when billionths cannot hold it exactly.
pub fn parse_nano(s: &str) -> Result<i64, BadAmount> {
    let (mantissa, exponent) = match s.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().map_err(|_| BadAmount::NotANumber)?),
        None => (s, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return Err(BadAmount::NotANumber);
    }
    let fraction_len = i32::try_from(fraction.len()).map_err(|_| BadAmount::OutOfRange)?;
    let all = [whole, fraction].concat();
    let trimmed = all.trim_end_matches('0');
    if trimmed.is_empty() {
        return Ok(0);
    }
    let dropped = i32::try_from(all.len() - trimmed.len()).map_err(|_| BadAmount::OutOfRange)?;
    let shift = exponent.saturating_sub(fraction_len).saturating_add(dropped).saturating_add(9);
    let power = u32::try_from(shift).map_err(|_| BadAmount::OutOfRange)?;
    let value: i64 = trimmed.parse().map_err(|_| BadAmount::OutOfRange)?;
    10i64.checked_pow(power).and_then(|p| value.checked_mul(p)).ok_or(BadAmount::OutOfRange)
}

/// Writes billionths as the shortest plain decimal: `0.5`, `5`, `1,250`; never `.5` or `5.0`.
#[must_use]
pub fn format_nano(nano: i64) -> String {
    let sign = if nano < 0 { "-" } else { "" };
    let abs = nano.unsigned_abs();
    let whole = (abs / NANO.unsigned_abs()).to_string();
    let mut grouped = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    let rest = abs % NANO.unsigned_abs();
    if rest == 0 {
        return format!("{sign}{grouped}");
    }
    let fraction = format!("{rest:09}");
    format!("{sign}{grouped}.{}", fraction.trim_end_matches('0'))
}

impl Amount {
    /// `count` whole units.
    #[must_use]
    pub const fn whole(count: i32, unit: Unit) -> Self {
        Self { nano: count as i64 * NANO, unit }
    }

    /// Reads a number and a unit code.
    ///
    /// # Errors
    /// [`BadAmount`] for a bad number or an unknown unit.
    pub fn parse(number: &str, unit: &str) -> Result<Self, BadAmount> {
        let unit = Unit::parse(unit).ok_or(BadAmount::UnknownUnit)?;
        Ok(Self { nano: parse_nano(number)?, unit })
    }

    /// Reads `500 mg` or `1,250 mg`: a number, one space, a unit.
    ///
    /// # Errors
    /// As [`Amount::parse`]; a comma that parts anything but thousands is no number, or `5,0 mg`
    /// would be 50 mg.
    pub fn parse_text(s: &str) -> Result<Self, BadAmount> {
        let (number, unit) = s.trim().split_once([' ', '\u{a0}']).ok_or(BadAmount::NotANumber)?;
        let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
        let thousands = || whole.split(',').skip(1).all(|group| group.len() == 3);
        let grouped = !whole.starts_with(',') && whole.find(',').is_none_or(|at| at <= 3);
        if number.matches(',').count() != whole.matches(',').count() || !grouped || !thousands() {
            return Err(BadAmount::NotANumber);
        }
        Self::parse(&number.replace(',', ""), unit.trim())
    }

    /// The amount in billionths of the base unit of its dimension.
    #[must_use]
    pub fn base(self) -> i128 {
        i128::from(self.nano) * i128::from(self.unit.scale().1)
    }

    /// Whether two amounts measure the same thing.
    #[must_use]
    pub fn comparable(self, other: Self) -> bool {
        let (a, b) = (self.unit.scale().0, other.unit.scale().0);
        a == b && (a != Dimension::Count || self.unit == other.unit)
    }

    /// Equal quantities, whatever the unit they are written in.
    #[must_use]
    pub fn same_as(self, other: Self) -> bool {
        self.comparable(other) && self.base() == other.base()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = self.nano == NANO;
        let code = match (self.unit, one) {
            (Unit::Mcg, true) => "microgram",
            (Unit::Mcg, false) => "micrograms",
            (Unit::Units, true) => "unit",
            (Unit::Patch, false) => "patches",
            (Unit::Suppository, false) => "suppositories",
            (u, false)
                if u.scale().0 == Dimension::Count
                    && !matches!(u, Unit::Units | Unit::Meq | Unit::Mmol) =>
            {
                return write!(f, "{}\u{a0}{}s", format_nano(self.nano), u.code());
            }
            (u, _) => u.code(),
        };
        write!(f, "{}\u{a0}{code}", format_nano(self.nano))
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format_nano(self.nano), self.unit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        for (text, want) in [
            ("5", Ok(5 * NANO)),
            ("1.0", Ok(NANO)),
            ("0.5", Ok(NANO / 2)),
            (".5", Ok(NANO / 2)),
            ("2.5e-1", Ok(NANO / 4)),
            ("1e3", Ok(1_000 * NANO)),
            ("0.0000000001", Err(BadAmount::OutOfRange)),
            ("99999999999", Err(BadAmount::OutOfRange)),
            ("", Err(BadAmount::NotANumber)),
            ("-1", Err(BadAmount::NotANumber)),
            ("1,5", Err(BadAmount::NotANumber)),
            ("٣", Err(BadAmount::NotANumber)),
        ] {
            assert_eq!(parse_nano(text), want, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_without_trailing_zero_and_with_leading_zero() {
        let text = |n: &str, u: &str| Amount::parse(n, u).unwrap().to_string();
        assert_eq!(text("0.50", "mg"), "0.5\u{a0}mg");
        assert_eq!(text("1250.0", "mg"), "1,250\u{a0}mg");
        assert_eq!(text("50", "mcg"), "50\u{a0}micrograms");
        assert_eq!(text("2", "tablet"), "2\u{a0}tablets");
        assert_eq!(text("4", "U"), "4\u{a0}units");
    }

    proptest! {
        #[test]
        fn a_written_amount_reads_back(nano in 0..i64::MAX, i in 0..Unit::ALL.len()) {
            let amount = Amount { nano, unit: Unit::ALL[i] };
            prop_assert_eq!(Amount::parse_text(&format!("{} {}", format_nano(nano), amount.unit.code())), Ok(amount));
        }
    }
}
