// A voice note from the microphone: record, throw away or send.

import { byId, say } from "./dom.js";

// What a phone could have sent, in the order in which browsers can make it.
const TYPES = ["audio/ogg;codecs=opus", "audio/mp4"];
const MOST_S = 300;

export class Recorder {
  /** @param {(file: Blob) => Promise<unknown>} send */
  constructor(send) {
    this.send = send;
    this.recorder = null;
    byId("recording-drop").addEventListener("click", () => this.finish(false));
    byId("recording-send").addEventListener("click", () => this.finish(true));
    byId("recording").addEventListener("keydown", (event) => event.key === "Escape" && this.finish(false));
  }

  static get type() {
    return globalThis.MediaRecorder && navigator.mediaDevices ? TYPES.find((one) => MediaRecorder.isTypeSupported(one)) : undefined;
  }

  async start() {
    if (this.recorder) return;
    if (!Recorder.type) {
      say("Este navegador não grava aqui. Anexe um arquivo de áudio.");
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      say("O microfone não está disponível. Anexe um arquivo de áudio.");
      return;
    }
    const pieces = [];
    this.recorder = new MediaRecorder(stream, { mimeType: Recorder.type });
    this.recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    this.recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      if (this.keep) this.send(new Blob(pieces, { type: Recorder.type.split(";")[0] }));
    });
    this.recorder.start();
    this.show(true);
  }

  /** @param {boolean} keep */
  finish(keep) {
    if (!this.recorder) return;
    this.keep = keep;
    this.recorder.stop();
    this.recorder = null;
    this.show(false);
  }

  show(on) {
    byId("recording").hidden = !on;
    byId("composer").classList.toggle("records", on);
    clearInterval(this.ticking);
    if (!on) {
      byId("text").focus();
      return;
    }
    const began = performance.now();
    const tick = () => {
      const seconds = Math.floor((performance.now() - began) / 1000);
      byId("recording-time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (seconds >= MOST_S) this.finish(true);
    };
    tick();
    this.ticking = setInterval(tick, 250);
    byId("recording-send").focus();
  }
}
