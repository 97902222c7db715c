// Stories: a flow with captions, played on the phones. Each is data; the same data is played by a test.

import * as api from "./api.js";
import { byId, h, icon, many, words } from "./dom.js";
import { plain } from "./markup.js";

const PATIENCE_MS = 30_000;
const LOOK_MS = 250;
const ORDER = ["accepted", "sent", "delivered", "read", "played"];
// As a person reads: a moment to look, then so much for each letter. `?ritmo=rapido` is for tests.
const FAST = new URLSearchParams(location.search).get("ritmo") === "rapido";
const pace = (caption) => (FAST ? 0 : 1400 + caption.length * 38);

class Stopped extends Error {}

export class Stories {
  /** @param {{choose: (key: string) => void, refresh: () => Promise<void>}} does */
  constructor(does) {
    this.does = does;
    this.playing = null;
    byId("story-stop").addEventListener("click", () => this.end());
    byId("story-next").addEventListener("click", () => this.hurry?.());
    byId("story-pause").addEventListener("click", () => this.pause(!this.paused));
    this.load();
  }

  async load() {
    const [stories, templates] = await Promise.all([api.stories(), api.templates()]);
    const known = new Set(templates.filter((one) => one.status === "APPROVED").map((one) => one.name));
    byId("story-list").replaceChildren(...stories.map((story) => {
      const lacking = many(story.templates).filter((name) => !known.has(name));
      const hint = lacking.length ? `Falta o modelo ${lacking.join(", ")} nesta conta.` : story.about;
      const id = `story-${story.id}`;
      const button = h("button", { class: "story-open", type: "button", disabled: lacking.length > 0, "aria-describedby": id,
        data: { story: story.id }, on: { click: () => this.play(story) } }, icon("play"), h("span", {}, story.title));
      return h("li", {}, button, h("p", { class: "hint", id }, hint));
    }));
    byId("stories").hidden = stories.length === 0;
  }

  async play(story) {
    if (this.playing) return;
    this.playing = story;
    this.last = {};
    this.seen = {};
    this.pause(false);
    byId("story").hidden = false;
    byId("story-title").textContent = story.title;
    document.body.dataset.story = "playing";
    for (const button of byId("story-list").querySelectorAll("button")) button.disabled = true;
    byId("story-pause").focus();
    try {
      this.people = await this.gather(story);
      for (const [index, step] of story.steps.entries()) {
        this.caption(step.caption, index + 1, story.steps.length);
        await this.rest(step.caption);
        await this.act(step);
      }
      this.caption("Fim.", story.steps.length, story.steps.length);
      byId("story").dataset.state = "done";
      byId("story-stop").focus();
    } catch (problem) {
      if (problem instanceof Stopped) return;
      if (!(problem instanceof api.Refused)) throw problem;
      byId("story").dataset.state = "broken";
      byId("story-caption").textContent = `Parou aqui: ${problem.message}`;
    }
  }

  async gather(story) {
    const found = {};
    for (const [name, person] of Object.entries(story.people)) {
      const { key } = await api.addPerson(person);
      found[name] = { ...person, key };
      this.seen[key] = new Set((await api.messages(key)).map((m) => m.wamid));
    }
    await this.does.refresh();
    return found;
  }

  caption(text, at, of) {
    byId("story-caption").textContent = text;
    byId("story-progress").max = of;
    byId("story-progress").value = at;
    byId("story-count").textContent = `${at} de ${of}`;
  }

  // ---------------------------------------------------------------- one step

  async act(step) {
    this.alive();
    const person = this.people[step.person];
    if (person) this.does.choose(person.key);
    if (step.send) await api.send(person.key, this.filled(step.send, person.key));
    if (step.state) await api.setState(person.key, step.state);
    if (step.clock) await api.shiftClock(step.clock);
    if (step.fault) await api.addFault(step.fault);
    if (step.faults === "clear") await api.clearFaults();
    if (step.business) await this.business(step, person);
    await this.does.refresh();
    if (step.expect) await this.expect(step.expect, person.key);
  }

  filled(body, key) {
    return body.context === "$last" ? { ...body, context: this.last[key] } : body;
  }

  async business(step, person) {
    const said = await api.businessSays({ ...step.business, to: person.phone });
    if (!said.ok && !step.may_fail) throw new api.Refused(`a empresa não pôde enviar (${said.status}).`);
  }

  async expect(wanted, key) {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      this.alive();
      const fresh = (await api.messages(key)).filter((m) => !this.seen[key].has(m.wamid));
      const hits = fresh.filter((m) => fits(m, wanted));
      if (hits.length && (!wanted.count || hits.length === wanted.count)) {
        if (wanted.absent && fresh.some((m) => plain(words(m.text)).includes(wanted.absent))) {
          throw new api.Refused("chegou o que não devia chegar.");
        }
        this.last[key] = hits.at(-1).wamid;
        await this.does.refresh();
        return;
      }
      if (performance.now() > until) throw new api.Refused("a mensagem esperada não chegou a tempo.");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  // ---------------------------------------------------------------- pace

  async rest(caption) {
    const waited = new Promise((resolve) => {
      this.hurry = resolve;
      let left = pace(caption);
      const turn = () => {
        if (!this.playing) return resolve();
        if (!this.paused) left -= 100;
        return left <= 0 && !this.paused ? resolve() : setTimeout(turn, FAST ? 0 : 100);
      };
      turn();
    });
    await waited;
    this.hurry = null;
    this.alive();
  }

  pause(paused) {
    this.paused = paused;
    byId("story-pause").replaceChildren(icon(paused ? "play" : "pause"), h("span", {}, paused ? "Continuar" : "Pausar"));
  }

  alive() {
    if (!this.playing) throw new Stopped();
  }

  end() {
    const story = this.playing;
    this.playing = null;
    this.hurry?.();
    byId("story").hidden = true;
    delete byId("story").dataset.state;
    delete document.body.dataset.story;
    this.load().then(() => byId("story-list").querySelector(`[data-story="${CSS.escape(story?.id ?? "")}"]`)?.focus());
    // What a story broke, it puts right.
    api.clearFaults().catch(() => null);
  }
}

function fits(m, wanted) {
  if ((wanted.from === "business") !== (m.direction === "in")) return false;
  if (wanted.type && m.type !== wanted.type) return false;
  if (wanted.text && !plain(words(m.text)).includes(wanted.text)) return false;
  return !wanted.status || ORDER.indexOf(words(m.status)) >= ORDER.indexOf(wanted.status);
}
