//! The scanner simulator of the demo.
use super::Frame;

/// The page: buttons that put codes into one cart's scanner.
#[derive(Clone, Debug)]
pub struct Simulator {
    /// Language, theme.
    pub frame: Frame,
    /// Cart id.
    pub cart: String,
    /// Demo badges, with their PIN beside them.
    pub badges: Vec<SimBadge>,
    /// Residents with wristband and packages.
    pub residents: Vec<SimResident>,
    /// The command card.
    pub commands: Vec<SimCode>,
}

/// A button: what it says and what it scans.
#[derive(Clone, Debug)]
pub struct SimCode {
    /// What it is.
    pub label: String,
    /// What the scanner sends, GS as U+001D.
    pub raw: String,
}

/// A demo badge.
#[derive(Clone, Debug)]
pub struct SimBadge {
    /// Name and role; the badge's code.
    pub code: SimCode,
    /// The PIN to type.
    pub pin: String,
}

/// A demo resident.
#[derive(Clone, Debug)]
pub struct SimResident {
    /// `112-B GARZA, Pilar`.
    pub name: String,
    /// The wristband.
    pub band: SimCode,
    /// Packages of the resident's orders.
    pub packages: Vec<SimCode>,
}
