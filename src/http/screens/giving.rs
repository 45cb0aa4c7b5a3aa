//! The part of the form that says how it is given: who takes care of taking it, whether the
//! resident knows, whether the instructions are confirmed, and how near to its time.
use super::compose::Reader;
use super::sight::Sight;
use super::timing::by_count;
use super::typed::Typed;
use crate::policy_file::frequencies;
use emar_domain::condition::{Conditions, Covert, SelfAdministration};
use emar_domain::order::OrderVersion;
use emar_domain::order_input::{InputFault, check_input};
use emar_domain::schedule::Schedule;
use emar_domain::time::CivilDate;

/// Longest window on a side, in minutes: a day. The rules bind it closer.
const WINDOW_MINUTES_MAX: i64 = 24 * 60;

/// Minutes before and after its time that an order wants for itself.
pub(super) type OwnWindow = (Option<i64>, Option<i64>);

impl Reader<'_> {
    /// What is said about giving, as far as the fields are sound; what its hours stand for follows
    /// from them.
    pub(super) fn conditions(&mut self) -> Option<Conditions> {
        let level = self.level();
        let covert = self.covert();
        let (gate, scale) = self.measured()?;
        Some(Conditions {
            hours: Vec::new(),
            gate,
            scale,
            self_administration: level?,
            covert: covert?,
            acknowledge: !self.typed.acknowledge.is_empty(),
        })
    }

    fn level(&mut self) -> Option<SelfAdministration> {
        let mut all = SelfAdministration::ALL.into_iter();
        let found = all.find(|level| level_code(*level) == self.typed.self_administration);
        self.or(found, "self_administration", "wrong-self_administration")
    }

    fn covert(&mut self) -> Option<Option<Covert>> {
        let legal_reference = self.typed.covert_reference.trim().to_owned();
        let review = self.typed.covert_review.trim();
        if legal_reference.is_empty() && review.is_empty() {
            return Some(None);
        }
        let review_on = CivilDate::parse(review).ok();
        let review_on = self.or(review_on, "covert_review", "wrong-covert_review")?;
        Some(Some(Covert { legal_reference, review_on }))
    }

    /// The order's own window, where it has one on a side.
    pub(super) fn own_window(&mut self) -> Option<OwnWindow> {
        let before = self.window_side("before", &self.typed.before);
        let after = self.window_side("after", &self.typed.after);
        Some((before?, after?))
    }

    fn window_side(&mut self, field: &'static str, text: &str) -> Option<Option<i64>> {
        let text = text.trim();
        if text.is_empty() {
            return Some(None);
        }
        let minutes = text.parse().ok().filter(|m| (0..=WINDOW_MINUTES_MAX).contains(m));
        self.or(minutes, field, "wrong-window_minutes").map(Some)
    }

    /// What the rules will not have of this part of the form, told at its field. The rest of what
    /// they refuse is theirs to tell.
    pub(super) fn barred(&mut self, version: &OrderVersion) {
        let current = self.current.map(|order| &order.current);
        let Err(bad) = check_input(self.sight.home, frequencies(), version, current) else {
            return;
        };
        match bad.fault {
            InputFault::WindowWide { most } => {
                let field = if bad.pointer == "/before_minutes" { "before" } else { "after" };
                self.is_wrong(field, "wrong-window_wide", &[("most", &most.to_string())]);
            }
            InputFault::CovertGround => {
                self.is_wrong("covert_reference", "wrong-covert_reference", &[]);
            }
            InputFault::NeedsStaff => {
                self.is_wrong("self_administration", "wrong-needs_staff", &[]);
            }
            InputFault::NothingToAcknowledge => {
                self.is_wrong("acknowledge", "wrong-acknowledge", &[]);
            }
            _ => {}
        }
    }
}

impl Typed {
    /// What would have been typed for who gives it and how.
    pub(super) fn fill_giving(&mut self, of: &Conditions) {
        level_code(of.self_administration).clone_into(&mut self.self_administration);
        self.acknowledge = ticked(of.acknowledge);
        if let Some(covert) = &of.covert {
            self.covert_reference.clone_from(&covert.legal_reference);
            self.covert_review = covert.review_on.to_string();
        }
    }

    /// What would have been typed for its window. One that does not say what it asked for has its
    /// own where it is another than the home's.
    pub(super) fn fill_window(&mut self, version: &OrderVersion, home: Option<(i64, i64)>) {
        let (before, after) = match &version.asked {
            Some(asked) => (asked.brought.before_minutes, asked.brought.after_minutes),
            None if version.timing.schedule().is_none() => (None, None),
            None => {
                let own = |minutes: i64, home: Option<i64>| {
                    Some(minutes).filter(|_| home != Some(minutes))
                };
                let (before, after) = home.unzip();
                (own(version.before_minutes, before), own(version.after_minutes, after))
            }
        };
        let text = |minutes: Option<i64>| minutes.map(|m| m.to_string()).unwrap_or_default();
        (self.before, self.after) = (text(before), text(after));
    }
}

/// What stands in the form for a level: nothing where staff give it, as they do as a rule.
pub(super) const fn level_code(level: SelfAdministration) -> &'static str {
    match level {
        SelfAdministration::Staff => "",
        other => other.code(),
    }
}

/// What a box of the form holds.
pub(super) fn ticked(yes: bool) -> String {
    if yes { "yes".to_owned() } else { String::new() }
}

/// The window the home has for such an order now.
pub(super) fn home_window(sight: &Sight<'_>, version: &OrderVersion) -> Option<(i64, i64)> {
    let schedule = version.timing.schedule()?;
    let counted = || match schedule {
        Schedule::Clock(clock) => by_count(clock.times.len()),
        Schedule::Once(_) | Schedule::Interval(_) => None,
    };
    let row = frequencies().find(&version.frequency).or_else(counted)?;
    let unit = sight.home.residents.get(&version.resident)?.unit.as_str();
    sight.home.policy.order_window(frequencies(), row, unit, version.time_critical)
}

/// Who gives it and how, in words.
pub(super) fn read_back(sight: &Sight<'_>, version: &OrderVersion) -> Vec<String> {
    let (w, of) = (sight.words(), &version.conditions);
    let mut lines = Vec::new();
    if !of.self_administration.is_staff() {
        lines.push(sight.word("level", of.self_administration.code()));
    }
    lines.extend(of.covert.as_ref().map(|covert| {
        let review = sight.of_date(covert.review_on);
        let args = [("reference", covert.legal_reference.as_str()), ("review", &review)];
        w.with("obj-covert_giving", &args)
    }));
    lines.extend(beside(sight, version));
    lines
}

/// What the line of a list does not say of it.
pub(super) fn beside(sight: &Sight<'_>, version: &OrderVersion) -> Vec<String> {
    let w = sight.words();
    let mut lines = Vec::new();
    if version.conditions.acknowledge {
        lines.push(w.one("says-acknowledge", "text", version.instructions.trim()));
    }
    let window = (version.before_minutes, version.after_minutes);
    if home_window(sight, version).is_some_and(|home| home != window) {
        let (before, after) = (window.0.to_string(), window.1.to_string());
        lines.push(w.with("says-window", &[("before", &before), ("after", &after)]));
    }
    lines
}
