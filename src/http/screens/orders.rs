//! The worklist of orders, for the one who looks at it.
use super::due_list::under;
use super::giving::{beside, level_code};
use super::letters::letters;
use super::mar::{is_over, limits, standing};
use super::measured;
use super::pattern::Pattern;
use super::regimen::{ends, prescribed, times, times_beside};
use super::sight::{Sight, amount_ordered};
use super::stay::stay;
use super::typed::Typed;
use crate::http::api::residents::reads_unit;
use crate::http::auth::Auth;
use crate::http::pages::line::{Line, keep_units};
use crate::http::pages::view::orders::{Act, Choice, Entry, OrderRow, Section, Work};
use crate::policy_file::frequencies;
use emar_domain::amount::Unit;
use emar_domain::condition::SelfAdministration;
use emar_domain::dose::Dose;
use emar_domain::gate::Comparison;
use emar_domain::id::{ResidentId, UserId};
use emar_domain::order::{Order, OrderState, Timing};
use emar_domain::reading::CODES;
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::role::Action;
use emar_domain::scale::GlucoseUnit;
use emar_domain::schedule::frequency::{Frequency, Kind, Need};
use emar_domain::time::Weekday;
use std::collections::BTreeMap;

/// Most rows of one section.
const ROWS_MAX: usize = 100;

/// Routes the form offers, by the codes of the exchange's table.
const ROUTES: &str = include_str!("../../exchange/data/routes.csv");

/// What waits for somebody; of one resident all that is not over.
#[must_use]
pub fn work(sight: &Sight<'_>, auth: &Auth, of: Option<ResidentId>) -> Work {
    let home = sight.home;
    let mut sections = [
        ("to-note", "orders-to_note", "orders-to_note-none"),
        ("to-verify", "orders-to_verify", "orders-to_verify-none"),
        ("on-hold", "orders-on_hold", "orders-on_hold-none"),
        ("active", "orders-active", "orders-active-none"),
    ]
    .map(|(id, title, none)| {
        let (title, none) = (sight.words().t(title), sight.words().t(none));
        Section { id: id.to_owned(), title, none, rows: Vec::new(), more: 0 }
    });
    let mut orders: Vec<(&Order, &Resident)> = home
        .orders
        .values()
        .filter(|o| of.is_none_or(|id| o.current.resident == id))
        .filter(|o| !is_over(o.state_at(sight.now)))
        .filter_map(|o| Some((o, home.residents.get(&o.current.resident)?)))
        .filter(|(_, r)| reads_unit(home, auth, &r.unit))
        .collect();
    orders.sort_by_key(|(o, _)| (o.since, o.id()));
    for (order, resident) in orders {
        let Some(at) = place(order, sight).filter(|at| *at < 3 || of.is_some()) else { continue };
        let Some(section) = sections.get_mut(at) else { continue };
        if section.rows.len() < ROWS_MAX {
            section.rows.push(row(sight, auth, order, resident));
        } else {
            section.more += 1;
        }
    }
    let mut sections = Vec::from(sections);
    if of.is_none() {
        sections.truncate(3);
    }
    let resident = of.map(|id| id.to_string()).unwrap_or_default();
    let stay = of.and_then(|id| stay(sight, auth, id));
    let letters = letters(sight, auth, of, ROWS_MAX);
    Work { resident, view: "", role_note: role_note(sight, auth), stay, letters, sections }
}

/// The section of an order that is not over.
fn place(order: &Order, sight: &Sight<'_>) -> Option<usize> {
    match order.state_at(sight.now) {
        OrderState::Draft => Some(0),
        OrderState::Active if order.verified_by.is_none() => Some(1),
        OrderState::Held | OrderState::DoNotGive => Some(2),
        OrderState::Active => Some(3),
        _ => None,
    }
}

fn role_note(sight: &Sight<'_>, auth: &Auth) -> String {
    let may = |action| auth.actor.role.may(action);
    let id = match (may(Action::NoteOrder), may(Action::VerifyOrder)) {
        (true, _) => return String::new(),
        (false, true) => "orders-role-pharmacist",
        (false, false) => "orders-role-reader",
    };
    sight.words().t(id)
}

/// An order as the lists show it.
pub(super) fn row(sight: &Sight<'_>, auth: &Auth, order: &Order, resident: &Resident) -> OrderRow {
    let version = &order.current;
    let (family, given) = (resident.family.0.to_uppercase(), &resident.given.0);
    let mut parts = under(sight, order);
    match &version.timing {
        Timing::Prn { .. } => parts.extend(limits(sight, &version.timing)),
        Timing::Planned { schedule } => {
            parts.push(times_beside(sight, &version.frequency, schedule));
        }
        Timing::Pair { apply, remove } => {
            parts.push(times_beside(sight, &version.frequency, apply));
            parts.push(sight.words().one("orders-off", "at", &times(sight, remove)));
        }
        Timing::OnCall { repeat } => {
            let id = if *repeat { "row-on_call" } else { "row-on_call_once" };
            parts.push(sight.words().t(id));
        }
        // Of a draft nothing else says so to who notes it.
        Timing::Unschedulable { reason } if order.state == OrderState::Draft => {
            let why = sight.word("fault", reason);
            parts.push(sight.words().one("listed-unschedulable", "why", &why));
        }
        Timing::Continuous | Timing::Unschedulable { .. } => {}
    }
    let state = match order.state_at(sight.now) {
        OrderState::Held => ("held", "status-held"),
        OrderState::DoNotGive => ("held", "orders-state-do_not_give"),
        OrderState::Draft => ("system", "orders-state-draft"),
        _ if order.verified_by.is_none() => ("system", "orders-state-unverified"),
        _ => ("system", "orders-state-active"),
    };
    let (acts, not_yours) = acts(sight, auth, order);
    let typed = acts.contains(&Act::Change).then(|| Typed::of(sight, order));
    let typed = typed.and_then(|typed| serde_json::to_string(&typed).ok()).unwrap_or_default();
    OrderRow {
        id: order.id().to_string(),
        version: version.version,
        who: format!("{family}, {given} · {}", resident.room),
        resident: resident.id.to_string(),
        drug: sight.drug(order),
        amount: amount_ordered(sight, version),
        under: Line::from(parts.join(" · ").as_str()),
        flags: Vec::new(),
        notes: notes(sight, order),
        state,
        acts,
        typed,
        not_yours,
    }
}

/// From when and until when; who entered, noted and verified it; how it stands and why.
fn notes(sight: &Sight<'_>, order: &Order) -> Vec<String> {
    let (w, version) = (sight.words(), &order.current);
    let mut life = w.one("orders-from", "at", &sight.stamp(version.start));
    if let Some(ends) = ends(sight, version) {
        life = format!("{life} · {ends}");
    }
    let source = match version.entered_by {
        Some(by) => w.one("orders-entered", "who", &sight.user(by)),
        None => w.one("orders-received", "from", &version.source.sender),
    };
    let mut who = vec![prescribed(sight, version), source];
    let named = |id: &str, by: Option<UserId>| by.map(|by| w.one(id, "who", &sight.user(by)));
    who.extend(named("orders-noted", order.noted_by));
    who.extend(named("orders-verified", order.verified_by));
    who.retain(|part| !part.is_empty());
    let mut notes = vec![life, who.join(" · ")];
    notes.extend(beside(sight, version).iter().map(|n| keep_units(n)));
    notes.extend(measured::read_back(sight, &version.conditions).iter().map(|n| keep_units(n)));
    if order.state != OrderState::Draft {
        notes.push(standing(sight, order));
    }
    notes.extend(version.allergy_override.as_ref().map(|why| w.one("orders-allergy", "why", why)));
    notes.retain(|note| !note.is_empty());
    notes
}

/// What this person may do about the order now, and why what is needed is another's.
fn acts(sight: &Sight<'_>, auth: &Auth, order: &Order) -> (Vec<Act>, String) {
    let may = |action| auth.actor.role.may(action);
    let state = order.state_at(sight.now);
    let draft = state == OrderState::Draft;
    let unverified = !draft && order.verified_by.is_none();
    let me = auth.actor.user;
    let own = me.is_some() && (order.noted_by == me || order.current.entered_by == me);
    let in_force = state.is_in_force();
    let kept = order.hold.as_ref().is_some_and(|hold| !hold.is_over(sight.now));
    let mark = order.do_not_give.as_ref();
    // What was charted before memory's reach is known to the database, which is asked with the act.
    let charted = |dose: &Dose| dose.outcome.is_some();
    let untouched = !sight.home.doses_of_order(order.id()).any(charted);
    let lifts = mark.is_some_and(|mark| mark.by == me || may(Action::LiftMark));
    let all = [
        (Act::Note, draft && may(Action::NoteOrder)),
        (Act::Verify, unverified && may(Action::VerifyOrder) && !own),
        (Act::Resume, in_force && kept && may(Action::NoteOrder)),
        (Act::Change, may(Action::EnterOrder) && (may(Action::NoteOrder) || draft)),
        (Act::Renew, in_force && order.current.ends_at().is_some() && may(Action::NoteOrder)),
        (Act::Hold, state == OrderState::Active && !kept && may(Action::StopOrder)),
        (Act::DoNotGive, in_force && mark.is_none() && may(Action::StopOrder)),
        (Act::MayGive, in_force && lifts && may(Action::StopOrder)),
        (Act::Discontinue, may(Action::StopOrder)),
        (Act::EnteredInError, untouched && may(Action::StopOrder)),
    ];
    let acts = all.into_iter().filter(|(_, yes)| *yes).map(|(act, _)| act).collect();
    let second = unverified && own && may(Action::VerifyOrder);
    let why = if second { sight.words().t("orders-second_person") } else { String::new() };
    (acts, why)
}

/// Residents this person may read of, in room order; to who may readmit them also those who were
/// discharged, after them, by name.
#[must_use]
pub fn residents(sight: &Sight<'_>, auth: &Auth, of: Option<ResidentId>) -> Vec<Choice> {
    let name = |r: &Resident| format!("{}, {}", r.family.0.to_uppercase(), r.given.0);
    let choice =
        |r: &Resident, text| Choice { value: r.id.to_string(), text, chosen: of == Some(r.id) };
    let reads = |r: &&Resident| reads_unit(sight.home, auth, &r.unit);
    let here = sight.residents(None).into_iter().filter(reads);
    let mut all: Vec<Choice> =
        here.map(|r| choice(r, format!("{} · {}", r.room, name(r)))).collect();
    if auth.actor.role.may(Action::Admit) {
        let left = sight.home.residents.values();
        let mut left: Vec<_> = left.filter(|r| r.state == ResidentState::Discharged).collect();
        left.retain(reads);
        left.sort_by_cached_key(|r| (name(r), r.id));
        let text = |r: &Resident| sight.words().one("stay-choice_left", "name", &name(r));
        all.extend(left.into_iter().map(|r| choice(r, text(r))));
    }
    all
}

/// What the form offers; `None` for a role that enters no orders.
#[must_use]
pub fn entry(sight: &Sight<'_>, auth: &Auth) -> Option<Entry> {
    if !auth.actor.role.may(Action::EnterOrder) {
        return None;
    }
    let products = sight.home.products.values();
    let drugs: BTreeMap<String, String> =
        products.map(|p| (p.name.clone(), p.route.clone())).collect();
    let choice =
        |value: &str, text: String| Choice { value: value.to_owned(), text, chosen: false };
    let word = |family: &str, code: &str| choice(code, sight.word(family, code));
    let civil = sight.home.zone.to_civil(sight.now);
    Some(Entry {
        drugs: drugs.into_iter().collect(),
        units: Unit::ALL.iter().map(|u| choice(u.code(), u.code().to_owned())).collect(),
        routes: routes().map(|code| word("route", &code)).collect(),
        frequencies: offered().map(|row| word("freq", &row.code)).collect(),
        days: Weekday::ALL.iter().map(|d| word("day", d.code())).collect(),
        patterns: Pattern::ALL.iter().map(|p| word("pattern", p.code())).collect(),
        readings: CODES.iter().map(|code| word("reading", code)).collect(),
        comparisons: Comparison::ALL
            .iter()
            .map(|op| choice(op.code(), sight.word("compare", op.name())))
            .collect(),
        levels: SelfAdministration::ALL
            .iter()
            .map(|level| choice(level_code(*level), sight.word("level", level.code())))
            .collect(),
        glucose: GlucoseUnit::ALL.iter().map(|u| choice(u.code(), u.code().to_owned())).collect(),
        nths: ["1", "2", "3", "4", "5", "-1"].iter().map(|n| word("nth", n)).collect(),
        now: format!("{} {}", civil.date(), sight.clock(sight.now)),
        today: civil.date().to_string(),
    })
}

/// Route codes as orders have them.
pub(super) fn routes() -> impl Iterator<Item = String> {
    ROUTES.lines().skip(1).filter_map(|row| Some(row.split(',').next()?.to_lowercase()))
}

/// Frequencies all of whose needs the form can meet by itself: the start brings anchor and instant,
/// the weekdays are asked. Steps, cycles, pairs and what runs are patterns of their own.
pub(super) fn offered() -> impl Iterator<Item = &'static Frequency> {
    let meets = |need: &Need| !matches!(need, Need::On | Need::Off | Need::Steps);
    let kind = |kind: Kind| !matches!(kind, Kind::Prn | Kind::Pair | Kind::Continuous);
    frequencies()
        .frequencies
        .iter()
        .filter(move |row| kind(row.kind) && row.needs.iter().all(meets))
}
