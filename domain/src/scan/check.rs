//! The GS1 check digit: GTIN, SSCC, GSRN and every other key of digits.

/// The mod 10 digit for `digits`, weights 3 and 1 from the right. `None`: not all digits, or empty.
///
/// Source: GS1 General Specifications 7.9.1.
pub fn check_digit(digits: &str) -> Option<char> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum = digits.bytes().rev().zip([3u32, 1].iter().cycle()).fold(0u32, |sum, (b, weight)| {
        // Kept below 10, so that no length can overflow.
        (sum + u32::from(b - b'0') * weight) % 10
    });
    char::from_digit((10 - sum) % 10, 10)
}

/// Do the digits end in the right check digit?
pub fn has_check_digit(digits: &str) -> bool {
    let Some((payload, last)) =
        digits.len().checked_sub(1).and_then(|n| digits.split_at_checked(n))
    else {
        return false;
    };
    check_digit(payload).is_some_and(|digit| last.chars().eq([digit]))
}

/// Payload and check digit together. `None`: not all digits, or empty.
pub fn with_check_digit(payload: &str) -> Option<String> {
    check_digit(payload).map(|digit| format!("{payload}{digit}"))
}

/// A GSRN of 18 digits: the home's prefix, the number padded with zeros, the check digit.
///
/// `None`: the prefix is not digits, or the two do not fit into 17.
pub fn gsrn(prefix: &str, number: u64) -> Option<String> {
    let width = 17usize.checked_sub(prefix.len())?;
    let payload = format!("{prefix}{number:0width$}");
    if payload.len() == 17 { with_check_digit(&payload) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys() {
        for key in ["00312345678906", "96385074", "952123450000000012", "373400306809981733"] {
            assert!(has_check_digit(key), "{key}");
        }
        for bad in ["", "1", "00312345678907", "9638507A", "é"] {
            assert!(!has_check_digit(bad), "{bad}");
        }
    }

    #[test]
    fn a_gsrn_for_the_printer() {
        assert_eq!(gsrn("952123450", 1).as_deref(), Some("952123450000000012"));
        assert_eq!(gsrn("952123450", 100_000_000), None);
        assert_eq!(gsrn("95212345000000000", 0).map(|g| g.len()), None);
        assert_eq!(gsrn("95x", 1), None);
    }
}
