// @ts-check
/** The scanner simulator: a press posts a code into the cart's scanner. Demo only. */
import { Problem, send } from "../bedside/api.js";

const cart = document.body.dataset.cart ?? "";
const sent = /** @type {HTMLElement} */ (document.getElementById("sent"));

/** @param {string} raw @param {string} label */
async function scan(raw, label) {
  try {
    await send("POST", "/demo/scan", { cart, raw });
    sent.textContent = `${sent.dataset.sent}: ${label}`;
    sent.className = "sent given";
  } catch (error) {
    sent.textContent = error instanceof Problem ? error.message || error.code : String(error);
    sent.className = "sent missed";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-raw]") : null;
  if (button instanceof HTMLElement)
    scan(button.dataset.raw ?? "", button.textContent?.trim() ?? "");
});
document.getElementById("raw")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = /** @type {HTMLFormElement} */ (event.target).elements.namedItem("raw");
  if (field instanceof HTMLInputElement && field.value) scan(field.value, field.value);
});
