//! The barcode cases, and the small types about drug codes.
use chrono::NaiveDate;
use emar_domain::scan::{self, Class, Fields, Form, Kind, Parsed, Problem, Setup, ndc};
use serde_json::{Map, Value, json};

/// What the domain decides about a scan.
pub(super) fn barcode(case: &Value) -> Result<Value, String> {
    let raw = super::text(case, "raw")?;
    let (parsed, problems) = scan::parse(raw, &setup(case)?);
    if let Some(problem) = problems.iter().find(|p| p.class.refuses()) {
        return Ok(json!({"error": problem.class.code()}));
    }
    Ok(Value::Object(accepted(&parsed, &problems)))
}

fn setup(case: &Value) -> Result<Setup, String> {
    let today: NaiveDate = super::text(case, "as_of")?
        .parse()
        .map_err(|error| format!("as_of is not a date: {error}"))?;
    let form = match case.get("form").filter(|form| !form.is_null()) {
        None => None,
        Some(form) => Some(match form.as_str() {
            Some("gs1") => Form::Gs1,
            Some("retail") => Form::Retail,
            Some("ndc") => Form::Ndc,
            _ => return Err(format!("the form {form} is not known")),
        }),
    };
    let separator = case.get("separator").and_then(Value::as_str).map(str::to_owned);
    Ok(Setup { form, separator, ..Setup::new(today) })
}

/// Every field that is there, by its name.
pub(in crate::cli) fn fields(parsed: &Parsed) -> Map<String, Value> {
    let mut answer = Map::new();
    let Fields { elements, nhrn, ndc10, .. } = &parsed.fields;
    if let Some(aim) = parsed.aim {
        answer.insert("aim".into(), json!(aim.as_str()));
    }
    if !elements.is_empty() {
        let pairs: Vec<Value> = elements.iter().map(|e| json!([e.ai, e.value])).collect();
        answer.insert("elements".into(), Value::Array(pairs));
    }
    for (name, value) in texts(&parsed.fields) {
        if let Some(value) = value {
            answer.insert(name.into(), json!(value));
        }
    }
    for element in nhrn {
        answer.insert(format!("nhrn_{}", element.ai), json!(element.value));
    }
    if ndc10.is_some() {
        answer.insert("ndc11_candidates".into(), json!(parsed.fields.ndc11_candidates()));
    }
    if let (Kind::Hibc, Some(expiry)) = (&parsed.kind, parsed.fields.expiry) {
        answer.insert("expiry_precision".into(), json!(expiry.precision()));
    }
    if let Some(uom) = parsed.fields.uom {
        answer.insert("uom".into(), json!(uom));
    }
    if let Some(quantity) = parsed.fields.quantity {
        answer.insert("quantity".into(), json!(quantity));
    }
    if let Kind::Opaque(text) = &parsed.kind {
        answer.insert("opaque".into(), json!(text));
    }
    answer
}

fn accepted(parsed: &Parsed, problems: &[Problem]) -> Map<String, Value> {
    let mut answer = fields(parsed);
    for problem in problems {
        match problem.class {
            Class::Suspect => answer.insert("suspect".into(), json!(true)),
            Class::MissingRequisiteAi => answer.insert("warn".into(), json!(problem.class.code())),
            _ => None,
        };
    }
    answer
}

fn texts(fields: &Fields) -> [(&'static str, Option<String>); 24] {
    let date = |date: Option<NaiveDate>| date.map(|date| date.to_string());
    [
        ("gtin", fields.gtin.clone()),
        ("content_gtin", fields.content_gtin.clone()),
        ("count", fields.count.clone()),
        ("lot", fields.lot.clone()),
        ("serial", fields.serial.clone()),
        ("expiry", fields.expiry.map(|expiry| expiry.to_string())),
        (
            "expiry_datetime",
            fields.expiry_datetime.map(|at| at.format("%Y-%m-%dT%H:%M").to_string()),
        ),
        ("best_before", date(fields.best_before)),
        ("production_date", date(fields.production_date)),
        ("packaging_date", date(fields.packaging_date)),
        ("production_datetime", fields.production_datetime.clone()),
        ("sscc", fields.sscc.clone()),
        ("gsrn_provider", fields.gsrn_provider.clone()),
        ("gsrn_recipient", fields.gsrn_recipient.clone()),
        ("srin", fields.srin.clone()),
        ("ndc10", fields.ndc10.clone()),
        ("ndc11", fields.ndc11.clone()),
        ("ndc12", fields.ndc12.clone()),
        ("cip13", fields.cip13.clone()),
        ("lic", fields.lic.clone()),
        ("pcn", fields.pcn.clone()),
        ("link_char", fields.link_char.map(String::from)),
        ("ppn", fields.ppn.clone()),
        ("pzn", fields.pzn.clone()),
    ]
}

/// `ndc`, `ndc12`, `ndc_candidates` and `gtin`.
pub(super) fn drug_code(case_type: &str, case: &Value) -> Result<Value, String> {
    let input = super::text(case, "input")?;
    let answer = match case_type {
        "ndc" => ndc::ndc11(input).map(|ndc11| json!({"ndc11": ndc11})),
        "ndc12" => ndc::ndc12(input).map(|ndc12| json!({"ndc12": ndc12})),
        "ndc_candidates" => ndc::candidates(input).map(|ndc11| json!({"ndc11": ndc11})),
        _ => ndc::gtin(input).map(|(gtin14, ndc10)| {
            let mut answer = json!({"gtin14": gtin14});
            if let Some(ndc10) = ndc10 {
                answer["ndc10"] = json!(ndc10);
            }
            answer
        }),
    };
    answer.ok_or_else(|| format!("{input:?} is not an input of type {case_type}"))
}
