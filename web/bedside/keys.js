// @ts-check
/**
 * Keys as twins of the command card; never single letters, for a scanner types letters. What the
 * scanner took never arrives here.
 *
 * @typedef {"taken"|"clear"|"refused"|"held"|"undo"|"cant-scan"|"measure"|"list"|"up"|"down"} Act
 */

/** @type {Record<string, Act>} */
const ACTS = {
  Enter: "taken",
  Escape: "clear",
  F2: "refused",
  F3: "held",
  F4: "undo",
  F6: "cant-scan",
  F7: "measure",
  F10: "list",
  ArrowUp: "up",
  ArrowDown: "down",
};

/** Elements for which Enter and the arrows have a meaning of their own. */
const OWN = "button, input, textarea, select, summary, a";

/** @param {(act: Act) => void} act */
export function listen(act) {
  window.addEventListener("keydown", (event) => {
    const found = ACTS[event.key];
    if (!found || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const own = event.target instanceof Element && event.target.closest(OWN) !== null;
    if (own && (found === "taken" || found === "up" || found === "down")) return;
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act(found);
  });
}
