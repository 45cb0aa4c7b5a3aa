//! Zebra's packets: what is answered, and that no damage makes another scan.
use emar_domain::scan::framing::{
    Frame, FrameError, Framer, KeyConfig, KeyEvent, KeyFramer, Reply, SsiConfig, SsiFramer,
};
use proptest::prelude::*;

const DECODE_DATA: u8 = 0xF3;
const RESEND: u8 = 1;
const CONTINUED: u8 = 2;
/// The symbology byte of a GS1 DataMatrix; nothing here depends on it.
const SYMBOLOGY: u8 = 0x1B;

/// A packet of the scanner with its checksum.
fn packet(op: u8, status: u8, data: &[u8]) -> Vec<u8> {
    let mut packet = vec![u8::try_from(data.len() + 4).unwrap(), op, 0, status];
    packet.extend_from_slice(data);
    let sum: u32 = packet.iter().map(|b| u32::from(*b)).sum();
    let check = u16::try_from(0x1_0000 - sum).unwrap();
    packet.extend(check.to_be_bytes());
    packet
}

fn decode(status: u8, text: &str) -> Vec<u8> {
    let mut data = vec![SYMBOLOGY];
    data.extend(text.as_bytes());
    packet(DECODE_DATA, status, &data)
}

/// One line of what came out: texts of scans, codes of errors and of replies.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    scans: Vec<String>,
    errors: Vec<&'static str>,
    replies: Vec<&'static str>,
}

fn heard(reads: &[(u64, Vec<u8>)]) -> Heard {
    let mut framer = Framer::Ssi(SsiFramer::new(SsiConfig::default()));
    let (mut now_ms, mut frames, mut replies) = (0, Vec::new(), Vec::new());
    for (gap_ms, bytes) in reads {
        now_ms += gap_ms;
        framer.feed(now_ms, bytes, &mut frames, &mut replies);
    }
    framer.silence(u64::MAX, &mut frames);
    let mut heard = Heard { scans: vec![], errors: vec![], replies: vec![] };
    for frame in frames {
        match frame {
            Frame::Scan { text, .. } => heard.scans.push(text),
            Frame::Error { error, .. } => heard.errors.push(error.code()),
        }
    }
    heard.replies = replies.into_iter().map(Reply::code).collect();
    heard
}

#[test]
fn the_answers_are_packets() {
    // ACK and NAK as the guide prints them.
    assert_eq!(Reply::Ack.packet(), [0x04, 0xD0, 0x04, 0x00, 0xFF, 0x28]);
    assert_eq!(Reply::NakResend.packet(), [0x05, 0xD1, 0x04, 0x00, 0x01, 0xFF, 0x25]);
    assert_eq!(Reply::NakDenied.packet(), [0x05, 0xD1, 0x04, 0x00, 0x06, 0xFF, 0x20]);
    assert_eq!(FrameError::Checksum.code(), "checksum");
}

/// What a scanner sends, what is made of it, and what it hears: scans, errors, replies.
///
/// Reads are parted by `;` and begin with the silence before them in milliseconds. A packet is its
/// text, `^` in front a resend, `!` damaged, `~` cut off, `+` behind it continued in the next;
/// `=` and hexadecimal digits are bytes as they are, `LONG` is a text of 200 characters.
const EXCHANGES: &str = "
a scan                               | 0 ABC                        | ABC   |         | ACK
an empty scan                        | 0 .                          |       |         | ACK
an event                             | 0 =05f6000003ff02            |       |         | ACK
answers are not answered             | 0 =04d00000ff2c; 9 A         | A     |         | ACK
a packet of another kind             | 0 =05a4000078fedf; 9 A       | A     | garbage | NAK ACK
a byte that is no text               | 0 =07f3000041070cfeb2; 9 A   | A     | garbage | ACK ACK
no packet                            | 0 =0301020304; 9 A           | A     | garbage | ACK
NULs in front                        | 0 =0000; 900 A               | A     |         | ACK
the same label twice                 | 0 A; 900 A                   | A A   |         | ACK ACK
damaged, and sent again at once      | 0 !ABC; 5 ^ABC               | ABC   | checksum | NAK ACK
what is read with damage goes too    | 0 !ABC DEF; 9 ^DEF           | DEF   | checksum | NAK ACK
two equal parts                      | 0 AB+; 9 AB                  | ABAB  |         | ACK ACK
a part whose answer was lost         | 0 AB+; 99 ^AB+; 9 CD         | ABCD  |         | ACK ACK ACK
a part damaged, sent again later     | 0 AB+; 9 !CD; 250 ^CD        | ABCD  | checksum | ACK NAK ACK
a part damaged, then another scan    | 0 AB+; 9 !CD; 250 EF+; 9 GH; 9 IJ | IJ | checksum partial \
| ACK NAK ACK ACK ACK
damaged, perhaps the one before      | 0 AB+; 9 !AB+; 9 ^AB+; 9 CD  |       | checksum partial \
| ACK NAK ACK ACK
a scan that does not go on           | 0 AB+                        |       | partial | ACK
cut by silence, then another scan    | 0 AB+; 700 CD                | CD    | partial | ACK ACK
cut by silence, then its rest        | 0 AB+; 700 ^CD; 9 E          | E     | partial partial \
| ACK ACK ACK
a packet cut by silence              | 0 ~ABCD; 700 E               | E     | partial | ACK
too long over several packets        | 0 LONG+; 9 LONG+; 9 LONG+; 9 A; 9 B | B | overflow \
| ACK ACK ACK ACK ACK
";

fn sent(word: &str) -> Vec<u8> {
    if let Some(hex) = word.strip_prefix('=') {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        return (0..hex.len()).step_by(2).map(byte).collect();
    }
    let text = word.trim_start_matches(['^', '!', '~']);
    let (text, continued) = text.strip_suffix('+').map_or((text, 0), |text| (text, CONTINUED));
    let resend = if word.starts_with('^') { RESEND } else { 0 };
    let text = text.replace("LONG", &"9".repeat(200)).replace('.', "");
    let mut packet = decode(resend | continued, &text);
    match word.chars().next() {
        Some('!') => packet[5] ^= 1,
        Some('~') => packet.truncate(7),
        _ => {}
    }
    packet
}

#[test]
fn what_a_scanner_sends_and_hears() {
    let mut rows = 0;
    for line in EXCHANGES.lines().filter(|line| !line.is_empty()) {
        let [what, reads, scans, errors, replies] =
            line.split('|').map(str::trim).collect::<Vec<_>>().try_into().expect(line);
        let reads: Vec<(u64, Vec<u8>)> = reads
            .split(';')
            .map(|read| read.trim().split_once(' ').expect("GAP PACKET"))
            .map(|(gap, words)| (gap.parse().unwrap(), words.split(' ').flat_map(sent).collect()))
            .collect();
        let heard = heard(&reads);
        let got = (heard.scans.join(" "), heard.errors.join(" "), heard.replies.join(" "));
        assert_eq!(got, (scans.into(), errors.into(), replies.into()), "{what}");
        rows += 1;
    }
    assert_eq!(rows, 21);
}

/// The packets of one scan, cut into parts of these lengths.
fn parts(text: &str, lengths: &[usize]) -> Vec<(u8, String)> {
    let mut rest = text;
    let mut parts = Vec::new();
    for length in lengths {
        let (part, after) = rest.split_at((*length).min(rest.len()));
        if after.is_empty() {
            break;
        }
        parts.push((CONTINUED, part.to_owned()));
        rest = after;
    }
    parts.push((0, rest.to_owned()));
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn packets_do_not_see_how_reads_are_cut(
        texts in prop::collection::vec("[ -~\u{1d}]{0,40}", 1..5),
        lengths in prop::collection::vec(1usize..15, 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let sent = texts.iter().flat_map(|text| parts(text, &lengths));
        let bytes: Vec<u8> = sent.flat_map(|(status, part)| decode(status, &part)).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut reads, mut from) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([bytes.len()]) {
            reads.push((1, bytes[from..cut].to_vec()));
            from = cut;
        }
        let cut = heard(&reads);
        prop_assert_eq!(&cut, &heard(&[(0, bytes)]));
        let want: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(cut.scans, want);
        prop_assert!(cut.errors.is_empty());
    }

    #[test]
    fn any_bytes_are_survived(
        reads in prop::collection::vec(
            (0u64..3_000, prop::collection::vec(any::<u8>(), 0..60)),
            0..20,
        ),
    ) {
        let _ = heard(&reads);
    }

    #[test]
    fn a_flipped_byte_makes_no_scan(
        text in "[ -~]{1,40}",
        at in any::<usize>(),
        by in 1u8..=255,
    ) {
        let mut bytes = decode(0, &text);
        let at = at % bytes.len();
        bytes[at] = bytes[at].wrapping_add(by);
        let heard = heard(&[(0, bytes)]);
        prop_assert!(heard.scans.is_empty());
        prop_assert!(!heard.replies.contains(&"ACK"));
    }

    #[test]
    fn lost_answers_and_damage_leave_one_scan(
        text in "[ -~]{1,60}",
        lengths in prop::collection::vec(1usize..15, 0..5),
        troubles in prop::collection::vec(0u8..3, 1..8),
        gap_ms in 0u64..200,
    ) {
        let mut reads = Vec::new();
        let sent = parts(&text, &lengths).into_iter().zip(troubles.iter().cycle());
        for ((status, part), trouble) in sent {
            let (first, again) = (decode(status, &part), decode(status | RESEND, &part));
            match trouble {
                0 => reads.push((gap_ms, first)),
                1 => reads.extend([(gap_ms, first), (gap_ms, again)]),
                _ => {
                    let mut damaged = first;
                    *damaged.last_mut().unwrap() ^= 0x10;
                    reads.extend([(gap_ms, damaged), (gap_ms, again)]);
                }
            }
        }
        // A resend cannot be told from an equal part before it: then there is no scan at all.
        let equal_parts = parts(&text, &lengths).windows(2).any(|two| two[0].1 == two[1].1);
        let scans = heard(&reads).scans;
        prop_assert!(scans == [text] || (equal_parts && scans.is_empty()), "{scans:?}");
    }

    #[test]
    fn any_keys_are_survived_and_what_they_type_is_text(
        keys in prop::collection::vec((0u8..5, any::<u16>(), 0u64..400), 0..200),
    ) {
        let mut framer = KeyFramer::new(KeyConfig { max_len: 64, ..KeyConfig::default() });
        let (mut now_ms, mut frames) = (0, Vec::new());
        for (what, code, gap_ms) in keys {
            now_ms += gap_ms;
            // Mostly keys that a keyboard has.
            let code = if what == 4 { code } else { code % 128 };
            framer.feed(now_ms, key_event(what, code), &mut frames);
        }
        for frame in &frames {
            if let Frame::Scan { text, .. } = frame {
                prop_assert!(text.len() <= 64);
                let readable = |b: u8| matches!(b, 0x20..=0x7E | 0x1D | 0x1E | 0x04);
                prop_assert!(text.bytes().all(readable), "{:?}", text);
            }
        }
        // Whatever was typed and held: after a silence, with all keys let go, a code is itself.
        framer.silence(now_ms + 1_000, &mut frames);
        framer.let_go();
        frames.clear();
        for code in [27, 32, 3, 28] {
            framer.feed(now_ms + 1_000, KeyEvent::Pressed(code), &mut frames);
        }
        prop_assert_eq!(frames, [Frame::Scan { at_ms: now_ms + 1_000, text: "]d2".to_owned() }]);
    }
}

fn key_event(what: u8, code: u16) -> KeyEvent {
    match what {
        0 | 4 => KeyEvent::Pressed(code),
        1 => KeyEvent::Released(code),
        2 => KeyEvent::Repeated(code),
        _ => KeyEvent::Lost,
    }
}
