use super::*;

/// Every message and attribute with the variables it uses.
fn shape(source: &str) -> BTreeMap<String, BTreeSet<&str>> {
    let mut shape: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut id = String::new();
    let mut key = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =") {
            if let Some(attribute) = name.strip_prefix("    .") {
                key = format!("{id}.{attribute}");
            } else if !name.starts_with([' ', '\t']) {
                id = name.to_owned();
                key = id.clone();
            }
        }
        shape.entry(key.clone()).or_default().extend(variable_names(line));
    }
    shape.remove("");
    shape
}

#[test]
fn both_languages_have_the_same_messages_and_variables() {
    let (en, es) = (shape(EN.source), shape(ES.source));
    assert!(en.len() > 200, "only {} messages were found", en.len());
    assert_eq!(en, es);
}

#[test]
fn both_files_parse_without_an_error() {
    for source in [EN.source, ES.source] {
        assert!(FluentResource::try_new(source.to_owned()).is_ok());
    }
}

#[test]
fn every_message_formats_without_an_error() {
    for words in [&*EN, &*ES] {
        let mut args = FluentArgs::new();
        for name in variable_names(words.source) {
            args.set(name, if name == "count" { FluentValue::from(2) } else { "x".into() });
        }
        for id in message_ids(words.source) {
            let message = words.bundle.get_message(id).expect(id);
            let mut patterns = vec![message.value().expect(id)];
            patterns.extend(message.attributes().map(|attribute| attribute.value()));
            for pattern in patterns {
                let mut errors = Vec::new();
                let text = words.bundle.format_pattern(pattern, Some(&args), &mut errors);
                assert!(errors.is_empty(), "{id}: {errors:?}");
                assert!(!text.is_empty(), "{id} is empty");
            }
        }
    }
}

#[test]
fn objections_have_a_headline_without_variables_and_no_selectors() {
    for words in [&*EN, &*ES] {
        for (key, variables) in shape(words.source) {
            if key.starts_with("obj-") && key.ends_with(".head") {
                assert!(variables.is_empty(), "{key} uses {variables:?}");
            }
        }
        let objections = words.source.lines().filter(|line| line.starts_with("obj-"));
        for line in objections {
            assert!(!line.contains("->"), "{line}");
        }
    }
}

#[test]
fn the_page_gets_its_variables_as_slots() {
    let json: serde_json::Value = serde_json::from_str(&EN.page_json()).unwrap();
    let already = &json["objections"]["already_given"];
    assert_eq!(already["headline"], "STOP — already given");
    assert_eq!(already["detail"], "Given by {by} at {given_at}. Nothing was charted.");
    assert_eq!(json["ui"]["why-meal"], "Meal time");
}

#[test]
fn plural_follows_the_count() {
    assert_eq!(EN.count("round-left", &1), "1 resident left");
    assert_eq!(EN.count("round-left", &2), "2 residents left");
    assert_eq!(ES.count("round-left", &1), "Queda 1 residente");
}

#[test]
fn a_code_without_words_still_says_something() {
    let text = EN.objection("no_such_code", &BTreeMap::new());
    assert_eq!(text.headline, "obj-no_such_code");
}
