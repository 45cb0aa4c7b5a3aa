// @ts-check
/**
 * Three tones, each with a visual twin. Not an alarm system: the ranking is borrowed, no melody is.
 */

/** @type {AudioContext | null} */
let audio = null;

/** Sound needs a gesture: the first key or touch after loading counts. */
export function wake() {
  for (const type of ["keydown", "pointerdown"]) {
    window.addEventListener(
      type,
      () => {
        audio ??= new AudioContext();
        if (audio.state === "suspended") audio.resume();
      },
      { capture: true, passive: true },
    );
  }
}

/** @param {string} tone "ok", "partial", "stop"; anything else is silent */
export function play(tone) {
  if (!audio) return;
  const now = audio.currentTime;
  if (tone === "ok") {
    beep(now, 880, 0.1, "sine");
    beep(now + 0.1, 1320, 0.1, "sine");
  } else if (tone === "partial") {
    beep(now, 880, 0.07, "sine");
  } else if (tone === "stop") {
    for (const at of [0, 0.22, 0.44]) beep(now + at, 196, 0.16, "square");
  }
}

/**
 * @param {number} at
 * @param {number} hertz
 * @param {number} seconds
 * @param {OscillatorType} shape
 */
function beep(at, hertz, seconds, shape) {
  if (!audio) return;
  const source = audio.createOscillator();
  const gain = audio.createGain();
  source.type = shape;
  source.frequency.value = hertz;
  gain.gain.setValueAtTime(shape === "square" ? 0.18 : 0.3, at);
  gain.gain.setTargetAtTime(0, at + seconds - 0.02, 0.008);
  source.connect(gain).connect(audio.destination);
  source.start(at);
  source.stop(at + seconds + 0.03);
}
