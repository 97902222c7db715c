// The right side: what happens to the phone, to time and to Meta.

import * as api from "./api.js";
import { byId, h, many, words } from "./dom.js";
import { CODES, GROUPS, QUICK, WITH_CODE, faultLabel } from "./faults.js";
import { nameOf, showPhone } from "./people.js";
import { full, now, parse, setNow, shiftMs, shiftWords } from "./time.js";

const SHIFTS = [["+1 h", 3600, "Adiantar 1 hora"], ["+24 h", 86400, "Adiantar 24 horas"], ["+1 semana", 604800, "Adiantar 1 semana"]];

const SWITCHES = [
  { key: "online", label: "Celular ligado", hint: "Desligado, as mensagens esperam." },
  { key: "blocked", label: "Bloqueou a empresa", hint: "Nada mais chega a esta pessoa." },
  { key: "read_receipts", label: "Confirmações de leitura", hint: "Desligadas, a empresa não vê “Lida”." },
  { key: "hidden", label: "Esconder telefone (BSUID)", hint: "A empresa recebe só o código da pessoa." },
];

export class Levers {
  /** @param {{run: (work: () => Promise<any>) => Promise<boolean>, set: (key: string, value: boolean) => void}} does */
  constructor(does) {
    this.does = does;
    this.rows = new Map();
    for (const lever of SWITCHES) this.addSwitch(lever);
    byId("clock-buttons").append(...SHIFTS.map(([label, seconds, spokenLabel]) =>
      h("button", { class: "btn", type: "button", "aria-label": spokenLabel, on: { click: () => this.shift(seconds) } }, label)));
    this.today = h("button", { class: "btn", type: "button", hidden: true, on: { click: () => this.shift(-shiftMs() / 1000) } }, "Voltar ao agora");
    byId("clock-buttons").append(this.today);
    byId("fault-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.provoke();
    });
    byId("fault-clear").addEventListener("click", () => does.run(async () => this.showFaults(await refreshed(api.clearFaults))));
    this.fillFaults();
    setInterval(() => this.tick(), 1000);
  }

  addSwitch({ key, label, hint }) {
    const hintId = `hint-${key}`;
    const button = h("button", { class: "switch", type: "button", role: "switch", "aria-checked": "false", "aria-describedby": hintId,
      on: { click: () => this.does.set(key, button.getAttribute("aria-checked") !== "true") } },
    h("span", {}, label), h("i", { "aria-hidden": "true" }));
    byId("switches").append(h("div", { class: "lever" }, button, h("p", { class: "hint", id: hintId }, hint)));
    this.rows.set(key, button);
  }

  /** @param {any} person @param {boolean} hidden */
  showPerson(person, hidden) {
    const on = { online: person?.online !== false, blocked: Boolean(person?.blocked), read_receipts: person?.read_receipts !== false, hidden };
    for (const [key, button] of this.rows) {
      button.setAttribute("aria-checked", String(Boolean(on[key])));
      button.disabled = !person;
    }
    const facts = person ? [["Pessoa", nameOf(person)], ["Telefone", showPhone(words(person.phone))],
      ["BSUID", words(person.bsuid)], ["Usuário", words(person.username) && `@${words(person.username).replace(/^@/, "")}`]] : [];
    const picture = JSON.stringify(facts);
    if (picture === this.drawnFacts) return;
    this.drawnFacts = picture;
    byId("person-facts").replaceChildren(...facts.filter(([, value]) => value)
      .flatMap(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, value)]));
  }

  tick() {
    byId("clock").textContent = full(now());
    byId("bar-time").textContent = full(now()).slice(-5);
    byId("clock-shift").textContent = shiftWords(shiftMs());
    this.today.hidden = Math.abs(shiftMs()) < 60000;
  }

  /** @param {any} answer of GET /_sim/clock: the simulated time, by whichever name */
  showClock(answer) {
    const at = parse(answer?.now ?? answer?.at ?? answer?.time);
    const shift = Number(answer?.shift_s ?? answer?.offset_s);
    if (at) setNow(at.getTime());
    else if (Number.isFinite(shift)) setNow(Date.now() + shift * 1000);
    this.tick();
  }

  async shift(seconds) {
    await this.does.run(async () => this.showClock(await refreshed(() => api.shiftClock(seconds), api.clock)));
  }

  async provoke() {
    const kind = byId("fault-kind").value;
    const asked = byId("fault-times").value;
    // Left empty: it lasts until "Voltar ao normal".
    const body = { kind, times: asked ? Number(asked) : null };
    if (WITH_CODE.has(kind)) body.code = Number(byId("fault-code").value);
    await this.does.run(async () => this.showFaults(await refreshed(() => api.addFault(body))));
  }

  /** @param {string} kind @param {number|null} times */
  async toggle(kind, times) {
    const others = this.active.filter((fault) => fault.kind !== kind);
    await this.does.run(async () => {
      if (others.length === this.active.length) await api.addFault({ kind, times });
      else {
        // The simulator lets go of all at once: the others are pressed again as they were.
        await api.clearFaults();
        for (const { id, hits, ...fault } of others) await api.addFault(fault);
      }
      this.showFaults(await api.faults());
    });
  }

  fillFaults() {
    this.active = [];
    byId("fault-quick").append(...QUICK.map(([kind, label, times]) => h("button", { class: "pill", type: "button", "aria-pressed": "false",
      data: { kind }, on: { click: () => this.toggle(kind, times) } }, label)));
    const select = byId("fault-kind");
    select.append(...GROUPS.map(([label, kinds]) => h("optgroup", { label },
      ...Object.keys(kinds).map((kind) => h("option", { value: kind }, faultLabel(kind))))));
    byId("fault-code").append(...CODES.map(([code, label]) => h("option", { value: code }, `${label} (${code})`)));
    const fit = () => { byId("fault-code-row").hidden = !WITH_CODE.has(select.value); };
    select.addEventListener("change", fit);
    fit();
  }

  /** @param {any} answer of GET /_sim/faults */
  showFaults(answer) {
    const active = Array.isArray(answer) ? answer : many(answer?.active ?? answer?.faults);
    const picture = JSON.stringify(active);
    if (picture === this.drawnFaults) return;
    this.drawnFaults = picture;
    this.active = active;
    const kinds = new Set(active.map((fault) => fault.kind));
    for (const pill of byId("fault-quick").children) pill.setAttribute("aria-pressed", String(kinds.has(pill.dataset.kind)));
    byId("fault-clear").hidden = active.length === 0;
    byId("fault-list").replaceChildren(...active.map((fault) => {
      const left = Number(fault?.left ?? fault?.times) || 0;
      const rest = left === 0 ? "até voltar ao normal" : left === 1 ? "mais 1 vez" : `mais ${left} vezes`;
      return h("li", {}, h("b", {}, faultLabel(words(fault?.kind))), h("span", { class: "num" }, rest));
    }));
  }
}

async function refreshed(work, read = api.faults) {
  await work();
  return read();
}
