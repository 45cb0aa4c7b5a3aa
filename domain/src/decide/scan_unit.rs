//! Packages counted, put in the pot, confirmed, taken back.

use super::chart::{Charted, administer};
use super::double::possible_double_dose;
use super::filing::{is_other_units, still_answered};
use super::order::replan;
use super::plan::unplanned_dose;
use super::record::Record;
use super::short::{PARTIAL, held_by, put_back, settle_short};
use super::{ScanAnswer, ScanCommand, ScanEffect};
use crate::administration::{Mode, Outcome, Override};
use crate::amount::Amount;
use crate::audit::leaf::Action;
use crate::cart::{Checked, Counting, InPot};
use crate::dose::Withdrawal;
use crate::dose_amount::at_scan;
use crate::evidence::{relied_on, units_by_scale};
use crate::fact::{Fact, PotAct, PotFact};
use crate::id::{AdministrationId, CartId, DoseId, OrderId, PreparedId, UserId};
use crate::order::Order;
use crate::schedule::policy::Confirm;
use crate::verdict::{
    Check, Objection, Severity, Word, cap_objections, filing_objections, unanswered,
    witness_objection, word,
};

/// Counts one package; the last one puts the dose in the pot.
pub(super) fn count_unit(
    record: &mut Record<'_, '_>,
    c: &ScanCommand,
    (order, dose): (OrderId, Option<DoseId>),
    key: String,
    needed: u32,
    answer: &mut ScanAnswer,
) {
    let now = record.now;
    let version = record.home.orders.get(&order).map_or(0, |o| o.current.content_version());
    let witness = record.cart(&c.cart).witness_of(order, dose, version, now);
    let used = |checked: &mut Checked| (checked.order, checked.dose) == (order, dose);
    record.cart(&c.cart).checked.take_if(used);
    let running = record.cart(&c.cart).counting.take();
    let mut counting = match running {
        Some(running)
            if running.order == order && running.dose == dose && running.version == version =>
        {
            running
        }
        other => {
            if let Some(o) = other.and_then(|short| settle_short(record, c, short)) {
                answer.objections.push(o.severity(Severity::Info));
            }
            Counting {
                dose,
                order,
                version,
                needed,
                packages: Vec::new(),
                overrides: Vec::new(),
                accepted_before: Vec::new(),
                witness: None,
            }
        }
    };
    counting.witness = witness;
    counting.packages.push(key);
    counting.accepted_before.push(u32::try_from(counting.overrides.len()).unwrap_or(u32::MAX));
    // The short count before it was answered for itself.
    let own = c.overrides.iter().filter(|v| v.code != Check::UnitsShort.code());
    counting.overrides.extend(own.cloned());
    let scanned = u32::try_from(counting.packages.len()).unwrap_or(u32::MAX);
    answer.units = Some((scanned, needed));
    if scanned < needed {
        record.cart(&c.cart).counting = Some(counting);
        answer.effect = ScanEffect::UnitScanned;
        return;
    }
    answer.dose = prepare(record, &c.cart, counting);
    answer.effect = ScanEffect::Prepared;
    if record.home.policy.giving.confirm == Confirm::Scan {
        answer.administrations = confirm_pot(record, c, answer);
        // A dose that meets an objection stays in the pot, and nothing was confirmed.
        if !answer.administrations.is_empty() {
            answer.effect = ScanEffect::Confirmed;
        }
    }
}

pub(super) fn prepare(
    record: &mut Record<'_, '_>,
    cart: &CartId,
    counting: Counting,
) -> Option<DoseId> {
    let order = record.home.orders.get(&counting.order)?;
    let resident = order.current.resident;
    let by = record.cart(cart).user?;
    let dose = match counting.dose {
        Some(dose) => dose,
        None => unplanned_dose(record, order),
    };
    let id = PreparedId(record.fresh());
    let at = record.now;
    record.fact(Fact::Pot(Box::new(PotFact {
        id,
        dose,
        order: counting.order,
        resident,
        act: PotAct::Prepared,
        by,
        cart: cart.clone(),
        at,
        packages: counting.packages.clone(),
    })));
    record.prepared(dose);
    let reason = counting.overrides.iter().find(|o| o.code == Check::PrnReasonMissing.code());
    let reason = reason.map(|o| o.reason.clone());
    let by_scale = units_by_scale(record.home, order, at);
    let readings = relied_on(record.home, order, at);
    let Counting { order, version, packages, overrides, needed, witness, .. } = counting;
    let short = u32::try_from(packages.len()).is_ok_and(|scanned| scanned < needed);
    let needed = short.then_some(needed);
    record.cart(cart).pot.push(InPot {
        dose,
        order,
        version,
        packages,
        overrides,
        needed,
        reason,
        witness,
        by_scale,
        readings,
    });
    Some(dose)
}

/// Confirms the whole pot: each dose in it is given, now, and everything is checked once more. A
/// dose that meets an objection stays in the pot, until it is answered or taken back. One that was
/// charted as taken elsewhere meanwhile was taken from this pot too: that claim is kept beside the
/// first, and a person must look.
pub(super) fn confirm_pot(
    record: &mut Record<'_, '_>,
    c: &ScanCommand,
    answer: &mut ScanAnswer,
) -> Vec<AdministrationId> {
    let cart = &c.cart;
    let Some(by) = record.cart(cart).user else { return Vec::new() };
    let pot = std::mem::take(&mut record.cart(cart).pot);
    let mut done = Vec::new();
    let mut kept = Vec::new();
    for mut dose in pot {
        // Never seen, and never to be passed over in silence: what is in the pot is in a hand.
        let Some(order) = record.home.orders.get(&dose.order) else {
            answer.verdict = Word::Stop;
            answer.objections.push(Objection::new(Check::OrderNotActive));
            kept.push(dose);
            continue;
        };
        let charted = record.home.doses.get(&dose.dose).and_then(|d| d.outcome.as_ref());
        let first = charted.filter(|o| o.outcome.is_taken());
        if let Some(first) = first {
            let o = Objection::new(Check::PossibleDoubleDose).with("given_at", first.at);
            answer.objections.push(o.with("by", first.by.to_string()));
            answer.verdict = Word::Stop;
            possible_double_dose(record, order, dose.dose);
        } else {
            let planned = record.home.doses.get(&dose.dose);
            let mut all = filing_objections(record.home, order, planned, None, record.now);
            let own = in_pot(record, order, &dose);
            all.extend(cap_objections(record.home, order, planned, Some(own), record.now));
            let witness = dose.witness.as_ref();
            all.extend(witness_objection(record.home, order, witness, (Mode::Now, record.now)));
            // What lies in the pot was counted out for what the order said then.
            let told = all.iter().any(|o| o.code == Check::OrderChanged);
            let other_units = is_other_units(record.home, order, &dose, record.now);
            if (dose.version != order.current.content_version() || other_units) && !told {
                all.push(Objection::new(Check::OrderChanged));
            }
            let asked = |v: &&Override| all.iter().any(|o| o.code.code() == v.code);
            let mut overrides = still_answered(record.home, order, &dose, record.now);
            overrides.extend(c.overrides.iter().filter(asked).cloned());
            let open = unanswered(all, &overrides, Mode::Now);
            if !open.is_empty() {
                answer.verdict = heavier(answer.verdict, word(&open, &[]));
                answer.objections.extend(open);
                kept.push(dose);
                continue;
            }
            dose.overrides = overrides;
        }
        record.cart(cart).used.extend(dose.packages.iter().cloned());
        done.push(confirm(record, (cart, by), order, dose, first.is_none()));
    }
    record.cart(cart).pot = kept;
    done
}

fn heavier(one: Word, other: Word) -> Word {
    match (one, other) {
        (Word::Stop, _) | (_, Word::Stop) => Word::Stop,
        (Word::Ask, _) | (_, Word::Ask) => Word::Ask,
        (Word::Ok, Word::Ok) => Word::Ok,
    }
}

/// How much of its order lies in the pot: the dose, or as much of it as was counted.
fn in_pot(record: &Record<'_, '_>, order: &Order, dose: &InPot) -> Amount {
    let planned = record.home.doses.get(&dose.dose);
    let whole = at_scan(record.home, order, planned, record.now).current.dose;
    match dose.needed {
        None => whole,
        Some(_) => held_by(record.home, whole, &dose.packages),
    }
}

fn confirm(
    record: &mut Record<'_, '_>,
    (cart, by): (&CartId, UserId),
    order: &Order,
    dose: InPot,
    effective: bool,
) -> AdministrationId {
    let amount = in_pot(record, order, &dose);
    let (outcome, reason) = match dose.needed {
        None => (Outcome::Given, dose.reason),
        Some(_) => (Outcome::Partial, Some(PARTIAL.into())),
    };
    let charted = Charted {
        version: order.current.version,
        dose: dose.dose,
        order,
        outcome,
        reason,
        amount: Some(amount),
        mode: Mode::Now,
        at: record.now,
        by,
        cart: Some(cart.clone()),
        overrides: dose.overrides,
        witness: dose.witness,
        packages: dose.packages,
        readings: relied_on(record.home, order, record.now),
        comment: None,
        salt: [0; 16],
        corrects: None,
        effective,
    };
    administer(record, charted)
}

/// Takes the last package or the last dose back out; nothing was given yet.
pub(super) fn undo(record: &mut Record<'_, '_>, cart: &CartId) -> bool {
    let counting = &mut record.cart(cart).counting;
    if let Some(counted) = counting {
        counted.packages.pop();
        // What was accepted for the package goes back with it.
        let before = counted.accepted_before.pop().unwrap_or(0);
        counted.overrides.truncate(usize::try_from(before).unwrap_or(0));
        if counted.packages.is_empty() {
            *counting = None;
        }
        return true;
    }
    match record.cart(cart).pot.pop() {
        Some(last) => {
            give_back(record, cart, last);
            true
        }
        None => false,
    }
}

/// Takes everything out of the pot again, visibly: what was prepared and not confirmed was not
/// given.
pub(super) fn empty_pot(record: &mut Record<'_, '_>, cart: &CartId) {
    if let Some(counted) = record.cart(cart).counting.take() {
        put_back(record, &counted);
    }
    let pot = std::mem::take(&mut record.cart(cart).pot);
    for dose in pot {
        give_back(record, cart, dose);
    }
}

pub(super) fn give_back(record: &mut Record<'_, '_>, cart: &CartId, dose: InPot) {
    let order = record.home.orders.get(&dose.order);
    let resident = order.map(|o| o.current.resident).or(record.cart(cart).open);
    let (Some(resident), Some(by)) = (resident, record.cart(cart).user) else { return };
    // An unplanned dose exists only because it was prepared: taken back, nobody waits for it.
    let unplanned = order.is_some_and(Order::is_unplanned);
    if let Some(planned) = record.home.doses.get(&dose.dose).filter(|_| unplanned) {
        replan(record, planned, Some(Withdrawal::Superseded), record.now);
        record.settle(dose.dose);
    }
    let id = PreparedId(record.fresh());
    let at = record.now;
    record.fact(Fact::Pot(Box::new(PotFact {
        id,
        dose: dose.dose,
        order: dose.order,
        resident,
        act: PotAct::Returned,
        by,
        cart: cart.clone(),
        at,
        packages: dose.packages,
    })));
    let leaf = record.leaf(Action::Delete, "prepared", id.to_string());
    leaf.resident = Some(resident.0);
    leaf.reason = Some("returned".to_owned());
}
