// The residents' pages: big keys for figures, and the worker that keeps the empty shell for when there is no network.
"use strict";

{
  const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "back"];

  /** Big keys below fields for figures; the field that was last touched takes them. */
  class XlKeypad extends HTMLElement {
    connectedCallback() {
      this.fields = [...this.querySelectorAll("input")];
      this.current = this.fields[0];
      for (const field of this.fields) {
        field.inputMode = "none"; // the keys here take the place of the phone's own
        field.addEventListener("focus", () => this.choose(field));
      }
      const pad = document.createElement("div");
      pad.className = "xl-keypad-keys";
      for (const key of KEYS) pad.append(this.key(key));
      this.append(pad);
      this.choose(this.current);
    }

    key(name) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = name === "back" ? "⌫" : name;
      if (name === "back") button.setAttribute("aria-label", this.dataset.back);
      if (name === ".") button.setAttribute("aria-label", this.dataset.point);
      button.addEventListener("click", () => this.press(name));
      return button;
    }

    choose(field) {
      this.current = field;
      for (const one of this.fields) one.toggleAttribute("data-current", one === field);
    }

    press(name) {
      const field = this.current;
      const decimals = field.step !== "1" && field.getAttribute("step") !== "1";
      if (name === "back") field.value = field.value.slice(0, -1);
      else if (name !== "." || (decimals && !field.value.includes("."))) field.value += name;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      // a whole figure that can take no further digit leads on to the next field
      const next = this.fields[this.fields.indexOf(field) + 1];
      if (next && !decimals && Number(field.value) * 10 > Number(field.getAttribute("max"))) this.choose(next);
    }
  }
  customElements.define("xl-keypad", XlKeypad);

  const worker = document.querySelector("link[data-worker]")?.dataset.worker;
  if (worker && "serviceWorker" in navigator) navigator.serviceWorker.register(worker).catch(() => {});
}
