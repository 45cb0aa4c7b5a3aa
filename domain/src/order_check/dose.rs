//! How much an order gives at once: number against text, against the strength, and against what
//! anybody is given. Stories, 5; features, group 2.

use crate::amount::{Amount, Unit};
use crate::drug::{PIECES_MAX, Strength, halves_of, is_piece, piece_of, terms};
use crate::order::{OrderVersion, Timing};
use crate::scale::RowAnswer;
use crate::verdict::{Check, Objection};

/// Measures of a strength (`160 mg/5 mL`) in one dose that nobody asks about.
const MEASURES_MAX: i64 = 10;
/// Millilitres below which a dose written in its ingredient is not asked about, however weak the
/// liquid.
const MEASURED_ML: i32 = 20;

/// What one giving may come to: more than `ask` needs a reason, more than `stop` is a slip.
struct Ceiling {
    ask: Amount,
    stop: Amount,
}

impl Ceiling {
    fn new(unit: Unit, ask: i32, stop: i32) -> Self {
        Self { ask: Amount::whole(ask, unit), stop: Amount::whole(stop, unit) }
    }
}

/// An amount a dose comes to, and how much of that is too much.
struct Reading {
    amount: Amount,
    ceiling: Ceiling,
}

/// Features, group 2: the dose as number and as text. A text that names amounts of the same kind
/// must name the dose among them. Story 5: so must one that names the dose's number with another
/// unit, or 5 mg become 5 capsules.
pub(super) fn contradiction(version: &OrderVersion) -> Option<Objection> {
    let (dose, drug) = (version.dose, &version.drug);
    let words: Vec<&str> = version.dose_text.split_whitespace().collect();
    let trimmed = |word: &&str| word.trim_matches(|c: char| "(),;.".contains(c)).to_owned();
    let pairs = words.iter().zip(words.iter().skip(1));
    // Grouped as this program writes it too: 50,000 units.
    let read = |n, unit| Amount::parse_text(&format!("{} {}", trimmed(n), trimmed(unit)));
    let amounts: Vec<Amount> = pairs.filter_map(|(n, unit)| read(n, unit).ok()).collect();
    let by_strength = |a: Amount| {
        drug.strength.is_some_and(|strength| strength.holds(a, dose) || strength.holds(dose, a))
    };
    let swapped = |a: Amount| a.nano == dose.nano && !by_strength(a);
    let doubtful = amounts.iter().any(|a| a.comparable(dose) || swapped(*a));
    if !doubtful || amounts.iter().any(|a| a.same_as(dose)) {
        return None;
    }
    let o = Objection::new(Check::DoseContradiction).with("dose", dose.to_string());
    Some(o.with("text", version.dose_text.as_str()))
}

/// Whether no permitted count of pieces of this strength and form makes the dose.
#[must_use]
pub fn cannot_be_made(dose: Amount, strength: Strength, form: &str) -> bool {
    let counted = strength.per.is_none() && piece_of(form).is_some();
    counted && halves_of(dose, strength, form).is_none()
}

pub(super) fn unmade(version: &OrderVersion) -> Option<Objection> {
    let (strength, form) = (version.drug.strength?, version.drug.form.as_str());
    let dose = ordered(version).find(|dose| cannot_be_made(*dose, strength, form))?;
    let o = Objection::new(Check::DoseUnfit).with("dose", dose.to_string());
    Some(o.with("form", form).with("strength", strength.to_string()))
}

/// Every dose the order prescribes: its own, and those its schedule names.
fn ordered(version: &OrderVersion) -> impl Iterator<Item = Amount> {
    let named = version.timing.named_doses().into_iter();
    let named = named.filter_map(|(_, text)| Amount::parse_text(text).ok());
    [version.dose].into_iter().chain(named)
}

/// Story 5: "40 mg capsule" became 40 capsules. Of every dose, also of a scale's rows: what is past
/// the most there can be, before what is only much.
pub(super) fn too_much(version: &OrderVersion) -> Option<Objection> {
    let rows = version.conditions.scale.iter().flat_map(|scale| scale.rows());
    let of_scale = rows.filter_map(|row| match &row.answer {
        RowAnswer::Units(units) => Some(*units),
        RowAnswer::Action(_) => None,
    });
    let mut doubt = None;
    for dose in ordered(version).chain(of_scale) {
        if let Some(most) = too_many_pieces(version, dose) {
            let o = Objection::new(Check::DoseUnusual).with("dose", dose.to_string());
            return Some(o.with("most", most));
        }
        for Reading { amount, ceiling: Ceiling { ask, stop } } in readings(version, dose) {
            let told = |check, most: Amount| {
                let same = amount == dose;
                let dose = if same { dose.to_string() } else { format!("{dose} = {amount}") };
                Objection::new(check).with("dose", dose).with("most", most.to_string())
            };
            if amount.base() > stop.base() {
                return Some(told(Check::DoseUnusual, stop));
            }
            if amount.base() > ask.base() && doubt.is_none() {
                doubt = Some(told(Check::DoseHigh, ask));
            }
        }
    }
    doubt
}

fn too_many_pieces(version: &OrderVersion, dose: Amount) -> Option<String> {
    let strength = version.drug.strength.filter(|strength| strength.per.is_none());
    if let Some(piece) = strength.map(|s| s.amount).filter(|piece| piece.comparable(dose)) {
        let most = piece.base().saturating_mul(i128::from(PIECES_MAX));
        return (dose.base() > most).then(|| format!("{PIECES_MAX} × {piece}"));
    }
    use Unit as U;
    let unit = dose.unit;
    let counts = matches!(unit, U::Tablet | U::Capsule | U::Patch | U::Suppository | U::Sachet);
    let most = Amount { nano: i64::from(PIECES_MAX) * 1_000_000_000, unit };
    (counts && dose.base() > most.base()).then(|| most.to_string())
}

/// The dose as it is written and, by its strength, as it is measured or weighed.
fn readings(version: &OrderVersion, dose: Amount) -> Vec<Reading> {
    let mut all: Vec<Reading> = ceiling(version, dose.unit)
        .map(|ceiling| Reading { amount: dose, ceiling })
        .into_iter()
        .collect();
    let Some(Strength { amount, per }) = version.drug.strength else { return all };
    let piece = is_piece(dose.unit).then(|| Amount::whole(1, dose.unit));
    let Some(per) = per.or(piece) else { return all };
    if let Some(measured) = share(dose, amount, per) {
        all.extend(ceiling(version, per.unit).map(|of| {
            let usual = Amount::whole(MEASURED_ML, Unit::Ml);
            let tenfold = Amount { nano: per.nano.saturating_mul(MEASURES_MAX), ..per };
            let ask = if tenfold.base() > usual.base() { tenfold } else { usual };
            let lower = per.comparable(usual) && ask.base() < of.ask.base();
            let ask = if lower { ask } else { of.ask };
            Reading { amount: measured, ceiling: Ceiling { ask, ..of } }
        }));
    }
    // What runs into a vein or a tube is much in grams and milliequivalents, and not of a drug.
    if let Some(weighed) = share(dose, per, amount).filter(|_| of_a_drug(version, amount.unit)) {
        let of = ceiling(version, amount.unit);
        all.extend(of.map(|ceiling| Reading { amount: weighed, ceiling }));
    }
    all
}

fn of_a_drug(version: &OrderVersion, unit: Unit) -> bool {
    unit == Unit::Units || !runs(version)
}

/// `dose` of `from`, as the same share of `to`; the most there can be where that is more.
fn share(dose: Amount, from: Amount, to: Amount) -> Option<Amount> {
    if !dose.comparable(from) || from.base() <= 0 {
        return None;
    }
    let nano = dose.base().checked_mul(i128::from(to.nano)).map(|all| all / from.base());
    let nano = nano.and_then(|nano| i64::try_from(nano).ok()).unwrap_or(i64::MAX);
    Some(Amount { nano, unit: to.unit })
}

/// The project's choice, far above what is usual, so that a slip of a nought or two is asked about
/// and no real order is refused: no rule or standard names such numbers. Insulin has its own; its
/// tenfold dose kills. Pieces are counted elsewhere.
fn ceiling(version: &OrderVersion, unit: Unit) -> Option<Ceiling> {
    use Unit as U;
    let is_insulin = || terms(&version.drug.ingredient).any(|term| term == "insulin");
    Some(match unit {
        U::Mcg | U::Mg | U::G => Ceiling::new(U::G, 40, 500),
        U::Ml | U::L => {
            let (ask, stop) = volume(version);
            Ceiling::new(U::Ml, ask, stop)
        }
        U::Units if is_insulin() => Ceiling::new(unit, 100, 1_000),
        U::Units => Ceiling::new(unit, 1_000_000, 100_000_000),
        U::Meq | U::Mmol => Ceiling::new(unit, 100, 1_000),
        U::Puff | U::Spray | U::Application => Ceiling::new(unit, 10, 100),
        U::Drop => Ceiling::new(unit, 30, 300),
        U::Tablet | U::Capsule | U::Patch | U::Suppository | U::Sachet => return None,
    })
}

/// Millilitres to ask about, and to stop at. Much runs into a vein or a tube, little into tissue,
/// an eye or a nose.
fn volume(version: &OrderVersion) -> (i32, i32) {
    if runs(version) {
        return (3_000, 20_000);
    }
    match version.drug.route.as_str() {
        "subcut" | "im" | "id" | "sl" | "buc" | "oph" | "otic" | "nas" | "inh" | "neb" => {
            (10, 4_000)
        }
        _ => (300, 4_000),
    }
}

fn runs(version: &OrderVersion) -> bool {
    let route = version.drug.route.as_str();
    matches!(version.timing, Timing::Continuous)
        || matches!(route, "iv" | "gtube" | "ngtube" | "jtube" | "irr")
}
