// Mensagens: 1 to 6 choose a tab.
import { addKey } from "./keys.js";

for (const [at, key] of ["1", "2", "3", "4", "5", "6"].entries()) {
  addKey(key, () => document.querySelectorAll(".tabs a[data-tab]")[at]?.click());
}
