//! What lies on the table beside the demo: every wristband, package and badge as its barcode.

use super::seed::{Bed, Seed};
use emar_domain::order::{OrderVersion, Timing};
use serde::Serialize;

/// Packages of one order on the sheet; robots take others.
const PACKAGES: u64 = 6;
/// The command card and what each square is for.
pub const COMMANDS: [(&str, &str); 8] = [
    ("TAKEN", "the whole pot was taken"),
    ("REFUSED", "the resident refused"),
    ("HOLD", "held"),
    ("NOT_AVAILABLE", "not available"),
    ("UNDO", "take the last one back"),
    ("NEXT", "close this resident"),
    ("CANT_SCAN", "cannot scan"),
    ("LATER", "later"),
];

/// `sheet.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sheet {
    /// Home.
    pub facility: String,
    /// Always true: nothing here is real.
    pub demo: bool,
    /// Who can sign on.
    pub users: Vec<SheetUser>,
    /// The carts and the unit of each.
    pub carts: Vec<SheetCart>,
    /// The command card.
    pub commands: Vec<SheetCode>,
    /// Every wristband.
    pub wristbands: Vec<Wristband>,
    /// Every package.
    pub packages: Vec<SheetPackage>,
}

/// Who can sign on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SheetUser {
    /// Role code.
    pub role: String,
    /// Name as shown.
    pub name: String,
    /// What the badge's barcode sends.
    pub badge: String,
    /// Six digits.
    pub pin: String,
}

/// A cart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SheetCart {
    /// Cart id.
    pub cart: String,
    /// Unit id.
    pub unit: String,
}

/// One square of the command card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SheetCode {
    /// What it is for.
    pub label: String,
    /// What the scanner sends.
    pub raw: String,
}

/// A wristband.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Wristband {
    /// What the scanner sends.
    pub raw: String,
    /// Whose it is.
    pub resident: String,
    /// Family and given name.
    pub name: String,
    /// Unit id.
    pub unit: String,
    /// Room and bed.
    pub room: String,
}

/// A package.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SheetPackage {
    /// What the scanner sends, GS as U+001D.
    pub raw: String,
    /// `package`, or `label` for a pharmacy's label.
    pub kind: &'static str,
    /// Whose it is.
    pub resident: String,
    /// The order it fills.
    pub order: String,
    /// What it is.
    pub drug: String,
    /// How much is given each time.
    pub dose: String,
    /// Packages to scan for one dose.
    pub per_dose: u32,
    /// When needed only.
    pub prn: bool,
    /// The order was stopped: the verdict is stop.
    pub stopped: bool,
}

impl Sheet {
    /// The sheet of a demo home.
    #[must_use]
    pub fn new(facility: &str, seed: &Seed) -> Self {
        let command = |(card, label): &(&str, &str)| SheetCode {
            label: (*label).to_owned(),
            raw: format!("]C0EMAR:CMD:{card}"),
        };
        Self {
            facility: facility.to_owned(),
            demo: true,
            users: users(seed),
            carts: seed
                .carts
                .iter()
                .map(|c| SheetCart { cart: c.id.to_string(), unit: c.unit.to_string() })
                .collect(),
            commands: COMMANDS.iter().map(command).collect(),
            wristbands: seed.beds.iter().map(wristband).collect(),
            packages: seed.beds.iter().flat_map(packages).collect(),
        }
    }
}

/// Who can sign on, as the ready line tells it.
#[must_use]
pub fn users(seed: &Seed) -> Vec<SheetUser> {
    let user = |person: &super::people::Person| SheetUser {
        role: person.role.code().to_owned(),
        name: person.name.clone(),
        badge: person.badge.clone(),
        pin: person.pin.clone(),
    };
    seed.people.iter().map(user).collect()
}

fn wristband(bed: &Bed) -> Wristband {
    let who = &bed.resident;
    Wristband {
        raw: bed.band.clone(),
        resident: who.id.to_string(),
        name: format!("{}, {}", who.family.0, who.given.0),
        unit: who.unit.to_string(),
        room: who.room.clone(),
    }
}

fn packages(bed: &Bed) -> Vec<SheetPackage> {
    let mut all = Vec::new();
    for (order, stock) in &bed.orders {
        let reused = stock.many_doses || stock.label.is_some();
        for serial in 1..=if reused { 1 } else { PACKAGES } {
            all.push(SheetPackage {
                raw: stock.code(serial),
                kind: if stock.label.is_some() { "label" } else { "package" },
                resident: bed.resident.id.to_string(),
                order: order.order.to_string(),
                drug: order.drug.name.clone(),
                dose: order.dose_text.clone(),
                per_dose: stock.per_dose,
                prn: is_prn(order),
                stopped: bed.stopped == Some(order.order),
            });
        }
    }
    all
}

fn is_prn(order: &OrderVersion) -> bool {
    matches!(order.timing, Timing::Prn { .. })
}
