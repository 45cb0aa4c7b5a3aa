//! `emar audit`: holds a home's audit log against its checkpoints, exports it, names its key.

mod evidence;
mod export;
mod source;
mod tell;
#[cfg(test)]
mod tests;
mod walk;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use emar_domain::audit::checkpoint::origin;
use emar_domain::audit::note::{KeyKind, SignKey, VerifyKey};

use crate::config::Config;
use crate::secret;
use crate::store::{Reading, Store};
use crate::worker::checkpoint::FILE;
use evidence::Evidence;
use source::{Database, Source};

/// Where the server keeps what it signs checkpoints with, in its data directory.
const KEY_FILE: &str = "keys/checkpoint.key";

/// Prove that nobody changed the audit log, or take a copy that can be proved elsewhere.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check every leaf, tile, checkpoint and administration; runs beside a live server. Ends with
    /// 0, or with the code of the gravest finding.
    Verify(Verify),
    /// Copy the log into a folder that `verify --export` checks without a database.
    Export(Export),
    /// Print the public key that the server signs checkpoints with; keep it elsewhere.
    Key(Key),
}

/// Which home.
#[derive(Debug, Args)]
struct Place {
    /// The server's configuration.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "database_url_file"])]
    config: Option<PathBuf>,
    /// The server's data directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// File with the `postgres://` URL, when the data directory holds no database.
    #[arg(long, value_name = "FILE", requires = "data")]
    database_url_file: Option<PathBuf>,
    /// The home, when the database holds several.
    #[arg(long, value_name = "ID")]
    facility: Option<String>,
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    place: Place,
    /// A folder made by `emar audit export`, instead of a database.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "data", "facility"])]
    export: Option<PathBuf>,
    /// A checkpoint kept elsewhere, or a copy of `checkpoints.log`.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The key that signed, as `emar audit key` prints it; default: the one found beside the log.
    #[arg(long, value_name = "VKEY")]
    key: Vec<String>,
    /// The server's file of checkpoints; default: `checkpoints.log` of the data directory.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    place: Place,
    /// The folder to make.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct Key {
    /// The server's configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Audit {
    /// Carries out the command that was given; the code to exit with.
    ///
    /// # Errors
    /// What could not be read or written, in words.
    pub fn run(self) -> anyhow::Result<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self.command {
            Command::Verify(command) => runtime.block_on(command.run()),
            Command::Export(command) => runtime.block_on(command.run()).map(|()| 0),
            Command::Key(command) => command.run().map(|()| 0),
        }
    }
}

/// A place with its blanks filled in.
struct Found {
    data: PathBuf,
    database: String,
    facility: Option<String>,
}

impl Place {
    fn find(&self) -> anyhow::Result<Found> {
        let facility = self.facility.clone();
        let (data, url, facility) = match (&self.config, &self.data) {
            (Some(file), _) => {
                let config = Config::load(file)?;
                let facility = match facility {
                    Some(given) => given,
                    None => facility_of(&config)?,
                };
                (config.data, config.database_url_file, Some(facility))
            }
            (None, Some(data)) => (data.clone(), self.database_url_file.clone(), facility),
            (None, None) => bail!("name the log: --config FILE, --data DIR or --export DIR"),
        };
        let database = match url {
            Some(file) => {
                let read = std::fs::read_to_string(&file);
                read.with_context(|| file.display().to_string())?.trim().to_owned()
            }
            None => data.display().to_string(),
        };
        Ok(Found { data, database, facility })
    }
}

impl Found {
    async fn open(&self) -> anyhow::Result<Database> {
        let reading = Store::open_to_read(&self.database).await;
        // The URL may carry a password.
        let mut reading = reading.context("the home's database cannot be read")?;
        let (facility, log) = choose(&mut reading, self.facility.as_deref()).await?;
        Ok(Database::new(reading, facility, log))
    }

    /// The server's own public key, when whoever asks may read its file.
    fn key(&self, log: &str) -> Option<VerifyKey> {
        own_key(&self.data, log).ok().flatten()
    }
}

async fn choose(reading: &mut Reading, facility: Option<&str>) -> anyhow::Result<(String, String)> {
    let mut logs = reading.logs().await?;
    let names: Vec<String> = logs.iter().map(|(id, _)| id.clone()).collect();
    let at = match facility {
        Some(wanted) => names.iter().position(|id| id == wanted),
        None if names.len() == 1 => Some(0),
        None => bail!("the database holds {}; name one: --facility ID", names.join(", ")),
    };
    let Some(at) = at else {
        bail!(
            "the database has no home {}; it holds: {}",
            facility.unwrap_or_default(),
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        );
    };
    Ok(logs.swap_remove(at))
}

/// The facility that a configuration's policy names.
fn facility_of(config: &Config) -> anyhow::Result<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        facility: String,
    }
    let path = config.policy.display();
    let text = std::fs::read_to_string(&config.policy).with_context(|| path.to_string())?;
    let named: Named = toml::from_str(&text).with_context(|| path.to_string())?;
    Ok(named.facility)
}

fn own_key(data: &Path, log: &str) -> anyhow::Result<Option<VerifyKey>> {
    let path = data.join(KEY_FILE);
    if !path.try_exists()? {
        return Ok(None);
    }
    let seed = secret::key_file(&path)?;
    Ok(Some(SignKey::from_seed(log, KeyKind::Log, &seed)?.verify_key()))
}

impl Verify {
    async fn run(&self) -> anyhow::Result<u8> {
        let walked = self.walk().await?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", tell::json(&walked))?;
        } else {
            out.write_all(tell::text(&walked).as_bytes())?;
        }
        out.flush()?;
        Ok(walked.report.exit_code())
    }

    async fn walk(&self) -> anyhow::Result<walk::Walked> {
        let mut notes = Vec::new();
        let mut keys = Vec::new();
        for text in &self.key {
            keys.push(VerifyKey::from_vkey(text).with_context(|| format!("--key {text}"))?);
        }
        let found = if self.export.is_none() { Some(self.place.find()?) } else { None };
        let folder = self.export.clone().or_else(|| found.as_ref().map(|f| f.data.clone()));
        // What is kept outside is opened first, and read as far as it goes now: a live server adds
        // to it what the state read afterwards would not know.
        let mut outside = Vec::new();
        for path in self.checkpoint.iter().chain(&self.log) {
            outside.push(Evidence::open(path)?);
        }
        if let (None, Some(folder)) = (&self.log, folder) {
            match Evidence::open_if_there(&folder.join(FILE))? {
                Some(evidence) => outside.push(evidence),
                None => notes.push(format!(
                    "{} is not there: whoever rewrote the whole database would not be noticed; \
                     hold it against a checkpoint kept elsewhere (--checkpoint FILE)",
                    folder.join(FILE).display()
                )),
            }
        }
        let (mut source, own) = match (&self.export, &found) {
            (Some(folder), _) => {
                let export = export::Reader::open(folder)?;
                let own = export.key();
                (Source::Export(Box::new(export)), own)
            }
            (None, Some(found)) => {
                let database = found.open().await?;
                let own = found.key(database.log());
                (Source::Database(Box::new(database)), own)
            }
            (None, None) => bail!("name the log: --config FILE, --data DIR or --export DIR"),
        };
        if keys.is_empty() {
            keys.extend(own);
            notes.push(if keys.is_empty() {
                "no key was found: signatures were not checked; give one with --key VKEY".to_owned()
            } else {
                "the key was found beside the log: whoever holds both could sign again; \
                 give one kept elsewhere with --key VKEY"
                    .to_owned()
            });
        }
        walk::walk(&mut source, &keys, outside, notes).await
    }
}

impl Export {
    async fn run(&self) -> anyhow::Result<()> {
        let found = self.place.find()?;
        let evidence = Evidence::open_if_there(&found.data.join(FILE))?;
        let mut database = found.open().await?;
        let key = found.key(database.log());
        let size = export::write(&mut database, key.as_ref(), evidence, &self.out).await?;
        let out = self.out.display();
        println!("{size} leaves are in {out}; check them with: emar audit verify --export {out}");
        Ok(())
    }
}

impl Key {
    fn run(&self) -> anyhow::Result<()> {
        let config = Config::load(&self.config)?;
        let log = origin("org", &facility_of(&config)?);
        let Some(key) = own_key(&config.data, &log)? else {
            bail!(
                "{} is not there yet; `emar serve` makes it when it first starts",
                config.data.join(KEY_FILE).display()
            );
        };
        println!("{}", key.to_vkey());
        Ok(())
    }
}
