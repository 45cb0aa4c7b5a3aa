//! `parse_scan`: what a scan means by itself.
use emar_domain::scan::{Fields, Kind, Pattern, Patterns, Setup, parse};
use emar_domain::time::CivilDate;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `{"fn": "parse_scan", "raw", "today": "2026-11-02", "gsrn_prefix"?, "wristband"?}`.
#[derive(Deserialize)]
pub(crate) struct ParseScan {
    raw: String,
    today: CivilDate,
    #[serde(default)]
    gsrn_prefix: Option<String>,
    #[serde(default)]
    wristband: Option<String>,
}

impl ParseScan {
    /// `{"kind", "key"?, "fields", "problems": [{"class", "ai"?}]}`.
    pub(crate) fn answer(self) -> Value {
        let today = self.today;
        let Some(today) = chrono::NaiveDate::from_ymd_opt(today.year(), today.month(), today.day())
        else {
            return json!({ "error": "bad_request" });
        };
        let mut setup = Setup::new(today);
        setup.patterns = Patterns {
            gsrn_prefix: self.gsrn_prefix,
            wristband: self.wristband.as_deref().and_then(|text| Pattern::new(text).ok()),
            badge: None,
            labels: Vec::new(),
        };
        let (parsed, problems) = parse(&self.raw, &setup);
        let (kind, key) = kind(parsed.kind);
        let problems: Vec<Value> = problems
            .into_iter()
            .map(|problem| json!({ "class": problem.class.code(), "ai": problem.ai }))
            .collect();
        json!({ "kind": kind, "key": key, "fields": fields(parsed.fields), "problems": problems })
    }
}

fn kind(kind: Kind) -> (&'static str, Option<String>) {
    match kind {
        Kind::Refused => ("refused", None),
        Kind::Command(name) => ("command", Some(name)),
        Kind::Wristband(key) => ("wristband", Some(key)),
        Kind::Badge(key) => ("badge", Some(key)),
        Kind::Label { key, .. } => ("label", Some(key)),
        Kind::Gs1 => ("gs1", None),
        Kind::Hibc => ("hibc", None),
        Kind::Format06 => ("format_06", None),
        Kind::Retail => ("retail", None),
        Kind::Ndc => ("ndc", None),
        Kind::Opaque(key) => ("opaque", Some(key)),
    }
}

/// The fields a page may show; absent ones are left out.
fn fields(fields: Fields) -> Value {
    let texts = [
        ("gtin", fields.gtin),
        ("lot", fields.lot),
        ("serial", fields.serial),
        ("expiry", fields.expiry.map(|expiry| expiry.to_string())),
        ("sscc", fields.sscc),
        ("gsrn_provider", fields.gsrn_provider),
        ("gsrn_recipient", fields.gsrn_recipient),
        ("srin", fields.srin),
        ("ndc10", fields.ndc10),
        ("ndc11", fields.ndc11),
    ];
    let present =
        texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    Value::Object(present.collect::<Map<_, _>>())
}
