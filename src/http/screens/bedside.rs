//! The bedside page of a cart, from the home as it stands.
use super::due_list::doses;
use super::scan_view::Verdict;
use super::sight::{Sight, span};
use super::standing::{Round, Standing, next_due};
use crate::http::pages::view::bedside::{
    self, Actions, Allergies, Banner, Bar, Bedside, RoundRow, Screen, SignOn, Slab,
};
use crate::http::pages::view::{Chip, Frame, Status};
use emar_domain::cart::CartSession;
use emar_domain::fact::Device;
use emar_domain::id::CartId;
use emar_domain::resident::Resident;
use emar_domain::time::{CivilDate, Instant};

/// Seconds without key, touch or scan until the page signs off.
pub const IDLE_S: u32 = 120;
/// The ingredient under which a home records that no allergy is known.
pub const NONE_KNOWN: &str = "none known";

/// What the cart's session shows; `last` is the newest verdict at this cart. `None`: no such cart.
#[must_use]
pub fn bedside(
    sight: &Sight<'_>,
    frame: Frame,
    cart: &CartId,
    last: Option<&Verdict>,
) -> Option<Bedside> {
    let device = sight.home.devices.get(cart).filter(|d| d.kind == "cart" && d.active)?;
    let empty = CartSession::empty(cart.clone());
    let session = sight.home.carts.get(cart).unwrap_or(&empty);
    let signed = session.session.and(session.user);
    let open = session.open.and_then(|id| sight.home.residents.get(&id));
    let round = Round::at(sight);
    let screen = match (signed, open) {
        (None, _) => Screen::SignOn(sign_on(sight, device, last)),
        (Some(_), Some(resident)) => {
            Screen::Resident(Box::new(resident_screen(sight, session, resident, last)))
        }
        (Some(_), None) => Screen::Round(round_screen(sight, device, session, &round, last)),
    };
    let bar = Bar {
        place: sight.place(&device.unit),
        progress: signed.map(|_| progress(sight, device, &round)),
        user: signed.map(|id| sight.user(id)),
        clock: sight.clock(sight.now),
    };
    Some(Bedside { frame, cart: cart.to_string(), idle_s: IDLE_S, bar, screen })
}

fn sign_on(sight: &Sight<'_>, device: &Device, last: Option<&Verdict>) -> SignOn {
    SignOn {
        cart: device.name.clone(),
        unit: sight.place(&device.unit),
        badge_read: last.is_some_and(|v| v.badge),
        message: None,
    }
}

/// Residents done, and residents with a dose in this round.
fn progress(sight: &Sight<'_>, device: &Device, round: &Round) -> (u32, u32) {
    let all = sight.residents(Some(&device.unit));
    let standing = all.into_iter().map(|r| round.standing(sight.home, r));
    standing
        .filter(|s| s.total > 0)
        .fold((0, 0), |(done, total), s| (done + u32::from(s.left == 0), total + 1))
}

fn slab(sight: &Sight<'_>, session: &CartSession, idle: &str, last: Option<&Verdict>) -> Slab {
    match last.filter(|v| v.belongs_to(session)) {
        Some(verdict) => verdict.slab(sight),
        None => super::scan_view::idle_slab(sight, idle),
    }
}

fn resident_screen(
    sight: &Sight<'_>,
    session: &CartSession,
    resident: &Resident,
    last: Option<&Verdict>,
) -> bedside::Resident {
    bedside::Resident {
        banner: banner(sight, resident),
        slab: slab(sight, session, "ready", last),
        doses: doses(sight, session, resident),
        actions: Actions {
            pot: u32::try_from(session.pot.len()).unwrap_or(u32::MAX),
            undo: session.counting.is_some() || !session.pot.is_empty(),
        },
    }
}

/// Who a resident is, as every page about them begins.
pub(super) fn banner(sight: &Sight<'_>, resident: &Resident) -> Banner {
    let (family, given) = (&resident.family.0, &resident.given.0);
    let initials = [given, family].into_iter().filter_map(|name| name.chars().next());
    let today = sight.home.today(sight.now);
    Banner {
        id: resident.id.to_string(),
        initials: initials.flat_map(char::to_uppercase).collect(),
        photo: None,
        family: family.to_uppercase(),
        given: given.clone(),
        nickname: nickname(resident),
        room: resident.room.clone(),
        born: resident.birth_date.map_or_else(
            || "—".to_owned(),
            |date| crate::http::pages::say::date_text(sight.lang, date),
        ),
        age: resident.birth_date.map_or(0, |born| age(born, today)),
        number: resident.number.0.clone(),
        taken: resident.how_taken.clone(),
        code_status: resident.code_status.clone(),
        allergies: allergies(resident),
    }
}

fn nickname(resident: &Resident) -> Option<String> {
    Some(resident.nickname.0.clone()).filter(|name| !name.is_empty())
}

fn allergies(resident: &Resident) -> Allergies {
    let known: Vec<String> = resident
        .allergies
        .iter()
        .filter(|a| !a.ingredient.eq_ignore_ascii_case(NONE_KNOWN))
        .map(|a| match a.reaction.as_str() {
            "" => a.ingredient.clone(),
            reaction => format!("{} — {reaction}", a.ingredient),
        })
        .collect();
    match (known.is_empty(), resident.allergies.is_empty()) {
        (false, _) => Allergies::Known(known),
        (true, true) => Allergies::NotRecorded,
        (true, false) => Allergies::NoneKnown,
    }
}

/// Completed years.
fn age(born: CivilDate, today: CivilDate) -> u32 {
    let before = (today.month(), today.day()) < (born.month(), born.day());
    u32::try_from(today.year() - born.year() - i32::from(before)).unwrap_or(0)
}

fn round_screen(
    sight: &Sight<'_>,
    device: &Device,
    session: &CartSession,
    round: &Round,
    last: Option<&Verdict>,
) -> bedside::Round {
    let residents = sight.residents(Some(&device.unit));
    let standing = residents.into_iter().map(|r| (r, round.standing(sight.home, r)));
    let standing: Vec<(&Resident, Standing)> = standing.collect();
    let left = standing.iter().filter(|(_, s)| s.left > 0).count();
    bedside::Round {
        slab: slab(sight, session, "ready_round", last),
        left: u32::try_from(left).unwrap_or(u32::MAX),
        rows: standing.iter().map(|(r, s)| round_row(sight, r, s)).collect(),
    }
}

fn round_row(sight: &Sight<'_>, resident: &Resident, standing: &Standing) -> RoundRow {
    let chip = if standing.left > 0 {
        standing.heaviest.map(|(status, first)| left_chip(sight, status, first))
    } else if standing.total > 0 {
        None
    } else {
        let next = next_due(sight, resident).map(|at| sight.time(at)).unwrap_or_default();
        Some(Chip::new(Status::Next, &next))
    };
    let known = match allergies(resident) {
        Allergies::Known(all) => Some(all.join("; ")),
        Allergies::NoneKnown => None,
        Allergies::NotRecorded => Some(sight.words().t("round-unrecorded")),
    };
    RoundRow {
        id: resident.id.to_string(),
        room: resident.room.clone(),
        family: resident.family.0.to_uppercase(),
        given: resident.given.0.clone(),
        nickname: nickname(resident),
        allergies: known,
        left: standing.left,
        chip,
    }
}

/// A state with how late its oldest dose is, or when its first is due.
fn left_chip(sight: &Sight<'_>, status: Status, first: Instant) -> Chip {
    let note = match status {
        Status::Late | Status::Missed => span(sight.now.seconds_since(first)),
        _ => sight.time(first),
    };
    Chip::new(status, &note)
}
