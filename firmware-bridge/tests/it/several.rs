//! Several scanners on one cart.

use std::time::Duration;

use emar_bridge::panel::{Cause, Light};
use emar_bridge::scanner::pty::PtyScanner;
use emar_wire::payload::{CartHealth, ScannerState};

use crate::support::SOON;
use crate::support::broker::Broker;
use crate::support::cart::Cart;
use crate::support::server::Server;

const TWO: [(&str, &str); 2] = [
    ("left", "name = \"left\"\nbeeps = \"honeywell\"\nrepeat_ms = 0"),
    ("right", "name = \"right\"\nbeeps = \"datalogic\""),
];

/// What the scanner is told next, as many bytes as `want` has.
async fn told(mut scanner: PtyScanner, want: &'static [u8]) -> PtyScanner {
    let heard = tokio::task::spawn_blocking(move || {
        let mut bytes = vec![0; want.len()];
        scanner.receive(&mut bytes).unwrap();
        assert_eq!(bytes, want);
        scanner
    });
    tokio::time::timeout(SOON, heard).await.expect("the scanner is told").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_says_which_it_is_and_beeps_its_own_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start_of(folder.path(), broker.port, &TWO).await;
    let mut right = cart.others.remove(0);
    right.send(b"STOP\r").unwrap();
    cart.until(Cause::Stop).await;
    let right = told(right, b"\x12\x1b[4q\r").await;
    cart.scan("OK-RECEIPT");
    // The panel keeps the stop. Its first bytes: the other's verdict was not told here.
    let left = told(cart.scanner.take().unwrap(), b"\x1b7,").await;
    let names: Vec<_> = [server.scan().await, server.scan().await]
        .into_iter()
        .map(|scan| (scan.raw, scan.scanner.unwrap().to_string()))
        .collect();
    let want = [("STOP", "right"), ("OK-RECEIPT", "left")];
    assert_eq!(names, want.map(|(raw, name)| (raw.to_owned(), name.to_owned())));

    // Without an answer a scanner that waits for the host is told, too.
    cart.scanner = Some(left);
    cart.scan("SILENCE");
    cart.until(Cause::NoAnswer).await;
    drop(told(cart.scanner.take().unwrap(), b"\x1b8,").await);
    drop(right);
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_acknowledges_its_beep_has_sent_no_code() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let _server = Server::start(broker.port).await;
    let mut cart = Cart::start_of(folder.path(), broker.port, &TWO).await;
    for answer in [&b"\x06"[..], b"\x06\r", b"\x15\x05", b"\x12"] {
        cart.scan("STOP");
        cart.until(Cause::Stop).await;
        let mut left = told(cart.scanner.take().unwrap(), b"\x1b8,").await;
        left.send(answer).unwrap();
        // Past the silence that ends what was begun.
        tokio::time::sleep(Duration::from_millis(400)).await;
        left.send(answer).unwrap();
        cart.scanner = Some(left);
        cart.scan("OK");
        let shown = cart.until(Cause::Noted).await;
        let left = told(cart.scanner.take().unwrap(), b"\x1b5,").await;
        assert!(shown.iter().all(|signal| signal.cause != Cause::Unreadable), "{shown:?}");
        cart.scanner = Some(left);
    }
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_goes_on_while_the_other_is_unplugged_and_the_cart_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start_of(folder.path(), broker.port, &TWO).await;
    cart.scan("OK-RECEIPT#1");
    cart.until(Cause::Committed).await;
    assert_eq!(server.scan().await.raw, "OK-RECEIPT#1");
    cart.others.clear();
    cart.until(Cause::ScannerDown).await;
    let states = |health: &CartHealth| -> Vec<ScannerState> {
        health.scanners.iter().map(|scanner| scanner.state).collect()
    };
    let half = [ScannerState::Open, ScannerState::Unplugged];
    let health = server.health_when(|health| states(health) == half).await;
    assert_eq!(health.scanners[0].name.as_ref().unwrap().as_str(), "left");

    let mut right = PtyScanner::plug_in(&folder.path().join("right")).unwrap();
    cart.until(Cause::Ready).await;
    cart.unplug();
    assert_eq!(cart.until(Cause::ScannerDown).await.last().unwrap().light, Light::Amber);
    right.send(b"OK-RECEIPT#2\r").unwrap();
    cart.until(Cause::Committed).await;
    assert_eq!(server.scan().await.scanner.unwrap().as_str(), "right");
    let half = [ScannerState::Unplugged, ScannerState::Open];
    let health = server.health_when(|health| states(health) == half).await;
    assert!(health.last_scan_at.is_some());

    cart.plug_in();
    tokio::time::timeout(Duration::from_secs(20), cart.until(Cause::Ready)).await.unwrap();
    cart.stop().await;
}
