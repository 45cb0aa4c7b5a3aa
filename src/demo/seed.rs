//! The demo home from one number: the same seed makes the same commands, ids and codes.
//!
//! Pure: the caller hashes the PINs and carries the steps out in their order.

use super::orders::{Prescribing, Stock, choose, label};
use super::people::{Person, Post, allergies, devices, residents, staff};
use super::random::Random;
use super::tables::{Regimen, formulary, names, regimens};
use emar_domain::administration::Override;
use emar_domain::decide::{Actor, Command, OrderCommand};
use emar_domain::drug::Product;
use emar_domain::id::OrderId;
use emar_domain::order::OrderVersion;
use emar_domain::resident::{Allergy, Resident};
use emar_domain::role::Role;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::{CivilDate, CivilTime, Instant};
use emar_domain::zone::{Resolved, ZoneRules};
use uuid::{Builder, Uuid};

/// The demo's units, in the order of their carts: id, and name as shown.
pub const UNITS: [(&str, &str); 3] = [("east", "East"), ("west", "West"), ("memory", "Memory")];
/// Places in a unit whose last planned order was stopped this morning; its packages are still in
/// the drawer.
const STOPPED_AT: [usize; 2] = [5, 17];
/// Place, in the first unit, of the resident with an allergy that was overridden.
const OVERRIDDEN_AT: usize = 3;

/// Why there is no demo home.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// The policy is not one of the demo.
    #[error(
        "the demo needs a home with the units east, west and memory, and its wristband pattern; \
         start it with schedules/oakhill.toml"
    )]
    Policy,
    /// A data file of the program cannot be read.
    #[error("the demo's {file} cannot be read in line {line}; this is a fault of the program")]
    Data {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: u32,
    },
    /// A PIN could not be hashed.
    #[error("the demo's PINs could not be hashed; see the log for the reason")]
    Pin,
    /// A regimen no count of its product can give, or without hours.
    #[error("the demo's regimen of {product} cannot be given; this is a fault of the program")]
    Regimen {
        /// What is printed on it.
        product: String,
    },
}

/// A resident with their wristband's barcode and their orders.
#[derive(Clone, Debug)]
pub struct Bed {
    /// Who.
    pub resident: Resident,
    /// What the wristband's barcode sends.
    pub band: String,
    /// Their orders, each with what the drawer holds for it.
    pub orders: Vec<(OrderVersion, Stock)>,
    /// One of the orders, stopped since: giving on it is a mistake.
    pub stopped: Option<OrderId>,
}

/// The demo home.
#[derive(Clone, Debug)]
pub struct Seed {
    /// 06:30 local on 2026-11-02.
    pub start: Instant,
    /// What to carry out, and as whom, in this order.
    pub steps: Vec<(Actor, Command)>,
    /// Staff.
    pub people: Vec<Person>,
    /// Carts, one a unit.
    pub carts: Vec<Post>,
    /// Stations, one a unit.
    pub stations: Vec<Post>,
    /// Residents in order of unit and room.
    pub beds: Vec<Bed>,
}

/// A uuid v7 of the demo's own time and numbers.
pub(super) fn fresh_id(random: &mut Random, at: Instant) -> Uuid {
    let millis = u64::try_from(at.micros() / 1000).unwrap_or(0);
    let mut bytes = [0; 10];
    let drawn = random.draw().to_be_bytes().into_iter().chain(random.draw().to_be_bytes());
    bytes.iter_mut().zip(drawn).for_each(|(byte, drawn)| *byte = drawn);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

/// The instant at which the demo begins: 06:30 local on 2026-11-02.
///
/// # Errors
/// [`SeedError::Policy`] when the zone skips or repeats that time.
pub fn start(zone: &ZoneRules) -> Result<Instant, SeedError> {
    let date = CivilDate::new(2026, 11, 2).ok_or(SeedError::Policy)?;
    let time = CivilTime::new(6, 30).ok_or(SeedError::Policy)?;
    match zone.resolve(date.at(time)) {
        Resolved::Single(at) => Ok(at),
        _ => Err(SeedError::Policy),
    }
}

/// Makes the demo home of `seed`; `hash` makes a PIN's hash as the server stores it
/// (`None`: it failed).
///
/// # Errors
/// [`SeedError`] when policy or data do not serve.
pub fn seed(
    seed: u64,
    policy: &Policy,
    zone: &ZoneRules,
    hash: &dyn Fn(&str) -> Option<String>,
) -> Result<Seed, SeedError> {
    let start = start(zone)?;
    let names = names()?;
    let staff = staff(seed, policy, &names, start, hash)?;
    let carts = devices(seed, "cart", &UNITS)?;
    let stations = devices(seed, "station", &UNITS)?;
    let mut random = Random::new(seed, "formulary");
    let formulary = formulary(&mut || fresh_id(&mut random, start))?;
    let prescribing = Prescribing { policy, zone, start };
    let residents = residents(seed, policy, &names, &UNITS, start)?;
    let mut beds = beds(seed, residents, &prescribing, &formulary)?;

    let mut steps: Vec<Command> = Vec::new();
    steps.extend(staff.iter().map(|(_, user)| Command::User(Box::new(user.clone()))));
    let posts = carts.iter().chain(&stations);
    steps.extend(posts.map(|(_, device)| Command::Device(Box::new(device.clone()))));
    steps.extend(formulary.iter().map(|p| Command::Product(Box::new(p.clone()))));
    steps.extend(beds.iter().map(|b| Command::Resident(Box::new(b.resident.clone()))));
    let mut steps: Vec<(Actor, Command)> =
        steps.into_iter().map(|command| (Actor::server(), command)).collect();
    let acting = |role| acting(staff.iter().map(|(person, _)| person), role);
    steps.extend(orders(&beds, &acting(Role::Charge), &acting(Role::Nurse)));
    let labels = labels(seed, &mut beds, start);
    steps.extend(labels.into_iter().map(|command| (Actor::server(), command)));
    Ok(Seed {
        start,
        steps,
        people: staff.into_iter().map(|(person, _)| person).collect(),
        carts: carts.into_iter().map(|(post, _)| post).collect(),
        stations: stations.into_iter().map(|(post, _)| post).collect(),
        beds,
    })
}

/// The first of a role.
fn acting<'a>(mut people: impl Iterator<Item = &'a Person>, role: Role) -> Actor {
    let person = people.find(|person| person.role == role);
    Actor { user: person.map(|p| p.id), role, ..Actor::server() }
}

fn beds(
    seed: u64,
    residents: Vec<(Resident, String)>,
    prescribing: &Prescribing<'_>,
    formulary: &[Product],
) -> Result<Vec<Bed>, SeedError> {
    let mut random = Random::new(seed, "orders");
    let regimens = regimens(formulary)?;
    let mut beds = Vec::new();
    let mut number = 0;
    let mut unit = None;
    let mut place = 0;
    for (mut resident, band) in residents {
        place = if unit.as_ref() == Some(&resident.unit) { place + 1 } else { 0 };
        unit = Some(resident.unit.clone());
        let mut orders = Vec::new();
        for chosen in choose(&mut random, &regimens, formulary) {
            number += 1;
            let regimen: &Regimen = &regimens[chosen];
            let product = &formulary[regimen.product];
            orders.push(prescribing.order(&mut random, &resident, regimen, product, number)?);
        }
        let ingredients: Vec<String> =
            orders.iter().map(|(order, _)| order.drug.ingredient.clone()).collect();
        resident.allergies = allergies(&mut random, &ingredients);
        if beds.len() == OVERRIDDEN_AT {
            overrule(&mut resident, &mut orders);
        }
        let stopped = if STOPPED_AT.contains(&place) {
            orders.iter().rev().map(|(o, _)| o).find(|o| is_planned(o)).map(|o| o.order)
        } else {
            None
        };
        beds.push(Bed { resident, band, orders, stopped });
    }
    Ok(beds)
}

fn is_planned(order: &OrderVersion) -> bool {
    matches!(order.timing, emar_domain::order::Timing::Planned { .. })
}

/// A recorded reaction to what is ordered, seen and accepted: the verdict tells it and lets it
/// pass.
fn overrule(resident: &mut Resident, orders: &mut [(OrderVersion, Stock)]) {
    let Some((order, _)) = orders.iter_mut().find(|(order, _)| is_planned(order)) else { return };
    resident.allergies.push(Allergy {
        ingredient: order.drug.ingredient.clone(),
        reaction: "mild nausea".to_owned(),
        covers: Vec::new(),
    });
    order.allergy_override = Some("tolerated at this dose; prescriber aware".to_owned());
}

/// Received, noted, verified by a second person, and some stopped: round by round over the
/// residents, so that commands of one batch do not wait for each other.
fn orders(beds: &[Bed], charge: &Actor, second: &Actor) -> Vec<(Actor, Command)> {
    let most = beds.iter().map(|bed| bed.orders.len()).max().unwrap_or(0);
    let round = |place: usize| beds.iter().filter_map(move |bed| bed.orders.get(place));
    let rounds = || (0..most).flat_map(round);
    let server = |command| (Actor::server(), Command::Order(command));
    let mut steps: Vec<_> =
        rounds().map(|(order, _)| server(OrderCommand::Receive(Box::new(order.clone())))).collect();
    let answer = |code: &str| Override {
        code: code.into(),
        reason: "both_meant".into(),
        comment: None,
        contact: None,
    };
    let doubts: Vec<_> =
        ["duplicate_order", "same_ingredient_ordered", "psychotropic_no_end"].map(answer).into();
    let noted = rounds().map(|(order, _)| OrderCommand::Note(order.order, doubts.clone()));
    let stopped = beds.iter().filter_map(|bed| bed.stopped);
    let stopped = stopped.map(|id| OrderCommand::Discontinue(id, "changed by prescriber".into()));
    let verified = rounds().map(|(order, _)| OrderCommand::Verify(order.order));
    let by = |who: &Actor, command| (who.clone(), Command::Order(command));
    steps.extend(noted.map(|command| by(charge, command)));
    steps.extend(verified.map(|command| by(second, command)));
    steps.extend(stopped.map(|command| by(charge, command)));
    steps
}

fn labels(seed: u64, beds: &mut [Bed], start: Instant) -> Vec<Command> {
    let mut random = Random::new(seed, "labels");
    let mut all = Vec::new();
    for (order, stock) in beds.iter_mut().flat_map(|bed| &mut bed.orders) {
        if let Some(label) = label(&mut random, order, stock, start) {
            stock.label = Some(label.code.clone());
            all.push(Command::Label(Box::new(label)));
        }
    }
    all
}

#[cfg(test)]
mod tests;
