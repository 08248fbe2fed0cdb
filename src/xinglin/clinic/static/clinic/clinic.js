// The workstation of a clinic: terms kept in step with free text (clinic-terms), herbs by keyboard (clinic-herbs).
"use strict";

const DENIALS = ["无", "未见", "未", "否认", "不"]; // as in data/terms-1.toml
const ENDS = /[，,。；;\n：: ]/;

/** Where a term stands in a text, longer terms of the list first; null where it does not. */
function place(text, term, terms) {
  const longer = terms.filter((other) => other.length > term.length && other.includes(term));
  let covered = text;
  for (const other of longer) covered = covered.replaceAll(other, "\u0000".repeat(other.length));
  const start = covered.indexOf(term);
  if (start < 0) return null;
  let begin = start;
  while (begin > 0 && !ENDS.test(text[begin - 1])) begin -= 1;
  const denied = DENIALS.find((word) => text.slice(begin, start).startsWith(word)) || "";
  return { start, begin, denied };
}

class ClinicTerms extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("textarea");
    this.chips = [...this.querySelectorAll("button[data-term]")];
    this.terms = this.chips.map((chip) => chip.dataset.term);
    this.field.addEventListener("input", () => this.read());
    for (const chip of this.chips) chip.addEventListener("click", () => this.press(chip.dataset.term));
    this.read();
  }

  /** The chips as the text has them: there, denied (mixed), or not said. */
  read() {
    for (const chip of this.chips) {
      const found = place(this.field.value, chip.dataset.term, this.terms);
      chip.setAttribute("aria-pressed", found ? (found.denied ? "mixed" : "true") : "false");
      chip.textContent = (found && found.denied ? "无" : "") + chip.dataset.term;
    }
  }

  /** From not said to there, to denied, to not said. */
  press(term) {
    if (this.field.readOnly) return;
    const text = this.field.value;
    const found = place(text, term, this.terms);
    if (!found) {
      const joint = !text || ENDS.test(text.at(-1)) ? "" : "，";
      this.field.value = `${text}${joint}${term}`;
    } else if (!found.denied) {
      this.field.value = `${text.slice(0, found.start)}无${text.slice(found.start)}`;
    } else {
      this.field.value = this.without(text, term, found);
    }
    this.read();
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  without(text, term, { start, begin }) {
    const end = start + term.length;
    const alone = DENIALS.includes(text.slice(begin, start));
    if (text[end] === "、") return text.slice(0, start) + text.slice(end + 1);
    if (text[start - 1] === "、") return text.slice(0, start - 1) + text.slice(end);
    const from = alone ? begin : start;
    if (text[end] === "，") return text.slice(0, from) + text.slice(end + 1);
    return text.slice(0, from && text[from - 1] === "，" ? from - 1 : from) + text.slice(end);
  }
}

const MOST_HITS = 8;
const data = (id) => JSON.parse(document.getElementById(id).textContent);

class ClinicHerbs extends HTMLElement {
  connectedCallback() {
    this.herbs = data("clinic-herbs").map(([item, name, initials, fen, per, left]) => {
      return { item, name, initials: initials.split(" "), fen, per, left };
    });
    this.byItem = new Map(this.herbs.map((herb) => [herb.item, herb]));
    this.preparations = data("clinic-preparations");
    this.list = this.querySelector("ol");
    this.field = this.querySelector("[data-find]");
    this.hits = this.querySelector("[role=listbox]");
    this.total = this.querySelector("output");
    this.hidden_ = this.querySelector("input[name=lines]");
    this.at = 0;
    this.found = [];
    for (const line of data("clinic-lines")) this.add(line);
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.show([]));
    this.hits.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const hit = event.target.closest("[role=option]");
      if (hit) this.pick(this.byItem.get(hit.dataset.item));
    });
    this.closest("form").elements.doses?.addEventListener("input", () => this.changed());
    this.closest("form").elements.pregnancy?.addEventListener("change", () => this.changed());
    this.write();
  }

  find(typed) {
    const wanted = typed.trim().toLowerCase();
    if (!wanted) return [];
    const ranked = [];
    for (const herb of this.herbs) {
      let rank = -1;
      if (herb.name === wanted || herb.initials.includes(wanted)) rank = 0;
      else if (herb.name.startsWith(wanted) || herb.initials.some((one) => one.startsWith(wanted))) rank = 1;
      else if (herb.name.includes(wanted)) rank = 2;
      if (rank >= 0) ranked.push([rank, herb.name.length, herb]);
    }
    ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return ranked.slice(0, MOST_HITS).map((one) => one[2]);
  }

  look() {
    this.show(this.find(this.field.value));
  }

  show(found) {
    this.found = found;
    this.at = 0;
    this.hits.hidden = !found.length;
    this.field.setAttribute("aria-expanded", String(found.length > 0));
    this.hits.replaceChildren(
      ...found.map((herb, at) => {
        const hit = document.createElement("div");
        hit.setAttribute("role", "option");
        hit.id = `clinic-hit-${at}`;
        hit.dataset.item = herb.item;
        hit.textContent = `${herb.name}  ${herb.initials[0]}  ${(herb.left / 1000).toFixed(0)} g`;
        return hit;
      }),
    );
    this.mark();
  }

  mark() {
    [...this.hits.children].forEach((hit, at) => hit.setAttribute("aria-selected", String(at === this.at)));
    if (this.found.length) this.field.setAttribute("aria-activedescendant", `clinic-hit-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = this.found.length;
      if (count) this.at = (this.at + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
      this.mark();
    } else if (event.key === "Enter") {
      event.preventDefault(); // Enter never sends the form from here
      if (this.found[this.at]) this.pick(this.found[this.at]);
    } else if (event.key === "Escape") {
      this.show([]);
    } else if (event.key === "Backspace" && !this.field.value && this.list.lastElementChild) {
      event.preventDefault();
      this.list.lastElementChild.querySelector("input").focus();
    }
  }

  pick(herb) {
    this.field.value = "";
    this.show([]);
    const there = this.list.querySelector(`[data-item="${herb.item}"]`);
    const row = there || this.add({ item: herb.item, name: herb.name, grams: "", preparation: "", role: "" });
    row.querySelector("input").focus();
    row.querySelector("input").select();
  }

  add(line) {
    const row = document.createElement("li");
    row.dataset.item = line.item;
    row.dataset.name = line.name;
    const name = document.createElement("b");
    name.textContent = line.name;
    const grams = document.createElement("input");
    grams.className = "form-control xl-clinic-short";
    grams.inputMode = "decimal";
    grams.value = line.grams;
    grams.setAttribute("aria-label", `${line.name} ${this.dataset.grams}`);
    grams.addEventListener("input", () => this.changed());
    grams.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.field.focus();
    });
    const choice = this.choice(line.name, this.dataset.preparation, ["", ...this.preparations], line.preparation);
    choice.dataset.says = "preparation";
    const role = this.choice(line.name, this.dataset.role, ["", "君", "臣", "佐", "使"], line.role);
    role.dataset.says = "role";
    const short = document.createElement("span");
    short.className = "xl-tag red";
    short.textContent = this.dataset.short;
    short.hidden = true;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn-sm";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${this.dataset.remove} ${line.name}`);
    remove.addEventListener("click", () => {
      row.remove();
      this.changed();
      this.field.focus();
    });
    row.append(name, grams, choice, role, short, remove);
    this.list.append(row);
    return row;
  }

  choice(name, says, words, chosen) {
    const select = document.createElement("select");
    select.className = "form-select";
    select.setAttribute("aria-label", `${name} ${says}`);
    for (const word of words) {
      const option = new Option(word || "—", word, false, word === chosen);
      select.append(option);
    }
    select.addEventListener("change", () => this.changed());
    return select;
  }

  lines() {
    return [...this.list.children].map((row) => ({
      item: row.dataset.item,
      name: row.dataset.name,
      grams: row.querySelector("input").value.trim(),
      preparation: row.querySelector("[data-says=preparation]").value,
      role: row.querySelector("[data-says=role]").value,
    }));
  }

  /** The hidden field and the sum as the rows are. */
  write() {
    const lines = this.lines();
    const doses = Number(this.closest("form").elements.doses?.value) || 1;
    this.hidden_.value = JSON.stringify(lines);
    let fen = 0;
    let grams = 0;
    for (const [at, line] of lines.entries()) {
      const herb = this.byItem.get(line.item);
      const one = Number(line.grams) || 0;
      grams += one;
      if (herb) fen += Math.round((one * doses * herb.fen) / herb.per);
      const short = this.list.children[at].querySelector(".xl-tag");
      short.hidden = !herb || one * doses * 1000 <= herb.left;
    }
    this.total.textContent = lines.length ? `${lines.length} · ${grams} g · ¥${(fen / 100).toFixed(2)}` : "";
  }

  changed() {
    this.write();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), 200);
  }

  /** Ask what the rules say; a later question makes an earlier answer void. */
  async check() {
    const form = this.closest("form");
    const sent = new FormData(form);
    sent.set("lines", JSON.stringify(this.lines().filter((line) => Number(line.grams) > 0)));
    const asked = (this.asked = (this.asked || 0) + 1);
    const answer = await fetch(this.dataset.check, { method: "POST", body: sent, headers: { "HX-Request": "true" } });
    if (asked !== this.asked) return;
    const html = await answer.text();
    const panel = document.getElementById("clinic-findings");
    const chosen = new Map([...panel.querySelectorAll("select, input")].map((one) => [one.name, one.value]));
    panel.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    for (const one of panel.querySelectorAll("select, input")) if (chosen.has(one.name)) one.value = chosen.get(one.name);
    this.dataset.checked = String(asked);
  }
}

customElements.define("clinic-terms", ClinicTerms);
customElements.define("clinic-herbs", ClinicHerbs);

document.addEventListener("click", (event) => {
  const take = event.target.closest("[data-clinic-take]");
  if (take) {
    const form = document.getElementById("clinic-record");
    form.elements.syndrome_typed.value = take.dataset.clinicTake;
    form.elements.syndrome.value = "";
    form.elements.syndrome_typed.focus();
  }
  const begin = event.target.closest("[data-clinic-template]");
  if (begin) {
    const texts = data("clinic-templates")[Number(begin.dataset.clinicTemplate)][2];
    for (const [key, text] of Object.entries(texts)) {
      const field = document.getElementById("clinic-record").elements[key];
      if (field && !field.value.trim()) {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  }
});
