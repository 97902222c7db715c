// The pieces a bubble is made of: media, places, contacts.

import { h, icon, many, spoken, words } from "./dom.js";
import { linkTo } from "./links.js";
import { sheet } from "./sheet.js";

const KIND_OF_MIME = { image: "image", audio: "audio", video: "video" };
const NAMES = { image: "Foto", video: "Vídeo", audio: "Áudio", document: "Documento", sticker: "Figurinha" };
const DRAWINGS = { image: "photo", video: "video", audio: "mic", document: "doc", sticker: "sticker" };

/** The address of a medium when this page may load it: the simulator's own, by any loopback name. */
export function ownAddress(media) {
  for (const candidate of [media?.url, media?.link]) {
    if (typeof candidate !== "string" || !candidate) continue;
    let url;
    try {
      url = new URL(candidate, location.href);
    } catch {
      continue;
    }
    const loopback = /^(localhost|127\.0\.0\.1|\[::1\])$/;
    const mine = url.origin === location.origin ||
      (loopback.test(url.hostname) && loopback.test(location.hostname) && url.port === location.port);
    if (mine) return url.pathname + url.search;
  }
  return null;
}

/** image, video, audio, document or sticker. @param {any} media @param {string} said the type named */
export function mediaKind(media, said) {
  if (said in NAMES) return said;
  const family = words(media?.mime_type).split("/")[0];
  return KIND_OF_MIME[family] ?? "document";
}

/**
 * @param {any} media @param {string} kind @param {{caption?: string, filename?: string, voice?: boolean}} about
 * @returns {Node}
 */
export function mediaPart(media, kind, about = {}) {
  const address = ownAddress(media);
  if (kind === "document") return documentCard(address, media, about);
  if (!address) return placeholder(kind, media);
  if (kind === "image" || kind === "sticker") return picture(address, kind, about, media);
  if (kind === "video") {
    return h("video", { class: "video", src: address, controls: true, preload: "metadata", "aria-label": "Vídeo", playsinline: true });
  }
  return h("div", { class: "audio" }, icon("mic"),
    h("audio", { src: address, controls: true, preload: "metadata", "aria-label": about.voice ? "Mensagem de voz" : "Áudio" }));
}

function picture(address, kind, about, media) {
  const alt = about.caption ? `${NAMES[kind]}: ${about.caption.slice(0, 120)}` : NAMES[kind];
  const image = h("img", { src: address, alt, class: kind === "sticker" ? "sticker" : "photo", decoding: "async" });
  const open = h("button", { class: "media-open", type: "button", "aria-label": `Ver maior. ${alt}` }, image);
  open.addEventListener("click", () => sheet(NAMES[kind], () => [h("img", { src: address, alt, class: "large" })]));
  image.addEventListener("error", () => open.replaceWith(placeholder(kind, media)));
  return open;
}

function placeholder(kind, media) {
  const outside = words(media?.link);
  return h("div", { class: "placeholder" }, icon(DRAWINGS[kind] ?? "doc"),
    h("span", {}, h("b", {}, NAMES[kind] ?? "Arquivo"),
      outside ? linkTo(outside, "ver endereço", "inline") : h("span", {}, "sem prévia aqui")));
}

function documentCard(address, media, about) {
  const name = about.filename || "Documento";
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 ? name.slice(dot + 1, dot + 6).toUpperCase() : "";
  const inside = [
    h("span", { class: "file", "aria-hidden": "true" }, ending || icon("doc")),
    h("span", { class: "file-name" }, h("b", { dir: "auto" }, name), h("span", {}, words(media?.mime_type) || "arquivo")),
  ];
  if (address) {
    return h("a", { class: "file-card", href: address, download: name.replace(/[\\/]/g, "_") }, ...inside, spoken(" (baixar)"));
  }
  return h("div", { class: "file-card" }, ...inside);
}

const SVG = "http://www.w3.org/2000/svg";

/** Streets that are nobody's: a drawing that says "a place", with no map service. */
function streets() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 240 110");
  svg.setAttribute("class", "streets");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("preserveAspectRatio", "xMidYMid slice");
  const draw = (d, name) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", name);
    svg.append(path);
  };
  draw("M0 0h240v110H0z", "ground");
  draw("M160 0h80v46l-58 12z", "park");
  draw("M-5 78 90 62 250 88", "avenue");
  draw("M60 -5 84 115M150 -5 176 115M-5 28 245 12M20 -5 34 115M210 40 222 115M-5 102 245 106", "street");
  draw("M120 76c13-14 20-24 20-34a20 20 0 0 0-40 0c0 10 7 20 20 34z", "drop");
  draw("M127 42a7 7 0 1 1-14 0 7 7 0 0 1 14 0z", "hole");
  return svg;
}

/** @param {any} place latitude, longitude, name?, address? */
export function locationPart(place) {
  const latitude = Number(place?.latitude);
  const longitude = Number(place?.longitude);
  const known = Number.isFinite(latitude) && Number.isFinite(longitude);
  const numbers = known ? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` : "sem coordenadas";
  return h("div", { class: "place" }, streets(),
    h("b", { dir: "auto" }, words(place?.name) || "Localização"),
    words(place?.address) && h("span", { dir: "auto" }, words(place.address)),
    h("span", { class: "num dim" }, numbers));
}

/** @param {any[]} contacts as in the Graph payload */
export function contactsPart(contacts) {
  return h("div", { class: "contacts" }, ...many(contacts).slice(0, 20).map((contact) => {
    const name = words(contact?.name?.formatted_name) || words(contact?.name?.first_name) || "Contato";
    const phones = many(contact?.phones).map((phone) => words(phone?.phone) || words(phone?.wa_id)).filter(Boolean);
    return h("div", { class: "contact" }, h("span", { class: "face", "aria-hidden": "true" }, icon("user")),
      h("span", {}, h("b", { dir: "auto" }, name), h("span", { class: "num", dir: "ltr" }, phones.join(" · ") || "sem telefone")));
  }));
}

/** A form, a catalogue, a call: things the demonstration names but does not run. */
export function notice(title, text) {
  sheet(title, (close) => [h("p", {}, text), h("button", { class: "btn", type: "button", on: { click: close } }, "Entendi")]);
}

