//! Dosage: one step, one exact dose, a known route; or a reason.

use super::json::At;
use super::reason::Reasons;
use super::repeat::{PeriodUnit, Rate, Repeat};
use super::timing::{self, Asked, When};
use super::{Context, system};
use emar_domain::amount::{Amount, Unit};
use emar_domain::limit::Day;
use emar_domain::order::Timing;

/// What a Dosage says.
pub(super) struct Said {
    pub(super) dose: Amount,
    pub(super) when: When,
    /// Empty when none is named.
    pub(super) route: String,
    pub(super) text: String,
    pub(super) instructions: String,
}

const KNOWN: [&str; 17] = [
    "id",
    "extension",
    "sequence",
    "text",
    "_text",
    "additionalInstruction",
    "patientInstruction",
    "timing",
    "asNeededBoolean",
    "asNeededCodeableConcept",
    "site",
    "route",
    "method",
    "doseAndRate",
    "maxDosePerPeriod",
    "maxDosePerAdministration",
    "maxDosePerLifetime",
];

/// Reads `dosageInstruction`; `None` with reasons when any of it is not exact.
pub(super) fn read(
    request: &At<'_>,
    asked: &Asked<'_>,
    indication: &str,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<Said> {
    let steps = reasons.read(request.list("dosageInstruction"));
    let dosage = match steps.as_slice() {
        [] => {
            let why = "no dosage instruction: how much and when must be entered by a person";
            reasons.transcribe(request.to("dosageInstruction"), why);
            return None;
        }
        [one] => one,
        [_, second, ..] => {
            let why = "several dosage instructions: a taper or sequence is entered by a person";
            reasons.transcribe(second.pointer.clone(), why);
            return None;
        }
    };
    for (name, member) in dosage.members() {
        let why = match name {
            "maxDosePerAdministration" | "maxDosePerLifetime" => "this limit cannot be enforced",
            _ if !KNOWN.contains(&name) => "this part of the dosage is not understood",
            _ => continue,
        };
        reasons.transcribe(member.pointer, why);
    }
    let dose = dose(dosage, reasons);
    let route = route(dosage, reasons);
    let when = when(dosage, dose, asked, indication, context, reasons);
    let text = reasons.read(dosage.text("text")).unwrap_or_default().to_owned();
    let instructions = instructions(dosage, reasons);
    if let Some(words) = [&text, &instructions].into_iter().find_map(|said| limiting(said)) {
        let why = format!(
            "it says {words:?}: hold parameters and scales are entered by a person, as tables"
        );
        reasons.transcribe(dosage.pointer.clone(), &why);
    }
    Some(Said { dose: dose?, when: when?, route: route?, text, instructions })
}

fn dose(dosage: &At<'_>, reasons: &mut Reasons) -> Option<Amount> {
    let all = reasons.read(dosage.list("doseAndRate"));
    let one = match all.as_slice() {
        [] => {
            reasons.transcribe(dosage.to("doseAndRate"), "no dose: how much must be entered");
            return None;
        }
        [one] => one,
        [_, second, ..] => {
            reasons.transcribe(second.pointer.clone(), "more than one dose");
            return None;
        }
    };
    let mut exact = true;
    for (name, member) in one.members() {
        let why = match name {
            "id" | "extension" | "type" | "doseQuantity" => continue,
            "doseRange" => "a range of doses: the dose must be chosen by a person",
            "rateRatio" | "rateRange" | "rateQuantity" => "a rate cannot be represented",
            _ => "this part of the dose is not understood",
        };
        reasons.transcribe(member.pointer, why);
        exact = false;
    }
    let Some(found) = reasons.read(one.object("doseQuantity")) else {
        if exact {
            reasons.transcribe(one.to("doseQuantity"), "no dose: how much must be entered");
        }
        return None;
    };
    quantity(&found, reasons).filter(|_| exact)
}

/// A Quantity as an amount above 0 in a known unit.
pub(super) fn quantity(at: &At<'_>, reasons: &mut Reasons) -> Option<Amount> {
    if let Some(found) = at.get("comparator") {
        reasons.transcribe(found.pointer, "more or less than an amount is no amount");
        return None;
    }
    let digits = reasons.read(at.digits("value"));
    let named = reasons.read(at.text("system"));
    let (code, unit) = (reasons.read(at.text("code")), reasons.read(at.text("unit")));
    let known = matches!(named, None | Some(system::UCUM | system::DOSE_FORM));
    let of_code = code.and_then(Unit::parse);
    // A code names the unit; its text must not say another.
    let of_text = unit.and_then(Unit::parse);
    let found = if code.is_some() { of_code } else { of_text };
    let agrees = of_code.is_none() || of_text.is_none() || of_code == of_text;
    let Some(found) = found.filter(|_| known && agrees) else {
        let why = format!("the unit {:?} is not known here", code.or(unit).unwrap_or_default());
        reasons.transcribe(at.to(if code.is_some() { "code" } else { "unit" }), &why);
        return None;
    };
    let amount = digits.and_then(|d| Amount::parse(d, found.code()).ok()).filter(|a| a.nano > 0);
    if amount.is_none() {
        reasons.transcribe(at.to("value"), "not an exact amount above 0");
    }
    amount
}

const ROUTES: &str = include_str!("../data/routes.csv");

/// Our code for a route; empty when none is named.
fn route(dosage: &At<'_>, reasons: &mut Reasons) -> Option<String> {
    let Some(at) = reasons.read(dosage.object("route")) else { return Some(String::new()) };
    let mut found: Vec<&str> = Vec::new();
    for coding in reasons.read(at.list("coding")) {
        let code = reasons.read(coding.text("code")).unwrap_or_default();
        let column = match reasons.read(coding.text("system")) {
            Some(system::ROUTE_V2) => 2,
            Some(system::ROUTE_V3) => 3,
            Some(system::SNOMED) => 4,
            _ => continue,
        };
        let mut rows: Vec<Vec<&str>> =
            ROUTES.lines().skip(1).map(|line| line.split(',').collect()).collect();
        rows.retain(|row| !code.is_empty() && row.get(column) == Some(&code));
        // One code of another list may stand for two of ours (inhaled, nebulised).
        if let [row] = rows.as_slice() {
            found.extend(row.first());
        }
    }
    found.dedup();
    if let [one] = found.as_slice() {
        return Some(one.to_lowercase());
    }
    reasons.transcribe(at.pointer, "the route is not one this home knows by code");
    None
}

/// Whether this is one of our route codes, in any case.
#[must_use]
pub fn is_route(code: &str) -> bool {
    let mut codes = ROUTES.lines().skip(1).filter_map(|line| line.split(',').next());
    codes.any(|known| known.eq_ignore_ascii_case(code))
}

fn when(
    dosage: &At<'_>,
    dose: Option<Amount>,
    asked: &Asked<'_>,
    indication: &str,
    context: &Context<'_>,
    reasons: &mut Reasons,
) -> Option<When> {
    let flag = reasons.read(dosage.flag("asNeededBoolean"));
    let concept = reasons.read(dosage.object("asNeededCodeableConcept"));
    if flag == Some(false) && concept.is_some() {
        reasons.transcribe(dosage.to("asNeededBoolean"), "as needed, and not as needed");
        return None;
    }
    let parts = timing::parts(dosage, context, reasons);
    if flag != Some(true) && concept.is_none() {
        if let Some(limit) = dosage.get("maxDosePerPeriod") {
            let why = "a limit on planned doses cannot be enforced";
            reasons.transcribe(limit.pointer, why);
        }
        return timing::planned(&parts?, asked, context, reasons);
    }
    let named = concept.map(|c| words(&c, reasons)).filter(|w| !w.is_empty());
    let indication = named.unwrap_or_else(|| indication.to_owned());
    if indication.is_empty() {
        reasons.transcribe(dosage.pointer.clone(), "as needed, but not for what");
    }
    let parts = parts?;
    if parts.event.is_some() || asked.stat {
        // Stories, 2: of an order for one time that is also as needed, one half would be lost.
        let why = "as needed, and at one time or at once: which of them is for a person to say";
        reasons.transcribe(dosage.pointer.clone(), why);
        return None;
    }
    let limits = limits(dosage, dose, &parts, reasons);
    let life = timing::life(&parts, asked, context, reasons);
    let ((interval, max), (start, stop)) = (limits?, life?);
    let longest = longest(&parts.repeat);
    if longest.is_some_and(|longest| longest <= interval) {
        reasons.transcribe(dosage.to("timing"), "the longer of two intervals is not longer");
        return None;
    }
    Some(When {
        timing: Timing::Prn {
            indication,
            interval_minutes_min: Some(interval),
            interval_minutes_max: longest,
            per_day_max: Some(max),
            day: Day::default(),
        },
        asked: None,
        frequency: "PRN".to_owned(),
        hours: Vec::new(),
        before_minutes: 0,
        after_minutes: 0,
        start,
        stop,
    })
}

/// Of "every 4 to 6 hours" the longer, in minutes.
fn longest(repeat: &Repeat) -> Option<i64> {
    let unit = match repeat.rate?.unit {
        PeriodUnit::Minute => 1,
        _ => 60,
    };
    repeat.period_max.map(|longest| i64::from(longest) * unit)
}

/// Fewest minutes between two givings, and most in 24 hours. Both are required before such an order
/// may be given; of "every 4 to 6 hours" the shorter is the minimum.
fn limits(
    dosage: &At<'_>,
    dose: Option<Amount>,
    parts: &timing::Parts<'_>,
    reasons: &mut Reasons,
) -> Option<(i64, u32)> {
    let plain = Repeat {
        rate: parts.repeat.rate,
        period_max: parts.repeat.period_max,
        ..Repeat::default()
    };
    let interval = match (parts.coded, parts.repeat.rate) {
        (Some(row), None) => row.interval_minutes.map(i64::from),
        (None, Some(Rate { times: 1, period, unit: PeriodUnit::Hour })) => {
            Some(i64::from(period) * 60)
        }
        (None, Some(Rate { times: 1, period, unit: PeriodUnit::Minute })) => {
            Some(i64::from(period))
        }
        _ => None,
    };
    let Some(interval) = interval.filter(|_| plain == parts.repeat) else {
        let why = "as needed, but not how long to wait between two givings";
        reasons.transcribe(dosage.to("timing"), why);
        return None;
    };
    // No more fit into 24 hours than the interval lets through.
    let fit = u32::try_from((24 * 60) / interval.max(1)).unwrap_or(u32::MAX).max(1);
    let Some(limit) = reasons.read(dosage.object("maxDosePerPeriod")) else {
        return Some((interval, fit));
    };
    let numerator = reasons.read(limit.object("numerator"));
    let denominator = reasons.read(limit.object("denominator"));
    let most = numerator.as_ref().and_then(|n| quantity(n, reasons));
    let day = denominator.as_ref().is_some_and(is_one_day);
    let doses = match (most, dose) {
        (Some(most), Some(dose)) if day && most.comparable(dose) && dose.base() > 0 => {
            u32::try_from(most.base() / dose.base()).ok().filter(|n| *n > 0)
        }
        _ => None,
    };
    if doses.is_none() {
        let why = "not a number of doses in 24 hours";
        reasons.transcribe(limit.pointer, why);
    }
    doses.map(|n| (interval, n.min(fit)))
}

fn is_one_day(at: &At<'_>) -> bool {
    let unit = at.text("code").ok().flatten().or(at.text("unit").ok().flatten());
    let nano =
        at.digits("value").ok().flatten().and_then(|d| emar_domain::amount::parse_nano(d).ok());
    matches!((nano, unit), (Some(1_000_000_000), Some("d")) | (Some(24_000_000_000), Some("h")))
}

/// Words by which text makes a dose depend on a reading.
const LIMITING: [&str; 10] = [
    "hold if",
    "hold for",
    "hold when",
    "hold dose if",
    "do not give if",
    "sliding scale",
    "sliding-scale",
    "per scale",
    "according to scale",
    "correction scale",
];

/// What in a text makes the dose depend on a reading: no limit is ever read out of prose.
fn limiting(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    LIMITING.into_iter().find(|words| text.contains(words))
}

fn instructions(dosage: &At<'_>, reasons: &mut Reasons) -> String {
    let mut lines: Vec<String> = Vec::new();
    for each in reasons.read(dosage.list("additionalInstruction")) {
        lines.push(words(&each, reasons));
    }
    lines.extend(reasons.read(dosage.text("patientInstruction")).map(str::to_owned));
    for name in ["site", "method"] {
        if let Some(at) = reasons.read(dosage.object(name)) {
            lines.push(words(&at, reasons));
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("; ")
}

/// A CodeableConcept in words: its text, else its first display.
pub(super) fn words(concept: &At<'_>, reasons: &mut Reasons) -> String {
    if let Some(text) = reasons.read(concept.text("text")).filter(|t| !t.trim().is_empty()) {
        return text.to_owned();
    }
    let codings = reasons.read(concept.list("coding"));
    let display = codings.iter().find_map(|c| reasons.read(c.text("display")));
    display.unwrap_or_default().to_owned()
}
