//! Looks, all the time, whether every order in force is on the list of its resident.

use super::{Shutdown, pause};
use crate::service::App;
use emar_domain::explain;
use emar_domain::id::ResidentId;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(60);

/// How many orders in force no screen would show. Resident by resident: the home is never held
/// longer than a list takes.
#[must_use]
pub fn unlisted(app: &App) -> u64 {
    let now = app.clock.clinical();
    let of: BTreeSet<ResidentId> = app.home().orders.values().map(|o| o.current.resident).collect();
    let mut found = 0;
    for resident in of {
        let missing = explain::unlisted(&app.home(), resident, now);
        for order in &missing {
            tracing::error!(%order, "an order in force is on no list: report this fault");
        }
        found += u64::try_from(missing.len()).unwrap_or(u64::MAX);
    }
    found
}

/// Once a minute until the server ends; what is found is in the server's log.
pub async fn run(app: Arc<App>, mut shutdown: Shutdown) {
    while pause(EVERY, &mut shutdown).await {
        let app = Arc::clone(&app);
        // A chain of homes takes a while: no thread of the server waits for it.
        if tokio::task::spawn_blocking(move || unlisted(&app)).await.is_err() {
            tracing::error!("the orders in force could not be held against the lists");
        }
    }
}
