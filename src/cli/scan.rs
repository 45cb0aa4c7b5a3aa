//! `emar scan`: explains a code to a person who sets up a scanner or holds a package that is
//! refused.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use emar_domain::scan::{self, Class, Form, Kind, Parsed, Patterns, Problem, Setup};
use emar_domain::time::Instant;
use emar_domain::verdict::read::patterns;
use serde_json::{Value, json};

use super::conformance::barcode::fields;
use crate::clock::{Clock, SystemClock};
use crate::policy_file;
use crate::zones::Catalogue;

/// Codes as scanners send them.
#[derive(Debug, Args)]
pub struct Scan {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a code is, what stands in it, and what is wrong with it.
    Parse(Parse),
}

#[derive(Debug, Args)]
struct Parse {
    /// The code as the scanner sends it, in quotes. Write <GS>, <RS> and <EOT> for the control
    /// characters that a keyboard does not have.
    #[arg(allow_hyphen_values = true)]
    code: String,
    /// What a scanner without AIM identifiers says its codes are.
    #[arg(long)]
    form: Option<CodeForm>,
    /// What this scanner sends in place of GS.
    #[arg(long)]
    separator: Option<String>,
    /// A home's policy file: its wristbands and badges are known then.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The day that tells the century of two-digit years; today unless given.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    today: Option<NaiveDate>,
    /// One JSON object: kind, aim, fields, problems.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CodeForm {
    Gs1,
    Retail,
    Ndc,
}

impl Scan {
    /// Carries it out. Returns the exit status: 1 for a code that is refused.
    ///
    /// # Errors
    /// The clock says no day.
    pub fn run(self) -> anyhow::Result<u8> {
        let Command::Parse(parse) = self.command;
        parse.run()
    }
}

impl Parse {
    fn run(self) -> anyhow::Result<u8> {
        let form = self.form.map(|form| match form {
            CodeForm::Gs1 => Form::Gs1,
            CodeForm::Retail => Form::Retail,
            CodeForm::Ndc => Form::Ndc,
        });
        let today = match self.today {
            Some(today) => today,
            None => today()?,
        };
        let patterns = self.policy.as_deref().map(patterns_of).transpose()?.unwrap_or_default();
        let setup = Setup { form, separator: self.separator, patterns, ..Setup::new(today) };
        let (parsed, problems) = scan::parse(&with_controls(&self.code), &setup);
        if self.json {
            println!("{}", as_json(&parsed, &problems));
        } else {
            print!("{}", explained(&parsed, &problems));
        }
        Ok(u8::from(parsed.kind == Kind::Refused))
    }
}

/// The codes that a home prints itself.
fn patterns_of(policy: &Path) -> anyhow::Result<Patterns> {
    let policy = policy_file::load(policy, &Catalogue::open(None)).map_err(|faults| {
        let told = |fault: &policy_file::Problem| format!("{} {}", fault.what, fault.remedy);
        let faults: Vec<String> = faults.iter().map(told).collect();
        anyhow::anyhow!("{}: {}", policy.display(), faults.join("; "))
    })?;
    Ok(patterns(&policy))
}

fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "write a day as 2026-11-22".to_owned())
}

/// Today in UTC: a day more or less changes no century.
fn today() -> anyhow::Result<NaiveDate> {
    let micros = SystemClock::new(Instant::EPOCH).clinical().micros();
    let now = chrono::DateTime::from_timestamp_micros(micros);
    let now = now.ok_or_else(|| anyhow::anyhow!("the clock says no day: name one with --today"))?;
    Ok(now.date_naive())
}

fn with_controls(code: &str) -> String {
    code.replace("<GS>", "\u{1d}").replace("<RS>", "\u{1e}").replace("<EOT>", "\u{4}")
}

fn as_json(parsed: &Parsed, problems: &[Problem]) -> Value {
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let (why, remedy) = words(problem.class);
            json!({
                "class": problem.class.code(), "refused": problem.class.refuses(),
                "at": problem.ai, "why": why, "do": remedy,
            })
        })
        .collect();
    json!({
        "kind": kind(&parsed.kind), "text": own_text(&parsed.kind),
        "aim": parsed.aim.map(|aim| aim.as_str().to_owned()),
        "fields": fields(parsed), "problems": problems,
    })
}

/// The same for a person: what it is, a line for each field, and what is wrong.
fn explained(parsed: &Parsed, problems: &[Problem]) -> String {
    let mut text = format!("{}\n", kind(&parsed.kind));
    if let Some(aim) = parsed.aim {
        text = format!("{text}  {:<24} {} ({})\n", "symbol", aim.as_str(), symbol(aim.as_str()));
    }
    if let Some(own) = own_text(&parsed.kind) {
        let _ = writeln!(text, "  {:<24} {own}", "says");
    }
    let fields = fields(parsed);
    for (name, meaning) in MEANINGS {
        if let Some(value) = fields.get(*name) {
            let _ = writeln!(text, "  {meaning:<24} {}", shown(value));
        }
    }
    for element in &parsed.fields.elements {
        let _ = writeln!(text, "  {:<24} {}", format!("element ({})", element.ai), element.value);
    }
    for problem in problems {
        let (why, remedy) = words(problem.class);
        let at = problem.ai.as_ref().map(|ai| format!(" at {ai}")).unwrap_or_default();
        let word = if problem.class.refuses() { "Refused" } else { "Doubtful" };
        let _ = writeln!(text, "{word} ({}{at}): {why} {remedy}", problem.class.code());
    }
    text
}

/// A value without the quotes of JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    }
}

/// The fields in the order a person asks for them.
const MEANINGS: &[(&str, &str)] = &[
    ("gtin", "product (GTIN)"),
    ("ndc11", "product (NDC)"),
    ("ndc12", "product (NDC, 12)"),
    ("nhrn_715", "product (NDC, AI 715)"),
    ("ndc10", "NDC inside the GTIN"),
    ("ndc11_candidates", "which may mean"),
    ("cip13", "product (French CIP)"),
    ("lic", "maker (HIBC labeler)"),
    ("pcn", "maker's number"),
    ("uom", "packaging level"),
    ("ppn", "product (PPN)"),
    ("pzn", "product (German PZN)"),
    ("lot", "lot"),
    ("serial", "serial"),
    ("expiry", "expires"),
    ("expiry_precision", "known to the"),
    ("expiry_datetime", "expires"),
    ("best_before", "best before"),
    ("production_date", "made"),
    ("production_datetime", "made"),
    ("packaging_date", "packed"),
    ("quantity", "pieces"),
    ("content_gtin", "holds (GTIN)"),
    ("count", "how many"),
    ("sscc", "container (SSCC)"),
    ("gsrn_recipient", "resident (GSRN)"),
    ("gsrn_provider", "staff (GSRN)"),
    ("srin", "band or badge number"),
    ("link_char", "belongs to symbol ending"),
    ("opaque", "text"),
];

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Refused => "refused",
        Kind::Command(_) => "command card",
        Kind::Wristband(_) => "wristband of this home",
        Kind::Badge(_) => "badge of this home",
        Kind::Label { .. } => "pharmacy label",
        Kind::Gs1 => "GS1",
        Kind::Hibc => "HIBC label",
        Kind::Format06 => "ISO 15434 format 06",
        Kind::Retail => "EAN or UPC",
        Kind::Ndc => "NDC",
        Kind::Opaque(_) => "label text",
    }
}

/// What a code of the home itself, or of its pharmacy, says beyond its kind.
fn own_text(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Command(text) | Kind::Wristband(text) | Kind::Badge(text) => Some(text),
        Kind::Label { key, .. } => Some(key),
        Kind::Refused
        | Kind::Gs1
        | Kind::Hibc
        | Kind::Format06
        | Kind::Retail
        | Kind::Ndc
        | Kind::Opaque(_) => None,
    }
}

fn symbol(aim: &str) -> &'static str {
    match aim {
        "]d2" => "GS1 DataMatrix",
        "]d1" | "]d4" => "DataMatrix",
        "]C1" => "GS1-128",
        "]C0" => "Code 128",
        "]A0" | "]A1" => "Code 39",
        "]e0" => "GS1 DataBar",
        "]E0" => "EAN-13 or UPC-A",
        "]E4" => "EAN-8",
        "]Q3" => "GS1 QR Code",
        "]Q0" | "]Q1" | "]Q2" => "QR Code",
        "]J1" => "GS1 DotCode",
        "]L0" | "]L1" | "]L2" => "PDF417",
        aim if aim.starts_with("]z") => "Aztec Code",
        _ => "another symbology; CapsLock turns the letter over",
    }
}

/// Why, and what to do.
fn words(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Charset => (
            "A character may not stand there.",
            "Check CapsLock and the keyboard layout of the scanner, then scan again.",
        ),
        Class::Length => ("It is too short or too long.", "Scan again, one label at a time."),
        Class::CheckDigit => ("A check digit is wrong.", "Scan again; a typed number: retype it."),
        Class::CheckChar => ("The check character is wrong.", "Scan again."),
        Class::BadDate => ("It holds a date that does not exist.", "Scan again."),
        Class::BadTime => ("It holds a time that does not exist.", "Scan again."),
        Class::UnknownAi => (
            "It holds an identifier GS1 does not have: a separator may be lost.",
            "Make the scanner send GS, or name what it sends with --separator.",
        ),
        Class::RepeatedAi => ("It says one thing twice.", "Scan one label at a time."),
        Class::Association => ("It holds elements that exclude each other.", "Ask the maker."),
        Class::Gcp => ("A GS1 company prefix is missing.", "Ask the maker."),
        Class::AimUnsupported => (
            "Codes of this symbology are not read here.",
            "Check CapsLock; scan another code on the package.",
        ),
        Class::Prefix => (
            "The keyboard layout made a + of the ] that starts an AIM identifier.",
            "Set the scanner to the layout of this computer.",
        ),
        Class::Envelope => (
            "Control characters of the ISO 15434 envelope are missing.",
            "Make the scanner send GS, RS and EOT; a keyboard interface often cannot.",
        ),
        Class::UnknownDi => ("It holds an identifier that is not read here.", "Ask the pharmacy."),
        Class::ConflictingProductCodes => {
            ("It names two products.", "Scan another code on the package.")
        }
        Class::NotAnNdc => ("That is not an NDC.", "Write three parts with hyphens."),
        Class::Ambiguous => (
            "It has more than one reading.",
            "Write the NDC with its hyphens, or scan another code on the package.",
        ),
        Class::Unrecognised => (
            "Nothing here knows codes like this.",
            "Make the scanner send AIM identifiers, or name the --form.",
        ),
        Class::NotSupported => {
            ("This kind of code is known and not read here.", "Scan another code on the package.")
        }
        Class::Other => ("It breaks a rule of the GS1 dictionary.", "Ask the maker."),
        Class::MissingRequisiteAi => {
            ("What must stand beside it is missing.", "Scan the other code on the package too.")
        }
        Class::NdcConflict => (
            "The NDC inside the GTIN is another one; AI 715 stands.",
            "Compare with the printed NDC.",
        ),
        Class::Suspect => (
            "A separator may be lost, so a value may have swallowed the next: nothing is trusted.",
            "Make the scanner send GS.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str, form: Option<Form>) -> (Parsed, Vec<Problem>) {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        scan::parse(&with_controls(code), &Setup { form, ..Setup::new(today) })
    }

    #[test]
    fn a_code_is_told_line_by_line() {
        let (parsed, problems) = read("]d1+A123BJC5D6E71/$$52001510X3C", None);
        assert_eq!(
            explained(&parsed, &problems),
            "HIBC label\n\
             \x20 symbol                   ]d1 (DataMatrix)\n\
             \x20 maker (HIBC labeler)     A123\n\
             \x20 maker's number           BJC5D6E7\n\
             \x20 packaging level          1\n\
             \x20 lot                      10X3\n\
             \x20 expires                  2020-01-15\n\
             \x20 known to the             day\n"
        );
        let (parsed, problems) = read("[)><RS>06<GS>9N110375286414<RS><EOT>", None);
        assert!(explained(&parsed, &problems).contains("product (German PZN)     03752864\n"));
    }

    #[test]
    fn a_refusal_says_why_and_what_to_do() {
        let (parsed, problems) = read("]d2010030074434113217290230", None);
        let text = explained(&parsed, &problems);
        let want = "refused\n  symbol                   ]d2 (GS1 DataMatrix)\n\
                    Refused (bad_date at 17): It holds a date that does not exist. Scan again.\n";
        assert_eq!(text, want);
        let json = as_json(&parsed, &problems);
        assert_eq!(json["problems"][0]["class"], "bad_date");
        assert_eq!(json["fields"], json!({"aim": "]d2"}));
    }

    #[test]
    fn the_homes_own_codes_say_what_they_are() {
        let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules/oakhill.toml");
        let setup = Setup {
            patterns: patterns_of(&policy).unwrap(),
            ..Setup::new(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap())
        };
        let payload = scan::wristband::payload(1);
        let band = scan::wristband::code("R-", &payload).unwrap();
        let told = |code: &str| {
            let (parsed, problems) = scan::parse(code, &setup);
            explained(&parsed, &problems)
        };
        let says = |kind: &str, text: &str| format!("{kind}\n  {:<24} {text}\n", "says");
        assert_eq!(told(&band), says("wristband of this home", &band));
        assert_eq!(told("EMAR:CMD:TAKEN"), says("command card", "TAKEN"));
        assert!(patterns_of(Path::new("/nowhere.toml")).is_err());
    }

    #[test]
    fn ten_digits_are_shown_with_every_reading() {
        let (parsed, problems) = read("312345678906", Some(Form::Retail));
        let text = explained(&parsed, &problems);
        assert!(text.contains("which may mean           01234567890 or 12345067890"), "{text}");
        assert_eq!(read("1234567890", Some(Form::Ndc)).1[0].class, Class::Ambiguous);
    }

    #[test]
    fn every_field_of_the_acceptance_cases_has_words() {
        for line in include_str!("../../tests/cases/barcode.jsonl").lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let form = match case["form"].as_str() {
                Some("gs1") => Some(Form::Gs1),
                Some("retail") => Some(Form::Retail),
                Some("ndc") => Some(Form::Ndc),
                _ => None,
            };
            let (parsed, _) = read(case["raw"].as_str().unwrap(), form);
            for name in fields(&parsed).keys() {
                let said = MEANINGS.iter().any(|(known, _)| known == name);
                let own_lines = name == "aim" || name == "elements" || name.starts_with("nhrn_");
                assert!(said || own_lines, "{name}");
            }
        }
    }
}
