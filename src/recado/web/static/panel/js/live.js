// What changed, for the screens of this tab.
//
//   import { subscribe } from "./live.js";
//   const stop = subscribe({ messages: [ids] | "*", conversations: [ids] | "*", topics: ["job"] }, (change) => …);
//   change = { messages: Map(id -> conversation or null), conversations: Set, topics: Set, everything: boolean }
//
// Lists need no script: `data-live="messages"` (or "conversations") with `data-live-url` on the element around the
// rows, `data-id` on each row. Parts of a page may use htmx: hx-trigger="recado:messages from:body throttle:2s"
// (also recado:conversations, recado:changed, recado:topic-<kind>).

import { Line } from "./line.js";
import { LiveList } from "./live-rows.js";

const FLUSH_MS = 250;
const SAY_MS = 10_000;
const badge = document.querySelector("#live");
const said = document.querySelector("#live-said");
const listeners = new Set();
const lists = new Map();
let pending = null;
let paused = false;
let timer = 0;
let flushedAt = -FLUSH_MS;
let saidAt = -SAY_MS;

const fresh = () => ({ messages: new Map(), conversations: new Set(), topics: new Set(), everything: false });

export function subscribe(wanted, handler) {
  const one = { wanted, handler };
  listeners.add(one);
  return () => listeners.delete(one);
}

// Polite and seldom: what a reader hears must not keep them from hearing the page.
export function say(words) {
  if (!said || performance.now() - saidAt < SAY_MS) return;
  saidAt = performance.now();
  said.textContent = words;
}

export const words = (name, count) => {
  const text = badge?.dataset[count === 1 ? `${name}One` : `${name}Many`] ?? badge?.dataset[name] ?? "";
  return text.replace("#", String(count ?? ""));
};

function wants({ messages = [], conversations = [], topics = [] }, change) {
  if (change.everything) return true;
  const hit = (list, found) => (list === "*" ? found.size > 0 : list.some((one) => found.has(one)));
  return hit(messages, change.messages) || hit(conversations, change.conversations) || hit(topics, change.topics);
}

function take(change) {
  pending ??= fresh();
  pending.everything ||= change.all === true;
  for (const [id, conversation] of Object.entries(change.m)) pending.messages.set(id, conversation);
  for (const id of change.c) pending.conversations.add(id);
  for (const kind of change.k) pending.topics.add(kind);
  if (!paused) timer ||= setTimeout(flush, performance.now() - flushedAt > FLUSH_MS ? 20 : FLUSH_MS);
}

function flush() {
  timer = 0;
  flushedAt = performance.now();
  const change = pending;
  pending = null;
  if (!change) return;
  for (const { wanted, handler } of listeners) if (wants(wanted, change)) handler(change);
  for (const list of findLists()) list.take(change);
  const fire = (name) => document.body.dispatchEvent(new CustomEvent(`recado:${name}`, { bubbles: true }));
  if (change.everything || change.messages.size) fire("messages");
  if (change.everything || change.conversations.size) fire("conversations");
  for (const kind of change.topics) fire(`topic-${kind}`);
  fire("changed");
}

// Lists come and go with htmx: looked up when something happens.
function findLists() {
  for (const [element] of lists) if (!element.isConnected) lists.delete(element);
  for (const element of document.querySelectorAll("[data-live][data-live-url]")) {
    if (!lists.has(element)) lists.set(element, new LiveList(element, { say, words, held: () => paused }));
  }
  return lists.values();
}

// ------------------------------------------------------------------ the badge

function show(state) {
  if (!badge) return;
  const shown = paused && state === "on" ? "paused" : state;
  badge.hidden = false;
  badge.dataset.state = shown;
  badge.querySelector("[data-live-label]").textContent = words(shown);
  badge.setAttribute("aria-pressed", String(paused));
}

function begin() {
  const { stream, ask, line } = badge.dataset;
  const open = new Line({ stream, ask, name: `recado-1-${line}`, onChange: take, onState: show });
  badge.addEventListener("click", () => {
    paused = !paused;
    show(open.state);
    if (paused) return;
    flush();
    for (const list of findLists()) list.resume();
  });
  open.start();
}

if (badge) begin();
