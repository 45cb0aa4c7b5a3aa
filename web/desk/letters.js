// @ts-check
/** Messages that a person has to read: taken off the list with what was done about them. */
import { Problem, send } from "../bedside/api.js";
import { askWhy, notRight } from "./ask.js";
import { isRefusal, key, renewLetters, say, sentence, spent, word } from "./page.js";
import * as sign from "./sign.js";

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-letter-act]");
  const row = button && button.closest("[data-letter]");
  if (!(button instanceof HTMLElement) || !(row instanceof HTMLElement)) return;
  say("");
  const id = row.dataset.letter ?? "";
  const says = (/** @type {string} */ part) => row.querySelector(part)?.textContent ?? "";
  const about = `${says("[data-says]")} · ${says("[data-who]")}`;
  askWhy({ label: button.textContent ?? "", about }, async ({ reason }) => {
    const path = `/api/v1/transcriptions/${id}/done`;
    const named = `${path} ${reason}`;
    try {
      await send("POST", path, { reason }, { key: key(named) });
      spent(named);
      await renewLetters().catch(() => location.reload());
      say(word("done-letter"));
      return true;
    } catch (error) {
      if (isRefusal(error)) spent(named);
      if (error instanceof Problem && error.status === 401) sign.again(() => notRight([]));
      notRight([{ field: "", text: sentence(error) }]);
      return false;
    }
  });
});
