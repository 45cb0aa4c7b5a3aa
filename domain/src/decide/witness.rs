//! A second person's check. Verdicts, checks 63 and 64; rule 9: giver and witness are two users,
//! both at the cart.

use super::double::to_look_at;
use super::record::Record;
use super::{Answer, ChartCommand, Refusal};
use crate::administration::{Administration, Witnessed};
use crate::alert::AlertKind;
use crate::amount::Amount;
use crate::audit::leaf::Action;
use crate::cart::Checked;
use crate::dose::Dose;
use crate::dose_amount::at_scan;
use crate::id::{CartId, DoseId, OrderId, UserId};
use crate::order::Order;
use crate::verdict::{witness_objection, witness_stop};
use serde::{Deserialize, Serialize};

/// A second person's check at a cart, made before they saw what the giver had; the shell has
/// checked their badge and PIN.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WitnessCommand {
    /// The cart, at which both stand.
    pub cart: CartId,
    /// The order.
    pub order: OrderId,
    /// The dose; absent for a PRN giving.
    pub dose: Option<DoseId>,
    /// Who.
    pub by: UserId,
    /// The dose as they worked it out.
    pub amount: Amount,
}

/// Keeps the check at the cart until the packages are scanned.
pub(super) fn witness(record: &mut Record<'_, '_>, c: &WitnessCommand) -> Result<Answer, Refusal> {
    let unknown = |code| Refusal::new(code, "reload");
    let session = record.cart(&c.cart).clone();
    let signed = session.user.filter(|_| session.session.is_some());
    let giver = signed.ok_or_else(|| Refusal::new("sign_on_first", "sign_on"))?;
    let home = record.home;
    let order = home.orders.get(&c.order).ok_or_else(|| unknown("order_unknown"))?;
    if session.open != Some(order.current.resident) {
        return Err(Refusal::new("no_resident_open", "scan_resident"));
    }
    let dose = match c.dose {
        Some(id) => {
            let dose = home.doses.get(&id).filter(|d| d.slot.order == c.order);
            Some(dose.ok_or_else(|| unknown("dose_unknown"))?)
        }
        None => None,
    };
    let own = at_scan(home, order, dose, record.now).current.dose;
    let witness = checked(record, giver, (c.by, c.amount), own)?;
    let (order, dose) = (c.order, c.dose);
    let version = home.orders.get(&order).map_or(0, |o| o.current.content_version());
    record.cart(&c.cart).checked = Some(Checked { order, dose, version, witness });
    let leaf = record.leaf(Action::Execute, "orders", c.order.to_string());
    leaf.resident = session.open.map(|id| id.0);
    leaf.reason = Some("witnessed".to_owned());
    leaf.actor.witness2 = Some(c.by.to_string());
    Ok(Answer::Done { count: 1 })
}

/// The second person's check of so much, unless they may not witness it or found another dose.
fn checked(
    record: &Record<'_, '_>,
    giver: UserId,
    (by, amount): (UserId, Amount),
    own: Amount,
) -> Result<Witnessed, Refusal> {
    let unknown = || Refusal::new("witness_invalid", "another_witness");
    let user = record.home.users.get(&by).ok_or_else(unknown)?;
    if let Some(stop) = witness_stop(giver, user) {
        return Err(Refusal { objections: vec![stop], ..unknown() });
    }
    if !amount.same_as(own) {
        // What either of them found is not told: both look again.
        return Err(Refusal::new("witness_differs", "count_again"));
    }
    Ok(Witnessed { by, amount, at: record.now })
}

/// The second person's check of what is charted: said with it; made for the giver's own pot, where
/// it is charted from that pot's cart; or that of a record by the same giver of which nothing is
/// corrected that they checked.
pub(super) fn witnessed(
    record: &Record<'_, '_>,
    c: &ChartCommand,
    dose: Option<&Dose>,
    giver: UserId,
    amount: Option<Amount>,
) -> Result<Option<Witnessed>, Refusal> {
    if let (Some(witness), Some(own)) = (c.witness, amount) {
        return checked(record, giver, witness, own).map(Some);
    }
    let own = dose.filter(|d| d.prepared.as_ref().is_some_and(|p| p.by == giver));
    let carts = record.home.carts.values().filter(|cart| c.cart.as_ref() == Some(&cart.cart));
    let mut pots = carts.flat_map(|cart| &cart.pot);
    let prepared = own.and_then(|dose| pots.find(|p| p.dose == dose.id));
    let same = |a: &&Administration| (a.by, a.outcome, a.amount) == (giver, c.outcome, amount);
    let earlier = c.corrected.as_deref().filter(same).and_then(|a| a.witness);
    Ok(prepared.and_then(|p| p.witness).or(earlier))
}

/// What was given alone, though the home wants a second person: the charge nurse hears of it.
pub(super) fn unwitnessed(record: &mut Record<'_, '_>, order: &Order, a: &Administration) {
    let alone = a.outcome.is_taken()
        && witness_objection(record.home, order, a.witness.as_ref(), (a.mode, a.administered_at))
            .is_some();
    if alone {
        to_look_at(record, AlertKind::Unwitnessed, order, a.dose);
    }
}
