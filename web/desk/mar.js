// @ts-check
/** The month's grid by keyboard, and the history of a cell. */
import { Problem, get } from "../bedside/api.js";
import "./sign.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("cell"));
const wrong = /** @type {HTMLElement} */ (dialog.querySelector("[data-wrong]"));
const { resident = "", network = "" } = document.body.dataset;

/** Rows that have a dose, from the top of the page. @type {HTMLButtonElement[][]} */
const rows = [...document.querySelectorAll("[data-row]")]
  .map((row) => [...row.querySelectorAll("button")])
  .filter((row) => row.length > 0);

/** The one button Tab reaches. */
let here = { row: 0, at: 0 };

/** @param {HTMLButtonElement} button */
function column(button) {
  return Number(button.dataset.col ?? 0);
}

/** @param {number} row @param {number} at */
function place(row, at) {
  const next = rows[row]?.[at];
  if (!next) return;
  const before = rows[here.row]?.[here.at];
  if (before) before.tabIndex = -1;
  next.tabIndex = 0;
  here = { row, at };
}

/** @param {number} row @param {number} at */
function go(row, at) {
  place(row, at);
  rows[here.row][here.at].focus();
}

/**
 * The dose of a row that is nearest to a day.
 * @param {number} row @param {number} day
 */
function nearest(row, day) {
  const away = rows[row].map((button) => Math.abs(column(button) - day));
  return away.indexOf(Math.min(...away));
}

/** @param {KeyboardEvent} event @returns {[number, number] | undefined} */
function target(event) {
  const last = rows.length - 1;
  const end = rows[here.row].length - 1;
  const day = column(rows[here.row][here.at]);
  switch (event.key) {
    case "ArrowRight":
      return [here.row, Math.min(here.at + 1, end)];
    case "ArrowLeft":
      return [here.row, Math.max(here.at - 1, 0)];
    case "ArrowDown":
      return here.row < last ? [here.row + 1, nearest(here.row + 1, day)] : undefined;
    case "ArrowUp":
      return here.row > 0 ? [here.row - 1, nearest(here.row - 1, day)] : undefined;
    case "Home":
      return event.ctrlKey ? [0, 0] : [here.row, 0];
    case "End":
      return event.ctrlKey ? [last, rows[last].length - 1] : [here.row, end];
    default:
      return undefined;
  }
}

document.addEventListener("keydown", (event) => {
  if (dialog.open || !(event.target instanceof HTMLButtonElement)) return;
  if (event.target !== rows[here.row]?.[here.at]) return;
  const next = target(event);
  if (!next) return;
  event.preventDefault();
  go(...next);
});

document.addEventListener("focusin", (event) => {
  const row = rows.findIndex((buttons) => buttons.some((button) => button === event.target));
  if (row >= 0) place(row, rows[row].findIndex((button) => button === event.target));
});

/** @param {HTMLButtonElement} button */
async function open(button) {
  const history = /** @type {HTMLElement} */ (document.getElementById("history"));
  history.replaceChildren();
  wrong.textContent = "";
  dialog.showModal();
  const doses = encodeURIComponent(button.dataset.doses ?? "");
  const path = `/residents/${encodeURIComponent(resident)}/mar/history?doses=${doses}`;
  try {
    const { fragments } = await get(path);
    const holder = document.createElement("template");
    holder.innerHTML = fragments[0].html;
    const fresh = holder.content.firstElementChild;
    if (!(fresh instanceof HTMLElement)) return;
    document.getElementById("history")?.replaceWith(fresh);
    if (dialog.open) fresh.focus();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) {
      location.reload();
      return;
    }
    wrong.textContent =
      error instanceof Problem && error.code !== "network" ? error.message : network;
  }
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("button[data-doses]");
  if (button instanceof HTMLButtonElement) open(button);
});

// The first thing to look at is today, or the first dose of another month.
const today = document.querySelector("td.today button");
const first = rows.findIndex((buttons) => buttons.some((button) => button === today));
if (first >= 0) place(first, rows[first].findIndex((button) => button === today));
else place(0, 0);
today?.scrollIntoView({ block: "nearest", inline: "center" });
