// Everything a screen may count on. Each module looks after one thing and finds it by data attributes.
import "./dialogs.js";
import "./keys.js";
import "./lists.js";
import "./theme.js";
import "./toasts.js";
import "./clock.js";
import "./copy.js";
import "./live.js";
import "./counts.js";
