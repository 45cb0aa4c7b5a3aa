//! The page's core as the page calls it: bytes in, bytes out.
use emar_domain::home::Home;
use emar_domain::id::{ResidentId, Slug};
use serde_json::{Value, json};
use uuid::Uuid;

/// Requests with the very bytes of their answers; the browser tests replay the same file.
const CORPUS: &str = include_str!("corpus.jsonl");

#[test]
fn the_corpus_gives_the_same_bytes() {
    assert!(CORPUS.lines().count() >= 8);
    for line in CORPUS.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let input = row["in"].as_str().unwrap();
        let found = String::from_utf8(emar_web_core::answer(input.as_bytes())).unwrap();
        assert_eq!(found, row["out"].as_str().unwrap(), "{input}");
    }
}

fn home() -> Home {
    let policy = json!({
        "schema": 1, "facility": "oakhill", "name": "Oak Hill", "profile": "us",
        "zone": "America/New_York", "units": {"east": {"rooms": ["112-B"]}},
        "passes": {"morning": "07:00-10:30"}, "windows": {"default": "facility_60"},
        "wristband": {"gsrn_prefix": "952123450", "pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"},
    });
    let zone = json!({
        "name": "America/New_York", "tzdb": "2026f",
        "first": {"offset_s": -18_000, "abbrev": "EST"}, "transitions": [],
    });
    let resident = json!({
        "id": Uuid::from_u128(1), "family": "GARZA", "given": "Pilar", "birth_date": "1938-03-04",
        "unit": "east", "room": "112-B", "band": "R-0000000X", "state": "admitted",
    });
    let mut home = Home::new(
        Slug::new("oakhill").unwrap(),
        serde_json::from_value(policy).unwrap(),
        serde_json::from_value(zone).unwrap(),
    );
    home.put_resident(serde_json::from_value(resident).unwrap());
    home
}

fn judge(home: &Home, raw: &str, open: Option<ResidentId>) -> Value {
    let mut home = home.clone();
    let cart = Slug::new("cart-1").unwrap();
    let mut session = emar_domain::cart::CartSession::empty(cart.clone());
    session.user = Some(serde_json::from_value(json!(Uuid::from_u128(9))).unwrap());
    session.session = Some(serde_json::from_value(json!(Uuid::from_u128(10))).unwrap());
    session.open = open;
    home.carts.insert(cart, session);
    let request = json!({
        "fn": "judge", "home": home, "cart": "cart-1", "role": "nurse", "raw": raw, "now": 0,
    });
    let bytes = request.to_string();
    let answer = emar_web_core::answer(bytes.as_bytes());
    assert_eq!(answer, emar_web_core::answer(bytes.as_bytes()), "the same twice");
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn the_rules_speak_through_the_core() {
    let home = home();
    let open = home.residents.keys().next().copied();
    for (raw, open, verdict, code) in [
        ("EMAR:CMD:TAKEN", open, "ok", None),
        ("]d20109521234500004", open, "stop", Some("barcode_malformed")),
        ("", open, "stop", Some("barcode_malformed")),
        ("]d28018952123450000000012", None, "stop", Some("barcode_unknown")),
    ] {
        let answer = judge(&home, raw, open);
        assert_eq!(answer["verdict"], verdict, "{raw}: {answer}");
        if let Some(code) = code {
            assert_eq!(answer["objections"][0]["code"], code, "{raw}");
        }
    }
    assert_eq!(judge(&home, "EMAR:CMD:TAKEN", open)["target"]["command"], "TAKEN");
}

#[test]
fn any_bytes_have_an_answer() {
    for input in [&b""[..], b"\xff\xfe", b"{}", b"[1]", b"{\"fn\":\"judge\"}", b"{\"fn\":7}"] {
        let answer: Value = serde_json::from_slice(&emar_web_core::answer(input)).unwrap();
        assert!(answer["error"].is_string(), "{answer}");
    }
    let deep = "[".repeat(100_000);
    let answer: Value = serde_json::from_slice(&emar_web_core::answer(deep.as_bytes())).unwrap();
    assert!(answer["error"].is_string());
}
