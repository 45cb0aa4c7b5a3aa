// @ts-check
/** The worklist of orders: what is done about each, with what it would do shown first. */
import { Problem, send } from "../bedside/api.js";
import { askWhy, confirmed, instants, notRight, rehearsed } from "./ask.js";
import { change } from "./entry.js";
import { doubts, isRefusal, key, put, renew, say, sentence, spent, word } from "./page.js";
import "./letters.js";
import * as sign from "./sign.js";
import "./stay.js";

/** What is asked about an order, and what the API is sent for it. */
class Asked {
  /** @param {HTMLElement} row @param {HTMLElement} button */
  constructor(row, button) {
    this.order = row.dataset.order ?? "";
    this.act = button.dataset.orderAct ?? "";
    this.asks = button.dataset.asks ?? "";
    this.version = Number(row.dataset.version);
    this.label = button.textContent ?? "";
    const who = row.querySelector("[data-who]")?.textContent ?? "";
    this.about = `${row.querySelector(".drug")?.textContent ?? ""} · ${who}`;
  }

  /**
   * Carries it out; what goes wrong is said beside the order.
   * @param {object} body
   */
  async carryOut(body) {
    const { order, act } = this;
    const named = `${act} ${order} ${JSON.stringify(body)}`;
    try {
      await send("POST", `/api/v1/orders/${order}/${act}`, body, { key: key(named) });
      spent(named);
      await renew(order).catch(() => location.reload());
      say(word(`done-${act}`));
    } catch (error) {
      if (isRefusal(error)) spent(named);
      const codes = doubts(error);
      if (codes.length === 0) {
        await this.failed(error);
        return;
      }
      askWhy({ ...this, asks: "reason", said: sentence(error) }, async ({ reason }) => {
        this.carryOut({ ...body, overrides: codes.map((code) => ({ code, reason })) });
        return true;
      });
    }
  }

  /** What it would do. @param {object} body */
  rehearsed(body) {
    return rehearsed({ order: this.order, change: this.act, ...body });
  }

  /**
   * Shows what it would do, and does it when that is confirmed.
   * @param {object} body @param {HTMLElement} shown
   */
  async confirmed(body, shown) {
    if (await confirmed(this, shown)) await this.carryOut(body);
    else this.back();
  }

  /** @param {unknown} error */
  async failed(error) {
    if (error instanceof Problem && error.status === 401) sign.again(() => this.back());
    else if (error instanceof Problem && CHANGED.has(error.code))
      await renew(this.order).catch(() => {});
    const wrong = document.querySelector(`[id="order-${this.order}"] > [data-wrong]`);
    if (wrong) wrong.textContent = sentence(error);
    else say(sentence(error));
  }

  /** The focus goes back to the button that asked. */
  back() {
    const row = document.getElementById(`order-${this.order}`);
    const button = row?.querySelector(`[data-order-act="${this.act}"]`);
    if (button instanceof HTMLElement) button.focus();
  }
}

/** Where the API says something is wrong with a hold or a renewal. */
const FIELD = new Map([
  ["hold_past", "from"],
  ["hold_reversed", "until"],
  ["renewal_not_longer", "until"],
]);

/** Refusals because the order is not what was read. */
const CHANGED = new Set(["order_state", "order_changed"]);

/**
 * A reason, and of a hold or a renewal its span, which the server reads as home time.
 * @param {Asked} asked @param {import("./ask.js").Why} why
 */
async function withReason(asked, why) {
  const { reason, from, until } = why;
  try {
    let body = { reason };
    if (asked.asks.includes("until")) {
      const span = await instants(from, until);
      if (!span) return false;
      if (asked.act === "renew" && !span.until) {
        notRight([{ field: "until", text: word("renew-until-needed") }]);
        return false;
      }
      body = asked.act === "hold" ? { reason, ...span } : { reason, until: span.until };
    }
    const shown = await asked.rehearsed(body);
    asked.confirmed(body, shown);
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) sign.again(() => notRight([]));
    const place = error instanceof Problem ? FIELD.get(error.code) : "";
    notRight([{ field: place ?? "", text: sentence(error) }]);
    return false;
  }
}

/**
 * What needs no reason: what it would do is looked at first.
 * @param {Asked} asked @param {object} body
 */
async function lookedAt(asked, body) {
  try {
    await asked.confirmed(body, await asked.rehearsed({}));
  } catch (error) {
    await asked.failed(error);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-order-act]");
  const row = button && button.closest("[data-order]");
  if (!(button instanceof HTMLElement) || !(row instanceof HTMLElement)) return;
  const asked = new Asked(row, button);
  say("");
  put(row, ":scope > [data-wrong]", "");
  if (asked.act === "change") change(asked.order, button.dataset.typed ?? "{}");
  else if (asked.act === "resume") lookedAt(asked, {});
  else if (asked.act === "note") lookedAt(asked, { version: asked.version });
  else if (asked.asks) askWhy(asked, (why) => withReason(asked, why));
  else asked.carryOut({ version: asked.version });
});
