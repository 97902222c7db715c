// What scripts say. The page brings the words, so that they come in the person's language: see shell/bare.html.
const said = document.getElementById("words")?.dataset ?? {};

// `#` in the sentence is where `filled` goes.
export const word = (name, filled = "") => (said[name] ?? "").replace("#", filled);
