// @ts-check
/**
 * The domain as wasm, for previews: JSON in, JSON out over alloc, call and free. A trap poisons an
 * instance, so it is thrown away, the caller is told to check by hand, and a new one is made.
 *
 * @typedef {{memory: WebAssembly.Memory, alloc: (len: number) => number, call: (ptr: number, len:
 *   number) => bigint, free: (ptr: number, len: number) => void}} Exports
 */

/** What `call` gives when there is no trustworthy answer. */
export const TRAPPED = Symbol("trapped");

export class Core {
  /** @type {WebAssembly.Module | null} */ #module = null;
  /** @type {Exports | null} */ #wasm = null;

  /** @param {string} url */
  async load(url) {
    const answer = await fetch(url, { credentials: "same-origin" });
    this.#module = await WebAssembly.compileStreaming(answer);
    await this.#renew();
  }

  get ready() {
    return this.#wasm !== null;
  }

  /**
   * @param {{fn: string} & Record<string, unknown>} request
   * @returns {any} the answer; `null` when the core is not loaded; `TRAPPED` after a trap
   */
  call(request) {
    const wasm = this.#wasm;
    if (!wasm) return null;
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(request));
      const at = wasm.alloc(bytes.length) >>> 0;
      if (at === 0) throw new RangeError("no memory");
      new Uint8Array(wasm.memory.buffer, at, bytes.length).set(bytes);
      const packed = BigInt.asUintN(64, wasm.call(at, bytes.length));
      wasm.free(at, bytes.length);
      const from = Number(packed >> 32n);
      const length = Number(packed & 0xffffffffn);
      const text = new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, from, length));
      wasm.free(from, length);
      return JSON.parse(text);
    } catch {
      this.#wasm = null;
      this.#renew().catch(() => {});
      return TRAPPED;
    }
  }

  async #renew() {
    if (!this.#module) return;
    const instance = await WebAssembly.instantiate(this.#module, {});
    this.#wasm = /** @type {Exports} */ (/** @type {unknown} */ (instance.exports));
  }
}
