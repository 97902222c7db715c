// A small menu beside what opened it. Arrow keys move, Esc closes, focus goes back.

import { h, icon } from "./dom.js";

/**
 * @param {HTMLElement} opener
 * @param {{label: string, icon?: string, run: () => void}[]} entries
 * @param {{label: string, emojis?: string[], pick?: (emoji: string) => void, note?: string}} options
 */
export function openMenu(opener, entries, options) {
  const menu = h("div", { class: "menu", role: "menu", "aria-label": options.label, popover: "auto" });
  const close = () => menu.hidePopover();
  const item = (props, ...inside) => h("button", { type: "button", role: "menuitem", tabindex: "-1", ...props }, ...inside);
  if (options.emojis) {
    menu.append(h("div", { class: "emojis", role: "group", "aria-label": "Reagir" }, ...options.emojis.map((emoji) =>
      item({ class: "emoji", "aria-label": `Reagir com ${emoji}`, on: { click: () => { close(); options.pick(emoji); } } }, emoji))));
  }
  menu.append(...entries.map((entry) =>
    item({ on: { click: () => { close(); entry.run(); } } }, entry.icon ? icon(entry.icon) : null, entry.label)));
  menu.addEventListener("keydown", (event) => move(menu, event));
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    opener.setAttribute("aria-expanded", "false");
    menu.remove();
    if (opener.isConnected && (document.activeElement === document.body || !document.activeElement)) opener.focus();
  });
  (opener.closest("main") ?? document.body).append(menu);
  menu.showPopover();
  opener.setAttribute("aria-expanded", "true");
  place(menu, opener);
  menu.querySelector("[role=menuitem]")?.focus();
}

function move(menu, event) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const here = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: here + 1, ArrowRight: here + 1, ArrowUp: here - 1, ArrowLeft: here - 1, Home: 0, End: items.length - 1,
  }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}

function place(menu, opener) {
  const edge = 8;
  const by = opener.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const below = by.bottom + 4 + size.height <= innerHeight - edge;
  const top = below ? by.bottom + 4 : Math.max(edge, by.top - size.height - 4);
  const left = Math.min(Math.max(edge, by.right - size.width), innerWidth - size.width - edge);
  menu.style.top = `${top}px`;
  menu.style.left = `${left}px`;
}
