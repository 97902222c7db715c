// Hears of changes from the simulator's event stream; asks every second when there is none.

import { keyOf } from "./api.js";
import { byId } from "./dom.js";

const EVERY_MS = 1000;
const SAFETY_MS = 5000; // with the stream on, still look now and then

export class Live {
  /** @param {(key: string|null) => Promise<void>} refresh key: whose news, null: everybody's */
  constructor(refresh, { embedded = false, typing = () => {} } = {}) {
    this.refresh = refresh;
    this.typing = typing;
    // A browser opens six connections to a host: phones beside the first hear what it hears.
    this.frames = new BroadcastChannel("recado-celular");
    this.busy = false;
    this.again = undefined;
    this.streaming = false;
    if (embedded) this.overhear();
    else this.listen();
    this.loop();
    document.addEventListener("visibilitychange", () => !document.hidden && this.ask(null));
  }

  overhear() {
    this.streaming = true;
    this.frames.onmessage = (event) => this.hear(event.data);
  }

  listen() {
    const source = new EventSource("/_sim/events");
    source.addEventListener("open", () => { this.streaming = true; });
    source.addEventListener("error", () => { this.streaming = false; });
    for (const name of ["message", "status", "handset"]) {
      source.addEventListener(name, (event) => {
        const news = newsIn(event.data);
        this.frames.postMessage(news);
        this.hear(news);
      });
    }
    addEventListener("pagehide", () => source.close());
  }

  hear({ key, typing }) {
    if (typing) this.typing(key);
    else this.ask(key);
  }

  async loop() {
    await this.ask(null);
    setTimeout(() => this.loop(), this.streaming ? SAFETY_MS : EVERY_MS);
  }

  /** One question at a time; news during a question asks once more afterwards. */
  async ask(key) {
    if (this.busy) {
      this.again = this.again === undefined || this.again === key ? key : null;
      return;
    }
    this.busy = true;
    try {
      await this.refresh(key);
      this.show(this.streaming ? "Ao vivo" : "Atualiza a cada segundo", this.streaming ? "on" : "slow");
    } catch {
      this.show("Sem conexão com o simulador", "off");
    } finally {
      this.busy = false;
    }
    if (this.again !== undefined) {
      const next = this.again;
      this.again = undefined;
      await this.ask(next);
    }
  }

  show(text, state) {
    const place = byId("live");
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    place.querySelector("span").textContent = text;
  }
}

function newsIn(data) {
  try {
    const value = JSON.parse(data);
    return { key: keyOf(value?.phone, value?.bsuid) || null, typing: value?.typing === true };
  } catch {
    return { key: null, typing: false };
  }
}
