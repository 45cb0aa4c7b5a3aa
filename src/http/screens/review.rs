//! The orders as a pharmacist reviews them: by resident, each with what asks for a second look.
use super::mar::is_over;
use super::orders::row;
use super::sight::Sight;
use crate::http::api::residents::reads_unit;
use crate::http::auth::Auth;
use crate::http::pages::view::orders::{Act, Letters, OrderRow, Section, Work};
use emar_domain::administration::Administration;
use emar_domain::id::ResidentId;
use emar_domain::order::{Order, OrderState};
use emar_domain::order_check::{Occasion, findings};
use emar_domain::resident::Resident;
use emar_domain::time::Instant;

/// How far back the use of PRN orders is told.
pub const USE_DAYS: i64 = 14;
/// How long before its stop an order counts as running out.
const EXPIRING_DAYS: i64 = 7;
const DAY_MINUTES: i64 = 24 * 60;

/// One resident with all that is not over and the use of their PRN orders; of everybody only what
/// asks for a look. `done` is what was charted of the one resident in the last [`USE_DAYS`].
#[must_use]
pub fn review(
    sight: &Sight<'_>,
    auth: &Auth,
    of: Option<ResidentId>,
    done: &[Administration],
) -> Work {
    let w = sight.words();
    let mut residents: Vec<&Resident> = match of {
        Some(id) => sight.home.residents.get(&id).into_iter().collect(),
        None => sight.residents(None),
    };
    residents.retain(|resident| reads_unit(sight.home, auth, &resident.unit));
    let mut sections = Vec::new();
    for resident in residents {
        let live = |o: &&Order| !is_over(o.state_at(sight.now));
        let mut orders: Vec<&Order> = sight.home.orders_of(resident.id).filter(live).collect();
        orders.sort_by_cached_key(|o| (o.is_prn(), o.current.drug.name.to_lowercase()));
        let rows = orders.into_iter().map(|order| reviewed(sight, auth, (order, resident), done));
        let rows: Vec<OrderRow> =
            rows.filter(|row| of.is_some() || !row.flags.is_empty()).collect();
        if rows.is_empty() && of.is_none() {
            continue;
        }
        sections.push(Section {
            id: format!("of-{}", resident.id),
            title: format!(
                "{} · {}, {}",
                resident.room,
                resident.family.0.to_uppercase(),
                resident.given.0
            ),
            none: w.t("orders-active-none"),
            rows,
            more: 0,
        });
    }
    if sections.is_empty() {
        let (id, title, none) = ("review".to_owned(), w.t("review-title"), w.t("review-none"));
        sections.push(Section { id, title, none, rows: Vec::new(), more: 0 });
    }
    let resident = of.map(|id| id.to_string()).unwrap_or_default();
    Work {
        resident,
        view: "review",
        role_note: w.t("review-note"),
        stay: None,
        letters: Letters::default(),
        sections,
    }
}

/// The order with what asks for a look; nothing is done from here but verifying.
fn reviewed(
    sight: &Sight<'_>,
    auth: &Auth,
    (order, resident): (&Order, &Resident),
    done: &[Administration],
) -> OrderRow {
    let mut shown = row(sight, auth, order, resident);
    shown.acts.retain(|act| *act == Act::Verify);
    shown.typed = String::new();
    shown.flags = flags(sight, order);
    shown.notes.extend(used(sight, order, done));
    shown
}

fn flags(sight: &Sight<'_>, order: &Order) -> Vec<(&'static str, String)> {
    let (w, version) = (sight.words(), &order.current);
    let mut flags = Vec::new();
    if order.state_at(sight.now) != OrderState::Draft && order.verified_by.is_none() {
        flags.push(("due", w.t("orders-state-unverified")));
    }
    let soon = sight.now.plus_minutes(EXPIRING_DAYS * DAY_MINUTES).unwrap_or(Instant::MAX);
    if let Some(stop) = version.ends_at().filter(|end| *end <= soon) {
        let left = super::sight::span(stop.seconds_since(sight.now));
        let args = [("at", sight.stamp(stop)), ("for", left)];
        let text = w.with("review-expiring", &args.each_ref().map(|(n, v)| (*n, v.as_str())));
        flags.push(("late", text));
    }
    for found in findings(sight.home, version, Occasion::Noted) {
        flags.push(("missed", sight.objection(&found).detail));
    }
    for answer in &version.accepted {
        let about = w.objection(&answer.code, &std::collections::BTreeMap::new()).headline;
        let args = [("about", about.as_str()), ("why", answer.reason.as_str())];
        flags.push(("held", w.with("review-answered", &args)));
    }
    flags
}

/// How often a PRN order was given lately, and when last.
fn used(sight: &Sight<'_>, order: &Order, done: &[Administration]) -> Option<String> {
    let w = sight.words();
    let given = |a: &&Administration| a.order == order.id() && a.effective && a.outcome.is_taken();
    let taken: Vec<Instant> = done.iter().filter(given).map(|a| a.administered_at).collect();
    let count = u32::try_from(taken.len()).unwrap_or(u32::MAX);
    order.is_prn().then(|| match taken.iter().max() {
        None => w.t("review-unused"),
        Some(last) => {
            format!(
                "{}, {}",
                w.count("review-used", &count),
                w.one("row-last", "at", &sight.stamp(*last))
            )
        }
    })
}
