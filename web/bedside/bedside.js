// @ts-check
/**
 * The bedside page: scanner and keys in, verdicts out. The server decides; the page may only say
 * STOP before it.
 */
import { Problem, freshId, get, postScan, postWitness } from "./api.js";
import { withoutScan } from "./chart.js";
import { Core, TRAPPED } from "./core.js";
import * as dialogs from "./dialogs.js";
import * as keys from "./keys.js";
import * as live from "./live.js";
import * as measuring from "./measure.js";
import * as scanner from "./scanner.js";
import * as session from "./session.js";
import * as sound from "./sound.js";
import * as theme from "./theme.js";

/**
 * @typedef {import("./api.js").Answer} Answer
 * @typedef {import("./api.js").Override} Override
 * @typedef {{objections: Record<string, {headline: string, detail: string}>, ui: Record<string,
 *   string>, reasons: Record<string, import("./dialogs.js").Reason[]>}} Words
 */

const cart = document.body.dataset.cart ?? "";
const lang = document.documentElement.lang;
const core = new Core();
/** @type {Words} */
const words = { objections: {}, ui: {}, reasons: {} };
/** Id of the row the keys act on. */
let chosen = "";
/** Row the server last pointed at, so that a person's choice stands until it points elsewhere. */
let pointed = "";
/** The last scan that sounded, and the STOP a person cleared. */
let sounded = "";
let cleared = "";
/** The last scan this page posted: it carries on with that one by itself. */
let posted = "";
/** The last scan that kept the session awake: one of the bridge comes without a key. */
let awake = "";
/**
 * The slice of the home the core judges on, and whose it is.
 * @type {{resident: string, request: object} | null}
 */
let slice = null;
let asked = "";
/** Scans are posted one after another, in the order they were read. */
let line = Promise.resolve();

/**
 * STOPs the page may say before the server: those that neither the clock, nor another cart, nor a
 * scan on its way can change. A wrong STOP would teach nurses to wait for the second one.
 */
const CERTAIN = new Set([
  "barcode_malformed",
  "several_barcodes",
  "barcode_unsupported",
  "lot_expired",
  "label_superseded",
  "wrong_form",
  "wrong_strength",
  "allergy_match",
]);

const screen = () => document.getElementById("screen")?.dataset.screen ?? "";
const ui = (/** @type {string} */ id) => words.ui[id] ?? "";
const cartQuery = `cart=${encodeURIComponent(cart)}`;

const charting = withoutScan({
  cart,
  words,
  applied: (fragments) => {
    live.apply(fragments);
    changed();
  },
  failed,
});

const stream = live.follow({
  events: `/events?${cartQuery}`,
  fragments: `/bedside/fragments?${cartQuery}`,
  changed,
  beat: ({ clock, shift }) => {
    live.showClock(clock);
    theme.byShift(shift);
  },
  link: (state, age) => {
    document.documentElement.dataset.link = state;
    live.showLink(state, ui(`link-${state}`).replace("{seconds}", String(Math.floor(age / 1000))));
  },
});

/** After any change of the page: the chosen row, and the tone that belongs to a new verdict. */
function changed() {
  const slab = document.getElementById("slab");
  if (slab?.dataset.scan && slab.dataset.scan !== awake) {
    awake = slab.dataset.scan;
    stir();
  }
  if (slab?.dataset.look === "stop" && slab.dataset.scan && slab.dataset.scan === cleared)
    toReady();
  else if (slab?.dataset.scan && slab.dataset.scan !== sounded) say(slab);
  const rows = openRows();
  const server = document.querySelector(".dose[data-current]")?.id ?? "";
  if (server && server !== pointed) chosen = server;
  pointed = server;
  if (!rows.some((row) => row.id === chosen)) chosen = server || rows[0]?.id || "";
  markChosen(rows);
  fetchSlice();
}

/** @returns {HTMLElement[]} */
function openRows() {
  return [...document.querySelectorAll(".dose[data-open]")].filter(
    (row) => row instanceof HTMLElement,
  );
}

/** @param {HTMLElement[]} rows */
function markChosen(rows) {
  for (const row of rows) {
    row.classList.toggle("chosen", row.id === chosen);
    row.toggleAttribute("aria-current", row.id === chosen);
  }
}

/** @param {number} step */
function move(step) {
  const rows = openRows();
  const at = rows.findIndex((row) => row.id === chosen);
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (!next) return;
  chosen = next.id;
  markChosen(rows);
  next.scrollIntoView({ block: "nearest" });
}

/** Announces and sounds a verdict once. @param {HTMLElement} slab */
function say(slab) {
  sounded = slab.dataset.scan ?? "";
  sound.play(slab.dataset.tone ?? "none");
  // A scan of the cart's bridge: what it needs is asked for here, and it is scanned again.
  if (sounded !== posted) {
    dialogs.leave("measure");
    const { measure: order } = slab.dataset;
    if (order) next(async () => void (await measure(order)));
  }
  const place = document.getElementById("say");
  const text = [slab.querySelector("h2"), slab.querySelector(".said p")]
    .map((part) => part?.textContent ?? "")
    .join(". ");
  if (place) place.textContent = text;
}

/**
 * A STOP the page says by itself.
 * @param {string} headline
 * @param {string} detail
 * @param {string} [scanId]
 */
function stop(headline, detail, scanId = freshId()) {
  const holder = document.getElementById("stop-slab");
  const old = document.getElementById("slab");
  if (!(holder instanceof HTMLTemplateElement) || !old) return;
  const slab = /** @type {HTMLElement} */ (holder.content.firstElementChild?.cloneNode(true));
  slab.dataset.scan = scanId;
  /** @type {HTMLElement} */ (slab.querySelector("[data-headline]")).textContent = headline;
  /** @type {HTMLElement} */ (slab.querySelector("[data-detail]")).textContent = detail;
  old.replaceWith(slab);
  say(slab);
}

/** @param {string} code @param {string} [scanId] */
function stopFor(code, scanId) {
  const text = words.objections[code];
  const open = !text || /\{\w+\}/.test(text.detail);
  stop(text?.headline ?? code, open ? "" : text.detail, scanId);
}

function toReady() {
  const holder = document.getElementById("ready-slab");
  const fresh =
    holder instanceof HTMLTemplateElement
      ? holder.content.firstElementChild?.cloneNode(true)
      : null;
  if (fresh) document.getElementById("slab")?.replaceWith(fresh);
}

function clear() {
  const slab = document.getElementById("slab");
  if (slab?.dataset.look !== "stop") return;
  cleared = slab.dataset.scan ?? "";
  toReady();
}

/** @param {unknown} error @param {string} [scanId] */
function failed(error, scanId) {
  const problem = error instanceof Problem ? error : new Problem(0, "network", "");
  const text = words.objections[problem.code] ?? words.objections.filing_failed;
  stop(text?.headline ?? problem.code, problem.message || ui("problem-network"), scanId);
  stream.refresh().catch(() => {});
}

/**
 * What the page's own core says: STOP at once, or nothing.
 * @param {string} raw
 * @param {string} scanId
 */
function preview(raw, scanId) {
  if (!slice || slice.resident !== openResident()) return;
  const judged = core.call({ fn: "judge", ...slice.request, raw, list_version: null });
  if (judged === TRAPPED) {
    stopFor("check_by_hand", scanId);
    return;
  }
  const certain = judged?.objections?.find((/** @type {{code: string}} */ objection) =>
    CERTAIN.has(objection.code),
  );
  if (certain) stopFor(certain.code, scanId);
}

/**
 * Fetches the open resident's slice once a resident, so that the core has something to judge on.
 */
function fetchSlice() {
  const resident = openResident();
  if (resident === asked) return;
  asked = resident;
  slice = null;
  if (!resident) return;
  get(`/bedside/preview?${cartQuery}`)
    .then((request) => {
      if (resident === openResident()) slice = { resident, request };
    })
    .catch(() => {});
}

const openResident = () => document.getElementById("screen")?.dataset.resident ?? "";

/**
 * @param {string} raw
 * @param {{source?: string, answers?: string, overrides?: Override[]}} [more]
 */
async function scan(raw, more = {}) {
  const scanId = freshId();
  posted = scanId;
  if (!more.answers && more.source !== "key") preview(raw, scanId);
  /** @type {Answer} */
  let answer;
  try {
    answer = await postScan({
      scan_id: scanId,
      cart,
      raw,
      source: "wedge",
      fragments: true,
      at: new Date().toISOString(),
      list_version: document.getElementById("doses")?.dataset.listVersion,
      ...more,
    });
  } catch (error) {
    failed(error, scanId);
    return;
  }
  live.apply(answer.fragments ?? []);
  changed();
  if (answer.verdict === "stop" && document.getElementById("slab")?.dataset.look !== "stop") {
    stop(answer.headline, answer.detail, answer.scan_id);
  }
  if (answer.effect === "badge") session.takeBadge(raw, { read: ui("sign-read") });
  else if (answer.effect === "command") command(answer.command ?? "");
  else if (answer.verdict === "ask") await settle(raw, answer, more);
  else if (answer.verdict === "stop") await measured(raw, answer, more);
}

/**
 * A STOP that a reading, or the prescriber, answers: measure and go on with the same scan; or hold
 * the dose, as the order says, unless the prescriber was asked.
 * @param {string} raw
 * @param {Answer} answer
 * @param {{source?: string, overrides?: Override[]}} more
 */
async function measured(raw, answer, more) {
  const stops = answer.objections.filter(({ severity }) => severity === "stop");
  const unread = stops.filter(({ code }) => UNREAD.has(code));
  const failing = stops.filter(({ code }) => code === FAILED);
  if (stops.length === 0 || stops.length > unread.length + failing.length) return;
  if (unread.length > 0) {
    const recorded = answer.order !== undefined && (await measure(answer.order));
    if (recorded) await scan(raw, { ...more, answers: answer.scan_id });
    return;
  }
  const held = answer.dose ? (words.reasons.held ?? []) : [];
  const choice = await dialogs.why({
    title: ui("ask-held"),
    about: stops.map(({ text }) => text).join(" "),
    reasons: [...held, { code: CONTACT, text: ui("ask-contact"), comment: true }],
    go: ui("ask-file"),
    words: words.ui,
    proposed: held[0] && { reason: held[0].code, comment: values(stops) },
  });
  if (choice?.reason === CONTACT) {
    const answered = { code: FAILED, reason: "prescriber", comment: "" };
    const overrides = [...(more.overrides ?? []), { ...answered, contact: choice.comment }];
    await scan(raw, { ...more, answers: answer.scan_id, overrides });
  } else if (choice) {
    await charting.file({ dose: answer.dose }, "held", choice);
  }
}

/** STOPs that end once something was measured, and the one that says hold. */
const UNREAD = new Set(["reading_missing", "reading_stale"]);
const FAILED = "hold_parameter_failed";
/** Not a reason for holding but for giving: the prescriber was asked. */
const CONTACT = "contact";

/** What was measured, as a held dose is charted with. @param {Answer["objections"]} stops */
const values = (stops) =>
  stops.map(({ params }) => `${ui(`reading-${params.reading}`)} ${params.value}`).join("; ");

/** Measures first; whether anything was recorded. @param {string} order */
async function measure(order) {
  const done = await measuring.measure({ cart, order, words: words.ui });
  if (!done) return false;
  live.apply(done.fragments ?? []);
  changed();
  return true;
}

/**
 * Asks a reason for every warning not yet answered, and for the second person, then sends the scan
 * again with all answers.
 * @param {string} raw
 * @param {Answer} answer
 * @param {{source?: string, overrides?: Override[]}} more
 */
async function settle(raw, answer, more) {
  const overrides = [...(more.overrides ?? [])];
  const open = answer.objections.filter(
    ({ code, severity }) => severity === "warn" && !overrides.some((given) => given.code === code),
  );
  const second = answer.objections.find(({ severity }) => severity === "witness");
  if (open.length === 0 && !second) return;
  for (const objection of open) {
    // Two doses of one pot may ask the same.
    if (overrides.some((given) => given.code === objection.code)) continue;
    const reasons = (objection.reasons ?? []).map((code) => ({
      code,
      text: ui(`why-${code}`) || code,
      comment: code === "other",
    }));
    const choice = await dialogs.why({
      title: words.objections[objection.code]?.headline ?? ui("ask-warn"),
      about: objection.text,
      reasons,
      go: ui("ask-go"),
      words: words.ui,
    });
    if (!choice) return;
    overrides.push({ code: objection.code, ...choice });
  }
  if (second) {
    const { order, dose, drug } = answer;
    const who = document.querySelector("#banner h1")?.textContent?.trim();
    const done = await dialogs.second({
      about: [who, drug].filter(Boolean).join(" · "),
      alone: "alone" in second.params,
      check: (found) => postWitness({ order, dose, witness: found }, ui("problem-network")),
    });
    if (!done) return;
    if (done.alone)
      overrides.push({ code: second.code, reason: "no_witness", comment: done.alone });
  }
  await scan(raw, { ...more, answers: answer.scan_id, overrides });
}

/** Refused, held or not given for the chosen row. @param {string} outcome */
function exception(outcome) {
  const row = openRows().find((found) => found.id === chosen);
  if (row) charting.exception(row, outcome);
}

/** Measures for the chosen row, before its package is scanned. */
async function measureChosen() {
  const row = openRows().find((found) => found.id === chosen);
  if (row?.dataset.order) await measure(row.dataset.order);
}

async function cantScan() {
  const found = await dialogs.cantScan(
    screen() === "resident" ? "drug_unscannable" : "identity_keyed",
    words.ui,
  );
  if (!found) return;
  await scan(found.last4, {
    source: "keyed",
    overrides: [{ code: found.what, reason: found.why, comment: "" }],
  });
}

async function signOff() {
  if (!document.querySelector("[data-act=sign-off]")) return;
  try {
    await session.signOff();
  } finally {
    dialogs.leaveAll();
    await stream.refresh().catch(() => location.reload());
  }
}

/** @param {() => Promise<void>} work */
function next(work) {
  line = line.then(work).catch((error) => failed(error));
}

/** What a command card or a key asks of the page. @param {string} name */
function command(name) {
  if (name === "REFUSED") exception("refused");
  else if (name === "HOLD") exception("held");
  else if (name === "NOT_AVAILABLE") exception("not_given");
  else if (name === "CANT_SCAN") cantScan();
}

/** @param {string} act */
function perform(act) {
  const resident = screen() === "resident";
  const pot = Number(document.getElementById("actions")?.dataset.pot ?? 0);
  if (act === "clear") clear();
  else if (act === "up" || act === "down") move(act === "up" ? -1 : 1);
  else if (act === "taken" && resident && pot > 0)
    next(() => scan("EMAR:CMD:TAKEN", { source: "key" }));
  else if (act === "undo" && resident) next(() => scan("EMAR:CMD:UNDO", { source: "key" }));
  else if (act === "list" && resident) next(() => scan("EMAR:CMD:NEXT", { source: "key" }));
  else if ((act === "refused" || act === "held" || act === "not_given") && resident) exception(act);
  else if (act === "measure" && resident) next(measureChosen);
  else if (act === "cant-scan" && screen() !== "sign-on") cantScan();
  else if (act === "theme") theme.toggle();
  else if (act === "sign-off") signOff();
}

const stir = session.idle(Number(document.body.dataset.idleS ?? 120), signOff);
scanner.listen({
  scan: (raw) => {
    stir();
    if (dialogs.card(raw) || dialogs.badge(raw)) return;
    dialogs.leaveAll();
    if (screen() === "sign-on") session.takeBadge(raw, { read: ui("sign-read") });
    else next(() => scan(raw));
  },
  unread: () => {
    stir();
    if (screen() !== "sign-on") stopFor("barcode_malformed");
  },
});
keys.listen(perform);
session.listen({ device: cart, words: words.ui, done: () => stream.refresh() });
sound.wake();
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("[data-act]");
  const row = event.target.closest(".dose[data-open]");
  if (button instanceof HTMLElement && button.getAttribute("aria-disabled") !== "true") {
    if (row) chosen = row.id;
    if (button.dataset.act === "removed" && row instanceof HTMLElement) charting.removed(row);
    else perform(button.dataset.act ?? "");
  }
  if (row) {
    chosen = row.id;
    markChosen(openRows());
  }
});

core.load("/assets/core.wasm").catch(() => {});
fetch(`/assets/words-${lang}.json`, { credentials: "same-origin" })
  .then((answer) => answer.json())
  .then((found) => {
    Object.assign(words.objections, found.objections);
    Object.assign(words.ui, found.ui);
    Object.assign(words.reasons, found.reasons);
  })
  .catch(() => {});
sounded = document.getElementById("slab")?.dataset.scan ?? "";
changed();
