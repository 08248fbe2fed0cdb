// The front machine's own page: the switch between light and dark.
"use strict";

document.addEventListener("click", (event) => {
  if (!event.target.closest("button[data-xl=theme]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  document.cookie = `xl-theme=${root.dataset.bsTheme}; path=/; max-age=31536000; samesite=strict`;
});
