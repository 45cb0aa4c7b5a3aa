//! The people of the demo home: residents, staff, and the devices they use.

use super::random::Random;
use super::seed::{SeedError, fresh_id};
use super::tables::Names;
use emar_domain::fact::{Device, User};
use emar_domain::id::{ResidentId, Slug, UserId};
use emar_domain::resident::{Allergy, Personal, Resident, ResidentState};
use emar_domain::role::Role;
use emar_domain::scan::{check, wristband};
use emar_domain::schedule::policy::Policy;
use emar_domain::time::{CivilDate, Instant};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Someone who can sign on, with the PIN as only the demo may know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Identity.
    pub id: UserId,
    /// Role.
    pub role: Role,
    /// Name as shown.
    pub name: String,
    /// What the badge's barcode sends.
    pub badge: String,
    /// Six digits.
    pub pin: String,
}

/// A cart or a station, with the token it was enrolled with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// Id, as in topics.
    pub id: Slug,
    /// Its unit.
    pub unit: Slug,
    /// What proves that it is this device: 32 bytes in hex.
    pub token: String,
}

const STAFF: [(Role, &str); 9] = [
    (Role::Nurse, "RN"),
    (Role::Nurse, "LPN"),
    (Role::Nurse, "RN"),
    (Role::Nurse, "LPN"),
    (Role::Aide, "CMA"),
    (Role::Charge, "RN"),
    (Role::Charge, "RN"),
    (Role::Pharmacist, "RPh"),
    (Role::Don, "RN"),
];

/// Badge numbers begin here; residents' numbers stay below.
const BADGES_FROM: u64 = 90_000_001;

/// The staff; `hash` makes a PIN's hash as the server stores it.
///
/// # Errors
/// [`SeedError::Policy`] when the home has no GSRN prefix for badges, [`SeedError::Pin`] when
/// `hash` fails.
pub fn staff(
    seed: u64,
    policy: &Policy,
    names: &Names,
    at: Instant,
    hash: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(Person, User)>, SeedError> {
    let mut random = Random::new(seed, "staff");
    let prefix = policy.wristband.gsrn_prefix.as_deref().ok_or(SeedError::Policy)?;
    let mut met = BTreeSet::new();
    let mut all = Vec::new();
    for ((role, title), number) in STAFF.into_iter().zip(BADGES_FROM..) {
        let (given, family) = name(&mut random, names, &mut met)?;
        let initial: String = given.chars().take(1).collect();
        let shown = format!("{initial}. {family} {title}");
        let gsrn = check::gsrn(prefix, number).ok_or(SeedError::Policy)?;
        let pin = pin(&mut random);
        let id = UserId(fresh_id(&mut random, at));
        let user = User {
            id,
            rev: 1,
            name: Personal(shown.clone()),
            role,
            badge: Personal(gsrn.clone()),
            pin_hash: hash(&pin).ok_or(SeedError::Pin)?,
            units: Vec::new(),
            active: true,
        };
        let badge = format!("]d28017{gsrn}");
        all.push((Person { id, role, name: shown, badge, pin }, user));
    }
    Ok(all)
}

/// Six digits that are neither a run, nor in pairs, nor mostly the same.
fn pin(random: &mut Random) -> String {
    loop {
        let pin = format!("{:06}", random.below(1_000_000));
        if !is_weak(&pin) {
            return pin;
        }
    }
}

/// A PIN a person would guess: fewer than five different digits, four in a run, or like a year.
#[must_use]
pub fn is_weak(pin: &str) -> bool {
    let digits: Vec<u8> = pin.bytes().collect();
    let distinct: BTreeSet<u8> = digits.iter().copied().collect();
    let run = |step: i16| {
        digits
            .windows(4)
            .any(|four| four.windows(2).all(|two| i16::from(two[1]) - i16::from(two[0]) == step))
    };
    let year = pin.starts_with("19") || pin.starts_with("20");
    distinct.len() < 5 || run(1) || run(-1) || year
}

/// One device of `kind` for each of `units`, numbered from 1.
///
/// # Errors
/// [`SeedError::Policy`] when a unit's id cannot stand in a topic.
pub fn devices(
    seed: u64,
    kind: &str,
    units: &[(&str, &str)],
) -> Result<Vec<(Post, Device)>, SeedError> {
    let mut random = Random::new(seed, kind);
    let mut all = Vec::new();
    for ((unit, shown), number) in units.iter().zip(1u32..) {
        let id = if kind == "cart" { format!("cart-{number}") } else { format!("{kind}-{unit}") };
        let id = Slug::new(&id).map_err(|_| SeedError::Policy)?;
        let unit = Slug::new(unit).map_err(|_| SeedError::Policy)?;
        let secret: Vec<u8> = (0..4).flat_map(|_| random.draw().to_be_bytes()).collect();
        let name = if kind == "cart" {
            format!("Cart {number} · {shown}")
        } else {
            format!("Station · {shown}")
        };
        let device = Device {
            id: id.clone(),
            rev: 1,
            kind: kind.to_owned(),
            unit: unit.clone(),
            name,
            secret_sha256: hex(&Sha256::digest(&secret)),
            enrolled: true,
            active: true,
        };
        all.push((Post { id, unit, token: hex(&secret) }, device));
    }
    Ok(all)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn name(
    random: &mut Random,
    names: &Names,
    met: &mut BTreeSet<(String, String)>,
) -> Result<(String, String), SeedError> {
    let none = || SeedError::Data { file: "names.csv", line: 1 };
    for _ in 0..1000 {
        let given = (*random.pick(&names.given).ok_or_else(none)?).to_owned();
        let front = random.pick(&names.fronts).ok_or_else(none)?;
        let back = random.pick(&names.backs).ok_or_else(none)?;
        let pair = (given, format!("{front}{back}"));
        if met.insert(pair.clone()) {
            return Ok(pair);
        }
    }
    Err(none())
}

const HOW_TAKEN: [&str; 5] = [
    "whole, with water",
    "whole, one at a time, with water",
    "in apple sauce",
    "with thickened water",
    "crushed where allowed, in yoghurt",
];

/// Residents of every room of `units`, in room order, and the barcode text of each wristband.
///
/// # Errors
/// [`SeedError::Policy`] when the home's units, rooms or wristband pattern do not serve.
pub fn residents(
    seed: u64,
    policy: &Policy,
    names: &Names,
    units: &[(&str, &str)],
    at: Instant,
) -> Result<Vec<(Resident, String)>, SeedError> {
    let mut random = Random::new(seed, "residents");
    let mut met = BTreeSet::new();
    let mut all = Vec::new();
    for (unit, _) in units {
        let rooms = &policy.units.get(*unit).ok_or(SeedError::Policy)?.rooms;
        let unit = Slug::new(unit).map_err(|_| SeedError::Policy)?;
        for room in rooms {
            let number = u64::try_from(all.len()).unwrap_or(0) + 1;
            let (given, family) = name(&mut random, names, &mut met)?;
            let (band, raw) = band(&mut random, policy, number)?;
            let nickname =
                if random.chance(20) { given.chars().take(3).collect() } else { String::new() };
            let resident = Resident {
                id: ResidentId(fresh_id(&mut random, at)),
                family: Personal(family),
                given: Personal(given),
                nickname: Personal(nickname),
                birth_date: birth_date(&mut random),
                unit: unit.clone(),
                room: room.clone(),
                number: Personal(format!("OH-{:04}", 1000 + number)),
                band: Personal(band),
                state: ResidentState::Admitted,
                absences: vec![],
                left_because: String::new(),
                allergies: Vec::new(),
                how_taken: random.pick(&HOW_TAKEN).copied().unwrap_or_default().to_owned(),
                code_status: if random.chance(35) { "full code" } else { "DNR" }.to_owned(),
            };
            all.push((resident, raw));
        }
    }
    Ok(all)
}

/// Every tenth band is a GSRN; the others follow the home's own pattern.
fn band(random: &mut Random, policy: &Policy, number: u64) -> Result<(String, String), SeedError> {
    let drawn = random.draw();
    if number.is_multiple_of(10)
        && let Some(prefix) = &policy.wristband.gsrn_prefix
    {
        // The number keeps them apart, the drawn digits keep them from being guessed.
        let gsrn = check::gsrn(prefix, (drawn % 8_000) * 10_000 + number);
        let gsrn = gsrn.ok_or(SeedError::Policy)?;
        let raw = format!("]d28018{gsrn}");
        return Ok((gsrn, raw));
    }
    let payload = wristband::payload((drawn % (1 << 25)) << 10 | number);
    let band = wristband::code("R-", &payload).ok_or(SeedError::Policy)?;
    if !policy.wristband.pattern.matches(&band) {
        return Err(SeedError::Policy);
    }
    let raw = format!("]C0{band}");
    Ok((band, raw))
}

fn birth_date(random: &mut Random) -> Option<CivilDate> {
    let year = 1926 + i32::try_from(random.below(30)).unwrap_or(0);
    let month = 1 + u32::try_from(random.below(12)).unwrap_or(0);
    let day = 1 + u32::try_from(random.below(28)).unwrap_or(0);
    CivilDate::new(year, month, day)
}

/// Allergies that are seen in every home: ingredient, reaction, what it covers.
const ALLERGIES: [(&str, &str, &[&str]); 6] = [
    ("penicillin", "hives", &["amoxicillin", "ampicillin", "penicillin v"]),
    ("sulfonamide", "rash", &["sulfamethoxazole", "sulfasalazine"]),
    ("codeine", "vomiting", &[]),
    ("ibuprofen", "stomach bleeding", &["naproxen", "ketorolac"]),
    ("latex", "itching", &[]),
    ("iodinated contrast", "flushing", &[]),
];

/// None to two allergies, none of which meets an order in `ingredients`.
pub fn allergies(random: &mut Random, ingredients: &[String]) -> Vec<Allergy> {
    let mut all: Vec<Allergy> = Vec::new();
    let wanted = if random.chance(40) { 1 + u64::from(random.chance(25)) } else { 0 };
    for _ in 0..wanted {
        let Some((ingredient, reaction, covers)) = random.pick(&ALLERGIES).copied() else { break };
        let allergy = Allergy {
            ingredient: ingredient.to_owned(),
            reaction: reaction.to_owned(),
            covers: covers.iter().map(|c| (*c).to_owned()).collect(),
        };
        let meets = ingredients.iter().any(|i| allergy.matches(i));
        if !meets && all.iter().all(|a| a.ingredient != ingredient) {
            all.push(allergy);
        }
    }
    all
}
