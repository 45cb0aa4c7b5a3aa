//! The panel on a Raspberry Pi: three pins for lights, one for a passive buzzer.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rppal::gpio::{Gpio, OutputPin};

use super::{Light, Panel, PanelError, Signal, Sound};

/// Lights switch at once; sounds play one after the other in a thread of their own, so a stop
/// is heard to its end whatever follows it.
#[derive(Debug)]
pub struct PiPanel {
    green: OutputPin,
    amber: OutputPin,
    red: OutputPin,
    sounds: mpsc::SyncSender<Sound>,
}

/// More than a nurse can scan while one stop sounds; beyond it only the light speaks.
const SOUNDS_WAITING_MAX: usize = 4;

impl PiPanel {
    /// Takes the four pins (BCM numbers) and puts all lights out.
    ///
    /// # Errors
    /// A pin that is not there, in use or forbidden.
    pub fn open(green: u8, amber: u8, red: u8, buzzer: u8) -> Result<Self, PanelError> {
        let gpio =
            Gpio::new().map_err(|why| PanelError::Pin { pin: green, why: why.to_string() })?;
        let take = |pin: u8| {
            gpio.get(pin)
                .map(rppal::gpio::Pin::into_output_low)
                .map_err(|why| PanelError::Pin { pin, why: why.to_string() })
        };
        let (green, amber, red) = (take(green)?, take(amber)?, take(red)?);
        let mut speaker = take(buzzer)?;
        let (sounds, waiting) = mpsc::sync_channel(SOUNDS_WAITING_MAX);
        thread::Builder::new()
            .name("panel-sound".into())
            .spawn(move || {
                // Nothing is ever sent here: a receive that times out is a sleep.
                let (_keep, never) = mpsc::channel::<()>();
                for sound in waiting {
                    play(&mut speaker, sound, &never);
                }
            })
            .map_err(|why| PanelError::Pin { pin: buzzer, why: why.to_string() })?;
        Ok(Self { green, amber, red, sounds })
    }
}

fn play(speaker: &mut OutputPin, sound: Sound, never: &mpsc::Receiver<()>) {
    for tone in sound.tones() {
        let driven = match tone.hertz {
            0 => speaker.clear_pwm(),
            hertz => {
                let period = Duration::from_secs(1) / hertz;
                speaker.set_pwm(period, period / 2)
            }
        };
        if let Err(why) = driven {
            tracing::warn!(%why, "buzzer not driven");
        }
        let length = Duration::from_millis(u64::from(tone.length_ms));
        if never.recv_timeout(length) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
    }
    if let Err(why) = speaker.clear_pwm() {
        tracing::warn!(%why, "buzzer not silenced");
    }
}

impl Panel for PiPanel {
    fn show(&mut self, signal: &Signal) {
        // Old light out before the new one goes on: never two at once.
        self.green.set_low();
        self.amber.set_low();
        self.red.set_low();
        match signal.light {
            Light::Off => {}
            Light::Green => self.green.set_high(),
            Light::Amber => self.amber.set_high(),
            Light::Red => self.red.set_high(),
        }
        if let Some(sound) = signal.sound
            && self.sounds.try_send(sound).is_err()
        {
            tracing::warn!(?sound, "sound left out: too many waiting");
        }
        tracing::info!(
            light = ?signal.light,
            cause = ?signal.cause,
            scan_id = signal.scan_id.map(tracing::field::display),
            "panel"
        );
    }
}
