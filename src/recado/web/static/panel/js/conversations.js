// Conversas: the open thread follows what happens, the clock of the window ticks, a few keys.
import { addKey } from "./keys.js";
import { subscribe } from "./live.js";

const page = () => document.getElementById("conversa");
const near = () => {
  const box = document.getElementById("rolagem");
  return box && box.scrollHeight - box.scrollTop - box.clientHeight < 120;
};
const down = () => {
  const box = document.getElementById("rolagem");
  if (box) box.scrollTop = box.scrollHeight;
};

// ------------------------------------------------------------------ seen

function seen() {
  const talk = page();
  if (!talk || document.hidden || talk.dataset.unread === "0" || talk.dataset.canAnswer === "0") return;
  talk.dataset.unread = "0";
  window.htmx.ajax("POST", `/painel/conversas/${talk.dataset.talk}/lida`, { source: talk, swap: "none" });
}

// ------------------------------------------------------------------ new bubbles

let busy = false;
let again = false;
const past = new URLSearchParams(location.search).has("ate");

async function refresh() {
  const talk = page();
  if (!talk) return;
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const address = `/painel/conversas/${talk.dataset.talk}/bolhas`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.ok && answer.headers.get("content-type")?.startsWith("text/html")) merge(await answer.text());
  } catch {
    // away: the next change brings it
  }
  busy = false;
  if (again) {
    again = false;
    refresh();
  }
}

function merge(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const here = document.getElementById("bolhas");
  const follow = near();
  // Somebody who reads far back is not carried off to the newest; only the window is kept true.
  for (const fresh of past ? [] : holder.content.querySelectorAll("[data-bubble]")) {
    const old = here.querySelector(`[data-id="${CSS.escape(fresh.dataset.id)}"]`);
    if (!old) {
      here.querySelector(".talk-none")?.remove();
      here.append(fresh);
      if (fresh.classList.contains("in")) page().dataset.unread = "1";
    } else if (!old.querySelector("[open]") && old.outerHTML !== fresh.outerHTML) {
      const focused = old.contains(document.activeElement);
      old.replaceWith(fresh);
      if (focused) fresh.querySelector("a, button, summary")?.focus({ preventScroll: true });
    } else continue;
    window.htmx?.process(fresh);
  }
  for (const name of ["janela", "escrever"]) {
    const old = document.getElementById(name);
    const fresh = holder.content.getElementById(name);
    // The composer changes shape only with the window: what somebody is writing stays.
    if (!old || !fresh || (name === "escrever" && (old.dataset.open === fresh.dataset.open || old.querySelector(".picker")))) continue;
    keep(old);
    old.replaceWith(fresh);
    give(fresh);
    window.htmx?.process(fresh);
  }
  if (follow) down();
  if (!past) seen();
}

// What somebody was writing when the window closed comes back with it.
let kept = "";

function keep(composer) {
  kept = composer.querySelector("#texto")?.value || kept;
}

function give(composer) {
  const field = composer.querySelector("#texto");
  if (field && kept && !field.value) {
    field.value = kept;
    kept = "";
  }
  const line = composer.querySelector("[data-kept]");
  if (!line) return;
  line.hidden = !kept;
  line.querySelector("[data-kept-words]").textContent = kept;
}

subscribe({ conversations: "*" }, (change) => {
  if (page() && (change.everything || change.conversations.has(page().dataset.talk))) refresh();
});

// ------------------------------------------------------------------ the window's clock

const ASK_AGAIN_MS = 5_000;
let asked = -ASK_AGAIN_MS;

function tick() {
  const clock = document.querySelector("[data-ate]");
  if (!clock) return;
  const exact = (Date.parse(clock.dataset.ate) - Date.now()) / 1000;
  const left = Math.max(0, Math.floor(exact));
  if (exact <= 0) {
    // By this browser's clock. The server decides; one that is behind is not asked every second.
    if (performance.now() - asked > ASK_AGAIN_MS) {
      asked = performance.now();
      refresh();
    }
    return;
  }
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  clock.textContent = hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min` : `${left} s`;
}
setInterval(tick, 1000);

// ------------------------------------------------------------------ writing

function quote(id, words) {
  const form = document.querySelector("[data-composer]");
  if (!form) return false;
  form.elements.citar.value = id;
  const line = form.querySelector("[data-quoting]");
  line.hidden = !id;
  if (id) line.querySelector("[data-quoting-words]").textContent = words;
  form.elements.texto.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-quote]");
  if (link && quote(link.dataset.quote, link.dataset.words)) event.preventDefault();
  if (event.target.closest?.("[data-unquote]")) quote("", "");
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.matches?.("[data-composer] input[type=file]")) {
    const name = input.closest("label").querySelector("[data-file-name]");
    name.dataset.plain ??= name.textContent;
    name.textContent = input.files[0]?.name ?? name.dataset.plain;
  }
  if (input.matches?.("[data-submit-on-change]")) input.form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest?.("[data-composer]");
    if (form) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-send]"));
    }
  }
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id === "conversa" || event.target.id === "conversa") {
    down();
    seen();
  }
});
document.addEventListener("visibilitychange", seen);

addKey("r", () => document.getElementById("texto")?.focus());
addKey("a", () => document.querySelector("[data-take]")?.click());
addKey("n", () => document.getElementById("f-nota")?.focus());

tick();
down();
addEventListener("load", seen, { once: true });
