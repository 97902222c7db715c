// Dates in Brazilian words, on the simulated clock.

const HOUR = new Intl.DateTimeFormat("pt-BR", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("pt-BR", { weekday: "long", day: "numeric", month: "long" });
const SHORT = new Intl.DateTimeFormat("pt-BR", { day: "2-digit", month: "2-digit" });
const FULL = new Intl.DateTimeFormat("pt-BR", {
  weekday: "short", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit",
});

let ahead = 0; // simulated time minus this computer's, in milliseconds

/** @param {number} simulated milliseconds since 1970, now */
export function setNow(simulated) {
  ahead = simulated - Date.now();
}

export const now = () => new Date(Date.now() + ahead);
export const shiftMs = () => ahead;

/** @param {unknown} value ISO text or seconds @returns {Date|null} */
export function parse(value) {
  const ms = typeof value === "number" ? value * 1000 : Date.parse(String(value ?? ""));
  return Number.isFinite(ms) ? new Date(ms) : null;
}

export const hour = (date) => (date ? HOUR.format(date) : "");
export const full = (date) => FULL.format(date);

const dayNumber = (date) => Math.floor((date.getTime() - date.getTimezoneOffset() * 60000) / 86400000);

/** "Hoje", "Ontem" or the day in full. @param {Date} date */
export function day(date) {
  const distance = dayNumber(now()) - dayNumber(date);
  if (distance === 0) return "Hoje";
  if (distance === 1) return "Ontem";
  return DAY.format(date);
}

/** For the list of people: the hour today, otherwise the day. @param {Date|null} date */
export function brief(date) {
  if (!date) return "";
  const distance = dayNumber(now()) - dayNumber(date);
  if (distance === 0) return HOUR.format(date);
  return distance === 1 ? "Ontem" : SHORT.format(date);
}

/** "2 dias e 3 h à frente". @param {number} ms */
export function shiftWords(ms) {
  const minutes = Math.round(Math.abs(ms) / 60000);
  if (minutes < 1) return "Igual ao relógio deste computador.";
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = minutes % 60;
  const parts = [];
  if (days) parts.push(days === 1 ? "1 dia" : `${days} dias`);
  if (hours) parts.push(`${hours} h`);
  if (rest) parts.push(`${rest} min`);
  return `${parts.join(" e ")} ${ms > 0 ? "à frente" : "atrás"} do computador.`;
}
