// Joins the pieces: who is chosen, what was heard, what to do when something is tapped.

import * as api from "./api.js";
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

const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const STATUS = { sent: "Enviada, ainda não chegou", delivered: "Entregue", read: "Lida", played: "Ouvida", failed: "Não enviada" };

const state = { people: [], phone: null, messages: [], hidden: new Set() };

const chosen = () => state.people.find((person) => person.phone === state.phone) ?? null;

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
  const phone = state.phone;
  if (!phone) return false;
  const whole = { ...body };
  // Somebody may talk with several numbers of the company: the answer goes to the one that wrote.
  const number = state.messages.findLast((m) => words(m.phone_number_id) && (!body.context || m.wamid === body.context));
  if (number) whole.phone_number_id = number.phone_number_id;
  if (state.hidden.has(phone)) whole.bsuid_only = true;
  const taken = await run(() => api.send(phone, whole));
  if (taken) live.ask(phone);
  return taken;
}

const act = {
  press: (m, button) => send({ button: words(button.payload) || words(button.title), context: m.wamid }),
  pick: (m, row) => send({ list_row: words(row.id), context: m.wamid }),
  sendPlace: (m) => send({ location: samplePlace, context: m.wamid }),
  sendOwnContact: (m) => send({ contacts: [ownContact()], context: m.wamid }),
  answerForm: (m, button) => send({ flow: { flow_token: words(button.payload), nome: nameOf(chosen()), horario: "manhã" }, context: m.wamid }),
  menu: openMessageMenu,
};

function ownContact() {
  const person = chosen();
  const phone = `+${words(person.phone)}`;
  // The person's own card, as the app sends it when asked.
  return { origin: "contact_request", name: { formatted_name: nameOf(person), first_name: nameOf(person).split(" ")[0] },
    phones: [{ phone, wa_id: words(person.phone), type: "CELL" }] };
}

function openMessageMenu(m, opener) {
  const mine = m.direction === "out";
  const own = (m.reactions ?? []).find((reaction) => reaction.from === state.phone || reaction.from === "person" || reaction.from === "me");
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

async function setLever(key, value) {
  const phone = state.phone;
  if (!phone) return;
  if (key === "hidden") {
    state.hidden[value ? "add" : "delete"](phone);
    showChosen();
    return;
  }
  if (await run(() => api.setState(phone, { [key]: value }))) await live.ask(null);
}

function view(name) {
  document.body.dataset.view = name;
}

function choose(phone, { push = true, open = true, focus = push } = {}) {
  if (phone !== state.phone) {
    state.phone = phone;
    state.messages = [];
    composer.reset();
    chat.show(phone, []);
    showChosen();
    live.ask(phone);
  }
  if (push) history.pushState(null, "", `?pessoa=${encodeURIComponent(phone)}`);
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
  showPeople(state.people, state.phone, choose);
  levers.showPerson(person, state.hidden.has(state.phone));
  const name = person ? nameOf(person) : "";
  composer.writeAs(name.split(" ")[0] || "esta pessoa");
  byId("chat-owner").textContent = person ? `Conta comercial · celular de ${name.split(" ")[0]}` : "Escolha uma pessoa";
  byId("chat").setAttribute("aria-label", person ? `Conversa no celular de ${name}` : "Conversa");
  document.title = person ? `${name} · Celular virtual · Demonstração` : "Celular virtual · Demonstração";
  const strip = byId("strip");
  const offline = person?.online === false ? "Sem rede. As mensagens chegam quando o celular ligar." : "";
  if (strip.textContent !== offline) strip.textContent = offline;
  strip.hidden = !offline;
  byId("blocked").hidden = !person?.blocked;
  byId("composer").hidden = !person || Boolean(person.blocked);
  byId("blocked").querySelector("p").textContent = person ? `${name.split(" ")[0]} bloqueou esta empresa.` : "";
}

async function refresh(phone) {
  state.people = await api.people();
  if (!state.phone && state.people.length) {
    choose(words(state.people[0].phone), { push: false, open: false });
  }
  showChosen();
  const mine = state.phone;
  if (!mine || (phone && phone !== mine)) return;
  const known = chosen();
  const messages = known ? await api.messages(mine) : [];
  if (mine !== state.phone) return;
  state.messages = messages;
  chat.show(mine, messages);
  showBusiness(messages);
  const quiet = byId("quiet");
  quiet.hidden = messages.length > 0;
  quiet.textContent = known
    ? `Nenhuma mensagem ainda. Quando a empresa escrever para ${showPhone(mine).replace(/ /g, "\u00a0").replace("-", "\u2011")}, aparece aqui.`
    : "Esta pessoa não existe neste simulador.";
  if (phone === null) {
    const [clock, faults] = await Promise.all([api.clock(), api.faults()]);
    levers.showClock(clock);
    levers.showFaults(faults);
  }
}

function wanted() {
  return new URLSearchParams(location.search).get("pessoa");
}

drawIcons();
const chat = new Chat(act);
const composer = new Composer(send);
const levers = new Levers({ run, set: setLever });

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
  choose(words(made?.phone) || person.phone);
}));
addEventListener("popstate", () => wanted() && choose(wanted(), { push: false }));

const live = new Live(refresh);
if (wanted()) choose(wanted(), { push: false });
