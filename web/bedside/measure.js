// @ts-check
/**
 * "Measure first": one entry for every reading the open resident's orders ask for, with what each
 * order makes of it beside the field.
 *
 * @typedef {{code: string, label: string, unit: string, glucose_unit?: string, rules: string[],
 *   last: string, required: boolean}} Field
 * @typedef {{resident: string, drug: string, fields: Field[]}} Measuring
 * @typedef {{code: string, value: string, unit?: string}} Reading
 */
import { Problem, freshId, get, send } from "./api.js";
import * as dialogs from "./dialogs.js";

/** What only a glucose meter shows instead of a number. */
const METER = ["HI", "LO"];

/**
 * Asks for the readings and has the server write them down; what it refuses is said in the dialog,
 * and nothing typed is lost.
 * @param {{cart: string, order: string, words: Record<string, string>}} ask
 * @returns {Promise<{fragments: import("./api.js").Fragment[]} | null>} null when the person went
 *   back, or there is nothing to measure
 */
export async function measure({ cart, order, words }) {
  const query = new URLSearchParams({ cart, order });
  /** @type {Measuring} */
  const found = await get(`/bedside/measure?${query}`);
  if (found.fields.length === 0) return null;
  const inputs = lay(found, words);
  for (let wrong = ""; ; ) {
    const readings = await entered(found, inputs, wrong, words);
    if (!readings) return null;
    try {
      const path = `/api/v1/residents/${found.resident}/readings`;
      return await send("POST", path, { readings, cart, fragments: true }, { key: freshId() });
    } catch (error) {
      const refused = error instanceof Problem && (error.status === 409 || error.status === 422);
      if (!refused) throw error;
      wrong = error.message;
    }
  }
}

const dialog = () => /** @type {HTMLDialogElement} */ (document.getElementById("measure"));
const part = (/** @type {string} */ name) =>
  /** @type {HTMLElement} */ (dialog().querySelector(`[data-${name}]`));

/**
 * Lays the fields out, empty: nothing is copied forward from the last time.
 * @param {Measuring} found @param {Record<string, string>} words @returns {HTMLInputElement[]}
 */
function lay(found, words) {
  part("about").textContent = found.drug;
  const inputs = found.fields.map((field) => {
    const input = document.createElement("input");
    input.name = field.code;
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.maxLength = 8;
    input.required = field.required;
    return input;
  });
  part("fields").replaceChildren(
    ...found.fields.map((field, at) => row(field, /** @type {HTMLInputElement} */ (inputs[at]))),
  );
  /** @param {Field} field @param {HTMLInputElement} input */
  function row(field, input) {
    const label = document.createElement("label");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = field.label;
    const unit = document.createElement("span");
    unit.className = "unit";
    unit.textContent = field.unit;
    const notes = document.createElement("small");
    const last = field.last ? (words["measure-last"] ?? "").replace("{last}", field.last) : "";
    notes.textContent = [...field.rules, last].filter(Boolean).join(" · ");
    label.append(name, input, unit, notes);
    const whole = document.createElement("div");
    whole.className = "measure";
    whole.append(label);
    if (field.glucose_unit) whole.append(...METER.map((shown) => meterKey(shown, input)));
    return whole;
  }
  return inputs;
}

/** @param {string} shown @param {HTMLInputElement} input */
function meterKey(shown, input) {
  const key = document.createElement("button");
  key.type = "button";
  key.textContent = shown;
  key.dataset.meter = shown;
  key.addEventListener("click", () => {
    input.value = shown;
    input.focus();
  });
  return key;
}

/**
 * @param {Measuring} found @param {HTMLInputElement[]} inputs @param {string} wrong
 * @param {Record<string, string>} words @returns {Promise<Reading[] | null>}
 */
function entered(found, inputs, wrong, words) {
  part("wrong").textContent = wrong;
  const empty = () => inputs.find((input) => input.required && input.value.trim() === "");
  const asked = dialogs.open(dialog(), {
    key: () => false,
    go: () => {
      // Enter goes from field to field, and files once nothing is missing.
      const open = empty();
      if (open) {
        const stays = open === document.activeElement;
        part("wrong").textContent = stays ? (words["measure-need"] ?? "") : "";
        open.focus();
        return null;
      }
      const readings = found.fields.flatMap((field, at) => {
        const value = inputs[at]?.value.trim().toUpperCase() ?? "";
        if (!value) return [];
        const unit = field.glucose_unit ? { unit: field.glucose_unit } : {};
        return [{ code: field.code, value, ...unit }];
      });
      if (readings.length > 0) return readings;
      part("wrong").textContent = words["measure-need"] ?? "";
      return null;
    },
  });
  (empty() ?? inputs[0])?.focus();
  return asked;
}
