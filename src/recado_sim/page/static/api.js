// Everything the page asks of the simulator. Same origin only.

export class Refused extends Error {}

// The simulator speaks English to programs; these are the refusals a person can meet here.
const SAID = {
  "no such business number": "Ainda não há número da empresa neste simulador.",
  "a person needs a phone or a bsuid": "Escreva um telefone com números.",
};

async function call(path, method = "GET", body = undefined) {
  const init = { method, cache: "no-store", headers: {} };
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(`/_sim/${path}`, init);
  } catch {
    throw new Refused("O simulador não respondeu.");
  }
  const text = await answer.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (!answer.ok) throw new Refused(reasonOf(value, answer.status));
  return value;
}

function reasonOf(value, status) {
  const said = value?.error?.message ?? value?.error ?? value?.detail;
  if (typeof said !== "string" || !said) return `O simulador recusou (${status}).`;
  return SAID[said] ?? `O simulador recusou: ${said}`;
}

async function tale() {
  const answer = await fetch("/celular/roteiros", { cache: "no-store" }).catch(() => null);
  return answer?.ok ? answer.json() : [];
}

const listIn = (value, key) => (Array.isArray(value) ? value : Array.isArray(value?.[key]) ? value[key] : []);
const at = (key) => `handset/${encodeURIComponent(key)}`;

/** One name for a person everywhere: the digits of the phone, or the BSUID of who hides it. */
export const keyOf = (phone, bsuid = "") => (phone ? String(phone).replace(/^\+/, "") : String(bsuid ?? ""));
const withKey = (person) => ({ ...person, key: keyOf(person?.phone, person?.bsuid) });

export const people = async () => listIn(await call("handsets"), "handsets").map(withKey).filter((person) => person.key);
export const addPerson = async (person) => withKey({ ...person, ...(await call("handsets", "POST", person)) });
export const messages = async (key) => listIn(await call(`${at(key)}/messages`), "messages");
export const send = (key, body) => call(`${at(key)}/send`, "POST", body);
export const setState = (key, body) => call(`${at(key)}/state`, "POST", body);
export const played = (key, wamid) => call(`${at(key)}/played`, "POST", { wamid });
export const stories = async () => listIn(await tale(), "stories");
export const templates = async () => listIn(await call("templates"), "templates");
export const businessSays = (message) => call("business/send", "POST", message);
export const clock = () => call("clock");
export const shiftClock = (seconds) => call("clock", "POST", { shift_s: seconds });
export const faults = () => call("faults");
export const addFault = (fault) => call("faults", "POST", fault);
export const clearFaults = () => call("faults", "DELETE");
