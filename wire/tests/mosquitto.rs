//! The client against a real Mosquitto.

mod support;

use std::time::Duration;

use emar_wire::client::{Announced, Lost, PublishError, connect};
use emar_wire::payload::{Presence, decode};
use emar_wire::topic::{DEVICE_BYTES_MAX, Inbound, PHARMACY_BYTES_MAX, Qos};
use emar_wire::{Id, Role, Topic};
use support::{Mosquitto, connected, disconnected, message};

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn scan() -> Topic {
    Topic::CartScan { facility: id("f1"), cart: id("c1") }
}

fn order() -> Topic {
    Topic::PharmacyIn { facility: id("f1"), pharmacy: id("p1"), event: Inbound::Order }
}

fn server_filters() -> Vec<String> {
    Role::Server { facility: id("f1") }.filters()
}

#[tokio::test]
async fn a_message_arrives_and_its_puback_comes_back() {
    let broker = Mosquitto::start(&["server", "cart"], "").await;
    let mut server = broker.options("server");
    server.subscriptions = server_filters();
    let (server, mut inbox) = connect(server);
    connected(&mut inbox).await;
    let (cart, mut events) = connect(broker.options("cart"));
    connected(&mut events).await;

    let mut acks = Vec::new();
    for n in 0..500u32 {
        acks.push(cart.publish(&scan(), n.to_le_bytes().to_vec()).await.unwrap());
    }
    let taking = async {
        for n in 0..500u32 {
            let got = message(&mut inbox).await;
            assert_eq!((got.payload, got.topic), (n.to_le_bytes().to_vec(), scan()));
            assert_eq!((got.retained, got.qos), (false, Qos::AtLeastOnce));
            server.ack(got.ack.unwrap()).await;
        }
    };
    let acking = async {
        for ack in acks {
            ack.await.unwrap();
        }
    };
    tokio::join!(taking, acking);

    let beat = Topic::Heartbeat { facility: id("f1") };
    server.publish(&beat, b"{}".to_vec()).await.unwrap().await.unwrap();
    server.shutdown().await;
    let refused = server.publish(&beat, b"{}".to_vec()).await;
    assert!(matches!(refused, Err(PublishError::Closed)));
    assert!(inbox.recv().await.is_none());
}

#[tokio::test]
async fn sizes_are_held_at_the_sender_and_the_largest_passes_the_broker() {
    let broker = Mosquitto::start(&["server", "other"], "max_packet_size 1048576").await;
    let mut server = broker.options("server");
    server.subscriptions = server_filters();
    let (server, mut inbox) = connect(server);
    connected(&mut inbox).await;
    let (other, mut events) = connect(broker.options("other"));
    connected(&mut events).await;

    let too_large = other.publish(&scan(), vec![b'x'; DEVICE_BYTES_MAX + 1]).await;
    assert!(matches!(too_large, Err(PublishError::TooLarge { .. })));
    let largest = vec![b'x'; PHARMACY_BYTES_MAX];
    other.publish(&order(), largest.clone()).await.unwrap().await.unwrap();
    let got = message(&mut inbox).await;
    assert!(got.payload == largest);
    server.ack(got.ack.unwrap()).await;
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let broker = Mosquitto::start(&["server", "cart"], "").await;
    let mut options = broker.options("server");
    options.subscriptions = server_filters();
    options.clean_session = false;
    let (server, mut inbox) = connect(options.clone());
    connected(&mut inbox).await;
    let (cart, mut events) = connect(broker.options("cart"));
    connected(&mut events).await;
    for n in 0..3u8 {
        cart.publish(&scan(), vec![n]).await.unwrap().await.unwrap();
    }
    let mut tokens = Vec::new();
    for n in 0..3u8 {
        let got = message(&mut inbox).await;
        assert_eq!(got.payload, vec![n]);
        tokens.extend(got.ack);
    }
    // Out of order on purpose: the PUBACK of 1 has to wait for that of 0, and 2 never comes.
    tokens.truncate(2);
    for token in tokens.into_iter().rev() {
        server.ack(token).await;
    }
    server.shutdown().await;

    let (server, mut inbox) = connect(options);
    let again = message(&mut inbox).await;
    assert_eq!(again.payload, vec![2]);
    server.ack(again.ack.unwrap()).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_killed_broker_fails_what_it_had_not_acknowledged_and_is_found_again() {
    let mut broker = Mosquitto::start(&["server", "cart"], "").await;
    let mut options = broker.options("server");
    options.subscriptions = server_filters();
    let (server, mut inbox) = connect(options);
    let first = connected(&mut inbox).await;
    let (cart, mut events) = connect(broker.options("cart"));
    connected(&mut events).await;

    broker.kill();
    disconnected(&mut events).await;
    disconnected(&mut inbox).await;
    let sent = cart.publish(&scan(), vec![1]).await.unwrap().await;
    assert_eq!(sent, Err(PublishError::NotConnected));

    broker.run().await;
    connected(&mut events).await;
    assert!(connected(&mut inbox).await > first);
    cart.publish(&scan(), vec![2]).await.unwrap().await.unwrap();
    let got = message(&mut inbox).await;
    assert_eq!(got.payload, vec![2]);
    server.ack(got.ack.unwrap()).await;
}

/// Each message is sent until its PUBACK, over several broker kills.
#[tokio::test]
async fn nothing_is_lost_over_broker_kills() {
    let lines = |dir: &std::path::Path| {
        format!(
            "persistence true\npersistence_location {}/\nautosave_interval 1\n\
             autosave_on_changes true\n",
            dir.display()
        )
    };
    let store = std::env::temp_dir().join(format!("emar-mosquitto-store-{}", std::process::id()));
    std::fs::create_dir_all(&store).unwrap();
    let mut broker = Mosquitto::start(&["server", "cart"], &lines(&store)).await;
    let mut options = broker.options("server");
    options.subscriptions = server_filters();
    options.clean_session = false;
    let (server, mut inbox) = connect(options);
    connected(&mut inbox).await;
    let (cart, mut events) = connect(broker.options("cart"));
    connected(&mut events).await;

    let arrived = std::cell::Cell::new(0);
    let sending = async {
        for n in 0..120u32 {
            if n == 40 || n == 80 {
                // What a broker acknowledged just before it is killed it may not have saved: that
                // is why a row is sent until its receiver says so. Those before it have arrived.
                while arrived.get() < n {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                drop(cart.publish(&scan(), n.to_le_bytes().to_vec()).await.unwrap());
                broker.kill();
                broker.run().await;
            }
            loop {
                match cart.publish(&scan(), n.to_le_bytes().to_vec()).await.unwrap().await {
                    Ok(()) => break,
                    Err(PublishError::NotConnected | PublishError::Lost) => {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    };
    let counting = async {
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 120 {
            let got = message(&mut inbox).await;
            seen.insert(u32::from_le_bytes(got.payload.try_into().unwrap()));
            arrived.set(u32::try_from(seen.len()).unwrap());
            server.ack(got.ack.unwrap()).await;
        }
    };
    // The cart's own events are read, too: a full channel would end its connection.
    let draining = async { while events.recv().await.is_some() {} };
    tokio::select! {
        ((), ()) = async { tokio::join!(sending, counting) } => {}
        () = draining => panic!("the cart's client ended"),
    }
    // A broker that still runs writes into it.
    broker.kill();
    std::fs::remove_dir_all(&store).unwrap();
}

#[tokio::test]
async fn presence_is_born_dies_and_carries_its_session() {
    let broker = Mosquitto::start(&["server", "cart"], "").await;
    let topic = Topic::CartPresence { facility: id("f1"), cart: id("c1") };
    let mut options = broker.options("cart");
    options.announced = Some(Announced { topic: topic.clone(), presence: Presence::default() });
    let (cart, mut events) = connect(options.clone());
    let session = connected(&mut events).await;

    let mut server = broker.options("server");
    server.subscriptions = server_filters();
    let (server, mut inbox) = connect(server);
    let birth = message(&mut inbox).await;
    let presence: Presence = decode(&birth.payload, 1024).unwrap();
    assert_eq!((presence.session, presence.up), (session, true));
    assert!(birth.retained, "a newcomer reads the state");
    server.ack(birth.ack.unwrap()).await;

    // A second client of the same id throws the first off the broker: its last will follows.
    let mut usurper = options.clone();
    usurper.announced = None;
    let (usurper, mut usurped) = connect(usurper);
    connected(&mut usurped).await;
    let will: Presence = loop {
        let got = message(&mut inbox).await;
        let presence: Presence = decode(&got.payload, 1024).unwrap();
        server.ack(got.ack.unwrap()).await;
        if !presence.up {
            break presence;
        }
    };
    assert_eq!(will.session, session);
    usurper.shutdown().await;

    disconnected(&mut events).await;
    let next = connected(&mut events).await;
    assert!(next > session);
    cart.shutdown().await;
    let death: Presence = loop {
        let got = message(&mut inbox).await;
        let presence: Presence = decode(&got.payload, 1024).unwrap();
        server.ack(got.ack.unwrap()).await;
        if !presence.up && presence.session >= next {
            break presence;
        }
    };
    assert_eq!(death.session, next);
}

#[tokio::test]
async fn retained_state_reaches_a_newcomer_until_removed() {
    let broker = Mosquitto::start(&["server", "station"], "").await;
    let (server, mut events) = connect(broker.options("server"));
    connected(&mut events).await;
    let index = Topic::AlertIndex { facility: id("f1"), unit: id("east") };
    server.publish(&index, b"state".to_vec()).await.unwrap().await.unwrap();

    let role = Role::Station { facility: id("f1"), station: id("s1"), units: vec![id("east")] };
    let mut options = broker.options("station");
    options.subscriptions = role.filters();
    let (station, mut inbox) = connect(options);
    let got = message(&mut inbox).await;
    assert_eq!((got.payload.as_slice(), got.retained), (b"state".as_slice(), true));
    station.ack(got.ack.unwrap()).await;

    server.publish(&index, Vec::new()).await.unwrap().await.unwrap();
    let got = message(&mut inbox).await;
    assert_eq!((got.payload.as_slice(), got.retained), (b"".as_slice(), false));
    station.ack(got.ack.unwrap()).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_tried_again_slowly() {
    let broker = Mosquitto::start(&["cart"], "").await;
    let mut options = broker.options("cart");
    options.password = "wrong".to_owned();
    assert!(!format!("{options:?}").contains("wrong"));
    let (cart, mut events) = connect(options);
    let why = disconnected(&mut events).await;
    assert!(matches!(why, Lost::Refused(_)), "{why}");
    let mut attempts = 0;
    let second = tokio::time::timeout(Duration::from_secs(2), async {
        loop {
            disconnected(&mut events).await;
            attempts += 1;
        }
    });
    assert!(second.await.is_err());
    assert!((1..=4).contains(&attempts), "{attempts} attempts in two seconds");
    cart.shutdown().await;
    assert!(events.recv().await.is_none());
}
