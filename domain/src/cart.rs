//! The cart session: who is signed on, which resident is open, what is in the pot.

use crate::administration::{Override, Witnessed};
use crate::amount::Amount;
use crate::id::{CartId, DoseId, OrderId, ReadingId, ResidentId, SessionId, UserId};
use crate::time::Instant;
use serde::{Deserialize, Serialize};

/// How long a second person's check waits for the packages. The project's choice: the witness is
/// still beside the cart.
const WITNESS_MICROS: i64 = 5 * 60 * 1_000_000;

/// A dose of which some packages were scanned, not yet all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counting {
    /// The dose; absent for a PRN giving, which gets its dose at charting.
    pub dose: Option<DoseId>,
    /// The order.
    pub order: OrderId,
    /// Version of the order they are counted for.
    #[serde(default)]
    pub version: u32,
    /// Packages needed.
    pub needed: u32,
    /// Texts of the packages scanned so far.
    pub packages: Vec<String>,
    /// Warnings accepted so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// How many of them there were before each package.
    #[serde(default)]
    pub accepted_before: Vec<u32>,
    /// The second person's check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witnessed>,
}

/// A second person checked a dose that is not counted yet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checked {
    /// The order.
    pub order: OrderId,
    /// The dose; absent for a PRN giving.
    pub dose: Option<DoseId>,
    /// Version of the order they checked.
    pub version: u32,
    /// What they found.
    pub witness: Witnessed,
}

/// A dose in the pot.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InPot {
    /// The dose.
    pub dose: DoseId,
    /// The order.
    pub order: OrderId,
    /// Version of the order it was prepared for.
    #[serde(default)]
    pub version: u32,
    /// Texts of its packages.
    pub packages: Vec<String>,
    /// Warnings accepted for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Packages the dose takes, where fewer were scanned: it is then charted as partial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u32>,
    /// What for (PRN).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The second person's check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witnessed>,
    /// The units it was counted out for by a sliding scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_scale: Option<Amount>,
    /// The readings it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadingId>,
}

/// One cart's session, kept by the server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CartSession {
    /// The cart.
    pub cart: CartId,
    /// Who is signed on.
    pub user: Option<UserId>,
    /// Under which session.
    pub session: Option<SessionId>,
    /// Whose medicines are being given.
    pub open: Option<ResidentId>,
    /// Since when.
    pub opened_at: Option<Instant>,
    /// A second person's check that waits for its packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// Half scanned.
    pub counting: Option<Counting>,
    /// In the pot.
    pub pot: Vec<InPot>,
    /// Texts of packages charted in this opening, so that none is given twice.
    pub used: Vec<String>,
    /// The last scan that counted, and when: the duplicate window.
    pub last_scan: Option<(String, Instant)>,
}

impl CartSession {
    /// A cart at which nobody is signed on.
    #[must_use]
    pub fn empty(cart: CartId) -> Self {
        Self {
            cart,
            user: None,
            session: None,
            open: None,
            opened_at: None,
            checked: None,
            counting: None,
            pot: Vec::new(),
            used: Vec::new(),
            last_scan: None,
        }
    }

    /// Opens a resident, closing the one before.
    pub fn open(&mut self, resident: ResidentId, at: Instant) {
        self.close();
        self.open = Some(resident);
        self.opened_at = Some(at);
    }

    /// Closes the open resident.
    pub fn close(&mut self) {
        self.open = None;
        self.opened_at = None;
        self.checked = None;
        self.counting = None;
        self.pot.clear();
        self.used.clear();
    }

    /// The second person's check of a dose: of the one being counted, or one that waits for its
    /// packages and was made lately.
    #[must_use]
    pub fn witness_of(
        &self,
        order: OrderId,
        dose: Option<DoseId>,
        version: u32,
        now: Instant,
    ) -> Option<Witnessed> {
        let asked = (order, dose, version);
        let counting = self.counting.as_ref().filter(|c| (c.order, c.dose, c.version) == asked);
        let waits = self.checked.as_ref().filter(|c| (c.order, c.dose, c.version) == asked);
        let fresh = |w: &Witnessed| now.micros_since(w.at) <= WITNESS_MICROS;
        let found = counting.and_then(|c| c.witness).filter(fresh);
        found.or_else(|| waits.map(|c| c.witness).filter(fresh))
    }
}
