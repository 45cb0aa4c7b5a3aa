// @ts-check
/**
 * Charting without a scan: refused, held, not given, taken off.
 *
 * @typedef {import("./api.js").Override} Override
 * @typedef {import("./dialogs.js").Choice} Choice
 * @typedef {{cart: string, words: {ui: Record<string, string>, reasons: Record<string,
 *   import("./dialogs.js").Reason[]>}, applied: (fragments: import("./api.js").Fragment[]) => void,
 *   failed: (error: unknown) => void}} Page
 */
import { Problem, freshId, postAdministration } from "./api.js";
import * as dialogs from "./dialogs.js";

/** Reasons offered when something comes off early or late. */
const OFF_REASONS = [
  "fell_off",
  "resident_request",
  "resident_away",
  "procedure",
  "prescriber",
  "other",
];

/** What can be charted on a page. @param {Page} page */
export function withoutScan({ cart, words, applied, failed }) {
  const ui = (/** @type {string} */ id) => words.ui[id] ?? "";
  const about = (/** @type {HTMLElement} */ row) => row.querySelector(".drug")?.textContent ?? "";

  /** @param {object} what */
  async function post(what) {
    const receipt = await postAdministration(
      {
        units: null,
        scans: [],
        mode: "now",
        fragments: true,
        cart,
        list_version: document.getElementById("doses")?.dataset.listVersion,
        ...what,
      },
      freshId(),
    );
    applied(receipt.fragments ?? []);
  }

  /**
   * @param {{dose?: string, order?: string}} of @param {string} outcome @param {Choice} choice
   */
  async function file(of, outcome, choice) {
    await post({ ...of, outcome, ...choice, overrides: [] }).catch(failed);
  }

  /** Asks why, then charts. @param {HTMLElement} row @param {string} outcome */
  async function exception(row, outcome) {
    const choice = await dialogs.why({
      title: ui(`ask-${outcome}`),
      about: about(row),
      reasons: words.reasons[outcome] ?? [],
      go: ui("ask-file"),
      words: words.ui,
    });
    if (!choice) return;
    const { dose, order } = row.dataset;
    await file(dose ? { dose } : { order }, outcome, choice);
  }

  /**
   * Charts that what is on the body came off; out of its window that asks why.
   * @param {HTMLElement} row @param {Override[]} [overrides]
   */
  async function removed(row, overrides = []) {
    const { dose } = row.dataset;
    try {
      await post({ dose, outcome: "removed", reason: "", comment: "", overrides });
    } catch (error) {
      const first = error instanceof Problem ? error.objections[0] : undefined;
      if (overrides.length > 0 || first?.severity !== "warn") {
        failed(error);
        return;
      }
      const reasons = OFF_REASONS.map((code) => ({
        code,
        text: ui(`why-${code}`) || code,
        comment: code === "other",
      }));
      const choice = await dialogs.why({
        title: ui("ask-removed"),
        about: about(row),
        reasons,
        go: ui("ask-file"),
        words: words.ui,
      });
      if (choice) await removed(row, [{ code: first.code, ...choice }]);
    }
  }

  return { exception, file, removed };
}
