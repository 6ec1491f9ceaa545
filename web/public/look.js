// Runs before the first paint, so that a page never flashes in another look. Keys and values are those of features/preferences.
(function () {
  var look = {};
  try {
    look = JSON.parse(localStorage.getItem("vio.look") || "{}") || {};
  } catch (_) {
    look = {};
  }
  var root = document.documentElement;
  var dark = look.theme === "dark" || ((look.theme === undefined || look.theme === "system") && matchMedia("(prefers-color-scheme: dark)").matches);
  var high = look.contrast === "high" || ((look.contrast === undefined || look.contrast === "system") && matchMedia("(prefers-contrast: more)").matches);
  root.dataset.theme = high ? "high" : dark ? "dark" : "light";
  root.dataset.text = look.text || "16";
  root.dataset.density = look.density || "comfortable";
  root.dataset.brand = look.brand || "green";
  root.dataset.motion = look.motion || "system";
})();
