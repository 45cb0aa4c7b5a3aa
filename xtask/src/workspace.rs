//! Where things are: the repository, its build directory, its tools.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The directory cargo put this program into, where the other binaries of the profile are too.
pub(crate) fn binaries() -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding this program")?;
    own.parent().map(Path::to_path_buf).context("this program has no directory")
}

/// `cargo ARGS`, at the root, with the cargo that runs this program.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(root());
    command
}

/// Runs a command; its failure is an error that names it.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", name(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", name(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", name(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", name(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("the output of {}", name(command)))
}

/// The command as one would type it.
pub(crate) fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Adds rustup targets that the toolchain lacks.
pub(crate) fn add_targets(targets: &[&str]) -> Result<()> {
    add(&["target", "list", "--installed"], &["target", "add"], targets)
}

/// Adds rustup components that the toolchain lacks.
pub(crate) fn add_components(components: &[&str]) -> Result<()> {
    add(&["component", "list", "--installed"], &["component", "add"], components)
}

fn add(list: &[&str], install: &[&str], wanted: &[&str]) -> Result<()> {
    let installed =
        read(Command::new("rustup").args(list).current_dir(root())).with_context(|| {
            format!(
                "rustup is needed to look for {}; install it from https://rustup.rs",
                wanted.join(", ")
            )
        })?;
    let missing: Vec<_> =
        wanted.iter().filter(|name| !installed.lines().any(|line| is(line, name))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    must(Command::new("rustup").args(install).args(missing).current_dir(root()))
}

/// Components carry the host's triple (`clippy-x86_64-unknown-linux-gnu`), targets are bare.
fn is(line: &str, name: &str) -> bool {
    line == name || line.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
}
