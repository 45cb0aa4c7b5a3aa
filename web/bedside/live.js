// @ts-check
/**
 * The live page: elements arrive as HTML escaped by the server and replace those with the same id.
 * The element that holds the focus and its ancestors stay in place; what changed is patched around
 * them.
 *
 * @typedef {import("./api.js").Fragment} Fragment
 */
import { get } from "./api.js";

const STALE_MS = 15000;
const LOST_MS = 6000;
const TICK_MS = 250;
const RETRY_MS = 2000;

/** @type {Map<string, number>} newest `seq` shown, by id */
const shown = new Map();
/** What the page was rendered with. */
const first = Number(document.body.dataset.seq ?? 0);

/**
 * Puts fragments on the page, leaving out those older than what is shown.
 * @param {Fragment[]} fragments @returns {boolean} whether anything changed
 */
export function apply(fragments) {
  let changed = false;
  for (const { id, html, seq } of fragments) {
    const old = document.getElementById(id);
    if (!old || seq < newest(old)) continue;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const fresh = holder.content.firstElementChild;
    if (!fresh || fresh.id !== id) continue;
    for (const inner of [fresh, ...fresh.querySelectorAll("[id]")])
      if (shown.has(inner.id)) shown.set(inner.id, seq);
    shown.set(id, seq);
    keepLink(fresh);
    patch(old, fresh);
    changed = true;
  }
  return changed;
}

/**
 * Only the page knows its link: a bar from the server must not say "Connecting" until the next
 * tick.
 * @param {Element} fresh
 */
function keepLink(fresh) {
  const own = document.getElementById("link");
  if (own) fresh.querySelector("#link")?.replaceWith(own.cloneNode(true));
}

/**
 * The newest `seq` shown of an element or anything in it: an old whole must not undo a newer part.
 * @param {Element} old
 */
function newest(old) {
  const parts = [old, ...old.querySelectorAll("[id]")].map((part) => shown.get(part.id) ?? first);
  return Math.max(...parts);
}

/** @param {Element} old @param {Element} fresh */
export function patch(old, fresh) {
  const focus = document.activeElement;
  if (!focus || focus === document.body || !old.contains(focus)) {
    old.replaceWith(fresh);
    return;
  }
  syncAttributes(old, fresh);
  if (old === focus) {
    const field =
      old instanceof HTMLInputElement ||
      old instanceof HTMLTextAreaElement ||
      old instanceof HTMLSelectElement;
    if (!field) old.replaceChildren(...fresh.childNodes);
    return;
  }
  const kept = [...old.children].find((child) => child.contains(focus));
  const twin = kept && findTwin(old, kept, fresh);
  if (!kept || !twin) {
    // What held the focus is gone; a stale element must not stay for its sake.
    if (focus instanceof HTMLElement) focus.blur();
    old.replaceChildren(...fresh.childNodes);
    return;
  }
  while (old.firstChild !== kept) old.firstChild?.remove();
  while (old.lastChild !== kept) old.lastChild?.remove();
  const nodes = [...fresh.childNodes];
  const at = nodes.indexOf(twin);
  kept.before(...nodes.slice(0, at));
  kept.after(...nodes.slice(at + 1));
  patch(kept, twin);
}

/**
 * @param {Element} old
 * @param {Element} kept
 * @param {Element} fresh
 * @returns {Element | undefined}
 */
function findTwin(old, kept, fresh) {
  if (kept.id) return [...fresh.children].find((child) => child.id === kept.id);
  const twin = fresh.children[[...old.children].indexOf(kept)];
  return twin && twin.nodeName === kept.nodeName && !twin.id ? twin : undefined;
}

/** @param {Element} old @param {Element} fresh */
function syncAttributes(old, fresh) {
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

/**
 * Follows a stream and keeps the age of its last event.
 * @param {{events: string, fragments: string, changed: () => void, beat?: (beat: {clock: string,
 *   shift: string}) => void, link: (state: "wait"|"live"|"lost"|"stale", ageMs: number) => void}}
 *   to
 * @returns {{refresh: () => Promise<void>}}
 */
export function follow(to) {
  let last = performance.now();
  let heard = false;
  /** @type {EventSource} */
  let source;

  const alive = () => {
    last = performance.now();
    heard = true;
    tick();
  };
  const refresh = async () => {
    const { fragments } = await get(to.fragments);
    alive();
    if (apply(fragments)) to.changed();
  };
  const refreshQuietly = () => refresh().catch(() => {});

  const open = () => {
    source = new EventSource(to.events);
    source.onopen = () => {
      alive();
      refreshQuietly();
    };
    source.addEventListener("fragment", (event) => {
      alive();
      if (apply([JSON.parse(event.data)])) to.changed();
    });
    source.addEventListener("beat", (event) => {
      alive();
      to.beat?.(JSON.parse(event.data));
    });
    source.addEventListener("refresh", () => {
      alive();
      refreshQuietly();
    });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(open, RETRY_MS);
    };
  };
  const tick = () => {
    const age = performance.now() - last;
    if (age > STALE_MS) to.link("stale", age);
    else if (!heard) to.link("wait", age);
    else to.link(age > LOST_MS ? "lost" : "live", age);
  };
  open();
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refreshQuietly();
  });
  return { refresh };
}

/**
 * Shows the state of the link in `#link` and, from a beat, the clock and the shift.
 * @param {string} state @param {string} text
 */
export function showLink(state, text) {
  const link = document.getElementById("link");
  const words = link?.querySelector("[data-text]");
  if (!link || !words) return;
  if (link.dataset.link !== state) link.dataset.link = state;
  // Before the words are loaded there is nothing to say; the server's own word stays.
  if (text && words.textContent !== text) words.textContent = text;
}

/** @param {string} clock */
export function showClock(clock) {
  const place = document.querySelector("[data-clock]");
  if (place && clock && place.textContent !== clock) place.textContent = clock;
}
