//! One cart's connection: HTTP/1.1, kept alive, one request at a time.

use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER_MAX: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
const READ_BYTES: usize = 16 * 1024;

/// An answer, its body still as bytes.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A connection of one cart.
pub struct Connection {
    stream: TcpStream,
    host: SocketAddr,
    /// Lines of every request: who asks.
    credentials: String,
    read: Vec<u8>,
}

impl Connection {
    /// Connects; `device` is the cart's token.
    ///
    /// # Errors
    /// When the server does not take the connection.
    pub async fn open(server: SocketAddr, device: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let credentials = format!("emar-device: {device}\r\n");
        Ok(Self { stream, host: server, credentials, read: Vec::new() })
    }

    /// Sends this session's token from now on.
    pub fn signed_on(&mut self, session: &str) {
        self.credentials.push_str(&format!("Authorization: Bearer {session}\r\n"));
    }

    /// Asks for something.
    ///
    /// # Errors
    /// When the connection broke: whether it was carried out is not known.
    pub async fn post(&mut self, path: &str, body: &Value) -> io::Result<Reply> {
        let body = body.to_string();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            self.credentials,
            body.len()
        );
        let exchange = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.receive().await
        };
        let slow = || io::Error::new(io::ErrorKind::TimedOut, "no answer in 30 s");
        tokio::time::timeout(ANSWER_MAX, exchange).await.map_err(|_| slow())?
    }

    async fn receive(&mut self) -> io::Result<Reply> {
        self.read.clear();
        loop {
            if let Some((status, from, length)) = head(&self.read)? {
                let end = from + length;
                if self.read.len() >= end {
                    let body = self.read.get(from..end).unwrap_or_default().to_vec();
                    return Ok(Reply { status, body });
                }
            }
            self.read.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.read.len() > ANSWER_BYTES_MAX {
                return Err(unreadable("an answer longer than 4 MiB"));
            }
        }
    }
}

fn unreadable(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Status, where the body begins, and its length; `None`: the head is not whole yet.
fn head(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = bytes.get(..end).and_then(|b| std::str::from_utf8(b).ok());
    let text = text.ok_or_else(|| unreadable("a head that is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let status = status.ok_or_else(|| unreadable("no status"))?;
    let fields = lines.filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = match lengths.next() {
        Some((_, value)) => value.trim().parse().map_err(|_| unreadable("no length"))?,
        None if status == 204 => 0,
        None => return Err(unreadable("an answer without a length")),
    };
    Ok(Some((status, end + 4, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(head(whole).unwrap(), Some((200, 38, 3)));
        assert_eq!(head(&whole[..30]).unwrap(), None);
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap(), Some((204, 27, 0)));
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(head(b"junk\r\n\r\n").is_err());
    }
}
