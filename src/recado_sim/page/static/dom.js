// The only place that makes elements. Text always goes in as text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

// Drawn on a 24 x 24 grid, stroked with the current colour.
const ICONS = {
  flask: ["M9.500 3.500h5M10.500 3.500v6L5.300 18a1.700 1.700 0 0 0 1.500 2.500h10.400a1.700 1.700 0 0 0 1.500-2.500l-5.200-8.500v-6M8 15h8"],
  plus: ["M12 5v14M5 12h14"],
  back: ["m14.500 5.500-6.500 6.500 6.500 6.500"],
  down: ["m6.500 9.500 5.500 5.500 5.500-5.500"],
  x: ["M6 6l12 12M18 6 6 18"],
  more: ["M5.500 12h.01M12 12h.01M18.500 12h.01"],
  clip: ["m19.500 11-7.800 7.800a4.600 4.600 0 0 1-6.500-6.500l8-8a3.100 3.100 0 0 1 4.400 4.400l-7.900 7.900a1.500 1.500 0 0 1-2.200-2.200l7.200-7.200"],
  send: ["M4.500 11.500 20 4l-6.500 16-2.800-6.200z", "M10.700 13.800 20 4"],
  reply: ["m9.500 6.500-5 5 5 5", "M4.500 11.500h9a6 6 0 0 1 6 6"],
  smile: ["M20.500 12a8.500 8.500 0 1 1-17 0 8.500 8.500 0 0 1 17 0z", "M8.500 14.200c.8 1.200 2 1.900 3.500 1.900s2.700-.7 3.500-1.900M9.200 9.500v.3M14.800 9.500v.3"],
  pen: ["M5 19l1-4L15.500 5.500a1.800 1.800 0 0 1 2.600 0l.4.4a1.800 1.800 0 0 1 0 2.600L9 18z", "m13.500 7.500 3 3"],
  trash: ["M5 7h14M10 7V4.500h4V7M7 7l.8 12a1.500 1.500 0 0 0 1.500 1.500h5.400a1.500 1.500 0 0 0 1.500-1.500L17 7"],
  copy: ["M11.500 9h6A2.500 2.500 0 0 1 20 11.500v6a2.500 2.500 0 0 1-2.500 2.500h-6A2.500 2.500 0 0 1 9 17.500v-6A2.500 2.500 0 0 1 11.500 9z", "M5.500 15A1.500 1.500 0 0 1 4 13.500v-8A1.500 1.500 0 0 1 5.500 4h8A1.500 1.500 0 0 1 15 5.500"],
  check: ["m5 12.800 4.500 4.500L19 7.500"],
  check2: ["m2.500 12.800 4.300 4.400L15.500 8", "M12 16.200l1.200 1L21.700 8"],
  clock: ["M20.500 12a8.500 8.500 0 1 1-17 0 8.500 8.500 0 0 1 17 0z", "M12 7.500V12l3 2"],
  warn: ["M12 4.200 21 19.500H3z", "M12 10v4M12 16.800v.1"],
  open: ["M13.500 4.500h6v6M19.500 4.500l-8.500 8.500", "M17.500 14v4a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2h4"],
  call: ["M6 4.500h3l1.500 4-2 1.500a11 11 0 0 0 5.500 5.500l1.500-2 4 1.500v3a1.500 1.500 0 0 1-1.600 1.500A15.500 15.500 0 0 1 4.500 6.100 1.500 1.500 0 0 1 6 4.500z"],
  list: ["M8.500 7h11M8.500 12h11M8.500 17h11M4.500 7h.01M4.500 12h.01M4.500 17h.01"],
  form: ["M7.500 4h9A2.500 2.500 0 0 1 19 6.500v11a2.500 2.500 0 0 1-2.500 2.500h-9A2.500 2.500 0 0 1 5 17.500v-11A2.500 2.500 0 0 1 7.500 4z", "M8.500 9h7M8.500 12.500h7M8.500 16h4"],
  pin: ["M12 21c4.200-4.300 6.500-7.800 6.500-11A6.500 6.500 0 0 0 5.500 10c0 3.200 2.300 6.700 6.500 11z", "M14.300 10a2.300 2.300 0 1 1-4.600 0 2.300 2.300 0 0 1 4.600 0z"],
  user: ["M15.500 8.500a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0z", "M5 19.500c.8-3.300 3.500-5 7-5s6.200 1.700 7 5"],
  photo: ["M6.500 5h11A2.500 2.500 0 0 1 20 7.500v9a2.500 2.500 0 0 1-2.500 2.500h-11A2.500 2.500 0 0 1 4 16.500v-9A2.500 2.500 0 0 1 6.500 5z", "m4.500 16.500 4.500-4.500 3 3 3-3 4.500 4.500M9.500 9.200v.1"],
  doc: ["M7 3.500h8l4 4V18a2.500 2.500 0 0 1-2.500 2.500h-9A2.500 2.500 0 0 1 5 18V5.500a2 2 0 0 1 2-2z", "M9 11.500h6M9 15.500h4"],
  mic: ["M12 4a2.500 2.500 0 0 1 2.500 2.500v5a2.500 2.500 0 0 1-5 0v-5A2.500 2.500 0 0 1 12 4z", "M6.500 11.500a5.500 5.500 0 0 0 11 0M12 17v3"],
  video: ["M6 6.500h7A2.500 2.500 0 0 1 15.500 9v6a2.500 2.500 0 0 1-2.500 2.500H6A2.500 2.500 0 0 1 3.500 15V9A2.500 2.500 0 0 1 6 6.500z", "m15.500 11 5-2.500v7l-5-2.500"],
  sticker: ["M6.500 4h11A2.500 2.500 0 0 1 20 6.500V14l-6 6H6.500A2.500 2.500 0 0 1 4 17.500v-11A2.500 2.500 0 0 1 6.500 4z", "M20 14h-3.500A2.500 2.500 0 0 0 14 16.500V20"],
  levers: ["M4.500 7.500h8M18.500 7.500h1M4.500 16.500h1M11.500 16.500h8", "M18 7.500a2.200 2.200 0 1 1-4.400 0 2.200 2.200 0 0 1 4.400 0zM11 16.500a2.200 2.200 0 1 1-4.400 0 2.200 2.200 0 0 1 4.400 0z"],
  ban: ["M20.500 12a8.500 8.500 0 1 1-17 0 8.500 8.500 0 0 1 17 0z", "m6 6 12 12"],
  signal: ["M3.500 17v-2M7 17v-4.500M10.500 17v-7M14 17V7.500"],
  battery: ["M5 7.500h12a2.500 2.500 0 0 1 2.500 2.500v4a2.500 2.500 0 0 1-2.500 2.500H5A2.500 2.500 0 0 1 2.500 14v-4A2.500 2.500 0 0 1 5 7.500z", "M6 10.500h8v3H6zM22 10.800v2.400"],
  play: ["M8 5.500v13l10.500-6.500z"],
  pause: ["M9 6v12M15 6v12"],
  next: ["M6.500 6v12l8.500-6zM17.500 6v12"],
  beside: ["M5.500 4.500h4a1.500 1.500 0 0 1 1.500 1.500v12a1.500 1.500 0 0 1-1.500 1.500h-4A1.500 1.500 0 0 1 4 18V6a1.500 1.500 0 0 1 1.500-1.500zM14.500 4.500h4A1.500 1.500 0 0 1 20 6v12a1.500 1.500 0 0 1-1.500 1.500h-4A1.500 1.500 0 0 1 13 18V6a1.500 1.500 0 0 1 1.500-1.500z"],
  bag: ["M6 8.500h12l1 11.500H5z", "M9 10.500V7a3 3 0 0 1 6 0v3.500"],
};

/** @param {string} name @returns {SVGElement} hidden from assistive technology: words say it */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "ic");
  svg.setAttribute("aria-hidden", "true");
  for (const d of ICONS[name] ?? []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Replaces every `<span data-icon="name">` of the page by its drawing. */
export function drawIcons(root = document) {
  for (const place of root.querySelectorAll("[data-icon]")) {
    const drawn = icon(place.dataset.icon);
    for (const name of place.classList) drawn.classList.add(name);
    place.replaceWith(drawn);
  }
}

/**
 * An element. `on` holds listeners, `data` the dataset; null, undefined and false are left out.
 * @param {string} tag @param {Record<string, any>} [props] @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** Words only assistive technology reads. @param {string} text */
export const spoken = (text) => h("span", { class: "sr" }, text);

let toastTimer = 0;

/** A short sentence at the foot of the page, read aloud once. @param {string} text */
export function say(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove("on"), 5000);
}

/** Strings from the network may be anything; this makes words of them. @param {unknown} value */
export function words(value) {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** @param {unknown} value @returns {any[]} */
export const many = (value) => (Array.isArray(value) ? value : []);
