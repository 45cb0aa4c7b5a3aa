//! What the checks need of the machine, installed when it is missing.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A Debian package and a path that exists once it is installed.
struct Package {
    name: &'static str,
    proof: &'static str,
}

const PACKAGES: [Package; 10] = [
    Package { name: "postgresql", proof: "/usr/lib/postgresql" },
    Package { name: "mosquitto", proof: "/usr/sbin/mosquitto" },
    Package { name: "mosquitto-clients", proof: "/usr/bin/mosquitto_sub" },
    Package { name: "chromium", proof: "/usr/bin/chromium" },
    Package { name: "chromium-driver", proof: "/usr/bin/chromedriver" },
    Package { name: "gcc-aarch64-linux-gnu", proof: "/usr/bin/aarch64-linux-gnu-gcc" },
    Package { name: "libc6-dev-arm64-cross", proof: "/usr/aarch64-linux-gnu/include/stdio.h" },
    Package { name: "qemu-user", proof: "/usr/bin/qemu-aarch64" },
    Package { name: "python3", proof: "/usr/bin/python3" },
    Package { name: "util-linux", proof: "/usr/bin/setpriv" },
];

/// Adds rustup targets and components, and Debian packages.
///
/// # Errors
/// Names every package that is missing and cannot be installed here.
pub(super) fn run() -> Result<()> {
    workspace::add_components(&["rustfmt", "clippy"])?;
    workspace::add_targets(&["wasm32-unknown-unknown", "aarch64-unknown-linux-gnu"])?;
    install(&missing())
}

fn missing() -> Vec<&'static str> {
    PACKAGES.iter().filter(|p| !Path::new(p.proof).exists()).map(|p| p.name).collect()
}

fn install(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("missing: {names} (Debian's names). There is no apt-get here: install them by hand");
    }
    if !super::is_root()? {
        bail!("missing: {names}. Run as root, or: sudo apt-get install {names}");
    }
    println!("apt-get install {names}");
    let apt = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(args);
        command
    };
    workspace::must(&mut apt(&["update"]))?;
    workspace::must(apt(&["install", "-y", "--no-install-recommends"]).args(packages))?;
    let still = missing();
    if !still.is_empty() {
        bail!("apt-get installed {names}, yet the files of {} are not there", still.join(" "));
    }
    Ok(())
}

/// The newest PostgreSQL server binaries.
pub(super) fn postgres_binaries() -> Result<PathBuf> {
    let folder = Path::new("/usr/lib/postgresql");
    let versions = std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let newest = versions
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .context("no version of PostgreSQL in /usr/lib/postgresql")?;
    let binaries = folder.join(newest.to_string()).join("bin");
    if !binaries.join("initdb").exists() {
        bail!("{} has no initdb; install the package postgresql-{newest}", binaries.display());
    }
    Ok(binaries)
}
