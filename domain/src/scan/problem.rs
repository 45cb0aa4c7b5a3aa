//! What is wrong or doubtful about a scan: codes, never sentences.

/// The kind of a problem. All but the last three mean that the text must not be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A character that may not stand there.
    Charset,
    /// Too short or too long.
    Length,
    /// A wrong mod 10 digit.
    CheckDigit,
    /// A wrong check character of a facility code or a HIBC symbol.
    CheckChar,
    /// A date that does not exist.
    BadDate,
    /// A time that does not exist.
    BadTime,
    /// An application identifier that the GS1 dictionary does not have.
    UnknownAi,
    /// One identifier, or one field, with two values.
    RepeatedAi,
    /// Two application identifiers that exclude each other.
    Association,
    /// No GS1 company prefix where one must start.
    Gcp,
    /// An AIM identifier this project does not read.
    AimUnsupported,
    /// A `+` that does not start a HIBC code, as a wrong keyboard layout makes of `]`.
    Prefix,
    /// An ISO 15434 envelope without its whole head and end: a keyboard lost control characters.
    Envelope,
    /// A data identifier of format 06, or a HIBC field, that this project does not read.
    UnknownDi,
    /// Two product codes that nothing says to mean one product.
    ConflictingProductCodes,
    /// Not in the form of an NDC.
    NotAnNdc,
    /// More than one reading, and no way to tell.
    Ambiguous,
    /// Nothing this project knows.
    Unrecognised,
    /// A coding scheme that is known and not read.
    NotSupported,
    /// Any other rule of the GS1 dictionary.
    Other,
    /// Well formed, but an element that the GS1 dictionary requires beside another is absent.
    MissingRequisiteAi,
    /// The NDC in AI 715 is none of the readings of the one inside the GTIN. AI 715 stands.
    NdcConflict,
    /// A separator may have been lost, so that a value may have swallowed what followed.
    Suspect,
}

impl Class {
    /// Must the text be refused?
    pub fn refuses(self) -> bool {
        !matches!(self, Self::MissingRequisiteAi | Self::NdcConflict | Self::Suspect)
    }

    /// The code in messages and acceptance cases.
    pub fn code(self) -> &'static str {
        match self {
            Self::Charset => "charset",
            Self::Length => "length",
            Self::CheckDigit => "check_digit",
            Self::CheckChar => "check_char",
            Self::BadDate => "bad_date",
            Self::BadTime => "bad_time",
            Self::UnknownAi => "unknown_ai",
            Self::RepeatedAi => "repeated_ai",
            Self::Association => "association",
            Self::Gcp => "gcp",
            Self::AimUnsupported => "aim_unsupported",
            Self::Prefix => "prefix",
            Self::Envelope => "envelope",
            Self::UnknownDi => "unknown_di",
            Self::ConflictingProductCodes => "conflicting_product_codes",
            Self::NotAnNdc => "not_an_ndc",
            Self::Ambiguous => "ambiguous",
            Self::Unrecognised => "unrecognised",
            Self::NotSupported => "not_supported",
            Self::Other => "other",
            Self::MissingRequisiteAi => "missing_requisite_ai",
            Self::NdcConflict => "ndc_conflict",
            Self::Suspect => "suspect",
        }
    }
}

/// One problem, with the identifier it is about where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub class: Class,
    /// The application identifier, such as `17`, or the data identifier, such as `9N`.
    pub ai: Option<String>,
}

impl Problem {
    pub(super) fn of(class: Class) -> Self {
        Self { class, ai: None }
    }

    pub(super) fn at(class: Class, ai: &str) -> Self {
        Self { class, ai: Some(ai.to_owned()) }
    }
}
