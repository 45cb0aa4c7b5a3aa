//! The panel on a Raspberry Pi: three pins for lights, one for a passive buzzer, and where they
//! are wired one for a button and one for the relay of the drawer's lock.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rppal::gpio::{Gpio, InputPin, Level, OutputPin, Trigger};
use tokio::sync::mpsc as channel;

use super::{Light, Panel, PanelError, Signal, Sound};
use crate::config::Pins;

/// Lights switch at once; sounds play one after the other in a thread of their own, so a stop
/// is heard to its end whatever follows it.
#[derive(Debug)]
pub struct PiPanel {
    green: OutputPin,
    amber: OutputPin,
    red: OutputPin,
    drawer: Option<OutputPin>,
    /// Kept: dropping it ends the interrupt.
    _button: Option<InputPin>,
    presses: Option<channel::Receiver<()>>,
    sounds: mpsc::SyncSender<Sound>,
}

/// Contacts of a button bounce for some milliseconds.
const BOUNCE: Duration = Duration::from_millis(50);
/// More than a nurse can scan while one stop sounds; beyond it only the light speaks.
const SOUNDS_WAITING_MAX: usize = 4;

impl PiPanel {
    /// Takes the pins (BCM numbers), puts all lights out and locks the drawer.
    ///
    /// # Errors
    /// A pin that is not there, in use or forbidden.
    pub fn open(pins: &Pins) -> Result<Self, PanelError> {
        let gpio =
            Gpio::new().map_err(|why| PanelError::Pin { pin: pins.green, why: why.to_string() })?;
        let take = |pin: u8| {
            gpio.get(pin)
                .map(rppal::gpio::Pin::into_output_low)
                .map_err(|why| PanelError::Pin { pin, why: why.to_string() })
        };
        // First of all: a bridge that was killed may have left it unlocked.
        let drawer = pins.drawer.map(&take).transpose()?;
        let (green, amber, red) = (take(pins.green)?, take(pins.amber)?, take(pins.red)?);
        let mut speaker = take(pins.buzzer)?;
        let buzzer = pins.buzzer;
        let (button, presses) = match pins.button {
            Some(pin) => button(&gpio, pin).map(|(pin, presses)| (Some(pin), Some(presses)))?,
            None => (None, None),
        };
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
        Ok(Self { green, amber, red, drawer, _button: button, presses, sounds })
    }
}

/// The button pulls its pin to ground. One press is enough while one waits to be seen.
fn button(gpio: &Gpio, pin: u8) -> Result<(InputPin, channel::Receiver<()>), PanelError> {
    let failed = |why: rppal::gpio::Error| PanelError::Pin { pin, why: why.to_string() };
    let (pressed, presses) = channel::channel(1);
    let mut input = gpio.get(pin).map_err(failed)?.into_input_pullup();
    input
        .set_async_interrupt(Trigger::FallingEdge, Some(BOUNCE), move |_| {
            let _ = pressed.try_send(());
        })
        .map_err(failed)?;
    Ok((input, presses))
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
    fn unlock_drawer(&mut self, unlock: bool) {
        if let Some(drawer) = &mut self.drawer {
            drawer.write(if unlock { Level::High } else { Level::Low });
            tracing::info!(unlock, "drawer");
        }
    }

    fn presses(&mut self) -> Option<channel::Receiver<()>> {
        self.presses.take()
    }

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
