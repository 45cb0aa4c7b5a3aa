use std::fs;
use std::path::{Path, PathBuf};

use emar_bridge::Config;
use emar_bridge::panel::{Cause, Panel, Signal};
use emar_bridge::scanner::pty::PtyScanner;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::SOON;
use super::broker::PASSWORD;

/// A configuration file in `folder` for the scanner link `folder/scanner`.
pub(crate) fn write_config(folder: &Path, port: u16, panel: &str) -> PathBuf {
    write_config_of(folder, port, panel, &[("scanner", "")])
}

/// The same for several scanners: the link of each and what else stands in its table.
pub(crate) fn write_config_of(
    folder: &Path,
    port: u16,
    panel: &str,
    scanners: &[(&str, &str)],
) -> PathBuf {
    let password = folder.join("cart-password");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let at = folder.display();
    let table = |(link, rest): &(&str, &str)| {
        format!("[[scanner]]\nkind = \"serial\"\nport = \"{at}/{link}\"\n{rest}\n")
    };
    let scanners: String = scanners.iter().map(table).collect();
    let text = format!(
        "facility = \"oakhill\"\ncart = \"cart-1\"\n\
         [broker]\nport = {port}\nuser = \"cart-1\"\npassword_file = \"{at}/cart-password\"\n\
         {scanners}\
         [panel]\n{panel}\n[spool]\ndirectory = \"{at}/spool\"\n"
    );
    let file = folder.join("bridge.toml");
    fs::write(&file, text).unwrap();
    file
}

struct Recorder(mpsc::UnboundedSender<Signal>);

impl Panel for Recorder {
    fn show(&mut self, signal: &Signal) {
        let _ = self.0.send(*signal);
    }
}

/// A cart with the bridge running in this process.
pub(crate) struct Cart {
    pub(crate) scanner: Option<PtyScanner>,
    /// Those beside the first.
    pub(crate) others: Vec<PtyScanner>,
    link: PathBuf,
    panel: mpsc::UnboundedReceiver<Signal>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

impl Cart {
    /// Starts and waits until scanner and broker are there.
    pub(crate) async fn start(folder: &Path, port: u16) -> Self {
        Self::start_of(folder, port, &[("scanner", "")]).await
    }

    /// The same with several scanners.
    pub(crate) async fn start_of(folder: &Path, port: u16, scanners: &[(&str, &str)]) -> Self {
        let config = write_config_of(folder, port, "kind = \"null\"", scanners);
        let config = Config::load(&config).unwrap();
        let link = folder.join(scanners[0].0);
        let scanner = Some(PtyScanner::plug_in(&link).unwrap());
        let plug_in = |(link, _): &(&str, &str)| PtyScanner::plug_in(&folder.join(link)).unwrap();
        let others = scanners[1..].iter().map(plug_in).collect();
        let (shown, panel) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            let shutdown = async move { drop(stopped.await) };
            emar_bridge::run(config, Box::new(Recorder(shown)), shutdown).await.unwrap();
        });
        let mut cart = Self { scanner, others, link, panel, stop, running };
        cart.until(Cause::Ready).await;
        cart
    }

    pub(crate) fn scan(&mut self, text: &str) {
        self.scanner.as_mut().unwrap().send(format!("{text}\r").as_bytes()).unwrap();
    }

    pub(crate) fn unplug(&mut self) {
        self.scanner = None;
    }

    pub(crate) fn plug_in(&mut self) {
        self.scanner = Some(PtyScanner::plug_in(&self.link).unwrap());
    }

    /// The next state of the panel.
    pub(crate) async fn next(&mut self) -> Signal {
        let until = Instant::now() + SOON;
        timeout_at(until, self.panel.recv()).await.expect("the panel shows something").unwrap()
    }

    /// Everything shown up to and with the first state of `cause`.
    pub(crate) async fn until(&mut self, cause: Cause) -> Vec<Signal> {
        let until = Instant::now() + SOON;
        let mut shown = Vec::new();
        loop {
            let next = timeout_at(until, self.panel.recv()).await;
            let signal = next.unwrap_or_else(|_| panic!("no {cause:?} after {shown:?}")).unwrap();
            shown.push(signal);
            if signal.cause == cause {
                return shown;
            }
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}
