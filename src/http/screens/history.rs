//! What became of one dose, told from what was recorded of it.
use super::mar::{reason_text, shown};
use super::sight::{Sight, amount, amount_ordered};
use super::standing::charted;
use crate::http::pages::view::mar::{DoseEvent, DoseStory, History};
use crate::http::pages::view::{Chip, Status};
use crate::store::DoseHistory;
use emar_domain::administration::{Administration, Mode};
use emar_domain::dose::{Dose, DoseOutcome, Prepared};
use emar_domain::fact::{DoseDue, PotAct, PotFact};
use emar_domain::order::OrderVersion;
use emar_domain::time::Instant;

/// The doses of one cell; `versions` are those of their order.
#[must_use]
pub fn history(sight: &Sight<'_>, doses: &[DoseHistory], versions: &[OrderVersion]) -> History {
    let current = versions.last();
    History {
        drug: current.map(|v| sight.sentence(&v.drug.name)).unwrap_or_default(),
        amount: amount_of_all(sight, doses, versions),
        doses: doses.iter().map(|d| Teller { sight, versions, found: d }.story()).collect(),
    }
}

/// What the doses of a cell have in common, else what the order as a whole gives.
fn amount_of_all(sight: &Sight<'_>, doses: &[DoseHistory], versions: &[OrderVersion]) -> String {
    let Some(current) = versions.last() else { return String::new() };
    let own = |found| Teller { sight, versions, found }.amount();
    let mut own: Vec<Option<String>> = doses.iter().map(own).collect();
    own.dedup();
    match own.as_slice() {
        [Some(one)] => one.clone(),
        _ => amount_ordered(sight, current),
    }
}

struct Teller<'a> {
    sight: &'a Sight<'a>,
    versions: &'a [OrderVersion],
    found: &'a DoseHistory,
}

impl Teller<'_> {
    fn story(&self) -> DoseStory {
        let (sight, w) = (self.sight, self.sight.words());
        let dose = self.dose();
        let due = w.one("mar-due", "at", &sight.stamp(dose.due));
        let mut events: Vec<(Instant, DoseEvent)> = Vec::new();
        let mut before: Option<&DoseDue> = None;
        for revision in &self.found.dues {
            events.push((revision.at, self.due(before, revision)));
            before = Some(revision);
        }
        events.extend(self.found.pots.iter().map(|p| (p.at, self.pot(p))));
        events.extend(self.found.administrations.iter().map(|a| (a.recorded_at, self.done(a))));
        events.sort_by_key(|(at, _)| *at);
        let note = dose.outcome.as_ref().map(|o| sight.time(o.at)).unwrap_or_default();
        DoseStory {
            title: due,
            chip: Chip::new(shown(sight, &dose), &note),
            events: events.into_iter().map(|(_, event)| event).collect(),
        }
    }

    /// How much the dose was ordered to be.
    fn amount(&self) -> Option<String> {
        let dose = &self.found.dose;
        let version = self.versions.iter().find(|v| v.version == dose.prescribed.version)?;
        match dose.prescribed.amount {
            Some(amount) => (amount.nano != 0).then(|| amount.to_string()),
            None => Some(amount(self.sight, version)),
        }
    }

    /// The dose as it stands after all of this.
    fn dose(&self) -> Dose {
        let (fact, planned) = (&self.found.dose, self.found.dose.planned_at);
        let last = self.found.dues.last();
        let done = self.found.administrations.iter().rfind(|a| a.effective);
        let outcome = done.map(|a| DoseOutcome {
            administration: a.id,
            outcome: a.outcome,
            by: a.by,
            at: a.administered_at,
        });
        let pot = self.found.pots.last().filter(|p| p.act == PotAct::Prepared);
        Dose {
            id: fact.id,
            slot: fact.slot,
            resident: fact.resident,
            prescribed: fact.prescribed,
            rev: last.map_or(0, |d| d.rev),
            due: last.map_or(planned, |d| d.due),
            local: fact.local,
            opens: last.map_or(planned, |d| d.opens),
            closes: last.map_or(Instant::MAX, |d| d.closes),
            shifted: last.is_some_and(|d| d.shifted),
            withdrawn: last.and_then(|d| d.withdrawn),
            prepared: pot.filter(|_| outcome.is_none()).map(|p| Prepared {
                id: p.id,
                by: p.by,
                at: p.at,
            }),
            outcome,
        }
    }

    fn due(&self, before: Option<&DoseDue>, revision: &DoseDue) -> DoseEvent {
        let (sight, w) = (self.sight, self.sight.words());
        let time = sight.stamp(revision.due);
        let moved = before.is_some_and(|b| b.due != revision.due);
        let what = match (revision.withdrawn, before) {
            (Some(why), _) => w.t(&format!("mar-withdrawn-{}", why.code())),
            (None, None) => w.one("mar-planned", "at", &time),
            (None, Some(_)) if moved => w.one("mar-moved", "at", &time),
            (None, Some(_)) => w.one("mar-expected", "at", &time),
        };
        let mut notes = Vec::new();
        if revision.withdrawn.is_none() {
            let (opens, closes) = (sight.clock(revision.opens), sight.clock(revision.closes));
            notes.push(w.with("mar-window", &[("from", &opens), ("to", &closes)]));
        }
        if revision.shifted {
            notes.push(w.t("mar-shifted"));
        }
        DoseEvent { at: sight.stamp(revision.at), class: "", what, notes }
    }

    fn pot(&self, pot: &PotFact) -> DoseEvent {
        let (sight, w) = (self.sight, self.sight.words());
        let what = match pot.act {
            PotAct::Prepared => "mar-prepared",
            PotAct::Returned => "mar-returned",
        };
        let (who, place) = (sight.user(pot.by), self.device(pot.cart.as_str()));
        DoseEvent {
            at: sight.stamp(pot.at),
            class: "",
            what: w.t(what),
            notes: vec![w.with("mar-by_at", &[("who", &who), ("place", &place)])],
        }
    }

    fn device(&self, id: &str) -> String {
        let known = self.sight.home.devices.values().find(|d| d.id.as_str() == id);
        known.map_or_else(|| id.to_owned(), |d| d.name.clone())
    }

    fn done(&self, done: &Administration) -> DoseEvent {
        let (sight, w) = (self.sight, self.sight.words());
        let status: Status = charted(done.outcome);
        let mut notes = vec![w.with(
            "mar-administered",
            &[("at", &sight.stamp(done.administered_at)), ("who", &sight.user(done.by))],
        )];
        notes.push(w.one("mar-recorded", "at", &sight.stamp(done.recorded_at)));
        if let Some(cart) = &done.cart {
            notes.push(w.one("mar-cart", "place", &self.device(cart.as_str())));
        }
        notes.extend(done.amount.map(|a| w.one("mar-amount", "amount", &a.to_string())));
        notes.extend(self.ordered(done));
        let why = done.reason.as_deref().map(|code| reason_text(sight, code));
        notes.extend(why.map(|why| w.one("mar-why", "why", &why)));
        let said = done.comment.as_deref().filter(|c| !c.is_empty());
        notes.extend(said.map(|text| w.one("mar-comment", "text", text)));
        for accepted in &done.overrides {
            let about = w.objection(&accepted.code, &std::collections::BTreeMap::new()).headline;
            let why = w.why(&accepted.reason);
            notes.push(w.with("mar-accepted", &[("about", &about), ("why", &why)]));
            let said = accepted.comment.iter().chain(&accepted.contact);
            notes.extend(said.map(|text| w.one("mar-comment", "text", text)));
        }
        if let Some(witness) = &done.witness {
            let (at, who) = (sight.stamp(witness.at), sight.user(witness.by));
            notes.push(w.with("mar-witnessed", &[("at", &at), ("who", &who)]));
        }
        if done.mode == Mode::Past {
            notes.push(w.t("mar-past"));
        }
        notes.extend(self.corrections(done));
        DoseEvent {
            at: sight.stamp(done.recorded_at),
            class: status.class(),
            what: w.t(status.word()),
            notes,
        }
    }

    /// The dose as it was ordered then, when it is another now.
    fn ordered(&self, done: &Administration) -> Option<String> {
        let then = self.versions.iter().find(|v| v.version == done.version)?;
        let now = self.versions.last()?;
        let of = |version| amount_ordered(self.sight, version);
        let (then, now) = (of(then), of(now));
        (then != now).then(|| self.sight.words().one("mar-ordered", "amount", &then))
    }

    fn corrections(&self, done: &Administration) -> Vec<String> {
        let (sight, w) = (self.sight, self.sight.words());
        let all = &self.found.administrations;
        let named = |id: &str, other: &Administration| {
            w.with(id, &[("at", &sight.stamp(other.recorded_at)), ("who", &sight.user(other.by))])
        };
        let earlier = done.corrects.and_then(|id| all.iter().find(|a| a.id == id));
        let later = all.iter().filter(|a| a.corrects == Some(done.id));
        let mut notes: Vec<String> =
            earlier.map(|a| named("mar-corrects", a)).into_iter().collect();
        let before = notes.len();
        notes.extend(later.map(|a| named("mar-corrected", a)));
        if !done.effective && notes.len() == before {
            notes.push(w.t("mar-beside"));
        }
        notes
    }
}
