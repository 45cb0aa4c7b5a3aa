//! US drug codes: the three segments of an NDC and their 10, 11 and 12 digit forms.

/// An NDC whose segments are known: labeler, product, package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segments<'a> {
    labeler: &'a str,
    product: &'a str,
    package: &'a str,
}

impl<'a> Segments<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('-');
        let (labeler, product, package) = (parts.next()?, parts.next()?, parts.next()?);
        let known = matches!(
            (labeler.len(), product.len(), package.len()),
            (4, 4, 2) | (5, 3, 2) | (5, 4, 1) | (5, 4, 2) | (6, 4, 2)
        );
        (known && parts.next().is_none() && digits(labeler) && digits(product) && digits(package))
            .then_some(Self { labeler, product, package })
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// 4-4-2, 5-3-2, 5-4-1 or 5-4-2 with hyphens as 11 digits 5-4-2 without, and 6-4-2 whose labeler
/// starts with 0; `None` for anything else.
pub fn ndc11(text: &str) -> Option<String> {
    let Segments { labeler, product, package } = Segments::read(text)?;
    let labeler = if labeler.len() == 6 { labeler.strip_prefix('0')? } else { labeler };
    Some(format!("{labeler:0>5}{product:0>4}{package:0>2}"))
}

/// The same, and every 6-4-2, as 12 digits 6-4-2.
///
/// Source: FDA final rule 91 FR 10749, leading zeros per segment.
pub fn ndc12(text: &str) -> Option<String> {
    let Segments { labeler, product, package } = Segments::read(text)?;
    Some(format!("{labeler:0>6}{product:0>4}{package:0>2}"))
}

/// The 11 digits that 10 digits may mean, read as 4-4-2, 5-3-2 and 5-4-1, in this order.
///
/// The digits do not tell which: resolve against the products, never by guess.
pub fn candidates(ndc10: &str) -> Option<[String; 3]> {
    if ndc10.len() != 10 || !digits(ndc10) {
        return None;
    }
    Some([
        format!("0{ndc10}"),
        format!("{}0{}", &ndc10[..5], &ndc10[5..]),
        format!("{}0{}", &ndc10[..9], &ndc10[9..]),
    ])
}

/// The 10 digits of an NDC inside a GTIN-14: those that follow `03` after the indicator.
pub fn ndc10_of(gtin14: &str) -> Option<&str> {
    let ndc10 = gtin14.get(1..13)?.strip_prefix("03")?;
    (gtin14.len() == 14 && digits(gtin14)).then_some(ndc10)
}

/// GTIN-14 of 13 digits without check digit, and the NDC in it where there is one.
pub fn gtin(digits13: &str) -> Option<(String, Option<String>)> {
    if digits13.len() != 13 {
        return None;
    }
    let gtin14 = super::check::with_check_digit(digits13)?;
    let ndc10 = ndc10_of(&gtin14).map(str::to_owned);
    Some((gtin14, ndc10))
}

/// The 11 digits that AI 715 may mean: of 12 digits 6-4-2 and of 11 one, of 10 three. Empty: it has
/// no form of 11 digits, as when the labeler takes six.
///
/// Source: GS1 General Specifications, AI 715; FDA final rule 91 FR 10749.
pub fn readings_715(text: &str) -> Vec<String> {
    match text.len() {
        12 if digits(text) => text.strip_prefix('0').map(str::to_owned).into_iter().collect(),
        11 if digits(text) => vec![text.to_owned()],
        10 if digits(text) => candidates(text).map(Vec::from).unwrap_or_default(),
        _ => ndc11(text).into_iter().collect(),
    }
}

/// Does AI 715 name another NDC than the GTIN beside it may mean?
pub(super) fn conflict(fields: &super::Fields) -> bool {
    let in_gtin = fields.ndc11_candidates();
    let named = fields.nhrn_715().map(readings_715);
    named.is_some_and(|named| !in_gtin.is_empty() && !named.iter().any(|n| in_gtin.contains(n)))
}

/// What text typed as an NDC means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// One certain reading, as 11 digits.
    Ndc11(String),
    /// One certain reading that takes a labeler of six digits, as 12 digits.
    Ndc12(String),
    /// Digits that have more than one reading.
    Ambiguous,
    /// Not in the form of an NDC.
    NotAnNdc,
}

/// Reads a typed or printed NDC, with or without the letters in front.
pub fn typed(text: &str) -> Typed {
    let text = text.trim_matches(' ');
    let text = match text.get(..3) {
        Some(letters) if letters.eq_ignore_ascii_case("NDC") => {
            text[3..].trim_start_matches([' ', ':', '#'])
        }
        _ => text,
    };
    if let Some(ndc11) = ndc11(text) {
        return Typed::Ndc11(ndc11);
    }
    if let Some(ndc12) = ndc12(text) {
        return Typed::Ndc12(ndc12);
    }
    match text.len() {
        11 if digits(text) => Typed::Ndc11(text.to_owned()),
        // Ten digits have three readings; twelve are 6-4-2 or a UPC-A.
        10 | 12 if digits(text) => Typed::Ambiguous,
        _ => Typed::NotAnNdc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_padded() {
        for (text, eleven, twelve) in [
            ("1234-5678-90", "01234567890", "001234567890"),
            ("12345-678-90", "12345067890", "012345067890"),
            ("12345-6789-0", "12345678900", "012345678900"),
            ("12345-6789-01", "12345678901", "012345678901"),
        ] {
            assert_eq!(ndc11(text).as_deref(), Some(eleven));
            assert_eq!(ndc12(text).as_deref(), Some(twelve));
        }
        assert_eq!(ndc11("012345-6789-01").as_deref(), Some("12345678901"));
        assert_eq!(ndc12("123456-7890-12").as_deref(), Some("123456789012"));
        assert_eq!(ndc11("123456-7890-12"), None, "six digits of labeler do not fit");
        for bad in ["", "1-1-1", "12345-1234-123", "1234-5678-90-", "12a4-5678-90", "1234567890"] {
            assert_eq!((ndc11(bad), ndc12(bad)), (None, None), "{bad}");
        }
    }

    #[test]
    fn ten_digits_are_never_guessed() {
        let want = ["01234567890", "12345067890", "12345678900"];
        assert_eq!(candidates("1234567890").unwrap(), want);
        assert_eq!(typed("1234567890"), Typed::Ambiguous);
        assert_eq!(typed("NDC 60505-4379-3"), Typed::Ndc11("60505437903".into()));
        assert_eq!(typed("2026-09-11"), Typed::NotAnNdc);
        assert_eq!(typed("123456-7890-12"), Typed::Ndc12("123456789012".into()));
        assert_eq!(typed("012345-6789-01"), Typed::Ndc11("12345678901".into()));
        assert_eq!(typed("123456789012"), Typed::Ambiguous);
    }

    #[test]
    fn ai_715_takes_every_length() {
        for (text, want) in [
            ("016729045217", vec!["16729045217"]),
            ("16729045217", vec!["16729045217"]),
            ("16729-452-17", vec!["16729045217"]),
            ("1672945217", vec!["01672945217", "16729045217", "16729452107"]),
            ("116729045217", vec![]),
            ("LOT7", vec![]),
        ] {
            assert_eq!(readings_715(text), want, "{text}");
        }
    }

    #[test]
    fn a_gtin_carries_an_ndc_after_03() {
        let (gtin14, ndc10) = gtin("0031234567890").unwrap();
        assert_eq!((gtin14.as_str(), ndc10.as_deref()), ("00312345678906", Some("1234567890")));
        assert_eq!(gtin("0850012345001").unwrap().1, None);
        assert_eq!(gtin("12"), None);
    }
}
