// @ts-check
/** A resident's stay: away, back, discharged, readmitted, with what it would do shown first. */
import { Problem, send } from "../bedside/api.js";
import { askWhy, confirmed, instants, notRight } from "./ask.js";
import { element, isRefusal, key, put, renewStay, say, sentence, spent, word } from "./page.js";
import * as sign from "./sign.js";

/** Where the API says something is wrong. */
const FIELD = new Map([
  ["absence_past", "from"],
  ["absence_contradicted", "from"],
  ["absence_reversed", "until"],
  ["room_unknown", "room"],
]);

/** What is asked of a stay, and what the API is sent for it. */
class Asked {
  /** @param {HTMLElement} panel @param {HTMLElement} button */
  constructor(panel, button) {
    this.resident = panel.dataset.stay ?? "";
    this.act = button.dataset.stayAct ?? "";
    this.asks = button.dataset.asks ?? "";
    this.label = button.textContent ?? "";
    this.about = panel.querySelector("[data-who]")?.textContent ?? "";
    this.path = `/api/v1/residents/${this.resident}/${this.act}`;
  }

  /**
   * What is sent for what was answered; nothing when an answer cannot be read.
   * @param {import("./ask.js").Why} why
   */
  async body({ kind, reason, from, until, deceased, room }) {
    if (this.act === "absence") {
      const span = await instants(from, until);
      return span && { kind, reason, ...span };
    }
    if (this.act === "discharge") return { reason, deceased };
    return this.act === "readmit" && room ? { room } : {};
  }

  /**
   * Shows what it would do, and does it when that is confirmed.
   * @param {object} body
   */
  async carryOut(body) {
    const named = `${this.path} ${JSON.stringify(body)}`;
    const told = await send("POST", `${this.path}?dry_run=true&fragments=true`, body, {
      key: key(named),
      repeat: true,
      long: true,
    });
    this.done(named, body, element(told.fragments[0]));
  }

  /** @param {string} named @param {object} body @param {HTMLElement} shown */
  async done(named, body, shown) {
    if (!(await confirmed(this, shown))) {
      this.back();
      return;
    }
    try {
      await send("POST", this.path, body, { key: key(named) });
      spent(named);
      await renewStay().catch(() => location.reload());
      say(word(`done-${this.act}`));
    } catch (error) {
      if (isRefusal(error)) spent(named);
      this.failed(error);
    }
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof Problem && error.status === 401) sign.again(() => this.back());
    put(document, "#stay > [data-wrong]", sentence(error));
  }

  /** The focus goes back to the button that asked. */
  back() {
    const button = document.querySelector(`#stay [data-stay-act="${this.act}"]`);
    if (button instanceof HTMLElement) button.focus();
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-stay-act]");
  const panel = button && button.closest("[data-stay]");
  if (!(button instanceof HTMLElement) || !(panel instanceof HTMLElement)) return;
  const asked = new Asked(panel, button);
  say("");
  put(panel, "[data-wrong]", "");
  if (!asked.asks) {
    await asked.carryOut({}).catch((error) => asked.failed(error));
    return;
  }
  askWhy(asked, async (why) => {
    try {
      const body = await asked.body(why);
      if (body) await asked.carryOut(body);
      return Boolean(body);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) sign.again(() => notRight([]));
      const place = error instanceof Problem ? FIELD.get(error.code) : "";
      notRight([{ field: place ?? "", text: sentence(error) }]);
      return false;
    }
  });
});
