/** Selects, the text filter and links change the page in place. */

/** @typedef {import("./visit.js").Visit} Visit */

const TYPING_PAUSE_MS = 250;

/** What else a choice takes back. */
const RESETS = {
  range: { from: "", until: "" },
  app: { module: "", task: "" },
  module: { task: "" },
  task: {},
};

/** @param {Visit} visit */
export function startControls(visit) {
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLSelectElement && target.name in RESETS) {
      const reset = RESETS[/** @type {keyof typeof RESETS} */ (target.name)];
      visit.change({ ...reset, [target.name]: target.value });
    }
  });
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("a");
    if (link && staysHere(link, event)) {
      event.preventDefault();
      visit.go(link.href);
    }
  });
  startFilter(visit);
}

/** @param {Visit} visit */
function startFilter(visit) {
  const filter = document.getElementById("q");
  if (!(filter instanceof HTMLInputElement)) return;
  let typing = 0;
  const apply = () => visit.change({ q: filter.value.trim() }, { replace: true });
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(apply, TYPING_PAUSE_MS);
  });
  filter.form?.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    apply();
  });
  addEventListener("popstate", () => {
    filter.value = new URLSearchParams(location.search).get("q") ?? "";
  });
}

/**
 * @param {HTMLAnchorElement} link
 * @param {MouseEvent} event
 */
const staysHere = (link, event) =>
  link.origin === location.origin &&
  link.pathname === location.pathname &&
  !link.hash &&
  event.button === 0 &&
  !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
