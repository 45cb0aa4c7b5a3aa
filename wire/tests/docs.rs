//! `docs/mqtt.md` stays true: its tree is the tree, and its examples are payloads.

use std::path::PathBuf;

use emar_wire::Kind;
use emar_wire::payload::{
    AlertCommand, AlertEvent, AlertIndex, AlertState, Capabilities, CartHealth, CommandReply,
    DeadLetter, Heartbeat, Presence, Scan, Shown, Silence, VerdictMessage, decode,
};
use emar_wire::signed::Signed;
use serde::de::DeserializeOwned;

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/mqtt.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_row_of_the_tree_is_documented() {
    let page = page();
    for kind in Kind::ALL {
        let words = match kind {
            Kind::PharmacyIn => "{order,dispense,census,allergy,refill-answer}",
            Kind::PharmacyOut => "{administration,refill,stock,census}",
            Kind::PharmacyResync => "{request,chunk}",
            _ => "",
        };
        let text = kind.template().replace("{event}", words).replace("{part}", words);
        let row = page.lines().find(|line| line.starts_with(&format!("| `{text}` |")));
        let row = row.unwrap_or_else(|| panic!("{text} is missing"));
        assert_eq!(row.contains("| R |"), kind.retained(), "{row}");
    }
}

fn reads<T: DeserializeOwned>(example: &str) {
    if let Err(why) = decode::<T>(example.as_bytes(), 4096) {
        panic!("{why}: {example}");
    }
}

#[test]
fn every_example_is_a_payload() {
    let page = page();
    let examples: Vec<&str> =
        page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let readers: [fn(&str); 15] = [
        reads::<Presence>,
        reads::<Signed>,
        reads::<Heartbeat>,
        reads::<AlertState>,
        reads::<AlertEvent>,
        reads::<AlertIndex>,
        reads::<Shown>,
        reads::<AlertCommand>,
        reads::<CommandReply>,
        reads::<Silence>,
        reads::<Scan>,
        reads::<CartHealth>,
        reads::<VerdictMessage>,
        reads::<Capabilities>,
        reads::<DeadLetter>,
    ];
    assert_eq!(examples.len(), readers.len());
    for (example, read) in examples.iter().zip(readers) {
        read(example);
    }
}
