use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::SOON;

/// A Mosquitto of our own that asks everyone for a password.
pub(crate) struct Broker {
    pub(crate) port: u16,
    config: PathBuf,
    child: Child,
}

pub(crate) const PASSWORD: &str = "not-a-secret";

impl Broker {
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::start_knowing(folder, "").await
    }

    /// The same, with another line in its password file, after which `cart-1` is known by no other.
    pub(crate) async fn start_knowing(folder: &Path, line: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let passwords = folder.join("passwords");
        fs::write(&passwords, "").unwrap();
        for user in ["server", "cart-1"] {
            let made = Command::new("mosquitto_passwd")
                .arg("-b")
                .args([passwords.as_os_str(), user.as_ref(), PASSWORD.as_ref()])
                .stderr(Stdio::null())
                .status()
                .expect("mosquitto_passwd is missing: apt-get install mosquitto");
            assert!(made.success());
        }
        if !line.is_empty() {
            fs::write(&passwords, format!("{line}\n")).unwrap();
        }
        let config = folder.join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\nset_tcp_nodelay true\n",
            passwords.display()
        );
        fs::write(&config, text).unwrap();
        let child = spawn(&config);
        let broker = Self { port, config, child };
        broker.listening().await;
        broker
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.config);
        self.listening().await;
    }

    async fn listening(&self) {
        let until = Instant::now() + SOON;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "mosquitto does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(config: &Path) -> Child {
    let program =
        ["/usr/sbin/mosquitto", "mosquitto"].into_iter().find(|path| Path::new(path).exists());
    Command::new(program.unwrap_or("mosquitto"))
        .arg("-c")
        .arg(config)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("mosquitto is missing: apt-get install mosquitto")
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
