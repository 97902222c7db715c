// A list that stays where it is: rows on the page are replaced by fresh ones, others are announced in a pill.

const MOST = 100;
const EVERY_MS = 500;
// Numbers above the list cost the server more than a row does.
const COUNTS_EVERY_MS = 3_000;
// What a row keeps when a fresh one takes its place.
const KEPT = ["aria-current", "aria-selected", "tabindex", "data-current"];

export class LiveList {
  constructor(element, { say, words, held }) {
    Object.assign(this, { element, say, words, held });
    this.waiting = new Set();
    this.unseen = new Set();
    this.busy = false;
    this.all = false;
    this.askedAt = -EVERY_MS;
    this.countedAt = -COUNTS_EVERY_MS;
    this.later = 0;
  }

  // The list's own address: beside it a message may have put another one into the bar.
  where() {
    return new URL(this.element.dataset.liveHere ?? location.href, location.href);
  }

  rows() {
    return [...this.element.querySelectorAll("[data-id]")];
  }

  take(change) {
    const ids = this.element.dataset.live === "conversations" ? change.conversations : change.messages.keys();
    this.all ||= change.everything;
    for (const id of ids) if (this.concerns(id)) this.waiting.add(id);
    if (this.all || this.waiting.size) this.soon();
  }

  // Ids begin with their time: what is older than the oldest row here belongs to another page of the list.
  concerns(id) {
    const rows = this.rows();
    if (rows.some((row) => row.dataset.id === id)) return true;
    if (this.element.dataset.live === "conversations" || rows.length === 0) return true;
    return rows.some((row) => id > row.dataset.id);
  }

  resume() {
    if (this.all || this.waiting.size) this.soon();
  }

  soon() {
    if (this.busy) return;
    this.busy = true;
    // The first change at once, a stream of them at a pace that server and eyes can follow.
    setTimeout(async () => {
      if (!this.held()) await this.refresh();
      this.busy = false;
      if (!this.held() && (this.all || this.waiting.size)) this.soon();
    }, Math.max(20, this.askedAt + EVERY_MS - performance.now()));
  }

  async refresh() {
    const here = new Map(this.rows().map((row) => [row.dataset.id, row]));
    const asked = this.all ? [...here.keys()] : [];
    this.all = false;
    for (const id of this.waiting) {
      if (asked.length >= MOST) break;
      if (!asked.includes(id)) asked.push(id);
      this.waiting.delete(id);
    }
    if (asked.length) await this.ask(asked);
  }

  async ask(asked) {
    this.askedAt = performance.now();
    const query = this.where().searchParams;
    query.delete("ids");
    for (const id of asked) query.append("ids", id);
    if (this.countsNow(asked)) query.set("contas", "1");
    let answer;
    try {
      answer = await fetch(`${this.element.dataset.liveUrl}?${query}`, { headers: { "HX-Request": "true" } });
    } catch {
      return; // away: the next change or the screen's own reload brings it
    }
    if (!answer.ok || answer.status === 204) return;
    this.put(await answer.text(), asked);
  }

  // Whether the numbers are due; else they are asked for when they are, so that the last change is counted too.
  countsNow(asked) {
    if (!("liveCounts" in this.element.dataset)) return false;
    const due = this.countedAt + COUNTS_EVERY_MS - performance.now();
    if (due > 0 && asked.length) {
      this.later ||= setTimeout(() => this.element.isConnected && this.ask([]), due + 10);
      return false;
    }
    clearTimeout(this.later);
    this.later = 0;
    this.countedAt = performance.now();
    return true;
  }

  put(html, asked) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    for (const one of holder.content.querySelectorAll("[data-fresh]")) insert(one);
    const came = new Map([...holder.content.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, row]));
    for (const id of asked) {
      // Looked up now: the list may have been swapped while the answer was on its way.
      const row = this.rows().find((one) => one.dataset.id === id);
      const fresh = came.get(id);
      if (row && fresh) this.replace(row, fresh);
      else if (row) row.classList.add("live-gone");
      else if (fresh) this.unseen.add(id);
    }
    for (const row of this.rows()) this.unseen.delete(row.dataset.id);
    this.pill();
  }

  replace(row, fresh) {
    const typing = row.querySelector("input:focus:not([type=checkbox]), textarea:focus, select:focus, [open]");
    if (typing || same(row, fresh)) return;
    for (const box of row.querySelectorAll("input[type=checkbox]")) {
      const twin = fresh.querySelector(`input[type=checkbox][value="${CSS.escape(box.value)}"]`);
      if (twin) twin.checked = box.checked;
    }
    for (const name of KEPT) {
      if (row.hasAttribute(name)) fresh.setAttribute(name, row.getAttribute(name));
    }
    const focusable = "a[href], button, input, select, textarea, [tabindex]";
    const place = [row, ...row.querySelectorAll(focusable)].indexOf(document.activeElement);
    fresh.classList.add("live-fresh");
    row.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (place >= 0) [fresh, ...fresh.querySelectorAll(focusable)][place]?.focus({ preventScroll: true });
    setTimeout(() => fresh.classList.remove("live-fresh"), 2_500);
  }

  pill() {
    const count = this.unseen.size;
    if (!this.button && count === 0) return;
    this.button ??= document.querySelector(`#${this.element.id}-novas`) ?? this.makePill();
    this.button.hidden = count === 0;
    if (count === 0) return;
    const words = this.words(this.element.dataset.live === "conversations" ? "talk" : "new", count);
    this.button.textContent = words;
    this.say(words);
  }

  makePill() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "live-pill";
    button.addEventListener("click", () => {
      const { pathname, searchParams: query } = this.where();
      for (const name of (this.element.dataset.liveCursor ?? "depois,antes").split(",")) query.delete(name);
      location.assign(`${pathname}${query.size ? `?${query}` : ""}`);
    });
    this.element.before(button);
    return button;
  }
}

// What stands above the rows: a number, or what is wrong. Left alone while it says the same or is being used.
function insert(fresh) {
  const place = document.getElementById(fresh.dataset.fresh);
  if (!place || place.contains(document.activeElement)) return;
  if (fresh.className) place.className = fresh.className;
  const now = [...fresh.childNodes];
  const same = place.childNodes.length === now.length && now.every((one, at) => one.isEqualNode(place.childNodes[at]));
  if (!same) place.replaceChildren(...now);
}

// Nothing to show: a repetition must not flash. Times that tick by themselves do not count.
function same(row, fresh) {
  const plain = (one) => {
    const copy = one.cloneNode(true);
    copy.classList.remove("live-fresh", "live-gone");
    if (!copy.className) copy.removeAttribute("class");
    for (const time of copy.querySelectorAll("time[data-since]")) time.textContent = "";
    for (const name of KEPT) copy.removeAttribute(name);
    return copy.outerHTML.replace(/\s+/g, " ");
  };
  return plain(row) === plain(fresh);
}
