use emar_bridge::panel::{Cause, Light};

use crate::support::broker::Broker;
use crate::support::cart::Cart;
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn scans_of_an_outage_arrive_late_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scan("OK-RECEIPT");
    cart.until(Cause::Committed).await;
    assert_eq!(server.scan().await.raw, "OK-RECEIPT");

    broker.kill();
    let mut ids = Vec::new();
    for raw in ["OK-RECEIPT#1", "OK-RECEIPT#2", "STOP"] {
        cart.scan(raw);
        let stop = *cart.until(Cause::NoAnswer).await.last().unwrap();
        assert_eq!(stop.light, Light::Red);
        ids.push(stop.scan_id.unwrap());
    }
    assert!(server.no_scan());
    broker.restart().await;

    // The server may connect after the bridge; then the bridge sends again until it is answered.
    let mut arrived = Vec::new();
    while arrived.len() < ids.len() {
        let scan = server.scan().await;
        assert!(scan.late, "a scan of the outage came as if it were of now");
        if arrived.last() != Some(&scan.scan_id) {
            arrived.push(scan.scan_id);
        }
    }
    assert_eq!(arrived, ids);

    // Another code: the first one again could come within the time in which it counts as a repeat.
    cart.scan("OK-RECEIPT#4");
    let shown = cart.until(Cause::Committed).await;
    let greens: Vec<_> = shown.iter().filter(|signal| signal.light == Light::Green).collect();
    assert_eq!(greens.len(), 1, "late answers showed nothing: {shown:?}");
    cart.stop().await;
    assert_eq!(std::fs::metadata(folder.path().join("spool/scans.spool")).unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_in_flight_when_the_broker_dies_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scan("SILENCE");
    let first = server.scan().await;
    broker.kill();
    let stop = *cart.until(Cause::NoAnswer).await.last().unwrap();
    assert_eq!((stop.light, stop.scan_id), (Light::Red, Some(first.scan_id)));
    broker.restart().await;
    let again = server.scan().await;
    assert_eq!((again.scan_id, again.late), (first.scan_id, true));
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_unanswered_when_the_bridge_stops_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scan("SILENCE");
    let first = server.scan().await;
    cart.stop().await;
    let cart = Cart::start(folder.path(), broker.port).await;
    let again = server.scan().await;
    assert_eq!((again.scan_id, again.late), (first.scan_id, true));
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_without_broker_starts_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    broker.kill();
    let port = broker.port;
    let path = folder.path().to_owned();
    let starting = tokio::spawn(async move { Cart::start(&path, port).await });
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    broker.restart().await;
    starting.await.unwrap().stop().await;
}
