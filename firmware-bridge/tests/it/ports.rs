use std::time::Duration;

use emar_bridge::Config;
use emar_bridge::config::EXAMPLE;
use emar_bridge::panel::{Cause, Light};
use emar_bridge::scanner::pty::PtyScanner;
use emar_bridge::scanner::{Scanner, ScannerEvent, ScannerLink};
use emar_domain::scan::framing::{FrameError, Reply};
use tokio::sync::mpsc;

use crate::support::broker::Broker;
use crate::support::cart::Cart;
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_unplugged_and_plugged_in_again_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    for round in 0..2 {
        // Half a code before the plug is pulled must not become the head of the next.
        cart.scanner.as_mut().unwrap().send(b"HALF").unwrap();
        cart.unplug();
        if round == 0 {
            // Amber at once, or red for the half code, whichever the kernel let be read.
            let shown = cart.next().await;
            assert!(matches!(shown.light, Light::Amber | Light::Red), "{shown:?}");
        }
        cart.plug_in();
        let opened = std::time::Instant::now();
        while !server_hears(&mut cart, &mut server).await {
            assert!(opened.elapsed() < crate::support::SOON);
        }
    }
    cart.stop().await;
}

/// Scans until the reopened port is read: what is sent before that is not a scan of now.
async fn server_hears(cart: &mut Cart, server: &mut Server) -> bool {
    cart.scan("STOP");
    let heard = tokio::time::timeout(Duration::from_secs(1), server.scan()).await;
    heard.is_ok_and(|scan| {
        assert_eq!((scan.raw.as_str(), scan.late), ("STOP", false));
        true
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_held_by_another_program_is_taken_once_free() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.unplug();
    cart.until(Cause::ScannerDown).await;
    let beside = folder.path().join("beside");
    let scanner = PtyScanner::plug_in(&beside).unwrap();
    let other = serialport::new(beside.to_string_lossy(), 9600).open_native().unwrap();
    std::fs::rename(&beside, folder.path().join("scanner")).unwrap();
    cart.scanner = Some(scanner);
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop(other);
    cart.until(Cause::Ready).await;
    cart.scan("STOP");
    cart.until(Cause::Stop).await;
    assert_eq!(server.scan().await.raw, "STOP");
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zebra_scanner_is_answered_and_its_damaged_packet_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("scanner");
    let mut scanner = PtyScanner::plug_in(&link).unwrap();
    let toml = EXAMPLE
        .replace("/dev/emar-scanner", &link.to_string_lossy())
        .replace("protocol = \"line\"", "protocol = \"ssi\"");
    let config = Config::parse(&toml, folder.path()).unwrap();
    let (events, mut heard) = mpsc::channel(10);
    let reader = Scanner::spawn(0, &config.scanners[0], events).unwrap();
    let open = ScannerEvent::Link(ScannerLink::Open);
    assert_eq!(heard.recv().await, Some((0, open)));

    // DECODE_DATA with the text "STOP", damaged first, then as a resend.
    let good = [0x09, 0xF3, 0x00, 0x01, 0x03, b'S', b'T', b'O', b'P', 0xFD, 0xBA];
    let mut damaged = good;
    damaged[5] = b'T';
    let asked = tokio::task::spawn_blocking(move || {
        let mut nak = Reply::NakResend.packet();
        let mut ack = Reply::Ack.packet();
        scanner.send(&damaged).unwrap();
        nak.fill(0);
        scanner.receive(&mut nak).unwrap();
        scanner.send(&good).unwrap();
        ack.fill(0);
        scanner.receive(&mut ack).unwrap();
        (scanner, nak, ack)
    });
    let (scanner, nak, ack) =
        tokio::time::timeout(crate::support::SOON, asked).await.expect("answers").unwrap();
    assert_eq!((nak, ack), (Reply::NakResend.packet(), Reply::Ack.packet()));
    assert_eq!(heard.recv().await, Some((0, ScannerEvent::Unreadable(FrameError::Checksum))));
    assert_eq!(heard.recv().await, Some((0, ScannerEvent::Code("STOP".into()))));
    drop(scanner);
    let gone = tokio::time::timeout(Duration::from_secs(5), heard.recv()).await;
    assert_eq!(gone.expect("told of"), Some((0, ScannerEvent::Link(ScannerLink::Unplugged))));
    drop(reader);
}
