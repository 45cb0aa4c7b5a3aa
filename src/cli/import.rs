//! `emar import`: residents, orders, allergies and labels from FHIR files, products from a CSV.

use crate::exchange::fhir::{
    Code, Context, FILE_BYTES_MAX, FileResult, Reason, Standing, classify,
};
use crate::exchange::formulary;
use crate::policy_file;
use crate::zones::Catalogue;
use anyhow::Context as _;
use clap::Args;
use emar_domain::decide::{Command, OrderCommand};
use emar_domain::fact::Fact;
use emar_domain::home::Home;
use emar_domain::id::Slug;
use emar_domain::time::Instant;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

/// Take residents, orders, allergies and labels from FHIR R4 JSON, products from CSV.
#[derive(Debug, Args)]
pub struct Import {
    /// Say what each file comes to, and change nothing. Needs no data directory.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a line and file.
    #[arg(long)]
    json: bool,
    /// The configuration file of the home to import into.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A formulary as CSV, taken before the files.
    #[arg(long, value_name = "FILE.csv")]
    formulary: Option<PathBuf>,
    /// Whose orders these are: the id of the pharmacy that will change or stop them.
    #[arg(long, value_name = "ID", default_value = "import")]
    sender: String,
    /// FHIR R4 JSON: any resource, or a Bundle.
    #[arg(value_name = "FILE", required_unless_present = "formulary")]
    files: Vec<PathBuf>,
}

/// Where an import goes.
pub trait Target {
    /// The home as it is now, with what was applied before.
    fn home(&self) -> &Home;
    /// The clinical time.
    fn now(&self) -> Instant;
    /// Carries out the commands of one file; what the rules refuse comes back in words.
    ///
    /// # Errors
    /// What the target could not do.
    fn apply(&mut self, commands: Vec<Command>) -> anyhow::Result<Vec<String>>;
}

/// One line of the answer.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    result: &'a FileResult,
}

impl Import {
    /// The configuration file that was named.
    #[must_use]
    pub fn config(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    /// Carries it out; `open` gives the home to import into when this is no dry run.
    ///
    /// # Errors
    /// When the answer cannot be written, or the target fails.
    pub fn run(
        &self,
        open: impl FnOnce() -> anyhow::Result<Box<dyn Target>>,
    ) -> anyhow::Result<()> {
        let mut target: Box<dyn Target> =
            if self.dry_run { Box::new(DryRun::new()?) } else { open()? };
        let mut out = std::io::stdout().lock();
        let paths = self.formulary.iter().chain(&self.files);
        let width = paths.map(|p| p.display().to_string().chars().count()).max().unwrap_or(0);
        let mut left = 0;
        if let Some(path) = &self.formulary {
            let result = products(path, target.as_mut())?;
            left += u32::from(result.result != Standing::Applied);
            self.tell(&mut out, path, &result, width)?;
        }
        for path in &self.files {
            let result = self.file(path, target.as_mut())?;
            left += u32::from(result.result != Standing::Applied);
            self.tell(&mut out, path, &result, width)?;
        }
        out.flush()?;
        anyhow::ensure!(self.dry_run || left == 0, "{left} files were not taken whole: see above");
        Ok(())
    }

    fn file(&self, path: &Path, target: &mut dyn Target) -> anyhow::Result<FileResult> {
        let bytes = match read(path, FILE_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(reason) => return Ok(refused(vec![reason])),
        };
        let context = Context {
            home: target.home(),
            frequencies: policy_file::frequencies(),
            sender: &self.sender,
            seq: None,
            now: target.now(),
        };
        let result = classify(&bytes, &context);
        carry_out(result, target)
    }

    fn tell(
        &self,
        out: &mut impl Write,
        path: &Path,
        result: &FileResult,
        width: usize,
    ) -> anyhow::Result<()> {
        let file = path.display().to_string();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&Line { file: &file, result })?)?;
            return Ok(());
        }
        let word = match result.result {
            Standing::Applied => "applied",
            Standing::NeedsTranscription => "needs transcription",
            Standing::Refused => "refused",
        };
        let counts: Vec<String> =
            result.counts.iter().map(|(kind, n)| format!("{n} {kind}")).collect();
        writeln!(out, "{file:width$}  {word:19}  {}", counts.join(", "))?;
        for reason in &result.reasons {
            // Debug writes control characters of a hostile file as escapes.
            writeln!(out, "    {:?}: {}", reason.pointer, reason.why.escape_debug())?;
        }
        Ok(())
    }
}

fn read(path: &Path, most: usize) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let opened = std::fs::File::open(path).and_then(|f| f.take(limit).read_to_end(&mut bytes));
    match opened {
        Ok(_) => Ok(bytes),
        Err(e) => Err(Reason {
            pointer: String::new(),
            why: format!("the file cannot be read: {e}; check its name and who may read it"),
            code: Code::Malformed,
        }),
    }
}

fn refused(reasons: Vec<Reason>) -> FileResult {
    let (counts, commands) = (BTreeMap::new(), Vec::new());
    FileResult { result: Standing::Refused, reasons, counts, commands }
}

fn products(path: &Path, target: &mut dyn Target) -> anyhow::Result<FileResult> {
    let bytes = match read(path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(refused(vec![reason])),
    };
    match formulary::read(&bytes, target.home()) {
        Ok(products) => {
            let count = u32::try_from(products.len()).unwrap_or(u32::MAX);
            let commands = products.into_iter().map(|p| Command::Product(Box::new(p))).collect();
            let counts = BTreeMap::from([("Product".to_owned(), count)]);
            let (result, reasons) = (Standing::Applied, Vec::new());
            carry_out(FileResult { result, reasons, counts, commands }, target)
        }
        Err(faults) => {
            let reason = |f: formulary::Fault| Reason {
                pointer: format!("/{}/{}", f.line, f.column),
                why: f.why,
                code: Code::Malformed,
            };
            Ok(refused(faults.into_iter().map(reason).collect()))
        }
    }
}

/// What the rules refuse is a reason too: the message was understood and not applied.
fn carry_out(mut result: FileResult, target: &mut dyn Target) -> anyhow::Result<FileResult> {
    let commands = std::mem::take(&mut result.commands);
    for why in target.apply(commands)? {
        let code = Code::NeedsTranscription;
        result.reasons.push(Reason { pointer: String::new(), why, code });
        result.result = result.result.max(Standing::NeedsTranscription);
    }
    Ok(result)
}

/// An empty home with the default policy, which remembers what the files before brought.
struct DryRun {
    home: Home,
}

impl DryRun {
    fn new() -> anyhow::Result<Self> {
        let zones = Catalogue::open(None);
        let text = include_str!("../../schedules/oakhill.toml");
        let policy = policy_file::parse(text, &zones)
            .map_err(|_| anyhow::anyhow!("the built-in policy is faulty"))?;
        let zone = zones.rules(&policy.zone).context("the zone of the built-in policy")?;
        let home = Home::new(Slug::new(&policy.facility)?, policy, (*zone).clone());
        Ok(Self { home })
    }
}

impl Target for DryRun {
    fn home(&self) -> &Home {
        &self.home
    }

    fn now(&self) -> Instant {
        Instant::EPOCH
    }

    fn apply(&mut self, commands: Vec<Command>) -> anyhow::Result<Vec<String>> {
        for command in commands {
            let fact = match command {
                Command::Resident(resident) => Fact::Resident(resident),
                Command::Product(product) => Fact::Product(product),
                Command::Label(label) => Fact::Label(label),
                Command::Order(OrderCommand::Receive(version)) => Fact::OrderVersion(version),
                _ => continue,
            };
            let version = self.home.version + 1;
            self.home.apply(&fact, version);
        }
        Ok(Vec::new())
    }
}
