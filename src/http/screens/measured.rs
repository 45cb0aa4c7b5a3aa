//! The part of the form that says what is measured first: hold parameters and a sliding scale, as
//! rows; what would have been typed for those of an order, and both read back in words.
use super::compose::Reader;
use super::sight::Sight;
use super::typed::{Typed, without_thousands};
use emar_domain::amount::{format_nano, parse_nano};
use emar_domain::condition::Conditions;
use emar_domain::gate::{Comparison, Gate, GateError, GateVerdict, HoldRule};
use emar_domain::reading::CODES;
use emar_domain::scale::{GlucoseUnit, Row, RowAnswer, Scale, ScaleError, Span};

/// Longest code of what a row of a scale says to do, in bytes.
const ACTION_MAX: usize = 200;

/// Hold parameters and scale; either may be left out.
pub(super) type Measured = (Option<Gate>, Option<Scale>);

impl Reader<'_> {
    /// What must be measured, as far as the rows are sound.
    pub(super) fn measured(&mut self) -> Option<Measured> {
        let gate = self.gate();
        let scale = self.scale();
        Some((gate?, scale?))
    }

    fn gate(&mut self) -> Option<Option<Gate>> {
        let typed = self.typed;
        let rows = filled([&typed.hold_code, &typed.hold_op, &typed.hold_value]);
        if rows.is_empty() && typed.hold_age.trim().is_empty() {
            return Some(None);
        }
        if rows.is_empty() {
            self.is_wrong("hold_code", "wrong-hold_none", &[]);
        }
        let read: Vec<(usize, Option<HoldRule>)> =
            rows.iter().map(|(at, texts)| (*at, self.rule(*at, texts))).collect();
        let age = self.whole("hold_age", &typed.hold_age, "wrong-hold_age");
        let rules = read.iter().map(|(_, rule)| rule.clone()).collect::<Option<Vec<_>>>();
        let (rules, age) = (rules.filter(|rules| !rules.is_empty())?, age?);
        let fault = match Gate::new(age, rules) {
            Ok(gate) => return Some(Some(gate)),
            Err(fault) => fault,
        };
        let row = |fits: &dyn Fn(&HoldRule) -> bool| {
            let found = read.iter().rfind(|(_, rule)| rule.as_ref().is_some_and(fits));
            found.map(|(at, _)| *at)
        };
        match fault {
            GateError::Undecided { rule } => {
                let said = said_rule(self.sight, &rule);
                let at = row(&|other| *other == rule);
                self.is_wrong_at("hold_value", at, "wrong-hold_undecided", &[("rule", &said)]);
            }
            GateError::NothingGives { code } => {
                let said = self.sight.word("reading", &code);
                let at = row(&|other| other.code == code);
                self.is_wrong_at("hold_value", at, "wrong-hold_reversed", &[("reading", &said)]);
            }
            GateError::Empty | GateError::NoCode { .. } => {
                self.is_wrong("hold_code", "wrong-hold_none", &[]);
            }
        }
        None
    }

    fn rule(&mut self, at: usize, [code, op, value]: &[&str; 3]) -> Option<HoldRule> {
        let code = CODES.into_iter().find(|known| known == code);
        if code.is_none() {
            self.is_wrong_at("hold_code", Some(at), "wrong-hold_code", &[]);
        }
        let op = Comparison::ALL.into_iter().find(|known| known.code() == *op);
        if op.is_none() {
            self.is_wrong_at("hold_op", Some(at), "wrong-hold_op", &[]);
        }
        let nano = not_negative(value);
        if nano.is_none() {
            self.is_wrong_at("hold_value", Some(at), "wrong-hold_value", &[]);
        }
        Some(HoldRule { code: code?.to_owned(), op: op?, nano: nano? })
    }

    pub(super) fn scale(&mut self) -> Option<Option<Scale>> {
        let typed = self.typed;
        let lists = [&typed.scale_from, &typed.scale_to, &typed.scale_units, &typed.scale_action];
        let rows = filled(lists);
        if rows.is_empty() && typed.scale_unit.is_empty() {
            return Some(None);
        }
        if rows.is_empty() {
            self.is_wrong("scale_from", "wrong-scale_none", &[]);
        }
        let unit = GlucoseUnit::ALL.into_iter().find(|unit| unit.code() == typed.scale_unit);
        let unit = self.or(unit, "scale_unit", "wrong-scale_unit");
        let read: Vec<(usize, Option<Row>)> =
            rows.iter().map(|(at, texts)| (*at, self.scale_row(*at, texts))).collect();
        let found = read.iter().map(|(_, row)| row.clone()).collect::<Option<Vec<_>>>();
        let (found, unit) = (found.filter(|rows| !rows.is_empty())?, unit?);
        let fault = match Scale::new(unit, found) {
            Ok(scale) => return Some(Some(scale)),
            Err(fault) => fault,
        };
        let row = |span: Span| {
            let of = |row: &Option<Row>| row.as_ref().is_some_and(|row| row.span == span);
            read.iter().rfind(|(_, row)| of(row)).map(|(at, _)| *at)
        };
        match fault {
            ScaleError::Overlap { lower, upper } => {
                self.ill_joined(row(upper), "wrong-scale_overlap", lower, upper);
            }
            ScaleError::Gap { lower, upper } => {
                self.ill_joined(row(upper), "wrong-scale_gap", lower, upper);
            }
            ScaleError::OpenEnd => self.is_wrong("scale_from", "wrong-scale_open", &[]),
            ScaleError::OneAnswer { row: span } | ScaleError::Reversed { row: span } => {
                self.wrong_row(row(span), fault);
            }
        }
        None
    }

    fn ill_joined(&mut self, at: Option<usize>, id: &str, lower: Span, upper: Span) {
        let (lower, upper) = (said_span(self.sight, lower), said_span(self.sight, upper));
        let args = [("lower", lower.as_str()), ("upper", &upper)];
        self.is_wrong_at("scale_from", at, id, &args);
    }

    fn wrong_row(&mut self, at: Option<usize>, fault: ScaleError) {
        match fault {
            ScaleError::Reversed { .. } => {
                self.is_wrong_at("scale_from", at, "wrong-scale_reversed", &[]);
            }
            _ => self.is_wrong_at("scale_units", at, "wrong-scale_answer", &[]),
        }
    }

    fn scale_row(&mut self, at: usize, texts: &[&str; 4]) -> Option<Row> {
        let [from, to, units, action] = *texts;
        let lo = self.end("scale_from", at, from);
        let hi = self.end("scale_to", at, to);
        let nano = match units {
            "" => Some(None),
            text => not_negative(text).map(Some),
        };
        if nano.is_none() {
            self.is_wrong_at("scale_units", Some(at), "wrong-scale_units", &[]);
        }
        if action.len() > ACTION_MAX {
            self.is_wrong_at("scale_action", Some(at), "wrong-scale_action", &[]);
            return None;
        }
        let span = Span { lo: lo?, hi: hi? };
        let action = Some(action.to_owned()).filter(|action| !action.is_empty());
        match Row::new(span, nano?, action) {
            Ok(row) => Some(row),
            Err(fault) => {
                self.wrong_row(Some(at), fault);
                None
            }
        }
    }

    /// An end of a row; empty: open.
    fn end(&mut self, field: &'static str, at: usize, text: &str) -> Option<Option<u32>> {
        if text.is_empty() {
            return Some(None);
        }
        let found = text.parse().ok();
        if found.is_none() {
            self.is_wrong_at(field, Some(at), "wrong-scale_end", &[]);
        }
        found.map(Some)
    }
}

/// The rows in which anything stands, with their numbers; a row that is short of a field has it
/// empty.
fn filled<const N: usize>(lists: [&Vec<String>; N]) -> Vec<(usize, [&str; N])> {
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let row = |at: usize| lists.map(|list| list.get(at).map_or("", |text| text.trim()));
    let rows = (0..longest).map(|at| (at, row(at)));
    rows.filter(|(_, texts)| texts.iter().any(|text| !text.is_empty())).collect()
}

/// A number in billionths, nothing or more.
fn not_negative(text: &str) -> Option<i64> {
    let number = without_thousands(text);
    let plain = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    parse_nano(&number).ok().filter(|_| plain)
}

impl Typed {
    /// What would have been typed for hold parameters and a scale.
    pub(super) fn fill_measured(&mut self, of: &Conditions) {
        if let Some(gate) = &of.gate {
            let rules = gate.rules().iter();
            self.hold_code = rules.clone().map(|rule| rule.code.clone()).collect();
            self.hold_op = rules.clone().map(|rule| rule.op.code().to_owned()).collect();
            self.hold_value = rules.map(|rule| format_nano(rule.nano)).collect();
            self.hold_age = gate.max_age_minutes().to_string();
        }
        let Some(scale) = &of.scale else { return };
        let end = |end: Option<u32>| end.map(|value| value.to_string()).unwrap_or_default();
        self.scale_unit = scale.unit().code().to_owned();
        for Row { span, answer } in scale.rows() {
            self.scale_from.push(end(span.lo));
            self.scale_to.push(end(span.hi));
            let (units, action) = match answer {
                RowAnswer::Units(amount) => (format_nano(amount.nano), String::new()),
                RowAnswer::Action(code) => (String::new(), code.clone()),
            };
            self.scale_units.push(units);
            self.scale_action.push(action);
        }
    }
}

/// Hold parameters and scale in words, each with the examples the rules work out. Story 19.
pub(super) fn read_back(sight: &Sight<'_>, of: &Conditions) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(gate) = &of.gate {
        lines.extend(said_gate(sight, gate));
    }
    if let Some(scale) = &of.scale {
        lines.extend(said_scale(sight, scale));
    }
    lines
}

fn said_gate(sight: &Sight<'_>, gate: &Gate) -> [String; 2] {
    let w = sight.words();
    let rules: Vec<String> = gate.rules().iter().map(|rule| said_rule(sight, rule)).collect();
    let rules = rules.join(&format!(", {} ", w.t("says-hold_or")));
    let age = w.count("says-hold_age", &gate.max_age_minutes());
    let examples = gate.examples().into_iter().map(|example| {
        let verdict = w.t(match example.verdict {
            GateVerdict::Give => "says-gate-give",
            GateVerdict::Hold => "says-gate-hold",
            GateVerdict::BlockMissing | GateVerdict::BlockStale => "says-gate-measure",
        });
        let (reading, value) = (sight.word("reading", &example.code), format_nano(example.nano));
        let args = [("reading", reading.as_str()), ("value", &value), ("then", &verdict)];
        w.with("says-gate_example", &args)
    });
    [
        format!("{} {age}", w.one("says-hold", "rules", &rules)),
        examples.collect::<Vec<_>>().join(" "),
    ]
}

fn said_rule(sight: &Sight<'_>, rule: &HoldRule) -> String {
    let id = format!("says-rule-{}", rule.op.name());
    let (reading, value) = (sight.word("reading", &rule.code), format_nano(rule.nano));
    sight.words().with(&id, &[("reading", &reading), ("value", &value)])
}

fn said_scale(sight: &Sight<'_>, scale: &Scale) -> Vec<String> {
    let w = sight.words();
    let unit = scale.unit().code();
    let row = |row: &Row| format!("{}: {}", said_span(sight, row.span), row.answer);
    let rows: Vec<String> = scale.rows().iter().map(row).collect();
    let examples = scale.examples().into_iter().map(|example| {
        let (value, answer) = (format!("{} {unit}", example.value), example.answer.to_string());
        w.with("says-scale_example", &[("value", &value), ("then", &answer)])
    });
    let examples = examples.collect::<Vec<_>>().join(" ");
    vec![w.with("says-scale", &[("unit", unit), ("rows", &rows.join("; "))]), examples]
}

fn said_span(sight: &Sight<'_>, span: Span) -> String {
    let w = sight.words();
    let text = |end: u32| end.to_string();
    match (span.lo.map(text), span.hi.map(text)) {
        (None, None) => w.t("says-span_any"),
        (None, Some(hi)) => w.one("says-span_low", "hi", &hi),
        (Some(lo), None) => w.one("says-span_high", "lo", &lo),
        (Some(lo), Some(hi)) => w.with("says-span", &[("lo", &lo), ("hi", &hi)]),
    }
}
