// Writing, attaching, quoting: what the person sends.

import { summary } from "./bubble.js";
import { byId, say } from "./dom.js";
import { openMenu } from "./menu.js";
import { Recorder } from "./recorder.js";
import { base64, sampleContact, samplePhoto, samplePlace, sampleSticker, tooBig } from "./samples.js";

const ACCEPT = { image: "image/jpeg,image/png", video: "video/mp4,video/3gpp", audio: "audio/*", document: "" };

export class Composer {
  /** @param {(body: object) => Promise<boolean>} send answers whether it was taken */
  constructor(send) {
    this.send = send;
    this.quoted = null;
    this.editing = null;
    this.text = byId("text");
    this.file = byId("file");
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.sendText();
    });
    this.text.addEventListener("keydown", (event) => {
      // Accents are composed with Enter in some keyboards: that Enter is not ours.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.sendText();
      }
      if (event.key === "Escape" && (this.quoted || this.editing)) this.quote(null);
    });
    byId("attach").addEventListener("click", (event) => this.attach(event.currentTarget));
    byId("quoting").querySelector("button").addEventListener("click", () => this.quote(null));
    this.file.addEventListener("change", () => this.sendPicked());
    this.recorder = new Recorder((file) => this.sendFile(file, "audio", { voice: true }));
  }

  /** @param {any} m the message to answer, or null */
  quote(m) {
    if (this.editing) this.text.value = "";
    this.editing = null;
    this.quoted = m;
    this.strip(m, m?.direction === "out" ? "Você" : "Empresa");
  }

  /** @param {any} m a text of this person, to write again */
  edit(m) {
    this.quoted = null;
    this.editing = m;
    this.text.value = m.text;
    this.strip(m, "Editando");
  }

  strip(m, title) {
    const strip = byId("quoting");
    strip.hidden = !m;
    if (m) {
      strip.querySelector("b").textContent = title;
      strip.querySelector("span").textContent = summary(m).slice(0, 200);
    }
    this.text.focus();
  }

  /** Another person took the phone. */
  reset() {
    this.recorder.finish(false);
    this.quoted = this.editing = null;
    byId("quoting").hidden = true;
    this.text.value = "";
  }

  writeAs(name) {
    if (name === this.name) return;
    this.name = name;
    this.text.setAttribute("aria-label", `Escrever como ${name}`);
    this.text.placeholder = `Responder como ${name}`;
  }

  async deliver(body) {
    const context = this.quoted?.wamid;
    const taken = await this.send(context ? { ...body, context } : body);
    if (taken && context && this.quoted?.wamid === context) this.quote(null);
    return taken;
  }

  async sendText() {
    const text = this.text.value.trim();
    if (!text) return;
    const edited = this.editing;
    if (edited) {
      this.quote(null);
      await this.send({ edit: { original: edited.wamid, text } });
      return;
    }
    this.text.value = "";
    if (!(await this.deliver({ text })) && !this.text.value) this.text.value = text;
  }

  attach(opener) {
    const pick = (kind) => () => {
      this.file.accept = ACCEPT[kind];
      this.file.dataset.kind = kind;
      this.file.value = "";
      this.file.click();
    };
    openMenu(opener, [
      { label: "Foto", icon: "photo", run: pick("image") },
      { label: "Vídeo", icon: "video", run: pick("video") },
      { label: "Gravar mensagem de voz", icon: "mic", run: () => this.recorder.start() },
      { label: "Arquivo de áudio", icon: "mic", run: pick("audio") },
      { label: "Documento", icon: "doc", run: pick("document") },
      { label: "Foto de exemplo", icon: "photo", run: async () => this.sendFile(await samplePhoto(), "image") },
      { label: "Figurinha de exemplo", icon: "sticker", run: async () => this.sendFile(await sampleSticker(), "sticker") },
      { label: "Enviar localização de exemplo", icon: "pin", run: () => this.sendPlace() },
      { label: "Contato de exemplo", icon: "user", run: () => this.deliver({ contacts: sampleContact }) },
    ], { label: "Anexar" });
  }

  sendPlace() {
    return this.deliver({ location: samplePlace });
  }

  sendPicked() {
    const file = this.file.files[0];
    if (file) this.sendFile(file, this.file.dataset.kind);
  }

  /** The words being written go along as the caption. */
  async sendFile(file, kind, more = {}) {
    const problem = tooBig(file, kind);
    if (problem) return say(problem);
    const body = { data_base64: await base64(file), mime_type: file.type || "application/octet-stream", ...more };
    if (kind === "document") body.filename = file.name;
    const caption = kind === "audio" || kind === "sticker" ? "" : this.text.value.trim();
    if (caption) body.caption = caption;
    if ((await this.deliver({ [kind]: body })) && caption) this.text.value = "";
    return undefined;
  }
}
