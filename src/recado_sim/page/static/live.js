// Hears of changes from the simulator's event stream; asks every second when there is none.

import { keyOf } from "./api.js";
import { byId } from "./dom.js";

const EVERY_MS = 1000;
const SAFETY_MS = 5000; // with the stream on, still look now and then

export class Live {
  /** @param {(key: string|null) => Promise<void>} refresh key: whose news, null: everybody's */
  constructor(refresh) {
    this.refresh = refresh;
    this.busy = false;
    this.again = undefined;
    this.streaming = false;
    this.listen();
    this.loop();
    document.addEventListener("visibilitychange", () => !document.hidden && this.ask(null));
  }

  listen() {
    const source = new EventSource("/_sim/events");
    source.addEventListener("open", () => { this.streaming = true; });
    source.addEventListener("error", () => { this.streaming = false; });
    for (const name of ["message", "status", "handset"]) {
      source.addEventListener(name, (event) => this.ask(keyIn(event.data)));
    }
    addEventListener("pagehide", () => source.close());
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

function keyIn(data) {
  try {
    const value = JSON.parse(data);
    return keyOf(value?.phone, value?.bsuid) || null;
  } catch {
    return null;
  }
}
