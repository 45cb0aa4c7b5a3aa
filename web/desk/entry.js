// @ts-check
/** The form that enters an order or changes one: its rows, its faults, and its sending. */
import { Problem, send } from "../bedside/api.js";
import { askWhy, confirmed, rehearsed } from "./ask.js";
import { doubts, field, isRefusal, key, put, renew, say, sentence, spent, word } from "./page.js";
import * as sign from "./sign.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("enter"));

/** Fields of which there may be several, sent as lists. */
const LISTS = [
  "days",
  "step_number",
  "step_length",
  "step_times",
  "turn",
  "by_day",
  "hold_code",
  "hold_op",
  "hold_value",
  "scale_from",
  "scale_to",
  "scale_units",
  "scale_action",
];

/** Lists of rows, and the field that every row of one has. @type {[string, string][]} */
const ROWS = [
  ["steps", "step_number"],
  ["turns", "turn"],
  ["holds", "hold_code"],
  ["scale", "scale_from"],
];

/** Where the API says something is wrong, and the field that says it. @type {[string, string][]} */
const POINTERS = [
  ["/resident", "resident"],
  ["/drug/route", "route"],
  ["/drug", "drug"],
  ["/dose", "number"],
  ["/timing/indication", "indication"],
  ["/timing/interval_minutes_min", "apart"],
  ["/timing/interval_minutes_max", "apart_max"],
  ["/timing/per_day_max", "most"],
  ["/timing/apply", "times"],
  ["/timing/remove", "off_times"],
  ["/timing", "pattern"],
  ["/frequency", "frequency"],
  ["/start", "start"],
  ["/stop", "stop"],
  ["/expires", "expires"],
  ["/prescriber", "prescriber"],
  ["/before_minutes", "before"],
  ["/after_minutes", "after"],
  ["/conditions/self_administration", "self_administration"],
  ["/conditions/acknowledge", "acknowledge"],
  ["/conditions/covert/review_on", "covert_review"],
  ["/conditions/covert", "covert_reference"],
  ["/conditions/gate", "hold_code"],
  ["/conditions/scale", "scale_from"],
  ["/indication", "indication"],
  ["/instructions", "instructions"],
  ["/allergy_override", "allergy"],
  ["/reason", "reason"],
];

/** Refusals of the rules that concern a field. */
const OF_FIELD = new Map([
  ["resident_unknown", "resident"],
  ["change_starts_later", "start"],
  ["order_charted", "kind"],
  ["order_other_drug", "drug"],
]);

/** @typedef {{field: string, text: string, row?: number}} Wrong */

/** @param {HTMLFormElement} form @param {Wrong[]} wrongs */
function mark(form, wrongs) {
  for (const place of form.querySelectorAll(".wrong")) place.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]"))
    input.removeAttribute("aria-invalid");
  for (const { field: name, text, row } of wrongs) {
    const all = [...form.querySelectorAll(`[name="${name}"]`)];
    const inputs = row === undefined ? all : [all[row]];
    for (const input of inputs) {
      input?.setAttribute("aria-invalid", "true");
      input?.closest("details")?.setAttribute("open", "");
    }
    const own = row === undefined ? null : all[row]?.closest("[data-row]")?.querySelector(".wrong");
    if (own) own.textContent = text;
    else put(form, `#wrong-${name}`, text);
  }
  const first = wrongs.length > 0 && form.querySelector("[aria-invalid]");
  if (first instanceof HTMLElement) first.focus();
  put(form, "#wrong-all", wrongs.length > 0 ? word("enter-fields") : "");
}

/** @param {HTMLFormElement} form @returns {HTMLElement | null} */
const submit = (form) => form.querySelector("[type=submit]");

/** @param {HTMLFormElement} form */
function typed(form) {
  const data = new FormData(form);
  /** @type {Record<string, unknown>} */
  const all = Object.fromEntries(data.entries());
  for (const name of LISTS) all[name] = data.getAll(name);
  return all;
}

/** What the form is about, for a dialog. @param {HTMLFormElement} form */
function named(form) {
  const label = form.querySelector("[type=submit] [data-go]:not([hidden])")?.textContent ?? "";
  const resident = /** @type {HTMLSelectElement} */ (form.elements.namedItem("resident"));
  const who = resident.selectedOptions[0]?.textContent ?? "";
  return { label, about: `${field(form, "drug").value} · ${who}` };
}

/**
 * What is composed, shown, and sent when that is confirmed.
 * @param {HTMLFormElement} form
 */
async function enter(form) {
  const composed = await send("POST", "/orders/compose", typed(form), { repeat: true });
  mark(form, composed.wrong ?? []);
  if (composed.wrong) return;
  const { order, change } = composed;
  const asked = change
    ? { order: change.order, change: change.kind, reason: change.reason, version: order }
    : order;
  const shown = await rehearsed(asked);
  if (await confirmed(named(form), shown)) await sent(form, composed);
  else submit(form)?.focus();
}

/** @param {HTMLFormElement} form @param {{order: any, change?: any}} composed */
async function sent(form, { order, change }) {
  const path = change ? `/api/v1/orders/${change.order}/versions` : "/api/v1/orders";
  const body = change ? { kind: change.kind, reason: change.reason, order } : order;
  const what = `${path} ${JSON.stringify(body)}`;
  try {
    const told = await send("POST", path, body, { key: key(what) });
    spent(what);
    reset(form);
    await renew(told.order).catch(() => location.reload());
    say(word(change ? `done-${change.kind}` : "done-enter"));
  } catch (error) {
    if (isRefusal(error)) spent(what);
    const codes = doubts(error);
    if (codes.length === 0) throw error;
    askWhy({ ...named(form), said: sentence(error) }, async ({ reason }) => {
      order.accepted = codes.map((code) => ({ code, reason }));
      sent(form, { order, change }).catch((problem) => refused(form, problem));
      return true;
    });
  }
}

/** @param {HTMLFormElement} form @param {unknown} error */
function refused(form, error) {
  const problem = error instanceof Problem ? error : undefined;
  if (problem?.status === 401) sign.again(() => submit(form)?.focus());
  const pointer = (problem?.pointer ?? "").replace(/^\/(order|version)(?=\/)/, "");
  const found = POINTERS.find(([start]) => pointer.startsWith(start));
  const name = OF_FIELD.get(problem?.code ?? "") ?? found?.[1];
  if (name) mark(form, [{ field: name, text: sentence(error) }]);
  else {
    mark(form, []);
    put(form, "#wrong-all", sentence(error));
  }
}

/** Shows the fields of the way it is given. @param {HTMLFormElement} form */
function shape(form) {
  const pattern = field(form, "pattern").value;
  for (const set of form.querySelectorAll("[data-when]"))
    if (set instanceof HTMLElement)
      set.hidden = !(set.dataset.when ?? "").split(" ").includes(pattern);
  const changes = field(form, "order").value !== "";
  for (const one of form.querySelectorAll("[data-mode]"))
    if (one instanceof HTMLElement) one.hidden = (one.dataset.mode === "change") !== changes;
  field(form, "resident").disabled = changes;
}

/** @param {HTMLFormElement} form */
function reset(form) {
  form.reset();
  field(form, "order").value = "";
  for (const part of form.querySelectorAll("details")) part.open = false;
  for (const list of form.querySelectorAll("[data-rows]")) list.replaceChildren();
  for (const button of form.querySelectorAll("[data-add]")) add(form, button);
  mark(form, []);
  shape(form);
}

/**
 * One more row; its first field.
 * @param {HTMLFormElement} form @param {Element} button
 */
function add(form, button) {
  const name = button.getAttribute("data-add") ?? "";
  const model = /** @type {HTMLTemplateElement} */ (document.getElementById(`row-${name}`));
  const row = /** @type {Element} */ (model.content.cloneNode(true));
  const list = form.querySelector(`[data-rows="${name}"]`);
  list?.append(row);
  return opening(list?.lastElementChild);
}

/** @param {Element | null | undefined} row @returns {HTMLElement | null | undefined} */
const opening = (row) => row?.querySelector("input, select");

/**
 * Takes a row out; the focus goes to the one before it. The only one is emptied.
 * @param {Element} button
 */
function remove(button) {
  const row = button.closest("[data-row]");
  if (!row) return;
  const next = row.previousElementSibling ?? row.nextElementSibling;
  if (next) row.remove();
  else for (const one of fields(row)) one.value = "";
  opening(next ?? row)?.focus();
}

/** @param {ParentNode} within */
function fields(within) {
  const all = within.querySelectorAll("input, select");
  return /** @type {NodeListOf<HTMLInputElement>} */ (all);
}

/** @param {HTMLInputElement} one */
const stands = (one) => (one.type === "checkbox" ? one.checked : one.value !== "");

/** @param {HTMLFormElement} form */
async function submitted(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  say("");
  await enter(form)
    .catch((error) => refused(form, error))
    .finally(() => delete form.dataset.busy);
}

/**
 * Opens an order in the form, as it is in force.
 * @param {string} order @param {string} json what would have been typed
 */
export function change(order, json) {
  if (!form) return;
  reset(form);
  const known = JSON.parse(json);
  for (const [list, name] of ROWS) {
    const button = form.querySelector(`[data-add="${list}"]`);
    for (let rows = known[name]?.length ?? 0; rows > 1 && button; rows -= 1) add(form, button);
  }
  for (const [name, value] of Object.entries(known)) {
    const inputs = [...form.querySelectorAll(`[name="${name}"]`)];
    inputs.forEach((input, at) => fill(/** @type {HTMLInputElement} */ (input), value, at));
  }
  for (const part of form.querySelectorAll("details"))
    part.open = [...fields(part)].some(stands);
  field(form, "order").value = order;
  shape(form);
  form.scrollIntoView({ block: "start" });
  /** @type {HTMLElement | null} */ (form.querySelector("[name=kind]"))?.focus();
}

/** @param {HTMLInputElement} input @param {unknown} value @param {number} at */
function fill(input, value, at) {
  if (input.type === "radio") return;
  const one = Array.isArray(value) ? value[at] : value;
  if (input.type === "checkbox")
    input.checked = [value].flat().includes(input.value);
  else input.value = typeof one === "string" ? one : "";
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(form);
  });
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    if ("add" in button.dataset) {
      const next = add(form, button);
      shape(form);
      next?.focus();
    }
    if ("remove" in button.dataset) remove(button);
    if ("leave" in button.dataset) reset(form);
  });
  form.addEventListener("change", (event) => {
    shape(form);
    const drug = field(form, "drug");
    const route = field(form, "route");
    if (event.target !== drug || route.value) return;
    const offered = [...document.querySelectorAll("#drugs option")];
    const own = offered.find((option) => option.getAttribute("value") === drug.value);
    route.value = own?.getAttribute("data-route") ?? "";
  });
  reset(form);
}
