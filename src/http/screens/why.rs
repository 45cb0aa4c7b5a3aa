//! Why nothing of an order is due, in words: the reason is the rules' own, so that a page and the
//! API say the same.
use super::mar::{held, marked};
use super::sight::Sight;
use super::standing::charted;
use emar_domain::decide::order_fault;
use emar_domain::explain::{NextDose, Reason, Standing, explain};
use emar_domain::limit::PrnRefusal;
use emar_domain::order::{Order, OrderState};
use emar_domain::time::Instant;

/// Why nothing of `order` is due now; `None` when a dose is, or when an order without planned times
/// may be given.
#[must_use]
pub fn why_not_due(sight: &Sight<'_>, order: &Order) -> Option<String> {
    match explain(sight.home, order, sight.now) {
        Standing::Due { .. } => None,
        Standing::NotDue {
            reason: Reason::Prn | Reason::OnCall | Reason::Running { .. }, ..
        } => unplanned_refusal(sight, order),
        Standing::NotDue { reason, next } => Some(said(sight, order, &reason, next)),
    }
}

/// Why no due time of an order that is to be given can be worked out, and what to do about it: such
/// an order is never below among those that are not due yet. Stories, 3.
#[must_use]
pub fn never_due(sight: &Sight<'_>, order: &Order) -> Option<String> {
    if order.state_at(sight.now) != OrderState::Active {
        return None;
    }
    let fault = order_fault(sight.home, order, sight.now)?;
    Some(sight.words().one("row-never_due", "why", &sight.word("fault", &fault)))
}

/// Whether nothing more can come of the order.
#[must_use]
pub fn is_over(sight: &Sight<'_>, order: &Order) -> bool {
    let standing = explain(sight.home, order, sight.now);
    matches!(standing, Standing::NotDue { reason, .. } if reason.is_over())
}

fn said(sight: &Sight<'_>, order: &Order, reason: &Reason, next: Option<NextDose>) -> String {
    let w = sight.words();
    let ended = |at: Instant, because: &str| {
        let said = w.one(&format!("mar-ended-{}", reason.code()), "at", &sight.time(at));
        if because.is_empty() { said } else { format!("{said}: {because}") }
    };
    let said = match reason {
        Reason::Draft => w.t("listed-draft"),
        Reason::Unverified => w.t("listed-unverified"),
        Reason::Held { .. } => held(sight, order),
        Reason::Discontinued { since, because } => ended(*since, because),
        Reason::Expired { at } | Reason::Completed { at } => ended(*at, ""),
        Reason::EnteredInError => ended(order.since, &order.reason),
        Reason::DoNotGive { .. } => marked(sight, order),
        Reason::Away { kind, since, until, because } => {
            let mut said =
                w.one(&format!("listed-away-{}", kind.code()), "at", &sight.stamp(*since));
            if let Some(until) = until {
                said = format!("{said} {}", w.one("listed-until", "at", &sight.stamp(*until)));
            }
            if because.is_empty() { said } else { format!("{said}: {because}") }
        }
        Reason::SelfManaged => w.t("listed-self_managed"),
        Reason::Left => w.t("listed-left"),
        Reason::Unschedulable { fault } => {
            w.one("listed-unschedulable", "why", &sight.word("fault", fault))
        }
        Reason::Charted { outcome, at, .. } => {
            let (outcome, given) = (w.t(charted(*outcome).word()), sight.time(*at));
            return match next {
                Some(next) => w.with(
                    "listed-charted_next",
                    &[("outcome", &outcome), ("given", &given), ("at", &sight.time(next.due))],
                ),
                None => w.with("listed-charted_last", &[("outcome", &outcome), ("given", &given)]),
            };
        }
        Reason::OpensLater if sight.now < order.current.start => {
            w.one("listed-not_started", "at", &sight.time(order.current.start))
        }
        Reason::OpensLater => String::new(),
        Reason::Prn | Reason::OnCall | Reason::Running { .. } | Reason::AllDone => {
            w.t("listed-none")
        }
    };
    let next = next.map(|next| w.one("listed-next", "at", &sight.time(next.due)));
    let parts: Vec<String> = [said].into_iter().chain(next).filter(|s| !s.is_empty()).collect();
    parts.join(", ")
}

/// Why an order without planned times may not be given now; `None` when it may.
fn unplanned_refusal(sight: &Sight<'_>, order: &Order) -> Option<String> {
    let w = sight.words();
    if sight.now < order.current.start {
        return Some(w.one("listed-not_started", "at", &sight.time(order.current.start)));
    }
    let limit = order.prn_limit()?;
    let history: Vec<Instant> = sight.home.taken_of(order, None).collect();
    let PrnRefusal { reached, next, .. } =
        limit.check(&sight.home.zone, &history, sight.now).err()?;
    let count = reached.zip(limit.per_day_max).map(|(count, most)| {
        w.with("row-count", &[("count", &count.to_string()), ("most", &most.to_string())])
    });
    let next = next.map(|at| w.one("listed-too_soon", "at", &sight.time(at)));
    let parts: Vec<String> = count.into_iter().chain(next).collect();
    Some(if parts.is_empty() { w.t("listed-none") } else { parts.join(", ") })
}
