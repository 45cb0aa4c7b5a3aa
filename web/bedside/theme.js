// @ts-check
/**
 * Day and night: by the shift the server names, unless a person chose (cookie `theme`, so that the
 * next page starts right).
 */

/** @param {string} shift "day" or "night" */
export function byShift(shift) {
  const page = document.documentElement;
  if (shift !== "day" && shift !== "night") return;
  page.dataset.shift = shift;
  if (!("chosen" in page.dataset)) page.dataset.theme = shift;
}

/** The other theme, by hand; choosing the shift's own theme ends the choice. */
export function toggle() {
  const page = document.documentElement;
  const next = page.dataset.theme === "night" ? "day" : "night";
  page.dataset.theme = next;
  if (next === page.dataset.shift) {
    delete page.dataset.chosen;
    document.cookie = "theme=; Path=/; SameSite=Strict; Max-Age=0";
  } else {
    page.dataset.chosen = "";
    document.cookie = `theme=${next}; Path=/; SameSite=Strict; Max-Age=43200`;
  }
}
