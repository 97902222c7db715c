// What a person can tap under a message: answers, links, lists, cards.

import { h, icon, many, words } from "./dom.js";
import { copy, linkTo } from "./links.js";
import { rich } from "./markup.js";
import { mediaKind, mediaPart, notice } from "./parts.js";
import { sheet } from "./sheet.js";

const SHOWN = 3; // WhatsApp shows three buttons, or two and "see all"

const ANSWERS = new Set(["reply", "quick_reply", "button", "quick-reply", ""]);
const LINKS = new Set(["url", "cta_url"]);
const PLACES = new Set(["location", "send_location", "location_request_message"]);
const CONTACTS = new Set(["contact", "request_contact_info"]);
const CALLS = new Set(["call", "voice_call", "phone_number"]);

const NOTICES = {
  catalog: ["bag", "Catálogo", "Este botão abre o catálogo da empresa. O celular de demonstração mostra só este aviso."],
  mpm: ["bag", "Produtos", "Este botão abre uma lista de produtos. O celular de demonstração mostra só este aviso."],
  spm: ["bag", "Produto", "Este botão abre um produto. O celular de demonstração mostra só este aviso."],
  order_details: ["bag", "Pedido", "Este botão abre o pagamento do pedido. O celular de demonstração mostra só este aviso."],
  order_status: ["bag", "Pedido", "Este botão abre o pedido. O celular de demonstração mostra só este aviso."],
  address_message: ["pin", "Endereço", "Este botão abre um formulário de endereço. O celular de demonstração mostra só este aviso."],
  call_permission_request: ["call", "Ligações", "Este botão permitiria ligações da empresa. Aqui ninguém liga para ninguém."],
};

const kindOf = (button) => words(button?.type).toLowerCase();
const titleOf = (button) => words(button?.title) || words(button?.text) || "Botão";

/** One tappable row. @returns {HTMLElement} */
function row(message, button, act) {
  const kind = kindOf(button);
  const title = titleOf(button);
  if (LINKS.has(kind) || (button?.url && ANSWERS.has(kind))) return linkTo(words(button.url), title, "tap", icon("open"));
  const tap = (name, click, pressed) => h("button",
    { class: "tap", type: "button", "aria-pressed": pressed, on: { click } }, icon(name), h("span", { dir: "auto" }, title));
  if (PLACES.has(kind)) return tap("pin", () => act.sendPlace(message));
  if (CALLS.has(kind)) {
    const number = words(button.phone_number) || words(button.url).replace(/^tel:/, "");
    return tap("call", () => notice("Ligação", `Este botão ligaria para ${number || "a empresa"}. Aqui ninguém liga para ninguém.`));
  }
  if (kind === "copy_code" || kind === "otp") return tap("copy", () => copy(words(button.code) || words(button.payload)));
  if (CONTACTS.has(kind)) return tap("user", () => act.sendOwnContact(message));
  if (kind === "flow") return tap("form", () => formNotice(message, button, act));
  if (kind in NOTICES) {
    const [name, heading, text] = NOTICES[kind];
    return tap(name, () => notice(heading, text));
  }
  if (!ANSWERS.has(kind)) return tap("warn", () => notice("Botão sem demonstração", `O celular de demonstração ainda não sabe fazer “${kind}”.`));
  return tap("reply", () => act.press(message, button), act.answered(message, button) ? "true" : "false");
}

function formNotice(message, button, act) {
  sheet("Formulário", (close) => [
    h("p", {}, "Este botão abre um formulário do WhatsApp (Flow). O celular de demonstração não desenha o formulário, mas pode responder com dados de exemplo."),
    h("button", { class: "btn primary", type: "button", on: { click: () => { close(); act.press(message, button); } } }, "Responder com dados de exemplo"),
    h("button", { class: "btn", type: "button", on: { click: close } }, "Agora não"),
  ]);
}

/** Buttons and the list opener that go under a bubble. @returns {Node|null} */
export function tapRows(message, act) {
  const buttons = many(message.buttons);
  const rows = [];
  if (buttons.length > SHOWN) {
    rows.push(...buttons.slice(0, SHOWN - 1).map((button) => row(message, button, act)));
    rows.push(h("button", { class: "tap", type: "button", "aria-haspopup": "dialog", on: { click: () => allButtons(message, buttons, act) } },
      icon("list"), "Ver todas as opções"));
  } else {
    rows.push(...buttons.map((button) => row(message, button, act)));
  }
  if (message.list) {
    rows.push(h("button", { class: "tap", type: "button", "aria-haspopup": "dialog", on: { click: () => openList(message, act) } },
      icon("list"), h("span", { dir: "auto" }, words(message.list.button) || "Ver opções")));
  }
  if (!rows.length) return null;
  return h("div", { class: "taps", role: "group", "aria-label": "Opções da mensagem" }, ...rows);
}

function allButtons(message, buttons, act) {
  sheet("Opções", (close) => [
    h("div", { class: "options" }, ...buttons.map((button) => {
      const drawn = row(message, button, act);
      drawn.addEventListener("click", close);
      return drawn;
    })),
  ]);
}

function openList(message, act) {
  sheet(words(message.list.button) || "Opções", (close) => many(message.list.sections).map((section) =>
    h("section", { class: "list-section" },
      words(section?.title) && h("h3", { dir: "auto" }, words(section.title)),
      h("ul", {}, ...many(section?.rows).map((option) => h("li", {},
        h("button", { class: "list-row", type: "button", on: { click: () => { close(); act.pick(message, option); } } },
          h("b", { dir: "auto" }, words(option?.title) || words(option?.id)),
          words(option?.description) && h("span", { dir: "auto" }, words(option.description)))))))));
}

/** Cards of a carousel, from the rendered message or the raw payload. @returns {any[]} */
export function cardsOf(message) {
  const payload = message.payload?.[message.type] ?? message.payload ?? {};
  const carousel = many(payload.components).find((part) => words(part?.type).toLowerCase() === "carousel");
  const found = [message.cards, message.carousel?.cards, message.carousel, payload.action?.cards, carousel?.cards];
  return found.find((cards) => Array.isArray(cards) && cards.length) ?? [];
}

const parameter = (parts, type) => many(many(parts).find((part) => words(part?.type).toLowerCase() === type)?.parameters);

function cardParts(card) {
  const header = card?.header ?? parameter(card?.components, "header")[0] ?? {};
  const kind = ["image", "video"].find((name) => header[name]) ?? words(header.type).toLowerCase();
  const body = words(card?.body?.text) || words(card?.body) || words(card?.text) ||
    parameter(card?.components, "body").map((value) => words(value?.text)).join(" · ");
  const own = many(card?.buttons);
  const link = card?.action?.parameters;
  const replies = many(card?.action?.buttons).map((button) => ({
    type: "reply", title: words(button?.quick_reply?.title) || words(button?.reply?.title), payload: words(button?.quick_reply?.id) || words(button?.reply?.id),
  }));
  const buttons = own.length ? own : link?.url ? [{ type: "url", title: words(link.display_text), url: words(link.url) }] : replies;
  const held = card?.media ?? header[kind] ?? null;
  const media = held?.id && !held.url ? { ...held, url: `/_sim/media/${encodeURIComponent(held.id)}` } : held;
  return { media, kind, body, buttons };
}

/** Cards side by side; the row scrolls, the page does not. @returns {Node|null} */
export function carousel(message, act) {
  const cards = cardsOf(message);
  if (!cards.length) return null;
  return h("div", { class: "carousel", role: "group", "aria-label": `${cards.length} cartões, role para o lado`, tabindex: "0" },
    ...cards.map((card, index) => {
      const { media, kind, body, buttons } = cardParts(card);
      return h("div", { class: "mini", role: "group", "aria-label": `Cartão ${index + 1}` },
        media && mediaPart(media, mediaKind(media, kind), { caption: body }),
        body && h("div", { class: "words", dir: "auto" }, rich(body)),
        ...buttons.map((button) => row(message, button, act)));
    }));
}
