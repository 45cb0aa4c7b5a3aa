//! The shape of the generated table of application identifiers.

/// One line of the GS1 dictionary: an application identifier, or a range of them.
#[derive(Debug)]
pub(super) struct Entry {
    /// First identifier, filled up with zeros on the right to four digits: `10` is 1000.
    pub(super) from: u16,
    /// Last identifier of the range, in the same form.
    pub(super) to: u16,
    /// The length is known without the table, so no separator is needed.
    pub(super) predefined: bool,
    /// The components of the value, in order.
    pub(super) parts: &'static [Part],
    /// Each one: groups of identifiers of which one must be there too (`01+21,02`).
    pub(super) req: &'static [&'static str],
    /// Identifiers and patterns that must not be there too (`01,394n`).
    pub(super) ex: &'static str,
    /// The qualifiers that may follow it in the path of a Digital Link, in order (`22,10,21|235`);
    /// `None`: it is no primary key.
    pub(super) link_key: Option<&'static str>,
    /// It may stand in the query of a Digital Link.
    pub(super) link_attribute: bool,
}

/// One component of a value.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) set: Set,
    pub(super) min: u8,
    pub(super) max: u8,
    pub(super) optional: bool,
    pub(super) lints: &'static [Lint],
}

/// The character set of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    /// Digits.
    N,
    /// CSET 82.
    X,
    /// CSET 39.
    Y,
    /// CSET 64: base64url with padding.
    Z,
}

/// The content checks of the dictionary, by the names they have there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lint {
    Couponcode,
    Couponposoffer,
    Csum,
    Csumalpha,
    Gcppos1,
    Gcppos2,
    Hasnondigit,
    Hh,
    Hhmi,
    Hyphen,
    Iban,
    Importeridx,
    Iso3166,
    Iso3166999,
    Iso3166alpha2,
    Iso4217,
    Iso5218,
    Latitude,
    Longitude,
    Mediatype,
    Mi,
    Nonzero,
    Nozeroprefix,
    Packagetype,
    Pcenc,
    Pieceoftotal,
    Posinseqslash,
    Ss,
    Winding,
    Yesno,
    Yymmd0,
    Yymmdd,
    Yyyymmdd,
    Zero,
}

pub(super) const fn must(set: Set, min: u8, max: u8, lints: &'static [Lint]) -> Part {
    Part { set, min, max, optional: false, lints }
}

pub(super) const fn may(set: Set, min: u8, max: u8, lints: &'static [Lint]) -> Part {
    Part { set, min, max, optional: true, lints }
}

impl Entry {
    /// Shortest and longest value, in characters.
    pub(super) fn lengths(&self) -> (usize, usize) {
        self.parts.iter().fold((0, 0), |(min, max), part| {
            let least = if part.optional { 0 } else { usize::from(part.min) };
            (min + least, max + usize::from(part.max))
        })
    }
}
