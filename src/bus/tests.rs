//! One contract, held by the simulated bus and by the real client on the embedded broker.

use std::sync::Arc;
use std::time::Duration;

use emar_wire::client::{Options, PublishError};
use emar_wire::{Id, Role, Topic};

use super::broker::{Account, Broker};
use super::simulated::SimulatedBroker;
use super::*;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn scan() -> Topic {
    Topic::CartScan { facility: id("f1"), cart: id("c1") }
}

fn checkpoint() -> Topic {
    Topic::Checkpoint { facility: id("f1") }
}

fn server() -> Role {
    Role::Server { facility: id("f1") }
}

fn cart() -> Role {
    Role::Cart { facility: id("f1"), cart: id("c1") }
}

async fn next(events: &mut dyn BusEvents) -> BusEvent {
    let event = tokio::time::timeout(Duration::from_secs(15), events.next()).await;
    event.expect("nothing happened").expect("the bus ended")
}

async fn message(events: &mut dyn BusEvents) -> Delivery {
    loop {
        if let BusEvent::Message(delivery) = next(events).await {
            return delivery;
        }
    }
}

async fn connected(events: &mut dyn BusEvents) -> u64 {
    loop {
        if let BusEvent::Connected { session } = next(events).await {
            return session;
        }
    }
}

/// `server` hears `cart`'s scans, `cart` hears the server's checkpoints, retained.
async fn contract(server: (&dyn Bus, &mut dyn BusEvents), cart: (&dyn Bus, &mut dyn BusEvents)) {
    connected(server.1).await;
    connected(cart.1).await;
    for n in 0..50u8 {
        cart.0.publish(scan(), vec![n]).await.unwrap();
    }
    for n in 0..50u8 {
        let got = message(server.1).await;
        assert_eq!((got.topic, got.payload, got.retained), (scan(), vec![n], false));
        got.ack.stored().await;
    }
    let too_large = cart.0.publish(scan(), vec![0; 64 * 1024 + 1]).await;
    assert!(matches!(too_large, Err(PublishError::TooLarge { .. })));
    server.0.publish(checkpoint(), b"note".to_vec()).await.unwrap();
    let got = message(cart.1).await;
    assert_eq!((got.topic, got.payload), (checkpoint(), b"note".to_vec()));
    got.ack.stored().await;
}

#[tokio::test]
async fn the_simulated_bus_holds_the_contract() {
    let broker = SimulatedBroker::default();
    let (server_bus, mut server_events) = broker.connect(server());
    let (cart_bus, mut cart_events) = broker.connect(cart());
    contract((&server_bus, &mut server_events), (&cart_bus, &mut cart_events)).await;
}

#[tokio::test]
async fn the_real_bus_holds_the_contract() {
    let accounts = ["server", "cart"]
        .map(|user| Account { user: user.to_owned(), password: format!("pw-{user}") });
    let broker = Broker::start("127.0.0.1:0".parse().unwrap(), &accounts).await.unwrap();
    let connect = |user: &str, role: Role| {
        let to = ("127.0.0.1", broker.addr().port());
        let login = (user, format!("pw-{user}"));
        let mut options = Options::new(to, id(user), login, Arc::new(|| 1_793_602_800_000_000));
        options.subscriptions = role.filters();
        mqtt::connect(options)
    };
    let (server_bus, mut server_events) = connect("server", server());
    let (cart_bus, mut cart_events) = connect("cart", cart());
    contract((&server_bus, &mut server_events), (&cart_bus, &mut cart_events)).await;
    server_bus.shutdown().await;
    assert!(server_events.next().await.is_none());
    broker.stop().await;
}

#[tokio::test]
async fn a_killed_simulated_broker_sends_again_or_forgets() {
    for forgets in [false, true] {
        let broker = SimulatedBroker::default();
        let (server_bus, mut events) = broker.connect(server());
        let (cart_bus, _cart_events) = broker.connect(cart());
        let first = connected(&mut events).await;
        cart_bus.publish(scan(), vec![1]).await.unwrap();
        cart_bus.publish(scan(), vec![2]).await.unwrap();
        server_bus.publish(checkpoint(), b"note".to_vec()).await.unwrap();
        message(&mut events).await.ack.stored().await;
        let late = message(&mut events).await;

        broker.kill(forgets);
        let refused = cart_bus.publish(scan(), vec![3]).await;
        assert_eq!(refused, Err(PublishError::NotConnected));
        late.ack.stored().await;
        broker.restart();
        assert!(connected(&mut events).await > first);
        assert_eq!(broker.retained(&checkpoint()).is_none(), forgets);
        cart_bus.publish(scan(), vec![4]).await.unwrap();
        let again = message(&mut events).await;
        assert_eq!(again.payload, if forgets { vec![4] } else { vec![2] });
    }
}

#[tokio::test]
async fn a_simulated_party_cannot_speak_for_another() {
    let broker = SimulatedBroker::default();
    let (_server_bus, mut events) = broker.connect(server());
    let (cart_bus, _cart_events) = broker.connect(cart());
    connected(&mut events).await;
    let other = Topic::CartScan { facility: id("f1"), cart: id("c2") };
    cart_bus.publish(other, vec![1]).await.unwrap();
    cart_bus.publish(scan(), vec![2]).await.unwrap();
    assert_eq!(message(&mut events).await.topic, scan());
}
