// One stream for the whole browser: the tab that holds the lock keeps it open and tells the others.
// Browsers allow about six connections to a host; a stream in every tab would freeze the seventh.

const ASK_MS = 10_000;
const SILENCE_MS = 45_000; // three pings that did not come
const HELLO_MS = 3_000;
const KEEP_MS = 60_000;
const KEEP_IDS = 400;

const join = (url, cursor) => (cursor ? `${url}?desde=${encodeURIComponent(cursor)}` : url);
const size = (change) => Object.keys(change.m).length + change.c.length + change.k.length;

export class Line {
  // onChange({m, c, k, all}); onState("on" | "asking" | "off" | "out")
  constructor({ stream, ask, name, onChange, onState }) {
    Object.assign(this, { stream, ask, name, onChange, onState });
    this.cursor = "";
    this.recent = [];
    this.state = "";
    this.source = null;
    this.shared = "locks" in navigator && "BroadcastChannel" in window;
  }

  start() {
    this.heardAt = performance.now();
    addEventListener("pagehide", () => this.stop(), { once: true });
    addEventListener("pageshow", (event) => event.persisted && this.start(), { once: true });
    if (!this.shared) {
      // Without https there are no locks: a stream for each tab, and only while it is seen.
      this.alone = () => (document.hidden ? this.close() : this.open());
      document.addEventListener("visibilitychange", this.alone);
      this.alone();
      return;
    }
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (event) => this.hear(event.data);
    this.channel.postMessage({ t: "oi" });
    this.hello = setTimeout(() => this.cursor || this.askOnce(), HELLO_MS);
    this.watch = setInterval(() => this.mind(), 5_000);
    this.queue();
  }

  stop() {
    this.close();
    clearTimeout(this.hello);
    clearInterval(this.watch);
    this.over?.();
    this.abort?.abort();
    if (this.alone) document.removeEventListener("visibilitychange", this.alone);
    this.channel?.close();
    this.channel = null;
  }

  // ---------------------------------------------------------------- who leads

  queue(steal = false) {
    this.abort?.abort();
    this.abort = new AbortController();
    const options = steal ? { steal: true } : { signal: this.abort.signal };
    const lead = () => {
      this.open();
      return new Promise((resolve) => (this.over = resolve));
    };
    navigator.locks.request(this.name, options, lead).catch(() => {
      // Somebody took the lead over because we were silent: step back and wait in line.
      const led = this.source !== null;
      this.close();
      if (led && this.channel) this.queue();
    });
  }

  mind() {
    if (this.source || this.asking) return;
    const silent = performance.now() - this.heardAt;
    if (silent > SILENCE_MS * (1 + Math.random() / 3)) {
      // The leader holds the lock and says nothing: its tab sleeps.
      this.heardAt = performance.now();
      this.tell("off");
      this.queue(true);
    }
  }

  // ---------------------------------------------------------------- the stream

  open() {
    if (this.source) return;
    this.rest();
    const source = (this.source = new EventSource(join(this.stream, this.cursor)));
    const take = (event, change) => {
      if (event.lastEventId) this.cursor = event.lastEventId;
      this.tell("on");
      this.channel?.postMessage({ t: "on", id: this.cursor, change });
      if (change) this.deliver(change);
    };
    source.onopen = () => {
      this.tell("on");
      this.channel?.postMessage({ t: "on", id: this.cursor });
    };
    source.addEventListener("ping", (event) => take(event));
    source.addEventListener("mudou", (event) => take(event, JSON.parse(event.data)));
    source.addEventListener("recarregar", (event) => take(event, { m: {}, c: [], k: [], all: true }));
    source.onerror = () => {
      this.tell("off");
      this.channel?.postMessage({ t: "off" });
      if (source.readyState === EventSource.CLOSED) this.poll();
    };
  }

  close() {
    this.source?.close();
    this.source = null;
    this.rest();
  }

  // ---------------------------------------------------------------- asking instead

  // The stream was refused (too many, a proxy that cannot, a session that ended): ask now and then, try again later.
  poll() {
    if (this.asking) return;
    let left = 6;
    const turn = async () => {
      const here = await this.askOnce();
      if (here) this.tell("asking");
      if (!this.asking) return;
      left -= 1;
      if (left === 0 && this.source) {
        this.close();
        this.open();
      } else {
        this.asking = setTimeout(turn, ASK_MS);
      }
    };
    this.asking = setTimeout(turn, 1_000);
  }

  rest() {
    clearTimeout(this.asking);
    this.asking = null;
  }

  async askOnce() {
    try {
      const headers = { "HX-Request": "true", Accept: "application/json" };
      const answer = await fetch(join(this.ask, this.cursor), { headers, redirect: "manual" });
      if (answer.headers.has("HX-Redirect") || answer.type === "opaqueredirect") {
        this.tell("out");
        return false;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const change = await answer.json();
      if (change.id !== null) this.cursor = String(change.id);
      if (change.tudo) Object.assign(change, { all: true });
      this.channel?.postMessage({ t: "on", id: this.cursor, change });
      this.deliver(change);
      return true;
    } catch {
      this.tell("off");
      return false;
    }
  }

  // ---------------------------------------------------------------- among the tabs

  hear(note) {
    this.heardAt = performance.now();
    if (note.t === "oi") {
      if (this.source) this.channel.postMessage({ t: "on", id: this.cursor, change: this.lately() });
      return;
    }
    if (note.t === "off") {
      this.tell("off");
      return;
    }
    if (note.id) this.cursor = note.id;
    if (!this.source) this.tell("on");
    if (note.change) this.deliver(note.change);
  }

  deliver(change) {
    const now = performance.now();
    this.recent = this.recent.filter((one) => now - one.at < KEEP_MS);
    this.recent.push({ at: now, change });
    if (change.all || size(change)) this.onChange(change);
  }

  // What a tab that was opened a moment ago may have missed between being drawn and listening.
  lately() {
    const all = { m: {}, c: [], k: [] };
    for (const { change } of this.recent) {
      if (change.all) return { m: {}, c: [], k: [], all: true };
      Object.assign(all.m, change.m);
      all.c = [...new Set([...all.c, ...change.c])];
      all.k = [...new Set([...all.k, ...change.k])];
    }
    return size(all) > KEEP_IDS ? { m: {}, c: [], k: [], all: true } : all;
  }

  tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
