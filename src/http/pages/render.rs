//! Templates over the view structs: whole pages, and their fragments by id.
use super::say::UNSCANNABLE;
use super::view::bedside::{Actions, Banner, Doses, Round, Slab};
use super::view::bedside::{Allergies, Bar, Bedside, How, Look, Screen, SignOn};
use super::view::demo::{SimBadge, SimCode, SimResident, Simulator};
use super::view::station::{
    AlertRow, Calm, CartRow, Heard, Pace, PrnRow, Station, StationBar, Tiles,
};
use super::view::{Frame, Status};
use super::words::{ObjectionText, Words};
use askama::Template;
use serde::Serialize;

/// An element the page replaces by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fragment {
    /// Element id.
    pub id: &'static str,
    /// Exactly one element with that id, escaped.
    pub html: String,
    /// Order within the stream.
    pub seq: i64,
}

/// Modules of the bedside page, fetched at once instead of one after another.
const BEDSIDE_MODULES: [&str; 12] = [
    "api", "bedside", "chart", "core", "dialogs", "keys", "live", "measure", "scanner", "session",
    "sound", "theme",
];

/// Modules the station page shares with the bedside.
const STATION_MODULES: [&str; 5] = ["api", "live", "scanner", "sound", "theme"];

macro_rules! template {
    ($name:ident, $path:literal, $($field:ident: $type:ty),*) => {
        #[derive(Template)]
        #[template(path = $path)]
        struct $name<'a> {
            w: &'a Words,
            $($field: &'a $type,)*
        }
    };
}

template!(BarT, "bedside/bar.html", bar: Bar);
template!(ScreenT, "bedside/screen.html", screen: Screen);
template!(BannerT, "bedside/banner.html", banner: Banner);
template!(SlabT, "bedside/slab.html", slab: Slab);
template!(DosesT, "bedside/doses.html", doses: Doses);
template!(ActionsT, "bedside/actions.html", actions: Actions);
template!(RoundT, "bedside/round.html", round: Round);
template!(StationBarT, "station/bar.html", bar: StationBar);
template!(CalmT, "station/calm.html", calm: Calm);
template!(TilesT, "station/tiles.html", tiles: Tiles);
template!(CartsT, "station/carts.html", carts: [CartRow]);
template!(PrnT, "station/prn.html", prn: [PrnRow]);
template!(AlertsT, "station/alerts.html", alerts: [AlertRow], open: u32, letters: u32);

#[derive(Template)]
#[template(path = "bedside/page.html")]
struct BedsideT<'a> {
    w: &'a Words,
    frame: &'a Frame,
    cart: &'a str,
    idle_s: u32,
    bar: &'a Bar,
    screen: &'a Screen,
    modules: &'a [&'a str],
    unscannable: &'a [&'a str],
    blank_sign: &'a SignOn,
    ready: ObjectionText,
}

#[derive(Template)]
#[template(path = "station/page.html")]
struct StationT<'a> {
    w: &'a Words,
    frame: &'a Frame,
    unit: &'a str,
    station: &'a str,
    bar: &'a StationBar,
    calm: &'a Calm,
    tiles: &'a Tiles,
    carts: &'a [CartRow],
    alerts: &'a [AlertRow],
    open: u32,
    letters: &'a u32,
    prn: Option<&'a [PrnRow]>,
    modules: &'a [&'a str],
}

#[derive(Template)]
#[template(path = "demo/scanner.html")]
struct SimulatorT<'a> {
    w: &'a Words,
    frame: &'a Frame,
    cart: &'a str,
    badges: &'a [SimBadge],
    residents: &'a [SimResident],
    commands: &'a [SimCode],
}

/// The whole bedside page.
///
/// # Errors
/// Only if a template fails to write, which memory alone can cause.
pub fn render_bedside(page: &Bedside) -> askama::Result<String> {
    let Bedside { frame, cart, idle_s, bar, screen } = page;
    let blank =
        SignOn { cart: String::new(), unit: String::new(), badge_read: false, message: None };
    BedsideT {
        w: frame.words(),
        frame,
        cart,
        idle_s: *idle_s,
        bar,
        screen,
        modules: &BEDSIDE_MODULES,
        unscannable: &UNSCANNABLE,
        blank_sign: &blank,
        ready: frame.words().said("ready", 0, &[]),
    }
    .render()
}

/// The full refresh of a bedside page: `bar` and `screen`.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_bedside_fragments(page: &Bedside) -> askama::Result<Vec<Fragment>> {
    Ok(vec![render_bar(&page.frame, &page.bar)?, render_screen(&page.frame, &page.screen)?])
}

fn fragment(id: &'static str, frame: &Frame, template: impl Template) -> askama::Result<Fragment> {
    Ok(Fragment { id, html: template.render()?.trim().to_owned(), seq: frame.seq })
}

macro_rules! fragments {
    ($($(#[$doc:meta])* $name:ident, $id:literal, $template:ident, $field:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// As [`render_bedside`].
        pub fn $name(frame: &Frame, $field: &$type) -> askama::Result<Fragment> {
            fragment($id, frame, $template { w: frame.words(), $field })
        }
    )*};
}

fragments! {
    /// Fragment `bar`.
    render_bar, "bar", BarT, bar: Bar;
    /// Fragment `screen`: everything below the bar.
    render_screen, "screen", ScreenT, screen: Screen;
    /// Fragment `banner`.
    render_banner, "banner", BannerT, banner: Banner;
    /// Fragment `slab`: the verdict.
    render_slab, "slab", SlabT, slab: Slab;
    /// Fragment `doses`: the due list.
    render_doses, "doses", DosesT, doses: Doses;
    /// Fragment `actions`: the pot and the action bar.
    render_actions, "actions", ActionsT, actions: Actions;
    /// Fragment `round`: the round list.
    render_round, "round", RoundT, round: Round;
    /// Fragment `bar` of the station.
    render_station_bar, "bar", StationBarT, bar: StationBar;
    /// Fragment `calm`.
    render_calm, "calm", CalmT, calm: Calm;
    /// Fragment `tiles`.
    render_tiles, "tiles", TilesT, tiles: Tiles;
    /// Fragment `carts`.
    render_carts, "carts", CartsT, carts: [CartRow];
    /// Fragment `prn`.
    render_prn, "prn", PrnT, prn: [PrnRow];
}

/// Fragment `alerts`.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_alerts(frame: &Frame, alerts: &[AlertRow], letters: u32) -> askama::Result<Fragment> {
    let (open, letters) = (&open_count(alerts), &letters);
    fragment("alerts", frame, AlertsT { w: frame.words(), alerts, open, letters })
}

fn open_count(alerts: &[AlertRow]) -> u32 {
    u32::try_from(alerts.len()).unwrap_or(u32::MAX)
}

/// The whole station page.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_station(page: &Station) -> askama::Result<String> {
    let Station { frame, unit, station, bar, calm, tiles, carts, alerts, letters, prn } = page;
    StationT {
        w: frame.words(),
        frame,
        unit,
        station,
        bar,
        calm,
        tiles,
        carts,
        alerts,
        open: open_count(alerts),
        letters,
        prn: prn.as_deref(),
        modules: &STATION_MODULES,
    }
    .render()
}

/// The full refresh of a station page.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_station_fragments(page: &Station) -> askama::Result<Vec<Fragment>> {
    let frame = &page.frame;
    let mut all = vec![
        render_station_bar(frame, &page.bar)?,
        render_calm(frame, &page.calm)?,
        render_tiles(frame, &page.tiles)?,
        render_carts(frame, &page.carts)?,
        render_alerts(frame, &page.alerts, page.letters)?,
    ];
    if let Some(prn) = &page.prn {
        all.push(render_prn(frame, prn)?);
    }
    Ok(all)
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartT<'a> {
    w: &'a Words,
    frame: &'a Frame,
    home: &'a str,
    places: &'a [(String, String)],
}

/// The start page: address and name of each cart and station.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_start(
    frame: &Frame,
    home: &str,
    places: &[(String, String)],
) -> askama::Result<String> {
    StartT { w: frame.words(), frame, home, places }.render()
}

/// The scanner simulator of the demo.
///
/// # Errors
/// As [`render_bedside`].
pub fn render_simulator(page: &Simulator) -> askama::Result<String> {
    let Simulator { frame, cart, badges, residents, commands } = page;
    SimulatorT { w: frame.words(), frame, cart, badges, residents, commands }.render()
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
