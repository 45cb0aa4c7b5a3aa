//! The words this field does not use, in identifiers and file names.

use super::source::Source;

const BANNED: [&str; 7] = ["patient", "task", "item", "manager", "handler", "helper", "util"];

/// Where another's interface forces a word: files whose path starts with the first text may hold
/// the second. An empty path means everywhere.
const FORCED: [(&str, &str); 14] = [
    ("", "Item ="),
    ("", "::Item"),
    ("", "tokio::task"),
    ("", "std::task"),
    ("", "task::"),
    ("src/store/", "set_progress_handler"),
    ("web/", "getItem"),
    ("web/", "setItem"),
    ("web/", "removeItem"),
    ("web/", "namedItem"),
    // FHIR names its resources and their fields so.
    ("src/exchange/", "Patient"),
    ("src/exchange/", "patient"),
    ("src/exchange/", "Task"),
    ("tests/", "Patient"),
];

/// Each banned word in the code of a file or in its name.
pub(super) fn check(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    if let Some(word) = source.path.split(['/', '.', '-']).find_map(banned_in) {
        found.push((0, format!("`{word}` in the file's name")));
    }
    for (line, code) in source.code.lines().enumerate() {
        let mut code = code.to_owned();
        for (path, text) in FORCED {
            if source.path.starts_with(path) {
                code = code.replace(text, " ");
            }
        }
        let identifiers = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        for identifier in identifiers {
            if let Some(word) = banned_in(identifier) {
                found.push((line, format!("`{identifier}`: the field does not say `{word}`")));
            }
        }
    }
    found
}

fn banned_in(identifier: &str) -> Option<&'static str> {
    let words = words(identifier);
    BANNED.into_iter().find(|banned| {
        words.iter().any(|word| word == banned || word.strip_suffix('s') == Some(banned))
    })
}

/// `openOrderItem` and `open_order_item` are the words open, order, item.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_spelling_and_only_whole() {
        let cases = [
            ("open_items", Some("item")),
            ("PatientRow", Some("patient")),
            ("lineItem", Some("item")),
            ("TASK_MAX", Some("task")),
            ("xtask", None),
            ("itemize", None),
            ("utility", None),
            ("utils", Some("util")),
            ("resident", None),
        ];
        for (identifier, expected) in cases {
            assert_eq!(banned_in(identifier), expected, "{identifier}");
        }
    }

    #[test]
    fn only_code_and_names_count_and_forced_words_pass() {
        let text = "// the patient\nlet a = \"task\"; tokio::task::yield_now();\nlet item = 1;";
        let found = check(&Source::new("src/a.rs", text));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, 2);
        assert!(check(&Source::new("web/a.js", "form.elements.namedItem(name);")).is_empty());
        assert!(check(&Source::new("src/exchange/fhir/a.rs", "struct Patient;")).is_empty());
        assert_eq!(check(&Source::new("src/order_manager.rs", "")).len(), 1);
    }
}
