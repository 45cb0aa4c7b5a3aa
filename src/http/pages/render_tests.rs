use super::*;
use crate::http::pages::view::bedside::Look as SlabLook;
use crate::http::pages::view::{Theme, fixtures};

/// Writes the pages as files to look at in a browser.
#[test]
#[ignore = "for the eye: cargo test -p emar -- --ignored pages_for_the_eye"]
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
        let mut simulator = fixtures::simulator();
        simulator.frame.chosen = Some(theme);
        write("simulator", render_simulator(&simulator).unwrap());
    }
}
