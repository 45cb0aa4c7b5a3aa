//! Bytes with gaps from a file, for tests and for what a scanner was heard to send.
//!
//! One read a line: `GAP_MS HEX`, for example `0 3031320d`. Empty lines and `#` are skipped.

use std::time::Duration;

use emar_domain::scan::framing::Framer;

use super::{Feed, Gone};

/// One read and the silence before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Silence before the bytes.
    pub gap: Duration,
    /// What one read returned.
    pub bytes: Vec<u8>,
}

/// A line of a replay file that does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the replay is not \"GAP_MS HEX\"; write for example: 0 3031320d")]
pub struct ReplayError {
    /// Counted from 1.
    pub line: usize,
}

/// Reads a replay.
///
/// # Errors
/// The first line that does not read.
pub fn parse(text: &str) -> Result<Vec<Chunk>, ReplayError> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| chunk(line).ok_or(ReplayError { line: number }))
        .collect()
}

fn chunk(line: &str) -> Option<Chunk> {
    let (gap_ms, hex) = line.split_once(' ')?;
    let gap = Duration::from_millis(gap_ms.parse().ok()?);
    let bytes = crate::hex::decode(hex.trim())?;
    Some(Chunk { gap, bytes })
}

/// Plays `chunks` into `feed` as fast as it takes them, then endless silence.
///
/// # Errors
/// Nobody listens any more.
pub fn play(chunks: &[Chunk], feed: &mut Feed<Framer>) -> Result<(), Gone> {
    for chunk in chunks {
        feed.bytes(chunk.gap, &chunk.bytes)?;
    }
    feed.silence(Duration::from_secs(3600))
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::Config;
    use crate::config::{EXAMPLE, ScannerConfig};
    use crate::scanner::ScannerEvent;

    fn played(suffix: &str, replay: &str) -> Vec<String> {
        let toml = EXAMPLE.replace("suffix = \"CR\"", &format!("suffix = \"{suffix}\""));
        let config = Config::parse(&toml, std::path::Path::new("bridge.toml")).unwrap();
        let (events, mut got) = mpsc::channel(100);
        let ScannerConfig::Serial(serial) = &config.scanners[0] else { panic!("not serial") };
        let mut feed = Feed::serial(0, serial, events);
        play(&parse(replay).unwrap(), &mut feed).unwrap();
        let mut seen = Vec::new();
        while let Ok((_, event)) = got.try_recv() {
            seen.push(match event {
                ScannerEvent::Code(text) => text,
                ScannerEvent::Unreadable(why) => format!("!{}", why.code()),
                ScannerEvent::Link(_) => unreachable!("a replay has no port"),
            });
        }
        seen
    }

    #[test]
    fn a_replay_is_framed_like_the_line() {
        let rows: &[(&str, &str, &[&str])] = &[
            ("CR", "0 3132\n50 33 \n50 0d", &["123"]),
            ("CR", "# cut off\n0 3132\n\n900 33340d", &["!partial", "34"]),
            ("NONE", "0 3132\n900 3334", &["12", "34"]),
            ("CR", "0 31320d\n120 31320d\n600 31320d", &["12", "12"]),
            ("CR", "0 31ff320d", &["!garbage"]),
        ];
        for (suffix, replay, want) in rows {
            assert_eq!(&played(suffix, replay), want, "{suffix} {replay}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["0 3132\n31", "0 3132\nx 31", "0 3132\n0 3", "0 3132\n0 zz"] {
            assert_eq!(parse(bad), Err(ReplayError { line: 2 }), "{bad}");
        }
    }
}
