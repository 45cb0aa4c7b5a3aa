//! The program itself: what a power cut, an unplugged scanner and a wrong file do to it.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use emar_bridge::panel::{Cause, Light, Signal};
use emar_bridge::scanner::pty::PtyScanner;
use emar_wire::payload::{ScannerState, SpoolState};

use crate::support::SOON;
use crate::support::broker::Broker;
use crate::support::cart::write_config;
use crate::support::program::{Program, program};
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn an_unplugged_scanner_costs_no_cpu() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let link = folder.path().join("scanner");
    let scanner = PtyScanner::plug_in(&link).unwrap();
    let program = Program::start(folder.path(), broker.port);
    program.until(Cause::Ready).await;
    drop(scanner);
    program.until(Cause::ScannerDown).await;

    let before = program.scanner_work();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let after = program.scanner_work();
    let (switches, ticks) = (after.0 - before.0, after.1 - before.1);
    assert!(switches < 60, "{switches} wake-ups in four seconds");
    assert!(ticks < 20, "{ticks} hundredths of a second of CPU in four seconds");

    let mut scanner = PtyScanner::plug_in(&link).unwrap();
    program.until(Cause::Ready).await;
    scanner.send(b"OK-RECEIPT\r").unwrap();
    assert_eq!(program.until(Cause::Committed).await.light, Light::Green);
    assert_eq!(server.scan().await.raw, "OK-RECEIPT");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_scanned_while_nobody_listened_is_no_scan() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let mut scanner = PtyScanner::plug_in(&folder.path().join("scanner")).unwrap();
    scanner.send(b"OK-RECEIPT#before\r").unwrap();
    let program = Program::start(folder.path(), broker.port);
    program.until(Cause::Ready).await;
    scanner.send(b"OK-RECEIPT#now\r").unwrap();
    assert_eq!(server.scan().await.raw, "OK-RECEIPT#now");
}

#[tokio::test(flavor = "multi_thread")]
async fn spent_scans_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    let link = folder.path().join("scanner");
    let mut scanner = PtyScanner::plug_in(&link).unwrap();
    let mut program = Program::start(folder.path(), broker.port);
    program.until(Cause::Ready).await;
    broker.kill();
    program.until(Cause::LinkDown).await;

    let spool = folder.path().join("spool/scans.spool");
    let mut ids = Vec::new();
    for number in 1..=3u8 {
        let size = fs::metadata(&spool).unwrap().len();
        scanner.send(&[b'P', b'0' + number, b'\r']).unwrap();
        let until = Instant::now() + SOON;
        while fs::metadata(&spool).unwrap().len() == size {
            assert!(Instant::now() < until, "the spool does not grow");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ids.push(program.until(Cause::NoAnswer).await.scan_id.unwrap());
    }
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    // The crash came in the middle of a fourth record.
    let mut bytes = fs::read(&spool).unwrap();
    let half = bytes[..20].to_vec();
    bytes.extend(half);
    fs::write(&spool, bytes).unwrap();

    broker.restart().await;
    let mut server = Server::start(broker.port).await;
    let _program = Program::start(folder.path(), broker.port);
    for (number, id) in (1..).zip(&ids) {
        let scan = server.scan().await;
        assert_eq!((scan.raw, scan.late, scan.scan_id), (format!("P{number}"), true, *id));
    }
    let until = Instant::now() + SOON;
    while fs::metadata(&spool).unwrap().len() > 0 {
        assert!(Instant::now() < until, "the spool does not empty after the answers");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_without_its_scanner_is_on_the_bus_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path()).await;
    let mut server = Server::start(broker.port).await;
    let program = Program::start(folder.path(), broker.port);
    let health = server.health_when(|health| health.spool == SpoolState::Keeps).await;
    assert_eq!(health.scanners[0].state, ScannerState::Unplugged);
    assert_eq!(program.until(Cause::ScannerDown).await.light, Light::Amber);
}

#[test]
fn states_are_json_lines_and_systemd_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    let panel = "kind = \"null\"\njson_stdout = true";
    let child = program(&[])
        .arg("--config")
        .arg(write_config(folder.path(), 1, panel))
        .env("NOTIFY_SOCKET", folder.path().join("notify"))
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let heard = || {
        let mut bytes = [0; 64];
        let count = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    };
    assert_eq!(heard(), "READY=1");
    assert_eq!(heard(), "WATCHDOG=1");
    let term = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(term.success());
    while heard() != "STOPPING=1" {}
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let first = out.stdout.split(|byte| *byte == b'\n').next().unwrap();
    let signal: Signal = serde_json::from_slice(first).unwrap();
    assert_eq!(signal, Signal::quiet(Light::Amber, Cause::ScannerDown));
}

#[test]
fn a_wrong_file_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let good = write_config(folder.path(), 1883, "kind = \"null\"");
    let check = |file: &Path| program(&[]).args(["config", "check"]).arg(file).output().unwrap();
    assert!(check(&good).status.success());

    let text = fs::read_to_string(&good).unwrap();
    let rows = [
        (text.replace("port = 1883", "prot = 1883"), "unknown field `prot`"),
        (text.replace("cart-password", "nowhere"), "nowhere could not be read"),
        (text.replace("kind = \"null\"", "kind = \"null\"\nstate = 1"), "unknown field `state`"),
        (text.replace("[spool]", "password = \"x\"\n[spool]"), "unknown field `password`"),
    ];
    for (bad, names) in rows {
        let file = folder.path().join("bad.toml");
        fs::write(&file, bad).unwrap();
        let out = check(&file);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains(names), "{names}: {said}");
    }
    let example = program(&[]).args(["config", "example"]).output().unwrap();
    assert_eq!(String::from_utf8(example.stdout).unwrap(), emar_bridge::config::EXAMPLE);
}
