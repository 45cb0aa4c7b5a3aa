//! What the pages of the nurses' desk share: the bar, signing on, and a plain refusal.
use super::Frame;

/// Top bar of a page somebody is signed on to.
#[derive(Clone, Debug)]
pub struct DeskBar {
    /// What the page is: `Orders`.
    pub title: String,
    /// Who is signed on; empty when nobody is.
    pub user: String,
    /// When the page was read: `Mon 02-Nov-2026 08:04`.
    pub read_at: String,
    /// The home's zone: every time on the page is of it.
    pub zone: String,
}

/// The page in place of one that needs somebody signed on.
#[derive(Clone, Debug)]
pub struct DeskSign {
    /// Language, theme.
    pub frame: Frame,
    /// Top bar.
    pub bar: DeskBar,
    /// Id and name of each cart and station this browser is; empty when it is enrolled as none.
    pub places: Vec<(String, String)>,
}

/// The page in place of one that is not for who asked.
#[derive(Clone, Debug)]
pub struct DeskRefusal {
    /// Language, theme.
    pub frame: Frame,
    /// Top bar.
    pub bar: DeskBar,
    /// What, why and what to do.
    pub sentence: String,
}
