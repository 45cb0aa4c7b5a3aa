// @ts-check
/** The station board: follows the unit, says what it showed, lets a person take an alert. */
import { Problem, send } from "../bedside/api.js";
import * as live from "../bedside/live.js";
import * as scanner from "../bedside/scanner.js";
import * as sound from "../bedside/sound.js";
import * as theme from "../bedside/theme.js";

const unit = document.body.dataset.unit ?? "";
const station = document.body.dataset.station ?? "";
const lang = document.documentElement.lang;
const REPEAT_MS = 15000;
const RETRY_MS = 2000;
/** @type {Record<string, string>} */
const words = {};
/** Alert revisions said to be shown, or on their way. @type {Set<string>} */
const said = new Set();
let alarmedAt = -Infinity;
let known = new Set(alerts().map((row) => row.id));

const query = unit ? `?unit=${encodeURIComponent(unit)}` : "";
const stream = live.follow({
  events: `/events${query}`,
  fragments: `/station/fragments${query}`,
  changed,
  beat: ({ clock, shift }) => {
    live.showClock(clock);
    theme.byShift(shift);
  },
  link: (state, age) => {
    document.documentElement.dataset.link = state;
    const text =
      state === "live"
        ? (words["station-live"] ?? "").replace("{age}", (age / 1000).toFixed(1))
        : (words[`link-${state}`] ?? "");
    live.showLink(state, text.replace("{seconds}", String(Math.floor(age / 1000))));
    if (state === "stale") alarm();
  },
});

/** The local alarm: the board cannot be trusted until it is heard from again. */
function alarm() {
  const now = performance.now();
  if (now - alarmedAt < REPEAT_MS) return;
  alarmedAt = now;
  sound.play("stop");
}

/** @returns {HTMLElement[]} */
function alerts() {
  return [...document.querySelectorAll("[data-alert]")].filter((row) => row instanceof HTMLElement);
}

function changed() {
  const rows = alerts();
  const fresh = rows.some((row) => !known.has(row.id) && row.querySelector("[data-take]"));
  known = new Set(rows.map((row) => row.id));
  if (fresh) sound.play("partial");
  tellShown();
}

/**
 * An alert counts as shown when its row is on a visible page; once for each revision, until the
 * server has it.
 */
function tellShown() {
  if (document.visibilityState !== "visible") return;
  for (const row of alerts()) {
    const { alert = "", rev = "0" } = row.dataset;
    const key = `${alert}:${rev}`;
    if ("shown" in row.dataset || said.has(key)) continue;
    said.add(key);
    send(
      "POST",
      `/api/v1/alerts/${encodeURIComponent(alert)}/shown`,
      { rev: Number(rev), station },
      { repeat: true },
    ).catch((error) => {
      // A refusal will not change by asking again; no answer must be asked for again.
      if (error instanceof Problem && error.status >= 400 && error.status < 500) return;
      setTimeout(() => {
        said.delete(key);
        tellShown();
      }, RETRY_MS);
    });
  }
}

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("take"));
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
const badge = /** @type {HTMLInputElement} */ (form.elements.namedItem("badge"));
const pin = /** @type {HTMLInputElement} */ (form.elements.namedItem("pin"));
const wrong = /** @type {HTMLElement} */ (dialog.querySelector("[data-wrong]"));

/** @param {HTMLElement} row */
function ask(row) {
  dialog.dataset.alert = row.dataset.alert;
  dialog.dataset.rev = row.dataset.rev;
  const about = dialog.querySelector("[data-about]");
  if (about) about.textContent = row.querySelector(".title")?.textContent ?? "";
  form.reset();
  wrong.textContent = "";
  dialog.showModal();
  badge.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!badge.value || !pin.value) {
    (badge.value ? pin : badge).focus();
    return;
  }
  if (dialog.dataset.busy) return;
  dialog.dataset.busy = "1";
  const { alert = "", rev = "0" } = dialog.dataset;
  try {
    const body = { rev: Number(rev), badge: badge.value, pin: pin.value, station };
    const answer = await send("POST", `/api/v1/alerts/${encodeURIComponent(alert)}/accept`, body);
    dialog.close();
    if (live.apply(answer?.fragments ?? [])) changed();
  } catch (error) {
    const problem = error instanceof Problem && error.code !== "network" ? error : null;
    wrong.textContent = problem
      ? problem.message || (words["problem-sign_on_failed"] ?? problem.code)
      : (words["problem-network"] ?? "");
    pin.value = "";
    pin.focus();
    stream.refresh().catch(() => {});
  } finally {
    delete dialog.dataset.busy;
  }
});
dialog.addEventListener("close", () => form.reset());

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.closest("[data-act=theme]")) theme.toggle();
  if (event.target.closest("[data-do=back]")) dialog.close();
  const row = event.target.closest("[data-take]")?.closest("[data-alert]");
  if (row instanceof HTMLElement) ask(row);
});
scanner.listen({
  scan: (raw) => {
    if (!dialog.open) return;
    badge.value = raw;
    pin.focus();
  },
  unread: () => {
    if (dialog.open) wrong.textContent = words["problem-scan_unread"] ?? "";
  },
});
document.addEventListener("visibilitychange", tellShown);
sound.wake();
fetch(`/assets/words-${lang}.json`, { credentials: "same-origin" })
  .then((answer) => answer.json())
  .then((found) => Object.assign(words, found.ui))
  .catch(() => {});
tellShown();
