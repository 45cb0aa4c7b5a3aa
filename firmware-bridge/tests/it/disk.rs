//! A disk that takes no more.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use emar_bridge::panel::{Cause, Light, Signal};
use emar_bridge::scanner::pty::PtyScanner;
use uuid::Uuid;

use crate::support::broker::Broker;
use crate::support::program::Program;
use crate::support::server::Server;
use crate::support::{SOON, not_run};

/// Scans in an outage until the bridge takes no more; the ids of those it took.
async fn fill(program: &Program, scanner: &mut PtyScanner) -> Vec<Uuid> {
    let mut taken: Vec<Uuid> = Vec::new();
    for number in 0..2_000 {
        let text = format!("OK-RECEIPT#{number}-{}\r", "x".repeat(400));
        scanner.send(text.as_bytes()).unwrap();
        let new = |signal: &Signal| {
            matches!(signal.cause, Cause::NoAnswer | Cause::SpoolBroken)
                && signal.scan_id.is_some_and(|id| taken.last() != Some(&id))
        };
        let signal = program.when(new).await;
        assert_eq!(signal.light, Light::Red);
        if signal.cause == Cause::SpoolBroken {
            return taken;
        }
        taken.extend(signal.scan_id);
    }
    panic!("the disk is not full after {} scans", taken.len());
}

async fn all_arrive(server: &mut Server, taken: &[Uuid]) {
    let mut missing: Vec<Uuid> = taken.to_vec();
    while !missing.is_empty() {
        let scan = server.scan().await;
        assert!(scan.late, "{scan:?} of the outage came as if it were of now");
        missing.retain(|id| *id != scan.scan_id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_files_size_is_red_and_costs_no_scan_that_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    let mut scanner = PtyScanner::plug_in(&folder.path().join("scanner")).unwrap();
    let program = Program::start_under(&["prlimit", "--fsize=4000"], folder.path(), broker.port);
    program.until(Cause::Ready).await;
    broker.kill();
    program.until(Cause::LinkDown).await;
    let mut taken = fill(&program, &mut scanner).await;
    // The one that met the limit was answered stop and could not be kept; it was the last taken.
    let refused = taken.pop().unwrap();
    assert!(taken.len() >= 4, "{} taken", taken.len());

    broker.restart().await;
    let mut server = Server::start(broker.port).await;
    all_arrive(&mut server, &taken).await;
    assert!(server.arrived().iter().all(|scan| scan.scan_id != refused));
    green_again(&program, &mut scanner).await;
}

/// What is scanned while it refuses is red; the answers empty the spool, then green comes back.
async fn green_again(program: &Program, scanner: &mut PtyScanner) {
    let until = Instant::now() + SOON;
    for number in 0.. {
        assert!(Instant::now() < until, "it does not keep again");
        scanner.send(format!("OK-RECEIPT#after-{number}\r").as_bytes()).unwrap();
        let answers = [Cause::SpoolBroken, Cause::Committed, Cause::NoAnswer];
        let signal = program
            .when(|signal| answers.contains(&signal.cause) && signal.scan_id.is_some())
            .await;
        if signal.cause == Cause::Committed {
            assert_eq!(signal.light, Light::Green);
            return;
        }
        assert_eq!(signal.light, Light::Red);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A bridge whose spool is on a disk of 256 KiB of its own; `None` where this user may make none.
fn on_a_small_disk(folder: &Path, port: u16) -> Option<Program> {
    let mount = ["-rm", "mount", "-t", "tmpfs", "none", "/tmp"];
    let may = Command::new("unshare").args(mount).output();
    if !may.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let spool = folder.join("spool");
    fs::create_dir_all(&spool).unwrap();
    let script =
        format!("mount -t tmpfs -o size=256k none {} && exec \"$0\" \"$@\"", spool.display());
    Some(Program::start_under(&["unshare", "-rm", "sh", "-c", &script], folder, port))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_others_fill_is_noticed_before_a_scan_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(folder.path()).await;
    let Some(program) = on_a_small_disk(folder.path(), broker.port) else {
        return not_run("this user may mount no disk of its own (unshare -rm mount)");
    };
    let mut scanner = PtyScanner::plug_in(&folder.path().join("scanner")).unwrap();
    program.until(Cause::Ready).await;
    broker.kill();
    program.until(Cause::LinkDown).await;

    let inside = format!("/proc/{}/root{}", program.child.id(), folder.path().display());
    let filler = Path::new(&inside).join("spool/filler");
    let mut file = OpenOptions::new().create(true).append(true).open(&filler).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    let taken = fill(&program, &mut scanner).await;
    assert!(taken.len() >= 2, "room was taken up ahead of the others: {}", taken.len());

    // All that were taken had room: none was answered stop and then not kept.
    broker.restart().await;
    let mut server = Server::start(broker.port).await;
    all_arrive(&mut server, &taken).await;
    green_again(&program, &mut scanner).await;
}
