#![forbid(unsafe_code)]
//! `emar-bridge`: the program on the med cart.

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use emar_bridge::enroll::{self, Enrolment};
use emar_bridge::{Config, panel};
use emar_wire::Id;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// Reads the scanner of a med cart, asks the server and shows the verdict.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    run: Run,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Run {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/emar-bridge/bridge.toml")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Show or check a configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Enrol this cart; the one-time code is read from standard input
    Enroll(Enroll),
}

#[derive(Args)]
struct Enroll {
    /// The server, at the end of this cart's TLS tunnel
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// The home's id
    #[arg(long, value_name = "ID")]
    facility: Id,
    /// The cart's id
    #[arg(long, value_name = "ID")]
    cart: Id,
    /// The server's public key, as `emar cart add --bridge` prints it
    #[arg(long, value_name = "KEY")]
    server_key: Option<String>,
    /// Where secrets and configuration go
    #[arg(long, value_name = "DIR", default_value = "/etc/emar-bridge")]
    folder: PathBuf,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print an example with every field
    Example,
    /// Check a file and the files it names
    Check {
        /// The file to check
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("emar-bridge: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Some(Command::Config(ConfigCommand::Example)) => {
            print!("{}", emar_bridge::config::EXAMPLE);
            Ok(())
        }
        Some(Command::Config(ConfigCommand::Check { file })) => {
            Config::load(&file)?.check_files()?;
            println!("{}: good", file.display());
            Ok(())
        }
        Some(Command::Enroll(asked)) => enroll(asked),
        None => serve(&Config::load(&cli.run.config)?),
    }
}

fn enroll(asked: Enroll) -> anyhow::Result<()> {
    let Enroll { server, facility, cart, server_key, folder } = asked;
    let mut code = String::new();
    std::io::stdin().read_line(&mut code).context("no code on standard input")?;
    let asked = Enrolment { server, facility, cart, server_key, folder };
    let enrolled = enroll::enroll(&asked, code.trim())?;
    for file in &enrolled.files {
        println!("wrote {}", file.display());
    }
    println!("for the password file of a Mosquitto:\n{}", enrolled.mosquitto_line);
    println!("next: name the scanners in bridge.toml, then start emar-bridge");
    Ok(())
}

fn serve(config: &Config) -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime could not be started; free memory or raise the thread limit")?;
    runtime.block_on(async {
        // At a limit for the size of files the system ends who writes, unless this is handled; then
        // the write fails, which the spool reports.
        let _too_large = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
            .context("no handler for SIGXFSZ")?;
        let panel = panel::open(&config.panel)?;
        emar_bridge::run(config.clone(), panel, stop_asked()?).await?;
        Ok(())
    })
}

/// Resolves on SIGTERM or SIGINT.
fn stop_asked() -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate()).context("no handler for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no handler for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
