//! The patterns a home writes for its own codes: a small part of regular expressions.

/// A pattern such as `^R-[0-9A-HJKMNP-TV-Z]{8}$`: ASCII characters, classes, `.`, `\d`, and the
/// counts `?`, `*`, `+`, `{n}`, `{n,m}`. It always matches the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Step>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    /// One bit for each ASCII character.
    set: u128,
    min: u8,
    max: u8,
}

/// Why a pattern cannot be used: the place in it, and what was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern cannot be read at character {at}: {why}")]
pub struct PatternError {
    /// The character, counted from 1.
    pub at: u32,
    /// What is wrong there.
    pub why: &'static str,
}

const PRINTABLE: u128 = ((1 << 127) - 1) & !((1 << 32) - 1);
const DIGITS: u128 = 0x3ff << 48;
/// The longest text that is looked at, so that no scan can make matching slow.
const TEXT_MAX: usize = 128;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The first thing in it that is not understood.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let text = pattern.strip_prefix('^').unwrap_or(pattern);
        let text = text.strip_suffix('$').unwrap_or(text);
        let mut reader = Reader { text: text.as_bytes(), at: 0 };
        let mut steps = Vec::new();
        while let Some(byte) = reader.next() {
            let set = reader.set(byte)?;
            let (min, max) = reader.count()?;
            steps.push(Step { set, min, max });
        }
        if steps.is_empty() { Err(reader.wrong("it is empty")) } else { Ok(Self(steps)) }
    }

    /// Does the whole text match?
    pub fn matches(&self, text: &str) -> bool {
        if text.len() > TEXT_MAX || !text.is_ascii() {
            return false;
        }
        // Bit n: some way through the steps so far has used up n characters.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        for step in &self.0 {
            reached = step.advance(&reached, text.as_bytes());
        }
        reached[text.len()]
    }
}

impl Step {
    fn advance(self, reached: &[bool], text: &[u8]) -> Vec<bool> {
        let mut next = vec![false; reached.len()];
        for start in reached.iter().enumerate().filter(|(_, ok)| **ok).map(|(n, _)| n) {
            let fits = text[start..]
                .iter()
                .take(usize::from(self.max))
                .take_while(|byte| self.set & (1 << **byte) != 0)
                .count();
            for used in usize::from(self.min)..=fits {
                next[start + used] = true;
            }
        }
        next
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, why: &'static str) -> PatternError {
        PatternError { at: u32::try_from(self.at).unwrap_or(u32::MAX).max(1), why }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    fn another(&mut self) -> Result<u8, PatternError> {
        self.next().ok_or_else(|| self.wrong("it ends too soon"))
    }

    fn set(&mut self, byte: u8) -> Result<u128, PatternError> {
        match byte {
            b'[' => self.class(),
            b'.' => Ok(PRINTABLE),
            b'\\' => self.escape(),
            b'(' | b')' | b'|' | b'^' | b'$' | b'{' | b'}' | b']' | b'*' | b'+' | b'?' => {
                Err(self
                    .wrong("this is not supported here; write \\ in front to mean the character"))
            }
            0x20..=0x7E => Ok(1 << byte),
            _ => Err(self.wrong("only printable ASCII characters are allowed")),
        }
    }

    fn escape(&mut self) -> Result<u128, PatternError> {
        match self.another()? {
            b'd' => Ok(DIGITS),
            byte if byte.is_ascii_punctuation() => Ok(1 << byte),
            _ => Err(self.wrong("this escape is not known")),
        }
    }

    fn class(&mut self) -> Result<u128, PatternError> {
        let mut set = 0u128;
        loop {
            let first = match self.another()? {
                b']' if set != 0 => return Ok(set),
                b'\\' => {
                    set |= self.escape()?;
                    continue;
                }
                byte @ 0x20..=0x7E if byte != b'^' && byte != b']' => byte,
                _ => return Err(self.wrong("this is not allowed in a class")),
            };
            if self.text.get(self.at) != Some(&b'-') || self.text.get(self.at + 1) == Some(&b']') {
                set |= 1 << first;
                continue;
            }
            self.at += 1;
            let last = self.another()?;
            if !(first..0x7F).contains(&last) {
                return Err(self.wrong("the range runs backwards"));
            }
            set |= (first..=last).fold(0u128, |set, byte| set | 1 << byte);
        }
    }

    fn count(&mut self) -> Result<(u8, u8), PatternError> {
        let most = u8::MAX;
        let (min, max) = match self.text.get(self.at) {
            Some(b'?') => (0, 1),
            Some(b'*') => (0, most),
            Some(b'+') => (1, most),
            Some(b'{') => return self.braces(),
            _ => return Ok((1, 1)),
        };
        self.at += 1;
        Ok((min, max))
    }

    fn braces(&mut self) -> Result<(u8, u8), PatternError> {
        self.at += 1;
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|b| *b == b'}');
        let inner = end.and_then(|end| std::str::from_utf8(&rest[..end]).ok());
        let counts = inner.and_then(|inner| match inner.split_once(',') {
            None => inner.parse().ok().map(|n| (n, n)),
            Some((min, "")) => min.parse().ok().map(|min| (min, u8::MAX)),
            Some((min, max)) => Some((min.parse().ok()?, max.parse().ok()?)),
        });
        match (end, counts) {
            (Some(end), Some((min, max))) if min <= max => {
                self.at += end + 1;
                Ok((min, max))
            }
            _ => Err(self.wrong("a count is {n} or {n,m}, at most 255")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text, want) in [
            ("^R-[0-9A-HJKMNP-TV-Z]{8}$", "R-0123456Z", true),
            ("^R-[0-9A-HJKMNP-TV-Z]{8}$", "R-0123456I", false),
            ("^R-[0-9A-HJKMNP-TV-Z]{8}$", "XR-0123456Z", false),
            ("R-[A-Z]{2,3}", "R-ABCD", false),
            (r"\d+-\d{2,}[a\-]?", "7-123-", true),
            ("N.*", "N", true),
            ("[A-Z]*A", "AAAA", true),
            ("[-A]+", "A-A", true),
            ("a?a?a?aaa", "aaa", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for bad in ["", "^$", "(a)", "a|b", "[", "[]", "[z-a]", "a{3,2}", "a{", r"\w", "é", "[^a]"]
        {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }
}
