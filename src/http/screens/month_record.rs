//! What one month of a resident's MAR is made of: doses, what was charted, and every order as it
//! stood for each.
use super::month::Month;
use crate::service::App;
use crate::store::StoreError;
use emar_domain::administration::Administration;
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::fact::OrderEvent;
use emar_domain::home::Home;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::{Order, OrderAct, OrderState, OrderVersion};
use std::collections::BTreeMap;

/// As stored.
pub struct MonthRecord {
    doses: Vec<Dose>,
    done: Vec<Administration>,
    /// Orders no longer in memory that have a dose in the month.
    pub(super) gone: Vec<Order>,
    /// Every version of the orders that were changed.
    versions: BTreeMap<OrderId, Vec<OrderVersion>>,
}

/// Reads the month, and of orders long over what became of them.
///
/// # Errors
/// When the database fails.
pub async fn read(
    app: &App,
    resident: ResidentId,
    month: Month,
) -> Result<MonthRecord, StoreError> {
    let (from, to) = month.span(&app.home().zone);
    let doses = app.store.doses_of_resident(resident, from, to).await?;
    let done = app.store.administrations_of_resident(resident, from, to).await?;
    let unknown: Vec<OrderVersion> = {
        let all = app.store.orders_of_resident(resident).await?;
        let home = app.home();
        let needed = |id: OrderId| {
            doses.iter().any(|d| d.slot.order == id) || done.iter().any(|a| a.order == id)
        };
        all.into_iter().filter(|v| needed(v.order) && !home.orders.contains_key(&v.order)).collect()
    };
    let mut gone = Vec::with_capacity(unknown.len());
    for version in unknown {
        let events = app.store.order_events(version.order).await?;
        gone.push(ended(version, &events));
    }
    let changed: Vec<OrderId> = {
        let home = app.home();
        let all = home.orders_of(resident).chain(&gone);
        all.filter(|o| o.current.version > 1).map(Order::id).collect()
    };
    let mut versions = BTreeMap::new();
    for order in changed {
        versions.insert(order, app.store.order_versions(order).await?);
    }
    Ok(MonthRecord { doses, done, gone, versions })
}

impl MonthRecord {
    /// The doses of the month, in order of due time.
    #[must_use]
    pub fn doses(&self) -> &[Dose] {
        &self.doses
    }

    /// What was charted in the month, corrections among it.
    #[must_use]
    pub fn done(&self) -> &[Administration] {
        &self.done
    }

    /// The order of a dose as it stood for it, with the dose's own amount.
    #[must_use]
    pub fn order_of(&self, home: &Home, dose: &Dose) -> Option<Order> {
        let id = dose.slot.order;
        let order = home.orders.get(&id).or_else(|| self.gone.iter().find(|o| o.id() == id))?;
        Some(self.as_then(order, dose))
    }

    /// In the version a dose was charted under, in the one an older plan had it from, or as the
    /// order is now.
    pub(super) fn as_then(&self, order: &Order, dose: &Dose) -> Order {
        let charted = dose.outcome.as_ref().map(|o| o.administration);
        let done = self.done.iter().find(|a| Some(a.id) == charted);
        let replaced = dose.withdrawn == Some(Withdrawal::Superseded);
        let version = match done {
            Some(done) => done.version,
            None if dose.slot.plan == order.plan || replaced => order.current.version,
            None => dose.prescribed.version,
        };
        let mut versions = self.versions.get(&order.id()).into_iter().flatten();
        let mut as_then = match versions.find(|v| v.version == version) {
            Some(v) => Order { current: v.clone(), plan: dose.slot.plan, ..order.clone() },
            None => order.clone(),
        };
        let its_own = !replaced && done.is_none_or(|done| done.version == dose.prescribed.version);
        let own = dose.prescribed.amount.filter(|own| own.nano != 0 && its_own);
        if let Some(own) = own {
            as_then.current.dose = own;
        }
        as_then
    }
}

/// How many plans an order had.
fn plans(events: &[OrderEvent]) -> u32 {
    use OrderAct::{Changed, Corrected, HoursChanged, Received};
    let made = |e: &&OrderEvent| matches!(e.act, Received | Changed | Corrected | HoursChanged);
    u32::try_from(events.iter().filter(made).count()).unwrap_or(u32::MAX)
}

/// An order no longer in memory, as its events left it: one that was not ended ran out.
pub(super) fn ended(version: OrderVersion, events: &[OrderEvent]) -> Order {
    let mut order = Order {
        since: version.ends_at().unwrap_or(version.start),
        current: version,
        plan: plans(events),
        planned_until: None,
        state: OrderState::Expired,
        reason: String::new(),
        hold: None,
        do_not_give: None,
        noted_by: None,
        verified_by: None,
    };
    for event in events {
        let state = match event.act {
            OrderAct::Noted => {
                order.noted_by = event.by;
                continue;
            }
            OrderAct::Verified => {
                order.verified_by = event.by;
                continue;
            }
            OrderAct::Discontinued => OrderState::Discontinued,
            OrderAct::Completed => OrderState::Completed,
            OrderAct::EnteredInError => OrderState::EnteredInError,
            OrderAct::HoursChanged | OrderAct::WindowsChanged => {
                let of_version = event.version == order.current.version;
                let hours = event.hours.iter().filter(|_| of_version);
                hours.for_each(|new| order.take_hours(new));
                continue;
            }
            OrderAct::Received
            | OrderAct::Held
            | OrderAct::Resumed
            | OrderAct::DoNotGive
            | OrderAct::MayGive
            | OrderAct::Back
            | OrderAct::Renewed
            | OrderAct::Changed
            | OrderAct::Corrected => continue,
        };
        (order.state, order.since) = (state, event.at);
        order.reason.clone_from(&event.reason);
    }
    order
}
