//! SPDX licence expressions, as far as crates use them.

use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// Whether the expression can be satisfied with allowed licences alone.
///
/// `WITH` and its exception belong to the name: `Apache-2.0 WITH LLVM-exception` is allowed only
/// when the list says exactly that. A slash is the old spelling of `OR`.
///
/// # Errors
/// When the text is not an expression.
pub(crate) fn allowed(expression: &str, list: &BTreeSet<String>) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = Words { words: spaced.split_whitespace().collect(), list };
    words.words.reverse();
    let ok = words.any()?;
    match words.words.pop() {
        None => Ok(ok),
        Some(word) => bail!("`{word}` is too much in `{expression}`"),
    }
}

/// The words still to read, the next one last.
struct Words<'a> {
    words: Vec<&'a str>,
    list: &'a BTreeSet<String>,
}

impl Words<'_> {
    fn any(&mut self) -> Result<bool> {
        let mut ok = self.all()?;
        while self.take("OR") {
            ok |= self.all()?;
        }
        Ok(ok)
    }

    fn all(&mut self) -> Result<bool> {
        let mut ok = self.one()?;
        while self.take("AND") {
            ok &= self.one()?;
        }
        Ok(ok)
    }

    fn one(&mut self) -> Result<bool> {
        let word = self.name()?;
        if word == "(" {
            let ok = self.any()?;
            if !self.take(")") {
                bail!("a parenthesis is open");
            }
            return Ok(ok);
        }
        let mut name = word.to_owned();
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.name()?);
        }
        Ok(self.list.contains(&name))
    }

    fn name(&mut self) -> Result<&str> {
        match self.words.pop() {
            None | Some(")" | "AND" | "OR" | "WITH") => bail!("a licence is missing"),
            Some(word) => Ok(word),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let here = self.words.last() == Some(&word);
        if here {
            self.words.pop();
        }
        here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let list = ["MIT", "Apache-2.0", "ISC", "Apache-2.0 WITH LLVM-exception"];
        let list = list.map(String::from).into();
        let cases = [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT AND ISC", Some(true)),
            ("(GPL-3.0-only OR MIT) AND (ISC OR Zlib)", Some(true)),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", Some(false)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("MIT WITH LLVM-exception", Some(false)),
            ("GPL-2.0-only/MIT", Some(true)),
            ("", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT ISC", None),
        ];
        for (expression, expected) in cases {
            assert_eq!(allowed(expression, &list).ok(), expected, "{expression}");
        }
    }
}
