// The list of people on the left.

import { byId, h, icon, words } from "./dom.js";
import { plain } from "./markup.js";
import { brief, parse } from "./time.js";

export const nameOf = (person) => words(person?.name) || showPhone(words(person?.phone)) || "Pessoa";

/** +5520955500111 -> +55 20 95550-0111; other countries stay as they are. @param {string} phone */
export function showPhone(phone) {
  const digits = phone.replace(/\D/g, "");
  const brazil = /^55(\d{2})(\d{4,5})(\d{4})$/.exec(digits);
  if (brazil) return `+55 ${brazil[1]} ${brazil[2]}-${brazil[3]}`;
  return digits ? `+${digits}` : phone;
}

export function initials(name) {
  const parts = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(parts[0] ?? "?")][0];
  const last = parts.length > 1 ? [...parts[parts.length - 1]][0] : "";
  return (first + last).toUpperCase();
}

/** One of eight colours, always the same for the same person. @param {string} key */
export function tint(key) {
  let sum = 0;
  for (const char of key) sum = (sum * 37 + char.codePointAt(0)) % 9973;
  return `t${sum % 8}`;
}

function entry(person, chosen, choose) {
  const name = nameOf(person);
  const { key } = person;
  const unread = Number(person.unread) || 0;
  const state = person.blocked ? "Bloqueou a empresa" : person.online === false ? "Celular sem rede" : "";
  return h("li", {}, h("button", {
    class: "person", type: "button", "aria-current": chosen ? "true" : null, data: { key }, on: { click: () => choose(key) },
  },
  h("span", { class: `face ${tint(key)}`, "aria-hidden": "true" }, /\p{L}/u.test(name) ? initials(name) : icon("user")),
  h("span", { class: "person-name", dir: "auto" }, name),
  h("span", { class: "person-when num" }, brief(parse(person.last_at))),
  h("span", { class: "person-last", dir: "auto" }, state ? icon(person.blocked ? "ban" : "warn") : null,
    state || plain(words(person.last_text)) || showPhone(words(person.phone))),
  unread > 0 && h("span", { class: "unread num" }, String(unread), h("span", { class: "sr" }, unread === 1 ? " nova" : " novas"))));
}

let drawn = "";

/** Redraws only when something changed, keeping the focus on the same person. */
export function showPeople(people, chosen, choose) {
  const picture = JSON.stringify([people, chosen, brief(new Date())]);
  if (picture === drawn) return;
  drawn = picture;
  const list = byId("people-list");
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  list.replaceChildren(...people.map((person) => entry(person, person.key === chosen, choose)));
  byId("people-empty").hidden = people.length > 0;
  if (focused) [...list.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}
