//! GS1 Digital Link: elements as a web address, `https://id.gs1.org/01/09506000134352?17=271231`.
//!
//! Any host and any path in front will do: a maker may use its own. Nothing is ever fetched.
//! Source: GS1 Digital Link standard, URI syntax; which identifier may stand where is in the
//! dictionary.
use std::fmt::Write;

use super::entry::Entry;
use super::{GS, identifier};
use crate::scan::problem::{Class, Problem};

/// Does the text start as a web address does?
pub(in crate::scan) fn is_link(text: &str) -> bool {
    after_scheme(text).is_some()
}

fn after_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// The element string that the address stands for: the key, its qualifiers, then the query.
///
/// # Errors
/// `Unrecognised`: an address without a GS1 key. Otherwise the first refusal.
pub(in crate::scan) fn element_string(text: &str) -> Result<String, Problem> {
    let unrecognised = || Problem::of(Class::Unrecognised);
    if !text.bytes().all(|b| matches!(b, 0x21..=0x7E)) {
        return Err(Problem::of(Class::Charset));
    }
    let address = after_scheme(text).ok_or_else(unrecognised)?;
    let address = address.split_once('#').map_or(address, |(address, _)| address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (host, path) = path.split_once('/').ok_or_else(unrecognised)?;
    if host.is_empty() {
        return Err(unrecognised());
    }
    let mut elements = String::new();
    for (ai, value) in keyed(path.strip_suffix('/').unwrap_or(path))? {
        let value = decoded(value).map_err(|class| Problem::at(class, ai))?;
        let padded = ai == "01" && matches!(value.len(), 8 | 12 | 13);
        let value = if padded { format!("{value:0>14}") } else { value };
        push(&mut elements, ai, &value)?;
    }
    for parameter in query.split(['&', ';']) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        // Other parameters are for the web server.
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        if !entry(name).ok_or_else(|| Problem::of(Class::UnknownAi))?.link_attribute {
            return Err(Problem::at(Class::Association, name));
        }
        let value = decoded(value).map_err(|class| Problem::at(class, name))?;
        push(&mut elements, name, &value)?;
    }
    Ok(elements)
}

/// The primary key and its qualifiers, from the end of the path backwards to the key.
fn keyed(path: &str) -> Result<Vec<(&str, &str)>, Problem> {
    let mut segments = path.rsplit('/');
    let mut pairs = Vec::new();
    while let (Some(value), Some(ai)) = (segments.next(), segments.next()) {
        let Some(entry) = entry(ai) else { break };
        pairs.push((ai, value));
        let Some(qualifiers) = entry.link_key else { continue };
        pairs.reverse();
        let fits = |order: &str| {
            let mut order = order.split(',');
            pairs.iter().skip(1).all(|(ai, _)| order.any(|next| next == *ai))
        };
        return match qualifiers.split('|').any(fits) {
            true => Ok(pairs),
            false => Err(Problem::at(Class::Association, ai)),
        };
    }
    Err(Problem::of(Class::Unrecognised))
}

fn entry(ai: &str) -> Option<&'static Entry> {
    identifier(ai).ok().filter(|(found, _)| *found == ai).map(|(_, entry)| entry)
}

/// Appends an element whose length is right, so that the string cannot be cut otherwise.
fn push(elements: &mut String, ai: &str, value: &str) -> Result<(), Problem> {
    let (min, max) = entry(ai).map_or((0, 0), Entry::lengths);
    if !(min.max(1)..=max).contains(&value.len()) {
        return Err(Problem::at(Class::Length, ai));
    }
    if !elements.is_empty() {
        elements.push(GS);
    }
    // Writing to a string cannot fail.
    let _ = write!(elements, "{ai}{value}");
    Ok(())
}

/// Percent-encoding undone. What is no visible character then cannot be in an element.
fn decoded(text: &str) -> Result<String, Class> {
    let mut bytes = text.bytes();
    let mut decoded = String::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'%' {
            let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit(bytes.next()), digit(bytes.next()));
            let code = high.zip(low).map(|(high, low)| high * 16 + low);
            code.and_then(|code| u8::try_from(code).ok()).ok_or(Class::Charset)?
        } else {
            byte
        };
        if !matches!(byte, 0x21..=0x7E) {
            return Err(Class::Charset);
        }
        decoded.push(char::from(byte));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_element_string() {
        for (address, want) in [
            ("https://id.gs1.org/01/09506000134352", "0109506000134352"),
            ("HTTPS://ID.GS1.ORG/01/09506000134352/", "0109506000134352"),
            ("https://id.gs1.org/01/9506000134352", "0109506000134352"),
            (
                "https://example.com/a/b/01/09506000134352/22/2A/10/A%2F1/21/7?17=271231#top",
                "0109506000134352\u{1d}222A\u{1d}10A/1\u{1d}217\u{1d}17271231",
            ),
            (
                "http://x/01/09506000134352?linkType=gs1:pip&15=271200;3103=000195",
                "0109506000134352\u{1d}15271200\u{1d}3103000195",
            ),
            (
                "https://id.gs1.org/8018/952123450000000012/8019/1",
                "8018952123450000000012\u{1d}80191",
            ),
        ] {
            assert_eq!(element_string(address).as_deref(), Ok(want), "{address}");
        }
    }

    #[test]
    fn what_is_no_link_is_refused() {
        for (address, want) in [
            ("https://example.com/about", Class::Unrecognised),
            ("https://example.com", Class::Unrecognised),
            ("https:///01/09506000134352", Class::Unrecognised),
            ("ftp://id.gs1.org/01/09506000134352", Class::Unrecognised),
            ("https://id.gs1.org/10/ABC", Class::Unrecognised),
            ("https://id.gs1.org/01/09506000134352/more/10/A", Class::Unrecognised),
            ("https://id.gs1.org/01/09506000134352/21/7/10/A", Class::Association),
            ("https://id.gs1.org/01/09506000134352/235/7/10/A", Class::Association),
            ("https://id.gs1.org/01/09506000134352?10=A&21=7", Class::Association),
            ("https://id.gs1.org/01/09506000134352?17=2712311", Class::Length),
            ("https://id.gs1.org/01/09506000134352/10/", Class::Unrecognised),
            ("https://id.gs1.org/01/09506000134", Class::Length),
            ("https://id.gs1.org/01/09506000134352?0=1", Class::UnknownAi),
            ("https://id.gs1.org/01/09506000134352/10/A%1d17271231", Class::Charset),
            ("https://id.gs1.org/01/09506000134352/10/A%2", Class::Charset),
            ("https://id.gs1.org/01/09506000134352/10/A B", Class::Charset),
        ] {
            let got = element_string(address).map_err(|problem| problem.class);
            assert_eq!(got, Err(want), "{address}");
        }
    }
}
