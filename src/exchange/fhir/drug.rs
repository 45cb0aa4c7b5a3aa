//! Which drug: by code or name against the formulary, else from a statement of ingredient, strength
//! and form that leaves nothing open. A name alone is never enough.

use super::bundle::Batch;
use super::dosage::words;
use super::json::At;
use super::reason::Reasons;
use super::{Context, system};
use emar_domain::amount::{Amount, Unit};
use emar_domain::drug::{Product, Strength};
use emar_domain::id::ProductId;
use emar_domain::order::OrderedDrug;
use emar_domain::scan::ndc::{self, Typed};

/// A drug, and the route that goes with it where the order names none.
pub(super) struct Identified {
    pub(super) drug: OrderedDrug,
    pub(super) product: Option<ProductId>,
}

/// The drug of a MedicationRequest or MedicationDispense; `drug.route` is the usual one or empty.
pub(super) fn read<'a>(
    at: &At<'a>,
    batch: &Batch<'a>,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<Identified> {
    let concept = reasons.read(at.object("medicationCodeableConcept"));
    let reference = reasons.read(at.object("medicationReference"));
    let (concept, medication) = match (concept, reference) {
        (Some(concept), None) => (Some(concept), None),
        (None, Some(reference)) => {
            let target = reasons.read(reference.text("reference")).unwrap_or_default();
            let found = batch.resolve(at, target);
            let Some(found) = found.filter(|m| m.text("resourceType") == Ok(Some("Medication")))
            else {
                let why = "the drug is in another document: send it along";
                reasons.transcribe(reference.pointer, why);
                return None;
            };
            (reasons.read(found.object("code")), Some(found))
        }
        _ => {
            let why = "exactly one of medicationCodeableConcept and medicationReference is needed";
            reasons.transcribe(at.to("medicationCodeableConcept"), why);
            return None;
        }
    };
    let pointer = concept.as_ref().or(medication.as_ref()).map(|c| c.pointer.clone());
    let found = concept.as_ref().and_then(|c| of_formulary(c, context, reasons));
    let found = found.or_else(|| medication.as_ref().and_then(|m| of_parts(m, reasons)));
    let found = found.or_else(|| concept.as_ref().and_then(|c| of_rxnorm(c, reasons)));
    if found.is_none() {
        let why = "this drug is not in the formulary, and its ingredient, strength and form are \
                   not all stated: import it with --formulary, or enter the order by hand";
        reasons.transcribe(pointer.unwrap_or_default(), why);
    }
    found
}

fn of_product(product: &Product) -> Identified {
    let drug = OrderedDrug {
        ingredient: product.ingredient.clone(),
        name: product.name.clone(),
        strength: Some(product.strength),
        form: product.form.clone(),
        route: product.route.to_lowercase(),
    };
    Identified { drug, product: Some(product.id) }
}

fn of_formulary(
    concept: &At<'_>,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<Identified> {
    let home = context.home;
    let mut found: Vec<&Product> = Vec::new();
    let mut names: Vec<&str> = reasons.read(concept.text("text")).into_iter().collect();
    for coding in reasons.read(concept.list("coding")) {
        let code = reasons.read(coding.text("code")).unwrap_or_default();
        let named = reasons.read(coding.text("system")).unwrap_or_default();
        if named == system::NDC {
            found.extend(by_ndc(code, context));
        } else if system::GTIN.contains(&named) && code.len() <= 14 {
            found.extend(home.product_by_gtin(&format!("{code:0>14}")));
        }
        names.extend(reasons.read(coding.text("display")));
    }
    if found.is_empty() {
        // By its whole name as the formulary has it, when only one drug has that name.
        let named = |p: &&Product| names.iter().any(|n| n.trim().eq_ignore_ascii_case(&p.name));
        found.extend(home.products.values().filter(named));
    }
    let first = *found.first()?;
    let same = |p: &&Product| {
        p.ingredient == first.ingredient
            && p.strength.same_as(first.strength)
            && p.form == first.form
    };
    found.iter().all(same).then(|| of_product(first))
}

fn by_ndc<'h>(code: &str, context: &Context<'h>) -> Vec<&'h Product> {
    let home = context.home;
    match ndc::typed(code) {
        Typed::Ndc11(ndc11) => home.product_by_ndc(&ndc11).into_iter().collect(),
        // Ten digits have three readings: whichever products exist must then agree.
        Typed::Ambiguous => {
            let all = ndc::candidates(code).into_iter().flatten();
            all.filter_map(|c| home.product_by_ndc(&c)).collect()
        }
        // The formulary holds NDCs of 11 digits; a labeler of six digits does not fit.
        Typed::Ndc12(_) | Typed::NotAnNdc => Vec::new(),
    }
}

/// Forms this server knows, as their names are written in dose form lists.
const FORMS: [(&str, &str); 16] = [
    ("tablet", "tablet"),
    ("oral tablet", "tablet"),
    ("film coated tablet", "tablet film coated"),
    ("extended release tablet", "tablet extended release"),
    ("extended release oral tablet", "tablet extended release"),
    ("delayed release oral tablet", "tablet delayed release"),
    ("chewable tablet", "tablet chewable"),
    ("disintegrating oral tablet", "tablet disintegrating"),
    ("sublingual tablet", "tablet sublingual"),
    ("capsule", "capsule"),
    ("oral capsule", "capsule"),
    ("extended release oral capsule", "capsule extended release"),
    ("delayed release oral capsule", "capsule delayed release"),
    ("oral solution", "solution"),
    ("oral suspension", "suspension"),
    ("injectable solution", "injection"),
];

fn form_of(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let name = name.trim();
    let plain = name.strip_suffix(" (qualifier value)").unwrap_or(name);
    let plain = plain.strip_suffix(" dose form").unwrap_or(plain);
    FORMS.iter().find(|(written, _)| *written == plain).map(|(_, form)| *form)
}

/// A Medication that states its one ingredient, its strength and its form.
fn of_parts(medication: &At<'_>, reasons: &mut Reasons) -> Option<Identified> {
    let ingredients = reasons.read(medication.list("ingredient"));
    let [one] = ingredients.as_slice() else { return None };
    let ingredient = words(&reasons.read(one.object("itemCodeableConcept"))?, reasons);
    let ingredient = ingredient.trim().to_lowercase();
    let ingredient = ingredient.strip_suffix(" (substance)").unwrap_or(&ingredient).to_owned();
    let strength = reasons.read(one.object("strength"))?;
    let numerator = amount(&reasons.read(strength.object("numerator"))?)?;
    let denominator = amount(&reasons.read(strength.object("denominator"))?)?;
    let form = form_of(&words(&reasons.read(medication.object("form"))?, reasons))?;
    let piece = emar_domain::drug::piece_of(form);
    let one_piece = piece.is_some_and(|unit| denominator == Amount::whole(1, unit));
    let measured = denominator.unit == Unit::Ml && piece.is_none();
    if ingredient.is_empty() || !(one_piece || measured) {
        return None;
    }
    let per = measured.then_some(denominator);
    let strength = Strength { amount: numerator, per };
    Some(stated(ingredient, strength, form, ""))
}

/// An amount without reasons: what is not one only means that this way of identifying fails.
fn amount(at: &At<'_>) -> Option<Amount> {
    super::dosage::quantity(at, &mut Reasons::default())
}

/// RxNorm's own name of a clinical drug: `Simvastatin 20 MG Oral Tablet`. One ingredient, a plain
/// strength, a form of the list, nothing before or after.
fn of_rxnorm(concept: &At<'_>, reasons: &mut Reasons) -> Option<Identified> {
    let codings = reasons.read(concept.list("coding"));
    let mut found = Vec::new();
    for coding in &codings {
        if reasons.read(coding.text("system")) == Some(system::RXNORM) {
            let display = reasons.read(coding.text("display")).unwrap_or_default();
            found.extend(clinical_drug(display));
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

fn clinical_drug(name: &str) -> Option<Identified> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-' | '/');
    if name.contains(" / ") || !name.chars().all(plain) {
        return None;
    }
    let words: Vec<&str> = name.split(' ').collect();
    let is_unit = |word: &str| word.split('/').next().is_some_and(|u| rx_unit(u).is_some());
    let at = words.iter().position(|word| is_unit(word))?;
    let (number, unit) = (words.get(at.checked_sub(1)?)?, words[at]);
    let ingredient = words[..at - 1].join(" ").to_lowercase();
    // A second number would be a second strength, or the hours of release.
    let wordy = !ingredient.is_empty() && !ingredient.contains(|c: char| c.is_ascii_digit());
    let form = form_of(&words[at + 1..].join(" ")).filter(|_| wordy)?;
    let (unit, per) = unit.split_once('/').map_or((unit, None), |(u, p)| (u, Some(p)));
    let amount = Amount::parse(number, rx_unit(unit)?.code()).ok().filter(|a| a.nano > 0)?;
    let piece = emar_domain::drug::piece_of(form).is_some();
    let per = match (per, piece) {
        (None, true) => None,
        (Some("ML"), false) => Some(Amount::whole(1, Unit::Ml)),
        _ => return None,
    };
    let oral = name.to_lowercase().contains(" oral ");
    Some(stated(ingredient, Strength { amount, per }, form, if oral { "po" } else { "" }))
}

fn rx_unit(word: &str) -> Option<Unit> {
    match word {
        "MG" => Some(Unit::Mg),
        "MCG" => Some(Unit::Mcg),
        "UNT" => Some(Unit::Units),
        "MEQ" => Some(Unit::Meq),
        _ => None,
    }
}

fn stated(ingredient: String, strength: Strength, form: &str, route: &str) -> Identified {
    let name = format!("{ingredient} {strength} {form}");
    let (form, route) = (form.to_owned(), route.to_owned());
    let drug = OrderedDrug { ingredient, name, strength: Some(strength), form, route };
    Identified { drug, product: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinical_drug_names_are_read_whole_or_not_at_all() {
        let read =
            |name| clinical_drug(name).map(|i| (i.drug.ingredient, i.drug.name, i.drug.route));
        let (ingredient, name, route) = read("Simvastatin 20 MG Oral Tablet").unwrap();
        assert_eq!((ingredient.as_str(), route.as_str()), ("simvastatin", "po"));
        assert_eq!(name, "simvastatin 20\u{a0}mg tablet");
        assert!(read("Nizatidine 15 MG/ML Oral Solution").is_some());
        for open in [
            "Hydrochlorothiazide 25 MG",
            "Simvastatin",
            "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet",
            "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]",
            "1 ML Epinephrine 1 MG/ML Injection",
            "Vitamin B 12 5 MG/ML Injectable Solution",
            "Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray",
            "Simvastatin 20 MG Oral Tablet and more",
            "Lasix 40mg",
            "MG Oral Tablet",
            " 20 MG Oral Tablet",
        ] {
            assert!(clinical_drug(open).is_none(), "{open}");
        }
    }
}
