//! An order from what was typed into the form, or what is wrong, field by field.
use super::carried::{as_timed, is_untouched, next_version, source};
use super::orders::routes;
use super::pattern::Pattern;
use super::sight::Sight;
use super::typed::{Typed, civil, number};
use emar_domain::amount::{Amount, Unit};
use emar_domain::drug::{Product, terms};
use emar_domain::id::OrderId;
use emar_domain::order::{FirstDose, Order, OrderVersion, OrderedDrug};
use emar_domain::order_check::{cannot_be_made, reaction};
use emar_domain::resident::{Resident, ResidentState};
use emar_domain::time::{CivilDateTime, Instant};
use emar_domain::zone::Resolved;
use serde::Serialize;

/// Longest text of a field, in bytes; the route that takes the order has its own bounds.
const TEXT_MAX: usize = 1000;
/// The same of who prescribed it.
const NAME_MAX: usize = 200;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Name of the field.
    pub field: &'static str,
    /// Which of the fields of that name, from 0; absent: the only one, or all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// What, why and what to do.
    pub text: String,
}

/// Collects what is wrong; a field is told of once.
pub(super) struct Reader<'a> {
    pub(super) sight: &'a Sight<'a>,
    pub(super) typed: &'a Typed,
    /// The order that is changed.
    pub(super) current: Option<&'a Order>,
    wrong: Vec<Wrong>,
}

/// The span of a hold, to be sent to `POST /api/v1/orders/{id}/hold` with its reason.
///
/// # Errors
/// What is wrong with either end.
pub fn hold_span(
    sight: &Sight<'_>,
    typed: &Typed,
) -> Result<(Option<Instant>, Option<Instant>), Vec<Wrong>> {
    let mut reader = Reader { sight, typed, current: None, wrong: Vec::new() };
    let from = reader.maybe_instant("from", &typed.from);
    let until = reader.maybe_instant("until", &typed.until);
    match (from, until) {
        (Some(from), Some(until)) => Ok((from, until)),
        _ => Err(reader.wrong),
    }
}

/// The order, to be sent to `POST /api/v1/orders` as it stands; `reads` says whose residents the
/// one who asks may know of.
///
/// # Errors
/// Everything that is wrong, in the order of the form.
pub fn compose(
    sight: &Sight<'_>,
    typed: &Typed,
    reads: &dyn Fn(&Resident) -> bool,
) -> Result<OrderVersion, Vec<Wrong>> {
    let current = typed.order.parse().ok().and_then(|id| sight.home.orders.get(&id));
    let mut reader = Reader { sight, typed, current, wrong: Vec::new() };
    reader.change();
    let resident = reader.resident(reads);
    let drug = reader.drug(resident);
    let route = reader.route();
    let pattern = reader.or(Pattern::parse(&typed.pattern), "pattern", "wrong-pattern");
    let doses = pattern.and_then(|pattern| reader.doses(pattern, drug));
    let start = match pattern {
        Some(Pattern::Stat) => Some(sight.now),
        _ => reader.start(),
    };
    let when = pattern.and_then(|pattern| reader.when(pattern, resident, drug, start, &doses));
    let stop = reader.stop(pattern, start);
    let expires = reader.expires(start);
    let conditions = reader.conditions();
    reader.texts();
    let on = start.map(|start| sight.home.zone.to_civil(start).date().weekday());
    let dose = doses.zip(on).and_then(|(doses, on)| doses.first(on));
    let (Some(resident), Some(drug), Some(dose), Some(route)) = (resident, drug, dose, route)
    else {
        return Err(reader.wrong);
    };
    let (Some(start), Some(when), Some(stop), Some(expires), Some(conditions)) =
        (start, when, stop, expires, conditions)
    else {
        return Err(reader.wrong);
    };
    if !reader.wrong.is_empty() {
        return Err(reader.wrong);
    }
    let text = |text: &str| text.trim().to_owned();
    let version = OrderVersion {
        order: current.map_or(OrderId(uuid::Uuid::nil()), Order::id),
        version: next_version(typed, current),
        resident: resident.id,
        drug: ordered(drug, route),
        dose,
        dose_text: dose.to_string(),
        frequency: when.frequency,
        timing: when.timing,
        asked: when.asked,
        start,
        stop,
        expires,
        prescriber: text(&typed.prescriber),
        renews: None,
        before_minutes: when.window.0,
        after_minutes: when.window.1,
        time_critical: is_critical(sight, drug),
        indication: text(&typed.indication),
        instructions: text(&typed.instructions),
        accepted: Vec::new(),
        conditions,
        first_dose: if typed.first == "now" { FirstDose::Now } else { FirstDose::NextTime },
        not_before: None,
        allergy_override: Some(text(&typed.allergy)).filter(|why| !why.is_empty()),
        entered_by: None,
        source: source(current),
    };
    let same = |old: &&OrderVersion| is_untouched(typed, old) && old.timing == version.timing;
    let version = match current.map(|order| &order.current).filter(same) {
        Some(old) => as_timed(version, old, when.own),
        None => version,
    };
    reader.barred(&version);
    if reader.wrong.is_empty() { Ok(version) } else { Err(reader.wrong) }
}

fn ordered(drug: &Product, route: String) -> OrderedDrug {
    OrderedDrug {
        ingredient: drug.ingredient.clone(),
        name: drug.name.clone(),
        strength: Some(drug.strength),
        form: drug.form.clone(),
        route,
    }
}

pub(super) fn is_critical(sight: &Sight<'_>, drug: &Product) -> bool {
    sight.home.policy.is_time_critical(terms(&drug.ingredient))
}

impl<'a> Reader<'a> {
    pub(super) fn is_wrong(&mut self, field: &'static str, id: &str, args: &[(&str, &str)]) {
        self.is_wrong_at(field, None, id, args);
    }

    pub(super) fn is_wrong_at(
        &mut self,
        field: &'static str,
        row: Option<usize>,
        id: &str,
        args: &[(&str, &str)],
    ) {
        if self.wrong.iter().all(|w| (w.field, w.row) != (field, row)) {
            self.wrong.push(Wrong { field, row, text: self.sight.words().with(id, args) });
        }
    }

    /// Of a change: which order, what kind, chosen by hand, and why.
    fn change(&mut self) {
        let typed = self.typed;
        if typed.order.is_empty() {
            return;
        }
        if self.current.is_none() {
            self.is_wrong("resident", "refusal-order_unknown", &[]);
        }
        if !matches!(typed.kind.as_str(), "new_version" | "correction") {
            self.is_wrong("kind", "wrong-kind", &[]);
        }
        if typed.reason.trim().is_empty() {
            self.is_wrong("reason", "wrong-reason", &[]);
        }
    }

    pub(super) fn or<T>(&mut self, found: Option<T>, field: &'static str, id: &str) -> Option<T> {
        if found.is_none() {
            self.is_wrong(field, id, &[]);
        }
        found
    }

    fn resident(&mut self, reads: &dyn Fn(&Resident) -> bool) -> Option<&'a Resident> {
        let own = self.current.map(|order| order.current.resident);
        let id = own.or(self.typed.resident.parse().ok());
        let found = id.and_then(|id| self.sight.home.residents.get(&id));
        // Orders of who is away go on being changed; new ones wait for their return.
        let here = |r: &Resident| own.is_some() || r.state == ResidentState::Admitted;
        let found = found.filter(|r| here(r) && reads(r));
        self.or(found, "resident", "wrong-resident")
    }

    /// The product of that name; one the resident has reacted to needs a reason.
    fn drug(&mut self, resident: Option<&Resident>) -> Option<&'a Product> {
        let name = self.typed.drug.trim();
        let mut products = self.sight.home.products.values();
        let found = products.find(|p| p.name.eq_ignore_ascii_case(name));
        let found = found.or_else(|| self.as_ordered(name));
        let drug = self.or(found, "drug", "wrong-drug")?;
        let met = resident.and_then(|r| reaction(r, &drug.ingredient));
        if let Some(allergy) = met.filter(|_| self.typed.allergy.trim().is_empty()) {
            let args = [
                ("ingredient", allergy.ingredient.as_str()),
                ("reaction", allergy.reaction.as_str()),
            ];
            self.is_wrong("allergy", "wrong-allergy", &args);
        }
        Some(drug)
    }

    /// The product of an order that is changed: a sender may call it by another name.
    fn as_ordered(&self, name: &str) -> Option<&'a Product> {
        let drug = self.current.map(|o| &o.current.drug).filter(|drug| drug.name == name)?;
        let mut products = self.sight.home.products.values();
        products.find(|p| {
            let strength = drug.strength.is_none_or(|s| s.same_as(p.strength));
            drug.same_ingredient(p) && p.form == drug.form && strength
        })
    }

    /// A dose the formulary's product can make: an amount no count of pieces gives is a slip. A
    /// scale says itself how much, and the most it gives stands for the dose that nobody typed.
    pub(super) fn dose(&mut self, drug: Option<&Product>) -> Option<Amount> {
        let Self { sight, typed, current, .. } = *self;
        let mut apart = Reader { sight, typed, current, wrong: Vec::new() };
        let by_scale = match typed.number.trim() {
            // Rows that are not sound are told where the scale itself is read.
            "" => apart.scale()?.and_then(|scale| scale.most()),
            _ => None,
        };
        let dose = match by_scale {
            Some(most) => most,
            None => self.typed_dose()?,
        };
        let drug = drug?;
        if cannot_be_made(dose, drug.strength, &drug.form) {
            let (dose, strength) = (dose.to_string(), drug.strength.to_string());
            let args = [("dose", dose.as_str()), ("form", &drug.form), ("strength", &strength)];
            self.is_wrong("number", "wrong-dose_unfit", &args);
        }
        Some(dose)
    }

    fn typed_dose(&mut self) -> Option<Amount> {
        let nano = self.or(number(self.typed.number.trim()), "number", "wrong-number");
        let unit = Unit::parse(&self.typed.unit);
        let unit = self.or(unit, "unit", "wrong-unit");
        Some(Amount { nano: nano?, unit: unit? })
    }

    fn route(&mut self) -> Option<String> {
        let found = routes().find(|code| *code == self.typed.route);
        self.or(found, "route", "wrong-route")
    }

    /// What is given once has no end to be written.
    fn stop(
        &mut self,
        pattern: Option<Pattern>,
        start: Option<Instant>,
    ) -> Option<Option<Instant>> {
        if matches!(pattern, Some(Pattern::Once | Pattern::Stat)) {
            return Some(None);
        }
        let stop = self.kept("stop", &self.typed.stop, |old| old.stop)?;
        if stop.zip(start).is_some_and(|(stop, start)| stop <= start) {
            self.is_wrong("stop", "wrong-stop", &[]);
        }
        if pattern == Some(Pattern::OnCall) && stop.is_none() {
            self.is_wrong("stop", "wrong-on_call_stop", &[]);
        }
        Some(stop)
    }

    fn start(&mut self) -> Option<Instant> {
        let start = self.kept("start", &self.typed.start, |old| Some(old.start))?;
        self.or(start, "start", "wrong-time")
    }

    fn expires(&mut self, start: Option<Instant>) -> Option<Option<Instant>> {
        let expires = self.kept("expires", &self.typed.expires, |old| old.expires)?;
        if expires.zip(start).is_some_and(|(expires, start)| expires <= start) {
            self.is_wrong("expires", "wrong-expires", &[]);
        }
        Some(expires)
    }

    /// An instant that may be left out. The order's own, where nobody touched it, to the second,
    /// which the field does not show.
    fn kept(
        &mut self,
        field: &'static str,
        text: &str,
        own: impl Fn(&OrderVersion) -> Option<Instant>,
    ) -> Option<Option<Instant>> {
        let own = self.current.and_then(|order| own(&order.current));
        match own.filter(|at| civil(self.sight, *at) == text.trim()) {
            Some(at) => Some(Some(at)),
            None => self.maybe_instant(field, text),
        }
    }

    /// An instant that may be left out.
    fn maybe_instant(&mut self, field: &'static str, text: &str) -> Option<Option<Instant>> {
        if text.trim().is_empty() { Some(None) } else { self.instant(field, text).map(Some) }
    }

    fn instant(&mut self, field: &'static str, text: &str) -> Option<Instant> {
        let civil = CivilDateTime::parse(text.trim()).ok();
        let civil = self.or(civil, field, "wrong-time")?;
        self.resolved(field, civil)
    }

    pub(super) fn resolved(
        &mut self,
        field: &'static str,
        civil: CivilDateTime,
    ) -> Option<Instant> {
        match self.sight.home.zone.resolve(civil) {
            Resolved::Single(at) => Some(at),
            Resolved::Gap { .. } => {
                self.is_wrong(field, "wrong-time_gap", &[]);
                None
            }
            Resolved::Overlap { .. } => {
                self.is_wrong(field, "wrong-time_twice", &[]);
                None
            }
        }
    }

    fn texts(&mut self) {
        let typed = self.typed;
        let texts = [
            ("indication", &typed.indication),
            ("instructions", &typed.instructions),
            ("allergy", &typed.allergy),
            ("reason", &typed.reason),
        ];
        for (field, text) in texts {
            if text.len() > TEXT_MAX {
                self.is_wrong(field, "wrong-text", &[]);
            }
        }
        if typed.prescriber.trim().len() > NAME_MAX {
            self.is_wrong("prescriber", "wrong-prescriber", &[]);
        }
    }
}
