// Finding a code while it is typed (xl-codes), choosing one for a form (xl-code-picker), and trees that open (xl-tree).
"use strict";

const LETTERS = /^[a-z]{2,}$/i; // while only letters are typed, a digit picks, as an input method does

/** A field and the list below it, which comes anew with every character; nothing is waited for. */
class XlCodes extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.list = this.querySelector("[role=listbox]");
    if (!this.field || !this.list) return;
    this.at = -1;
    this.list.id ||= `xl-codes-${Math.random().toString(36).slice(2)}`;
    const says = { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(says)) this.field.setAttribute(name, value);
    this.field.setAttribute("aria-expanded", "false");
    this.field.addEventListener("input", () => this.ask());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]:not([aria-disabled])");
      if (option && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        this.pick(option);
      }
    });
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget)) this.close();
    });
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]:not([aria-disabled])")];
  }

  address(typed) {
    const asked = new URLSearchParams({ q: typed });
    for (const name of ["set", "system"]) if (this.dataset[name]) asked.set(name, this.dataset[name]);
    if (this.picks) asked.set("pick", "1");
    return `${this.dataset.find || "/codes/find/"}?${asked}`;
  }

  async ask() {
    const typed = this.field.value.trim();
    this.running?.abort();
    if (typed.length < Number(this.dataset.min || 1)) return this.close();
    const begun = performance.now();
    this.running = new AbortController();
    try {
      const answer = await fetch(this.address(typed), {
        signal: this.running.signal,
        headers: { "HX-Request": "true" },
      });
      const text = await answer.text();
      if (answer.status === 401) return location.reload();
      this.list.innerHTML = text;
      this.show(0);
      this.field.setAttribute("aria-expanded", "true");
      const milliseconds = performance.now() - begun;
      this.dispatchEvent(new CustomEvent("xl:found", { bubbles: true, detail: { typed, milliseconds } }));
    } catch (error) {
      if (error.name !== "AbortError") this.list.textContent = this.dataset.failed || "";
    }
  }

  close() {
    this.running?.abort();
    this.list.replaceChildren();
    this.at = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Mark an option as the one that Enter takes. */
  show(at) {
    const options = this.options;
    this.at = options.length ? (at + options.length) % options.length : -1;
    options.forEach((option, place) => {
      option.id ||= `${this.list.id}-${place}`;
      option.setAttribute("aria-selected", String(place === this.at));
    });
    const shown = options[this.at];
    if (!shown) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", shown.id);
    shown.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const options = this.options;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      this.show(this.at + step);
      this.moved = true;
    } else if (event.key === "Enter" && options[this.at]) {
      event.preventDefault();
      this.pick(options[this.at]);
    } else if (event.key === "Escape" && options.length) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (/^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      const option = options[Number(event.key) - 1];
      if (option && (event.altKey || this.moved || LETTERS.test(this.field.value))) {
        event.preventDefault();
        this.pick(option);
      }
    } else {
      this.moved = false;
    }
  }

  pick(option) {
    location.href = option.getAttribute("href");
  }
}
customElements.define("xl-codes", XlCodes);

/** The same in a form: what is picked goes into the hidden field of the form as system|code. */
class XlCodePicker extends XlCodes {
  get picks() {
    return true;
  }

  connectedCallback() {
    super.connectedCallback();
    this.chosen = this.querySelector("input[type=hidden]");
    this.words = this.field.value;
    this.field.addEventListener("input", () => {
      this.chosen.value = ""; // what is typed now is no longer what was picked
    });
  }

  pick(option) {
    const { system, code, display } = option.dataset;
    this.chosen.value = `${system}|${code}`;
    this.field.value = display;
    this.close();
    const detail = { system, code, display };
    this.dispatchEvent(new CustomEvent("xl:picked", { bubbles: true, detail }));
  }
}
customElements.define("xl-code-picker", XlCodePicker);

/** A tree whose branches are fetched when they are opened; keys as in https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ */
class XlTree extends HTMLElement {
  connectedCallback() {
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-branch]");
      if (button) this.toggle(button);
      const more = event.target.closest("a[data-more]");
      if (more) {
        event.preventDefault();
        this.lengthen(more);
      }
    });
  }

  async fetched(address) {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    const piece = document.createElement("template");
    piece.innerHTML = await answer.text();
    return piece.content;
  }

  async toggle(button) {
    const open = button.getAttribute("aria-expanded") === "true";
    const item = button.closest("li");
    button.setAttribute("aria-expanded", String(!open));
    const inner = item.querySelector(":scope > ul");
    if (inner) {
      inner.hidden = open;
    } else if (!open) {
      button.setAttribute("aria-busy", "true");
      item.append(await this.fetched(button.dataset.branch));
      button.removeAttribute("aria-busy");
    }
  }

  async lengthen(more) {
    const row = more.closest("li");
    const piece = await this.fetched(more.href);
    row.replaceWith(...(piece.querySelector("ul")?.children ?? []));
  }

  key(event) {
    const row = event.target.closest("li");
    if (!row) return;
    const button = row.querySelector(":scope > button[data-branch]");
    const open = button?.getAttribute("aria-expanded") === "true";
    const links = [...this.querySelectorAll("li > a")].filter((link) => link.checkVisibility());
    const at = links.indexOf(row.querySelector(":scope > a"));
    const goto = (link) => link?.focus();
    const moves = {
      ArrowDown: () => goto(links[at + 1]),
      ArrowUp: () => goto(links[at - 1]),
      Home: () => goto(links[0]),
      End: () => goto(links.at(-1)),
      ArrowRight: () => (button && !open ? this.toggle(button) : goto(links[at + 1])),
      ArrowLeft: () =>
        button && open ? this.toggle(button) : goto(row.parentElement.closest("li")?.querySelector(":scope > a")),
    };
    if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]();
    }
  }
}
customElements.define("xl-tree", XlTree);
