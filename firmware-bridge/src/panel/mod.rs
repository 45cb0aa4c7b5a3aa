//! What the nurse sees and hears at the cart: three lights and a buzzer; its button, its drawer.

mod drawer;
mod null;
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "arm")))]
mod pi;

pub use drawer::Drawer;
pub use null::NullPanel;
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "arm")))]
pub use pi::PiPanel;

use emar_domain::scan::beep::Beep;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use crate::config::PanelConfig;

/// The one light that is on. `Off` while idle and while a scan waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    /// Nothing to say: idle, waiting, or noted without a receipt.
    Off,
    /// Committed: the server's receipt is here.
    Green,
    /// A question for the nurse, or a technical state.
    Amber,
    /// Stop: do not give.
    Red,
}

/// A sound of the cart; always the twin of something seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// 880 Hz then 1320 Hz, 0.2 s in all: committed, with a receipt.
    Given,
    /// 880 Hz for 0.07 s: noted, partial or in the pot.
    Noted,
    /// 196 Hz three times, 0.22 s apart.
    Stop,
}

/// One tone of a sound: frequency in hertz (0 is silence) and how long in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// Frequency in hertz; 0 is silence.
    pub hertz: u32,
    /// Length in milliseconds.
    pub length_ms: u32,
}

impl Sound {
    /// The tones in order.
    #[must_use]
    pub fn tones(self) -> &'static [Tone] {
        const fn tone(hertz: u32, length_ms: u32) -> Tone {
            Tone { hertz, length_ms }
        }
        const GIVEN: &[Tone] = &[tone(880, 100), tone(1320, 100)];
        const NOTED: &[Tone] = &[tone(880, 70)];
        const STOP: &[Tone] =
            &[tone(196, 140), tone(0, 80), tone(196, 140), tone(0, 80), tone(196, 140)];
        match self {
            Self::Given => GIVEN,
            Self::Noted => NOTED,
            Self::Stop => STOP,
        }
    }
}

/// Why the panel shows what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Scanner and server are there, nothing is asked.
    Ready,
    /// A scan was read and waits for its verdict.
    Waiting,
    /// Verdict ok with a receipt.
    Committed,
    /// Verdict ok without a receipt: noted, nothing is charted.
    Noted,
    /// Verdict ask.
    Ask,
    /// Verdict stop.
    Stop,
    /// No verdict in time, or no link: the scan is spent, scan again or check by hand.
    NoAnswer,
    /// The scanner sent something that is not one whole code: scan again.
    Unreadable,
    /// No link to the broker.
    LinkDown,
    /// The broker is there, the server has been silent for too long.
    ServerSilent,
    /// The scanner cannot be read: unplugged, taken by another program or refused.
    ScannerDown,
    /// The store for unanswered scans refuses, full or broken: no scan is taken.
    SpoolBroken,
    /// The cart's clock is far from the server's, which will take scans for old ones.
    ClockOff,
}

/// One state of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The light that is on from now on.
    pub light: Light,
    /// The sound played once, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sound: Option<Sound>,
    /// Why.
    pub cause: Cause,
    /// The scan it answers, if it answers one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scan_id: Option<Uuid>,
}

impl Signal {
    /// A state that answers no scan and makes no sound.
    #[must_use]
    pub fn quiet(light: Light, cause: Cause) -> Self {
        Self { light, sound: None, cause, scan_id: None }
    }

    /// What the scanner that read the code is told to beep, where it takes commands.
    #[must_use]
    pub fn beep(&self) -> Option<Beep> {
        match self.cause {
            Cause::Committed if self.light == Light::Green => Some(Beep::Given),
            Cause::Noted => Some(Beep::Noted),
            Cause::Ask | Cause::Committed => Some(Beep::Ask),
            Cause::Stop | Cause::NoAnswer | Cause::Unreadable | Cause::SpoolBroken => {
                Some(Beep::Stop)
            }
            Cause::Ready
            | Cause::Waiting
            | Cause::LinkDown
            | Cause::ServerSilent
            | Cause::ScannerDown
            | Cause::ClockOff => None,
        }
    }

    /// A red stop with its sound.
    #[must_use]
    pub fn stop(cause: Cause, scan_id: Option<Uuid>) -> Self {
        Self { light: Light::Red, sound: Some(Sound::Stop), cause, scan_id }
    }
}

/// Lights and buzzer, and where the cart has them a button and a drawer with a lock. Every call
/// returns at once; a sound plays on by itself.
pub trait Panel: Send {
    /// Shows `signal` until the next one.
    fn show(&mut self, signal: &Signal);

    /// Unlocks the drawer, or locks it. It is locked when the panel is opened.
    fn unlock_drawer(&mut self, _unlock: bool) {}

    /// Where presses of the button come from, once; `None`: there is no button.
    fn presses(&mut self) -> Option<Receiver<()>> {
        None
    }
}

/// The panel could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum PanelError {
    /// The configuration asks for Raspberry Pi pins on another machine.
    #[error(
        "panel.kind is \"pi\" but this build has no Raspberry Pi pins; \
         set panel.kind = \"null\" or run the build for aarch64 on the Pi"
    )]
    NotAPi,
    /// A pin could not be taken.
    #[error("pin {pin} of the panel could not be taken: {why}; check [panel] and the group gpio")]
    Pin {
        /// BCM number.
        pin: u8,
        /// What the driver said.
        why: String,
    },
    /// The file for the panel's state could not be written.
    #[error("panel.state_file {path} could not be written: {why}; check folder and rights")]
    StateFile {
        /// The configured path.
        path: String,
        /// What the operating system said.
        why: std::io::Error,
    },
}

/// The panel that `config` names.
///
/// # Errors
/// Pins that cannot be taken, or a state file that cannot be written.
pub fn open(config: &PanelConfig) -> Result<Box<dyn Panel>, PanelError> {
    match config {
        PanelConfig::Null { state_file, json_stdout } => {
            Ok(Box::new(NullPanel::open(state_file.as_deref(), *json_stdout)?))
        }
        #[cfg(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "arm")))]
        PanelConfig::Pi(pins) => Ok(Box::new(PiPanel::open(pins)?)),
        #[cfg(not(all(target_os = "linux", any(target_arch = "aarch64", target_arch = "arm"))))]
        PanelConfig::Pi(_) => Err(PanelError::NotAPi),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_those_of_the_house_style() {
        let total = |sound: Sound| sound.tones().iter().map(|tone| tone.length_ms).sum::<u32>();
        assert_eq!(total(Sound::Given), 200);
        assert_eq!(total(Sound::Noted), 70);
        let starts: Vec<u32> = Sound::Stop
            .tones()
            .iter()
            .scan(0, |at, tone| {
                *at += tone.length_ms;
                Some((*at - tone.length_ms, tone.hertz))
            })
            .filter(|(_, hertz)| *hertz > 0)
            .map(|(at, _)| at)
            .collect();
        assert_eq!(starts, [0, 220, 440]);
    }
}
