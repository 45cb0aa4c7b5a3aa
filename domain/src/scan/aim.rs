//! AIM identifiers: the three characters a reader puts in front to name the symbology.

/// An AIM identifier as sent, such as `]d2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim([u8; 3]);

/// What may stand in a symbol with this identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// A GS1 element string.
    Gs1,
    /// EAN-13, or UPC-A with a leading zero: 13 digits.
    Ean13,
    /// EAN-8: 8 digits.
    Ean8,
    /// Free text: Code 128 and Code 39 labels.
    Text,
    /// A symbol of other use; only HIBC, ISO 15434 and GS1 Digital Link are known in it.
    Other,
    /// No identifier this project knows, such as one whose letter CapsLock turned over.
    Unknown,
}

impl Aim {
    /// Splits an identifier off the front of a scan.
    pub(super) fn split(raw: &str) -> (Option<Self>, &str) {
        match raw.as_bytes() {
            [b']', letter, modifier, ..]
                if letter.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
            {
                (Some(Self([b']', *letter, *modifier])), &raw[3..])
            }
            _ => (None, raw),
        }
    }

    /// The three characters as sent.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn carrier(self) -> Carrier {
        match &self.0 {
            b"]d2" | b"]C1" | b"]e0" | b"]Q3" | b"]J1" => Carrier::Gs1,
            b"]E0" => Carrier::Ean13,
            b"]E4" => Carrier::Ean8,
            b"]C0" | b"]A0" => Carrier::Text,
            b"]A1" | b"]d1" | b"]d4" | b"]F0" | b"]G0" | b"]I0" | b"]I1" | b"]L0" | b"]L1"
            | b"]L2" | b"]Q0" | b"]Q1" | b"]Q2" => Carrier::Other,
            // Aztec Code: HIBC and ISO 15434 tell themselves, whatever the options of the symbol.
            [b']', b'z', b'0'..=b'9' | b'A'..=b'C'] => Carrier::Other,
            _ => Carrier::Unknown,
        }
    }
}
