//! Carries SQLite's write-ahead log over into its file, beside the write lane: a commit that has to
//! do it makes a nurse wait.

use super::{Shutdown, pause};
use crate::service::App;
use std::sync::Arc;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);

/// Carries over until the server ends; nothing to do where the engine has no such log.
pub async fn run(app: Arc<App>, mut shutdown: Shutdown) {
    if app.store.is_shared() {
        return;
    }
    while pause(EVERY, &mut shutdown).await {
        if let Err(error) = app.store.carry_over().await {
            tracing::warn!(%error, "the write-ahead log grows");
        }
    }
}
