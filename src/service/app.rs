//! What every part of the server shares.

use super::activity::Activity;
use super::effects::Outgoing;
use super::heard::HeardFrom;
use super::lane::LaneHandle;
use crate::clock::{Clock, Ids};
use crate::store::Store;
use emar_domain::decide::ScanAnswer;
use emar_domain::home::Home;
use emar_domain::id::{AlertId, CartId, FacilityId, ResidentId};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::broadcast;

/// What a commit changed: whoever shows it looks again.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Size of the log after it.
    pub version: u64,
    /// Residents whose orders, doses or own data changed.
    pub residents: BTreeSet<ResidentId>,
    /// Carts whose session changed.
    pub carts: BTreeSet<CartId>,
    /// Alerts with a new revision.
    pub alerts: BTreeSet<AlertId>,
}

/// One facility on this server.
pub struct App {
    /// The facility.
    pub facility: FacilityId,
    /// Its database.
    pub store: Store,
    /// Its state in memory: always as committed.
    pub home: Arc<RwLock<Home>>,
    /// The only way to change it.
    pub lane: LaneHandle,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// What leaves the house.
    pub outgoing: Arc<Outgoing>,
    /// Told after each commit.
    pub changes: broadcast::Sender<Change>,
    /// When each session was last used.
    pub activity: Activity,
    /// Told of each scan a bridge sent, after its commit.
    pub scans: broadcast::Sender<(CartId, Box<ScanAnswer>)>,
    /// When each cart was last heard from.
    pub heard: HeardFrom,
}

impl App {
    /// The home as committed; hold it briefly and never across an await.
    pub fn home(&self) -> RwLockReadGuard<'_, Home> {
        self.home.read().unwrap_or_else(PoisonError::into_inner)
    }
}
