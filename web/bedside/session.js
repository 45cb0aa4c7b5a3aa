// @ts-check
/**
 * Badge, then PIN. The badge is what the scanner read (or a typed number); it is kept until the PIN
 * is sent, no longer.
 */
import { Problem, send } from "./api.js";

/** @type {string} */
let badge = "";

/**
 * @param {ParentNode} [within]
 * @returns {HTMLFormElement | null} the form on the page, the dialog's first when open
 */
function form(within = document) {
  return within.querySelector("dialog[open] [data-form=sign-on], .screen [data-form=sign-on]");
}

/**
 * A badge was read: asks for the PIN, in a dialog when the page shows something else.
 * @param {string} raw @param {{read: string}} words
 */
export function takeBadge(raw, words) {
  badge = raw;
  const dialog = document.querySelector("dialog#sign");
  const onPage = document.querySelector(".screen [data-form=sign-on]");
  if (!onPage && dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  const here = form();
  if (!here) return;
  show(here, "[data-badge-state]", `✓ ${words.read}`);
  show(here, "[data-wrong]", "");
  const pin = here.querySelector("input[name=pin]");
  if (pin instanceof HTMLInputElement) {
    pin.value = "";
    pin.focus();
  }
}

/**
 * @param {{device: string, words: Record<string, string>, done: () => Promise<void>}} to
 */
export function listen(to) {
  document.addEventListener("submit", async (event) => {
    const here = event.target;
    if (!(here instanceof HTMLFormElement) || here.dataset.form !== "sign-on") return;
    event.preventDefault();
    if (here.dataset.busy) return;
    const data = new FormData(here);
    const typed = String(data.get("badge") ?? "").trim();
    const pin = String(data.get("pin") ?? "");
    const named = badge || typed;
    if (!named && !("badgeRead" in here.dataset)) {
      show(here, "[data-wrong]", to.words["sign-title"] ?? "");
      return;
    }
    here.dataset.busy = "1";
    try {
      const at = new Date().toISOString();
      const body = { badge: named || null, pin, device: to.device, at };
      await send("POST", "/api/v1/sessions", body);
      badge = "";
      here.closest("dialog")?.close();
      await to.done();
    } catch (error) {
      show(here, "[data-wrong]", sentence(error, to.words));
      const field = here.querySelector("input[name=pin]");
      if (field instanceof HTMLInputElement) {
        field.value = "";
        field.focus();
      }
    } finally {
      delete here.dataset.busy;
    }
  });
  document.querySelector("dialog#sign")?.addEventListener("close", () => {
    badge = "";
    const pin = document.querySelector("dialog#sign input[name=pin]");
    if (pin instanceof HTMLInputElement) pin.value = "";
  });
}

/** @param {unknown} error @param {Record<string, string>} words */
function sentence(error, words) {
  if (!(error instanceof Problem) || error.code === "network")
    return words["problem-network"] ?? "";
  return error.message || words["problem-sign_on_failed"] || error.code;
}

/** Ends the session on the server. */
export function signOff() {
  return send("DELETE", "/api/v1/session", undefined, { repeat: true });
}

/**
 * Signs off after so many seconds without key, touch or scan; `stir` counts as one.
 * @param {number} seconds @param {() => void} off @returns {() => void}
 */
export function idle(seconds, off) {
  let timer = 0;
  const stir = () => {
    clearTimeout(timer);
    timer = window.setTimeout(off, seconds * 1000);
  };
  for (const type of ["keydown", "pointerdown"])
    window.addEventListener(type, stir, { capture: true, passive: true });
  stir();
  return stir;
}

/** @param {ParentNode} within @param {string} selector @param {string} text */
function show(within, selector, text) {
  const place = within.querySelector(selector);
  if (place) place.textContent = text;
}
