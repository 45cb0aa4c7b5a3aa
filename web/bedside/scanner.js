// @ts-check
/**
 * The scanner as a keyboard. With prefix F9 and suffix Enter the framing is exact at any speed;
 * without the prefix a burst of keys is told from a hand by `event.timeStamp`, never by the time of
 * the handler.
 *
 * @typedef {{type: "down"|"up", key: string, code: string, ctrl: boolean, alt: boolean, time:
 *   number, field?: boolean}} Key
 * @typedef {{swallow: boolean, scan?: string, unread?: boolean, burst?: boolean, giveBack?:
 *   string}} Step
 */

const GS = "\u001d";
const RS = "\u001e";
const EOT = "\u0004";
/** A key nothing can be made of: the core refuses the scan instead of guessing. */
const UNREADABLE = "\ufffd";

/** Keys of a burst follow within this time (ms). */
const FAST_MS = 35;
/** One late key is forgiven inside a recognised burst (ms). */
const LATE_MS = 250;
/** Keys before a burst is recognised; these leak and are taken back. */
const LEAK = 3;
/** A burst ends after this silence (ms). */
const SILENCE_MS = 120;
/** A prefixed scan without its Enter is given up after this silence (ms). */
const FRAME_SILENCE_MS = 700;
/**
 * An Enter so soon (ms) after so many letters typed at nothing, none later than that after the one
 * before it, ends a scan that came too slowly to be told from a hand: it confirms nothing. A digit
 * or two choose a reason, and the Enter after them is meant.
 */
const STRAY_MS = 1000;
const STRAYS_MIN = 4;
/** Shorter bursts are not scans. */
const SCAN_MIN = 6;
const SCAN_MAX = 4096;

const SILENT_KEYS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock"]);
const CONTROLS = new Map([
  ["]", GS],
  ["^", RS],
  ["6", RS],
  ["d", EOT],
  ["D", EOT],
]);

/** What takes letters and an Enter of its own. */
const FIELDS = "input, textarea, select";

/** The framing alone, without a browser: keys in, scans out. */
export class Framing {
  /** @type {"idle" | "frame" | "burst"} */
  state = "idle";
  text = "";
  last = -Infinity;
  lateUsed = false;
  altDigits = "";
  /** When a letter last went to no field and into no scan. */
  stray = -Infinity;
  /** How many of them followed one another. */
  strays = 0;
  /** @type {Set<string>} keys whose release is swallowed too */
  held = new Set();

  /** @param {Key} key @returns {Step} */
  feed(key) {
    if (key.type === "up") return this.#up(key);
    if (key.key === "F9") {
      const unread = this.state === "frame" && this.text !== "";
      this.#start("frame", "", key.time);
      return this.#swallow(key, { unread });
    }
    if (this.state === "frame") return this.#inFrame(key);
    if (this.state === "burst") return this.#inBurst(key);
    return this.#idle(key);
  }

  /** What silence means: call it when `wait()` ms went by without a key. @returns {Step} */
  silence() {
    if (this.state === "frame") {
      this.#reset();
      return { swallow: false, unread: true };
    }
    if (this.state === "burst") return this.#endBurst(false);
    return { swallow: false };
  }

  /** Silence that ends the present state, in ms; 0 for none. */
  wait() {
    if (this.state === "frame") return FRAME_SILENCE_MS;
    if (this.state !== "burst") return 0;
    return this.lateUsed ? SILENCE_MS : LATE_MS;
  }

  /** @param {Key} key @returns {Step} */
  #inFrame(key) {
    if (key.key === "Enter") {
      this.#finishAlt();
      const text = this.text;
      this.#reset();
      return this.#swallow(key, text === "" ? { unread: true } : { scan: text });
    }
    this.last = key.time;
    this.#take(key);
    if (this.text.length > SCAN_MAX) {
      this.#reset();
      return this.#swallow(key, { unread: true });
    }
    return this.#swallow(key, {});
  }

  /** @param {Key} key @returns {Step} */
  #inBurst(key) {
    const gap = key.time - this.last;
    if (gap > FAST_MS && (gap > LATE_MS || this.lateUsed)) {
      const ended = this.#endBurst(false);
      const next = this.#idle(key);
      return {
        ...next,
        ...(ended.scan ? { scan: ended.scan } : {}),
        ...(ended.giveBack ? { giveBack: ended.giveBack } : {}),
      };
    }
    if (gap > FAST_MS) this.lateUsed = true;
    if (key.key === "Enter") {
      this.#finishAlt();
      return this.#swallow(key, this.#endBurst(true));
    }
    this.last = key.time;
    this.#take(key);
    return this.#swallow(key, this.text.length > SCAN_MAX ? { ...this.#drop(), unread: true } : {});
  }

  /** @param {Key} key @returns {Step} */
  #idle(key) {
    const late = key.time - this.last > FAST_MS;
    const followed = key.time - this.stray <= STRAY_MS;
    if (key.key === "Enter" && !key.field && followed && this.strays >= STRAYS_MIN) {
      this.#reset();
      this.strays = 0;
      return this.#swallow(key, { unread: true });
    }
    if (key.key.length !== 1 || ((key.ctrl || key.alt) && (late || this.text === ""))) {
      if (!SILENT_KEYS.has(key.key)) this.#reset();
      return { swallow: false };
    }
    if (late) this.text = "";
    this.last = key.time;
    // A space presses the button it falls on.
    if (!key.field && key.key !== " ") {
      this.strays = followed ? this.strays + 1 : 1;
      this.stray = key.time;
    }
    this.#take(key);
    if (this.text.length <= LEAK) return { swallow: false };
    this.#start("burst", this.text, key.time);
    return this.#swallow(key, { burst: true });
  }

  /** @param {Key} key @returns {Step} */
  #up(key) {
    if (key.key === "Alt" && this.state !== "idle") this.#finishAlt();
    return { swallow: this.held.delete(key.code || key.key) || this.state === "frame" };
  }

  /** @param {Key} key */
  #take(key) {
    if (SILENT_KEYS.has(key.key)) return;
    const digit = /^(?:Numpad|Digit)([0-9])$/.exec(key.code);
    if (key.alt && digit) {
      this.altDigits += digit[1];
      return;
    }
    this.#finishAlt();
    if (key.key.length !== 1) this.text += UNREADABLE;
    else if (key.ctrl) this.text += CONTROLS.get(key.key) ?? UNREADABLE;
    else this.text += key.key;
  }

  #finishAlt() {
    if (this.altDigits === "") return;
    const code = Number(this.altDigits);
    this.text += code > 0 && code < 256 ? String.fromCharCode(code) : UNREADABLE;
    this.altDigits = "";
  }

  /** @param {boolean} enter @returns {Step} */
  #endBurst(enter) {
    this.#finishAlt();
    const text = this.text;
    this.#reset();
    if (text.length >= SCAN_MIN) return { swallow: enter, scan: text };
    return { swallow: enter, giveBack: text };
  }

  /** @returns {Step} */
  #drop() {
    this.#reset();
    return { swallow: true };
  }

  /** @param {Key} key @param {Partial<Step>} step @returns {Step} */
  #swallow(key, step) {
    this.held.add(key.code || key.key);
    return { ...step, swallow: true };
  }

  /** @param {"frame" | "burst"} state @param {string} text @param {number} time */
  #start(state, text, time) {
    const fresh = { lateUsed: false, altDigits: "", strays: 0 };
    Object.assign(this, { state, text, last: time, ...fresh });
  }

  #reset() {
    Object.assign(this, {
      state: "idle",
      text: "",
      last: -Infinity,
      lateUsed: false,
      altDigits: "",
    });
  }
}

/**
 * Listens to the whole window before anything else does. A scan neither types into a field nor
 * presses a button.
 * @param {{scan: (raw: string) => void, unread: () => void}} to
 */
export function listen(to) {
  const framing = new Framing();
  /**
   * @type {{field: HTMLInputElement | HTMLTextAreaElement, value: string, start: number | null,
   *   end: number | null} | null}
   */
  let before = null;
  let timer = 0;

  /** @param {Step} step */
  const act = (step) => {
    if (step.burst && before) putBack(before);
    if (step.giveBack && before && before.field === document.activeElement)
      typeInto(before.field, step.giveBack);
    if (step.unread) to.unread();
    if (step.scan !== undefined) to.scan(step.scan);
  };

  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const first = framing.text === "" || event.timeStamp - framing.last > FAST_MS;
    if (event.type === "keydown" && framing.state === "idle" && first) before = snapshot();
    const step = framing.feed({
      type: event.type === "keyup" ? "up" : "down",
      key: event.key,
      code: event.code,
      ctrl: event.ctrlKey,
      alt: event.altKey,
      time: event.timeStamp,
      field: event.target instanceof Element && event.target.closest(FIELDS) !== null,
    });
    if (step.swallow) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    act(step);
    clearTimeout(timer);
    const wait = framing.wait();
    if (wait > 0) timer = window.setTimeout(() => act(framing.silence()), wait);
  };
  for (const type of ["keydown", "keyup", "keypress"]) {
    window.addEventListener(
      type,
      (event) => {
        if (type !== "keypress") onKey(/** @type {KeyboardEvent} */ (event));
        else if (framing.state !== "idle") event.preventDefault();
      },
      { capture: true },
    );
  }
}

function snapshot() {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return null;
  return { field, value: field.value, start: field.selectionStart, end: field.selectionEnd };
}

/** @param {NonNullable<ReturnType<typeof snapshot>>} was */
function putBack(was) {
  was.field.value = was.value;
  if (was.start !== null) was.field.setSelectionRange(was.start, was.end);
}

/** @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} text */
function typeInto(field, text) {
  const at = field.selectionStart ?? field.value.length;
  field.setRangeText(text, at, field.selectionEnd ?? at, "end");
}
