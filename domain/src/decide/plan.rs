//! Planning doses ahead, and the slot of a PRN giving.

use super::Answer;
use super::record::{Record, fields};
use crate::audit::leaf::Action;
use crate::dose::Slot;
use crate::fact::{DoseDue, DoseFact, Fact};
use crate::id::{DoseId, OrderId};
use crate::order::{Order, OrderState, Timing};
use crate::schedule::{ClockChange, OrderLife, Span, expand};
use crate::time::Instant;

/// How many days ahead doses are planned.
pub const HORIZON_DAYS: i64 = 3;
/// Minutes within which a PRN dose that was prepared must be confirmed before it is called missed.
const PRN_CONFIRM_MINUTES: i64 = 60;

/// Plans the doses of these orders from where planning stopped up to the horizon.
pub(super) fn plan(record: &mut Record<'_, '_>, orders: &[OrderId]) -> Answer {
    let home = record.home;
    let mut count = 0u32;
    for order in orders.iter().filter_map(|id| home.orders.get(id)) {
        count += plan_order(record, order);
    }
    Answer::Done { count }
}

fn plan_order(record: &mut Record<'_, '_>, order: &Order) -> u32 {
    let home = record.home;
    let Timing::Planned { schedule } = &order.current.timing else { return 0 };
    if order.state_at(record.now) != OrderState::Active {
        return 0;
    }
    let begun = order.current.start.max(order.since);
    let from = order.planned_until.and_then(|t| t.plus_micros(1)).map_or(begun, |t| t.max(begun));
    let Some(to) = record.now.plus_minutes(HORIZON_DAYS * 24 * 60) else { return 0 };
    if from >= to {
        return 0;
    }
    let life = OrderLife {
        start: Some(order.current.start),
        stop: order.current.stop,
        ..OrderLife::default()
    };
    let range = Span { from, to };
    let Ok(found) = expand(&life, schedule, &home.zone, ClockChange::default(), range) else {
        return 0;
    };
    let mut count = 0;
    for planned in found.due {
        let slot = Slot {
            order: order.id(),
            plan: order.plan,
            date: planned.date,
            slot: i64::from(planned.slot),
        };
        write_dose(record, order, slot, planned.prescribed, planned.at, planned.shifted);
        count += 1;
    }
    if count > 0 {
        let leaf = record.leaf(Action::Create, "dose", order.id().to_string());
        leaf.resident = Some(order.current.resident.0);
        leaf.after = Some(fields([("doses", i64::from(count).into())]));
    }
    count
}

fn write_dose(
    record: &mut Record<'_, '_>,
    order: &Order,
    slot: Slot,
    local: crate::time::CivilDateTime,
    due: Instant,
    shifted: bool,
) -> DoseId {
    let id = DoseId(record.fresh());
    let at = record.now;
    let resident = order.current.resident;
    record.fact(Fact::Dose(Box::new(DoseFact { id, slot, resident, local, planned_at: at })));
    let (before, after) = if order.is_prn() {
        (0, PRN_CONFIRM_MINUTES)
    } else {
        (order.current.before_minutes, order.current.after_minutes)
    };
    record.fact(Fact::DoseDue(Box::new(DoseDue {
        dose: id,
        rev: 1,
        due,
        opens: due.plus_minutes(-before).unwrap_or(Instant::MIN),
        closes: due.plus_minutes(after).unwrap_or(Instant::MAX),
        shifted,
        withdrawn: None,
        at,
    })));
    id
}

/// A dose for one PRN giving, due now: the next free slot of today.
pub(super) fn prn_dose(record: &mut Record<'_, '_>, order: &Order) -> DoseId {
    let now = record.now;
    let local = record.home.zone.to_civil(now);
    let date = local.date();
    let taken = record.home.doses_of_order(order.id()).filter(|d| d.slot.date == date);
    let slot = taken.map(|d| d.slot.slot).max().unwrap_or(0) + 1;
    let slot = Slot { order: order.id(), plan: order.plan, date, slot };
    write_dose(record, order, slot, local, now, false)
}
