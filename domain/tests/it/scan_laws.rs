//! Laws of scanning: the parser is total, and framing does not see how reads are cut.
use chrono::NaiveDate;
use emar_domain::scan::framing::{Frame, FrameError, LineConfig, LineFramer, Suffix};
use emar_domain::scan::{
    Class, Form, Kind, LabelPattern, Pattern, Patterns, Setup, check, parse, wristband,
};
use proptest::prelude::*;

fn home() -> Setup {
    let patterns = Patterns {
        gsrn_prefix: Some("952123450".into()),
        wristband: Some(Pattern::new("^R-[0-9A-HJKMNP-TV-Z]{8}$").unwrap()),
        badge: Some(Pattern::new(r"^B\d{4,6}$").unwrap()),
        labels: vec![LabelPattern {
            pharmacy: "hilltop".into(),
            pattern: Pattern::new(r"^RX\d{7}[-0-9]{0,3}$").unwrap(),
        }],
    };
    Setup { patterns, ..Setup::new(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()) }
}

fn kind(raw: &str, setup: &Setup) -> Kind {
    parse(raw, setup).0.kind
}

fn formed(form: Option<Form>) -> Setup {
    Setup { form, ..home() }
}

#[test]
fn the_order_of_recognition() {
    let setup = home();
    let text = |text: &str| text.to_owned();
    for (raw, want) in [
        ("EMAR:CMD:UNDO", Kind::Command(text("UNDO"))),
        ("]C0EMAR:CMD:UNDO", Kind::Command(text("UNDO"))),
        ("]C0EMAR:CMD:UN DO", Kind::Refused),
        ("EMAR:CMD:", Kind::Refused),
        ("R-1234567C", Kind::Wristband(text("R-1234567C"))),
        ("]C0R-1234567C", Kind::Wristband(text("R-1234567C"))),
        ("]C0R-1234567D", Kind::Refused),
        ("]d28018952123450000000012", Kind::Wristband(text("952123450000000012"))),
        ("8018952123450000000012", Kind::Wristband(text("952123450000000012"))),
        ("8018952123450000000013", Kind::Refused),
        ("]d28017952123450000000012", Kind::Badge(text("952123450000000012"))),
        ("]d28018950600013435200008", Kind::Gs1),
        ("8018950600013435200008", Kind::Refused),
        ("]A0B12345", Kind::Badge(text("B12345"))),
        (
            "RX0045127-01",
            Kind::Label { pharmacies: vec![text("hilltop")], key: text("RX0045127-01") },
        ),
        ("]C0RX-00451273", Kind::Opaque(text("RX-00451273"))),
        ("]E00312345678906", Kind::Retail),
        ("]e00312345678906", Kind::Refused),
        ("", Kind::Refused),
        ("]d2", Kind::Refused),
    ] {
        assert_eq!(kind(raw, &setup), want, "{raw}");
    }
}

#[test]
fn a_refused_code_leaves_nothing_to_use() {
    for raw in ["]d2010030074434113217290230", "]d201003007443411330", "]d20100300744341132\u{7f}"]
    {
        let (parsed, problems) = parse(raw, &home());
        assert_eq!((parsed.kind, parsed.fields), (Kind::Refused, Default::default()), "{raw}");
        assert!(problems.iter().any(|p| p.class.refuses()));
    }
}

#[test]
fn codes_known_and_not_read_are_never_products() {
    // A label of a place or a person (HIBC provider standard), and ISO 15434 free text.
    let place = "+/EU720060FF0001";
    let place = format!("{place}{}", check::mod_43(place).unwrap());
    for raw in [&place, &format!("]C0{place}"), "[)>\u{1e}07\u{1d}text\u{1e}\u{4}"] {
        let (parsed, problems) = parse(raw, &home());
        assert_eq!((parsed.kind, parsed.fields), (Kind::Refused, Default::default()), "{raw}");
        assert_eq!(problems.iter().map(|p| p.class).collect::<Vec<_>>(), [Class::NotSupported]);
    }
}

fn frames(config: &LineConfig, cuts: &[usize], bytes: &[u8]) -> Vec<Frame> {
    let (mut framer, mut out, mut from) = (LineFramer::new(config.clone()), Vec::new(), 0);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    for cut in cuts.into_iter().chain([bytes.len()]) {
        framer.feed(1_000, &bytes[from..cut], &mut out);
        from = cut;
    }
    framer.silence(u64::MAX, &mut out);
    out
}

fn configs() -> impl Strategy<Value = LineConfig> {
    let suffix = prop::sample::select(vec![
        Suffix::Cr,
        Suffix::Lf,
        Suffix::CrLf,
        Suffix::Tab,
        Suffix::Auto,
        Suffix::Etx,
        Suffix::None,
    ]);
    let prefix = prop::sample::select(vec![vec![], vec![2], b"AB".to_vec(), b"AAB".to_vec()]);
    (suffix, prefix, 1u32..40).prop_map(|(suffix, prefix, max_len)| LineConfig {
        suffix,
        prefix,
        max_len,
        ..LineConfig::default()
    })
}

/// Bytes in which prefixes, terminators and garbage are likely to meet.
fn line_bytes() -> impl Strategy<Value = Vec<u8>> {
    let bytes = b"AB7\x02\x03\r\n\t\x00\x1d\x13\xff".to_vec();
    prop::collection::vec(prop::sample::select(bytes), 0..120)
}

/// Text in which codes, separators and rubbish are likely to meet.
fn scans() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "]d2",
        "]C1",
        "]E0",
        "]C0",
        "01",
        "10",
        "17",
        "21",
        "00300744341132",
        "281231",
        "280200",
        "\u{1d}",
        "LOT7",
        "8018",
        "952123450000000012",
        "715",
        "+",
        "+A123BJC5D6E71",
        "/$$",
        "/S4012",
        "G",
        "*",
        "[)>\u{1e}06\u{1d}",
        "[)>\u{1e}05\u{1d}",
        "\u{1e}\u{4}",
        "9N110375286414",
        "1T",
        "16D",
        "https://id.gs1.org/",
        "]Q1",
        "/",
        "?",
        "%",
        "EMAR:CMD:",
        "R-",
        "é",
        "\u{0}",
        "🚑",
        "8110",
        "8013",
        "4309",
        "7003",
        "91",
        "235",
        "(",
        "NDC ",
        "-",
        "12345",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(pieces, 0..12).prop_map(|p| p.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn parsing_is_total_and_keeps_nothing(
        raw in scans(),
        before in scans(),
        separator in ".{0,3}",
    ) {
        for form in [None, Some(Form::Gs1), Some(Form::Retail), Some(Form::Ndc)] {
            let mut setup = formed(form);
            let first = parse(&raw, &setup);
            let _ = parse(&before, &setup);
            prop_assert_eq!(&parse(&raw, &setup), &first);
            let refused = first.1.iter().any(|p| p.class.refuses());
            prop_assert_eq!(refused, first.0.kind == Kind::Refused);
            setup.separator = Some(separator.clone());
            let _ = parse(&raw, &setup);
        }
    }

    #[test]
    fn framing_does_not_see_how_reads_are_cut(
        config in configs(),
        bytes in line_bytes(),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        prop_assert_eq!(frames(&config, &cuts, &bytes), frames(&config, &[], &bytes));
    }

    #[test]
    fn a_clean_frame_comes_through(
        text in "[ -~\u{1d}\u{1e}]{1,60}",
        cuts in prop::collection::vec(any::<usize>(), 0..9),
    ) {
        let sent = format!("{text}\r\n");
        let want = vec![Frame::Scan { at_ms: 1_000, text }];
        prop_assert_eq!(frames(&LineConfig::default(), &cuts, sent.as_bytes()), want);
    }

    #[test]
    fn a_cut_frame_is_never_joined(
        head in "[ -~]{1,20}",
        tail in "[ -~]{1,20}",
        gap in 201u64..5_000,
    ) {
        let (mut framer, mut out) = (LineFramer::new(LineConfig::default()), Vec::new());
        framer.feed(0, head.as_bytes(), &mut out);
        framer.feed(gap, format!("{tail}\r").as_bytes(), &mut out);
        prop_assert_eq!(out, vec![
            Frame::Error { at_ms: 0, error: FrameError::Partial },
            Frame::Scan { at_ms: gap, text: tail },
        ]);
    }

    #[test]
    fn one_wrong_digit_is_always_caught(
        payload in "[0-9]{13}",
        at in 0usize..14,
        other in 1u8..10,
    ) {
        let gtin = check::with_check_digit(&payload).unwrap();
        prop_assert!(check::has_check_digit(&gtin));
        let mut bytes = gtin.into_bytes();
        bytes[at] = b'0' + (bytes[at] - b'0' + other) % 10;
        prop_assert!(!check::has_check_digit(std::str::from_utf8(&bytes).unwrap()));
    }

    #[test]
    fn printed_bands_are_read_back(number in 0u64..1 << 35, serial in 0u64..100_000_000) {
        let setup = home();
        let code = wristband::code("R-", &wristband::payload(number)).unwrap();
        prop_assert_eq!(kind(&code, &setup), Kind::Wristband(code.clone()));
        let gsrn = check::gsrn("952123450", serial).unwrap();
        prop_assert_eq!(kind(&format!("]d28018{gsrn}"), &setup), Kind::Wristband(gsrn));
    }
}
