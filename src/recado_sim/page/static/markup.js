// WhatsApp's text marks (*bold* _italic_ ~strike~ `code` ```mono```) and addresses, as nodes.
// One pass over the text, whatever it holds: the writer is a stranger.

import { h } from "./dom.js";
import { linkTo } from "./links.js";

const KINDS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const ADDRESS = /^https?:\/\/[^\s<>"'`*~]{3,2000}/i;
const FENCE = "```";

const isWord = (char) => char !== undefined && WORD.test(char);
const isSpace = (char) => char === undefined || /\s/.test(char);

/**
 * @typedef {{kind: "text"|"mono"|"link", text: string} | {kind: "strong"|"em"|"s", inside: Token[]}} Token
 * @param {string} text @returns {Token[]}
 */
export function tokens(text) {
  const out = [];
  let from = 0;
  while (from <= text.length) {
    const open = text.indexOf(FENCE, from);
    const close = open < 0 ? -1 : text.indexOf(FENCE, open + 3);
    if (close < 0 || !text.slice(open + 3, close).trim()) {
      // No closing fence further on (or an empty one): the rest is ordinary text.
      append(out, lines(text.slice(from)));
      return out;
    }
    append(out, lines(text.slice(from, open)));
    out.push({ kind: "mono", text: text.slice(open + 3, close) });
    from = close + 3;
  }
  return out;
}

function append(out, more) {
  for (const token of more) { // not push(...more): a long text overflows the stack
    const last = out[out.length - 1];
    if (token.kind === "text" && last?.kind === "text") last.text += token.text;
    else out.push(token);
  }
}

function lines(text) {
  const out = [];
  const rows = text.split("\n");
  rows.forEach((row, index) => {
    append(out, inline(row));
    if (index < rows.length - 1) out.push({ kind: "text", text: "\n" });
  });
  return out;
}

/**
 * Each mark can be open once at a time, so the stack holds three at most and every token is moved
 * a bounded number of times: the cost stays proportional to the length.
 */
function inline(row) {
  const root = { mark: "", inside: [] };
  const stack = [root];
  let plain = 0;
  const top = () => stack[stack.length - 1];
  const flush = (end) => {
    if (end > plain) append(top().inside, [{ kind: "text", text: row.slice(plain, end) }]);
  };
  const fold = (level) => {
    while (stack.length > level) {
      const open = stack.pop(); // never closed: its mark was only a character
      append(top().inside, [{ kind: "text", text: open.mark }]);
      append(top().inside, open.inside);
    }
  };
  let lastTick = row.lastIndexOf("`");
  for (let i = 0; i < row.length; i += 1) {
    const char = row[i];
    if (char === "`" && i < lastTick) {
      const end = row.indexOf("`", i + 1);
      if (end > i + 1) {
        flush(i);
        top().inside.push({ kind: "mono", text: row.slice(i + 1, end) });
        plain = end + 1;
        i = end;
      }
    } else if ((char === "h" || char === "H") && !isWord(row[i - 1])) {
      const address = addressAt(row, i);
      if (address) {
        flush(i);
        top().inside.push({ kind: "link", text: address });
        plain = i + address.length;
        i = plain - 1;
      }
    } else if (char in KINDS) {
      const level = stack.findIndex((open) => open.mark === char);
      if (level > 0 && !isSpace(row[i - 1]) && !isWord(row[i + 1]) && !(plain === i && !top().inside.length)) {
        flush(i);
        fold(level + 1);
        const done = stack.pop();
        top().inside.push({ kind: KINDS[char], inside: done.inside });
        plain = i + 1;
      } else if (level < 0 && !isSpace(row[i + 1]) && row[i + 1] !== char && !isWord(row[i - 1])) {
        flush(i);
        stack.push({ mark: char, inside: [] });
        plain = i + 1;
      }
    }
  }
  flush(row.length);
  fold(1);
  return root.inside;
}

function addressAt(row, index) {
  const found = ADDRESS.exec(row.slice(index, index + 2010));
  return found ? found[0].replace(/[.,;:!?)\]}]{1,8}$/, "") : null;
}

/** @param {Token[]} list @returns {Node[]} */
function nodes(list) {
  return list.map((token) => {
    if (token.kind === "text") return document.createTextNode(token.text);
    if (token.kind === "mono") return h("code", {}, token.text);
    if (token.kind === "link") return linkTo(token.text, token.text, "inline");
    return h(token.kind, {}, ...nodes(token.inside));
  });
}

/** @param {string} text @returns {DocumentFragment} */
export function rich(text) {
  const fragment = document.createDocumentFragment();
  for (const node of nodes(tokens(text))) fragment.append(node);
  return fragment;
}

/** The words without their marks, for one-line previews. @param {string} text */
export function plain(text) {
  const flat = (list) => list.map((token) => token.text ?? flat(token.inside)).join("");
  return flat(tokens(text.slice(0, 400))).replace(/\s+/g, " ").trim();
}
