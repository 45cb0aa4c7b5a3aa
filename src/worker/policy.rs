//! The policy file, watched: a valid change becomes a version with a leaf, a bad one is told and
//! changes nothing.

use super::{Shutdown, hours, pause};
use crate::policy_file;
use crate::service::{App, Asked, Outcome};
use crate::store::{PolicyRow, PolicyVersion, StoreError};
use crate::zones::Catalogue;
use emar_domain::decide::Command;
use emar_domain::home::Earlier;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::Instant;
use emar_domain::zone::ZoneRules;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

const LOOK: Duration = Duration::from_secs(2);

/// When a policy takes force: the civil midnight it names, else the next one after `now`.
#[must_use]
pub fn effective_from(policy: &Policy, zone: &ZoneRules, now: Instant) -> Instant {
    let named = policy.effective_from.map(|date| zone.day_begins(date));
    named.unwrap_or_else(|| zone.next_day_begins(now))
}

/// The versions that were in force by `now`, in that order; the last is in force. A version whose
/// time came after that of a newer one never was.
#[must_use]
pub fn were_in_force(versions: &[PolicyVersion], now: Instant) -> Vec<&PolicyVersion> {
    let mut found: Vec<&PolicyVersion> = Vec::new();
    for version in versions.iter().filter(|v| v.effective_from <= now) {
        found.retain(|older| older.effective_from < version.effective_from);
        found.push(version);
    }
    found
}

/// The policies that were in force before the last of `steps`, and until when each was.
#[must_use]
pub fn earlier(steps: &[&PolicyVersion]) -> Vec<Earlier> {
    let pairs = steps.windows(2).filter_map(|pair| {
        let [version, next] = pair else { return None };
        Some(Earlier { until: next.effective_from, policy: from_body(&version.body)? })
    });
    pairs.collect()
}

/// A policy as it is stored.
#[must_use]
pub fn to_body(policy: &Policy) -> String {
    serde_json::to_string(policy).unwrap_or_default()
}

/// A stored policy.
#[must_use]
pub fn from_body(body: &str) -> Option<Policy> {
    serde_json::from_str(body).ok()
}

struct Watch {
    app: Arc<App>,
    file: PathBuf,
    zones: Arc<Catalogue>,
    seen: Option<(SystemTime, u64)>,
    /// The newest version whose hours all orders have; absent: not looked up yet.
    followed: Option<u32>,
    /// The state in which no order was at other hours than its unit's.
    settled: Option<u64>,
}

/// Watches the file and puts each version in force when its time comes, until the server ends.
pub async fn run(app: Arc<App>, file: PathBuf, zones: Arc<Catalogue>, mut shutdown: Shutdown) {
    let mut watch = Watch { app, file, zones, seen: None, followed: None, settled: None };
    loop {
        if let Err(error) = watch.look().await {
            tracing::error!(%error, "the policy could not be looked at");
        }
        if !pause(LOOK, &mut shutdown).await {
            return;
        }
    }
}

impl Watch {
    async fn look(&mut self) -> Result<(), StoreError> {
        let stamp = stamp(&self.file);
        let changed = stamp != self.seen;
        self.seen = stamp;
        if changed && stamp.is_some() {
            self.read().await?;
        }
        self.put_in_force().await
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        let (file, zones) = (self.file.clone(), Arc::clone(&self.zones));
        let read = tokio::task::spawn_blocking(move || policy_file::load(&file, &zones)).await;
        // The closure does not panic, and nobody aborts it.
        let Ok(read) = read else { return Ok(()) };
        let policy = match read {
            Ok(policy) => policy,
            Err(problems) => {
                for p in problems {
                    let (line, column, path) = (p.line, p.column, p.path);
                    tracing::error!(
                        line,
                        column,
                        path,
                        what = p.what,
                        remedy = p.remedy,
                        "the policy file is not sound; the policy in force stays"
                    );
                }
                return Ok(());
            }
        };
        if policy.facility != self.app.facility.as_str() {
            tracing::error!(facility = policy.facility, "the policy file is another home's");
            return Ok(());
        }
        self.take_over(policy).await
    }

    async fn take_over(&self, policy: Policy) -> Result<(), StoreError> {
        let app = &self.app;
        let versions = app.store.policies(&app.facility).await?;
        let body = to_body(&policy);
        if versions.last().is_some_and(|last| last.body == body) {
            return Ok(());
        }
        let version = versions.last().map_or(0, |last| last.version) + 1;
        let now = app.clock.clinical();
        let from = effective_from(&policy, &app.home().zone, now);
        // A version is never in force before it is known, but for the very first.
        let effective_from = if version == 1 { from } else { from.max(now) };
        let command = Command::Policy { version, effective_from };
        let row = PolicyRow { version, effective_from, body };
        let asked = Asked { policy: Some(row), ..Asked::by_server(command) };
        match app.lane.ask_patiently(asked).await {
            Outcome::Done { .. } => tracing::info!(version, "a policy was taken over"),
            outcome => tracing::error!(?outcome, "a policy was not taken over"),
        }
        Ok(())
    }

    async fn put_in_force(&mut self) -> Result<(), StoreError> {
        let app = &self.app;
        let versions = app.store.policies(&app.facility).await?;
        let steps = were_in_force(&versions, app.clock.clinical());
        let Some(version) = steps.last() else { return Ok(()) };
        let Some(policy) = from_body(&version.body) else {
            return Err(StoreError::Damaged(format!("policy version {}", version.version)));
        };
        if app.home().zone.name() != &policy.zone {
            tracing::error!(version = version.version, "a policy in another zone needs a restart");
            return Ok(());
        }
        if app.home().policy != policy {
            let mut home = app.home.write().unwrap_or_else(PoisonError::into_inner);
            (home.policy, home.earlier) = (policy.clone(), earlier(&steps));
            tracing::info!(version = version.version, "a policy is in force");
        }
        self.follow(&steps, &policy).await
    }

    /// Orders go over to the hours of each version from its own midnight on, also of those that
    /// came and went while no server ran; and to those of the unit a resident moved to from the
    /// next midnight on, so that the day of the move has its doses.
    async fn follow(
        &mut self,
        steps: &[&PolicyVersion],
        policy: &Policy,
    ) -> Result<(), StoreError> {
        let app = Arc::clone(&self.app);
        let known = match self.followed {
            Some(known) => known,
            None => {
                let kept = app.store.meta(&app.facility, hours::FOLLOWED).await?;
                kept.and_then(|version| version.parse().ok()).unwrap_or(0)
            }
        };
        self.followed = Some(known);
        for step in steps.iter().filter(|step| step.version > known) {
            let Some(policy) = from_body(&step.body) else { continue };
            let version = Some(step.version);
            if !hours::follow(&app, &policy, version, step.effective_from).await? {
                return Ok(());
            }
            let kept = step.version.to_string();
            app.store.set_meta(&app.facility, hours::FOLLOWED, &kept).await?;
            self.followed = version;
        }
        let (state, midnight) = {
            let home = app.home();
            (home.version, home.zone.next_day_begins(app.clock.clinical()))
        };
        if self.settled != Some(state) && hours::follow(&app, policy, None, midnight).await? {
            self.settled = Some(state);
        }
        Ok(())
    }
}

/// When the file was last written, and how long it is.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}
