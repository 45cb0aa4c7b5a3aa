//! Builds the page's core to wasm and leaves it in `OUT_DIR/core.wasm` for embedding.
//!
//! It has its own target directory, so that it never waits for the lock of the build around it.
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

const TARGET: &str = "wasm32-unknown-unknown";

fn main() {
    for path in ["web/core/src", "web/core/Cargo.toml", "domain/src", "domain/Cargo.toml"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-changed=web/words");
    println!("cargo::rerun-if-changed=web/templates");
    if let Err(why) = build() {
        eprintln!("{why}");
        exit(1);
    }
}

fn build() -> Result<(), String> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    require_target()?;
    let target_dir = out.join("wasm");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .current_dir(&root)
        .args(["build", "--quiet", "--lib", "--package", "emar-web-core", "--profile", "wasm"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(&target_dir);
    if variable("PROFILE")? == "debug" {
        // A developer waits for every build, a tablet only for the released file.
        for setting in ["lto=false", "opt-level=1", "codegen-units=16", "incremental=true"] {
            cargo.args(["--config", &format!("profile.wasm.{setting}")]);
        }
    }
    // Settings of the build around it are for another target.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let foreign = name.contains("RUSTFLAGS")
            || name.ends_with("_WRAPPER")
            || name.starts_with("CARGO_BUILD_")
            || name.starts_with("CARGO_PROFILE_")
            || name == "CARGO_TARGET_DIR"
            || name == "CARGO_MAKEFLAGS"
            || name == "MAKEFLAGS";
        if foreign {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status().map_err(|e| format!("cargo for the page's core: {e}"))?;
    if !status.success() {
        return Err(format!("the page's core (web/core) did not build for {TARGET}; see above"));
    }
    let built = target_dir.join(TARGET).join("wasm").join("emar_web_core.wasm");
    copy(&built, &out.join("core.wasm"))
}

/// The compiler must have the target's standard library.
fn require_target() -> Result<(), String> {
    let rustc = variable("RUSTC")?;
    let answer = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|e| format!("rustc: {e}"))?;
    let libdir = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if Path::new(&libdir).is_dir() {
        return Ok(());
    }
    Err(format!(
        "the bedside page needs the Rust target {TARGET}, which is not installed.\n\
         Run: rustup target add {TARGET}"
    ))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map(drop).map_err(|e| format!("{}: {e}", from.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|e| format!("{name}: {e}"))
}
