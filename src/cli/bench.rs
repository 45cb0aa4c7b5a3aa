//! `emar bench`: what this machine can carry.

use crate::bench::floor::Floor;
use crate::bench::horizon;
use crate::bench::run::{Wanted, run};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use emar_domain::schedule::policy::HORIZON_DAYS;
use std::path::PathBuf;

/// Measure a server on this machine.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Carts that give medicines over HTTP, as fast as the server lets them.
    MedPass(MedPass),
    /// Planning doses ahead for many residents: time and memory, the core alone.
    Horizon(Horizon),
}

#[derive(Debug, Args)]
struct Horizon {
    /// Numbers of residents, divided by commas.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1000,4000,16000,40000,120000",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    residents: Vec<u32>,
    /// Days planned ahead.
    #[arg(long, default_value_t = 14, value_parser = horizon_days)]
    days: u32,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

fn horizon_days(text: &str) -> Result<u32, String> {
    let days = text.parse().ok().filter(|days| HORIZON_DAYS.contains(days));
    days.ok_or(format!("{} to {} days", HORIZON_DAYS.start(), HORIZON_DAYS.end()))
}

#[derive(Debug, Args)]
struct MedPass {
    /// Carts at work at once.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    carts: u32,
    /// Seconds of load.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// An empty PostgreSQL database; without it SQLite.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Make the homes here and keep them; without it temporary ones, removed at the end.
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Put the load on a server that runs already, on a home of an earlier run.
    #[arg(long, value_name = "URL", requires = "state")]
    url: Option<String>,
    /// The `bench.json` of that home.
    #[arg(long, value_name = "FILE", requires = "url")]
    state: Option<PathBuf>,
}

impl Bench {
    /// Runs it.
    ///
    /// # Errors
    /// Why there are no figures.
    pub fn run(self) -> anyhow::Result<()> {
        match self.what {
            What::MedPass(asked) => asked.run(),
            What::Horizon(asked) => {
                let curve = horizon::run(asked.residents, asked.days)?;
                if asked.json {
                    println!("{}", serde_json::to_string(&curve)?);
                } else {
                    print!("{curve}");
                }
                Ok(())
            }
        }
    }
}

impl MedPass {
    fn run(self) -> anyhow::Result<()> {
        let asked = self;
        let running = match (&asked.url, &asked.state) {
            (Some(url), Some(state)) => {
                let at = url.trim_start_matches("http://").trim_end_matches('/');
                let at = at.parse().with_context(|| format!("{url} is not http://ADDRESS:PORT"))?;
                Some((at, Floor::load(state)?))
            }
            _ => None,
        };
        let temporary = asked.home.is_none();
        let directory = asked.home.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("emar-bench-{}", std::process::id()))
        });
        if running.is_none() && directory.join("home-1").exists() {
            bail!("{} holds homes already; name another directory", directory.display());
        }
        std::fs::create_dir_all(&directory)?;
        let wanted = Wanted {
            carts: asked.carts,
            seconds: asked.seconds,
            database: asked.database,
            directory: directory.clone(),
            running,
        };
        let report = run(&wanted);
        if temporary {
            std::fs::remove_dir_all(&directory)?;
        }
        let report = report?;
        if asked.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            println!("{report}");
        }
        Ok(())
    }
}
