use std::time::{Duration, Instant};

use emar_bridge::panel::{Cause, Light, Sound};
use emar_wire::payload::VerdictWord;

use crate::support::broker::Broker;
use crate::support::cart::Cart;
use crate::support::server::{Server, verdict_message};

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_the_servers_word_and_green_needs_a_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    let rows = [
        ("OK-RECEIPT", Cause::Committed, Light::Green, Some(Sound::Given)),
        ("OK", Cause::Noted, Light::Off, Some(Sound::Noted)),
        ("ASK", Cause::Ask, Light::Amber, None),
        ("ASK-RECEIPT", Cause::Ask, Light::Amber, None),
        ("STOP", Cause::Stop, Light::Red, Some(Sound::Stop)),
    ];
    for (raw, cause, light, sound) in rows {
        cart.scan(raw);
        let shown = cart.until(cause).await;
        let scan = server.scan().await;
        assert_eq!((scan.raw.as_str(), scan.late), (raw, false));
        let last = shown.last().unwrap();
        assert_eq!((last.light, last.sound), (light, sound), "{raw}");
        assert_eq!(last.scan_id, Some(scan.scan_id));
        assert_eq!(scan.scan_id.get_version_num(), 7);
        let greens = shown.iter().filter(|signal| signal.light == Light::Green).count();
        assert_eq!(greens, usize::from(raw == "OK-RECEIPT"), "{raw}: {shown:?}");
    }
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_green_light_does_not_outlast_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let _server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scan("OK-RECEIPT");
    cart.until(Cause::Committed).await;
    let after = cart.next().await;
    assert_eq!((after.cause, after.light), (Cause::Ready, Light::Off));
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_verdict_is_stop_and_a_late_verdict_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    let began = Instant::now();
    cart.scan("SILENCE");
    let stop = *cart.until(Cause::NoAnswer).await.last().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(1900), "{:?}", began.elapsed());
    assert_eq!((stop.light, stop.sound), (Light::Red, Some(Sound::Stop)));

    let first = server.scan().await;
    assert!(!first.late);
    server.say(&verdict_message(first.scan_id, VerdictWord::Ok, true)).await;
    let again = server.scan().await;
    assert_eq!((again.scan_id, again.late), (first.scan_id, true), "sent again for the record");

    cart.scan("STOP");
    let shown = cart.until(Cause::Stop).await;
    assert!(shown.iter().all(|signal| signal.light != Light::Green), "{shown:?}");
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_code_is_stop_and_never_joined_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    cart.scanner.as_mut().unwrap().send(b"OK-REC").unwrap();
    assert_eq!(cart.until(Cause::Unreadable).await.last().unwrap().light, Light::Red);
    cart.scan("STOP");
    cart.until(Cause::Stop).await;
    assert_eq!(server.scan().await.raw, "STOP");
    cart.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_pass_gets_its_answers_on_one_connection() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let _server = Server::start(broker.port).await;
    let mut cart = Cart::start(folder.path(), broker.port).await;
    // A broker stops sending once it has 20 (Mosquitto) or 100 (rumqttd) messages without a PUBACK.
    for number in 0..120 {
        cart.scan(&format!("OK#{number}"));
        let shown = cart.until(Cause::Noted).await;
        let lost = |cause: Cause| cause == Cause::NoAnswer || cause == Cause::LinkDown;
        assert!(!shown.iter().any(|signal| lost(signal.cause)), "{number}: {shown:?}");
    }
    cart.stop().await;
}
