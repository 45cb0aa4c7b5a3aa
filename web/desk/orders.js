// @ts-check
/** The worklist of orders and the form that enters one. */
import { Problem, freshId, get, send } from "../bedside/api.js";
import * as sign from "./sign.js";

/** Sentences of the page's language by code. @type {Map<string, string>} */
const words = new Map(
  [...document.querySelectorAll("#words [data-code]")].map((place) => [
    place.getAttribute("data-code") ?? "",
    place.textContent ?? "",
  ]),
);
const because = /** @type {HTMLDialogElement} */ (document.getElementById("because"));
const why = /** @type {HTMLFormElement} */ (because.querySelector("form"));
const entry = document.getElementById("enter");

/** One key a press, the same when it is sent again. @type {Map<string, string>} */
const keys = new Map();
/** @param {string} of */
function key(of) {
  const known = keys.get(of) ?? freshId();
  keys.set(of, known);
  return known;
}

/** @param {string} code */
const word = (code) => words.get(code) ?? "";

/** @param {unknown} error */
function sentence(error) {
  if (!(error instanceof Problem) || error.code === "network") return word("problem-network");
  return word(error.code) || error.message || error.code;
}

/** @param {string} text */
function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

/** Reads the worklist again; the focus goes to the order, or to where it was. @param {string} id */
async function renew(id) {
  const work = /** @type {HTMLElement} */ (document.getElementById("work"));
  const section = work.querySelector(`[id="order-${id}"]`)?.closest("section")?.id ?? "";
  const query = work.dataset.resident ? `?resident=${work.dataset.resident}` : "";
  const { fragments } = await get(`/orders/fragments${query}`);
  const holder = document.createElement("template");
  holder.innerHTML = fragments[0].html;
  const fresh = holder.content.firstElementChild;
  if (!fresh) return;
  work.replaceWith(fresh);
  const at = document.getElementById(`order-${id}`) ?? document.getElementById(section);
  at?.focus();
}

/** @typedef {{code: string, reason: string}[]} Answers */

/**
 * The points of a refusal when all of them are doubts that a reason answers.
 * @param {unknown} error
 */
function doubts(error) {
  if (!(error instanceof Problem) || error.code !== "order_findings") return [];
  const all = error.objections;
  return all.every((o) => o.severity === "warn") ? all.map((o) => o.code) : [];
}

/**
 * Asks for a reason. @param {{order: string, act: string, label: string, about: string,
 *   said?: string, codes?: string[]}} what
 */
function askWhy(what) {
  because.dataset.order = what.order;
  because.dataset.act = what.act;
  because.dataset.codes = (what.codes ?? []).join(" ");
  why.reset();
  put(because, "[data-title]", what.label);
  put(because, "[data-go]", what.label);
  put(because, "[data-about]", what.said ? `${what.about}. ${what.said}` : what.about);
  put(because, "[data-wrong]", "");
  because.showModal();
  field(why, "reason").focus();
}

/**
 * Carries out an act; what goes wrong is said beside the order.
 * @param {string} order @param {string} act @param {string} [reason] @param {Answers} [overrides]
 */
async function carryOut(order, act, reason, overrides) {
  const named = `${act} ${order} ${reason ?? ""} ${JSON.stringify(overrides ?? "")}`;
  const body = overrides ? { overrides } : reason === undefined ? {} : { reason };
  try {
    await send("POST", `/api/v1/orders/${order}/${act}`, body, { key: key(named) });
    keys.delete(named);
    await renew(order).catch(() => location.reload());
    say(word(`done-${act}`));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      sign.again(() => document.getElementById(`order-${order}`)?.focus());
    } else if (error instanceof Problem && error.code === "order_state") {
      await renew(order).catch(() => {});
    }
    const row = document.getElementById(`order-${order}`);
    const codes = doubts(error);
    if (codes.length > 0) {
      const button = row?.querySelector(`[data-order-act="${act}"]`);
      const label = button?.textContent ?? "";
      const about = row?.querySelector(".drug")?.textContent ?? "";
      askWhy({ order, act, label, about, said: sentence(error), codes });
      return;
    }
    const wrong = row?.querySelector("[data-wrong]");
    if (wrong) wrong.textContent = sentence(error);
    else say(sentence(error));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-order-act]");
  const row = button && button.closest("[data-order]");
  if (!(button instanceof HTMLElement) || !(row instanceof HTMLElement)) return;
  const { order = "" } = row.dataset;
  const act = button.dataset.orderAct ?? "";
  say("");
  if (!("asksWhy" in button.dataset)) {
    carryOut(order, act);
    return;
  }
  const about = row.querySelector(".drug")?.textContent ?? "";
  askWhy({ order, act, label: button.textContent ?? "", about });
});

why.addEventListener("submit", (event) => {
  event.preventDefault();
  const reason = field(why, "reason").value.trim();
  if (!reason) {
    put(because, "[data-wrong]", word("orders-because-needed"));
    field(why, "reason").focus();
    return;
  }
  const { order = "", act = "", codes = "" } = because.dataset;
  because.close();
  const answers = codes.split(" ").filter(Boolean).map((code) => ({ code, reason }));
  if (act === "enter" && entry instanceof HTMLFormElement) submitted(entry, answers);
  else if (answers.length > 0) carryOut(order, act, undefined, answers);
  else carryOut(order, act, reason);
});

// In a dialog of one field Enter sends it; a line break is Shift+Enter.
why.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (!(event.target instanceof HTMLTextAreaElement)) return;
  event.preventDefault();
  why.requestSubmit();
});

/** @param {ParentNode} within @param {string} selector @param {string} text */
function put(within, selector, text) {
  const place = within.querySelector(selector);
  if (place) place.textContent = text;
}

/** @param {HTMLFormElement} form @param {string} name */
function field(form, name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

/** Where the API says something is wrong, and the field that says it. @type {[string, string][]} */
const POINTERS = [
  ["/resident", "resident"],
  ["/drug/route", "route"],
  ["/drug", "drug"],
  ["/dose", "number"],
  ["/timing/indication", "indication"],
  ["/timing/interval_minutes_min", "apart"],
  ["/timing/per_day_max", "most"],
  ["/timing", "frequency"],
  ["/frequency", "frequency"],
  ["/start", "start"],
  ["/stop", "stop"],
  ["/indication", "indication"],
  ["/instructions", "instructions"],
  ["/allergy_override", "allergy"],
];

/** @param {HTMLFormElement} form @param {{field: string, text: string}[]} wrongs */
function mark(form, wrongs) {
  for (const place of form.querySelectorAll("[id^=wrong-]")) place.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]"))
    input.removeAttribute("aria-invalid");
  for (const { field: name, text } of wrongs) {
    put(form, `#wrong-${name}`, text);
    for (const input of form.querySelectorAll(`[name="${name}"]`))
      input.setAttribute("aria-invalid", "true");
  }
  const first = wrongs.length > 0 && form.querySelector("[aria-invalid]");
  if (first instanceof HTMLElement) first.focus();
  put(form, "#wrong-all", wrongs.length > 0 ? word("enter-fields") : "");
}

/** @param {HTMLFormElement} form */
function typed(form) {
  const data = new FormData(form);
  /** @type {Record<string, unknown>} */
  const all = Object.fromEntries(data.entries());
  return { ...all, prn: data.has("prn"), days: data.getAll("days") };
}

/** @param {HTMLFormElement} form @param {Answers} [accepted] */
async function enter(form, accepted) {
  const { order, wrong } = await send("POST", "/orders/compose", typed(form), { repeat: true });
  mark(form, wrong ?? []);
  if (wrong) return;
  if (accepted) order.accepted = accepted;
  const named = `enter ${JSON.stringify(order)}`;
  try {
    // Not sent twice by itself: an order whose answer was lost may be there already.
    const body = { key: key(named), repeat: false };
    const told = await send("POST", "/api/v1/orders", order, body);
    keys.delete(named);
    form.reset();
    whenNeeded(form);
    await renew(told.order).catch(() => location.reload());
    say(word("done-enter"));
  } catch (error) {
    const lost = error instanceof Problem && (error.code === "network" || error.status === 503);
    if (!lost) throw error;
    await renew("").catch(() => {});
    put(form, "#wrong-all", word("enter-unknown"));
  }
}

/** @param {HTMLFormElement} form @param {unknown} error */
function refused(form, error) {
  const codes = doubts(error);
  if (codes.length > 0) {
    const label = form.querySelector("[type=submit]")?.textContent ?? "";
    const about = field(form, "drug").value;
    askWhy({ order: "", act: "enter", label, about, said: sentence(error), codes });
    return;
  }
  if (error instanceof Problem && error.status === 401) {
    sign.again(() => form.querySelector("button")?.focus());
  }
  const pointer = error instanceof Problem ? error.pointer : "";
  const found = POINTERS.find(([start]) => pointer.startsWith(start));
  const resident = error instanceof Problem && error.code === "resident_unknown";
  const name = resident ? "resident" : found?.[1];
  if (name) mark(form, [{ field: name, text: sentence(error) }]);
  else put(form, "#wrong-all", sentence(error));
}

/** An order as needed has limits in place of times. @param {HTMLFormElement} form */
function whenNeeded(form) {
  const prn = field(form, "prn").checked;
  for (const set of form.querySelectorAll("[data-when]"))
    if (set instanceof HTMLElement) set.hidden = (set.dataset.when === "prn") !== prn;
}

/** @param {HTMLFormElement} form @param {Answers} [accepted] */
async function submitted(form, accepted) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  say("");
  await enter(form, accepted)
    .catch((error) => refused(form, error))
    .finally(() => delete form.dataset.busy);
}

if (entry instanceof HTMLFormElement) {
  entry.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(entry);
  });
  entry.addEventListener("change", (event) => {
    whenNeeded(entry);
    const drug = field(entry, "drug");
    const route = field(entry, "route");
    if (event.target !== drug || route.value) return;
    const offered = [...document.querySelectorAll("#drugs option")];
    const own = offered.find((option) => option.getAttribute("value") === drug.value);
    route.value = own?.getAttribute("data-route") ?? "";
  });
  whenNeeded(entry);
}
