//! Which product of the formulary a package's code names: one, or none.
use emar_domain::drug::{Product, Strength};
use emar_domain::home::Home;
use emar_domain::id::{ProductId, Slug};
use emar_domain::scan::check;
use emar_domain::time::Instant;
use emar_domain::verdict::read::{Named, named};

fn product(number: u128, ndc11: Option<&str>, gtins: &[&str]) -> Product {
    Product {
        id: ProductId(uuid::Uuid::from_u128(number)),
        name: format!("product {number}"),
        ingredient: "metformin".into(),
        strength: Strength::parse("500 mg").unwrap(),
        form: "tablet".into(),
        route: "po".into(),
        units_per_package: 1,
        handling: std::collections::BTreeSet::new(),
        ndc11: ndc11.map(str::to_owned),
        gtins: gtins.iter().map(|gtin| (*gtin).to_owned()).collect(),
    }
}

#[test]
fn a_code_names_one_product_or_none() {
    let policy = serde_json::json!({
        "schema": 1, "facility": "oakhill", "name": "Oak Hill", "profile": "us",
        "zone": "America/New_York", "units": {"east": {"rooms": ["112-B"]}},
        "passes": {"morning": "07:00-10:30"}, "windows": {"default": "facility_60"},
        "giving": {"confirm": "resident", "off_schedule": "review", "unverified": "forbid"},
        "wristband": {"pattern": "^R-[0-9A-HJKMNP-TV-Z]{8}$"}
    });
    let policy = serde_json::from_value(policy).unwrap();
    let zone = serde_json::from_str(include_str!("../data/new_york_2026.json")).unwrap();
    let mut home = Home::new(Slug::new("oakhill").unwrap(), policy, zone);
    // The third has a GTIN that holds no NDC; the fourth and fifth are two readings of ten digits.
    for product in [
        product(1, Some("00074434113"), &["00300744341132"]),
        product(2, Some("16729045217"), &[]),
        product(3, Some("99999999999"), &["08500123450017"]),
        product(4, Some("01234567890"), &[]),
        product(5, Some("12345678900"), &[]),
    ] {
        home.put_product(product);
    }
    let ppn = "[)>\u{1e}06\u{1d}9N110375286414\u{1d}1TA\u{1e}\u{4}";
    let pair = "[)>\u{1e}06\u{1d}8P00300744341132\u{1d}1TA\u{1e}\u{4}";
    let label = format!("+A123BJC5D6E71{}", check::mod_43("+A123BJC5D6E71").unwrap());
    for (raw, want) in [
        ("]d20100300744341132", Some(1)),
        ("]d20100300744341132715000074434113", Some(1)),
        // The GTIN is one product's and AI 715 another's.
        ("]d20100300744341132715016729045217", None),
        // A GTIN nobody knows: AI 715 names the product, not the digits inside the GTIN.
        ("]d20100316729452175", Some(2)),
        ("]d20100316729452175715016729045217", Some(2)),
        ("]d20100316729452175715000074434113", Some(1)),
        ("]d20100316729452175715088888888888", None),
        ("]d20108500123450017715099999999999", Some(3)),
        ("]d20108500123450017715000074434113", None),
        ("]E00312345678906", None),
        ("]Q1https://example.com/01/00300744341132/10/A", Some(1)),
        (pair, Some(1)),
        (ppn, None),
        (&label, None),
    ] {
        let now = Instant::parse("2026-11-22T12:00:00Z").unwrap();
        let found = match named(&home, raw, now) {
            Named::Package(package) => package.product.map(|p| p.id.0.as_u128()),
            Named::Unknown => None,
            other => panic!("{raw}: {other:?}"),
        };
        assert_eq!(found, want, "{raw}");
    }
}
