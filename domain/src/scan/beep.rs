//! What a scanner is told so that it beeps the verdict itself.
//!
//! Sources: Honeywell, Xenon/Granit User Guide, "Host ACK Responses"; Datalogic, Gryphon Product
//! Reference Guide, "Message Formatting" and "LED and Beeper Control".

/// Whose commands a scanner takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beeper {
    /// Honeywell with Host ACK on: silent and blocked until it is told something.
    Honeywell,
    /// Datalogic; without ACK from the host a message begins with DC2.
    Datalogic,
}

/// What the nurse is to hear from the scanner in her hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beep {
    /// Committed, with a receipt. The only one with a green light.
    Given,
    /// Noted; nothing is charted.
    Noted,
    /// A question.
    Ask,
    /// Stop, or no answer.
    Stop,
}

impl Beeper {
    /// The bytes to send. A question has a low beep of its own: it must be neither the good tone
    /// nor the stop, and a blocked scanner must be told something.
    pub fn bytes(self, beep: Beep) -> &'static [u8] {
        match (self, beep) {
            (Self::Honeywell, Beep::Given) => b"\x1b7,",
            (Self::Honeywell, Beep::Noted) => b"\x1b5,",
            (Self::Honeywell, Beep::Ask) => b"\x1b4,",
            (Self::Honeywell, Beep::Stop) => b"\x1b8,",
            (Self::Datalogic, Beep::Given) => b"\x12\x1b[6q\x1b[3q\x1b[7q\r",
            (Self::Datalogic, Beep::Noted) => b"\x12\x1b[0q\r",
            (Self::Datalogic, Beep::Ask) => b"\x12\x1b[1q\r",
            (Self::Datalogic, Beep::Stop) => b"\x12\x1b[4q\r",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn green_and_the_good_tone_are_for_what_is_committed() {
        // Commands that light green or sound as a good read, by maker.
        let makers: [(Beeper, &[&[u8]]); 2] = [
            (Beeper::Honeywell, &[b"\x1b1", b"\x1b2", b"\x1b3", b"\x1b7"]),
            (Beeper::Datalogic, &[b"\x1b[6q", b"\x1b[3q"]),
        ];
        for (maker, good) in makers {
            for beep in [Beep::Given, Beep::Noted, Beep::Ask, Beep::Stop] {
                let bytes = maker.bytes(beep);
                let says = good.iter().any(|good| bytes.windows(good.len()).any(|at| at == *good));
                assert_eq!(says, beep == Beep::Given, "{maker:?} {beep:?}");
            }
        }
    }

    #[test]
    fn each_word_has_its_own_command_in_the_makers_form() {
        let all = [Beep::Given, Beep::Noted, Beep::Ask, Beep::Stop];
        for (index, beep) in all.into_iter().enumerate() {
            let (honeywell, datalogic) =
                (Beeper::Honeywell.bytes(beep), Beeper::Datalogic.bytes(beep));
            assert!(matches!(honeywell, [0x1B, b'1'..=b'8', b',']), "{beep:?}");
            assert!(matches!(datalogic, [0x12, 0x1B, b'[', .., b'q', b'\r']), "{beep:?}");
            for other in &all[index + 1..] {
                assert_ne!(honeywell, Beeper::Honeywell.bytes(*other));
                assert_ne!(datalogic, Beeper::Datalogic.bytes(*other));
            }
        }
    }
}
