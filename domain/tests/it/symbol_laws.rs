//! HIBC, ISO 15434, PPN and GS1 Digital Link: what the standards give as examples, and laws.
use chrono::NaiveDate;
use emar_domain::scan::{Class, Fields, Kind, Setup, check, parse};
use proptest::prelude::*;

fn setup() -> Setup {
    Setup::new(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap())
}

fn class_of(raw: &str) -> Option<Class> {
    parse(raw, &setup()).1.first().map(|problem| problem.class)
}

/// The fields of an accepted code, and nothing doubtful.
fn read(raw: &str) -> Fields {
    let (parsed, problems) = parse(raw, &setup());
    assert!(problems.is_empty(), "{raw}: {problems:?}");
    assert_ne!(parsed.kind, Kind::Refused);
    parsed.fields
}

/// What a person would compare: every field that is there, in a fixed order.
fn shown(fields: &Fields) -> String {
    let own = |value: &Option<String>| value.clone();
    let rows = [
        ("lic", own(&fields.lic)),
        ("pcn", own(&fields.pcn)),
        ("uom", fields.uom.map(|n| n.to_string())),
        ("ppn", own(&fields.ppn)),
        ("pzn", own(&fields.pzn)),
        ("gtin", own(&fields.gtin)),
        ("lot", own(&fields.lot)),
        ("serial", own(&fields.serial)),
        ("exp", fields.expiry.map(|e| e.to_string())),
        ("mfg", fields.production_date.map(|d| d.to_string())),
        ("qty", fields.quantity.map(|n| n.to_string())),
        ("link", fields.link_char.map(String::from)),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    rows.collect::<Vec<_>>().join(" ")
}

fn hibc(payload: &str) -> String {
    format!("{payload}{}", check::mod_43(payload).expect("the 43 characters"))
}

/// The second symbol in every form of ANSI/HIBC 2.6, with lot 3C001 or serial 0001, 28 September
/// 2005, 22 hours, quantities of 24 and 100, and link character L.
const SECOND_SYMBOLS: &[(&str, &str)] = &[
    ("05271", "exp=2005-09-28"),
    ("052713C001", "lot=3C001 exp=2005-09-28"),
    ("$3C001", "lot=3C001"),
    ("$$09053C001", "lot=3C001 exp=2005-09"),
    ("$$20928053C001", "lot=3C001 exp=2005-09-28"),
    ("$$30509283C001", "lot=3C001 exp=2005-09-28"),
    ("$$4050928223C001", "lot=3C001 exp=2005-09-28T22"),
    ("$$5052713C001", "lot=3C001 exp=2005-09-28"),
    ("$$605271223C001", "lot=3C001 exp=2005-09-28T22"),
    ("$$73C001", "lot=3C001"),
    ("$$82409053C001", "lot=3C001 exp=2005-09 qty=24"),
    ("$$82420928053C001", "lot=3C001 exp=2005-09-28 qty=24"),
    ("$$8245052713C001", "lot=3C001 exp=2005-09-28 qty=24"),
    ("$$82473C001", "lot=3C001 qty=24"),
    ("$$824", "qty=24"),
    ("$$90010009053C001", "lot=3C001 exp=2005-09 qty=100"),
    ("$$900100605271223C001", "lot=3C001 exp=2005-09-28T22 qty=100"),
    ("$$900100", "qty=100"),
    ("$+0001", "serial=0001"),
    ("$$+09050001", "serial=0001 exp=2005-09"),
    ("$$+20928050001", "serial=0001 exp=2005-09-28"),
    ("$$+4050928220001", "serial=0001 exp=2005-09-28T22"),
    ("$$+70001", "serial=0001"),
];

#[test]
fn second_symbols_alone_and_behind_their_product() {
    for (data, want) in SECOND_SYMBOLS {
        let alone = hibc(&format!("+{data}L"));
        assert_eq!(shown(&read(&alone)), format!("{want} link=L"), "{alone}");
        let joined = hibc(&format!("+Z999009993020351/{data}"));
        let product = "lic=Z999 pcn=00999302035 uom=1";
        assert_eq!(shown(&read(&joined)), format!("{product} {want}"), "{joined}");
        let first = hibc("+Z999009993020351");
        let link = first.chars().last().unwrap();
        let pair = format!("{first}{}", hibc(&format!("+{data}{link}")));
        assert_eq!(shown(&read(&pair)), format!("{product} {want}"), "{pair}");
        let other = if link == 'A' { 'B' } else { 'A' };
        let strangers = format!("{first}{}", hibc(&format!("+{data}{other}")));
        assert_eq!(parse(&strangers, &setup()).0.kind, Kind::Refused, "{strangers}");
    }
}

#[test]
fn labels_with_more_behind_the_product() {
    for (payload, want) in [
        (
            "+A99912345/$$812710X3/16D20111212/14D20200906/S77DEFG45",
            "lic=A999 pcn=1234 uom=5 lot=10X3 serial=77DEFG45 exp=2020-09-06 mfg=2011-12-12 qty=12",
        ),
        ("+EHWD3551419/$/Q100", "lic=EHWD pcn=355141 uom=9 qty=100"),
        (
            "+A99912345/$10X3/$$+320090677DEFG45",
            "lic=A999 pcn=1234 uom=5 lot=10X3 serial=77DEFG45 exp=2020-09-06",
        ),
    ] {
        assert_eq!(shown(&read(&hibc(payload))), want, "{payload}");
    }
}

#[test]
fn labels_that_are_refused() {
    for (payload, want) in [
        ("+A1231/S1", Class::Length),
        ("+A123BJC5D6E7123456789012345", Class::Length),
        ("+A123BJC5D6E7X", Class::Charset),
        ("+A123BJC-D6E71", Class::Charset),
        ("+A99912345/", Class::Length),
        ("+A99912345//S1", Class::Length),
        ("+A99912345/S", Class::Length),
        ("+A99912345/X1", Class::UnknownDi),
        ("+A99912345/15D20200906", Class::BadDate),
        ("+A99912345/S1/S1", Class::RepeatedAi),
        ("+A99912345/$10X3/$10X3", Class::RepeatedAi),
        ("+A99912345/$$320090610X3/14D20200906", Class::RepeatedAi),
        ("+A99912345/$$81210X3", Class::BadDate),
        ("+A99912345/$$1325X", Class::BadDate),
        ("+A99912345/$$320022910X3", Class::BadDate),
        ("+A99912345/$$320023010X3", Class::BadDate),
        ("+A99912345/$$42009062410X3", Class::BadTime),
        ("+A99912345/$$52100010X3", Class::BadDate),
        ("+A99912345/$$52136610X3", Class::BadDate),
        ("+A99912345/$$+81210X3", Class::BadDate),
        ("+A99912345/$$8A2710X3", Class::Charset),
        ("+A99912345/$$9123", Class::Length),
        ("+A99912345/$$", Class::Length),
        ("+A99912345/14D20200900", Class::BadDate),
        ("+A99912345/Q123456", Class::Length),
        ("+A99912345/$1234567890123456789", Class::Length),
        ("+$L", Class::Length),
        ("+L", Class::Length),
        ("+", Class::Length),
    ] {
        // 2020 is a leap year: its 29th of February is a day.
        let want = (payload != "+A99912345/$$320022910X3").then_some(want);
        assert_eq!(class_of(&hibc(payload)), want, "{payload}");
    }
    let long = hibc(&format!("+A99912345{}", "/S1".repeat(100)));
    assert_eq!(class_of(&long), Some(Class::Length));
    for half_starred in ["*+A99912349/$10X3Z", "+A99912349/$10X3Z*"] {
        assert!(class_of(half_starred).is_some(), "{half_starred}");
    }
}

#[test]
fn a_wrong_keyboard_layout_is_no_label() {
    // The text of a GS1-128 from a German host, made so that it also passes as a label.
    let meant = (999_900_000..1_000_000_000)
        .map(|n| format!("]C101{}", check::with_check_digit(&format!("0030{n}")).unwrap()))
        .find(|gs1| check::mod_43(&gs1.replace(']', "+")[..18]) == gs1.chars().last())
        .expect("one of forty-three");
    assert_eq!(class_of(&meant), None);
    assert_eq!(class_of(&meant.replace(']', "+")), Some(Class::Prefix));
}

fn envelope(format: &str, data: &str) -> String {
    format!("[)>\u{1e}{format}\u{1d}{data}\u{1e}\u{4}")
}

#[test]
fn format_06() {
    for (data, want) in [
        // The example of IFA's specification.
        (
            "9N110375286414|1T1A234B5|D150600|S12345ABCDEF98765",
            Ok("ppn=110375286414 pzn=03752864 lot=1A234B5 serial=12345ABCDEF98765 exp=2015-06-30"),
        ),
        ("8P03574661451947", Ok("gtin=03574661451947")),
        ("16D20201231|9N111234568408", Ok("ppn=111234568408 pzn=12345684 mfg=2020-12-31")),
        // Another agency's number is a PPN, and holds no PZN.
        ("9NAB1295", Ok("ppn=AB1295")),
        ("1TA", Ok("lot=A")),
        ("9N110375286415", Err(Class::CheckDigit)),
        ("8P03574661451948", Err(Class::CheckDigit)),
        ("8P3574661451947", Err(Class::Length)),
        ("9N111", Err(Class::Length)),
        ("9N111234568408|9N111234568408", Err(Class::RepeatedAi)),
        ("9N111234568408|8P03574661451947", Err(Class::ConflictingProductCodes)),
        ("9N111234568408|27Q1", Err(Class::UnknownDi)),
        ("9n111234568408", Err(Class::UnknownDi)),
        ("9915489", Err(Class::UnknownDi)),
        ("9N111234568408|", Err(Class::Length)),
        ("", Err(Class::Length)),
        ("1T", Err(Class::Length)),
        ("1T123456789012345678901", Err(Class::Length)),
        ("SA B", Err(Class::Charset)),
        ("D150631", Err(Class::BadDate)),
        ("D15063", Err(Class::BadDate)),
    ] {
        let raw = envelope("06", &data.replace('|', "\u{1d}"));
        match want {
            Ok(want) => {
                assert_eq!(shown(&read(&raw)), want, "{data}");
                for aim in ["]d1", "]Q1", "]L2", "]z0", "]C0"] {
                    assert_eq!(shown(&read(&format!("{aim}{raw}"))), want, "{aim} {data}");
                }
                assert_eq!(class_of(&format!("]Z0{raw}")), Some(Class::AimUnsupported));
            }
            Err(class) => assert_eq!(class_of(&raw), Some(class), "{data}"),
        }
    }
    // The pair of check digits holds, the PZN inside does not.
    let wrong_pzn = format!("110375286{}", 5);
    let wrong_pzn = format!("{wrong_pzn}{}", check::ppn_digits(&wrong_pzn).unwrap());
    assert_eq!(class_of(&envelope("06", &format!("9N{wrong_pzn}"))), Some(Class::CheckDigit));
}

#[test]
fn an_envelope_is_whole_or_refused() {
    let whole = envelope("06", "9N110375286414\u{1d}1T1A234B5");
    read(&whole);
    for at in [0, 1, 2, 3, 4, 5, 6, whole.len() - 2, whole.len() - 1] {
        let mut cut = whole.clone();
        cut.remove(at);
        assert_eq!(parse(&cut, &setup()).0.kind, Kind::Refused, "without character {at}");
    }
    let swallowed: String = whole.chars().filter(|c| !c.is_control()).collect();
    assert_eq!(class_of(&swallowed), Some(Class::Envelope));
    assert_eq!(class_of(&whole.replace("06", "6")), Some(Class::Envelope));
    let replaced = whole.replace('\u{1d}', "{GS}");
    assert_eq!(class_of(&replaced), Some(Class::Envelope));
    let known = Setup { separator: Some("{GS}".into()), ..setup() };
    assert_eq!(parse(&replaced, &known), parse(&whole, &setup()));
    let two = whole.replace("\u{1e}\u{4}", "\u{1e}06\u{1d}S1\u{1e}\u{4}");
    assert_eq!(class_of(&two), Some(Class::Envelope));
}

#[test]
fn one_thing_said_in_three_ways() {
    let string = "010030074434113210A/1\u{1d}21SN-7\u{1d}17281231";
    let link = "https://example.com/p/01/00300744341132/10/A%2f1/21/SN-7?17=281231";
    let want = read(&format!("]d2{string}"));
    assert_eq!(want.elements.len(), 4);
    assert_eq!(read(&format!("]Q1{link}")), want);
    assert_eq!(read(&format!("]d1{link}")), want);
    assert_eq!(read(&envelope("05", string)), want);
    // One element alone needs no separator, so none was lost.
    let lot_like = "0950600013435217210101";
    assert!(class_of(&format!("]d2401{lot_like}")).is_some());
    assert_eq!(class_of(&format!("]Q1https://id.gs1.org/401/{lot_like}")), None);
    assert_eq!(class_of(&envelope("05", &format!("401{lot_like}"))), None);
    for raw in [link.to_owned(), format!("]C0{link}"), "]Q1https://example.com/about".to_owned()] {
        assert!(read_or_opaque(&raw).gtin.is_none(), "{raw}");
    }
}

fn read_or_opaque(raw: &str) -> Fields {
    parse(raw, &setup()).0.fields
}

#[test]
fn ai_715_that_contradicts_the_gtin_is_told() {
    for (ndc, doubt) in [
        ("000074434113", None),
        ("00074434113", None),
        ("0074434113", None),
        ("016729045217", Some(Class::NdcConflict)),
        ("100074434113", Some(Class::NdcConflict)),
    ] {
        let raw = format!("]d20100300744341132715{ndc}");
        assert_eq!(class_of(&raw), doubt, "{ndc}");
        assert_eq!(parse(&raw, &setup()).0.kind, Kind::Gs1, "{ndc}");
    }
}

fn names() -> impl Strategy<Value = String> {
    "[0-9A-Z]{1,18}"
}

/// One more than `at`'s character, going round, among the 43: never the same one.
fn flipped(text: &str, at: usize, by: usize) -> String {
    let known = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let mut characters: Vec<char> = text.chars().collect();
    let at = at % characters.len();
    let place = known.find(characters[at]).expect("one of the 43");
    characters[at] = known.chars().nth((place + 1 + by % 42) % 43).unwrap();
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_printed_label_is_read_back(
        lic in "[A-Z][0-9A-Z]{3}",
        pcn in names(),
        uom in 0u8..10,
        lot in prop::option::of(names()),
        serial in prop::option::of(names()),
        days in 0u64..15_000,
        quantity in 1u32..100_000,
    ) {
        let day = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(days);
        let (lot_text, yymmdd) = (lot.clone().unwrap_or_default(), day.format("%y%m%d"));
        let serial_text = serial.as_ref().map(|s| format!("/S{s}")).unwrap_or_default();
        let label = hibc(&format!(
            "+{lic}{pcn}{uom}/$$9{quantity:05}3{yymmdd}{lot_text}{serial_text}/16D{}",
            day.format("%Y%m%d")
        ));
        let fields = read(&label);
        prop_assert_eq!((fields.lic, fields.pcn, fields.uom), (Some(lic), Some(pcn), Some(uom)));
        prop_assert_eq!((fields.lot, fields.serial), (lot, serial));
        prop_assert_eq!(fields.expiry.map(|e| e.last_day()), Some(day));
        prop_assert_eq!((fields.production_date, fields.quantity), (Some(day), Some(quantity)));
    }

    #[test]
    fn one_wrong_character_of_a_label_is_always_caught(
        which in 0..SECOND_SYMBOLS.len(),
        alone in any::<bool>(),
        at in any::<usize>(),
        by in any::<usize>(),
    ) {
        let data = SECOND_SYMBOLS[which].0;
        let payload = if alone { format!("+{data}L") } else { format!("+Z99912341/{data}") };
        let wrong = flipped(&hibc(&payload), at, by);
        prop_assert_eq!(parse(&wrong, &setup()).0.kind, Kind::Refused, "{}", wrong);
    }

    #[test]
    fn one_wrong_digit_of_a_ppn_is_always_caught(
        seven in "[0-9]{7}",
        at in 0usize..12,
        by in 1u8..10,
    ) {
        let Some(digit) = check::pzn_digit(&seven) else { return Ok(()) };
        let payload = format!("11{seven}{digit}");
        let ppn = format!("{payload}{}", check::ppn_digits(&payload).unwrap());
        let fields = read(&envelope("06", &format!("9N{ppn}")));
        prop_assert_eq!(fields.pzn, Some(format!("{seven}{digit}")));
        let mut wrong = ppn.into_bytes();
        wrong[at] = b'0' + (wrong[at] - b'0' + by) % 10;
        let wrong = String::from_utf8(wrong).unwrap();
        let class = class_of(&envelope("06", &format!("9N{wrong}")));
        prop_assert_eq!(class, Some(Class::CheckDigit));
    }

    #[test]
    fn a_format_06_code_is_read_back(
        lot in "[!-\"%-?A-Z_a-z]{1,20}",
        serial in "[!-\"%-?A-Z_a-z]{1,20}",
        days in 0u64..15_000,
    ) {
        let day = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::Days::new(days);
        let (short, long) = (day.format("%y%m%d"), day.format("%Y%m%d"));
        let data = format!("S{serial}\u{1d}D{short}\u{1d}1T{lot}\u{1d}16D{long}");
        let fields = read(&envelope("06", &data));
        prop_assert_eq!((fields.lot, fields.serial), (Some(lot), Some(serial)));
        prop_assert_eq!(fields.expiry.map(|e| e.last_day()), Some(day));
        prop_assert_eq!(fields.production_date, Some(day));
    }

    #[test]
    fn a_link_says_what_its_element_string_says(
        lot in "[!-\"%-?A-Z_a-z]{1,20}",
        serial in "[!-\"%-?A-Z_a-z]{1,20}",
        stem in "(/[a-z]{1,5}){0,3}",
        all_encoded in any::<bool>(),
    ) {
        let encoded = |text: &str| -> String {
            let plain = |b: u8| b.is_ascii_alphanumeric() && !all_encoded;
            text.bytes()
                .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect()
        };
        let string = format!("]d2010030074434113210{lot}\u{1d}21{serial}\u{1d}17281200");
        let link = format!(
            "]Q1https://id.example{stem}/01/00300744341132/10/{}/21/{}?lang=en&17=281200",
            encoded(&lot),
            encoded(&serial)
        );
        prop_assert_eq!(read(&link), read(&string));
    }
}
