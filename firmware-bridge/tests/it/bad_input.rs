//! What a hostile or broken scanner sends is refused, and its content is nowhere in the log.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use emar_bridge::panel::{Cause, Light};
use emar_bridge::scanner::pty::PtyScanner;
use uuid::Uuid;

use crate::support::broker::Broker;
use crate::support::cart::Cart;
use crate::support::program::Program;
use crate::support::server::Server;

/// Stands for a name: no line of the log may hold it.
const MARKER: &str = "MARY-SMITH";

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_bursts_and_halves_are_red_and_the_next_code_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut scanner = PtyScanner::plug_in(&folder.path().join("scanner")).unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let program = Program::start_logging(folder.path(), broker.port, log);
    program.until(Cause::Ready).await;

    let burst = MARKER.repeat(6_554).into_bytes();
    assert!(burst.len() >= 64 * 1024);
    let bad: [(&str, Vec<u8>); 7] = [
        ("64 KiB without an end", burst),
        ("a control character", format!("{MARKER}\x1b[2J\r").into_bytes()),
        ("NUL in the middle", format!("{MARKER}\0{MARKER}\r").into_bytes()),
        ("the answer to a menu command", format!("\x16M\r{MARKER}\x06!\r").into_bytes()),
        ("another baud rate", [MARKER.as_bytes(), &[0xF8, 0x80, 0xFE], b"\r"].concat()),
        ("a right-to-left override", format!("{MARKER}\u{202e}\r").into_bytes()),
        ("half a code", MARKER.as_bytes().to_vec()),
    ];
    for (number, (what, bytes)) in bad.iter().enumerate() {
        scanner.send(bytes).unwrap();
        let red = program.until(Cause::Unreadable).await;
        assert_eq!(red.light, Light::Red, "{what}");
        // Past the silence that ends what was begun.
        tokio::time::sleep(Duration::from_millis(400)).await;
        scanner.send(format!("OK-RECEIPT#{number}\r").as_bytes()).unwrap();
        assert_eq!(program.until(Cause::Committed).await.light, Light::Green, "{what}");
        assert_eq!(server.scan().await.raw, format!("OK-RECEIPT#{number}"), "{what}");
    }
    // Two codes in one read are two scans, each with its own answer.
    scanner.send(format!("STOP#{MARKER}\rOK-RECEIPT#two\r").as_bytes()).unwrap();
    assert_eq!(server.scan().await.raw, format!("STOP#{MARKER}"));
    assert_eq!(server.scan().await.raw, "OK-RECEIPT#two");
    program.until(Cause::Committed).await;

    let log = log_of(folder.path());
    assert!(log.contains("not one whole code"), "{log}");
    assert!(!log.contains("SMITH") && !log.contains("OK-RECEIPT"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broker_replays_or_swaps_turns_nothing_green() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scan("OK-RECEIPT#old");
    let old = server.scan().await;
    cart.until(Cause::Committed).await;

    // The answer to the scan before comes again, and one to no scan, while another one waits.
    cart.scan("SILENCE");
    server.scan().await;
    server.commit(old.scan_id).await;
    server.commit(Uuid::now_v7()).await;
    let shown = cart.until(Cause::NoAnswer).await;
    assert!(shown.iter().all(|signal| signal.light != Light::Green), "{shown:?}");
    assert_eq!(shown.last().unwrap().light, Light::Red);
    cart.stop().await;
}
