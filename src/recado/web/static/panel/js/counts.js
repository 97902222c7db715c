// The small numbers of the navigation, kept true without hurry.
import { subscribe } from "./live.js";

const EVERY_MS = 3_000;
let timer = 0;
let again = false;

async function count() {
  again = false;
  try {
    const answer = await fetch("/painel/contagens", { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.status === 204) return;
    for (const [name, number] of Object.entries(await answer.json())) show(name, number);
  } catch {
    return; // away: the badge of the line says so
  }
}

function show(name, number) {
  for (const place of document.querySelectorAll(`[data-badge="${CSS.escape(name)}"]`)) {
    place.textContent = number >= 100 ? "99+" : String(number);
    place.hidden = number === 0;
  }
}

function soon() {
  if (timer) {
    again = true;
    return;
  }
  count();
  timer = setTimeout(() => {
    timer = 0;
    if (again) soon();
  }, EVERY_MS);
}

if (document.querySelector("[data-badge]")) {
  soon();
  subscribe({ messages: "*", conversations: "*", topics: "*" }, soon);
}
