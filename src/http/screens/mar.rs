//! A resident's MAR of one month: orders by time of day, days across.
use super::bedside::banner;
use super::due_list::{hour_text, under};
use super::month::Month;
use super::month_record::MonthRecord;
use super::sight::{Sight, amount, amount_ordered};
use super::standing::{charted, status};
use super::why::why_not_due;
use crate::http::pages::line::Line;
use crate::http::pages::view::desk::DeskBar;
use crate::http::pages::view::mar::{Cell, Day, Giving, Mar, OrderRows, PrnRows, TimeRow};
use crate::http::pages::view::{Chip, Frame, Status};
use emar_domain::administration::{Administration, reason};
use emar_domain::dose::{Dose, Withdrawal};
use emar_domain::id::DoseId;
use emar_domain::limit;
use emar_domain::order::{Hold, Order, OrderState, Timing};
use emar_domain::resident::Resident;
use emar_domain::time::{CivilDate, CivilTime, Instant};
use std::collections::BTreeMap;

/// The page.
#[must_use]
pub fn mar(
    sight: &Sight<'_>,
    (frame, bar): (Frame, DeskBar),
    resident: &Resident,
    month: Month,
    record: &MonthRecord,
) -> Mar {
    let view = View { sight, month, record };
    let (from, to) = month.span(&sight.home.zone);
    let lives = |o: &Order| {
        let has = record.doses().iter().any(|d| d.slot.order == o.id())
            || record.done().iter().any(|a| a.order == o.id());
        let over = is_over(o.state_at(sight.now)).then_some(ended_at(o, sight.now));
        has || (o.current.start < to && over.is_none_or(|at| at >= from))
    };
    let known = sight.home.orders_of(resident.id);
    let mut all: Vec<&Order> = known.chain(&record.gone).filter(|o| lives(o)).collect();
    all.sort_by_cached_key(|o| o.current.drug.name.to_lowercase());
    let (prn, planned): (Vec<&Order>, Vec<&Order>) =
        all.into_iter().partition(|o| o.is_unplanned());
    let (ended, orders): (Vec<&Order>, Vec<&Order>) =
        planned.into_iter().partition(|o| is_over(o.state_at(sight.now)));
    let rows = |orders: Vec<&Order>| {
        let mut all: Vec<Vec<OrderRows>> = orders.into_iter().map(|o| view.order(o)).collect();
        // The headings of one order stay together, where its first time puts it.
        let first = |of: &Vec<OrderRows>| Some(of.first()?.rows.first()?.time.clone());
        all.sort_by_cached_key(first);
        all.into_iter().flatten().collect()
    };
    Mar {
        frame,
        bar,
        banner: banner(sight, resident),
        month: view.title(),
        months: (
            month.before().map(|m| m.to_string()),
            month.to_string(),
            month.after().map(|m| m.to_string()),
        ),
        days: view.days(),
        orders: rows(orders),
        prn: prn.into_iter().map(|o| view.prn(o)).collect(),
        ended: rows(ended),
        horizon_days: sight.home.policy.horizon_days,
    }
}

pub(super) fn is_over(state: OrderState) -> bool {
    use OrderState::{Completed, Discontinued, EnteredInError, Expired};
    matches!(state, Discontinued | EnteredInError | Completed | Expired)
}

/// When an order that is over ended.
fn ended_at(order: &Order, now: Instant) -> Instant {
    match order.state_at(now) {
        OrderState::Expired => order.current.ends_at().unwrap_or(order.since),
        _ => order.since,
    }
}

/// How a dose is shown, one that is not expected any more as well.
#[must_use]
pub fn shown(sight: &Sight<'_>, dose: &Dose) -> Status {
    status(sight.home, dose, sight.now).unwrap_or(match dose.withdrawn {
        Some(Withdrawal::Held | Withdrawal::DoNotGive) => Status::Held,
        Some(Withdrawal::Away) => Status::Away,
        Some(Withdrawal::SelfManaged) => Status::SelfManaged,
        // Whether anything will be on by then is not known before.
        Some(Withdrawal::NotApplied) => Status::Next,
        _ => Status::Withdrawn,
    })
}

/// The reason in words; the code where the pages have none.
#[must_use]
pub fn reason_text(sight: &Sight<'_>, code: &str) -> String {
    // A PRN giving is charted with what it was given for, which has words of its own.
    for id in [format!("reason-{code}"), format!("why-{code}")] {
        let words = sight.words().t(&id);
        if words != id {
            return words;
        }
    }
    reason(code).map_or_else(|| code.to_owned(), |known| known.display.to_owned())
}

/// An order's state with when and why, and a hold beside it that is to come or that a mark covers;
/// empty for one that is simply active.
#[must_use]
pub fn standing(sight: &Sight<'_>, order: &Order) -> String {
    let state = order.state_at(sight.now);
    let hold = order.hold.as_ref().filter(|hold| !hold.is_over(sight.now));
    let beside = hold.filter(|_| state.is_in_force() && state != OrderState::Held);
    let said = [state_said(sight, order), beside.map(|h| said_hold(sight, h)).unwrap_or_default()];
    let said: Vec<String> = said.into_iter().filter(|said| !said.is_empty()).collect();
    said.join(" · ")
}

fn state_said(sight: &Sight<'_>, order: &Order) -> String {
    let w = sight.words();
    let state = order.state_at(sight.now);
    let said = match state {
        OrderState::Active if order.current.start > sight.now => {
            return w.one("listed-not_started", "at", &sight.stamp(order.current.start));
        }
        OrderState::Active => match &order.current.timing {
            Timing::Unschedulable { reason } => {
                return w.one("listed-unschedulable", "why", &sight.word("fault", reason));
            }
            Timing::Continuous => return running(sight, order),
            _ => return String::new(),
        },
        OrderState::Draft => return w.t("listed-draft"),
        OrderState::Held => return held(sight, order),
        OrderState::DoNotGive => return marked(sight, order),
        _ => {
            let at = sight.stamp(ended_at(order, sight.now));
            w.one(&format!("mar-ended-{}", state.code()), "at", &at)
        }
    };
    // What is kept of an order that ran out is why it was noted, not why it ended.
    let why = Some(order.reason.as_str()).filter(|_| state != OrderState::Expired);
    match why.filter(|why| !why.is_empty()) {
        None => said,
        Some(why) => format!("{said}: {why}"),
    }
}

/// From when to when a continuous order runs.
pub(super) fn running(sight: &Sight<'_>, order: &Order) -> String {
    let w = sight.words();
    let from = sight.stamp(order.current.start);
    match order.current.ends_at().map(|end| sight.stamp(end)) {
        None => w.one("listed-running", "at", &from),
        Some(until) => w.with("listed-running_until", &[("at", &from), ("until", &until)]),
    }
}

/// Since when, until when and why an order is on hold; empty when it is not.
pub(super) fn held(sight: &Sight<'_>, order: &Order) -> String {
    order.hold_at(sight.now).map(|hold| said_hold(sight, hold)).unwrap_or_default()
}

fn said_hold(sight: &Sight<'_>, hold: &Hold) -> String {
    let w = sight.words();
    let from = sight.stamp(hold.from);
    let said = match hold.until.map(|until| sight.stamp(until)) {
        None if hold.from > sight.now => w.one("listed-held_from", "at", &from),
        None => w.one("listed-held", "at", &from),
        Some(until) => w.with("listed-held_until", &[("at", &from), ("until", &until)]),
    };
    if hold.reason.is_empty() { said } else { format!("{said}: {}", hold.reason) }
}

/// Since when, by whom and why an order is marked "do not give"; empty when it is not.
pub(super) fn marked(sight: &Sight<'_>, order: &Order) -> String {
    let Some(mark) = order.mark_at(sight.now) else { return String::new() };
    let (at, who) = (sight.stamp(mark.since), mark.by.map(|by| sight.user(by)));
    let args = [("at", at.as_str()), ("who", who.as_deref().unwrap_or("—")), ("why", &mark.reason)];
    sight.words().with("listed-do_not_give", &args)
}

/// The doses of each time of day, by day; what comes off at the hour at which the next goes on
/// has a row of its own.
type Slots<'a> = BTreeMap<(CivilTime, bool), Vec<Vec<&'a Dose>>>;

struct View<'a> {
    sight: &'a Sight<'a>,
    month: Month,
    record: &'a MonthRecord,
}

impl View<'_> {
    fn title(&self) -> String {
        self.sight.of_month(self.month.first())
    }

    fn days(&self) -> Vec<Day> {
        let today = self.sight.home.today(self.sight.now);
        let day = |date: CivilDate| {
            let weekday = self.sight.words().t(&format!("day-{}", date.weekday()));
            let short = weekday.chars().take(2).collect();
            Day { number: date.day(), weekday, short, today: date == today }
        };
        self.month.days().map(day).collect()
    }

    fn under(&self, order: &Order) -> Line {
        Line::from(under(self.sight, order).join(" · ").as_str())
    }

    /// The rows of an order, under one heading for each amount it had in the month: what was given
    /// is told with the amount it was given under.
    fn order(&self, order: &Order) -> Vec<OrderRows> {
        let width = self.month.days().count();
        let mut groups: Vec<(String, Slots<'_>)> = Vec::new();
        for dose in self.record.doses().iter().filter(|d| d.slot.order == order.id()) {
            let as_then = self.record.as_then(order, dose);
            let amount = amount(self.sight, &as_then.current);
            let at = groups.iter().position(|(of, _)| *of == amount).unwrap_or_else(|| {
                groups.push((amount, Slots::new()));
                groups.len() - 1
            });
            let Some((_, rows)) = groups.get_mut(at) else { continue };
            let days = rows
                .entry((dose.local.time(), dose.slot.is_removal()))
                .or_insert_with(|| vec![Vec::new(); width]);
            if let Some(day) = days.get_mut(self.month.column(dose.local.date())) {
                day.push(dose);
            }
        }
        if groups.is_empty() {
            groups.push((amount_ordered(self.sight, &order.current), Slots::new()));
        }
        let last = groups.len() - 1;
        let headed = groups.into_iter().enumerate();
        headed.map(|(at, (amount, rows))| self.rows(order, amount, rows, at == last)).collect()
    }

    /// The last heading of an order tells how it stands.
    fn rows(&self, order: &Order, amount: String, rows: Slots<'_>, last: bool) -> OrderRows {
        let mut rows: Vec<TimeRow> = rows
            .into_iter()
            .map(|((time, off), days)| TimeRow {
                time: self.time(order, time, off),
                cells: days.into_iter().map(|doses| self.cell(&doses)).collect(),
            })
            .collect();
        if rows.is_empty() {
            let cells = vec![None; self.month.days().count()];
            rows.push(TimeRow { time: "—".to_owned(), cells });
        }
        OrderRows {
            id: order.id().to_string(),
            drug: self.sight.drug(order),
            amount,
            under: self.under(order),
            standing: if last { standing(self.sight, order) } else { String::new() },
            why: if last { self.why(order) } else { String::new() },
            rows,
        }
    }

    fn time(&self, order: &Order, time: CivilTime, off: bool) -> String {
        let text = hour_text(self.sight, order, time);
        if off { self.sight.words().one("orders-off", "at", &text) } else { text }
    }

    /// Why nothing is due now, where the standing does not say it already.
    fn why(&self, order: &Order) -> String {
        let says = order.state_at(self.sight.now) == OrderState::Active;
        why_not_due(self.sight, order).filter(|_| says).unwrap_or_default()
    }

    /// A day may have a dose of an older plan beside the one that took its place: what was charted
    /// shows, then what is expected.
    fn cell(&self, doses: &[&Dose]) -> Option<Cell> {
        let rank = |d: &&&Dose| (d.outcome.is_none(), d.withdrawn.is_some(), d.due);
        let first = doses.iter().min_by_key(rank)?;
        let ids: Vec<String> = doses.iter().map(|d| d.id.to_string()).collect();
        Some(Cell {
            doses: ids.join(","),
            status: shown(self.sight, first),
            label: self.label(first),
        })
    }

    fn label(&self, dose: &Dose) -> String {
        let sight = self.sight;
        let word = sight.words().t(shown(sight, dose).word());
        let due = sight.stamp(dose.due);
        match &dose.outcome {
            Some(done) => {
                format!("{due}: {word} {} {}", sight.time(done.at), sight.user(done.by))
            }
            None if dose.prepared.is_some() => {
                format!("{due}: {word}, {}", sight.words().t("how-pot"))
            }
            None => format!("{due}: {word}"),
        }
    }

    fn prn(&self, order: &Order) -> PrnRows {
        let sight = self.sight;
        // The newest effective record of each dose, by when it was done.
        let mut newest: BTreeMap<DoseId, &Administration> = BTreeMap::new();
        for done in self.record.done().iter().filter(|a| a.order == order.id() && a.effective) {
            let known = newest.entry(done.dose).or_insert(done);
            if done.recorded_at >= known.recorded_at {
                *known = done;
            }
        }
        let mut givings: Vec<(Instant, Giving)> =
            newest.values().map(|a| (a.administered_at, self.giving(a))).collect();
        let open = self.record.doses().iter().filter(|d| d.slot.order == order.id());
        givings.extend(open.filter(|d| d.outcome.is_none()).map(|d| (d.due, self.begun(d))));
        givings.sort_by_key(|(at, _)| *at);
        let mut parts = under(sight, order);
        parts.extend(limits(sight, &order.current.timing));
        PrnRows {
            id: order.id().to_string(),
            drug: sight.drug(order),
            amount: amount(sight, &order.current),
            under: Line::from(parts.join(" · ").as_str()),
            standing: standing(sight, order),
            why: self.why(order),
            givings: givings.into_iter().map(|(_, giving)| giving).collect(),
        }
    }

    fn giving(&self, done: &Administration) -> Giving {
        let sight = self.sight;
        let mut parts: Vec<String> = done.amount.map(|a| a.to_string()).into_iter().collect();
        parts.extend(done.reason.as_deref().map(|code| reason_text(sight, code)));
        let asked = done.overrides.iter().filter(|o| o.code == "prn_reason_missing");
        parts.extend(asked.map(|o| sight.words().why(&o.reason)));
        parts.dedup();
        parts.push(sight.user(done.by));
        Giving {
            dose: done.dose.to_string(),
            at: sight.stamp(done.administered_at),
            chip: Chip::new(charted(done.outcome), ""),
            note: parts.join(" · "),
        }
    }

    /// Prepared or counted, and not charted.
    fn begun(&self, dose: &Dose) -> Giving {
        let sight = self.sight;
        let pot = dose.prepared.as_ref();
        let note = pot.map(|p| format!("{} · {}", sight.words().t("how-pot"), sight.user(p.by)));
        Giving {
            dose: dose.id.to_string(),
            at: sight.stamp(dose.due),
            chip: Chip::new(shown(sight, dose), ""),
            note: note.unwrap_or_default(),
        }
    }
}

/// How often a PRN order may be given.
pub(super) fn limits(sight: &Sight<'_>, timing: &Timing) -> Vec<String> {
    let Timing::Prn { interval_minutes_min, interval_minutes_max, per_day_max, day, .. } = timing
    else {
        return Vec::new();
    };
    let w = sight.words();
    let span = |minutes: i64| super::sight::span(minutes.saturating_mul(60));
    let apart = interval_minutes_min.map(|least| match interval_minutes_max {
        Some(most) => w.with("mar-apart_range", &[("for", &span(least)), ("most", &span(*most))]),
        None => w.one("mar-apart", "for", &span(least)),
    });
    let id = match day {
        limit::Day::Rolling24h => "mar-most",
        limit::Day::CalendarDay => "mar-most_day",
    };
    let most = per_day_max.map(|most| w.num(id, "most", &most));
    apart.into_iter().chain(most).collect()
}
