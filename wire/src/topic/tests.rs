use proptest::prelude::*;

use super::*;
use crate::Role;

fn id() -> impl Strategy<Value = Id> {
    "[A-Za-z0-9_-]{1,64}".prop_map(|text| Id::new(text).unwrap())
}

fn any_topic() -> impl Strategy<Value = Topic> {
    (0..Kind::ALL.len(), id(), id(), id(), any::<u128>(), any::<prop::sample::Index>()).prop_map(
        |(kind, facility, a, b, number, word)| {
            let kind = Kind::ALL[kind];
            let uuid = Uuid::from_u128(number).to_string();
            let bound = [
                ("alert", uuid.as_str()),
                ("silence", uuid.as_str()),
                ("unit", b.as_str()),
                ("event", event_word(kind, word)),
                ("part", word.get(Resync::ALL).as_str()),
            ];
            let rest = ["server", "device", "station", "cart", "pharmacy"];
            let bound: Vec<_> =
                bound.into_iter().chain(rest.map(|name| (name, a.as_str()))).collect();
            Topic::parse(&kind.filter(&facility, &bound)).unwrap()
        },
    )
}

fn event_word(kind: Kind, word: prop::sample::Index) -> &'static str {
    match kind {
        Kind::PharmacyOut => word.get(Outbound::ALL).as_str(),
        _ => word.get(Inbound::ALL).as_str(),
    }
}

proptest! {
    #[test]
    fn a_topic_survives_its_text(topic in any_topic()) {
        prop_assert_eq!(Topic::parse(&topic.to_string()), Ok(topic));
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "(emar/v1/)?[a-z0-9/{}+#. -]{0,60}") {
        if let Ok(topic) = Topic::parse(&text) {
            prop_assert_eq!(topic.to_string(), text);
        }
    }

    #[test]
    fn a_role_subscribes_to_nothing_it_may_not_read(topic in any_topic(), own in id()) {
        let facility = topic.facility().clone();
        for role in [
            Role::Server { facility: facility.clone() },
            Role::Station { facility: facility.clone(), station: own.clone(), units: vec![own.clone()] },
            Role::Cart { facility: facility.clone(), cart: own.clone() },
            Role::Pharmacy { facility: facility.clone(), pharmacy: own.clone() },
            Role::Observer,
        ] {
            let text = topic.to_string();
            let subscribed = role.hears(&topic);
            prop_assert!(!subscribed || role.may_read(&topic), "{role:?} {text}");
        }
    }
}

#[test]
fn the_tree_is_spelled_as_documented() {
    let facility = Id::new("oakhill").unwrap();
    let alert = Uuid::nil();
    let cases = [
        (Topic::Heartbeat { facility: facility.clone() }, "emar/v1/oakhill/server/heartbeat"),
        (
            Topic::AlertState { facility: facility.clone(), unit: Id::new("east").unwrap(), alert },
            "emar/v1/oakhill/unit/east/alert/00000000-0000-0000-0000-000000000000/state",
        ),
        (
            Topic::PharmacyIn {
                facility: facility.clone(),
                pharmacy: Id::new("p1").unwrap(),
                event: Inbound::RefillAnswer,
            },
            "emar/v1/oakhill/pharmacy/p1/in/refill-answer",
        ),
        (
            Topic::PharmacyInAnswer { facility, pharmacy: Id::new("p1").unwrap() },
            "emar/v1/oakhill/pharmacy/p1/in/answer",
        ),
    ];
    for (topic, text) in cases {
        assert_eq!(topic.to_string(), text);
        assert_eq!(Topic::parse(text), Ok(topic));
    }
}

#[test]
fn wrong_topics_are_refused_with_the_reason() {
    for (text, why) in [
        ("", TopicError::Foreign),
        ("$SYS/broker/uptime", TopicError::Foreign),
        ("emar/v2/oakhill/server/heartbeat", TopicError::Version),
        ("emar/v1", TopicError::Unknown),
        ("emar/v1/oakhill", TopicError::Unknown),
        ("emar/v1/oakhill/server/heartbeat/x", TopicError::Unknown),
        ("emar/v1/oak hill/server/heartbeat", TopicError::Unknown),
        ("emar/v1/oakhill/cart/+/scan", TopicError::Unknown),
        ("emar/v1/oakhill/cart//scan", TopicError::Unknown),
        ("emar/v1/oakhill/unit/east/alert/7/state", TopicError::Unknown),
        (
            "emar/v1/oakhill/unit/east/alert/00000000000000000000000000000000/state",
            TopicError::Unknown,
        ),
    ] {
        assert_eq!(Topic::parse(text), Err(why), "{text}");
    }
}

#[test]
fn the_server_never_hears_its_own_answers() {
    let facility = Id::new("f1").unwrap();
    let filters = Role::Server { facility }.filters();
    assert!(filters.iter().any(|f| filter_matches(f, "emar/v1/f1/pharmacy/p1/in/order")));
    assert!(!filters.iter().any(|f| filter_matches(f, "emar/v1/f1/pharmacy/p1/in/answer")));
}
