//! How far memory reaches: the doses near now are always in it, those planned farther ahead are
//! brought for the commands that may touch them and let go again.
//!
//! Only the lane writes, so what it reads between two commits is what memory would hold. Had
//! another server written, the next commit would find memory behind the log and load it anew.

use super::{Lane, Waiting};
use crate::store::{AHEAD_MINUTES, CommitError, StoreError};
use emar_domain::decide::far_orders;
use emar_domain::id::{DoseId, OrderId};
use emar_domain::time::Instant;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

/// How often a lane that has nothing to do looks ahead.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// Memory never reaches less far, in minutes: no decision is made on a home that does.
const NEAR_MINUTES: i64 = AHEAD_MINUTES - 24 * 60;

impl Lane {
    /// Moves the reach of memory on with the clock, a day at a time or over whatever the clock
    /// jumped. Nothing is written: a restart loads the same.
    async fn look_ahead(&self) -> Result<(), StoreError> {
        let now = self.clock.clinical();
        let far = |minutes| now.plus_minutes(minutes).unwrap_or(Instant::MAX);
        let (facility, reach) = {
            let home = self.home.read().unwrap_or_else(PoisonError::into_inner);
            (home.facility.clone(), home.reach)
        };
        if reach >= far(NEAR_MINUTES) {
            return Ok(());
        }
        let to = far(AHEAD_MINUTES);
        let doses = self.store.doses_ahead(&facility, reach, to).await?;
        let mut home = self.home.write().unwrap_or_else(PoisonError::into_inner);
        doses.into_iter().for_each(|dose| home.put_dose(dose));
        home.reach = to;
        Ok(())
    }

    pub(super) async fn look_ahead_in_peace(&self) {
        if let Err(error) = self.look_ahead().await {
            tracing::error!(%error, "memory does not reach ahead; nothing is decided till it does");
        }
    }

    /// Brings what the commands of a batch may touch; which doses are to be let go after it.
    pub(super) async fn reach_for(&self, batch: &[Waiting]) -> Result<Vec<DoseId>, CommitError> {
        self.look_ahead().await?;
        let (orders, reach) = {
            let home = self.home.read().unwrap_or_else(PoisonError::into_inner);
            let orders = batch.iter().flat_map(|w| far_orders(&home, &w.asked.command));
            (orders.collect::<BTreeSet<OrderId>>(), home.reach)
        };
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let doses = self.store.doses_far(&orders, reach).await?;
        let mut home = self.home.write().unwrap_or_else(PoisonError::into_inner);
        let brought = doses.iter().map(|dose| dose.id).collect();
        doses.into_iter().for_each(|dose| home.put_dose(dose));
        Ok(brought)
    }

    /// Lets go of what was brought, but for what came within reach.
    pub(super) fn let_go(&self, doses: Vec<DoseId>) {
        if doses.is_empty() {
            return;
        }
        let mut home = self.home.write().unwrap_or_else(PoisonError::into_inner);
        home.forget_far(doses);
    }
}
