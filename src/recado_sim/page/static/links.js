// Addresses in messages. Only this machine's open; others are shown, never visited.

import { h, icon, say } from "./dom.js";
import { sheet } from "./sheet.js";

/** @param {string} text @returns {URL|null} an http(s) address of this machine */
export function loopback(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  const here = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  const plainWeb = url.protocol === "http:" || url.protocol === "https:";
  return here && plainWeb && !url.username ? url : null;
}

/**
 * A link when the address is on this machine, otherwise a button that shows the address.
 * @param {string} address @param {string} label @param {string} look class of the element
 * @param {Node} [drawing]
 */
export function linkTo(address, label, look, drawing) {
  const local = loopback(address);
  if (local) {
    const opens = h("span", { class: "sr" }, " (abre em outra aba)");
    return h("a", { class: look, href: local.href, target: "_blank", rel: "noopener noreferrer" }, drawing, label, opens);
  }
  return h("button", { class: look, type: "button", on: { click: () => showAddress(address) } }, drawing, label);
}

/** @param {string} address */
export function showAddress(address) {
  sheet("Este link leva para fora", (close) => [
    h("p", {}, "O celular de demonstração não abre endereços de fora. O endereço é:"),
    h("p", { class: "address", dir: "ltr" }, address || "(vazio)"),
    h("button", { class: "btn", type: "button", on: { click: async () => { await copy(address); close(); } } }, icon("copy"), "Copiar endereço"),
  ]);
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copiado.");
  } catch {
    say("Não deu para copiar.");
  }
}
