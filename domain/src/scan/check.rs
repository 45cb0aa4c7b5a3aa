//! Check digits and check characters of the coding schemes.
//!
//! GS1's digit is that of GTIN, SSCC, GSRN and every other key of digits.

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

const MOD_43: &[u8; 43] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// The check character of a HIBC symbol: the sum of the characters' values, mod 43, the `+` in
/// front included. It may be a space. `None`: a character outside the 43.
///
/// Source: ANSI/HIBC 2.6, check character.
pub fn mod_43(text: &str) -> Option<char> {
    let mut sum = 0;
    for byte in text.bytes() {
        sum += MOD_43.iter().position(|known| *known == byte)?;
    }
    MOD_43.get(sum % MOD_43.len()).map(|byte| char::from(*byte))
}

/// The eighth digit of a PZN: the sum of digit by weight 1 to 7, mod 11. A remainder of 10 is no
/// digit, so such numbers are not given out. `None` for them, and when it is not seven digits.
///
/// Source: IFA, technical information on PZN coding.
pub fn pzn_digit(seven: &str) -> Option<char> {
    if seven.len() != 7 || !seven.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum: u32 =
        seven.bytes().zip(1..).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    char::from_digit(sum % 11, 10)
}

/// The two check digits of a PPN: the sum of ASCII value by weight from 2 on, mod 97.
///
/// `None`: empty, longer than 20, or a character other than digits and capitals.
///
/// Source: IFA, PPN-Code specification, appendix B.
pub fn ppn_digits(payload: &str) -> Option<String> {
    let known = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    if payload.is_empty() || payload.len() > 20 || !payload.bytes().all(known) {
        return None;
    }
    let sum: u32 = payload.bytes().zip(2..).map(|(byte, weight)| u32::from(byte) * weight).sum();
    Some(format!("{:02}", sum % 97))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_hibc_labels() {
        // The label of ANSI/HIBC 2.6, figure 1, and two whose character is not a letter.
        for (payload, want) in [
            ("+A123BJC5D6E71", 'G'),
            ("+H124001142051481", '6'),
            ("+H124425114008161/2203162599746A14", '.'),
        ] {
            assert_eq!(mod_43(payload), Some(want), "{payload}");
        }
        assert_eq!(mod_43("+a"), None);
        assert_eq!(mod_43("*"), None);
    }

    #[test]
    fn digits_of_pharmacy_products() {
        // The example of IFA's specification.
        assert_eq!(pzn_digit("0375286"), Some('4'));
        assert_eq!(ppn_digits("1103752864").as_deref(), Some("14"));
        assert_eq!(ppn_digits("1112345678").as_deref(), Some("42"));
        assert_eq!(pzn_digit("0000003"), None, "21 leaves 10");
        for bad in ["", "123456", "12345678", "123456A"] {
            assert_eq!(pzn_digit(bad), None, "{bad}");
        }
        for bad in ["", "11a", "11-", "111111111111111111111"] {
            assert_eq!(ppn_digits(bad), None, "{bad}");
        }
    }

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
