use super::*;
use crate::http::pages::view::bedside::Look as SlabLook;
use crate::http::pages::view::{Theme, fixtures};
use crate::http::pages::words::Lang;

/// Every page renders by day and by night; the files stay, to look at in a browser.
#[test]
fn pages_for_the_eye() {
    let out = std::env::temp_dir().join("emar-pages");
    std::fs::create_dir_all(&out).unwrap();
    for theme in [Theme::Day, Theme::Night] {
        let write = |name: &str, html: String| {
            std::fs::write(out.join(format!("{name}-{}.html", theme.name())), html).unwrap();
        };
        let themed = |mut page: Bedside| {
            page.frame.chosen = Some(theme);
            render_bedside(&page).unwrap()
        };
        write("bedside", themed(fixtures::bedside(fixtures::slab_partial(), 0)));
        write("stop", themed(fixtures::bedside(fixtures::slab_stop(), 1)));
        let ok = fixtures::slab(SlabLook::Ok, "Given", "3 doses charted as given at 08:04.".into());
        write("ok", themed(fixtures::bedside(ok, 3)));
        let ask = fixtures::slab(
            SlabLook::Ask,
            "Late — say why",
            "94 min after the window closed.".into(),
        );
        write("ask", themed(fixtures::bedside(ask, 3)));
        write("round", themed(fixtures::round()));
        write("sign-on", themed(fixtures::sign_on(false)));
        for (name, mut page) in
            [("station", fixtures::station()), ("quiet", fixtures::station_quiet())]
        {
            page.frame.chosen = Some(theme);
            write(name, render_station(&page).unwrap());
        }
        let mut spanish = fixtures::bedside(fixtures::slab_stop(), 1);
        spanish.frame.lang = Lang::Es;
        write("es", themed(spanish));
        let mut simulator = fixtures::simulator();
        simulator.frame.chosen = Some(theme);
        write("simulator", render_simulator(&simulator).unwrap());
    }
}

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\u{202e}";

fn hostile_bedside() -> Bedside {
    let text = || HOSTILE.to_owned();
    let mut page = fixtures::bedside(fixtures::slab(SlabLook::Stop, HOSTILE, HOSTILE.into()), 2);
    page.cart = text();
    page.bar.place = text();
    page.bar.user = Some(text());
    let Screen::Resident(resident) = &mut page.screen else { unreachable!("a resident's page") };
    let banner = &mut resident.banner;
    for field in [
        &mut banner.id,
        &mut banner.initials,
        &mut banner.family,
        &mut banner.given,
        &mut banner.room,
        &mut banner.taken,
        &mut banner.code_status,
    ] {
        *field = text();
    }
    banner.nickname = Some(text());
    banner.photo = Some(text());
    banner.allergies = Allergies::Known(vec![text(), text()]);
    for row in &mut resident.doses.rows {
        row.dose = text();
        row.drug = HOSTILE.into();
        row.under = HOSTILE.into();
        row.amount = text();
        row.units = text();
        row.chip.note = text();
    }
    resident.doses.not_due[0].why = text();
    resident.doses.never_due[0].why = text();
    page
}

/// Tags of a page, without text and attribute values, so that what is an element shows.
fn no_hostile_markup(html: &str) {
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"), "escaped text");
    for forbidden in ["<script>alert", "<img src=x", "\"'><img"] {
        assert!(!html.contains(forbidden), "{forbidden} came through");
    }
}

#[test]
fn hostile_text_stays_text() {
    no_hostile_markup(&render_bedside(&hostile_bedside()).unwrap());
    for fragment in render_bedside_fragments(&hostile_bedside()).unwrap() {
        no_hostile_markup(&fragment.html);
    }
    let mut station = fixtures::station();
    station.unit = HOSTILE.to_owned();
    station.bar.title = HOSTILE.to_owned();
    station.carts[0].name = HOSTILE.to_owned();
    station.carts[0].squares[0].room = HOSTILE.to_owned();
    station.alerts[0].id = HOSTILE.to_owned();
    station.alerts[0].title = HOSTILE.into();
    station.alerts[0].detail = HOSTILE.to_owned();
    station.prn.as_mut().unwrap()[0].who = HOSTILE.to_owned();
    station.calm = Calm::Unheard(vec![HOSTILE.to_owned()]);
    no_hostile_markup(&render_station(&station).unwrap());
    let mut simulator = fixtures::simulator();
    simulator.residents[0].packages[0].raw = HOSTILE.to_owned();
    no_hostile_markup(&render_simulator(&simulator).unwrap());
}

#[test]
fn no_page_has_inline_style_or_script() {
    let pages = [
        render_bedside(&fixtures::bedside(fixtures::slab_stop(), 1)).unwrap(),
        render_bedside(&fixtures::round()).unwrap(),
        render_bedside(&fixtures::sign_on(true)).unwrap(),
        render_station(&fixtures::station()).unwrap(),
        render_simulator(&fixtures::simulator()).unwrap(),
    ];
    for html in pages {
        for forbidden in [" style=", "<style", " onclick=", "javascript:", "http://", "https://"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        for script in html.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains("src=\"/assets/"), "{tag}");
            assert!(rest.starts_with("</script>"), "a script with a body");
        }
    }
}

#[test]
fn names_are_never_cut_short() {
    let name = "hydrochlorothiazide / triamterene ".repeat(20);
    let mut page = fixtures::bedside(fixtures::slab_partial(), 0);
    let Screen::Resident(resident) = &mut page.screen else { unreachable!("a resident's page") };
    resident.doses.rows[0].drug = name.as_str().into();
    resident.banner.family = name.clone();
    let html = render_bedside(&page).unwrap();
    assert_eq!(html.matches(name.trim_end()).count(), 2);
    let sheet = include_str!("../../../web/bedside/bedside.css");
    for cutting in ["ellipsis", "line-clamp"] {
        assert!(!sheet.contains(cutting), "{cutting}");
    }
}

#[test]
fn numbers_stay_with_their_units_and_tall_letters_are_bold() {
    let html = render_bedside(&fixtures::bedside(fixtures::slab_stop(), 0)).unwrap();
    for kept in [
        "<b>17.2\u{a0}mg</b>",
        "(2\u{a0}tablets)",
        "1\u{a0}h\u{a0}34",
        "hydr<b>ALAZINE</b>",
        "met<b>FORMIN</b>",
    ] {
        assert!(html.contains(kept), "{kept}");
    }
    for unit in ["mg", "micrograms", "units", "tablets", "mL"] {
        let loose = html
            .match_indices(&format!(" {unit}"))
            .find(|(at, _)| html[..*at].ends_with(|c: char| c.is_ascii_digit()));
        assert_eq!(loose, None, "a number apart from its {unit}");
    }
}

#[test]
fn every_text_of_a_page_exists_in_both_languages() {
    for lang in [Lang::En, Lang::Es] {
        let mut bedside = fixtures::bedside(fixtures::slab_stop(), 1);
        bedside.frame.lang = lang;
        let mut round = fixtures::round();
        round.frame.lang = lang;
        let mut sign = fixtures::sign_on(false);
        sign.frame.lang = lang;
        let mut station = fixtures::station();
        station.frame.lang = lang;
        let mut simulator = fixtures::simulator();
        simulator.frame.lang = lang;
        let pages = [
            render_bedside(&bedside).unwrap(),
            render_bedside(&round).unwrap(),
            render_bedside(&sign).unwrap(),
            render_station(&station).unwrap(),
            render_simulator(&simulator).unwrap(),
        ];
        // A missing text shows as its id, and every id has one of these beginnings.
        for family in ["status-", "how-", "act-", "bar-", "station-", "why-", "link-", "slab-"] {
            for html in &pages {
                let text = html.split('>').filter_map(|part| part.split('<').next());
                let gap = text.map(str::trim).find(|text| text.starts_with(family));
                assert_eq!(gap, None);
            }
        }
    }
}

#[test]
fn a_fragment_is_the_element_of_its_id() {
    let page = fixtures::bedside(fixtures::slab_partial(), 1);
    let station = fixtures::station();
    let mut fragments = render_bedside_fragments(&page).unwrap();
    fragments.extend(render_station_fragments(&station).unwrap());
    let Screen::Resident(resident) = &page.screen else { unreachable!("a resident's page") };
    fragments.extend([
        render_banner(&page.frame, &resident.banner).unwrap(),
        render_slab(&page.frame, &resident.slab).unwrap(),
        render_doses(&page.frame, &resident.doses).unwrap(),
        render_actions(&page.frame, &resident.actions).unwrap(),
    ]);
    assert_eq!(fragments.len(), 12);
    for Fragment { id, html, .. } in fragments {
        let opening = html.split('>').next().unwrap();
        assert!(opening.contains(&format!("id=\"{id}\"")), "{id}: {opening}");
        let name = opening[1..].split(' ').next().unwrap();
        assert!(html.ends_with(&format!("</{name}>")), "{id} ends otherwise");
    }
}

#[test]
fn an_empty_pot_cannot_be_confirmed() {
    let page = fixtures::bedside(fixtures::slab_partial(), 0);
    let html = render_bedside(&page).unwrap();
    let taken = html.split("data-act=\"taken\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(taken.contains("aria-disabled"), "{taken}");
    let html = render_bedside(&fixtures::bedside(fixtures::slab_partial(), 2)).unwrap();
    let taken = html.split("data-act=\"taken\"").nth(1).unwrap().split('>').next().unwrap();
    assert!(!taken.contains("aria-disabled"), "{taken}");
}

#[test]
fn only_a_quiet_board_is_green() {
    let quiet = render_station(&fixtures::station_quiet()).unwrap();
    assert!(quiet.contains("data-calm=\"quiet\""));
    let mut unheard = fixtures::station_quiet();
    unheard.calm = Calm::Unheard(vec!["Cart 2".to_owned()]);
    let html = render_station(&unheard).unwrap();
    assert!(html.contains("class=\"calm system\"") && html.contains("Cart 2"));
    assert!(!html.contains("class=\"calm given\""));
}
