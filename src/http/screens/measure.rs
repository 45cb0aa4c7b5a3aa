//! What is measured first: the readings on a row of the due list, and the fields of the dialog.
use super::sight::Sight;
use emar_domain::amount::format_nano;
use emar_domain::condition::Conditions;
use emar_domain::evidence::{fresh, glucose_unit};
use emar_domain::gate::HoldRule;
use emar_domain::id::{OrderId, ResidentId};
use emar_domain::order::Order;
use emar_domain::reading::{CODES, GLUCOSE, Measured, customary_glucose, scope};
use emar_domain::scale::GlucoseUnit;
use serde::Serialize;
use std::collections::BTreeSet;

/// Everything the dialog "measure first" shows.
#[derive(Clone, Debug, Serialize)]
pub struct Measuring {
    /// On whom.
    pub resident: ResidentId,
    /// For which drug first of all; empty when none was chosen.
    pub drug: String,
    /// What is measured, what the chosen order asks for first.
    pub fields: Vec<Field>,
}

/// One reading to enter.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// Its code.
    pub code: String,
    /// In words.
    pub label: String,
    /// The unit it is entered in; may be empty.
    pub unit: &'static str,
    /// Of glucose, the unit it is sent with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glucose_unit: Option<GlucoseUnit>,
    /// What each order makes of it, the chosen one first: `metoprolol — hold below 100`.
    pub rules: Vec<String>,
    /// The newest one, `128 mmHg 07:51`; empty where there is none.
    pub last: String,
    /// The chosen order is not given without it.
    pub required: bool,
}

/// What the open resident's orders need measured: of the chosen order everything, fresh or not; of
/// the other doses that are open what is missing or too old, so that one entry serves the pass.
#[must_use]
pub fn measuring(sight: &Sight<'_>, resident: ResidentId, chosen: Option<OrderId>) -> Measuring {
    let home = sight.home;
    let chosen = chosen.and_then(|id| home.orders.get(&id));
    let chosen = chosen.filter(|order| order.current.resident == resident);
    let opened = home.doses_of(resident).filter(|d| d.is_open() && d.opens <= sight.now);
    let orders: BTreeSet<OrderId> = opened.map(|d| d.slot.order).collect();
    let others = orders.iter().filter(|id| chosen.is_none_or(|o| o.id() != **id));
    let others: Vec<&Order> = others.filter_map(|id| home.orders.get(id)).collect();
    let is_fresh = |order: &Order, code: &str| fresh(home, order, code, sight.now).is_some();
    let own = chosen.iter().flat_map(|order| order.current.conditions.readings());
    let wanted = others.iter().flat_map(|order| {
        let codes = order.current.conditions.readings();
        codes.into_iter().filter(|code| !is_fresh(order, code))
    });
    let mut codes = in_order(own);
    let further = in_order(wanted.filter(|code| !codes.contains(code)));
    codes.extend(further);
    // A pressure is read off as a pair.
    if let Some(at) = codes.iter().position(|code| *code == "sbp")
        && !codes.contains(&"dbp")
    {
        codes.insert(at + 1, "dbp");
    }
    let all: Vec<&Order> = chosen.into_iter().chain(others).collect();
    let field = |code: &str| {
        let asks = |order: &&&Order| order.current.conditions.readings().contains(&code);
        let required = chosen.as_ref().filter(asks).is_some_and(|order| !is_fresh(order, code));
        field(sight, resident, (code, required), &all)
    };
    Measuring {
        resident,
        drug: chosen.map(|order| order.current.drug.name.clone()).unwrap_or_default(),
        fields: codes.into_iter().map(field).collect(),
    }
}

/// Each once, in the order in which they are listed everywhere.
fn in_order<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted: BTreeSet<&str> = codes.collect();
    CODES.into_iter().filter_map(|code| wanted.get(code).copied()).collect()
}

fn field(
    sight: &Sight<'_>,
    resident: ResidentId,
    (code, required): (&str, bool),
    orders: &[&Order],
) -> Field {
    let profile = sight.home.policy.profile;
    let mut asking = orders.iter().filter(|o| o.current.conditions.readings().contains(&code));
    let glucose = asking.next().map(|order| glucose_unit(sight.home, order));
    let glucose = glucose.unwrap_or_else(|| customary_glucose(profile));
    let last = sight.home.reading(resident, code, sight.now);
    let rules = orders.iter().flat_map(|order| rules(sight, order, code));
    Field {
        code: code.to_owned(),
        label: sight.word("reading", code),
        unit: scope(code, profile, glucose).map_or("", |scope| scope.unit),
        glucose_unit: (code == GLUCOSE).then_some(glucose),
        rules: rules.collect(),
        last: last.map(|reading| shown(sight, reading)).unwrap_or_default(),
        required,
    }
}

/// What an order makes of a reading.
fn rules(sight: &Sight<'_>, order: &Order, code: &str) -> Vec<String> {
    let Conditions { gate, scale, .. } = &order.current.conditions;
    let (w, drug) = (sight.words(), order.current.drug.ingredient.as_str());
    let hold = |rule: &HoldRule| {
        let (op, bound) = (w.named("compare", rule.op.name()), format_nano(rule.nano));
        w.with("measure-hold", &[("drug", drug), ("op", &op), ("bound", &bound)])
    };
    let gate = gate.iter().flat_map(|gate| gate.rules()).filter(|rule| rule.code == code);
    let scale = scale.as_ref().filter(|_| code == GLUCOSE);
    gate.map(hold).chain(scale.map(|_| w.one("measure-scale", "drug", drug))).collect()
}

/// `128 mmHg 07:51`.
fn shown(sight: &Sight<'_>, reading: &Measured) -> String {
    let profile = sight.home.policy.profile;
    let glucose = reading.glucose_unit.unwrap_or_else(|| customary_glucose(profile));
    let unit = scope(&reading.code, profile, glucose).map_or("", |scope| scope.unit);
    let space = if unit.is_empty() { "" } else { "\u{a0}" };
    format!("{}{space}{unit} {}", reading.shown, sight.time(reading.at))
}

/// The readings of an order for its row: those that count now with their values, and what is to be
/// measured first; and whether anything is.
pub(super) fn row(sight: &Sight<'_>, order: &Order) -> (Vec<String>, bool) {
    let mut parts = Vec::new();
    let mut missing = Vec::new();
    for code in order.current.conditions.readings() {
        let label = sight.word("reading", code);
        match fresh(sight.home, order, code, sight.now) {
            Some(reading) => parts.push(format!("{label} {}", shown(sight, reading))),
            None => missing.push(label),
        }
    }
    let wants = !missing.is_empty();
    if wants {
        parts.push(sight.words().one("row-measure", "reading", &missing.join(", ")));
    }
    (parts, wants)
}
