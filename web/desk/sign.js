// @ts-check
/** What every page of the desk does: signing on and off, day and night, and asking again. */
import { Problem, send } from "../bedside/api.js";
import * as scanner from "../bedside/scanner.js";
import * as theme from "../bedside/theme.js";

/** What to do once somebody signed on. */
let then = () => location.reload();
let listening = false;

/** @returns {HTMLFormElement | null} the form that asks for badge and PIN, when it is shown */
function form() {
  return document.querySelector("dialog[open] [data-form=sign-on], main [data-form=sign-on]");
}

/** The scanner types into a badge field and nowhere else: it is listened to while one is shown. */
function listen() {
  if (listening) return;
  listening = true;
  scanner.listen({
    scan: (raw) => {
      const here = form();
      if (!here) return;
      field(here, "badge").value = raw;
      field(here, "pin").focus();
    },
    unread: () => {},
  });
}

/** @param {HTMLFormElement} here @param {string} name */
function field(here, name) {
  return /** @type {HTMLInputElement} */ (here.elements.namedItem(name));
}

/**
 * Asks to sign on again, over what the page shows.
 * @param {() => void} next
 */
export function again(next) {
  const dialog = document.querySelector("dialog#sign");
  if (!(dialog instanceof HTMLDialogElement)) {
    location.reload();
    return;
  }
  then = () => {
    dialog.close();
    next();
  };
  listen();
  if (!dialog.open) dialog.showModal();
  const here = form();
  if (here) field(here, "badge").focus();
}

document.addEventListener("submit", async (event) => {
  const here = event.target;
  if (!(here instanceof HTMLFormElement) || here.dataset.form !== "sign-on") return;
  event.preventDefault();
  const [badge, pin, device] = ["badge", "pin", "device"].map((name) => field(here, name));
  const wrong = here.querySelector("[data-wrong]");
  if (!badge.value || !pin.value) {
    (badge.value ? pin : badge).focus();
    return;
  }
  if (here.dataset.busy) return;
  here.dataset.busy = "1";
  try {
    const body = { badge: badge.value.trim(), pin: pin.value, device: device.value };
    await send("POST", "/api/v1/sessions", body);
    badge.value = "";
    if (wrong) wrong.textContent = "";
    then();
  } catch (error) {
    const told = error instanceof Problem && error.code !== "network" ? error.message : "";
    if (wrong) wrong.textContent = told || (here.dataset.network ?? "");
    pin.focus();
  } finally {
    pin.value = "";
    delete here.dataset.busy;
  }
});

document.addEventListener("click", async (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-act=theme]")) theme.toggle();
  if (event.target.closest("[data-do=back]")) event.target.closest("dialog")?.close();
  if (event.target.closest("[data-act=sign-off]")) {
    await send("DELETE", "/api/v1/session", undefined, { repeat: true }).catch(() => {});
    location.reload();
  }
});

// Paper is white: what is printed by night is printed as by day.
let shown = "";
window.addEventListener("beforeprint", () => {
  shown = document.documentElement.dataset.theme ?? "";
  document.documentElement.dataset.theme = "day";
});
window.addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = shown;
});

if (form()) {
  listen();
  document.querySelector("main [data-form=sign-on]")?.querySelector("input")?.focus();
}
