// @ts-check
/** The two questions before something changes: why, and whether what it would do is meant. */
import { send } from "../bedside/api.js";
import { element, field, put, word } from "./page.js";

const because = /** @type {HTMLDialogElement} */ (document.getElementById("because"));
const why = /** @type {HTMLFormElement} */ (because.querySelector("form"));
const confirm = /** @type {HTMLDialogElement} */ (document.getElementById("confirm"));

/** Takes the reason that is being asked for. @type {(why: Why) => Promise<boolean>} */
let take = async () => true;

/**
 * @typedef {{reason: string, from: string, until: string, kind: string, room: string,
 *   deceased: boolean}} Why
 */

/**
 * Asks for what an act needs, a reason unless it names other parts. `then` gets it and says whether
 * the question is settled; what is wrong with it stands in the dialog.
 * @param {{label: string, about: string, said?: string, asks?: string}} what
 * @param {(why: Why) => Promise<boolean>} then
 */
export function askWhy(what, then) {
  take = then;
  why.reset();
  put(because, "[data-title]", what.label);
  put(because, "[data-go]", what.label);
  put(because, "[data-about]", what.said ? `${what.about}. ${what.said}` : what.about);
  const asked = (what.asks ?? "reason").split(" ");
  for (const part of because.querySelectorAll("[data-part]"))
    if (part instanceof HTMLElement) part.hidden = !asked.includes(part.dataset.part ?? "");
  notRight([]);
  because.showModal();
  const first = because.querySelector("[data-part]:not([hidden]) :is(select, textarea, input)");
  if (first instanceof HTMLElement) first.focus();
}

/** Says beside the fields what is wrong. @param {{field: string, text: string}[]} wrongs */
export function notRight(wrongs) {
  for (const place of because.querySelectorAll(".wrong")) place.textContent = "";
  for (const input of because.querySelectorAll("[aria-invalid]"))
    input.removeAttribute("aria-invalid");
  for (const { field: name, text } of wrongs) {
    const input = name && field(why, name);
    put(because, input ? `[data-wrong=${name}]` : "[data-wrong='']", text);
    if (input) input.setAttribute("aria-invalid", "true");
  }
  const first = because.querySelector("[aria-invalid]");
  if (first instanceof HTMLElement) first.focus();
}

why.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (because.dataset.busy) return;
  const text = (/** @type {string} */ name) => field(why, name).value.trim();
  const needed = !why.querySelector("[data-part=reason]")?.hasAttribute("hidden");
  if (needed && !text("reason")) {
    notRight([{ field: "reason", text: word("orders-because-needed") }]);
    return;
  }
  because.dataset.busy = "1";
  const given = {
    reason: text("reason"),
    from: text("from"),
    until: text("until"),
    kind: text("kind"),
    room: text("room"),
    deceased: field(why, "deceased").checked,
  };
  const settled = await take(given).finally(() => delete because.dataset.busy);
  if (settled) because.close();
});

// In a field of this dialog Enter sends it; a line break is Shift+Enter.
why.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!(event.target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  why.requestSubmit();
});

/**
 * A span as typed, which the server reads as home time; nothing when it cannot be read, which then
 * stands in the dialog.
 * @param {string} from @param {string} until
 * @returns {Promise<{from: string | null, until: string | null} | undefined>}
 */
export async function instants(from, until) {
  const typed = { act: "hold", from, until };
  const told = await send("POST", "/orders/compose", typed, { repeat: true });
  if (told.wrong) notRight(told.wrong);
  return told.hold;
}

/**
 * What the server says a change would do, to be shown by `confirmed`.
 * @param {object} change @returns {Promise<HTMLElement>}
 */
export async function rehearsed(change) {
  const path = "/api/v1/orders/preview?fragments=true";
  const { fragments } = await send("POST", path, change, { repeat: true, long: true });
  return element(fragments[0]);
}

/**
 * Shows what a change would do; true when it is confirmed.
 * @param {{label: string, about: string}} what @param {HTMLElement} shown
 * @returns {Promise<boolean>}
 */
export function confirmed(what, shown) {
  because.close();
  confirm.querySelector("#preview")?.replaceWith(shown);
  put(confirm, "[data-about]", what.about);
  put(confirm, "[data-go]", what.label);
  confirm.returnValue = "";
  confirm.showModal();
  // What it says comes first: a key still held down from the form must not confirm it unread.
  shown.focus();
  return new Promise((settled) => {
    const close = () => settled(confirm.returnValue === "yes");
    confirm.addEventListener("close", close, { once: true });
  });
}
