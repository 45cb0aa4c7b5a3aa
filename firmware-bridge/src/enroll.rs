//! Enrolling a bridge: a one-time code from `emar cart add --bridge` becomes the cart's secret.
//!
//! It is the enrolment of the pages (`POST /enrol`): the server answers the code, once, with a
//! token and keeps the token's hash. The token is the cart's password at the broker.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use emar_wire::Id;
use sha2::{Digest, Sha256, Sha512};

use crate::config::EXAMPLE;

const ANSWER_MAX: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
const PASSWORD_FILE: &str = "broker-password";
const KEY_FILE: &str = "server.vkey";
const CONFIG_FILE: &str = "bridge.toml";

/// What is enrolled, and where.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The server, `http://127.0.0.1:8080`: loopback, the cart's end of the TLS tunnel.
    pub server: String,
    /// Opaque id of the home.
    pub facility: Id,
    /// Opaque id of the cart.
    pub cart: Id,
    /// The server's public key as `emar cart add --bridge` prints it; heartbeats are believed from
    /// it alone.
    pub server_key: Option<String>,
    /// Where the secrets go, and the configuration unless there is one.
    pub folder: PathBuf,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// The cart's line for the password file of a Mosquitto; it holds a hash alone.
    pub mosquitto_line: String,
}

/// Nothing was enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// The address of the server.
    #[error(
        "--server {0}: the code would cross the network in clear; run a TLS tunnel on this cart \
         and name its loopback end, for example http://127.0.0.1:8080"
    )]
    NotLoopback(String),
    /// The key.
    #[error("--server-key is no public key; copy the line <name>+<hash>+<base64> in quotes")]
    Key,
    /// The server cannot be reached, or breaks off.
    #[error("the server does not answer: {0}; is it running, and is the tunnel up?")]
    Unreachable(#[source] io::Error),
    /// The server refuses.
    #[error("the code does not fit or was used; ask for a new one: emar cart add --bridge")]
    Refused,
    /// Something else than the server answers there.
    #[error("{0} answers, but not as an emar server; check --server")]
    Foreign(String),
    /// A file.
    #[error("{path} could not be written: {why}; run as root, or name another --folder")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        why: io::Error,
    },
}

/// Takes the code to the server and writes what comes of it. The code is spent only once every
/// file could be begun.
///
/// # Errors
/// [`EnrollError`]; files that were there stay as they were.
pub fn enroll(asked: &Enrolment, code: &str) -> Result<Enrolled, EnrollError> {
    if asked.server_key.as_deref().is_some_and(|key| crate::key::parse(key).is_none()) {
        return Err(EnrollError::Key);
    }
    let authority = loopback(&asked.server)?;
    let mut folder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(folder.recursive(true), 0o755);
    folder.create(&asked.folder).map_err(failed(&asked.folder))?;
    let password = Begun::new(asked.folder.join(PASSWORD_FILE), 0o600)?;
    let key = asked.server_key.as_ref().map(|key| {
        Begun::new(asked.folder.join(KEY_FILE), 0o644).map(|file| (file, format!("{key}\n")))
    });
    let key = key.transpose()?;
    let config = asked.folder.join(CONFIG_FILE);
    let config = if config.exists() { None } else { Some(Begun::new(config, 0o644)?) };

    let token = token(&authority, &asked.cart, code)?;
    let mut files = vec![password.finish(&format!("{token}\n"))?];
    if let Some((file, key)) = key {
        files.push(file.finish(&key)?);
    }
    if let Some(file) = config {
        files.push(file.finish(&configured(asked))?);
    }
    Ok(Enrolled { files, mosquitto_line: mosquitto_line(&asked.cart, &token) })
}

/// The example with this cart in it.
fn configured(asked: &Enrolment) -> String {
    let key = asked.folder.join(KEY_FILE);
    let text = EXAMPLE
        .replace("facility = \"oakhill\"", &format!("facility = \"{}\"", asked.facility))
        .replace("\"cart-1\"", &format!("\"{}\"", asked.cart));
    match asked.server_key {
        Some(_) => text.replace(
            "# server_key_file = \"/etc/emar-bridge/server.vkey\"",
            &format!("server_key_file = \"{}\"", key.display()),
        ),
        None => text,
    }
}

/// The host and port of a server on loopback.
fn loopback(server: &str) -> Result<String, EnrollError> {
    let elsewhere = || EnrollError::NotLoopback(server.to_owned());
    let rest = server.strip_prefix("http://").ok_or_else(elsewhere)?;
    let authority = rest.trim_end_matches('/');
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let here = host == "localhost" || address.is_some_and(|address| address.is_loopback());
    if here && port.parse::<u16>().is_ok() {
        Ok(format!("{host}:{port}"))
    } else {
        Err(elsewhere())
    }
}

fn token(authority: &str, cart: &Id, code: &str) -> Result<String, EnrollError> {
    let answer = post(authority, cart, code).map_err(EnrollError::Unreachable)?;
    let mut lines = answer.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if matches!(status, "401" | "429") {
        return Err(EnrollError::Refused);
    }
    let cookies = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value.trim())
    });
    cookies
        .filter_map(|cookie| cookie.split(';').next()?.split_once('='))
        .find(|(name, value)| {
            let digits = value.bytes().all(|byte| byte.is_ascii_hexdigit());
            *name == "__Host-emar-device" && value.len() == 64 && digits
        })
        .filter(|_| status == "303")
        .map(|(_, value)| value.to_owned())
        .ok_or_else(|| EnrollError::Foreign(authority.to_owned()))
}

/// The head of the server's answer.
fn post(authority: &str, cart: &Id, code: &str) -> io::Result<String> {
    let address = authority.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    // Of a code that is none only its digits and letters go out.
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let body = format!("device={cart}-bridge&code={code}");
    let head = format!(
        "POST /enrol HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.split("\r\n\r\n").next().unwrap_or_default().to_owned())
}

/// A file that can be written, and is not yet in its place.
struct Begun {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl Begun {
    fn new(path: PathBuf, mode: u32) -> Result<Self, EnrollError> {
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        // One left by an enrolment that broke off may have other rights.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&beside);
        Ok(Self { file: file.map_err(failed(&path))?, path, beside })
    }

    fn finish(mut self, text: &str) -> Result<PathBuf, EnrollError> {
        let written = (|| {
            self.file.write_all(text.as_bytes())?;
            self.file.sync_all()?;
            fs::rename(&self.beside, &self.path)?;
            self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        })();
        written.map_err(failed(&self.path))?;
        Ok(self.path.clone())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        // Gone already once it is in its place.
        let _ = fs::remove_file(&self.beside);
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> EnrollError {
    let path = path.to_owned();
    move |why| EnrollError::File { path, why }
}

/// The number of rounds that `mosquitto_passwd` takes; the password is 256 random bits.
const ROUNDS: u32 = 101;
const SALT_BYTES: usize = 12;

/// Mosquitto's own form, `$7$rounds$salt$hash`: PBKDF2 with HMAC-SHA512.
fn mosquitto_line(cart: &Id, token: &str) -> String {
    let salt = &Sha256::digest(format!("salt {token}"))[..SALT_BYTES];
    let hash = pbkdf2(token.as_bytes(), salt, ROUNDS);
    format!("{cart}:$7${ROUNDS}${}${}", STANDARD.encode(salt), STANDARD.encode(hash))
}

/// The first 64 bytes of PBKDF2 (RFC 8018) with HMAC-SHA512, for passwords of at most 128 bytes.
fn pbkdf2(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 64] {
    let block = [salt, &1u32.to_be_bytes()].concat();
    let mut last = hmac(password, &block);
    let mut sum = last;
    for _ in 1..rounds {
        last = hmac(password, &last);
        sum.iter_mut().zip(last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// HMAC (RFC 2104) with SHA-512, for keys of at most 128 bytes.
fn hmac(key: &[u8], text: &[u8]) -> [u8; 64] {
    let padded = |with: u8| {
        let mut block = [with; 128];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha512::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha512::new().chain_update(padded(0x5C)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_tunnel_is_asked() {
        let good = [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://localhost:8080/", "localhost:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://localhost", "localhost:80"),
        ];
        for (server, want) in good {
            assert_eq!(loopback(server).unwrap(), want);
        }
        let bad = [
            "http://10.0.0.7:8080",
            "http://emar.example",
            "https://127.0.0.1",
            "127.0.0.1:8080",
            "http://127.0.0.1:x",
            "http://127.0.0.1.example:80",
        ];
        for server in bad {
            assert!(matches!(loopback(server), Err(EnrollError::NotLoopback(_))), "{server}");
        }
    }

    #[test]
    fn pbkdf2_is_the_standard_one() {
        let hex = |bytes: [u8; 64]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let one = "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252\
                   c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce";
        let two = "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c\
                   f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e";
        assert_eq!(hex(pbkdf2(b"password", b"salt", 1)), one);
        assert_eq!(hex(pbkdf2(b"password", b"salt", 2)), two);
    }

    #[test]
    fn the_configuration_is_good_and_names_the_cart() {
        let asked = Enrolment {
            server: String::new(),
            facility: Id::new("larkfield").unwrap(),
            cart: Id::new("cart-7").unwrap(),
            server_key: Some(String::new()),
            folder: "/etc/emar-bridge".into(),
        };
        let config = crate::Config::parse(&configured(&asked), Path::new("x")).unwrap();
        assert_eq!((config.facility.as_str(), config.cart.as_str()), ("larkfield", "cart-7"));
        assert_eq!(config.broker.user, "cart-7");
        assert_eq!(
            config.broker.server_key_file.unwrap(),
            Path::new("/etc/emar-bridge/server.vkey")
        );
    }
}
