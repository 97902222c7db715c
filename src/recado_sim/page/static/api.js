// Everything the page asks of the simulator. Same origin only.

export class Refused extends Error {}

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
  return typeof said === "string" && said ? said : `O simulador recusou (${status}).`;
}

const listIn = (value, key) => (Array.isArray(value) ? value : Array.isArray(value?.[key]) ? value[key] : []);
const at = (phone) => `handset/${encodeURIComponent(phone)}`;

export const people = async () => listIn(await call("handsets"), "handsets");
export const addPerson = (person) => call("handsets", "POST", person);
export const messages = async (phone) => listIn(await call(`${at(phone)}/messages`), "messages");
export const send = (phone, body) => call(`${at(phone)}/send`, "POST", body);
export const setState = (phone, body) => call(`${at(phone)}/state`, "POST", body);
export const clock = () => call("clock");
export const shiftClock = (seconds) => call("clock", "POST", { shift_s: seconds });
export const faults = () => call("faults");
export const addFault = (fault) => call("faults", "POST", fault);
export const clearFaults = () => call("faults", "DELETE");
