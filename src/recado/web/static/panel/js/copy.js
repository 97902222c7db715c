// Copies ids. The clipboard needs https or this machine; elsewhere the text is selected for the person to copy.
import { toast } from "./toasts.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const english = document.documentElement.lang === "en";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(english ? "Copied" : "Copiado", "info");
  } catch {
    const shown = button.previousElementSibling;
    if (shown) getSelection().selectAllChildren(shown);
  }
});
