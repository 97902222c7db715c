// Joins the pieces: who is chosen, what was heard, what to do when something is tapped.

import * as api from "./api.js";
import { Beside, embedded } from "./beside.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { byId, drawIcons, say, words } from "./dom.js";
import { Levers } from "./levers.js";
import { copy } from "./links.js";
import { Live } from "./live.js";
import { openMenu } from "./menu.js";
import { initials, nameOf, showPeople, showPhone } from "./people.js";
import { openPersonForm } from "./person.js";
import { samplePlace } from "./samples.js";
import { Stories } from "./stories.js";

const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const STATUS = { sent: "Enviada, ainda não chegou", delivered: "Entregue", read: "Lida", played: "Ouvida", failed: "Não enviada" };

const state = { people: [], key: null, messages: [], hidden: new Set() };

const chosen = () => state.people.find((person) => person.key === state.key) ?? null;

/** Does something that may be refused; the reason is shown and read aloud. */
async function run(work) {
  try {
    await work();
    return true;
  } catch (problem) {
    if (!(problem instanceof api.Refused)) throw problem;
    say(problem.message);
    return false;
  }
}

async function send(body) {
  const key = state.key;
  if (!key) return false;
  const whole = { ...body };
  // Somebody may talk with several numbers of the company: the answer goes to the one that wrote.
  const number = state.messages.findLast((m) => words(m.phone_number_id) && (!body.context || m.wamid === body.context));
  if (number) whole.phone_number_id = number.phone_number_id;
  if (state.hidden.has(key)) whole.bsuid_only = true;
  const taken = await run(() => api.send(key, whole));
  if (taken) live.ask(key);
  return taken;
}

const act = {
  press: (m, button) => send({ button: words(button.payload) || words(button.title), context: m.wamid }),
  pick: (m, row) => send({ list_row: words(row.id), context: m.wamid }),
  sendPlace: (m) => send({ location: samplePlace, context: m.wamid }),
  sendOwnContact: (m) => send({ contacts: [ownContact()], context: m.wamid }),
  menu: openMessageMenu,
  // A refusal only means that it was no voice note.
  listen: (m) => words(state.key) && api.played(state.key, m.wamid).catch(() => null),
};

function ownContact() {
  const person = chosen();
  const digits = words(person.phone).replace(/\D/g, "");
  // The person's own card, as the app sends it when asked.
  return { origin: "contact_request", name: { formatted_name: nameOf(person), first_name: nameOf(person).split(" ")[0] },
    phones: [{ phone: `+${digits}`, wa_id: digits, type: "CELL" }] };
}

function openMessageMenu(m, opener) {
  const mine = m.direction === "out";
  const own = (m.reactions ?? []).find((reaction) =>  reaction.from === "person" || reaction.from === "me");
  const entries = [{ label: "Responder", icon: "reply", run: () => composer.quote(m) }];
  if (words(m.text)) entries.push({ label: "Copiar texto", icon: "copy", run: () => copy(words(m.text)) });
  if (own) entries.push({ label: "Tirar reação", icon: "smile", run: () => send({ reaction: "", context: m.wamid }) });
  if (mine && m.type === "text") entries.push({ label: "Editar", icon: "pen", run: () => composer.edit(m) });
  if (mine) entries.push({ label: "Apagar para todos", icon: "trash", run: () => send({ revoke: m.wamid }) });
  openMenu(opener, entries, {
    label: STATUS[m.status] ? `Mensagem. ${STATUS[m.status]}.` : "Mensagem",
    emojis: EMOJIS, pick: (emoji) => send({ reaction: emoji, context: m.wamid }),
  });
}

async function setLever(lever, value) {
  const key = state.key;
  if (!key) return;
  if (lever === "hidden") {
    state.hidden[value ? "add" : "delete"](key);
    showChosen();
    return;
  }
  if (await run(() => api.setState(key, { [lever]: value }))) await live.ask(null);
}

function view(name) {
  document.body.dataset.view = name;
}

function choose(key, { push = true, open = true, focus = push } = {}) {
  if (key !== state.key) {
    state.key = key;
    state.messages = [];
    if (typed) stopTyping();
    composer.reset();
    chat.show(key, []);
    showChosen();
    live.ask(key);
  }
  if (push) {
    const query = new URLSearchParams(location.search);
    query.set("pessoa", key);
    history.pushState(null, "", `?${query}`);
  }
  if (open) {
    view("chat");
    if (focus && byId("back").checkVisibility()) byId("back").focus();
  }
}

function showBusiness(messages) {
  const named = messages.findLast((m) => words(m.business?.name) || words(m.business));
  const name = words(named?.business?.name) || words(named?.business) || "Empresa";
  byId("business-name").textContent = name;
  byId("business-pic").textContent = initials(name).slice(0, 1);
}

function showChosen() {
  const person = chosen();
  showPeople(state.people, state.key, choose);
  levers.showPerson(person, state.hidden.has(state.key));
  const name = person ? nameOf(person) : "";
  composer.writeAs(name.split(" ")[0] || "esta pessoa");
  if (!typed) byId("chat-owner").textContent = person ? `Conta comercial · celular de ${name.split(" ")[0]}` : "Escolha uma pessoa";
  byId("chat").setAttribute("aria-label", person ? `Conversa no celular de ${name}` : "Conversa");
  document.title = person ? `${name} · Celular virtual · Demonstração` : "Celular virtual · Demonstração";
  if (person?.online !== false) showStrip(person, 0);
  byId("blocked").hidden = !person?.blocked;
  byId("composer").hidden = !person || Boolean(person.blocked);
  byId("blocked").querySelector("p").textContent = person ? `${name.split(" ")[0]} bloqueou esta empresa.` : "";
}

let typed = 0;

/** The business is writing: until its message comes, or for 25 seconds, as in the app. */
function showTyping(key) {
  if (key !== state.key) return;
  clearTimeout(typed);
  typed = setTimeout(stopTyping, 25_000);
  byId("chat-owner").textContent = "digitando…";
  byId("chat-owner").classList.add("typing");
}

function stopTyping() {
  clearTimeout(typed);
  typed = 0;
  byId("chat-owner").classList.remove("typing");
  showChosen();
}

function showStrip(person, waiting) {
  const strip = byId("strip");
  const count = waiting === 1 ? "1 mensagem espera" : `${waiting} mensagens esperam`;
  const text = person?.online !== false ? "" : waiting ? `Sem rede. ${count} o celular ligar.` : "Sem rede. As mensagens vão esperar o celular ligar.";
  if (strip.textContent !== text) strip.textContent = text;
  strip.hidden = !text;
  byId("glass").classList.toggle("offline", person?.online === false);
}

/** @param {string|null} key whose news; null: look at everything */
async function refresh(key) {
  state.people = await api.people();
  if (!state.key && state.people.length) {
    choose(state.people[0].key, { push: false, open: false });
  }
  showChosen();
  beside.restore();
  const mine = state.key;
  if (!mine || (key && key !== mine)) return;
  const known = chosen();
  const all = known ? await api.messages(mine) : [];
  if (mine !== state.key) return;
  // Accepted by Meta, but this phone is off: not here yet.
  const messages = all.filter((m) => known.online !== false || m.direction !== "in" || m.status !== "sent");
  if (typed && messages.filter((m) => m.direction === "in").length > state.messages.filter((m) => m.direction === "in").length) stopTyping();
  state.messages = messages;
  showStrip(known, all.length - messages.length);
  chat.show(mine, messages);
  showBusiness(messages);
  const quiet = byId("quiet");
  quiet.hidden = messages.length > 0;
  quiet.textContent = known
    ? `Nenhuma mensagem ainda. Quando a empresa escrever para ${showPhone(words(known.phone) || mine).replace(/ /g, "\u00a0").replace("-", "\u2011")}, aparece aqui.`
    : "Esta pessoa não existe neste simulador.";
  if (key === null) {
    const [clock, faults] = await Promise.all([api.clock(), api.faults()]);
    levers.showClock(clock);
    levers.showFaults(faults);
  }
}

function wanted() {
  return api.keyOf(new URLSearchParams(location.search).get("pessoa")?.trim());
}

drawIcons();
const chat = new Chat(act);
const composer = new Composer(send);
const levers = new Levers({ run, set: setLever });
const beside = new Beside(() => state);

byId("back").addEventListener("click", () => {
  view("people");
  byId("people-list").querySelector("[aria-current]")?.focus();
});
byId("open-levers").addEventListener("click", () => {
  view("levers");
  byId("close-levers").focus();
});
byId("close-levers").addEventListener("click", () => {
  view("chat");
  byId("open-levers").focus();
});
byId("blocked").querySelector("button").addEventListener("click", () => setLever("blocked", false));
byId("new-person").addEventListener("click", () => openPersonForm(async (person) => {
  const made = await api.addPerson(person);
  await live.ask(null);
  choose(made.key);
}));
addEventListener("popstate", () => wanted() && choose(wanted(), { push: false }));

const live = new Live(refresh, { embedded, typing: showTyping });
if (!embedded) new Stories({ choose: (key) => choose(key, { push: false }), refresh: () => live.ask(null) });
if (wanted()) choose(wanted(), { push: false });
