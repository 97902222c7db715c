// Mensagens: the message beside the list, its address in the history, keys, and a message that stays true.
import { addKey } from "./keys.js";
import { subscribe } from "./live.js";
import { toast } from "./toasts.js";

const wide = matchMedia("(width >= 1200px)");
const here = location.pathname;
const place = () => document.getElementById("gaveta-lugar");
const drawer = () => document.querySelector("[data-drawer]");
const shown = () => document.querySelector("[data-detail-of]");
const rowOf = (id) => document.querySelector(`[data-message][data-id="${CSS.escape(id)}"]`);
const current = () => document.querySelector("[data-message][data-current]");
let part = "historia";
// Where the eyes come back to, should the message that is shown at last be no row of this list.
let from = "";
let turn = 0;

async function fetched(address) {
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    return answer.ok && answer.status === 200 ? await answer.text() : null;
  } catch {
    return null;
  }
}

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content;
}

// ------------------------------------------------------------------ beside the list

// `how`: "push" adds to the history, "stay" leaves it (somebody went back or forward). `then` is an action to begin.
async function show(address, how = "push", then = "") {
  const to = new URL(address, location.href);
  const mine = ++turn;
  const id = to.pathname.split("/").pop();
  if (rowOf(id)) from = id;
  const html = await fetched(`${to.pathname}/gaveta?aba=${part}`);
  if (mine !== turn) return;
  if (html === null) {
    location.assign(to);
    return;
  }
  if (how === "push") {
    const way = history.state?.gaveta ? "replaceState" : "pushState";
    history[way]({ gaveta: to.pathname }, "", to.pathname);
  }
  place().replaceChildren(parsed(html));
  htmx.process(place());
  drawer().focus({ preventScroll: true });
  mark();
  press(then || to.searchParams.get("fazer"));
}

function mark() {
  const id = drawer() ? shown().dataset.detailOf : "";
  for (const row of document.querySelectorAll("[data-message][aria-selected]")) row.removeAttribute("aria-selected");
  rowOf(id)?.setAttribute("aria-selected", "true");
}

function close() {
  turn += 1;
  if (!drawer()) return;
  const row = rowOf(shown().dataset.detailOf) ?? rowOf(from);
  place().replaceChildren();
  mark();
  (row?.querySelector("[data-open]") ?? document.getElementById("main")).focus({ preventScroll: true });
}

function goBack() {
  if (history.state?.gaveta) history.back();
  else close();
}

addEventListener("popstate", (event) => {
  if (place() && event.state?.gaveta) show(event.state.gaveta, "stay");
  else if (place() && location.pathname === here) close();
  else if (location.pathname !== here) location.reload();
});

function opensHere(event) {
  const row = event.target.closest("[data-message]");
  const link = event.target.closest("a");
  if (!row || (link && !link.matches("[data-open], [data-detail]"))) return null;
  if (!link && (event.target.closest("button, input, label, summary, .c-sel") || String(getSelection()))) return null;
  return (link ?? row.querySelector("[data-open]")).href;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const next = event.target.closest("[data-part]");
  if (event.target.closest("[data-drawer-close]")) {
    event.preventDefault();
    goBack();
  } else if (next) {
    event.preventDefault();
    part = new URL(next.dataset.part, location.href).searchParams.get("aba");
    shown().dataset.freshFrom = next.dataset.part;
    refresh(true);
  } else {
    const address = opensHere(event);
    if (!address) return;
    event.preventDefault();
    open(address);
  }
});

function open(address, then = "") {
  if (wide.matches && place()) show(address, "push", then);
  else location.assign(then ? `${address}?fazer=${then}` : address);
}

// What was done beside the list: shown again, or the message that came of it.
document.addEventListener("recado:detail", (event) => {
  if (drawer()) show(event.detail.path);
  else location.assign(event.detail.path);
});

// ------------------------------------------------------------------ a message that stays true

const busy = (element) => element.querySelector("dialog[open], audio, video, input:focus, textarea:focus");
let freshAt = 0;
let timer = 0;

async function refresh(now = false) {
  const old = shown();
  if (!old) return;
  if (!now && busy(old)) return soon(3_000);
  freshAt = performance.now();
  const address = old.dataset.freshFrom;
  const html = await fetched(address);
  const fresh = parsed(html ?? "").querySelector("[data-detail-of]");
  if (!fresh || !old.isConnected || old.dataset.freshFrom !== address || (!now && busy(old))) return;
  for (const one of old.querySelectorAll("details[id]")) {
    const twin = fresh.querySelector(`#${CSS.escape(one.id)}`);
    if (twin) twin.open = one.open;
  }
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(fresh);
  htmx.process(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function soon(wait) {
  timer ||= setTimeout(() => {
    timer = 0;
    refresh();
  }, wait);
}

subscribe({ messages: "*" }, (change) => {
  const id = shown()?.dataset.detailOf;
  if (id && (change.everything || change.messages.has(id))) soon(Math.max(50, freshAt + 1_000 - performance.now()));
});

// ------------------------------------------------------------------ keys

// Begins an action of the message that is shown; one that cannot be says why.
function press(action) {
  const button = action && document.querySelector(`[data-act="${CSS.escape(action)}"]`);
  if (!button) return;
  if (button.hasAttribute("data-blocked")) toast(button.title, "info");
  else button.click();
}

function act(action) {
  const chosen = document.querySelectorAll("[data-message] input[type=checkbox]:checked").length;
  if (chosen) document.querySelector(`[data-bulk] button[value="${action}"]`)?.click();
  else if (!current() || current().dataset.id === shown()?.dataset.detailOf) press(action);
  else open(current().querySelector("[data-open]").href, action);
}

function talk() {
  const link = shown() ? document.querySelector('a[data-act="talk"]')?.href : current()?.dataset.talk;
  if (link) location.assign(link);
}

for (const [at, key] of ["1", "2", "3", "4", "5", "6"].entries()) {
  addKey(key, () => document.querySelectorAll(".tabs a[data-tab]")[at]?.click());
}
addKey("e", () => act("resend"));
addKey("d", () => act("discard"));
addKey("c", talk);
addKey("p", () => document.getElementById("live")?.click());

if (shown() && !drawer()) press(new URLSearchParams(location.search).get("fazer"));
