// One message, as the person sees it.

import { h, icon, many, spoken, words } from "./dom.js";
import { carousel, cardsOf, tapRows } from "./interactive.js";
import { plain, rich } from "./markup.js";
import { contactsPart, locationPart, mediaKind, mediaPart } from "./parts.js";
import { hour, parse } from "./time.js";

const LONG = 1100; // characters shown before "Ler mais"

const NAMES = {
  image: "Foto", video: "Vídeo", audio: "Áudio", document: "Documento", sticker: "Figurinha",
  location: "Localização", contacts: "Contato", template: "Mensagem", interactive: "Mensagem",
};
// Their card already holds the words.
const SHOWS_ITS_TEXT = new Set(["location", "contacts"]);
const MEDIA = new Set(["image", "video", "audio", "document", "sticker"]);
const TICKS = {
  pending: ["clock", "Esperando"], sent: ["check", "Enviada"], delivered: ["check2", "Entregue"],
  read: ["check2", "Lida"], played: ["check2", "Ouvida"], failed: ["warn", "Não enviada"],
};

export const isGone = (m) => Boolean(m.deleted || m.revoked || m.type === "revoke" || m.type === "revoked");

/** The words of a message; a form that was answered has none of its own. */
function textOf(m) {
  return words(m.text) || (m.payload?.interactive?.nfm_reply ? "Formulário respondido" : "");
}

/** One line for quotes and the list of people. */
export function summary(m) {
  if (isGone(m)) return "Mensagem apagada";
  const text = plain(textOf(m));
  if (text) return text;
  const place = m.type === "location" ? words(m.payload?.location?.name) : "";
  return place || NAMES[m.type] || "Mensagem";
}

function headerPart(m) {
  const header = m.header;
  if (typeof header === "string") return header && h("b", { class: "title", dir: "auto" }, header);
  if (header && words(header.text)) return h("b", { class: "title", dir: "auto" }, words(header.text));
  if (header?.location) return locationPart(header.location);
  return null;
}

/** The Graph object of this type inside the payload: caption, filename, coordinates... */
function detail(m) {
  const found = m.payload?.[m.type];
  return found && typeof found === "object" ? found : (m.payload ?? {});
}

function mediaOf(m) {
  if (m.media && typeof m.media === "object") return { media: m.media, said: words(m.header?.type).toLowerCase() };
  const kind = ["image", "video", "document"].find((name) => m.header && typeof m.header === "object" && m.header[name]);
  return kind ? { media: m.header[kind], said: kind } : null;
}

function attachment(m) {
  const about = detail(m);
  if (m.type === "location") return locationPart(about);
  if (m.type === "contacts") return contactsPart(many(m.payload?.contacts ?? m.payload));
  const held = mediaOf(m) ?? (MEDIA.has(m.type) ? { media: about, said: m.type } : null);
  if (!held) return null;
  const kind = mediaKind(held.media, MEDIA.has(m.type) ? m.type : held.said);
  const filename = words(held.media?.filename) || words(about.filename);
  return mediaPart(held.media, kind, { caption: words(m.text), filename, voice: Boolean(about.voice) });
}

function textPart(text) {
  if (!text) return null;
  if (text.length <= LONG) return h("div", { class: "words", dir: "auto" }, rich(text));
  const box = h("div", { class: "words", dir: "auto" }, rich(`${text.slice(0, LONG - 100).replace(/[\ud800-\udbff]$/, "")}…`));
  const more = h("button", { class: "inline", type: "button" }, "Ler mais");
  more.addEventListener("click", () => {
    box.replaceChildren(rich(text));
    more.remove();
  });
  return h("div", {}, box, more);
}

/** The quoted message, unless it is right above: a tapped button needs no repeating. */
function quotePart(m, { find, previous }) {
  const id = words(m.context?.id) || words(m.context);
  if (!id || (id === previous && (m.type === "button" || m.type === "interactive"))) return null;
  const source = find(id);
  if (!source) return null;
  const who = source.direction === "out" ? "Você" : "Empresa";
  return h("a", { class: "quote", href: `#${domId(id)}` }, h("b", {}, who), h("span", { dir: "auto" }, summary(source).slice(0, 160)));
}

export const domId = (wamid) => `m-${encodeURIComponent(wamid).replace(/%/g, "_")}`;

function unsupported(m) {
  const known = ["text", "template", "interactive", "button", "location", "contacts"].includes(m.type) || MEDIA.has(m.type);
  const empty = !words(m.text) && !m.header && !many(m.buttons).length && !m.list && !cardsOf(m).length && !m.media;
  if ((known && m.type !== "text") || !empty) return null;
  return h("p", { class: "neutral" }, icon("warn"), "Este tipo de mensagem não aparece aqui.");
}

/** Hour and, on what the person wrote, the ticks. Its own element: ticks change alone. */
export function stamp(m) {
  const when = parse(m.at);
  const small = h("small", { class: "stamp num", data: { status: words(m.status) } },
    (m.edited || m.edited_at) && h("span", {}, "editada"),
    h("time", { datetime: when ? when.toISOString() : "" }, hour(when)));
  const tick = m.direction === "out" ? TICKS[words(m.status)] : null;
  if (tick) small.append(icon(tick[0]), spoken(tick[1]));
  return small;
}

function reactionsPart(m) {
  const emojis = many(m.reactions).map((reaction) => words(reaction?.emoji)).filter(Boolean);
  if (!emojis.length) return null;
  const unique = [...new Set(emojis)].slice(0, 4).join("");
  const count = emojis.length > 1 ? ` ${emojis.length}` : "";
  return h("span", { class: "reactions" }, spoken("Reações: "), unique + count);
}

/**
 * @param {any} m message @param {{find: (id: string) => any, previous: string, act: any}} around
 * @returns {HTMLLIElement}
 */
export function bubble(m, around) {
  const { act } = around;
  const mine = m.direction === "out";
  const box = h("div", { class: `b ${mine ? "me" : "in"}${m.type === "sticker" ? " bare" : ""}` });
  box.append(spoken(mine ? "Você: " : "Empresa: "));
  if (isGone(m)) {
    box.append(h("p", { class: "neutral" }, icon("ban"), mine ? "Você apagou esta mensagem." : "Esta mensagem foi apagada."));
  } else {
    const parts = [quotePart(m, around), attachment(m), headerPart(m), SHOWS_ITS_TEXT.has(m.type) ? null : textPart(textOf(m)), unsupported(m),
      words(m.footer) && h("span", { class: "foot", dir: "auto" }, words(m.footer))];
    box.append(...parts.filter(Boolean));
  }
  if (!mine) box.querySelector("audio")?.addEventListener("play", () => act.listen(m), { once: true });
  box.append(stamp(m));
  const reactions = reactionsPart(m);
  if (reactions) box.append(reactions);
  const more = h("button", {
    class: "more", type: "button", "aria-haspopup": "menu", "aria-label": `Opções: ${summary(m).slice(0, 60)}`,
    on: { click: (event) => act.menu(m, event.currentTarget) },
  }, icon("down"));
  const row = h("div", { class: "brow" }, box, isGone(m) ? null : more);
  const below = isGone(m) ? [] : [carousel(m, act), tapRows(m, act)].filter(Boolean);
  const classes = `m ${mine ? "mine" : "theirs"}${reactions ? " reacted" : ""}`;
  return h("li", { id: domId(m.wamid), class: classes, data: { wamid: m.wamid } }, row, ...below);
}
