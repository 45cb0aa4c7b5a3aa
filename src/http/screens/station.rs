//! The station board of a unit, from the home as it stands.
use super::alert_rows::alert_rows;
use super::sight::{Sight, span};
use super::standing::{Round, Standing};
use crate::http::pages::view::station::{
    Calm, CartRow, Heard, Pace, Square, Station, StationBar, Tiles,
};
use crate::http::pages::view::{Frame, Status};
use crate::service::heard::{HeardFrom, Life};
use emar_domain::alert::Alert;
use emar_domain::fact::Device;
use emar_domain::id::{ResidentId, UnitId};
use emar_domain::resident::Resident;
use emar_domain::time::Instant;

const SECOND: i64 = 1_000_000;
/// A cart silent for so long is shown as silent, and takes the green off a quiet board.
const SILENT_S: i64 = 60;
/// Clinical seconds a resident, until a cart has openings of its own to tell.
const USUAL_S: i64 = 180;

/// What a board needs besides the home.
pub struct Board<'a> {
    /// The unit; `None`: the whole home.
    pub unit: Option<&'a UnitId>,
    /// The station that asks; `None`: the unit's own.
    pub station: Option<&'a str>,
    /// Signs of life of the carts.
    pub heard: &'a HeardFrom,
    /// Machine time, in microseconds.
    pub machine: i64,
    /// Whether a station already displayed a revision of an alert.
    pub shown: &'a dyn Fn(&Alert) -> bool,
}

/// The board.
#[must_use]
pub fn station(sight: &Sight<'_>, frame: Frame, board: &Board<'_>) -> Station {
    let round = Round::at(sight);
    let standing: Vec<(&Resident, Standing)> = sight
        .residents(board.unit)
        .into_iter()
        .map(|r| (r, round.standing(sight.home, r)))
        .collect();
    let tiles = tiles(sight, &standing);
    let alerts = alert_rows(sight, board.unit, board.shown);
    let here = |d: &&Device| d.active && board.unit.is_none_or(|unit| d.unit == *unit);
    let devices = || sight.home.devices.values().filter(here);
    let carts: Vec<(&Device, Life)> =
        devices().filter(|d| d.kind == "cart").map(|d| (d, board.heard.of(&d.id))).collect();
    let own = devices().find(|d| d.kind == "station").map(|d| d.id.to_string());
    let heard: Vec<(String, Option<u32>)> =
        carts.iter().map(|(d, life)| (d.name.clone(), silent_s(life, board.machine))).collect();
    let open = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
    let letters = letters(sight, board.unit);
    Station {
        frame,
        unit: board.unit.map(ToString::to_string).unwrap_or_default(),
        station: board.station.map(str::to_owned).or(own).unwrap_or_else(|| "station".to_owned()),
        bar: bar(sight, board.unit, &round),
        calm: Calm::of(open + letters, tiles.missed + tiles.late, &heard),
        tiles,
        carts: carts
            .iter()
            .map(|(device, life)| cart(sight, &round, (device, life), &standing, board.machine))
            .collect(),
        alerts,
        letters,
        prn: None,
    }
}

/// Messages about residents of the unit, and about nobody known.
fn letters(sight: &Sight<'_>, unit: Option<&UnitId>) -> u32 {
    let of = |id: ResidentId| sight.home.residents.get(&id).map(|r| &r.unit);
    let here = |at: Option<&UnitId>| at.is_none() || unit.is_none() || at == unit;
    let waiting = sight.home.transcriptions.values();
    let count = waiting.filter(|t| here(t.resident.and_then(of))).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn silent_s(life: &Life, machine: i64) -> Option<u32> {
    life.silent_for(machine).map(|micros| u32::try_from(micros / SECOND).unwrap_or(u32::MAX))
}

fn bar(sight: &Sight<'_>, unit: Option<&UnitId>, round: &Round) -> StationBar {
    let place = unit.map_or_else(|| sight.home.policy.name.clone(), |unit| sight.place(unit));
    let pass = match &round.pass {
        Some(pass) => sight.word("pass", &pass.name),
        None => sight.words().t("board-no_pass"),
    };
    StationBar {
        title: format!("{place} · {pass}"),
        date: sight.date(sight.now),
        charge: String::new(),
        clock: sight.clock(sight.now),
    }
}

/// Missed, late and due now; given since midnight.
fn tiles(sight: &Sight<'_>, standing: &[(&Resident, Standing)]) -> Tiles {
    let today = sight.home.today(sight.now);
    let given = |r: &Resident| {
        let done = sight.home.doses_of(r.id).filter_map(|d| d.outcome.as_ref());
        done.filter(|o| o.outcome.is_taken() && sight.home.today(o.at) == today).count()
    };
    let given: usize = standing.iter().map(|(r, _)| given(r)).sum();
    Tiles {
        missed: standing.iter().map(|(_, s)| s.missed).sum(),
        late: standing.iter().map(|(_, s)| s.late).sum(),
        due: standing.iter().map(|(_, s)| s.due).sum(),
        prn: None,
        given: u32::try_from(given).unwrap_or(u32::MAX),
    }
}

fn cart(
    sight: &Sight<'_>,
    round: &Round,
    (device, life): (&Device, &Life),
    standing: &[(&Resident, Standing)],
    machine: i64,
) -> CartRow {
    let own = || standing.iter().filter(|(r, _)| r.unit == device.unit);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let total = count(own().filter(|(_, s)| s.total > 0).count());
    let left = count(own().filter(|(_, s)| s.left > 0).count());
    let session = sight.home.carts.get(&device.id);
    let nurse = session.and_then(|s| s.session.and(s.user)).map(|id| sight.user(id));
    let (pace, ends) = pace(sight, round, life, left);
    CartRow {
        name: device.name.clone(),
        nurse: nurse.unwrap_or_default(),
        done: total - left,
        total,
        squares: own().map(|(r, s)| square(r, s)).collect(),
        pace,
        ends,
        heard: heard(life, machine),
    }
}

/// A resident's square; one without a dose in this round is not yet due.
fn square(resident: &Resident, standing: &Standing) -> Square {
    let status = standing.heaviest.map_or(Status::Next, |(status, _)| status);
    Square { resident: resident.id.to_string(), room: resident.room.clone(), status }
}

/// Residents left times this cart's median against the end of the pass, and when it will end.
fn pace(sight: &Sight<'_>, round: &Round, life: &Life, left: u32) -> (Pace, String) {
    let span = round.pass.as_ref().and_then(|p| Some((p, sight.home.policy.passes.get(&p.name)?)));
    let Some((pass, span)) = span else { return (Pace::Idle, String::new()) };
    let (_, closes) = span.on(pass.date).bounds(&sight.home.zone);
    let each = life.median_seconds().unwrap_or(USUAL_S);
    let ends: Option<Instant> = sight.now.plus_seconds(i64::from(left) * each);
    let Some(ends) = ends else { return (Pace::Idle, String::new()) };
    let behind = ends.seconds_since(closes).div_euclid(60);
    let pace = match u32::try_from(behind) {
        Ok(minutes) if minutes > 0 => Pace::Behind(minutes),
        _ => Pace::OnPace,
    };
    // The end in steps of five minutes: the last digit would only say how the guess trembles.
    let step = 5 * 60 * SECOND;
    let ends = Instant::from_micros((ends.micros() + step - 1).div_euclid(step) * step);
    let shown = if left == 0 { String::new() } else { sight.clock(ends) };
    (pace, shown)
}

fn heard(life: &Life, machine: i64) -> Heard {
    let Some(silent) = life.silent_for(machine).map(|micros| micros / SECOND) else {
        return Heard::Never;
    };
    if silent >= SILENT_S {
        return Heard::Silent { since: span(silent), waiting: 0 };
    }
    match life.scan_at.map(|at| machine.saturating_sub(at).max(0) / SECOND) {
        Some(ago) => Heard::Scan(span(in_tens(ago))),
        None => Heard::Alive(span(in_tens(silent))),
    }
}

/// Seconds below a minute rounded up to tens: enough to read, and the row changes less often.
fn in_tens(seconds: i64) -> i64 {
    if seconds >= 60 { seconds } else { (seconds / 10 + 1) * 10 }
}
