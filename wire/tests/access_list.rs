//! The shipped access list, held against the table of roles on a real Mosquitto: every topic of
//! the tree, every role, publishing and reading, allowed and denied.

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;

use emar_wire::client::{Event, connect};
use emar_wire::topic::{Inbound, Outbound, Resync};
use emar_wire::{Id, Kind, Role, Topic};
use support::{Mosquitto, connected, message, wait_for};

/// Lines of the shipped configuration that name places or other listeners; the test has its own.
const PLACES: [&str; 11] = [
    "listener",
    "cafile",
    "certfile",
    "keyfile",
    "tls_version",
    "require_certificate",
    "use_identity_as_username",
    "password_file",
    "acl_file",
    "persistence_location",
    "allow_anonymous",
];

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn roles() -> [(&'static str, Role); 4] {
    let facility = || id("oakhill");
    let units = vec![id("east")];
    [
        ("server", Role::Server { facility: facility() }),
        (
            "station-east",
            Role::Station { facility: facility(), station: id("station-east"), units },
        ),
        ("cart-1", Role::Cart { facility: facility(), cart: id("cart-1") }),
        ("pharmacy-1", Role::Pharmacy { facility: facility(), pharmacy: id("pharmacy-1") }),
    ]
}

/// Every row of the tree with every choice of own and other ids.
fn topics() -> BTreeSet<Topic> {
    let alert = "0190a0b0-0000-7000-8000-000000000001";
    let mut topics = BTreeSet::new();
    for facility in ["oakhill", "elmwood"] {
        for device in ["server", "station-east", "cart-1", "pharmacy-1", "other"] {
            for unit in ["east", "west"] {
                for kind in Kind::ALL {
                    let mut bound = vec![("unit", unit), ("alert", alert), ("silence", alert)];
                    let parties = ["server", "device", "station", "cart", "pharmacy"];
                    bound.extend(parties.map(|party| (party, device)));
                    for word in words(*kind) {
                        let mut bound = bound.clone();
                        bound.extend([("event", word), ("part", word)]);
                        let text = kind.filter(&id(facility), &bound);
                        topics.insert(Topic::parse(&text).unwrap());
                    }
                }
            }
        }
    }
    topics
}

fn words(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::PharmacyIn => Inbound::ALL.iter().map(|word| word.as_str()).collect(),
        Kind::PharmacyOut => Outbound::ALL.iter().map(|word| word.as_str()).collect(),
        Kind::PharmacyResync => Resync::ALL.iter().map(|word| word.as_str()).collect(),
        _ => vec![""],
    }
}

async fn broker_with_shipped_files() -> Mosquitto {
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/mosquitto");
    let conf = std::fs::read_to_string(shipped.join("mosquitto.conf")).unwrap();
    assert!(conf.contains("\nallow_anonymous false\n") && !conf.contains("\nmessage_size_limit"));
    let kept = conf.lines().filter(|line| {
        let word = line.split(' ').next().unwrap_or_default();
        !line.starts_with('#') && !PLACES.contains(&word)
    });
    let kept: Vec<&str> = kept.collect();
    let store = tempdir();
    let acl = std::fs::read_to_string(shipped.join("emar.acl")).unwrap();
    let acl =
        format!("{acl}\nuser auditor\ntopic read emar/#\n\nuser injector\ntopic write emar/#\n");
    let file = store.join("emar.acl");
    std::fs::write(&file, acl).unwrap();
    let lines = format!(
        "persistence_location {}/\nacl_file {}\n{}",
        store.display(),
        file.display(),
        kept.join("\n")
    );
    let users = ["server", "station-east", "cart-1", "pharmacy-1", "auditor", "injector"];
    Mosquitto::start(&users, &lines).await
}

fn tempdir() -> PathBuf {
    let dir = std::env::temp_dir().join(format!("emar-access-list-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// The topics that arrive until `last` does, retained old state aside.
async fn heard_until(
    events: &mut emar_wire::client::EventReceiver,
    handle: &emar_wire::client::Handle,
    last: &Topic,
) -> BTreeSet<Topic> {
    let mut heard = BTreeSet::new();
    loop {
        let got = message(events).await;
        if let Some(token) = got.ack {
            handle.ack(token).await;
        }
        if got.retained {
            continue;
        }
        if got.topic == *last && got.payload == b"last" {
            return heard;
        }
        heard.insert(got.topic);
    }
}

#[tokio::test]
async fn the_shipped_access_list_is_the_table_of_roles() {
    let broker = broker_with_shipped_files().await;
    let all = topics();
    let (injector, mut injected) = connect(broker.options("injector"));
    connected(&mut injected).await;
    let mut auditor = broker.options("auditor");
    auditor.subscriptions = vec!["emar/#".to_owned()];
    let (auditor, mut audit) = connect(auditor);
    connected(&mut audit).await;

    for (user, role) in roles() {
        let mut options = broker.options(user);
        options.subscriptions = vec!["#".to_owned()];
        let (party, mut inbox) = connect(options);
        connected(&mut inbox).await;

        // What the role publishes, as the auditor hears it.
        for topic in &all {
            party.publish(topic, b"x".to_vec()).await.unwrap().await.unwrap();
        }
        let last = Topic::Capabilities { facility: id("oakhill") };
        injector.publish(&last, b"last".to_vec()).await.unwrap().await.unwrap();
        let heard = heard_until(&mut audit, &auditor, &last).await;
        let allowed = all.iter().filter(|topic| role.may_publish(topic)).cloned().collect();
        assert_eq!(heard, allowed, "{user} publishing");
        party.shutdown().await;
        while inbox.recv().await.is_some() {}

        // What reaches the role, whoever publishes it.
        let mut options = broker.options(user);
        options.subscriptions = vec!["#".to_owned()];
        let (party, mut inbox) = connect(options);
        connected(&mut inbox).await;
        for topic in &all {
            injector.publish(topic, b"x".to_vec()).await.unwrap().await.unwrap();
        }
        let last = match user {
            "server" | "pharmacy-1" => Topic::Capabilities { facility: id("oakhill") },
            _ => Topic::Checkpoint { facility: id("oakhill") },
        };
        injector.publish(&last, b"last".to_vec()).await.unwrap().await.unwrap();
        let heard = heard_until(&mut inbox, &party, &last).await;
        let allowed = all.iter().filter(|topic| role.may_read(topic)).cloned().collect();
        assert_eq!(heard, allowed, "{user} reading");
        party.shutdown().await;

        let last = Topic::Checkpoint { facility: id("elmwood") };
        injector.publish(&last, b"last".to_vec()).await.unwrap().await.unwrap();
        heard_until(&mut audit, &auditor, &last).await;
    }
    // It writes into the folder as long as it runs.
    drop(broker);
    std::fs::remove_dir_all(tempdir()).unwrap();
}

#[tokio::test]
async fn nobody_without_a_password_and_nobody_unknown_is_let_in() {
    let broker = Mosquitto::start(&["server"], "").await;
    for (user, password) in [("stranger", "pw-stranger"), ("server", ""), ("", "")] {
        let mut options = broker.options("server");
        (options.user, options.password) = (user.to_owned(), password.to_owned());
        let (_handle, mut events) = connect(options);
        wait_for(&mut events, |event| match event {
            Event::Connected { .. } => panic!("{user:?} was let in"),
            Event::Disconnected { .. } => Some(()),
            Event::Message(_) => None,
        })
        .await;
    }
}
