//! Every sample, hostile text and broken trees.
use super::*;
use emar_domain::id::Slug;

/// Oak Hill with nothing in it.
pub(crate) fn home() -> Home {
    let zones = crate::zones::Catalogue::open(None);
    let text = include_str!("../../../schedules/oakhill.toml");
    let policy = crate::policy_file::parse(text, &zones).unwrap();
    let rules = zones.rules(&policy.zone).unwrap();
    Home::new(Slug::new("oakhill").unwrap(), policy, (*rules).clone())
}
