//! The whole judgement of one scan, in the order of the table of checks.

use super::barcode::{barcode_objection, resident_objections};
use super::cap::{amount_of, cap_objections};
use super::condition::condition_objections;
use super::dose::{dose_objections, double_scan, pick_dose, units_short};
use super::handling::{handling_objections, witness_objection};
use super::ingredient::ingredient_objections;
use super::product::{package_objections, product_objections};
use super::read::Named;
use super::{Check, Objection, Package, Severity, order_objections};
use crate::administration::Mode;
use crate::cart::CartSession;
use crate::dose_amount::at_scan;
use crate::drug::Units;
use crate::home::Home;
use crate::id::{DoseId, OrderId, ResidentId, UserId};
use crate::order::Order;
use crate::resident::Resident;
use crate::role::{Action, Role};
use crate::time::Instant;

/// What a scan would do if nothing objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Nothing.
    None,
    /// Ask this person for their PIN.
    Badge(Option<UserId>),
    /// Open this resident.
    Resident(ResidentId),
    /// Count one package towards a dose.
    Unit {
        /// The order it fills.
        order: OrderId,
        /// The dose; absent for a PRN giving.
        dose: Option<DoseId>,
        /// The package's key.
        key: String,
        /// Packages the dose takes.
        units: Units,
    },
    /// Do what the card says.
    Command(String),
}

/// The rules' answer to one scan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// Kind of code, for the scan event.
    pub kind: &'static str,
    /// All objections, in the order of the table.
    pub objections: Vec<Objection>,
    /// What it is about.
    pub target: Target,
}

/// Judges a scan at `cart`; `role` is the signed-on user's, `seen` the list version on the screen.
#[must_use]
pub fn judge(
    home: &Home,
    cart: &CartSession,
    role: Option<Role>,
    named: &Named<'_>,
    seen: Option<u64>,
    now: Instant,
) -> Judgement {
    let kind = named.kind();
    let stop =
        |check| Judgement { kind, objections: vec![Objection::new(check)], target: Target::None };
    if let Named::Badge(text) = named {
        return judge_badge(home, cart, text);
    }
    let Some(role) = role.filter(|_| cart.session.is_some()) else {
        return stop(Check::SignOnFirst);
    };
    if !role.may(Action::Chart) {
        return stop(Check::RoleCannotChart);
    }
    if let Some(check) = barcode_objection(named) {
        return stop(check);
    }
    match named {
        Named::Command(name) => {
            Judgement { kind, objections: Vec::new(), target: Target::Command(name.clone()) }
        }
        Named::Band(text) => judge_band(home, cart, text, now),
        Named::Package(package) => {
            let open = cart.open.and_then(|id| home.residents.get(&id));
            let Some(resident) = open else { return stop(Check::NoResidentOpen) };
            judge_package(home, cart, (role, resident), package, seen, now)
        }
        _ => stop(Check::BarcodeUnknown),
    }
}

fn judge_badge(home: &Home, cart: &CartSession, text: &str) -> Judgement {
    let user = home.user_by_badge(text).filter(|u| u.active).map(|u| u.id);
    let other = user.is_some() && user != cart.user;
    let expected = cart.session.is_none() || (cart.open.is_none() && other);
    if expected {
        let target = Target::Badge(user);
        return Judgement { kind: "badge", objections: Vec::new(), target };
    }
    let objections = vec![Objection::new(Check::StaffBadgeScanned)];
    Judgement { kind: "badge", objections, target: Target::None }
}

fn judge_band(home: &Home, cart: &CartSession, text: &str, now: Instant) -> Judgement {
    let kind = "wristband";
    let stop = |o| Judgement { kind, objections: vec![o], target: Target::None };
    let Some(resident) = home.resident_by_band(text) else {
        return stop(Objection::new(Check::BarcodeUnknown));
    };
    let other = cart.open.is_some_and(|open| open != resident.id);
    if other && cart.counting.is_some() {
        return stop(Objection::new(Check::WrongResident).with("room", resident.room.as_str()));
    }
    if cart.counting.is_some() {
        return stop(Objection::new(Check::WrongBarcodeKind));
    }
    if let Some(o) = resident_objections(resident, now).into_iter().next() {
        return stop(o);
    }
    let target = Target::Resident(resident.id);
    let mut objections = Vec::new();
    if other && !cart.pot.is_empty() {
        let count = i64::try_from(cart.pot.len()).unwrap_or(i64::MAX);
        objections.push(Objection::new(Check::PotUnconfirmed).with("count", count));
    }
    Judgement { kind, objections, target }
}

fn judge_package(
    home: &Home,
    cart: &CartSession,
    (role, resident): (Role, &Resident),
    package: &Package<'_>,
    seen: Option<u64>,
    now: Instant,
) -> Judgement {
    let kind = if package.label.is_some() { "label" } else { "product" };
    let stop = |objections| Judgement { kind, objections, target: Target::None };
    if let Some(label) = package.label.filter(|l| l.resident != resident.id) {
        let room = home.residents.get(&label.resident).map(|r| r.room.clone()).unwrap_or_default();
        return stop(vec![Objection::new(Check::WrongResident).with("room", room)]);
    }
    if let Some(o) = resident_objections(resident, now).into_iter().next() {
        return stop(vec![o]);
    }
    let mut objections = package_objections(package, home.today(now));
    let Some((order, fits)) = pick_order(home, resident, package, now) else {
        objections.push(Objection::new(Check::WrongDrug));
        return stop(objections);
    };
    if order.is_restricted(&home.policy) && !role.may(Action::ChartRestricted) {
        return stop(vec![Objection::new(Check::RoleCannotChart)]);
    }
    let dose = pick_dose(home, order, now);
    let (of_product, units) =
        product_objections(package, &at_scan(home, order, dose, now), resident);
    objections.extend(of_product);
    let counted = (order.id(), dose.map(|d| d.id).filter(|_| !order.is_unplanned()));
    let other = cart.counting.as_ref().filter(|c| (c.order, c.dose) != counted);
    objections.extend(other.map(units_short));
    if fits > 1 {
        objections.push(Objection::new(Check::OrderChoiceNeeded).with("count", i64::from(fits)));
    }
    objections.extend(order_objections(home, order, dose, seen, now));
    objections.extend(dose_objections(home, order, dose, seen, now));
    // A giving when needed is a dose of its own: the last one is behind it.
    let planned = dose.filter(|_| !order.is_unplanned());
    let own = amount_of(home, order, planned, now);
    objections.extend(cap_objections(home, order, planned, own, now));
    objections.extend(ingredient_objections(home, order, now));
    objections.extend(condition_objections(home, order, dose, now));
    objections.extend(double_scan(home, cart, package, order, dose.map(|d| d.id)));
    // The table runs product (2.4), order (2.5), dose (2.6), clinical (2.7): allergy comes last,
    // before how it is handled (2.8).
    objections.sort_by_key(|o| u8::from(o.code == Check::AllergyMatch));
    let version = order.current.content_version();
    let witness = cart.witness_of(counted.0, counted.1, version, now);
    objections.extend(witness_objection(home, order, witness.as_ref(), (Mode::Now, now)));
    objections.extend(handling_objections(package.product));
    let target = match units {
        Some(units) => {
            Target::Unit { order: counted.0, dose: counted.1, key: package.key.clone(), units }
        }
        None => Target::None,
    };
    Judgement { kind, objections, target }
}

/// The order of `resident` this package is for, and how many would take it: the label's own, else
/// among those of the ingredient the one with the fewest stops, then the one whose dose is due
/// first.
fn pick_order<'a>(
    home: &'a Home,
    resident: &Resident,
    package: &Package<'_>,
    now: Instant,
) -> Option<(&'a Order, u32)> {
    if let Some(label) = package.label {
        let order = home.orders.get(&label.order)?;
        return (order.current.resident == resident.id).then_some((order, 1));
    }
    let product = package.product?;
    let mut ranked: Vec<(usize, Instant, &Order)> = home
        .orders_of(resident.id)
        .filter(|o| o.current.drug.same_ingredient(product))
        .map(|order| {
            let dose = pick_dose(home, order, now);
            let (mut all, _) =
                product_objections(package, &at_scan(home, order, dose, now), resident);
            all.extend(order_objections(home, order, dose, None, now));
            all.extend(dose_objections(home, order, dose, None, now));
            let stops = all.iter().filter(|o| o.severity <= Severity::Refresh).count();
            (stops, dose.map_or(Instant::MAX, |d| d.due), order)
        })
        .collect();
    ranked.sort_by_key(|(stops, due, order)| (*stops, *due, order.id()));
    let clean = ranked.iter().filter(|(stops, _, _)| *stops == 0).count();
    let fits = u32::try_from(clean).unwrap_or(u32::MAX);
    ranked.first().map(|(_, _, order)| (*order, fits))
}
