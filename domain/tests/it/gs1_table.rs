//! The committed table of application identifiers is what GS1's dictionary yields.
//!
//! After a change of the dictionary: `EMAR_BLESS=1 cargo test -p emar-domain --test it gs1_table`.
use std::fmt::Write;

const DICTIONARY: &str = include_str!("../../data/gs1-syntax-dictionary.txt");
const TABLE: &str = include_str!("../../src/scan/gs1/table.rs");

const HEAD: &str = "\
//! Generated from data/gs1-syntax-dictionary.txt by tests/it/gs1_table.rs; do not edit.
use super::entry::Lint::*;
use super::entry::Set::{N, X, Y, Z};
use super::entry::{Entry, may, must};

";

/// `10` is 1000, `3105` is 3105.
fn key(ai: &str) -> u16 {
    format!("{ai:0<4}").parse().expect("an identifier is digits")
}

/// `X..20,csum` and `[N6]` as a call of `must` or `may`.
fn part(text: &str) -> String {
    let (maker, text) = match text.strip_prefix('[') {
        Some(rest) => ("may", rest.replace(']', "")),
        None => ("must", text.to_owned()),
    };
    let mut words = text.split(',');
    let (set, length) = words.next().expect("a component").split_at(1);
    let (min, max) = match length.split_once("..") {
        Some(("", max)) => ("1", max),
        Some((min, max)) => (min, max),
        None => (length, length),
    };
    let lints: Vec<String> = words.map(|w| w[..1].to_uppercase() + &w[1..]).collect();
    format!("{maker}({set}, {min}, {max}, &[{}])", lints.join(", "))
}

fn render() -> String {
    let mut digits = [0u8; 100];
    let mut rows = String::new();
    for line in DICTIONARY.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let mut words = line.split_whitespace();
        let ais = words.next().expect("an identifier");
        let (from, to) = ais.split_once('-').unwrap_or((ais, ais));
        let (first, last): (usize, usize) = (from[..2].parse().unwrap(), to[..2].parse().unwrap());
        for of_lead in &mut digits[first..=last] {
            let length = u8::try_from(from.len()).unwrap();
            assert!([0, length].contains(of_lead), "{ais}: the lead tells the length");
            *of_lead = length;
        }
        let (mut predefined, mut parts, mut req, mut ex) = (false, Vec::new(), Vec::new(), "");
        let (mut link_attribute, mut link_key) = (false, "None".to_owned());
        for word in words {
            if word.bytes().all(|b| b == b'*' || b == b'?') {
                predefined = word.contains('*');
                link_attribute = word.contains('?');
            } else if let Some(list) = word.strip_prefix("req=") {
                req.push(format!("\"{list}\""));
            } else if let Some(list) = word.strip_prefix("ex=") {
                ex = list;
            } else if let Some(list) = word.strip_prefix("dlpkey") {
                link_key = format!("Some({:?})", list.trim_start_matches('='));
            } else {
                parts.push(part(word));
            }
        }
        writeln!(
            rows,
            "    Entry {{ from: {}, to: {}, predefined: {predefined}, parts: &[{}], req: &[{}], ex: \"{ex}\", \
             link_key: {link_key}, link_attribute: {link_attribute} }},",
            key(from),
            key(to),
            parts.join(", "),
            req.join(", "),
        )
        .unwrap();
    }
    let digits: Vec<String> =
        digits.chunks(10).map(|row| row.iter().map(|d| format!(" {d},")).collect()).collect();
    format!(
        "{HEAD}/// By the first two digits: how many digits the identifier has; 0 is unknown.\n\
         pub(super) static DIGITS: [u8; 100] = [\n   {}\n];\n\n\
         /// Ascending, without overlaps.\npub(super) static ENTRIES: &[Entry] = &[\n{rows}];\n",
        digits.join("\n   "),
    )
}

#[test]
fn the_table_is_what_the_dictionary_yields() {
    let fresh = render();
    if std::env::var_os("EMAR_BLESS").is_some() {
        std::fs::write("src/scan/gs1/table.rs", &fresh).expect("the table can be written");
    } else {
        assert!(TABLE == fresh, "src/scan/gs1/table.rs is not what the dictionary yields");
    }
}

#[test]
fn the_table_ascends() {
    let keys: Vec<(u16, u16)> = DICTIONARY
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty())
        .map(|l| l.split_whitespace().next().unwrap())
        .map(|ais| ais.split_once('-').unwrap_or((ais, ais)))
        .map(|(from, to)| (key(from), key(to)))
        .collect();
    assert!(keys.len() > 150);
    assert!(keys.windows(2).all(|w| w[0].1 < w[1].0), "ranges ascend and do not overlap");
}
