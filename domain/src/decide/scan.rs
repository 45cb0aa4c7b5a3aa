//! A scan, and signing on and off at a cart.

use super::record::{Record, fields};
use super::scan_unit::{confirm_pot, count_unit, empty_pot, undo};
use super::short::settle_short;
use super::{Answer, Refusal, ScanAnswer, ScanCommand, ScanEffect};
use crate::audit::leaf::{Action, Outcome};
use crate::cart::CartSession;
use crate::fact::{Fact, ScanEvent};
use crate::id::{CartId, ResidentId, SessionId, Slug, UserId};
use crate::time::Instant;
use crate::verdict::read::{Named, named};
use crate::verdict::{
    Check, Judgement, Objection, Target, Word, clock_objection, judge, units_short, word,
};

pub(super) fn scan(record: &mut Record<'_, '_>, c: &ScanCommand) -> Answer {
    let home = record.home;
    let what = named(home, &c.raw, record.now);
    let judgement = if c.late {
        let objections = vec![Objection::new(Check::ScanSpent)];
        Judgement { kind: what.kind(), objections, target: Target::None }
    } else {
        let session = record.cart(&c.cart).clone();
        let role =
            session.user.and_then(|u| home.users.get(&u)).filter(|u| u.active).map(|u| u.role);
        let mut judged = judge(home, &session, role, &what, c.list_version, record.now);
        judged.objections.extend(keyed(c, &what));
        judged
    };
    let verdict = word(&judgement.objections, &c.overrides);
    let mut answer = ScanAnswer {
        scan_id: c.id,
        verdict,
        objections: judgement.objections,
        effect: ScanEffect::None,
        command: None,
        user: None,
        resident: record.cart(&c.cart).open,
        dose: None,
        order: None,
        units: None,
        administrations: Vec::new(),
    };
    if let Target::Unit { order, dose, .. } = &judgement.target {
        answer.order = Some(*order);
        answer.dose = *dose;
    }
    if verdict == Word::Ok {
        carry_out(record, c, judgement.target, &mut answer);
    }
    write_event(record, c, judgement.kind, &answer);
    Answer::Scan(Box::new(answer))
}

/// Checks 14, 70 and 71: what was typed instead of scanned needs a reason.
fn keyed(c: &ScanCommand, what: &Named<'_>) -> Option<Objection> {
    let check = match what {
        Named::Band(_) => Check::IdentityKeyed,
        Named::Package(_) => Check::CodeKeyed,
        _ => return None,
    };
    (c.source == "keyed").then(|| Objection::new(check))
}

fn carry_out(
    record: &mut Record<'_, '_>,
    c: &ScanCommand,
    target: Target,
    answer: &mut ScanAnswer,
) {
    match target {
        Target::None => {}
        Target::Badge(user) => {
            answer.effect = ScanEffect::Badge;
            answer.user = user;
        }
        Target::Resident(resident) => {
            open_resident(record, &c.cart, resident);
            answer.effect = ScanEffect::ResidentOpened;
            answer.resident = Some(resident);
        }
        Target::Unit { order, dose, key, units } => {
            count_unit(record, c, (order, dose), key, units.packages, answer);
        }
        Target::Command(name) => command(record, c, name, answer),
    }
}

fn open_resident(record: &mut Record<'_, '_>, cart: &CartId, resident: ResidentId) {
    if record.cart(cart).open == Some(resident) {
        return;
    }
    empty_pot(record, cart);
    let now = record.now;
    record.cart(cart).open(resident, now);
}

fn command(record: &mut Record<'_, '_>, c: &ScanCommand, name: String, answer: &mut ScanAnswer) {
    match name.as_str() {
        "TAKEN" => taken(record, c, answer),
        "UNDO" => {
            if undo(record, &c.cart) {
                answer.effect = ScanEffect::Undone;
            }
        }
        "NEXT" => {
            let open = left_open(record.cart(&c.cart));
            let asked = word(&open, &c.overrides);
            if asked != Word::Ok {
                answer.objections.extend(open);
                answer.verdict = asked;
                return;
            }
            empty_pot(record, &c.cart);
            record.cart(&c.cart).close();
            answer.effect = ScanEffect::Command;
            answer.command = Some(name);
            answer.resident = None;
        }
        _ => {
            answer.effect = ScanEffect::Command;
            answer.command = Some(name);
        }
    }
}

/// TAKEN: a count still open is part of its dose once the nurse says so; until then nothing is
/// confirmed, so that the pot on the screen stays the pot in the hand.
fn taken(record: &mut Record<'_, '_>, c: &ScanCommand, answer: &mut ScanAnswer) {
    if let Some(counted) = record.cart(&c.cart).counting.clone() {
        let short = vec![units_short(&counted)];
        answer.verdict = word(&short, &c.overrides);
        if answer.verdict != Word::Ok {
            answer.objections.extend(short);
            return;
        }
        record.cart(&c.cart).counting = None;
        if let Some(elsewhere) = settle_short(record, c, counted) {
            answer.objections.push(elsewhere);
            answer.verdict = Word::Stop;
        }
    }
    answer.administrations = confirm_pot(record, c, answer);
    if !answer.administrations.is_empty() {
        answer.effect = ScanEffect::Confirmed;
    }
}

/// What walking on would leave: packages counted, and doses in the pot.
fn left_open(cart: &CartSession) -> Vec<Objection> {
    let mut open: Vec<Objection> = cart.counting.iter().map(units_short).collect();
    if !cart.pot.is_empty() {
        let count = i64::try_from(cart.pot.len()).unwrap_or(i64::MAX);
        open.push(Objection::new(Check::PotUnconfirmed).with("count", count));
    }
    open
}

fn write_event(record: &mut Record<'_, '_>, c: &ScanCommand, kind: &str, answer: &ScanAnswer) {
    let now = record.now;
    let user = record.cart(&c.cart).user;
    // A badge is an identifier of a person: never kept in clear.
    let raw = if kind == "badge" { String::new() } else { c.raw.chars().take(512).collect() };
    record.fact(Fact::Scan(Box::new(ScanEvent {
        id: c.id,
        cart: c.cart.clone(),
        user,
        resident: answer.resident,
        kind: kind.to_owned(),
        raw,
        source: c.source.clone(),
        verdict: answer.verdict.code().to_owned(),
        objections: answer.objections.iter().map(|o| o.code.code().to_owned()).collect(),
        order: answer.order,
        dose: answer.dose,
        late: c.late,
        at: now,
    })));
    // What was given has leaves of its own; the scan's leaf tells the verdict and what was put in
    // the pot.
    let codes = answer.objections.iter().map(|o| o.code.code()).collect::<Vec<_>>().join(",");
    let (resident, verdict) = (answer.resident, answer.verdict);
    let pot = record.put_in_pot();
    let leaf = record.leaf(Action::Execute, "scan_event", c.id.to_string());
    Record::about(leaf, resident);
    leaf.request_id = Some(c.id.to_string());
    // A stop that kept a second claim recorded something.
    let refused = verdict == Word::Stop && answer.administrations.is_empty();
    leaf.outcome = if refused { Outcome::Refused } else { Outcome::Done };
    let codes = codes.as_str();
    let mut after = fields([("verdict", verdict.code().into()), ("objections", codes.into())]);
    if !pot.is_empty() {
        after.insert("prepared".to_owned(), pot.as_str().into());
    }
    leaf.after = Some(after);
}

pub(super) fn sign_on(
    record: &mut Record<'_, '_>,
    (user, session): (UserId, SessionId),
    cart: Option<&CartId>,
    clocks: Option<(Instant, Instant)>,
) -> Result<Answer, Refusal> {
    if let Some(cart) = cart {
        let apart = clocks.and_then(|(at_cart, here)| {
            clock_objection(record.home.policy_at(record.now).giving, at_cart, here)
        });
        if let Some(objection) = apart {
            let objections = vec![objection];
            let refusal = Refusal::new(Check::ClockVariance.code(), "set_clock");
            return Err(Refusal { objections, ..refusal });
        }
        if record.cart(cart).user != Some(user) {
            empty_pot(record, cart);
            record.cart(cart).close();
        }
        let signed = record.cart(cart);
        signed.user = Some(user);
        signed.session = Some(session);
    }
    record.leaf(Action::Login, "user_account", user.to_string());
    Ok(Answer::Done { count: 1 })
}

pub(super) fn sign_on_failed(
    record: &mut Record<'_, '_>,
    user: Option<UserId>,
    device: &Slug,
) -> Answer {
    let (kind, id) = match user {
        Some(user) => ("user_account", user.to_string()),
        None => ("device", device.to_string()),
    };
    record.leaf(Action::Login, kind, id).outcome = Outcome::Failed;
    Answer::Done { count: 0 }
}

/// Signing off keeps the place: the lock screen brings the same user back to a half-done pass.
pub(super) fn sign_off(record: &mut Record<'_, '_>, cart: Option<&CartId>) -> Answer {
    if let Some(cart) = cart {
        let signed = record.cart(cart);
        signed.session = None;
        // Whoever checked something here has gone; what lies in the pot was checked and prepared.
        signed.checked = None;
        if let Some(counting) = &mut signed.counting {
            counting.witness = None;
        }
    }
    let who = record.actor.user.map_or_else(|| "none".to_owned(), |u| u.to_string());
    record.leaf(Action::Login, "user_account", who).reason = Some("sign_off".to_owned());
    Answer::Done { count: 1 }
}
