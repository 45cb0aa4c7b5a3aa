//! The words of the pages: one Fluent bundle a language, embedded in the binary.
use emar_domain::administration::reason;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A language the pages speak. Drug names are never translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English, the default.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Lang {
    /// The BCP 47 tag, as in `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of a tag or an `Accept-Language` value; English when neither is spoken.
    pub fn from_tag(tag: &str) -> Self {
        if tag.trim_start().to_ascii_lowercase().starts_with("es") { Self::Es } else { Self::En }
    }
}

/// The words of one language.
pub struct Words {
    lang: Lang,
    source: &'static str,
    /// Names of all variables of the source.
    variables: BTreeSet<&'static str>,
    bundle: FluentBundle<FluentResource>,
}

/// Headline and sentence of an objection code.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ObjectionText {
    /// Short and without variables, so that it can always be shown whole.
    pub headline: String,
    /// One or two sentences; variables of the rule's `params` filled in.
    pub detail: String,
}

static EN: LazyLock<Words> =
    LazyLock::new(|| Words::new(Lang::En, include_str!("../../../web/words/en.ftl")));
static ES: LazyLock<Words> =
    LazyLock::new(|| Words::new(Lang::Es, include_str!("../../../web/words/es.ftl")));

/// The words of `lang`.
pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::En => &EN,
        Lang::Es => &ES,
    }
}

impl Words {
    fn new(lang: Lang, source: &'static str) -> Self {
        // A test holds both files free of errors, so the parsed part is the whole.
        let resource = match FluentResource::try_new(source.to_owned()) {
            Ok(whole) => whole,
            Err((part, _)) => part,
        };
        let tags = lang.tag().parse().into_iter().collect();
        let mut bundle = FluentBundle::new_concurrent(tags);
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { lang, source, variables: variable_names(source), bundle }
    }

    /// Which language this is.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// The text of `id`; the id itself when there is none, so that a gap shows and nothing fails.
    pub fn t(&self, id: &str) -> String {
        self.format(id, None, None)
    }

    /// The word of a code in a family of words; the code in plain letters when there is none.
    pub fn named(&self, family: &str, code: &str) -> String {
        let id = format!("{family}-{code}");
        let found = self.t(&id);
        if found == id { code.replace('_', " ") } else { found }
    }

    /// The text of `id` with text variables filled in.
    pub fn with(&self, id: &str, args: &[(&str, &str)]) -> String {
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            fluent.set(*name, *value);
        }
        self.format(id, None, Some(&fluent))
    }

    /// The text of `id` with one text variable.
    pub fn one(&self, id: &str, name: &str, value: &str) -> String {
        self.with(id, &[(name, value)])
    }

    /// The text of `id` with one number.
    pub fn num(&self, id: &str, name: &str, value: &u32) -> String {
        self.with(id, &[(name, &value.to_string())])
    }

    /// The text of `id` with variables `done` and `total`.
    pub fn of(&self, id: &str, done: &u32, total: &u32) -> String {
        self.with(id, &[("done", &done.to_string()), ("total", &total.to_string())])
    }

    /// The words of an override reason.
    pub fn why(&self, code: &str) -> String {
        self.t(&format!("why-{code}"))
    }

    /// `1 of 2` packages.
    pub fn units_of(&self, scanned: &u32, needed: &u32) -> String {
        let (scanned, needed) = (scanned.to_string(), needed.to_string());
        self.with("how-units", &[("scanned", &scanned), ("needed", &needed)])
    }

    /// Which carts were not heard from.
    pub fn unheard(&self, carts: &[String]) -> String {
        self.one("station-unheard", "carts", &carts.join(", "))
    }

    /// Who took an alert, and since when.
    pub fn taken(&self, who: &str, at: &str) -> String {
        self.with("station-taken", &[("who", who), ("at", at)])
    }

    /// The text of `id` for a number, which also chooses singular or plural.
    pub fn count(&self, id: &str, count: &u32) -> String {
        let mut fluent = FluentArgs::new();
        fluent.set("count", FluentValue::from(*count));
        self.format(id, None, Some(&fluent))
    }

    /// The headline and sentence of a verdict that is not an objection (`said-*`).
    pub fn said(&self, what: &str, count: u32, args: &[(&str, &str)]) -> ObjectionText {
        self.pair(&format!("said-{what}"), Some(count), args)
    }

    /// The text of an objection code with its parameters, already formatted for people.
    /// A code without words says so by its name; a parameter that is missing shows as a dash.
    pub fn objection(&self, code: &str, params: &BTreeMap<String, String>) -> ObjectionText {
        let known = self.variables.iter().map(|name| (*name, "—"));
        let given = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let args: Vec<(&str, &str)> = known.chain(given).collect();
        self.pair(&format!("obj-{code}"), None, &args)
    }

    fn pair(&self, id: &str, count: Option<u32>, args: &[(&str, &str)]) -> ObjectionText {
        let mut fluent = FluentArgs::new();
        if let Some(count) = count {
            fluent.set("count", FluentValue::from(count));
        }
        for (name, value) in args {
            fluent.set(*name, *value);
        }
        ObjectionText {
            headline: self.format(id, Some("head"), Some(&fluent)),
            detail: self.format(id, None, Some(&fluent)),
        }
    }

    fn format(&self, id: &str, attribute: Option<&str>, args: Option<&FluentArgs<'_>>) -> String {
        let message = self.bundle.get_message(id);
        let pattern = match attribute {
            None => message.and_then(|m| m.value()),
            Some(name) => message.and_then(|m| m.get_attribute(name)).map(|a| a.value()),
        };
        let Some(pattern) = pattern else { return id.to_owned() };
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, args, &mut errors).into_owned()
    }

    /// What the page itself needs, as JSON:
    /// `{"objections": {code: {headline, detail}}, "ui": {id: text}}`.
    /// Variables stand as `{name}`.
    pub fn page_json(&self) -> String {
        let names = &self.variables;
        let slots: BTreeMap<&str, String> =
            names.iter().map(|name| (*name, format!("{{{name}}}"))).collect();
        let args: Vec<(&str, &str)> = slots.iter().map(|(n, slot)| (*n, slot.as_str())).collect();
        let mut objections = BTreeMap::new();
        let mut ui = BTreeMap::new();
        for id in message_ids(self.source) {
            if let Some(code) = id.strip_prefix("obj-") {
                objections.insert(code, self.pair(id, None, &args));
            } else if PAGE_PREFIXES.iter().any(|prefix| id.starts_with(prefix)) {
                ui.insert(id, self.with(id, &args));
            }
        }
        let reasons: BTreeMap<&str, Vec<serde_json::Value>> = OUTCOME_REASONS
            .iter()
            .map(|(outcome, codes)| (*outcome, self.reasons(codes)))
            .collect();
        let lang = self.lang.tag();
        serde_json::json!({ "lang": lang, "objections": objections, "ui": ui, "reasons": reasons })
            .to_string()
    }

    fn reasons(&self, codes: &[&str]) -> Vec<serde_json::Value> {
        let shown = |code: &&str| {
            let text = self.t(&format!("reason-{code}"));
            let comment = reason(code).is_some_and(|reason| reason.note_required);
            serde_json::json!({ "code": code, "text": text, "comment": comment })
        };
        codes.iter().map(shown).collect()
    }
}

/// Reasons the page offers for each outcome, at most nine, chosen by digit.
const OUTCOME_REASONS: [(&str, &[&str]); 3] = [
    ("refused", &["REF", "REF_TASTE", "REF_SE"]),
    ("held", &["HOLD_PARAM", "HOLD_NURSE"]),
    (
        "not_given",
        &[
            "UNAVAIL",
            "NPO",
            "ASLEEP",
            "NAUSEA",
            "UNSAFE",
            "APPT",
            "DAMAGED",
            "OUT_OF_DATE",
            "OTHER",
        ],
    ),
];

/// The families of messages the scripts use; the rest is in the templates.
const PAGE_PREFIXES: [&str; 11] = [
    "link-",
    "ask-",
    "why-",
    "reason-",
    "problem-",
    "sign-",
    "station-live",
    "take-",
    "scan-",
    "measure-",
    "reading-",
];

fn message_ids(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(|line| {
        let (id, _) = line.split_once(" =")?;
        id.starts_with(|c: char| c.is_ascii_lowercase()).then_some(id)
    })
}

fn variable_names(source: &str) -> BTreeSet<&str> {
    source
        .split('$')
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
