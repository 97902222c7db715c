// Copies ids. The clipboard needs https or this machine; elsewhere the text is selected for the person to copy.
import { toast } from "./toasts.js";
import { word } from "./words.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(word("copied"), "info");
  } catch {
    const shown = button.previousElementSibling;
    if (shown) getSelection().selectAllChildren(shown);
  }
});
