use emar_bridge::panel::{Cause, Light};

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
    let heard = tokio::time::timeout(std::time::Duration::from_secs(1), server.scan()).await;
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
    let scanner = emar_bridge::scanner::pty::PtyScanner::plug_in(&beside).unwrap();
    let other = serialport::new(beside.to_string_lossy(), 9600).open_native().unwrap();
    std::fs::rename(&beside, folder.path().join("scanner")).unwrap();
    cart.scanner = Some(scanner);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    drop(other);
    cart.until(Cause::Ready).await;
    cart.scan("STOP");
    cart.until(Cause::Stop).await;
    assert_eq!(server.scan().await.raw, "STOP");
    cart.stop().await;
}
