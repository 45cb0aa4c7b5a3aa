//! From a scan's text to what it names in this home.

use super::product::Package;
use crate::drug::Product;
use crate::home::Home;
use crate::scan::{self, Fields, Kind, Pattern, Patterns, Setup, ndc};
use crate::schedule::policy::Policy;
use crate::time::{CivilDate, Instant};
use chrono::{Datelike, NaiveDate};

/// What a scan names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Named<'a> {
    /// A command card.
    Command(String),
    /// A wristband in the home's form.
    Band(String),
    /// A staff badge.
    Badge(String),
    /// A package.
    Package(Package<'a>),
    /// Well formed, in no list.
    Unknown,
    /// A kind that is recognised and not supported.
    Unsupported,
    /// Two codes in one read.
    Several,
    /// Did not read cleanly.
    Malformed,
}

impl Named<'_> {
    /// The kind written in the scan event.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Band(_) => "wristband",
            Self::Badge(_) => "badge",
            Self::Package(p) if p.label.is_some() => "label",
            Self::Package(_) => "product",
            Self::Unknown | Self::Unsupported => "unknown",
            Self::Several | Self::Malformed => "malformed",
        }
    }
}

/// Reads `raw` (GS as U+001D) with the home's own code patterns.
#[must_use]
pub fn named<'a>(home: &'a Home, raw: &str, now: Instant) -> Named<'a> {
    if is_several(raw) {
        return Named::Several;
    }
    let today = home.today(now);
    let today = NaiveDate::from_ymd_opt(today.year(), today.month(), today.day());
    let mut setup = Setup::new(today.unwrap_or_default());
    setup.patterns = patterns(&home.policy);
    let (parsed, problems) = scan::parse(raw, &setup);
    // A lost separator may have swallowed the next field: nothing in such a text is trusted.
    let is = |class| problems.iter().any(|p| p.class == class);
    match parsed.kind {
        Kind::Refused if is(scan::Class::NotSupported) => Named::Unsupported,
        Kind::Refused => Named::Malformed,
        _ if is(scan::Class::Suspect) => Named::Malformed,
        Kind::Command(name) => Named::Command(name),
        Kind::Wristband(key) => Named::Band(key),
        Kind::Badge(key) => Named::Badge(key),
        Kind::Label { key, .. } | Kind::Opaque(key) => labelled(home, &key),
        Kind::Gs1 if parsed.fields.gsrn_provider.is_some() => {
            Named::Badge(parsed.fields.gsrn_provider.unwrap_or_default())
        }
        Kind::Gs1 | Kind::Retail | Kind::Ndc | Kind::Hibc | Kind::Format06 => {
            product(home, &parsed.fields)
        }
    }
}

/// The home's own codes, as its policy describes them.
#[must_use]
pub fn patterns(policy: &Policy) -> Patterns {
    let text = String::from(policy.wristband.pattern.clone());
    Patterns {
        gsrn_prefix: policy.wristband.gsrn_prefix.clone(),
        wristband: Pattern::new(&text).ok(),
        badge: None,
        labels: Vec::new(),
    }
}

/// An AIM identifier inside the text: the reader took two labels in one read.
fn is_several(raw: &str) -> bool {
    ["]d2", "]C1", "]Q3", "]e0", "]E0"].iter().any(|aim| raw.rfind(aim).is_some_and(|at| at > 0))
}

fn labelled<'a>(home: &'a Home, key: &str) -> Named<'a> {
    let Some(label) = home.labels.get(key) else { return Named::Unknown };
    let product = label.product.and_then(|id| home.products.get(&id));
    let key = format!("label:{key}");
    Named::Package(Package { key, unique: false, product, label: Some(label), expiry: None })
}

fn product<'a>(home: &'a Home, fields: &Fields) -> Named<'a> {
    let Some(found) = find(home, fields) else { return Named::Unknown };
    let name = fields.gtin.clone().or_else(|| fields.ndc11.clone()).unwrap_or_default();
    let key = match &fields.serial {
        Some(serial) => format!("{name}#{serial}"),
        None => name,
    };
    let expiry = fields.last_day().and_then(|d| CivilDate::new(d.year(), d.month(), d.day()));
    let unique = fields.serial.is_some();
    Named::Package(Package { key, unique, product: Some(found), label: None, expiry })
}

/// By GTIN first; else by the one NDC reading the formulary knows: none or two is no match. What
/// AI 715 names is preferred to the NDC inside the GTIN; a product with another NDC is no match.
fn find<'a>(home: &'a Home, fields: &Fields) -> Option<&'a Product> {
    let named = fields.nhrn_715().map(ndc::readings_715);
    let contradicts = |product: &&Product| {
        named.iter().flatten().next().is_some()
            && product
                .ndc11
                .as_ref()
                .is_some_and(|ndc11| !named.iter().flatten().any(|n| n == ndc11))
    };
    if let Some(product) = fields.gtin.as_deref().and_then(|g| home.product_by_gtin(g)) {
        return Some(product).filter(|product| !contradicts(product));
    }
    let typed = fields.ndc11.clone().map(|ndc11| vec![ndc11]);
    let readings = named.or(typed).unwrap_or_else(|| fields.ndc11_candidates());
    let mut hits: Vec<&Product> = readings.iter().filter_map(|n| home.product_by_ndc(n)).collect();
    hits.dedup_by_key(|p| p.id);
    match hits.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}
