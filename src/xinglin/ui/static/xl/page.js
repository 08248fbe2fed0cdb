// What every page does: keys, dialogs, theme and size, forms that send themselves, the search box.
"use strict";

const YEAR = 365 * 24 * 3600;

/** Keep a choice of appearance for a year; the server reads it, so that pages come as they will look. */
function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

/** What has a key of its own on this page: its element says which. */
const shortcuts = () => [...document.querySelectorAll("[aria-keyshortcuts]")].filter((one) => one.checkVisibility());

/** A line of the list of keys. An element's own words, without what stands in elements inside it, such as counts. */
function keyAndWords(element) {
  const line = document.createElement("div");
  const [key, words] = [document.createElement("dt"), document.createElement("dd")];
  const cap = document.createElement("kbd");
  cap.className = "xl-key";
  cap.textContent = element.getAttribute("aria-keyshortcuts");
  key.append(cap);
  const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  words.textContent = element.dataset.word ?? own.map((node) => node.data).join("").trim();
  line.append(key, words);
  return line;
}

const actions = {
  theme() {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    remember("xl-theme", root.dataset.bsTheme);
    document.dispatchEvent(new CustomEvent("xl:appearance"));
  },
  size(button) {
    const root = document.documentElement;
    const large = root.dataset.xlSize !== "large";
    root.toggleAttribute("data-xl-size", large);
    if (large) root.dataset.xlSize = "large";
    button.setAttribute("aria-pressed", String(large));
    remember("xl-size", large ? "large" : "normal");
    document.dispatchEvent(new CustomEvent("xl:appearance"));
  },
  keys() {
    const dialog = document.getElementById("xl-keys");
    const here = dialog.querySelector("section");
    const lines = shortcuts().map(keyAndWords);
    here.querySelector("dl").replaceChildren(...lines);
    here.hidden = lines.length === 0;
    dialog.showModal();
  },
  close(button) {
    button.closest("dialog").close();
  },
  print() {
    window.print();
  },
  more(button) {
    const open = button.closest("section").toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-xl]");
  if (button && actions[button.dataset.xl]) actions[button.dataset.xl](button);
  if (event.target instanceof HTMLDialogElement) event.target.close(); // the backdrop
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-xl=send]")) event.target.form.requestSubmit();
  if (event.target.matches("[data-xl=single-keys]")) {
    remember("xl-single-keys", event.target.checked ? "on" : "off");
    document.documentElement.toggleAttribute("data-xl-keyless", !event.target.checked);
  }
});

const typing = (target) => target.matches("input, textarea, select, [contenteditable]");
const singleKeys = () => !document.cookie.includes("xl-single-keys=off");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const single = singleKeys() && !typing(event.target);
  if (event.key === "F2" || (event.key === "/" && single)) {
    const field = document.querySelector(".xl-search-large input[type=search], xl-search input[type=search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "?" && single) {
    event.preventDefault();
    actions.keys();
  } else if (single && !document.querySelector("dialog[open]")) {
    const meant = shortcuts().find((one) => one.getAttribute("aria-keyshortcuts") === event.key);
    if (!meant) return;
    event.preventDefault();
    if (typing(meant)) meant.focus();
    else meant.click();
  }
});

// What is loaded into the dialog opens it.
document.addEventListener("htmx:after:swap", () => {
  const dialog = document.getElementById("xl-dialog");
  const body = document.getElementById("xl-dialog-body");
  if (body.childElementCount === 0) return;
  const heading = body.querySelector("h1, h2, h3");
  if (heading) dialog.setAttribute("aria-label", heading.textContent.trim()); // what is in it, rather than "details"
  if (!dialog.open) dialog.showModal();
});
document.getElementById("xl-dialog").addEventListener("close", () => {
  document.getElementById("xl-dialog-body").replaceChildren();
});

document.querySelector("[data-xl=size]")?.setAttribute(
  "aria-pressed",
  String(document.documentElement.dataset.xlSize === "large"),
);
const boxed = document.querySelector("[data-xl=single-keys]");
if (boxed) boxed.checked = singleKeys();
document.documentElement.toggleAttribute("data-xl-keyless", !singleKeys());

// On a phone the parts of a record are one row: the part that is shown stands in its middle.
const parts = document.querySelector(".xl-index");
const part = parts?.querySelector("[aria-current]");
if (part) parts.scrollLeft = part.offsetLeft - (parts.clientWidth - part.offsetWidth) / 2;

// Who it is stays in sight on a phone, in one line, once the banner is out of it.
const line = document.querySelector(".xl-banner-line");
if (line) new IntersectionObserver(([seen]) => (line.hidden = seen.isIntersecting)).observe(document.querySelector(".xl-banner"));

// How much of the window what stays above covers: what is jumped to, and heads of tables, stop below it.
const above = document.querySelector(".xl-banner");
if (above) {
  const measure = () => {
    const stays = getComputedStyle(above).position === "sticky";
    document.documentElement.style.setProperty("--xl-top", stays ? `${above.offsetHeight}px` : "0px");
  };
  new ResizeObserver(measure).observe(above);
  addEventListener("resize", measure);
}

// On every sheet of a printed record: whose it is, and who printed it when. Names may hold quotes and backslashes.
const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&").replace(/\s+/g, " ").trim()}"`;
function headPaper() {
  const person = document.querySelector(".xl-banner");
  if (!person) return;
  const root = document.documentElement.style;
  const [birth, sex, number] = [...person.querySelectorAll("dl dd")].map((fact) => fact.textContent.trim());
  root.setProperty("--xl-print-head", quoted([person.querySelector("h1").textContent, birth, sex, number].join(" · ")));
  const now = new Date();
  const local = new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 16).replace("T", " ");
  const words = document.querySelector("meta[name=xl-printed]").content;
  root.setProperty("--xl-print-foot", quoted(`${words} ${local} · ${document.title}`));
}
addEventListener("beforeprint", headPaper);

/** The search box: arrows choose among those found, Escape or leaving closes the list. */
class XlSearch extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.found = this.querySelector(".xl-found");
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget)) this.close();
    });
    this.field.addEventListener("input", () => {
      if (!this.field.value.trim()) this.close();
    });
  }

  close() {
    this.found.replaceChildren();
  }

  key(event) {
    if (event.key === "Escape") {
      const open = this.found.childElementCount > 0;
      this.close();
      if (open) this.field.focus();
      else this.field.blur(); // so that the page's own keys work again
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const places = [this.field, ...this.found.querySelectorAll("a")];
    const at = places.indexOf(document.activeElement);
    event.preventDefault();
    places[(at + step + places.length) % places.length].focus();
  }
}
customElements.define("xl-search", XlSearch);

// The menu of the bar closes when something else is meant.
const closeMenus = (but) => {
  for (const menu of document.querySelectorAll(":is(.xl-bar details.xl-more, .xl-drop)[open]")) {
    if (!menu.contains(but)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("focusin", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(":is(.xl-bar details.xl-more, .xl-drop)[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
