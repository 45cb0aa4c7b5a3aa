//! Identities: typed uuids for facts, short checked texts for places and devices.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { s.parse().map(Self) }
        }
    )+};
}

uuid_ids! {
    /// A resident of a home.
    ResidentId,
    /// An order; its versions carry what was ordered.
    OrderId,
    /// One occurrence of an order.
    DoseId,
    /// What was done about a dose, or about a PRN order.
    AdministrationId,
    /// A dose put in the pot.
    PreparedId,
    /// A person who signs on.
    UserId,
    /// One alert of a resident, pass date, pass and kind.
    AlertId,
    /// A product of the formulary.
    ProductId,
    /// A pharmacy label stuck on a package.
    LabelId,
    /// One scan, named by whoever made it (page or bridge).
    ScanId,
    /// One value measured on a resident.
    ReadingId,
    /// One sign-on; the public name of a session, never its secret.
    SessionId,
    /// Any other fact.
    FactId,
}

/// Why a text is no [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 characters of a-z, 0-9, '-' and '_', and starts with a letter or digit")]
pub struct BadSlug;

/// An opaque short id that may stand in a topic: 1 to 64 of `a-z 0-9 - _`, first a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Checks `s`.
    ///
    /// # Errors
    /// [`BadSlug`] when a character or the length is not allowed.
    pub fn new(s: &str) -> Result<Self, BadSlug> {
        let body = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
        let bytes = s.as_bytes();
        let first_ok = bytes.first().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if first_ok && bytes.len() <= 64 && bytes.iter().all(|c| body(*c)) {
            Ok(Self(s.to_owned()))
        } else {
            Err(BadSlug)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;
    fn try_from(s: String) -> Result<Self, BadSlug> {
        Self::new(&s)
    }
}
impl From<Slug> for String {
    fn from(s: Slug) -> Self {
        s.0
    }
}
impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A home, as named in topics.
pub type FacilityId = Slug;
/// A med cart.
pub type CartId = Slug;
/// A unit (wing) of a home.
pub type UnitId = Slug;
/// A nurse station.
pub type StationId = Slug;
