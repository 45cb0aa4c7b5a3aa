//! The demo's med carts: a scanner on a pseudo-terminal each, read by a real bridge.

use super::people::Post;
use emar_bridge::Config as BridgeConfig;
use emar_bridge::panel::{NullPanel, Panel, Signal};
use emar_bridge::scanner::pty::PtyScanner;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Codes that wait for a scanner; a cart whose bridge has stopped reading takes no more.
const WAITING_MAX: usize = 32;
/// Longest code a scanner sends.
const CODE_BYTES_MAX: usize = 512;
/// How long a bridge may take to put its scans away.
const STOP_MAX: Duration = Duration::from_secs(5);

/// Why a code was not put into a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// No such cart.
    #[error("the demo has no cart of that name; it has cart-1, cart-2 and cart-3")]
    NoSuchCart,
    /// Not something a scanner would send.
    #[error("a code has 1 to {CODE_BYTES_MAX} bytes and no control character but GS (U+001D)")]
    Unsendable,
    /// The bridge does not read.
    #[error("the cart's bridge is not reading its scanner; restart the demo")]
    Busy,
}

/// Every scanner of the demo by cart id. Cheap to share; dropping it unplugs them.
#[derive(Debug, Default)]
pub struct DemoCarts(BTreeMap<String, SyncSender<Vec<u8>>>);

impl DemoCarts {
    /// Plugs in one scanner a cart under `folder/{cart}/scanner`.
    ///
    /// # Errors
    /// No folder, pseudo-terminal or thread is to be had.
    pub fn plug_in(folder: &Path, carts: &[Post]) -> io::Result<Self> {
        let mut all = BTreeMap::new();
        for cart in carts {
            let own = folder.join(cart.id.as_str());
            std::fs::create_dir_all(&own)?;
            let mut scanner = PtyScanner::plug_in(&own.join("scanner"))?;
            let (send, codes) = sync_channel::<Vec<u8>>(WAITING_MAX);
            // A line nobody reads fills up and would hold whoever writes: that is this thread.
            std::thread::Builder::new().name(format!("scanner-{}", cart.id)).spawn(move || {
                while let Ok(code) = codes.recv() {
                    if let Err(why) = scanner.send(&code) {
                        tracing::warn!(%why, "demo scanner");
                    }
                }
            })?;
            all.insert(cart.id.to_string(), send);
        }
        Ok(Self(all))
    }

    /// Puts `raw` into a cart's scanner as if it had read it.
    ///
    /// # Errors
    /// [`ScanError`] in words for the person at the scanner page.
    pub fn scan(&self, cart: &str, raw: &str) -> Result<(), ScanError> {
        let scanner = self.0.get(cart).ok_or(ScanError::NoSuchCart)?;
        let sendable = |c: char| c == '\u{1d}' || !c.is_control();
        if raw.is_empty() || raw.len() > CODE_BYTES_MAX || !raw.chars().all(sendable) {
            return Err(ScanError::Unsendable);
        }
        scanner.try_send(format!("{raw}\r").into_bytes()).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => ScanError::Busy,
        })
    }
}

/// Why a bridge did not start.
#[derive(Debug, thiserror::Error)]
pub enum BridgeStartError {
    /// A file or the program.
    #[error("the bridge of {cart} could not be started: {why}")]
    Start {
        /// Which cart.
        cart: String,
        /// What the operating system said.
        why: io::Error,
    },
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] emar_bridge::config::ConfigError),
}

enum Running {
    Program(Box<Child>),
    Inside(oneshot::Sender<()>, JoinHandle<()>),
}

/// A bridge at work.
pub struct Bridge {
    running: Running,
    /// What its panel shows.
    pub panel: watch::Receiver<Option<Signal>>,
}

/// Where a bridge finds its broker.
#[derive(Clone, Debug)]
pub struct Uplink<'a> {
    /// The home's id.
    pub facility: &'a str,
    /// The broker.
    pub broker: SocketAddr,
    /// File with the cart's password; the user name is the cart's id.
    pub password_file: &'a Path,
}

impl Bridge {
    /// Starts the bridge of `cart`, whose scanner is plugged in under `folder`: the program beside
    /// this one where it was built, else the same code in this process.
    ///
    /// # Errors
    /// [`BridgeStartError`].
    pub fn start(
        folder: &Path,
        cart: &Post,
        uplink: &Uplink<'_>,
    ) -> Result<Self, BridgeStartError> {
        let name = cart.id.as_str();
        let failed = |why| BridgeStartError::Start { cart: name.to_owned(), why };
        let file = folder.join(name).join("bridge.toml");
        std::fs::write(&file, config(&folder.join(name), name, uplink)).map_err(failed)?;
        let (shown, panel) = watch::channel(None);
        let running = match program() {
            Some(program) => {
                Running::Program(Box::new(spawn(&program, &file, shown).map_err(failed)?))
            }
            None => inside(BridgeConfig::load(&file)?, shown),
        };
        Ok(Self { running, panel })
    }

    /// Stops it and waits until its scans are put away.
    pub async fn stop(self) {
        match self.running {
            Running::Program(mut child) => {
                let pid = child.id().and_then(|id| i32::try_from(id).ok());
                if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
                    // A child that has ended by itself cannot be told, and need not be.
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
                if tokio::time::timeout(STOP_MAX, child.wait()).await.is_err() {
                    tracing::warn!("a demo bridge did not stop and is ended");
                    let _ = child.start_kill();
                }
            }
            Running::Inside(stop, running) => {
                drop(stop);
                if tokio::time::timeout(STOP_MAX, running).await.is_err() {
                    tracing::warn!("a demo bridge did not stop");
                }
            }
        }
    }
}

fn config(folder: &Path, cart: &str, uplink: &Uplink<'_>) -> String {
    let toml = |path: PathBuf| toml::Value::String(path.display().to_string()).to_string();
    format!(
        "facility = \"{}\"\ncart = \"{cart}\"\n\
         [broker]\nhost = \"{}\"\nport = {}\nuser = \"{cart}\"\npassword_file = {}\n\
         [[scanner]]\nkind = \"serial\"\nport = {}\n[panel]\nkind = \"null\"\njson_stdout = true\n\
         [spool]\ndirectory = {}\n",
        uplink.facility,
        uplink.broker.ip(),
        uplink.broker.port(),
        toml(uplink.password_file.to_path_buf()),
        toml(folder.join("scanner")),
        toml(folder.join("spool")),
    )
}

/// `emar-bridge` beside this program.
fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.with_file_name("emar-bridge");
    beside.is_file().then_some(beside)
}

fn spawn(program: &Path, file: &Path, shown: watch::Sender<Option<Signal>>) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::piped());
    command.kill_on_drop(true);
    if std::env::var_os("RUST_LOG").is_none() {
        command.env("RUST_LOG", "warn");
    }
    let mut child = command.spawn()?;
    if let Some(output) = child.stdout.take() {
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(signal) = serde_json::from_str(&line) {
                    shown.send_replace(Some(signal));
                }
            }
        });
    }
    Ok(child)
}

/// Shows to whoever watches, and in the log.
struct Watched(watch::Sender<Option<Signal>>, NullPanel);

impl Panel for Watched {
    fn show(&mut self, signal: &Signal) {
        self.0.send_replace(Some(*signal));
        self.1.show(signal);
    }
}

fn inside(mut config: BridgeConfig, shown: watch::Sender<Option<Signal>>) -> Running {
    config.panel = emar_bridge::config::PanelConfig::default();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        // Nothing to open: the panel writes neither file nor standard output.
        let Ok(log) = NullPanel::open(None, false) else { return };
        let shutdown = async move { drop(stopped.await) };
        if let Err(why) = emar_bridge::run(config, Box::new(Watched(shown, log)), shutdown).await {
            tracing::error!(%why, "a demo bridge ended");
        }
    });
    Running::Inside(stop, running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use emar_domain::id::Slug;

    #[test]
    fn a_scanner_takes_what_a_scanner_sends_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("emar-carts-{}", std::process::id()));
        let id = |text| Slug::new(text).unwrap();
        let cart = Post { id: id("cart-1"), unit: id("east"), token: String::new() };
        let carts = DemoCarts::plug_in(&folder, &[cart]).unwrap();
        assert_eq!(carts.scan("cart-1", "]d201X\u{1d}21Y"), Ok(()));
        for bad in ["", "a\rb", "a\nb", "\u{0}", &"x".repeat(513)] {
            assert_eq!(carts.scan("cart-1", bad), Err(ScanError::Unsendable), "{bad:?}");
        }
        assert_eq!(carts.scan("cart-9", "x"), Err(ScanError::NoSuchCart));
        let link = std::fs::read_link(folder.join("cart-1/scanner")).unwrap();
        assert!(link.starts_with("/dev/pts"), "{}", link.display());
        drop(carts);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_bridge_reads_the_configuration_made_for_it() {
        let uplink = Uplink {
            facility: "oakhill",
            broker: "127.0.0.1:1884".parse().unwrap(),
            password_file: Path::new("/tmp/a \"b\"/cart-1"),
        };
        let text = config(Path::new("/tmp/a \"b\""), "cart-1", &uplink);
        let read: BridgeConfig = toml::from_str(&text).unwrap();
        assert_eq!(read.broker.port, 1884);
        assert_eq!(read.scanners[0].port(), Path::new("/tmp/a \"b\"/scanner"));
    }
}
