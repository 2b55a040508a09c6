/** The switch between light and dark; the system decides until it is used. */

const KEY = "celeryscope-theme";
const DRAWN_WITH = [
  ...["line", "soft", "ok", "warn", "bad", "p50", "p95", "p99"],
  ...["e0", "e1", "e2", "e3", "e4"],
];
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark"} the theme that is shown */
const shown = () =>
  /** @type {"light" | "dark" | undefined} */ (document.documentElement.dataset.theme) ??
  (system.matches ? "dark" : "light");

/**
 * Make the switch work.
 * @param {() => void} changed called when the colours are others
 */
export function startTheme(changed) {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("theme"));
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = shown() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage may be forbidden; the choice then lasts until the page is left.
    }
    changed();
  });
  system.addEventListener("change", changed);
}

/**
 * Read the custom properties that charts draw with, as colours that a canvas takes.
 * @returns {(name: string) => string}
 */
export function palette() {
  const probe = document.body.appendChild(document.createElement("i"));
  const read = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return /** @type {[string, string]} */ ([name, getComputedStyle(probe).color]);
  };
  const colors = new Map(DRAWN_WITH.map(read));
  probe.remove();
  return (name) => colors.get(name) ?? "";
}
