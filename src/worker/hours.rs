//! Orders at the home's hours go over to a new plan when a policy with other hours takes force, or
//! when their resident lives in a unit with other hours. Asking twice finds nothing new.

use super::horizon::ORDERS_MAX;
use crate::policy_file::frequencies;
use crate::service::{App, Asked, Outcome};
use crate::store::StoreError;
use emar_domain::decide::{Command, HoursCommand, other_hours};
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;

/// The name under which the newest version is kept whose hours all orders have: what takes force
/// while the server is down is followed by the next start.
pub const FOLLOWED: &str = "hours_of_policy";

/// Brings every order at home hours to those of `policy` from `from` on; false when that must be
/// tried again. `version` is the policy's; absent: it was in force before, and a resident moved.
///
/// # Errors
/// When the database fails.
pub async fn follow(
    app: &App,
    policy: &Policy,
    version: Option<u32>,
    from: Instant,
) -> Result<bool, StoreError> {
    let others = other_hours(&app.home(), policy, frequencies());
    for batch in others.chunks(ORDERS_MAX) {
        let mut orders = batch.to_vec();
        for other in &mut orders {
            other.last_taken = app.store.done_on(other.order).await?.last_taken;
        }
        if version.is_none() {
            // Until then they go on at the hours they have, as far as these are planned.
            let planned = Command::Plan(batch.iter().map(|other| other.order).collect());
            let outcome = app.lane.ask_patiently(Asked::by_server(planned)).await;
            if !matches!(outcome, Outcome::Done { .. }) {
                tracing::error!(?outcome, orders = batch.len(), "other hours wait");
                return Ok(false);
            }
        }
        let command = Command::Hours(Box::new(HoursCommand { policy: version, from, orders }));
        match app.lane.ask_patiently(Asked::by_server(command)).await {
            Outcome::Done { .. } => {
                tracing::info!(orders = batch.len(), "orders are at other hours");
            }
            outcome => {
                tracing::error!(?outcome, orders = batch.len(), "other hours wait");
                return Ok(false);
            }
        }
    }
    Ok(true)
}
