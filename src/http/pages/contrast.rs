//! The colours of `web/tokens.css` against WCAG 2.2, by day and by night.
#![allow(clippy::float_arithmetic, reason = "WCAG defines contrast so; nothing clinical")]
use std::collections::BTreeMap;

const TOKENS: &str = include_str!("../../../web/tokens.css");
const STATUS: [&str; 8] = ["due", "late", "missed", "given", "held", "refused", "prn", "next"];

type Palette = BTreeMap<String, [u8; 3]>;

/// The colours inside the block that starts with `selector`.
fn block(selector: &str) -> Palette {
    let from = TOKENS.find(selector).expect(selector) + selector.len();
    let body = TOKENS[from..].split('}').next().expect("a block ends");
    let colours = body.split(';').filter_map(|line| {
        let (name, value) = line.rsplit_once("--")?.1.split_once(':')?;
        Some((name.trim().to_owned(), rgb(value.trim().strip_prefix('#')?)?))
    });
    colours.collect()
}

fn rgb(hex: &str) -> Option<[u8; 3]> {
    let value = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
    let [_, r, g, b] = value.to_be_bytes();
    Some([r, g, b])
}

fn palettes() -> [(&'static str, Palette); 2] {
    let day = block(":root {");
    let mut night = day.clone();
    night.extend(block("[data-theme=\"night\"] {"));
    [("day", day), ("night", night)]
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [r, g, b] = colour.map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Foreground, background, least contrast.
fn pairs() -> Vec<(String, String, f64)> {
    let mut pairs = Vec::new();
    let mut add = |front: &str, back: &str, least: f64| {
        pairs.push((front.to_owned(), back.to_owned(), least));
    };
    for surface in ["page", "card"] {
        add("ink", surface, 6.0);
        add("muted", surface, 6.0);
        add("accent", surface, 4.5);
        for edge in ["edge", "accent", "ok-edge"] {
            add(edge, surface, 3.0);
        }
    }
    for status in STATUS {
        let tint = format!("{status}-t");
        add(status, &tint, 6.0);
        add(status, "card", 3.0);
        add("ink", &tint, 6.0);
    }
    add("missed", "card", 4.5);
    add("muted", "given-t", 4.5);
    add("muted", "next-t", 4.5);
    add("card", "accent", 4.5);
    add("card", "ink", 6.0);
    add("ok-edge", "given-t", 3.0);
    for red in ["stop", "stop-dark"] {
        add("on-stop", red, 4.5);
        add("stop-rim", red, 3.0);
    }
    add("on-warn", "warn", 4.5);
    pairs
}

#[test]
fn every_pair_of_colours_can_be_read_by_day_and_by_night() {
    let mut faults = Vec::new();
    for (theme, palette) in palettes() {
        for (front, back, least) in pairs() {
            let found = contrast(palette[&front], palette[&back]);
            if found < least {
                faults.push(format!("{theme}: {front} on {back} is {found:.2}, needs {least}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// By day the red itself stands out from the page, by night its white rim does.
#[test]
fn the_stop_slab_stands_out_from_the_page() {
    let [(_, day), (_, night)] = palettes();
    assert!(contrast(day["stop"], day["page"]) >= 3.0);
    assert!(contrast(night["stop-rim"], night["page"]) >= 3.0);
    assert_eq!(day["stop"], night["stop"], "STOP is the same by day and by night");
}

#[test]
fn night_has_no_pure_white_surface_or_text() {
    let [_, (_, night)] = palettes();
    for name in ["page", "card", "ink", "muted"] {
        assert_ne!(night[name], [255, 255, 255], "{name}");
    }
}

#[test]
fn style_sheets_take_their_colours_from_the_tokens() {
    for sheet in [
        include_str!("../../../web/bedside/bedside.css"),
        include_str!("../../../web/station/station.css"),
        include_str!("../../../web/desk/desk.css"),
        include_str!("../../../web/demo/scanner.css"),
    ] {
        let hex = |word: &str| word.len() == 7 && rgb(word.trim_start_matches('#')).is_some();
        let own = sheet.split([' ', ';', ',', ')']).find(|word| word.starts_with('#') && hex(word));
        assert_eq!(own, None);
    }
}

#[test]
fn the_contrast_formula_is_that_of_wcag() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    assert!((contrast([0x77; 3], [255; 3]) - 4.478).abs() < 1e-3);
}
