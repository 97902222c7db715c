// Keeps "há 4 min" true while the page is open. The exact moment stays in the title.
import { word } from "./words.js";

function span(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return word("days", String(Math.floor(hours / 24)));
}

function words(moment) {
  const seconds = (Date.now() - Date.parse(moment)) / 1000;
  if (Math.abs(seconds) < 10) return word("now");
  return word(seconds > 0 ? "ago" : "ahead", span(Math.abs(seconds)));
}

function refresh() {
  if (document.hidden) return;
  for (const one of document.querySelectorAll("time[data-since]")) {
    const text = words(one.dateTime);
    if (one.textContent !== text) one.textContent = text;
  }
}

setInterval(refresh, 15_000);
document.addEventListener("visibilitychange", refresh);
