//! Patient and AllergyIntolerance: residents, found or (by import) created.

use super::json::At;
use super::order::derived;
use super::reason::{Code, Reasons};
use super::{Via, Work, dosage, system};
use emar_domain::id::{ResidentId, Slug};
use emar_domain::resident::{Allergy, Personal, Resident, ResidentState};
use emar_domain::time::CivilDate;
use std::collections::BTreeSet;

/// Whether an identifier has this type of the HL7 table of identifier types.
pub(super) fn has_type(identifier: &At<'_>, code: &str, reasons: &mut Reasons) -> bool {
    let Some(kind) = reasons.read(identifier.object("type")) else { return false };
    reasons.read(kind.list("coding")).iter().any(|coding| {
        reasons.read(coding.text("code")) == Some(code)
            && reasons
                .read(coding.text("system"))
                .is_none_or(|s| s == system::IDENTIFIER_TYPE || s.ends_with("/v2/0203"))
    })
}

/// What says who somebody is.
#[derive(Default)]
struct Names {
    id: Option<ResidentId>,
    band: Option<String>,
    /// The medical record number, or what stands in for it.
    number: String,
    /// What the id of a new resident is derived from.
    key: String,
}

impl<'a> Work<'a> {
    /// Every Patient and AllergyIntolerance of the batch. Messages only identify.
    pub(crate) fn residents(&mut self, reasons: &mut Reasons) {
        let batch = self.batch;
        for at in batch.of_kind("Patient") {
            self.resident(at, reasons);
        }
        for at in batch.of_kind("AllergyIntolerance") {
            self.allergy(at, reasons);
        }
        // Placed residents that came out as they were ask for nothing.
        let home = self.context.home;
        self.residents.retain(|id, resident| {
            let unchanged = home.residents.get(id) == Some(resident);
            if unchanged {
                let why = "the home has this resident as described".to_owned();
                reasons.add(Code::Known, String::new(), why);
            }
            !unchanged
        });
    }

    /// The resident a member (`subject`, `patient`) refers to.
    pub(super) fn subject(
        &self,
        at: &At<'a>,
        member: &'static str,
        reasons: &mut Reasons,
    ) -> Option<Resident> {
        let found = self.find_subject(at, member, reasons);
        if found.is_none() {
            let why = "this resident is not known here: census or `emar import` creates residents";
            reasons.add(Code::ResidentUnknown, at.to(member), why.to_owned());
        }
        found
    }

    pub(super) fn find_subject(
        &self,
        at: &At<'a>,
        member: &'static str,
        reasons: &mut Reasons,
    ) -> Option<Resident> {
        let subject = reasons.read(at.object(member))?;
        if let Some(reference) = reasons.read(subject.text("reference")) {
            if let Some(found) = self.batch.resolve(at, reference) {
                let id = *self.placed.get(&found.pointer)?;
                return self.after(id);
            }
            let own = reference.strip_prefix("Patient/").or(reference.strip_prefix("urn:uuid:"));
            if let Some(found) = own.and_then(|id| id.parse().ok()).and_then(|id| self.after(id)) {
                return Some(found);
            }
        }
        let identifier = reasons.read(subject.object("identifier"))?;
        let names = names_of(std::slice::from_ref(&identifier), "", reasons);
        let id = self.known(&names, &identifier, reasons)?;
        self.after(id)
    }

    fn after(&self, id: ResidentId) -> Option<Resident> {
        self.residents.get(&id).or_else(|| self.context.home.residents.get(&id)).cloned()
    }

    /// The one resident of the home all names agree on.
    fn known(&self, names: &Names, at: &At<'_>, reasons: &mut Reasons) -> Option<ResidentId> {
        let home = self.context.home;
        let mut found: BTreeSet<ResidentId> = BTreeSet::new();
        found.extend(names.id.filter(|id| home.residents.contains_key(id)));
        let band = names.band.as_deref().and_then(|band| home.resident_by_band(band));
        found.extend(band.map(|r| r.id));
        let numbered = |r: &&Resident| !names.number.is_empty() && r.number.0 == names.number;
        found.extend(home.residents.values().filter(numbered).map(|r| r.id));
        let derived = self.derived(names);
        found.extend(Some(derived).filter(|id| home.residents.contains_key(id)));
        if found.len() > 1 {
            let why = "its identifiers belong to different residents of the home".to_owned();
            reasons.add(Code::Conflict, at.pointer.clone(), why);
            return None;
        }
        found.first().copied()
    }

    fn derived(&self, names: &Names) -> ResidentId {
        let facility = self.context.home.facility.as_str();
        ResidentId(derived(&["resident", facility, &names.key]))
    }

    fn resident(&mut self, at: &At<'a>, reasons: &mut Reasons) {
        let before = reasons.grave();
        let id = reasons.read(at.text("id")).unwrap_or_default();
        let names = names_of(&reasons.read(at.list("identifier")), id, reasons);
        if names.key.is_empty() {
            let why = "no identifier and no id: who is this?".to_owned();
            reasons.add(Code::Malformed, at.to("identifier"), why);
            return;
        }
        let known = self.known(&names, at, reasons);
        let old = known.and_then(|id| self.context.home.residents.get(&id));
        let described = self.describe(at, &names, old, reasons);
        if let Some(old) = old {
            mismatch(at, old, &described, reasons);
        } else if self.via == Via::Message {
            let why = "this resident is not known here: census or `emar import` creates residents";
            reasons.add(Code::ResidentUnknown, at.pointer.clone(), why.to_owned());
            return;
        }
        if described.family.0.is_empty() && described.given.0.is_empty() {
            reasons.transcribe(at.to("name"), "no name: nobody could be told apart by it");
        }
        if let Some(link) = at.get("link") {
            let why = "it is linked to another record: settle which is in force by hand";
            reasons.transcribe(link.pointer, why);
        }
        if reasons.grave() > before {
            return;
        }
        let resident = described;
        if self.residents.contains_key(&resident.id) {
            let why = "described twice in one document".to_owned();
            reasons.add(Code::Conflict, at.pointer.clone(), why);
            return;
        }
        self.placed.insert(at.pointer.clone(), resident.id);
        if self.via == Via::Import {
            self.residents.insert(resident.id, resident);
        }
    }

    fn describe(
        &self,
        at: &At<'a>,
        names: &Names,
        old: Option<&Resident>,
        reasons: &mut Reasons,
    ) -> Resident {
        let (family, given, nickname) = name(at, reasons);
        let or_old = |new: String, old: Option<&Personal>| {
            if new.is_empty() { old.cloned().unwrap_or_default() } else { Personal(new) }
        };
        let birth_date = match reasons.read(at.text("birthDate")) {
            None => None,
            Some(text) => {
                let date = CivilDate::parse(text).ok();
                if date.is_none() {
                    let why = "not a full date: left out".to_owned();
                    reasons.add(Code::Note, at.to("birthDate"), why);
                }
                date
            }
        };
        let (unit, room) = self.place(at, old, reasons);
        Resident {
            id: old.map_or_else(|| names.id.unwrap_or_else(|| self.derived(names)), |o| o.id),
            family: or_old(family, old.map(|o| &o.family)),
            given: or_old(given, old.map(|o| &o.given)),
            nickname: or_old(nickname, old.map(|o| &o.nickname)),
            birth_date: birth_date.or(old.and_then(|o| o.birth_date)),
            unit,
            room,
            number: or_old(names.number.clone(), old.map(|o| &o.number)),
            band: or_old(names.band.clone().unwrap_or_default(), old.map(|o| &o.band)),
            state: state(at, reasons),
            absences: old.map(|o| o.absences.clone()).unwrap_or_default(),
            left_because: old.map(|o| o.left_because.clone()).unwrap_or_default(),
            allergies: old.map(|o| o.allergies.clone()).unwrap_or_default(),
            how_taken: old.map(|o| o.how_taken.clone()).unwrap_or_default(),
            code_status: old.map(|o| o.code_status.clone()).unwrap_or_default(),
        }
    }

    /// Unit and room: the extension `urn:emar:room`, else the location of an encounter under way,
    /// either only if the policy has such a room. Somebody new without a room is put into the first
    /// unit, so that alerts about them are seen by a station.
    fn place(&self, at: &At<'a>, old: Option<&Resident>, reasons: &mut Reasons) -> (Slug, String) {
        let policy = &self.context.home.policy;
        let slug = |unit: &str| Slug::new(unit).ok();
        let mut named: Vec<(String, String)> = Vec::new();
        for extension in reasons.read(at.list("extension")) {
            if reasons.read(extension.text("url")) == Some(system::ROOM) {
                let room = reasons.read(extension.text("valueString")).unwrap_or_default();
                named.push((room.to_owned(), extension.pointer.clone()));
            }
        }
        if named.is_empty() {
            named = self.located(at, reasons);
        }
        for (room, pointer) in named {
            if let Some(unit) = policy.unit_of_room(&room).and_then(slug) {
                return (unit, room);
            }
            let why = format!("the home's policy has no room {room:?}");
            reasons.add(Code::Note, pointer, why);
        }
        if let Some(old) = old {
            return (old.unit.clone(), old.room.clone());
        }
        let first = policy.units.keys().next().and_then(|u| slug(u));
        let unit = first.unwrap_or_else(|| self.context.home.facility.clone());
        if self.via == Via::Import {
            let why = format!("no room is named: placed in unit {unit} without one");
            reasons.add(Code::Note, at.pointer.clone(), why);
        }
        (unit, String::new())
    }

    fn located(&self, at: &At<'a>, reasons: &mut Reasons) -> Vec<(String, String)> {
        let mut rooms = Vec::new();
        for encounter in self.batch.of_kind("Encounter") {
            if reasons.read(encounter.text("status")) != Some("in-progress") {
                continue;
            }
            let subject = reasons.read(encounter.object("subject"));
            let reference = subject.and_then(|s| reasons.read(s.text("reference")));
            let theirs = reference.and_then(|r| self.batch.resolve(encounter, r));
            if theirs.is_none_or(|t| t.pointer != at.pointer) {
                continue;
            }
            for stay in reasons.read(encounter.list("location")) {
                let status = reasons.read(stay.text("status"));
                let target = reasons.read(stay.object("location"));
                let reference = target.and_then(|t| reasons.read(t.text("reference")));
                let found = reference.and_then(|r| self.batch.resolve(encounter, r));
                let name = found.and_then(|l| reasons.read(l.text("name")));
                if let (None | Some("active"), Some(name)) = (status, name) {
                    rooms.push((name.to_owned(), stay.pointer));
                }
            }
        }
        rooms
    }

    fn allergy(&mut self, at: &At<'a>, reasons: &mut Reasons) {
        let standing = |member: &str, reasons: &mut Reasons| {
            let concept = reasons.read(at.object(member))?;
            let codings = reasons.read(concept.list("coding"));
            codings.iter().find_map(|c| reasons.read(c.text("code")))
        };
        let clinical = standing("clinicalStatus", reasons);
        let verified = standing("verificationStatus", reasons);
        if matches!(clinical, Some("inactive" | "resolved"))
            || matches!(verified, Some("refuted" | "entered-in-error"))
        {
            let why = "not in force, so not added; an allergy the home has is never removed by it";
            reasons.add(Code::Note, at.pointer.clone(), why.to_owned());
            return;
        }
        let Some(mut resident) = self.subject(at, "patient", reasons) else { return };
        if self.via == Via::Message {
            let why = "allergies are not taken from messages yet: enter it by hand";
            reasons.transcribe(at.pointer.clone(), why);
            return;
        }
        let Some(code) = reasons.read(at.object("code")) else {
            reasons.transcribe(at.to("code"), "an allergy to what?");
            return;
        };
        let none_known = ["716186003", "409137002"];
        let codings = reasons.read(code.list("coding"));
        if codings
            .iter()
            .any(|c| c.text("code").is_ok_and(|c| c.is_some_and(|c| none_known.contains(&c))))
        {
            let why = "says that no allergy is known: nothing to add".to_owned();
            reasons.add(Code::Note, code.pointer, why);
            return;
        }
        let ingredient = substance(&dosage::words(&code, reasons));
        if ingredient.is_empty() {
            reasons.transcribe(code.pointer, "an allergy to what? Its code has no words");
            return;
        }
        let mut covers = BTreeSet::new();
        let mut reactions = Vec::new();
        for reaction in reasons.read(at.list("reaction")) {
            if let Some(of) = reasons.read(reaction.object("substance")) {
                covers.insert(substance(&dosage::words(&of, reasons)));
            }
            for each in reasons.read(reaction.list("manifestation")) {
                reactions.push(dosage::words(&each, reasons));
            }
        }
        reactions.retain(|r| !r.is_empty());
        covers.retain(|c| !c.is_empty() && *c != ingredient);
        let covers = covers.into_iter().collect();
        resident.allergies.retain(|a| a.ingredient != ingredient);
        resident.allergies.push(Allergy { ingredient, reaction: reactions.join(", "), covers });
        resident.allergies.sort_by(|a, b| a.ingredient.cmp(&b.ingredient));
        self.residents.insert(resident.id, resident);
    }
}

fn substance(words: &str) -> String {
    let lower = words.trim().to_lowercase();
    ["(substance)", "(product)", "(medicinal product)"]
        .iter()
        .find_map(|tail| lower.strip_suffix(tail))
        .unwrap_or(&lower)
        .trim()
        .to_owned()
}

fn names_of(identifiers: &[At<'_>], id: &str, reasons: &mut Reasons) -> Names {
    let mut names = Names::default();
    let mut spare = None;
    for identifier in identifiers {
        let old = reasons.read(identifier.text("use")) == Some("old");
        let value = reasons.read(identifier.text("value")).unwrap_or_default();
        if value.is_empty() || old {
            continue;
        }
        let named = reasons.read(identifier.text("system")).unwrap_or_default();
        // Numbers of other registers say who somebody is to others, and stay with them.
        let private = ["SS", "DL", "PPN"].iter().any(|code| has_type(identifier, code, reasons));
        match named {
            system::RESIDENT => names.id = value.parse().ok(),
            system::WRISTBAND => names.band = Some(value.to_owned()),
            _ if private => {}
            _ if names.number.is_empty() && has_type(identifier, "MR", reasons) => {
                value.clone_into(&mut names.number);
                names.key = format!("{named}|{value}");
            }
            _ if spare.is_none() => spare = Some((named, value)),
            _ => {}
        }
    }
    if names.key.is_empty() {
        match spare {
            Some((named, value)) => {
                value.clone_into(&mut names.number);
                names.key = format!("{named}|{value}");
            }
            None => names.key = names.id.map_or_else(|| id.to_owned(), |id| id.to_string()),
        }
    }
    names
}

/// The same number for somebody born on another day is another person until a person says not.
fn mismatch(at: &At<'_>, old: &Resident, new: &Resident, reasons: &mut Reasons) {
    let why = "the home's resident with this number has another birth date: who is meant?";
    if old.birth_date.is_some() && new.birth_date.is_some() && old.birth_date != new.birth_date {
        reasons.add(Code::ResidentMismatch, at.to("birthDate"), why.to_owned());
    }
    let named = |r: &Resident| r.family.0.to_lowercase();
    if at.get("birthDate").is_none() && named(old) != named(new) {
        let why = "the home's resident with this number has another name: who is meant?";
        reasons.add(Code::ResidentMismatch, at.to("name"), why.to_owned());
    }
}

fn state(at: &At<'_>, reasons: &mut Reasons) -> ResidentState {
    let dead = reasons.read(at.flag("deceasedBoolean")) == Some(true)
        || reasons.read(at.text("deceasedDateTime")).is_some();
    if dead {
        ResidentState::Deceased
    } else if reasons.read(at.flag("active")) == Some(false) {
        ResidentState::Discharged
    } else {
        ResidentState::Admitted
    }
}

/// Family, given, nickname: the official name before any other that is in use.
fn name(at: &At<'_>, reasons: &mut Reasons) -> (String, String, String) {
    let all = reasons.read(at.list("name"));
    let mut best: Option<(u8, &At<'_>)> = None;
    let mut nickname = String::new();
    for each in &all {
        let rank = match reasons.read(each.text("use")) {
            Some("official") => 0,
            Some("usual") | None => 1,
            Some("nickname") => {
                nickname = given(each, reasons);
                continue;
            }
            Some("old" | "maiden" | "temp") => continue,
            Some(_) => 2,
        };
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            best = Some((rank, each));
        }
    }
    let Some((_, best)) = best else { return (String::new(), String::new(), nickname) };
    let family = reasons.read(best.text("family")).unwrap_or_default().to_owned();
    let given = given(best, reasons);
    if family.is_empty() && given.is_empty() {
        let whole = reasons.read(best.text("text")).unwrap_or_default().to_owned();
        return (whole, given, nickname);
    }
    (family, given, nickname)
}

fn given(name: &At<'_>, reasons: &mut Reasons) -> String {
    let parts = reasons.read(name.list("given"));
    let parts: Vec<&str> = parts.iter().filter_map(|p| p.as_text().ok()).collect();
    parts.join(" ")
}
