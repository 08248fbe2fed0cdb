// Finding items while somebody types: <xl-recognition-pick> around a search field and check boxes whose labels have
// data-keys. Enter ticks the first that is left; what is ticked always stays in sight.
"use strict";

class RecognitionPick extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input[type=search]");
    this.labels = [...this.querySelectorAll("label[data-keys]")];
    if (!this.field) return;
    this.field.closest("label").hidden = false;
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.field.value.trim()) return;
      event.preventDefault();
      const first = this.labels.find((label) => !label.hidden && !label.control.checked);
      if (!first) return;
      first.control.checked = true;
      this.field.value = "";
      this.look();
    });
    this.look();
  }

  look() {
    const typed = this.field.value.trim().toLowerCase().replace(/\s+/g, "");
    for (const label of this.labels) {
      const fits = label.dataset.keys.split(" ").some((key) => key.includes(typed));
      label.hidden = Boolean(typed) && !fits && !label.control.checked;
    }
    for (const group of this.querySelectorAll("fieldset")) {
      group.hidden = ![...group.querySelectorAll("label")].some((label) => !label.hidden);
    }
  }
}
customElements.define("xl-recognition-pick", RecognitionPick);
