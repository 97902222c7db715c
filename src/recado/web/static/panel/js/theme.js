// Light or dark: the page changes at once, the server keeps the choice and renders it next time without a flash.
function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

const button = document.querySelector("[data-theme-form] button");
if (button) {
  button.value = dark() ? "light" : "dark";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("[data-theme-form]")) {
      document.documentElement.dataset.theme = button.value;
      button.value = dark() ? "light" : "dark";
    }
  });
}
