//! The opaque ids of which topics are made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The greatest length of an [`Id`], in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// An opaque id: 1 to 64 of `A-Z a-z 0-9 _ -`.
///
/// Topics stand in logs, bridges and access lists, so an id names no person, room or drug. The
/// narrow alphabet keeps out spaces, MQTT wildcards and separators; that the id means nothing to a
/// reader is the duty of whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// Why a text is no [`Id`]. The text itself is not repeated: it may hold a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// No character, or more than [`ID_BYTES_MAX`].
    #[error("an id is 1 to {ID_BYTES_MAX} characters long, this one has {0}; shorten it")]
    Length(usize),
    /// A character outside the alphabet.
    #[error("an id holds letters, digits, - and _ only, character {0} is another; replace it")]
    Character(usize),
}

impl Id {
    /// Checks `text` and makes it an id.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if text.is_empty() || text.len() > ID_BYTES_MAX {
            return Err(IdError::Length(text.chars().count()));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match text.chars().position(|c| !allowed(c)) {
            Some(at) => Err(IdError::Character(at + 1)),
            None => Ok(Self(text)),
        }
    }

    /// The text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl From<Uuid> for Id {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alphabet_and_length_are_checked() {
        for good in ["a", "oakhill", "cart-7", "ST_1", &"x".repeat(64)] {
            assert_eq!(Id::new(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(Id::new(""), Err(IdError::Length(0)));
        assert_eq!(Id::new("x".repeat(65)), Err(IdError::Length(65)));
        for (bad, at) in
            [("a/b", 2), ("+", 1), ("#", 1), ("Mary Smith", 5), ("ünal", 1), ("a.b", 2)]
        {
            assert_eq!(Id::new(bad), Err(IdError::Character(at)), "{bad}");
        }
    }
}
