/** Numbers and times as the page writes them. */

const language = document.documentElement.lang;

/** @param {Intl.DateTimeFormatOptions} options */
const dates = (options) => new Intl.DateTimeFormat(language, { hourCycle: "h23", ...options });
const CLOCK = dates({ hour: "2-digit", minute: "2-digit" });
const SECONDS = dates({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = dates({ day: "numeric", month: "short" });
/** @type {Intl.DateTimeFormatOptions} */
const MINUTE = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const TO_THE_SECOND = dates({ ...MINUTE, second: "2-digit" });
const TO_THE_MINUTE = dates(MINUTE);
const YEAR = dates({ day: "numeric", month: "short", year: "numeric" });

/** @type {[number, number, string][]} upper limit in ms, divisor, unit */
const DURATIONS = [
  [999.5, 1, "ms"],
  [59950, 1e3, "s"],
  [3570e3, 60e3, "m"],
  [Infinity, 3600e3, "h"],
];

/**
 * @param {number} number at least 0
 * @returns {string} the number with some three digits
 */
function short(number) {
  if (number >= 99.95) return Math.round(number).toLocaleString(language);
  return number >= 9.995 ? number.toFixed(1) : number.toFixed(2);
}

/**
 * @param {number | null | undefined} value
 * @param {string} unit `ms`, `%`, `runs` or a rate such as `/s`
 */
export function amount(value, unit) {
  if (value === null || value === undefined) return "–";
  if (unit !== "ms") return `${short(value)} ${unit}`;
  const [, divisor, name] = DURATIONS.find(([limit]) => value < limit) ?? DURATIONS[3];
  return `${divisor === 1 && value >= 9.95 ? Math.round(value) : short(value / divisor)} ${name}`;
}

/**
 * The text beside an axis: as few digits as the step between its lines needs.
 * @param {number} value
 * @param {number} step
 * @param {string} unit
 */
export function tick(value, step, unit) {
  const [, divisor, name] = unit === "ms" ? (DURATIONS.find(([limit]) => value < limit) ?? DURATIONS[3]) : [0, 1, unit];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / divisor) - 1e-9));
  return `${(value / divisor).toFixed(Math.min(digits, 3))} ${name}`;
}

/**
 * @param {number} seconds Unix time
 * @param {number} step seconds between the lines of the axis
 */
export function timeTick(seconds, step) {
  const date = new Date(seconds * 1000);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= 86400 || midnight) return DAY.format(date);
  return (step < 60 ? SECONDS : CLOCK).format(date);
}

/**
 * @param {number} seconds Unix time
 * @param {number} step seconds in one interval
 */
export function moment(seconds, step) {
  const format = step >= 86400 ? YEAR : step >= 60 ? TO_THE_MINUTE : TO_THE_SECOND;
  return format.format(new Date(seconds * 1000));
}
