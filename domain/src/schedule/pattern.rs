//! The small language of facility patterns: `^R-[0-9A-HJKMNP-TV-Z]{8}$`. Literals, classes with
//! ranges, and counts; always the whole text. No backtracking, so no text can make it slow.

use serde::{Deserialize, Serialize};

/// Longest text a pattern may match.
pub const LENGTH_MAX: u32 = 64;

/// A checked pattern of plain ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// Inclusive ranges of bytes.
type Ranges = Vec<(u8, u8)>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Inclusive ranges of bytes; a literal is a range of one.
    allowed: Ranges,
    count: u32,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a pattern from ^ to $ of letters, digits, - and _, classes such as [0-9A-Z] and \
     counts such as {{8}}, matching 1 to {LENGTH_MAX} characters"
)]
pub struct PatternError;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] when it uses anything but anchors, literals, classes and fixed counts.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let body = text.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        let mut rest = body.ok_or(PatternError)?.as_bytes();
        let mut parts = Vec::new();
        while let Some((&first, tail)) = rest.split_first() {
            let (allowed, tail) = match first {
                b'[' => class(tail)?,
                _ if is_plain(first) => (vec![(first, first)], tail),
                _ => return Err(PatternError),
            };
            let (count, tail) = count(tail)?;
            parts.push(Part { allowed, count });
            rest = tail;
        }
        let pattern = Self { text: text.to_owned(), parts };
        if (1..=LENGTH_MAX).contains(&pattern.shortest()) { Ok(pattern) } else { Err(PatternError) }
    }

    /// Length of the texts it matches.
    #[must_use]
    pub fn shortest(&self) -> u32 {
        self.parts.iter().fold(0, |length, part| length.saturating_add(part.count))
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut bytes = text.bytes();
        for part in &self.parts {
            for _ in 0..part.count {
                let fits =
                    |byte| part.allowed.iter().any(|(from, to)| (*from..=*to).contains(&byte));
                if !bytes.next().is_some_and(fits) {
                    return false;
                }
            }
        }
        bytes.next().is_none()
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'/')
}

fn class(mut rest: &[u8]) -> Result<(Ranges, &[u8]), PatternError> {
    let mut allowed = Vec::new();
    loop {
        match rest {
            [b']', tail @ ..] if !allowed.is_empty() => return Ok((allowed, tail)),
            [from, b'-', to, tail @ ..] if *to != b']' => {
                let sound =
                    from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() && from <= to;
                if !sound {
                    return Err(PatternError);
                }
                allowed.push((*from, *to));
                rest = tail;
            }
            [byte, tail @ ..] if is_plain(*byte) => {
                allowed.push((*byte, *byte));
                rest = tail;
            }
            _ => return Err(PatternError),
        }
    }
}

fn count(rest: &[u8]) -> Result<(u32, &[u8]), PatternError> {
    let [b'{', tail @ ..] = rest else { return Ok((1, rest)) };
    let end = tail.iter().position(|byte| *byte == b'}').ok_or(PatternError)?;
    let digits = std::str::from_utf8(&tail[..end]).map_err(|_| PatternError)?;
    let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let count: u32 = if plain { digits.parse().map_err(|_| PatternError)? } else { 0 };
    if count == 0 { Err(PatternError) } else { Ok((count, &tail[end + 1..])) }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::new(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        let pattern = Pattern::new("^R-[0-9A-HJKMNP-TV-Z]{8}$").unwrap();
        for (text, wanted) in [
            ("R-0123ABCD", true),
            ("R-0123ABCI", false),
            ("R-0123ABCU", false),
            ("r-0123ABCD", false),
            ("R-0123ABC", false),
            ("R-0123ABCDE", false),
            (" R-0123ABCD", false),
            ("", false),
        ] {
            assert_eq!(pattern.matches(text), wanted, "{text}");
        }
        assert_eq!(pattern.shortest(), 10);
    }

    #[test]
    fn other_languages_are_refused() {
        for text in [
            "",
            "^$",
            "R-[0-9]{8}",
            "^.*$",
            "^(a|b)$",
            "^a+$",
            "^[]$",
            "^[z-a]$",
            "^a{0}$",
            "^a{99}$",
            "^a{1,2}$",
            "^[^a]$",
            "^é$",
        ] {
            assert_eq!(Pattern::new(text), Err(PatternError), "{text}");
        }
    }
}
