/** News of each flush: the page is fetched again, at most once in one of its intervals. */

/**
 * @typedef {{ follows: () => boolean, step: () => number, refresh: () => Promise<void> }} Page
 * `follows` tells whether the page's time ends now, `step` is the seconds of its intervals.
 */

// From where this script came, whatever path a proxy serves it below.
const NEWS = new URL("../../api/live", import.meta.url);
const AGAIN_MS = 3000;
const SLACK = 0.5;

export class Live {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.sign = /** @type {HTMLElement} */ (document.getElementById("live"));
    this.text = /** @type {HTMLElement} */ (document.getElementById("live-text"));
    /** @type {EventSource | null} */
    this.source = null;
    this.refreshed = Date.now();
    this.refreshing = false;
    this.lost = false;
    this.sign.hidden = false;
    document.addEventListener("visibilitychange", () => this.#wake());
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", () => this.#wake());
    this.#open();
  }

  /** Say what the page does now; to be called when it shows another time. */
  tell() {
    const state = this.lost ? "lost" : this.page.follows() ? "live" : "paused";
    if (this.sign.dataset.state === state) return;
    this.sign.dataset.state = state;
    this.text.textContent = this.sign.dataset[`say${state[0].toUpperCase()}${state.slice(1)}`] ?? "";
  }

  /** The server does not answer. */
  lose() {
    this.lost = true;
    this.tell();
  }

  /** The server has answered; its news may still be on their way back. */
  find() {
    this.lost = this.source?.readyState === EventSource.CONNECTING;
    this.tell();
  }

  #wake() {
    if (document.hidden) {
      this.#close();
    } else if (!this.source) {
      this.#open();
      this.#refresh();
    }
  }

  #open() {
    this.source?.close();
    const source = new EventSource(NEWS);
    this.source = source;
    source.addEventListener("open", () => this.#found());
    source.addEventListener("message", (event) => this.#flushed(JSON.parse(event.data).seconds));
    source.addEventListener("error", () => {
      this.lose();
      // The browser tries again by itself, but for an answer that is no event stream.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#reopen(source), AGAIN_MS);
    });
    this.tell();
  }

  /** @param {EventSource} source */
  #reopen(source) {
    if (this.source === source) this.#open();
  }

  #close() {
    this.source?.close();
    this.source = null;
  }

  #found() {
    const again = this.lost;
    this.lost = false;
    this.tell();
    if (again) this.#refresh();
  }

  /** @param {number} seconds the flush's length */
  #flushed(seconds) {
    const pause = Math.max(seconds, this.page.step()) - SLACK * seconds;
    if (Date.now() - this.refreshed >= pause * 1000) this.#refresh();
  }

  async #refresh() {
    if (!this.page.follows() || this.refreshing) return;
    this.refreshing = true;
    this.refreshed = Date.now();
    await this.page.refresh().finally(() => {
      this.refreshing = false;
    });
  }
}
