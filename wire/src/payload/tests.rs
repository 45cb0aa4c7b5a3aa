use uuid::Uuid;

use super::*;
use crate::Id;

#[test]
fn payloads_read_as_documented_and_survive_additions() {
    let text = r#"{"scan_id":"01900000-0000-7000-8000-000000000001","raw":"a\u001db",
        "at":5,"from_the_future":{"x":[1]}}"#;
    let scan: Scan = decode(text.as_bytes(), 1024).unwrap();
    assert_eq!((scan.raw.as_str(), scan.late), ("a\u{1d}b", false));

    let answer = VerdictMessage {
        scan_id: Uuid::nil(),
        verdict: VerdictWord::Stop,
        objections: vec!["wrong_resident".into()],
        receipt: None,
    };
    let written = String::from_utf8(encode(&answer).unwrap()).unwrap();
    assert_eq!(
        written,
        r#"{"scan_id":"00000000-0000-0000-0000-000000000000","verdict":"stop","objections":["wrong_resident"]}"#
    );

    let left = Scan { raw: "a".into(), scanner: Id::new("left").ok(), ..Scan::default() };
    let written = String::from_utf8(encode(&left).unwrap()).unwrap();
    assert_eq!(
        written,
        r#"{"scan_id":"00000000-0000-0000-0000-000000000000","raw":"a","at":0,"scanner":"left"}"#
    );

    let birth = Presence {
        session: 7,
        up: true,
        at: 9,
        units: vec![Id::new("east").unwrap()],
        ..Presence::default()
    };
    let written = String::from_utf8(encode(&birth).unwrap()).unwrap();
    assert_eq!(written, r#"{"session":7,"up":true,"at":9,"units":["east"]}"#);
}

#[test]
fn a_carts_health_reads_as_documented() {
    let health = CartHealth {
        at: 9,
        scanners: vec![ScannerHealth { name: None, state: ScannerState::Unplugged }],
        last_scan_at: Some(5),
        failures: 2,
        waiting: 3,
        spool: SpoolState::Refuses,
        clock: ClockConfidence::Off,
        clock_offset_ms: Some(-7000),
    };
    let written = String::from_utf8(encode(&health).unwrap()).unwrap();
    assert_eq!(
        written,
        r#"{"at":9,"scanners":[{"state":"unplugged"}],"last_scan_at":5,"failures":2,"waiting":3,"spool":"refuses","clock":"off","clock_offset_ms":-7000}"#
    );
    assert_eq!(decode::<CartHealth>(written.as_bytes(), 1024).unwrap(), health);
}

#[test]
fn a_scan_is_spent_by_its_own_time() {
    let scan = |at, late| Scan { at, late, ..Scan::default() };
    for (at, late, now, spent) in [
        (0, false, SCAN_EXPIRES_MICROS, false),
        (0, false, SCAN_EXPIRES_MICROS + 1, true),
        (SCAN_EXPIRES_MICROS + 1, false, 0, true),
        (0, true, 0, true),
        (i64::MIN, false, i64::MAX, true),
    ] {
        assert_eq!(scan(at, late).is_spent(now), spent, "{at} {late} {now}");
    }
}

#[test]
fn wrong_payloads_are_refused_without_repeating_them() {
    let too_large = decode::<Shown>(&[b' '; 11], 10).unwrap_err();
    assert!(matches!(too_large, PayloadError::TooLarge { bytes: 11, max: 10 }));
    for bad in ["", "{", "[]", r#"{"alert_id":"Mary Smith","rev":1,"at":2}"#, r#"{"rev":1}"#] {
        let error = decode::<Shown>(bad.as_bytes(), 1024).unwrap_err();
        assert!(matches!(error, PayloadError::Malformed { .. }), "{bad}");
        assert!(!error.to_string().contains("Mary"));
    }
    let deep = "[".repeat(100_000);
    assert!(decode::<Shown>(deep.as_bytes(), 1 << 20).is_err());
}
