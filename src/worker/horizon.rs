//! Plans doses ahead. Planning again finds nothing new, so nothing is lost by asking twice.

use super::{Shutdown, changed, pause};
use crate::service::{App, Asked, Outcome};
use emar_domain::decide::{Command, order_fault};
use emar_domain::home::Home;
use emar_domain::id::OrderId;
use emar_domain::time::Instant;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Orders in one command: about those of one resident. A nurse's scan waits for it, so it is short
/// even when an order is planned for weeks at once.
pub const ORDERS_MAX: usize = 8;
const DAY_MINUTES: i64 = 24 * 60;
/// Commits within this time are looked at together.
const GATHER: Duration = Duration::from_millis(200);
const TICK: Duration = Duration::from_secs(1);

/// How far each order was planned: an order of once a month has no dose to tell it.
#[derive(Default)]
struct Planned(BTreeMap<OrderId, (u64, Instant)>);

impl Planned {
    /// Orders to plan at `now`, with the version they have, resident by resident: what is planned
    /// together is stored together, and given together.
    fn wanting(&self, home: &Home, now: Instant) -> Vec<(OrderId, u64)> {
        let ahead = home.policy.horizon_minutes();
        let Some(near) = now.plus_minutes(ahead - DAY_MINUTES) else {
            return Vec::new();
        };
        let open = home.orders.values().filter(|o| {
            o.current.timing.schedule().is_some()
                && o.state_at(now).is_in_force()
                && o.planned_until.is_none_or(|until| until < near)
        });
        let mut wanting: Vec<(OrderId, u64)> = open
            .map(|o| (o.id(), home.order_changed.get(&o.id()).copied().unwrap_or(0)))
            .filter(|(id, version)| {
                self.0.get(id).is_none_or(|(seen, until)| seen != version || *until < near)
            })
            .collect();
        wanting.sort_by_key(|(id, _)| home.orders.get(id).map(|o| (o.current.resident, *id)));
        wanting
    }

    fn note(&mut self, done: &[(OrderId, u64)], until: Instant) {
        self.0.extend(done.iter().map(|(id, version)| (*id, (*version, until))));
    }
}

/// The charge nurse has an alert of such an order; whoever runs the server reads it here.
fn tell_faults(home: &Home, batch: &[(OrderId, u64)], now: Instant) {
    for order in batch.iter().filter_map(|(id, _)| home.orders.get(id)) {
        if let Some(fault) = order_fault(home, order, now) {
            tracing::error!(order = %order.id(), fault, "no due times can be worked out");
        }
    }
}

/// Keeps every active order, also one on hold, planned to within a day of the home's horizon, until
/// the server ends.
pub async fn run(app: Arc<App>, mut shutdown: Shutdown) {
    let mut changes = app.changes.subscribe();
    let mut planned = Planned::default();
    loop {
        let now = app.clock.clinical();
        let wanting = {
            let home = app.home();
            planned.0.retain(|id, _| home.orders.contains_key(id));
            planned.wanting(&home, now)
        };
        for batch in wanting.chunks(ORDERS_MAX) {
            if *shutdown.borrow() {
                return;
            }
            let orders = batch.iter().map(|(id, _)| *id).collect();
            let asked = Asked::by_server(Command::Plan(orders));
            match app.lane.ask_patiently(asked).await {
                Outcome::Done { .. } => {
                    let home = app.home();
                    let until = now.plus_minutes(home.policy.horizon_minutes()).unwrap_or(now);
                    planned.note(batch, until);
                    tell_faults(&home, batch, now);
                }
                outcome => {
                    tracing::warn!(?outcome, orders = batch.len(), "planning waits");
                }
            }
        }
        if !pause(GATHER, &mut shutdown).await || !changed(&mut changes, TICK, &mut shutdown).await
        {
            return;
        }
    }
}
