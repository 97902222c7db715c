// More phones beside the first: each is this same page with nothing but the phone, in a frame of its own.

import { byId, h, icon, say } from "./dom.js";
import { openMenu } from "./menu.js";
import { nameOf } from "./people.js";

const MOST = 2;
const NARROW = matchMedia("(max-width: 1120px)");
const PARAM = "ao_lado";

/** Whether this page is itself such a frame. */
export const embedded = new URLSearchParams(location.search).get("so") === "celular";

export class Beside {
  /** @param {() => {people: any[], key: string|null}} state */
  constructor(state) {
    this.state = state;
    this.keys = [];
    if (embedded) {
      document.body.dataset.only = "phone";
      return;
    }
    byId("open-beside").addEventListener("click", (event) => this.offer(event.currentTarget));
    this.wanted = (new URLSearchParams(location.search).get(PARAM) ?? "").split(",").filter(Boolean).slice(0, MOST);
  }

  /** Called when the people are known. */
  restore() {
    const { people } = this.state();
    for (const key of this.wanted ?? []) if (people.some((person) => person.key === key)) this.add(key);
    this.wanted = [];
  }

  offer(opener) {
    const { people, key } = this.state();
    const others = people.filter((person) => person.key !== key && !this.keys.includes(person.key));
    if (NARROW.matches) return say("Aumente a janela para ver dois celulares lado a lado.");
    if (this.keys.length >= MOST) return say("Cabem três celulares. Feche um para abrir outro.");
    if (!others.length) return say("Crie outra pessoa para ver lado a lado.");
    openMenu(opener, others.map((person) => ({ label: nameOf(person), icon: "user", run: () => this.add(person.key) })),
      { label: "Abrir ao lado o celular de" });
  }

  add(key) {
    if (this.keys.includes(key) || this.keys.length >= MOST) return;
    const person = this.state().people.find((one) => one.key === key);
    const name = person ? nameOf(person) : key;
    const frame = h("iframe", { src: `/celular?so=celular&pessoa=${encodeURIComponent(key)}`, title: `Celular de ${name}` });
    const close = h("button", { class: "btn sm", type: "button", "aria-label": `Fechar o celular de ${name}` }, icon("x"), h("span", {}, name));
    const box = h("div", { class: "other" }, frame, close);
    close.addEventListener("click", () => this.drop(key, box));
    byId("beside").append(box);
    this.keys.push(key);
    this.show();
  }

  drop(key, box) {
    box.remove();
    this.keys = this.keys.filter((one) => one !== key);
    this.show();
    byId("open-beside").focus();
  }

  show() {
    byId("beside").hidden = this.keys.length === 0;
    document.body.dataset.beside = String(this.keys.length);
    const query = new URLSearchParams(location.search);
    if (this.keys.length) query.set(PARAM, this.keys.join(","));
    else query.delete(PARAM);
    history.replaceState(null, "", `?${query}`);
  }
}
