// Lists: j and k move, Enter opens, x selects, Shift+x selects up to here; filters send themselves; bulk bar.
import { addKey } from "./keys.js";

const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const current = () => document.querySelector("[data-row][data-current]");
let anchor = null;

function mark(row) {
  if (!row) return;
  current()?.removeAttribute("data-current");
  row.setAttribute("data-current", "");
  row.querySelector("[data-open]")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  mark(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))]);
}

function box(row) {
  return row?.querySelector("input[type=checkbox]");
}

function select(event) {
  const all = rows();
  const here = current();
  if (!box(here)) return;
  if (event.shiftKey && anchor && all.includes(anchor)) {
    const [from, to] = [all.indexOf(anchor), all.indexOf(here)].sort((a, b) => a - b);
    for (const row of all.slice(from, to + 1)) if (box(row)) box(row).checked = true;
  } else {
    box(here).checked = !box(here).checked;
    anchor = here;
  }
  count();
}

export function count() {
  const bar = document.querySelector("[data-bulk]");
  if (!bar) return;
  const chosen = document.querySelectorAll("[data-row] input[type=checkbox]:checked").length;
  bar.hidden = chosen === 0;
  bar.querySelector("[data-bulk-count]").textContent = String(chosen);
}

addKey("j", () => move(1));
addKey("k", () => move(-1));
addKey("x", select);
addKey("X", select);
for (const key of ["Enter", "o"]) addKey(key, () => current()?.querySelector("[data-open]")?.click());

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row && row !== current()) {
    current()?.removeAttribute("data-current");
    row.setAttribute("data-current", "");
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-autosubmit]");
  if (form) form.requestSubmit();
  if (event.target.matches("[data-select-all]")) {
    for (const row of rows()) if (box(row)) box(row).checked = event.target.checked;
  }
  if (event.target.matches("input[type=checkbox]")) count();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-bulk-clear]")) {
    for (const one of document.querySelectorAll("[data-rows] input[type=checkbox]")) one.checked = false;
    count();
  }
});

document.addEventListener("htmx:afterSettle", count);
// A table that does not scroll needs no stop for the Tab key; one that does, does.
count();
