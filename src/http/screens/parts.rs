//! The parts of a page by element id, and which of them differ from what a stream last sent.
use crate::http::pages::render::{
    Fragment, render_actions, render_alerts, render_banner, render_bar, render_calm, render_carts,
    render_doses, render_prn, render_round, render_screen, render_slab, render_station_bar,
    render_tiles,
};
use crate::http::pages::view::bedside::{Bar, Bedside, Screen};
use crate::http::pages::view::station::{Station, StationBar};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A page with a print of each of its parts.
pub struct Parts {
    page: Page,
    /// Names the screen: when it turns, its parts are sent as one.
    screen: String,
    prints: BTreeMap<&'static str, u64>,
}

enum Page {
    Bedside(Box<Bedside>),
    Board(Box<Station>),
}

fn print(part: &impl Debug) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{part:?}").hash(&mut hasher);
    hasher.finish()
}

impl Parts {
    /// A bedside page. The clock is left out of the bar's print: the beat brings it.
    #[must_use]
    pub fn of_bedside(page: Bedside) -> Self {
        let bar = print(&Bar { clock: String::new(), ..page.bar.clone() });
        let mut prints = BTreeMap::from([("bar", bar)]);
        let screen = match &page.screen {
            Screen::SignOn(sign) => {
                prints.insert("screen", print(sign));
                "sign-on".to_owned()
            }
            Screen::Round(round) => {
                prints.insert("slab", print(&round.slab));
                prints.insert("round", print(&(&round.rows, round.left)));
                "round".to_owned()
            }
            Screen::Resident(resident) => {
                prints.insert("banner", print(&resident.banner));
                prints.insert("slab", print(&resident.slab));
                prints.insert("doses", print(&resident.doses));
                prints.insert("actions", print(&resident.actions));
                format!("resident {}", resident.banner.id)
            }
        };
        Self { page: Page::Bedside(Box::new(page)), screen, prints }
    }

    /// A board.
    #[must_use]
    pub fn of_board(page: Station) -> Self {
        let mut prints = BTreeMap::from([
            ("bar", print(&StationBar { clock: String::new(), ..page.bar.clone() })),
            ("calm", print(&page.calm)),
            ("tiles", print(&page.tiles)),
            ("carts", print(&page.carts)),
            ("alerts", print(&page.alerts)),
        ]);
        prints.extend(page.prn.as_ref().map(|rows| ("prn", print(rows))));
        Self { page: Page::Board(Box::new(page)), screen: String::new(), prints }
    }

    fn render(&self, id: &str) -> askama::Result<Option<Fragment>> {
        match &self.page {
            Page::Bedside(page) => bedside_part(page, id),
            Page::Board(page) => board_part(page, id),
        }
    }
}

fn bedside_part(page: &Bedside, id: &str) -> askama::Result<Option<Fragment>> {
    let frame = &page.frame;
    let found = match (id, &page.screen) {
        ("bar", _) => render_bar(frame, &page.bar),
        ("screen", screen) => render_screen(frame, screen),
        ("slab", Screen::Round(round)) => render_slab(frame, &round.slab),
        ("round", Screen::Round(round)) => render_round(frame, round),
        ("banner", Screen::Resident(resident)) => render_banner(frame, &resident.banner),
        ("slab", Screen::Resident(resident)) => render_slab(frame, &resident.slab),
        ("doses", Screen::Resident(resident)) => render_doses(frame, &resident.doses),
        ("actions", Screen::Resident(resident)) => render_actions(frame, &resident.actions),
        _ => return Ok(None),
    };
    found.map(Some)
}

fn board_part(page: &Station, id: &str) -> askama::Result<Option<Fragment>> {
    let frame = &page.frame;
    let found = match (id, &page.prn) {
        ("bar", _) => render_station_bar(frame, &page.bar),
        ("calm", _) => render_calm(frame, &page.calm),
        ("tiles", _) => render_tiles(frame, &page.tiles),
        ("carts", _) => render_carts(frame, &page.carts),
        ("alerts", _) => render_alerts(frame, &page.alerts, page.letters),
        ("prn", Some(rows)) => render_prn(frame, rows),
        _ => return Ok(None),
    };
    found.map(Some)
}

/// What a stream's page shows.
#[derive(Debug, Default)]
pub struct Sent {
    screen: String,
    prints: BTreeMap<&'static str, u64>,
}

impl Sent {
    /// Takes a page as shown.
    pub fn keep(&mut self, parts: &Parts) {
        self.screen.clone_from(&parts.screen);
        self.prints.clone_from(&parts.prints);
    }

    /// What differs from what the page shows, rendered; it then counts as shown.
    ///
    /// # Errors
    /// Only if a template fails to write, which memory alone can cause.
    pub fn changed(&mut self, parts: &Parts) -> askama::Result<Vec<Fragment>> {
        let turned = self.screen != parts.screen;
        let differs = |id: &str| self.prints.get(id) != parts.prints.get(id);
        let mut ids: Vec<&str> =
            parts.prints.keys().copied().filter(|id| differs(id) && !turned).collect();
        if turned {
            ids.extend(differs("bar").then_some("bar"));
            ids.push("screen");
        }
        let mut fragments = Vec::new();
        for id in ids {
            fragments.extend(parts.render(id)?);
        }
        self.keep(parts);
        Ok(fragments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::view::bedside::Look;
    use crate::http::pages::view::fixtures;

    fn ids(fragments: &[Fragment]) -> Vec<&'static str> {
        fragments.iter().map(|fragment| fragment.id).collect()
    }

    #[test]
    fn only_what_differs_is_sent_and_a_turned_screen_as_one() {
        let mut sent = Sent::default();
        let mut page = fixtures::bedside(fixtures::slab_partial(), 0);
        let first = sent.changed(&Parts::of_bedside(page.clone())).unwrap();
        assert_eq!(ids(&first), ["bar", "screen"]);
        page.bar.clock = "08:05".into();
        page.frame.seq += 1;
        assert!(sent.changed(&Parts::of_bedside(page.clone())).unwrap().is_empty());
        let Screen::Resident(resident) = &mut page.screen else { unreachable!("a resident") };
        resident.actions.pot = 1;
        resident.slab = fixtures::slab(Look::Ok, "Given", "1 dose".into());
        let next = sent.changed(&Parts::of_bedside(page)).unwrap();
        assert_eq!(ids(&next), ["actions", "slab"]);
        let round = sent.changed(&Parts::of_bedside(fixtures::round())).unwrap();
        assert_eq!(ids(&round), ["screen"]);
    }

    #[test]
    fn a_board_sends_its_changed_parts() {
        let mut sent = Sent::default();
        let mut board = fixtures::station();
        sent.keep(&Parts::of_board(board.clone()));
        board.tiles.missed += 1;
        board.bar.clock = "09:00".into();
        assert_eq!(ids(&sent.changed(&Parts::of_board(board)).unwrap()), ["tiles"]);
    }
}
