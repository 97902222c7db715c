// The conversation: keeps what did not change, adds what is new, stays where the reader is.

import { bubble, stamp } from "./bubble.js";
import { byId, h, words } from "./dom.js";
import { day, parse } from "./time.js";

const NEAR = 80; // pixels from the end that still count as "reading the latest"

/** What the person already answered to each message: it shows which button was tapped. */
function answersByMessage(messages) {
  const found = new Map();
  for (const m of messages) {
    const id = words(m.context?.id) || words(m.context);
    if (m.direction !== "out" || !id) continue;
    found.set(id, [...(found.get(id) ?? []), words(m.text)]);
  }
  return found;
}

export class Chat {
  constructor(act) {
    this.act = act;
    this.box = byId("chat");
    this.list = byId("messages");
    this.phone = null;
    this.drawn = new Map(); // wamid -> {node, picture, status}
    byId("jump").addEventListener("click", () => this.toEnd());
    this.box.addEventListener("scroll", () => {
      this.following = this.atEnd();
      if (this.following) byId("jump").hidden = true;
    });
    // The keyboard or a quote over the field makes the conversation shorter.
    new ResizeObserver(() => this.following && this.toEnd()).observe(this.box);
    // Pictures arrive after their bubble and would push the latest message out of sight.
    this.list.addEventListener("load", () => this.following && this.toEnd(), true);
    this.list.addEventListener("click", (event) => this.followQuote(event));
    this.following = true;
  }

  atEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    byId("jump").hidden = true;
  }

  /** @param {string} phone @param {any[]} messages in order */
  show(phone, messages) {
    const moved = phone !== this.phone;
    if (moved) {
      this.phone = phone;
      this.drawn.clear();
      this.list.replaceChildren();
    }
    const stay = !moved && !this.following;
    this.following = !stay;
    const before = this.drawn.size;
    this.draw(messages.filter((m) => m && words(m.wamid) && m.type !== "reaction"));
    const news = this.drawn.size > before;
    if (!stay && (moved || news || !this.atEnd())) this.toEnd();
    else if (stay && news) byId("jump").hidden = false;
  }

  draw(messages) {
    const index = new Map(messages.map((m) => [m.wamid, m]));
    const taken = answersByMessage(messages);
    const act = { ...this.act, answered: (m, button) => taken.get(m.wamid)?.includes(words(button.title) || words(button.text)) };
    const around = { find: (id) => index.get(id), act };
    const wanted = [];
    let last = "";
    let days = 0;
    let previous = "";
    for (const m of messages) {
      const date = parse(m.at);
      const label = date ? day(date) : "";
      if (label && label !== last) wanted.push(this.separator(label, (days += 1)));
      last = label || last;
      wanted.push(this.node(m, { ...around, previous }, taken));
      previous = m.wamid;
    }
    this.arrange(wanted);
    for (const id of this.drawn.keys()) if (!index.has(id) && !id.startsWith("day ")) this.drawn.delete(id);
  }

  separator(label, number) {
    const key = `day ${number} ${label}`;
    const kept = this.drawn.get(key);
    if (kept) return kept.node;
    const node = h("li", { class: "day" }, label);
    this.drawn.set(key, { node, picture: "" });
    return node;
  }

  node(m, around, taken) {
    const { status, ...rest } = m;
    const quoted = m.context ? around.find(words(m.context?.id) || m.context) : null;
    const picture = JSON.stringify([rest, quoted?.text, quoted?.deleted, taken.get(m.wamid)]);
    const kept = this.drawn.get(m.wamid);
    if (kept && kept.picture === picture) {
      if (kept.status !== status) {
        kept.node.querySelector(".b > .stamp")?.replaceWith(stamp(m));
        kept.status = status;
      }
      return kept.node;
    }
    const node = bubble(m, around);
    if (kept) {
      const focused = kept.node.contains(document.activeElement) ? document.activeElement.textContent : null;
      kept.node.replaceWith(node);
      if (focused !== null) [...node.querySelectorAll("button, a")].find((e) => e.textContent === focused)?.focus();
    }
    this.drawn.set(m.wamid, { node, picture, status });
    return node;
  }

  /** Moves only what is out of place, so playing audio and focus survive. */
  arrange(wanted) {
    const keep = new Set(wanted);
    for (const child of [...this.list.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, index) => {
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null);
    });
  }

  followQuote(event) {
    const quote = event.target.closest?.("a.quote");
    if (!quote) return;
    event.preventDefault();
    const target = byId(quote.getAttribute("href").slice(1));
    target?.scrollIntoView({ block: "center" });
    target?.classList.add("flash");
    setTimeout(() => target?.classList.remove("flash"), 1600);
  }
}
