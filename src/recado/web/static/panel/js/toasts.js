// Short answers at the edge: from the server (HX-Trigger "recado:toast") or from a page that was just opened.
import { word } from "./words.js";

const region = document.getElementById("toasts");
const STAYS_MS = 10_000;

export function toast(text, kind = "ok") {
  const line = document.createElement("p");
  line.className = `toast ${["ok", "info", "bad"].includes(kind) ? kind : "info"}`;
  line.textContent = text;
  arm(line);
  region.append(line);
}

function arm(line) {
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", word("close"));
  close.textContent = "×";
  close.addEventListener("click", () => line.remove());
  line.append(close);
  // What went wrong stays until somebody has read it.
  if (!line.classList.contains("bad")) setTimeout(() => line.remove(), STAYS_MS);
}

document.addEventListener("recado:toast", (event) => toast(event.detail.text, event.detail.kind));
document.addEventListener("htmx:sendError", () => toast(word("offline"), "bad"));
for (const line of region.querySelectorAll("[data-toast]")) arm(line);
