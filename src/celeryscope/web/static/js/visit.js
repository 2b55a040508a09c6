/** Changing the page's state in place: fetch the new page and swap in what differs. */

/**
 * @typedef {{ shown: (page: Document) => void, failed: () => void }} Listener
 */

export class Visit {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    this.running = new AbortController();
    addEventListener("popstate", () => this.show());
  }

  /**
   * Change keys of the query string; an empty value takes a key away.
   * @param {Record<string, string | number>} changes
   * @param {{ replace?: boolean, state?: object | null }} [how]
   */
  change(changes, { replace = false, state = null } = {}) {
    const url = new URL(location.href);
    for (const [key, value] of Object.entries(changes)) {
      if (value === "") url.searchParams.delete(key);
      else url.searchParams.set(key, String(value));
    }
    this.go(url.href, { replace, state });
  }

  /**
   * @param {string} href
   * @param {{ replace?: boolean, state?: object | null }} [how]
   */
  go(href, { replace = false, state = null } = {}) {
    history[replace ? "replaceState" : "pushState"](state, "", href);
    this.show();
  }

  /** Show the page of the present address; a newer call takes over from an older one. */
  async show() {
    this.running.abort();
    const running = new AbortController();
    this.running = running;
    try {
      const response = await fetch(location.href, { signal: running.signal });
      const text = await response.text();
      if (response.ok) this.#swap(new DOMParser().parseFromString(text, "text/html"));
      else if (response.status >= 500) this.listener.failed();
      else location.reload();
    } catch (error) {
      if (!running.signal.aborted) this.listener.failed();
      if (!(error instanceof TypeError || running.signal.aborted)) throw error;
    }
  }

  /** @param {Document} page */
  #swap(page) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    document.title = page.title;
    for (const old of document.querySelectorAll("[data-swap]")) replace(old, page);
    this.listener.shown(page);
    if (focused && !focused.isConnected) refocus(focused);
  }
}

/**
 * @param {Element} old
 * @param {Document} page
 */
function replace(old, page) {
  const name = CSS.escape(/** @type {HTMLElement} */ (old).dataset.swap ?? "");
  const next = page.querySelector(`[data-swap="${name}"]`);
  if (!next) return;
  old.toggleAttribute("hidden", next.hasAttribute("hidden"));
  if (old.innerHTML !== next.innerHTML) old.replaceChildren(...next.cloneNode(true).childNodes);
}

/** @param {HTMLElement} gone */
function refocus(gone) {
  const { key } = gone.dataset;
  const same = gone.id
    ? document.getElementById(gone.id)
    : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}
