//! A real Mosquitto on a free loopback port, in a directory of its own.
#![allow(dead_code, unreachable_pub)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use emar_wire::Id;
use emar_wire::client::{Event, EventReceiver, Options};
use tokio::time::{Instant, sleep, timeout};

pub const PATIENCE: Duration = Duration::from_secs(15);

pub struct Mosquitto {
    pub port: u16,
    dir: PathBuf,
    child: Option<Child>,
}

impl Mosquitto {
    /// Starts with these users, each with the password `pw-{user}`, and more lines of
    /// configuration.
    pub async fn start(users: &[&str], lines: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "emar-mosquitto-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::SeqCst)
        );
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let passwords = dir.join("passwd");
        std::fs::write(&passwords, "").unwrap();
        restrict(&passwords);
        for user in users {
            let status = Command::new("mosquitto_passwd")
                .arg("-b")
                .arg(&passwords)
                .args([user.to_string(), password(user)])
                .status()
                .unwrap();
            assert!(status.success());
        }
        let root = Command::new("id").arg("-u").output().unwrap().stdout.starts_with(b"0\n");
        let conf = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\n{}\n{lines}\n",
            passwords.display(),
            if root { "user root" } else { "" },
        );
        std::fs::write(dir.join("conf"), conf).unwrap();
        let mut broker = Self { port, dir, child: None };
        broker.run().await;
        broker
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub async fn run(&mut self) {
        let program = std::env::var("EMAR_TEST_MOSQUITTO");
        let program = program.unwrap_or_else(|_| "/usr/sbin/mosquitto".to_owned());
        let log = std::fs::File::create(self.dir.join("log")).unwrap();
        let child = Command::new(program)
            .arg("-c")
            .arg(self.dir.join("conf"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("mosquitto is needed for this test; install the package mosquitto");
        self.child = Some(child);
        let until = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let log = std::fs::read_to_string(self.dir.join("log"));
            assert!(Instant::now() < until, "mosquitto did not start: {log:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn options(&self, user: &str) -> Options {
        let now = Arc::new(|| 1_793_602_800_000_000);
        Options::new(("127.0.0.1", self.port), Id::new(user).unwrap(), (user, password(user)), now)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub fn password(user: &str) -> String {
    format!("pw-{user}")
}

fn restrict(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The next event that `pick` takes; fails after [`PATIENCE`].
pub async fn wait_for<T>(
    events: &mut EventReceiver,
    mut pick: impl FnMut(Event) -> Option<T>,
) -> T {
    let search = async {
        loop {
            let event = events.recv().await.expect("the client ended");
            if let Some(found) = pick(event) {
                return found;
            }
        }
    };
    timeout(PATIENCE, search).await.expect("the event did not come")
}

pub async fn connected(events: &mut EventReceiver) -> u64 {
    wait_for(events, |event| match event {
        Event::Connected { session } => Some(session),
        _ => None,
    })
    .await
}

pub async fn disconnected(events: &mut EventReceiver) -> emar_wire::client::Lost {
    wait_for(events, |event| match event {
        Event::Disconnected { why } => Some(why),
        _ => None,
    })
    .await
}

pub async fn message(events: &mut EventReceiver) -> emar_wire::client::Message {
    wait_for(events, |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    })
    .await
}
