// @ts-check
/**
 * JSON to the server and back. A repeat uses the same key, so that a lost answer is asked for
 * again, never done twice.
 *
 * @typedef {{id: string, html: string, seq: number}} Fragment
 * @typedef {{code: string, severity: "stop"|"refresh"|"witness"|"warn"|"info", params:
 *   Record<string, unknown>, text: string, reasons?: string[]}} Objection
 * @typedef {{code: string, reason: string, comment: string, contact?: string}} Override
 * @typedef {{scan_id: string, verdict: "ok"|"ask"|"stop", objections: Objection[], effect: string,
 *   command?: string, resident?: string, dose?: string, order?: string,
 *   drug?: string, units?: {scanned: number, needed: number},
 *   headline: string, detail: string, tone: string, fragments?: Fragment[]}} Answer
 */

const TIMEOUT_MS = 4000;
/** What the server has to work out first: as long as it gives itself. */
const LONG_MS = 10000;
const TRIES = 3;
const PAUSE_MS = 400;

/** A refusal with the server's own sentence, or no answer at all (`code` is "network"). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} detail
   * @param {Objection[]} [objections]
   * @param {string} [pointer] where in what was sent
   */
  constructor(status, code, detail, objections = [], pointer = "") {
    super(detail);
    this.status = status;
    this.code = code;
    this.objections = objections;
    this.pointer = pointer;
  }
}

/** @returns {string} a fresh id */
export function freshId() {
  return crypto.randomUUID();
}

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @param {{key?: string, repeat?: boolean, long?: boolean}} [how] `repeat`: safe to send again (the
 *   body or the key names it); what has a key is, unless it says otherwise. `long`: worth a wait
 * @returns {Promise<any>}
 */
export async function send(method, path, body, how = {}) {
  const tries = (how.repeat ?? Boolean(how.key)) ? TRIES : 1;
  for (let left = tries; ; left -= 1) {
    try {
      return await once(method, path, body, how);
    } catch (error) {
      const unknown = !(error instanceof Problem) || error.status === 503;
      if (!unknown || left <= 1)
        throw error instanceof Problem ? error : new Problem(0, "network", "");
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/**
 * @param {string} method @param {string} path @param {unknown} body
 * @param {{key?: string, long?: boolean}} how
 */
async function once(method, path, body, { key, long }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json, application/problem+json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(long ? LONG_MS : TIMEOUT_MS),
  });
  const text = await answer.text();
  const json = text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : null;
  if (answer.ok) return json;
  throw new Problem(
    answer.status,
    json?.code ?? "",
    json?.detail ?? json?.title ?? "",
    json?.objections ?? [],
    json?.pointer ?? "",
  );
}

/** @param {string} path @returns {Promise<any>} */
export const get = (path) => send("GET", path, undefined, { repeat: true });

/** @param {object} scan @returns {Promise<Answer>} */
export const postScan = (scan) => send("POST", "/api/v1/scans", scan, { repeat: true });

/** @param {object} administration @param {string} key @returns {Promise<any>} */
export const postAdministration = (administration, key) =>
  send("POST", "/api/v1/administrations", administration, { key });

/**
 * Sends a second person's check.
 * @param {object} check @param {string} noAnswer what is said when the server does not answer
 * @returns {Promise<string>} what is wrong with it, or nothing
 */
export async function postWitness(check, noAnswer) {
  try {
    await send("POST", "/api/v1/witness", check, { key: freshId() });
    return "";
  } catch (error) {
    const told = error instanceof Problem && error.code !== "network" ? error.message : "";
    return told || noAnswer;
  }
}
