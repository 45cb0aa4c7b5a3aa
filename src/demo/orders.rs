//! The demo home's orders, and the packages in its carts' drawers.

use super::random::Random;
use super::seed::{SeedError, fresh_id};
use super::tables::Regimen;
use crate::policy_file::frequencies;
use emar_domain::drug::{Label, Product, is_psychotropic, units_for};
use emar_domain::id::{LabelId, OrderId, ProductId};
use emar_domain::order::{FirstDose, OrderVersion, OrderedDrug, Source, Timing};
use emar_domain::resident::Resident;
use emar_domain::schedule::frequency::{Brought, Planned};
use emar_domain::schedule::hours::AskedTiming;
use emar_domain::schedule::policy::Policy;
use emar_domain::time::{Instant, Weekday};
use emar_domain::zone::ZoneRules;

/// The pharmacy that sent half of the orders and is told of their administrations.
pub const PHARMACY: &str = "demo-pharmacy";
const ORDERS_MIN: u64 = 8;
const ORDERS_SPREAD: u64 = 3;
const DAY_MINUTES: i64 = 24 * 60;

/// What the drawer holds for one order: a code for each package.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stock {
    /// The order.
    pub order: OrderId,
    /// The product.
    pub product: ProductId,
    /// Its GTIN.
    pub gtin: String,
    /// Text of the pharmacy's label, where that is scanned instead.
    pub label: Option<String>,
    /// Counts the orders of the home; part of every serial.
    pub number: u32,
    /// One package serves many doses (a vial, an inhaler): its code carries no serial.
    pub many_doses: bool,
    /// Packages to scan for one dose.
    pub per_dose: u32,
}

/// Last day of the good lots, and of the one that has expired, as barcodes write it.
const GOOD_UNTIL: &str = "280831";
const EXPIRED_ON: &str = "260930";

impl Stock {
    /// The barcode text of the package with this serial; of a label or a vial always the same.
    #[must_use]
    pub fn code(&self, serial: u64) -> String {
        match &self.label {
            Some(label) => format!("]C0{label}"),
            None => self.gs1(GOOD_UNTIL, "DEMO-B", serial),
        }
    }

    /// A package of an expired lot, as is found at the back of a drawer.
    #[must_use]
    pub fn expired_code(&self, serial: u64) -> String {
        self.gs1(EXPIRED_ON, "DEMO-A", serial)
    }

    fn gs1(&self, expiry: &str, lot: &str, serial: u64) -> String {
        let head = format!("]d201{}17{expiry}10{lot}", self.gtin);
        if self.many_doses {
            return head;
        }
        format!("{head}\u{1d}21{:04}{serial:06}", self.number)
    }
}

/// What one resident is prescribed: regimens by place, never two of a group or ingredient.
pub fn choose(random: &mut Random, regimens: &[Regimen], formulary: &[Product]) -> Vec<usize> {
    let wanted = ORDERS_MIN + random.below(ORDERS_SPREAD);
    let mut chosen: Vec<usize> = Vec::new();
    let ingredient = |place: usize| &formulary[regimens[place].product].ingredient;
    for _ in 0..wanted {
        let free = |place: usize| {
            chosen.iter().all(|c| {
                regimens[*c].group != regimens[place].group && ingredient(*c) != ingredient(place)
            })
        };
        let weights = regimens.iter().enumerate().map(|(p, r)| if free(p) { r.weight } else { 0 });
        let Some(place) = random.weighed(weights) else { break };
        chosen.push(place);
    }
    chosen
}

/// The places an order's parts come from.
pub struct Prescribing<'a> {
    /// The home's policy.
    pub policy: &'a Policy,
    /// Its zone.
    pub zone: &'a ZoneRules,
    /// When the demo begins.
    pub start: Instant,
}

impl Prescribing<'_> {
    /// The order of `regimen` for `resident`, and its stock.
    ///
    /// # Errors
    /// [`SeedError::Regimen`] when no count of the product gives the dose, or the frequency cannot
    /// be planned: the data file is wrong.
    pub fn order(
        &self,
        random: &mut Random,
        resident: &Resident,
        regimen: &Regimen,
        product: &Product,
        number: u32,
    ) -> Result<(OrderVersion, Stock), SeedError> {
        let wrong = || SeedError::Regimen { product: product.name.clone() };
        let units = units_for(regimen.dose, product).ok_or_else(wrong)?;
        let days = 5 + i64::try_from(random.below(200)).unwrap_or(0);
        // A psychotropic when needed runs two weeks at most: these are on their way.
        let short = regimen.prn_minutes.is_some() && is_psychotropic(&product.ingredient);
        let days = if short { days % 10 } else { days };
        let begun = self.start.plus_minutes(-days * DAY_MINUTES).ok_or_else(wrong)?;
        let critical = self.is_time_critical(&product.ingredient);
        let (timing, asked, (before_minutes, after_minutes)) =
            if let Some(minutes) = regimen.prn_minutes {
                let prn = Timing::prn(regimen.indication.clone(), Some(minutes), regimen.prn_max);
                (prn, None, (0, 0))
            } else {
                self.planned(random, resident, regimen, begun, critical).ok_or_else(wrong)?
            };
        let sender = if random.chance(50) { PHARMACY } else { "import" };
        let version = OrderVersion {
            order: OrderId(fresh_id(random, self.start)),
            version: 1,
            resident: resident.id,
            drug: OrderedDrug {
                ingredient: product.ingredient.clone(),
                name: product.name.clone(),
                strength: Some(product.strength),
                form: product.form.clone(),
                route: product.route.clone(),
            },
            dose: regimen.dose,
            dose_text: regimen.dose.to_string(),
            frequency: regimen.frequency.clone(),
            timing,
            asked,
            start: begun,
            stop: None,
            expires: None,
            prescriber: String::new(),
            renews: None,
            before_minutes,
            after_minutes,
            time_critical: critical,
            indication: regimen.indication.clone(),
            instructions: regimen.instructions.clone(),
            accepted: Vec::new(),
            first_dose: FirstDose::NextTime,
            not_before: None,
            conditions: emar_domain::condition::Conditions::default(),
            allergy_override: None,
            entered_by: None,
            source: Source {
                sender: sender.to_owned(),
                placer: format!("RX{}", 700_000 + number),
                version: "1".to_owned(),
            },
        };
        let stock = Stock {
            order: version.order,
            product: product.id,
            gtin: product.gtins.first().cloned().unwrap_or_default(),
            label: None,
            number,
            many_doses: product.strength.per.is_some() || product.units_per_package > 1,
            per_dose: units.packages,
        };
        Ok((version, stock))
    }

    /// The home's list; levothyroxine is held to its hour here as well.
    fn is_time_critical(&self, ingredient: &str) -> bool {
        let terms = ingredient.split(['/', ' ']).chain([ingredient]);
        self.policy.is_time_critical(terms) || ingredient == "levothyroxine"
    }

    fn planned(
        &self,
        random: &mut Random,
        resident: &Resident,
        regimen: &Regimen,
        begun: Instant,
        critical: bool,
    ) -> Option<(Timing, Option<AskedTiming>, (i64, i64))> {
        let table = frequencies();
        let frequency = table.find(&regimen.frequency)?;
        let unit = resident.unit.as_str();
        let day = random.pick(&[Weekday::Mon, Weekday::Wed, Weekday::Sat]).copied()?;
        let brought = Brought {
            times: (!regimen.hours.is_empty()).then(|| regimen.hours.clone()),
            anchor_date: Some(self.zone.to_civil(begun).date()),
            dow: (frequency.code == "WEEKLY").then(|| vec![day]),
            ..Brought::default()
        };
        let hours = self.policy.hours_of(unit, frequency);
        let planned = frequency.plan(&brought, hours.as_deref());
        let Ok(Planned::Doses(schedule)) = planned else { return None };
        let bounds = self.policy.order_window(table, frequency, unit, critical)?;
        let asked = Some(AskedTiming { code: frequency.code.clone(), brought });
        Some((Timing::Planned { schedule }, asked, bounds))
    }
}

/// A pharmacy label for an order: one in twelve of those that are taken whole from one package.
pub fn label(
    random: &mut Random,
    order: &OrderVersion,
    stock: &Stock,
    start: Instant,
) -> Option<Label> {
    let fits = order.source.sender == PHARMACY && stock.per_dose == 1;
    if !fits || !random.chance(15) {
        return None;
    }
    Some(Label {
        id: LabelId(fresh_id(random, start)),
        code: format!("OHP-{}-{:06}", order.source.placer, random.below(1_000_000)),
        pharmacy: PHARMACY.to_owned(),
        resident: order.resident,
        order: order.order,
        version: order.version,
        product: Some(stock.product),
    })
}
