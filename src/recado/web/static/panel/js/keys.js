// The keyboard map. Single keys can be switched off (WCAG 2.1.4): <html data-shortcuts="off">.
const on = () => document.documentElement.dataset.shortcuts !== "off";
const own = new Map();
let going = 0;

// A screen adds its own: addKey("e", () => …).
export function addKey(key, action) {
  own.set(key, action);
}

function typing(target) {
  return target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function go(key) {
  going = 0;
  const link = document.querySelector(`#nav [data-go="${CSS.escape(key)}"]`);
  if (link) link.click();
  return Boolean(link);
}

const actions = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("atalhos")?.showModal(),
  g: () => {
    going = performance.now();
  },
};

function escape() {
  if (document.querySelector("dialog[open]")) return; // the dialog closes itself
  const menu = document.querySelector("[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return;
  }
  document.querySelector("[data-drawer-close]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (typing(event.target)) event.target.blur();
    else escape();
    return;
  }
  if (!on() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (going && performance.now() - going < 1500 && go(event.key)) {
    event.preventDefault();
    return;
  }
  // Links, buttons and menus know what Enter means to them.
  if (event.key === "Enter" && event.target.closest?.("a, button, summary, input, label")) return;
  const action = actions[event.key] ?? own.get(event.key);
  if (action) {
    event.preventDefault();
    action(event);
  }
});
