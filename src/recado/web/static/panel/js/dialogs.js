// Native dialogs: data-dialog="id" opens, data-close closes, dialogs that arrive with data-open-now open themselves.
function open(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) open(document.getElementById(opener.dataset.dialog));
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.closest("[data-blocked]")) event.preventDefault();
  // A click on the backdrop has the dialog itself as its target.
  if (event.target instanceof HTMLDialogElement) {
    const box = event.target.getBoundingClientRect();
    const outside =
      event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside && event.detail > 0) event.target.close();
  }
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function arrived(root) {
  const found = root.querySelectorAll ? [...root.querySelectorAll("dialog[data-open-now]")] : [];
  if (root.matches?.("dialog[data-open-now]")) found.push(root);
  for (const dialog of found) {
    dialog.removeAttribute("data-open-now");
    open(dialog);
  }
  const drawer = root.matches?.("[data-drawer]") ? root : root.querySelector?.("[data-drawer]");
  if (drawer) drawer.focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", (event) => arrived(event.detail.elt));
// A swap never leaves an open dialog behind that blocks the page.
document.addEventListener("htmx:beforeSwap", (event) => {
  for (const dialog of event.detail.target?.querySelectorAll?.("dialog[open]") ?? []) dialog.close();
});
arrived(document);
