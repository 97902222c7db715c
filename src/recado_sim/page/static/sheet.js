// A panel that rises from the foot of the phone: lists, addresses, notices.

import { byId, h, icon } from "./dom.js";

/**
 * @param {string} title
 * @param {(close: () => void) => Node[]} fill makes the contents
 */
export function sheet(title, fill) {
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "sheet-title" });
  const close = () => dialog.close();
  dialog.append(
    h("div", { class: "sheet-head" },
      h("h2", { id: "sheet-title", dir: "auto" }, title),
      h("button", { class: "ghost", type: "button", "aria-label": "Fechar", on: { click: close } }, icon("x"))),
    h("div", { class: "sheet-body" }, ...fill(close)));
  const place = () => {
    const glass = byId("glass").getBoundingClientRect();
    // Set through the style object: the page's policy forbids style attributes, not this.
    dialog.style.left = `${Math.max(0, glass.left)}px`;
    dialog.style.width = `${Math.min(glass.width, innerWidth)}px`;
    dialog.style.bottom = `${Math.max(0, innerHeight - glass.bottom)}px`;
    dialog.style.maxHeight = `${Math.min(glass.height, innerHeight) * 0.82}px`;
  };
  addEventListener("resize", place);
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  dialog.addEventListener("close", () => {
    removeEventListener("resize", place);
    dialog.remove();
  });
  document.body.append(dialog);
  place();
  dialog.showModal();
}
