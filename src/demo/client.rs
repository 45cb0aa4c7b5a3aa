//! The API's smallest client: one request, one connection. The robots use it as a person's browser
//! would.

use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_MAX: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("the server cannot be reached: {0}")]
    Network(#[from] std::io::Error),
    /// No answer in time.
    #[error("the server did not answer within {} s", ANSWER_MAX.as_secs())]
    Slow,
    /// Not HTTP, or not JSON.
    #[error("the server's answer could not be read")]
    Unreadable,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The JSON body; null when there is none.
    pub body: Value,
}

impl Answer {
    /// Whether it was carried out.
    #[must_use]
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A client of one server, at most with one session.
#[derive(Clone, Debug)]
pub struct Client {
    server: SocketAddr,
    session: Option<String>,
}

impl Client {
    /// A client without a session.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Self { server, session: None }
    }

    /// Sends this session's token from now on.
    pub fn signed_on(&mut self, session: Option<String>) {
        self.session = session;
    }

    /// Reads.
    ///
    /// # Errors
    /// [`ClientError`]; a refusal is an [`Answer`].
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.send("GET", path, None, None).await
    }

    /// Asks for something, once: `key` is the same at each repeat.
    ///
    /// # Errors
    /// [`ClientError`]; a refusal is an [`Answer`].
    pub async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Answer, ClientError> {
        self.send("POST", path, Some(body), key).await
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Answer, ClientError> {
        let body = body.map(Value::to_string).unwrap_or_default();
        // HTTP/1.0: the answer ends with the connection and is never sent in chunks.
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.server);
        if let Some(session) = &self.session {
            head.push_str(&format!("Authorization: Bearer {session}\r\n"));
        }
        if let Some(key) = key {
            head.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        if !body.is_empty() {
            let length = body.len();
            head.push_str("Content-Type: application/json\r\n");
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        let text = format!("{head}\r\n{body}");
        let exchange = async {
            let mut stream = TcpStream::connect(self.server).await?;
            stream.write_all(text.as_bytes()).await?;
            let mut bytes = Vec::new();
            stream.take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await?;
            Ok::<_, std::io::Error>(bytes)
        };
        let bytes = tokio::time::timeout(ANSWER_MAX, exchange).await;
        read(&bytes.map_err(|_| ClientError::Slow)??).ok_or(ClientError::Unreadable)
    }
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = bytes.get(end + 4..)?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).ok()? };
    Some(Answer { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        let answer = read(b"HTTP/1.0 409 Conflict\r\nA: b\r\n\r\n{\"code\":\"x\"}").unwrap();
        assert_eq!((answer.status, answer.body["code"].as_str()), (409, Some("x")));
        assert!(read(b"HTTP/1.0 204 No Content\r\n\r\n").unwrap().is_done());
        for bad in ["", "HTTP/1.0 200 OK\r\n", "HTTP/1.0 200 OK\r\n\r\n{", "junk\r\n\r\n"] {
            assert!(read(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_request_says_who_asks_and_what_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = Client::new(listener.local_addr().unwrap());
        client.signed_on(Some("t0".into()));
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let mut count = 0;
            while !bytes[..count].ends_with(b"{\"a\":1}") {
                count += stream.read(&mut bytes[count..]).await.unwrap();
            }
            stream.write_all(b"HTTP/1.0 201 Created\r\n\r\n{\"b\":2}").await.unwrap();
            String::from_utf8(bytes[..count].to_vec()).unwrap()
        });
        let answer = client.post("/x", &json!({"a": 1}), Some("k0")).await.unwrap();
        assert_eq!((answer.status, answer.body), (201, json!({"b": 2})));
        let asked = served.await.unwrap();
        for part in ["POST /x HTTP/1.0", "Authorization: Bearer t0", "Idempotency-Key: k0"] {
            assert!(asked.contains(part), "{asked}");
        }
    }
}
