// @ts-check
/** What the parts of the orders page share: its words, its keys, and reading the worklist again. */
import { Problem, freshId, get } from "../bedside/api.js";

/** Sentences of the page's language by code. @type {Map<string, string>} */
const words = new Map(
  [...document.querySelectorAll("#words [data-code]")].map((place) => [
    place.getAttribute("data-code") ?? "",
    place.textContent ?? "",
  ]),
);

/** @param {string} code */
export const word = (code) => words.get(code) ?? "";

/** @param {unknown} error */
export function sentence(error) {
  if (!(error instanceof Problem) || error.code === "network") return word("problem-network");
  return word(error.code) || error.message || error.code;
}

/** @param {string} text */
export function say(text) {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}

/** @param {ParentNode} within @param {string} selector @param {string} text */
export function put(within, selector, text) {
  const place = within.querySelector(selector);
  if (place) place.textContent = text;
}

/** @param {HTMLFormElement} form @param {string} name */
export function field(form, name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}

/** One key for what is asked, the same when it is sent again. @type {Map<string, string>} */
const keys = new Map();

/** @param {string} of */
export function key(of) {
  const known = keys.get(of) ?? freshId();
  keys.set(of, known);
  return known;
}

/** What was asked is done: the same once more is another command. @param {string} of */
export function spent(of) {
  keys.delete(of);
}

/**
 * Whether the server understood and said no: asked again, it is another command.
 * @param {unknown} error
 */
export function isRefusal(error) {
  return error instanceof Problem && error.status >= 400 && error.status < 500;
}

/** @typedef {{code: string, reason: string}[]} Answers */

/**
 * The points of a refusal when all of them are doubts that a reason answers.
 * @param {unknown} error
 */
export function doubts(error) {
  if (!(error instanceof Problem) || error.code !== "order_findings") return [];
  const all = error.objections;
  return all.every((o) => o.severity === "warn") ? all.map((o) => o.code) : [];
}

/** The one element of a fragment. @param {{html: string}} fragment */
export function element(fragment) {
  const holder = document.createElement("template");
  holder.innerHTML = fragment.html;
  return /** @type {HTMLElement} */ (holder.content.firstElementChild);
}

/** Reads the worklist again; the focus goes to the order, or to where it was. @param {string} id */
export async function renew(id) {
  const order = document.getElementById(`order-${id}`);
  const section = order?.closest("section")?.id ?? "";
  await readAgain();
  const at = document.getElementById(`order-${id}`) ?? document.getElementById(section);
  at?.focus();
}

/** As `renew`, after what was recorded of the stay. */
export async function renewStay() {
  await readAgain();
  document.getElementById("stay")?.focus();
}

/** As `renew`, after a message was taken off the list. */
export async function renewLetters() {
  await readAgain();
  const left = document.getElementById("to-transcribe") ?? document.getElementById("to-note");
  left?.focus();
}

async function readAgain() {
  const work = /** @type {HTMLElement} */ (document.getElementById("work"));
  const { resident = "", view = "" } = work.dataset;
  const query = new URLSearchParams({ resident, view });
  const { fragments } = await get(`/orders/fragments?${query}`);
  work.replaceWith(element(fragments[0]));
}
