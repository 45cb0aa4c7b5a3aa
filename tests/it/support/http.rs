//! The smallest client: one request, one connection, every byte of it the test's own.

use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).bytes(body.to_string().into_bytes())
    }

    /// A JSON body, whatever it holds.
    pub(crate) fn bytes(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("Content-Type", "application/json")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a session's token, as a client that is no browser sends it.
    pub(crate) fn by(self, session: &str) -> Self {
        self.header("Authorization", &format!("Bearer {session}"))
    }

    /// With the token of an enrolled device.
    pub(crate) fn at(self, device: &str) -> Self {
        self.header("Emar-Device", device)
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// Sends it and reads the answer's head and, unless it is a stream, its body.
    pub(crate) async fn send(&self, server: SocketAddr) -> Reply {
        let exchange = exchange(self, server);
        let reply = tokio::time::timeout(Duration::from_secs(30), exchange).await;
        reply.unwrap_or_else(|_| panic!("{} {} was not answered", self.method, self.path))
    }
}

async fn exchange(asked: &Asked, server: SocketAddr) -> Reply {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\nContent-Length: {}\r\n",
        asked.method,
        asked.path,
        asked.body.len()
    );
    // What changes an order carries a key; a test that says none asks for something new each time.
    let named = |(name, _): &(String, String)| name == "Idempotency-Key";
    let orders = asked.method == "POST" && asked.path.starts_with("/api/v1/orders");
    if orders && !asked.headers.iter().any(named) {
        head.push_str(&format!("Idempotency-Key: {}\r\n", uuid::Uuid::now_v7()));
    }
    for (name, value) in &asked.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let (mut from, mut to) = TcpStream::connect(server).await.unwrap().into_split();
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&asked.body);
    // A server that has refused a body need not read it to its end.
    let sent = tokio::spawn(async move {
        let _ = to.write_all(&bytes).await;
        to
    });
    let reply = read(&mut from).await;
    drop(sent.await);
    reply.unwrap_or_else(|| panic!("{} {}: no answer that is HTTP", asked.method, asked.path))
}

async fn read(from: &mut (impl AsyncReadExt + Unpin)) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        if let Some(reply) = parse(&bytes) {
            return Some(reply);
        }
        match from.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&piece[..n]),
        }
    }
}

/// The answer, once it is whole; of a stream only the head.
fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let pairs = lines.filter_map(|l| l.split_once(':'));
    let headers: Vec<(String, String)> =
        pairs.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let mut reply = Reply { status, headers, text: String::new() };
    let length: usize = reply.header("content-length").map_or(0, |l| l.parse().unwrap());
    let body = bytes.get(end + 4..end + 4 + length)?;
    reply.text = String::from_utf8_lossy(body).into_owned();
    Some(reply)
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The body of an answer with this status; anything else fails the test.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem's code; the answer must be a problem with this status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        let body = self.json();
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{body}");
        assert_eq!(body["status"], status);
        body["code"].as_str().unwrap().to_owned()
    }
}
