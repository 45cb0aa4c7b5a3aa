//! `cargo ci`: everything that must hold before a change lands, on this machine, with real means.
//!
//! A means that is missing is installed or is a failure: no step is left out in silence. All steps
//! run even when one fails, so one run shows everything that is wrong.

mod cases;
mod postgres;
mod setup;
mod tally;

use crate::workspace::{self, cargo};
use anyhow::{Context, Result, bail};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use tally::Tally;

/// One finished step, a row of the closing table.
struct Row {
    step: &'static str,
    ok: bool,
    took: Duration,
    tally: Tally,
}

/// After this long a test program hangs, and the report is worth more than the wait.
const TEST_SECONDS_MAX: u32 = 2_100;

/// What is built and tested together. With other packages cargo unifies other features of what
/// they depend on, and builds all of it once more.
const PACKAGES: [&str; 3] = ["--workspace", "--exclude", "emar-browser-tests"];
/// Tests of the bridge's program that need no serial port.
const BARE: [&str; 3] = [
    "program::a_cart_without_its_scanner_is_on_the_bus_and_says_so",
    "program::a_wrong_file_is_refused_with_the_reason",
    "program::states_are_json_lines_and_systemd_is_told",
];
/// Makes a build with debug assertions answer before it commits.
const PLANTED: (&str, &str) = ("EMAR_PLANTED_FAULT", "answer-before-commit");

/// What tests leave out by themselves where this user has not the right to it, found out by use.
fn left_out() -> impl Iterator<Item = &'static str> {
    let means = [
        (types(), "a keyboard scanner on a device of the kernel's (/dev/uinput does not open)"),
        (mounts(), "a full disk under the spool (unshare -rm mount -t tmpfs does not work)"),
    ];
    means.into_iter().filter(|(works, _)| !works).map(|(_, what)| what)
}

fn types() -> bool {
    let opened = OpenOptions::new().read(true).write(true).open("/dev/uinput");
    opened.is_ok() && Path::new("/dev/input").is_dir()
}

/// In a name space of its own, so nothing is mounted once it has ended.
fn mounts() -> bool {
    let mount = ["-rm", "mount", "-t", "tmpfs", "none", "/tmp"];
    Command::new("unshare").args(mount).output().is_ok_and(|output| output.status.success())
}

#[derive(Default)]
struct Report {
    rows: Vec<Row>,
}

/// Runs every step; the code is a failure when one failed. The last line printed is the count.
///
/// # Errors
/// When the counts cannot be summed.
pub(crate) fn run() -> Result<ExitCode> {
    let mut report = Report::default();
    report.step("set-up", |_| setup::run());
    if report.failed() {
        return report.close();
    }
    let linted = Linted::find()?;
    lint(&mut report);
    build(&mut report, &linted);
    test(&mut report, &linted);
    for what in left_out() {
        println!("\nNOT RUN: {what}");
    }
    println!("\nNOT RUN: a Raspberry Pi's pins (there is none here)");
    println!("\nNOT RUN: advisories (the advisory database is out of reach of this command)");
    report.close()
}

fn lint(report: &mut Report) {
    report.step("fmt", |_| workspace::must(&mut cargo(&["fmt", "--all", "--check"])));
    report.step("tidy", |_| crate::tidy::run());
    report.step("deny", |_| crate::deny::run());
}

/// Cargo with clippy as the compiler of our own packages. `cargo clippy` would check everything,
/// dependencies too, only to have it all compiled again for the tests: half of a cold run.
struct Linted(PathBuf);

impl Linted {
    fn find() -> Result<Self> {
        let sysroot = workspace::read(Command::new("rustc").args(["--print", "sysroot"]))?;
        Ok(Self(Path::new(sysroot.trim()).join("bin/clippy-driver")))
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut command = cargo(args);
        // As cargo-clippy passes its arguments on.
        let end = "__CLIPPY_HACKERY__";
        command.env("RUSTC_WORKSPACE_WRAPPER", &self.0);
        command.env("CLIPPY_ARGS", format!("-D{end}warnings{end}"));
        command
    }
}

fn build(report: &mut Report, linted: &Linted) {
    // The programs come with the tests that start them, but for this one.
    report.step("clippy and build", |_| {
        let all = ["test", "--locked", "--no-run", "--all-targets"];
        workspace::must(linted.cargo(&all).args(PACKAGES))?;
        let this = ["clippy", "--locked", "--package", "xtask", "--", "-D", "warnings"];
        workspace::must(&mut cargo(&this))
    });
    report.step("domain for wasm32", |_| {
        let target = ["--target", "wasm32-unknown-unknown"];
        workspace::must(cargo(&["build", "--locked", "-p", "emar-domain"]).args(target))
    });
    report.step("bridge for aarch64", |_| {
        workspace::must(foreign(&mut cargo(&["build", "--locked", "-p", "emar-bridge"])))
    });
    // Not the pins of a Pi, which need one, nor serial ports, which this qemu cannot set.
    report.step("bridge under qemu", |tally| {
        let test = ["test", "--locked", "-p", "emar-bridge"];
        counted(foreign(cargo(&test).arg("--lib")), tally)?;
        let mut bare = cargo(&test);
        named(foreign(bare.args(["--test", "it"])), &BARE, tally)
    });
}

fn test(report: &mut Report, linted: &Linted) {
    let mut cluster = None;
    report.step("postgresql starts", |_| {
        cluster = Some(postgres::Cluster::start()?);
        Ok(())
    });
    // Without the cluster the step above has failed already; the rest still tells what it can.
    let database = cluster.as_ref().map(postgres::Cluster::url).unwrap_or_default();
    let tests = |args: &[&str]| {
        let mut command = linted.cargo(&["test", "--locked", "--no-fail-fast"]);
        command
            .args(args)
            .env("EMAR_TEST_PG", &database)
            .env("EMAR_TEST_MOSQUITTO", "/usr/sbin/mosquitto")
            .env("EMAR_TEST_CHROMEDRIVER", "/usr/bin/chromedriver")
            .env("EMAR_TEST_CHROMIUM", "/usr/bin/chromium");
        command
    };
    report.step("tests", |tally| counted(&mut tests(&PACKAGES), tally));
    // One after the other: a browser and a home each, and pages that give up on a slow server.
    report.step("pages in Chromium", |tally| {
        let alone = ["-p", "emar-browser-tests", "--", "--test-threads=1"];
        counted(&mut tests(&alone), tally)
    });
    report.step("conformance score", |tally| {
        counted(&mut cases::score()?, tally)?;
        cases::silence()
    });
    report.step("planted fault is found", |_| {
        let mut crash = tests(&PACKAGES);
        crash.args(["--test", "crash", "--", "sqlite"]).env(PLANTED.0, PLANTED.1);
        finds(&mut crash, &["are lost", "what a cart was told before does not hold"])
    });
}

/// Runs programs of a 64-bit Raspberry Pi, with its C library.
const QEMU: &str = "qemu-aarch64 -L /usr/aarch64-linux-gnu";

/// For a 64-bit Raspberry Pi, run by qemu.
fn foreign(command: &mut Command) -> &mut Command {
    command
        .env("CARGO_BUILD_TARGET", "aarch64-unknown-linux-gnu")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", QEMU)
        .env("EMAR_TEST_RUNNER", QEMU)
}

/// Fails unless the test finds the planted fault, and fails with one of these words.
fn finds(command: &mut Command, words: &[&str]) -> Result<()> {
    let named = workspace::name(command);
    let output = limited(command).output().with_context(|| format!("starting {named}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    match said.lines().find(|line| words.iter().any(|found| line.contains(found))) {
        Some(line) if !output.status.success() => {
            println!("found: {}", line.chars().take(100).collect::<String>());
            Ok(())
        }
        _ => {
            println!("{said}");
            bail!("{named} did not find the planted fault");
        }
    }
}

/// Runs the tests of these names, each of them once: one that was renamed is missed.
fn named(command: &mut Command, tests: &[&str], tally: &mut Tally) -> Result<()> {
    let before = tally.passed;
    counted(command.args(["--", "--exact"]).args(tests), tally)?;
    let ran = usize::try_from(tally.passed - before)?;
    if ran != tests.len() {
        bail!("{ran} tests ran where {} are named", tests.len());
    }
    Ok(())
}

/// Runs a test command, shows its output as it comes, and adds what it counts to `tally`.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let mut own = Tally::default();
    let result = run_counting(command, &mut own);
    tally.add(own);
    result
}

fn run_counting(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let named = workspace::name(command);
    let mut child = limited(command)
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {named}"))?;
    let output = child.stdout.take().context("the child has no output")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.read(&line);
    }
    let status = child.wait()?;
    if status.code() == Some(124) {
        bail!("{named} hung for {TEST_SECONDS_MAX} s and was stopped");
    }
    if !status.success() {
        bail!("{named} failed: {status}");
    }
    if tally.passed == 0 {
        bail!("{named} ran no test");
    }
    if tally.ignored > 0 {
        bail!("{named}: {} tests are marked ignored; nothing may be skipped", tally.ignored);
    }
    Ok(())
}

/// The same command, with all it starts, ended after the limit and with this program.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("setpriv");
    limited.args(["--pdeathsig", "TERM", "timeout", "--kill-after=10"]);
    limited.arg(TEST_SECONDS_MAX.to_string()).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(workspace::root());
    limited
}

impl Report {
    fn step(&mut self, step: &'static str, work: impl FnOnce(&mut Tally) -> Result<()>) {
        println!("\n== {step}");
        let start = Instant::now();
        let mut tally = Tally::default();
        let result = work(&mut tally);
        let took = start.elapsed();
        if let Err(error) = &result {
            println!("{step}: {error:#}");
        }
        println!("== {step}: {} in {:.1} s", word(result.is_ok()), took.as_secs_f32());
        self.rows.push(Row { step, ok: result.is_ok(), took, tally });
    }

    fn failed(&self) -> bool {
        self.rows.iter().any(|row| !row.ok)
    }

    fn close(&self) -> Result<ExitCode> {
        let mut sum = Tally::default();
        println!("\n{:<24} {:>6} {:>9} {:>8} {:>8}", "step", "", "seconds", "passed", "failed");
        for Row { step, ok, took, tally } in &self.rows {
            let (ok, took) = (word(*ok), took.as_secs_f32());
            println!("{step:<24} {ok:>6} {took:>9.1} {:>8} {:>8}", tally.passed, tally.failed);
            sum.add(*tally);
        }
        // A step that failed without a failing test (a lint, a build) counts as one.
        let bare = self.rows.iter().filter(|row| !row.ok && row.tally.failed == 0);
        sum.failed += u32::try_from(bare.count())?;
        println!("\n{} passed, {} failed", sum.passed, sum.failed);
        Ok(if self.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn word(ok: bool) -> &'static str {
    if ok { "ok" } else { "FAILED" }
}

/// Whether this process may install packages and must give up its rights for PostgreSQL.
fn is_root() -> Result<bool> {
    Ok(workspace::read(Command::new("id").arg("-u"))?.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(script: &str) -> (Tally, bool) {
        let mut tally = Tally::default();
        let result = counted(Command::new("sh").args(["-c", script]), &mut tally);
        (tally, result.is_ok())
    }

    #[test]
    fn a_step_is_green_only_when_tests_ran_and_none_was_left_out() {
        let cases = [
            ("echo 'test result: ok. 2 passed; 0 failed; 0 ignored'", 2, 0, true),
            ("echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored'; exit 101", 1, 1, false),
            ("echo 'test result: ok. 2 passed; 0 failed; 1 ignored'", 2, 0, false),
            ("echo 'running 0 tests'", 0, 0, false),
            ("echo '7 passed, 0 failed'; kill $$", 7, 0, false),
        ];
        for (script, passed, failed, ok) in cases {
            let (tally, green) = count(script);
            assert_eq!((tally.passed, tally.failed, green), (passed, failed, ok), "{script}");
        }
    }

    #[test]
    fn a_command_that_runs_fewer_tests_than_it_names_is_red_whatever_ran_before() {
        let mut tally = Tally { passed: 9, ..Tally::default() };
        let says = |passed: u32| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("echo 'test result: ok. {passed} passed; 0 failed'")]);
            command
        };
        assert!(counted(&mut says(0), &mut tally).is_err());
        assert!(named(&mut says(1), &["a", "b"], &mut tally).is_err());
        assert!(named(&mut says(2), &["a", "b"], &mut tally).is_ok());
        assert_eq!(tally.passed, 12);
    }

    #[test]
    fn a_planted_fault_is_found_only_by_a_test_that_fails_for_it() {
        let cases = [
            ("echo 'the law: no, as 3 orders found'; exit 101", true),
            ("echo 'the law: no, as 3 orders found'", false),
            ("echo 'error: could not compile'; exit 101", false),
        ];
        for (script, found) in cases {
            let result = finds(Command::new("sh").args(["-c", script]), &["the law: no"]);
            assert_eq!(result.is_ok(), found, "{script}");
        }
    }
}
