//! Wristbands: the home's own codes, with a check character, and GSRNs of the home.

/// Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_CHARACTERS: usize = 7;

/// The check character of seven Crockford characters: the sum of value by weight 1 to 7, mod 32.
///
/// `None`: not seven such characters.
pub fn check_character(payload: &str) -> Option<char> {
    if payload.len() != RANDOM_CHARACTERS {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in payload.bytes().zip(1..) {
        sum += ALPHABET.iter().position(|known| *known == byte)? * weight;
    }
    Some(char::from(ALPHABET[sum % ALPHABET.len()]))
}

/// A band's code: what the home puts in front, seven characters, their check character.
pub fn code(front: &str, payload: &str) -> Option<String> {
    check_character(payload).map(|check| format!("{front}{payload}{check}"))
}

/// Seven Crockford characters of a number below 2^35; the shell draws it at random.
pub fn payload(number: u64) -> String {
    (0..RANDOM_CHARACTERS)
        .rev()
        .map(|place| {
            let digit = (number >> (5 * place)) & 31;
            char::from(ALPHABET[usize::try_from(digit).unwrap_or_default()])
        })
        .collect()
}

/// Do the last eight characters end in the right check character?
pub(super) fn has_check_character(code: &str) -> bool {
    let Some(start) = code.len().checked_sub(RANDOM_CHARACTERS + 1) else { return false };
    let Some((payload, last)) =
        code.get(start..).and_then(|c| c.split_at_checked(RANDOM_CHARACTERS))
    else {
        return false;
    };
    check_character(payload).is_some_and(|check| last.chars().eq([check]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_is_a_weighted_sum() {
        // 1*1 + 2*2 + ... + 7*7 = 140 = 4 * 32 + 12, and 12 is C.
        assert_eq!(check_character("1234567"), Some('C'));
        assert_eq!(code("R-", "1234567").as_deref(), Some("R-1234567C"));
        assert!(has_check_character("R-1234567C"));
        assert!(!has_check_character("R-1234567D"));
        assert!(!has_check_character("R-1234576C"), "two characters swapped");
        for bad in ["", "123456", "123456I", "123456é"] {
            assert_eq!(check_character(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_number_is_seven_characters() {
        assert_eq!(payload(0), "0000000");
        assert_eq!(payload((1 << 35) - 1), "ZZZZZZZ");
        assert_eq!(payload(33), "0000011");
    }
}
