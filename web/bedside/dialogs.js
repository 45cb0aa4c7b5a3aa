// @ts-check
/**
 * Dialogs that ask why: a list of reasons chosen by digit or touch, a comment where the reason
 * needs one.
 *
 * @typedef {{code: string, text: string, comment: boolean}} Reason
 * @typedef {{reason: string, comment: string}} Choice
 */

/**
 * Chooses the reason of a command card in the open dialog.
 * @type {((code: string) => boolean) | null}
 */
let byCode = null;

/** A scan that only chooses a reason: the reason part of the command card. @param {string} raw */
export function card(raw) {
  return byCode !== null && raw.startsWith("EMAR:CMD:") && byCode(raw.slice("EMAR:CMD:".length));
}

/**
 * @param {{title: string, about: string, reasons: Reason[], go: string, words: Record<string,
 *   string>, proposed?: Choice}} ask with `proposed`, that reason is chosen already
 * @returns {Promise<Choice | null>} null when the person went back
 */
export function why(ask) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("reason"));
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (dialog.querySelector(`[data-${name}]`));
  const comment = /** @type {HTMLTextAreaElement} */ (dialog.querySelector("textarea"));
  part("title").textContent = ask.title;
  part("about").textContent = ask.about;
  part("go").textContent = ask.go;
  part("wrong").textContent = "";
  part("comment").hidden = true;
  comment.value = "";
  const { proposed } = ask;
  /** @type {Reason | undefined} */
  let chosen;

  const buttons = ask.reasons.slice(0, 9).map((reason, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    const digit = document.createElement("kbd");
    digit.textContent = String(index + 1);
    button.append(digit, reason.text);
    button.addEventListener("click", () => choose(index));
    return button;
  });
  part("reasons").replaceChildren(
    ...buttons.map((button) => {
      const entry = document.createElement("li");
      entry.append(button);
      return entry;
    }),
  );

  /** @param {number} index */
  function choose(index) {
    chosen = ask.reasons[index];
    if (!chosen) return;
    // A proposed comment is that of its own reason, and is never taken for another's.
    if (proposed && [proposed.comment, ""].includes(comment.value))
      comment.value = chosen.code === proposed.reason ? proposed.comment : "";
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
    part("comment").hidden = false;
    part("label").textContent =
      (chosen.comment ? ask.words["ask-comment-needed"] : ask.words["ask-comment"]) ?? "";
    part("wrong").textContent = "";
    if (chosen.comment) comment.focus();
  }

  byCode = (code) => {
    const index = ask.reasons.findIndex((reason) => reason.code === code);
    if (index >= 0) choose(index);
    return index >= 0;
  };
  if (proposed) choose(ask.reasons.findIndex((reason) => reason.code === proposed.reason));
  const asked = open(dialog, {
    key: (event) => {
      const digit = /^[1-9]$/.test(event.key) && document.activeElement !== comment;
      if (digit) choose(Number(event.key) - 1);
      return digit;
    },
    go: () => {
      if (!chosen) {
        part("wrong").textContent = ask.title;
        return null;
      }
      if (chosen.comment && comment.value.trim() === "") {
        part("wrong").textContent = ask.words["ask-comment-needed"] ?? "";
        comment.focus();
        return null;
      }
      return { reason: chosen.code, comment: comment.value.trim() };
    },
  }).finally(() => {
    byCode = null;
  });
  // Where a reason is proposed, Enter files it: the comment, already written, takes no digits.
  if (proposed) part("go").closest("button")?.focus();
  return asked;
}

/**
 * Can't scan: what, why, and the last four characters.
 * @param {"identity_keyed" | "drug_unscannable"} usual
 * @param {Record<string, string>} words
 * @returns {Promise<{what: string, why: string, last4: string} | null>}
 */
export function cantScan(usual, words) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("cant-scan"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const wrong = /** @type {HTMLElement} */ (dialog.querySelector("[data-wrong]"));
  form.reset();
  wrong.textContent = "";
  const radio = form.querySelector(`input[value=${usual}]`);
  if (radio instanceof HTMLInputElement) radio.checked = true;
  return open(dialog, {
    key: () => false,
    go: () => {
      const data = new FormData(form);
      const [what, reason, last4] = ["what", "why", "last4"].map((name) =>
        String(data.get(name) ?? "").trim(),
      );
      if (what && reason && last4 && last4.length === 4)
        return { what, why: reason, last4: last4.toUpperCase() };
      wrong.textContent = (reason ? words["scan-last4"] : words["scan-why"]) ?? "";
      return null;
    },
  });
}

/**
 * A badge was read while a second person is asked for: it is theirs.
 * @type {((raw: string) => boolean) | null}
 */
let byBadge = null;

/** A scan that fills the second person's badge. @param {string} raw */
export function badge(raw) {
  return byBadge !== null && byBadge(raw);
}

/**
 * The second person: badge, PIN and the dose they find, asked until `check` takes them; or, where
 * the home allows giving alone, why nobody else is here.
 * @param {{about: string, alone: boolean, check: (found: {badge: string, pin: string, amount:
 *   string}) => Promise<string>}} ask `check` answers with what is wrong, or nothing
 * @returns {Promise<{alone: string} | null>} null when the person went back
 */
export function second(ask) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("second"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (dialog.querySelector(`[data-${name}]`));
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const [nobody, go] = [part("nobody"), part("go")];
  let alone = false;
  let busy = false;
  /** @param {boolean} now */
  const turn = (now) => {
    alone = now;
    part("check").hidden = now;
    part("alone").hidden = !now;
    nobody.hidden = now || !ask.alone;
    go.textContent = (now ? go.dataset.given : go.dataset.checked) ?? "";
    part("wrong").textContent = "";
  };
  form.reset();
  part("about").textContent = ask.about;
  turn(false);
  const turnAlone = () => {
    turn(true);
    field("why").focus();
  };
  nobody.addEventListener("click", turnAlone);
  byBadge = (raw) => {
    if (alone || raw.startsWith("EMAR:CMD:")) return false;
    field("badge").value = raw;
    field("pin").focus();
    return true;
  };
  const names = ["badge", "pin", "amount"];
  /** @type {((value: {alone: string}) => void) | null} */
  let leave = null;
  const answered = open(dialog, {
    key: () => false,
    on: (done) => (leave = done),
    go: () => {
      const missing = (alone ? ["why"] : names).find((name) => field(name).value.trim() === "");
      if (missing) {
        field(missing).focus();
        return null;
      }
      if (alone) return { alone: field("why").value.trim() };
      if (busy) return null;
      busy = true;
      const [badge, pin, amount] = names.map((name) => field(name).value.trim());
      ask
        .check({ badge: badge ?? "", pin: pin ?? "", amount: amount ?? "" })
        .then((wrong) => {
          part("wrong").textContent = wrong;
          field("pin").value = "";
          if (wrong) field("pin").focus();
          else leave?.({ alone: "" });
        })
        .finally(() => {
          busy = false;
        });
      return null;
    },
  });
  return answered.finally(() => {
    byBadge = null;
    nobody.removeEventListener("click", turnAlone);
    form.reset();
  });
}

/**
 * Shows a dialog until it is answered or left.
 * @template T
 * @param {HTMLDialogElement} dialog
 * @param {{key: (event: KeyboardEvent) => boolean, go: () => T | null, on?: (leave: (value: T) =>
 *   void) => void}} on `on` is handed what ends it later, where `go` has to wait
 * @returns {Promise<T | null>}
 */
export function open(dialog, on) {
  const end = new AbortController();
  const { signal } = end;
  return new Promise((resolve) => {
    /** @param {T | null} value */
    const leave = (value) => {
      end.abort();
      if (dialog.open) dialog.close();
      resolve(value);
    };
    on.on?.(leave);
    const tryGo = () => {
      const value = on.go();
      if (value !== null) leave(value);
    };
    dialog.addEventListener(
      "keydown",
      (event) => {
        if (event.repeat) return;
        if (event.key === "Escape") {
          event.preventDefault();
          leave(null);
          return;
        }
        const own = "[data-do=back], [data-meter]";
        const onOwn = event.target instanceof Element && event.target.closest(own) !== null;
        const enter = event.key === "Enter" && !onOwn;
        if (enter) tryGo();
        if (enter || on.key(event)) event.preventDefault();
      },
      { signal },
    );
    dialog.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        tryGo();
      },
      { signal },
    );
    dialog.addEventListener("close", () => leave(null), { signal });
    dialog
      .querySelector("[data-do=back]")
      ?.addEventListener("click", () => leave(null), { signal });
    if (!dialog.open) dialog.showModal();
  });
}

/** Leaves one dialog, if it is open. @param {string} id */
export function leave(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && dialog.open) dialog.close();
}

/** Leaves every open dialog, as a new scan does. */
export function leaveAll() {
  for (const dialog of document.querySelectorAll("dialog[open]"))
    if (dialog instanceof HTMLDialogElement) dialog.close();
}
