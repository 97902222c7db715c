// The small form that invents a person.

import { Refused } from "./api.js";
import { byId } from "./dom.js";

/** @param {(person: {name: string, phone: string}) => Promise<void>} create may throw Refused */
export function openPersonForm(create) {
  const dialog = byId("person-dialog");
  const form = byId("person-form");
  const problem = form.querySelector(".problem");
  problem.hidden = true;
  form.reset();
  form.querySelector("[data-close]").onclick = () => dialog.close();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const phone = `+${form.phone.value.replace(/\D/g, "")}`;
    try {
      await create({ name: form.elements.name.value.trim(), phone });
      dialog.close();
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason;
      problem.textContent = reason.message;
      problem.hidden = false;
    }
  };
  dialog.showModal();
}
