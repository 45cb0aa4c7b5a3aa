//! A home's own patterns: wristbands, badges, and the labels of its pharmacies.
use super::pattern::Pattern;

/// The codes a home knows as its own. Empty: none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns {
    /// GSRNs (AI 8018 and 8017) that start with these digits are the home's.
    pub gsrn_prefix: Option<String>,
    /// Wristbands that are not GSRNs; the last eight characters carry a check character.
    pub wristband: Option<Pattern>,
    /// Staff badges that are not GSRNs.
    pub badge: Option<Pattern>,
    /// Labels, by pharmacy.
    pub labels: Vec<LabelPattern>,
}

/// How the labels of one pharmacy look. Their codes are keys to look up, never products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPattern {
    /// Whose label it is: a code is only unique within it.
    pub pharmacy: String,
    /// What the code looks like.
    pub pattern: Pattern,
}

impl Patterns {
    pub(super) fn owns_gsrn(&self, gsrn: &str) -> bool {
        self.gsrn_prefix
            .as_deref()
            .is_some_and(|prefix| !prefix.is_empty() && gsrn.starts_with(prefix))
    }

    /// The pharmacies whose labels look like this text.
    pub(super) fn pharmacies<'a>(&'a self, text: &str) -> impl Iterator<Item = &'a str> {
        self.labels.iter().filter(|l| l.pattern.matches(text)).map(|l| l.pharmacy.as_str())
    }
}
