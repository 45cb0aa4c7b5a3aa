//! The station board of a unit.
use super::super::line::{Line, keep_units};
use super::{Chip, Frame, Status};

/// The page.
#[derive(Clone, Debug)]
pub struct Station {
    /// Language, theme, age.
    pub frame: Frame,
    /// Unit id; empty for the whole facility.
    pub unit: String,
    /// Station id, as in topics and requests.
    pub station: String,
    /// Top bar.
    pub bar: StationBar,
    /// Whether the board is quiet.
    pub calm: Calm,
    /// Counts by state.
    pub tiles: Tiles,
    /// One row a cart.
    pub carts: Vec<CartRow>,
    /// Open alerts, heaviest and oldest first.
    pub alerts: Vec<AlertRow>,
    /// Messages of pharmacies that wait for a person.
    pub letters: u32,
    /// PRN doses whose effect is to be checked; `None` where the home does not follow them up, and
    /// the board then says nothing of them.
    pub prn: Option<Vec<PrnRow>>,
}

/// Top bar.
#[derive(Clone, Debug)]
pub struct StationBar {
    /// `East wing · morning pass`.
    pub title: String,
    /// `Sun 22-Nov-2026`.
    pub date: String,
    /// `Charge: A. Novak RN`; may be empty.
    pub charge: String,
    /// Home time.
    pub clock: String,
}

/// Whether the board may look calm.
#[derive(Clone, Debug)]
pub enum Calm {
    /// Nothing open, and every cart was heard from less than 60 s ago: the only green one.
    Quiet,
    /// Nothing open, but these carts were not heard from.
    Unheard(Vec<String>),
    /// Alerts are open.
    Busy(u32),
    /// Nothing open and no cart at all, which proves nothing.
    NoCarts,
}

impl Calm {
    /// What the board may say, from the open alerts, the late and missed doses, and each cart's
    /// name with the seconds since it was heard from (`None`: never).
    pub fn of(alerts: u32, uncharted: u32, carts: &[(String, Option<u32>)]) -> Self {
        if alerts > 0 || uncharted > 0 {
            return Self::Busy(alerts);
        }
        if carts.is_empty() {
            return Self::NoCarts;
        }
        let silent = |(name, heard): &(String, Option<u32>)| {
            heard.is_none_or(|seconds| seconds >= QUIET_HEARD_S).then(|| name.clone())
        };
        let unheard: Vec<String> = carts.iter().filter_map(silent).collect();
        if unheard.is_empty() { Self::Quiet } else { Self::Unheard(unheard) }
    }
}

/// A cart silent for this long takes the green off a quiet board.
const QUIET_HEARD_S: u32 = 60;

/// Counts by state. Prepared doses are due.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    /// Late and nobody has taken it.
    pub missed: u32,
    /// Late and somebody has.
    pub late: u32,
    /// Inside the window.
    pub due: u32,
    /// PRN doses to check, where the home follows them up.
    pub prn: Option<u32>,
    /// Given today.
    pub given: u32,
}

impl Tiles {
    /// Status, count and word of each tile, in the order shown.
    pub fn all(&self) -> Vec<(Status, u32, &'static str)> {
        let prn = self.prn.map(|count| (Status::Prn, count, "station-prn"));
        let mut all = vec![
            (Status::Missed, self.missed, "station-missed"),
            (Status::Late, self.late, "station-late"),
            (Status::Due, self.due, "station-due"),
        ];
        all.extend(prn);
        all.push((Status::Given, self.given, "station-given"));
        all
    }
}

/// A cart's pass.
#[derive(Clone, Debug)]
pub struct CartRow {
    /// `Cart 1 · East A`.
    pub name: String,
    /// `N. Osei`; empty when nobody is signed on.
    pub nurse: String,
    /// Residents done and in all.
    pub done: u32,
    /// Residents of this cart in this pass.
    pub total: u32,
    /// One a resident, in room order.
    pub squares: Vec<Square>,
    /// On pace or behind.
    pub pace: Pace,
    /// Expected end of the pass, `09:35`; may be empty.
    pub ends: String,
    /// When it was last heard from.
    pub heard: Heard,
}

/// A resident on the board.
#[derive(Clone, Debug)]
pub struct Square {
    /// Resident id.
    pub resident: String,
    /// Room and bed.
    pub room: String,
    /// Heaviest state of the resident's doses in this pass.
    pub status: Status,
}

/// This cart's residents left × its median seconds a resident, against the end of the window.
#[derive(Clone, Debug)]
pub enum Pace {
    /// No pass is open.
    Idle,
    /// Ends in time.
    OnPace,
    /// Ends so many minutes after the window.
    Behind(u32),
}

/// When a cart was last heard from; durations in words (`20 s`).
#[derive(Clone, Debug)]
pub enum Heard {
    /// A scan, so long ago.
    Scan(String),
    /// A sign of life, no scan.
    Alive(String),
    /// Silent for so long, with that many records perhaps waiting there.
    Silent {
        /// How long.
        since: String,
        /// Records that may be waiting; 0 when not known.
        waiting: u32,
    },
    /// Never.
    Never,
}

/// An open alert: what · who · since · who has it · escalates when.
#[derive(Clone, Debug)]
pub struct AlertRow {
    /// Alert id.
    pub id: String,
    /// Revision shown.
    pub rev: u32,
    /// Whether a station already said this revision was shown.
    pub shown: bool,
    /// State that colours the edge; `None` for technical alerts.
    pub status: Option<Status>,
    /// `Missed: insulin lispro 4 units`.
    pub title: Line,
    /// Who, where, since.
    pub detail: String,
    /// Who has it and since when.
    pub taken: Option<Taken>,
    /// `DON in 6 min`; empty when it does not escalate.
    pub escalates: String,
}

impl AlertRow {
    /// The detail, numbers kept with their units.
    pub fn detail_kept(&self) -> String {
        keep_units(&self.detail)
    }
}

/// Who took an alert.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Name.
    pub who: String,
    /// Home time.
    pub at: String,
}

/// A PRN dose to check.
#[derive(Clone, Debug)]
pub struct PrnRow {
    /// Administration id.
    pub id: String,
    /// `ITO, Hana 109-A`.
    pub who: String,
    /// `acetaminophen 650 mg 07:40 · pain 6 → ?`.
    pub detail: Line,
    /// When the check is due.
    pub due: String,
    /// Due or late.
    pub chip: Chip,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carts(heard: &[Option<u32>]) -> Vec<(String, Option<u32>)> {
        heard.iter().enumerate().map(|(i, s)| (format!("Cart {}", i + 1), *s)).collect()
    }

    #[test]
    fn a_quiet_board_is_green_only_if_every_cart_was_heard_from_within_a_minute() {
        assert!(matches!(Calm::of(0, 0, &carts(&[Some(0), Some(59)])), Calm::Quiet));
        for silent in [Some(60), Some(3_600), None] {
            let calm = Calm::of(0, 0, &carts(&[Some(1), silent]));
            assert!(matches!(calm, Calm::Unheard(names) if names == ["Cart 2"]), "{silent:?}");
        }
        assert!(matches!(Calm::of(0, 0, &[]), Calm::NoCarts));
        assert!(matches!(Calm::of(0, 1, &carts(&[Some(0)])), Calm::Busy(0)));
        assert!(matches!(Calm::of(2, 2, &carts(&[Some(0)])), Calm::Busy(2)));
    }
}
