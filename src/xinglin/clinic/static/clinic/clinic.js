// The workstation of a clinic: terms kept in step with free text (clinic-terms), medicines by keyboard (clinic-herbs).
"use strict";

const ENDS = /[，,。；;\n：: ]/;

/** Where a term stands in a text, longer terms of the list first; null where it does not. */
function place(text, term, terms, denials) {
  const longer = terms.filter((other) => other.length > term.length && other.includes(term));
  let covered = text;
  for (const other of longer) covered = covered.replaceAll(other, "\u0000".repeat(other.length));
  const start = covered.indexOf(term);
  if (start < 0) return null;
  let begin = start;
  while (begin > 0 && !ENDS.test(text[begin - 1])) begin -= 1;
  const denied = denials.find((word) => text.slice(begin, start).startsWith(word)) || "";
  return { start, begin, denied };
}

class ClinicTerms extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("textarea");
    this.chips = [...this.querySelectorAll("button[data-term]")];
    this.terms = this.chips.map((chip) => chip.dataset.term);
    this.denials = this.dataset.denials.split(" "); // words of denial; the first is the one that a press writes
    this.field.addEventListener("input", () => this.read());
    for (const chip of this.chips) chip.addEventListener("click", () => this.press(chip.dataset.term));
    this.read();
  }

  place(term) {
    return place(this.field.value, term, this.terms, this.denials);
  }

  /** The chips as the text has them: there, denied (mixed), or not said. */
  read() {
    for (const chip of this.chips) {
      const found = this.place(chip.dataset.term);
      chip.setAttribute("aria-pressed", found ? (found.denied ? "mixed" : "true") : "false");
      chip.textContent = (found && found.denied ? this.denials[0] : "") + chip.dataset.term;
    }
  }

  /** From not said to there, to denied, to not said. */
  press(term) {
    if (this.field.readOnly) return;
    const text = this.field.value;
    const found = this.place(term);
    if (!found) {
      const joint = !text || ENDS.test(text.at(-1)) ? "" : "，";
      this.field.value = `${text}${joint}${term}`;
    } else if (!found.denied) {
      this.field.value = `${text.slice(0, found.start)}${this.denials[0]}${text.slice(found.start)}`;
    } else {
      this.field.value = this.without(text, term, found);
    }
    this.read();
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  without(text, term, { start, begin }) {
    const end = start + term.length;
    const alone = this.denials.includes(text.slice(begin, start));
    if (text[end] === "、") return text.slice(0, start) + text.slice(end + 1);
    if (text[start - 1] === "、") return text.slice(0, start - 1) + text.slice(end);
    const from = alone ? begin : start;
    if (text[end] === "，") return text.slice(0, from) + text.slice(end + 1);
    return text.slice(0, from && text[from - 1] === "，" ? from - 1 : from) + text.slice(end);
  }
}

const MOST_HITS = 8;

/** The list of what was found below a field: chosen by ↑ ↓ and Enter, or by mouse. */
class Hits {
  /** `said` gives the words of one that was found, `pick` takes it. */
  constructor(field, list, { said, pick }) {
    Object.assign(this, { field, list, said, pick, found: [], at: 0 });
    field.addEventListener("blur", () => this.show([]));
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const hit = event.target.closest("[role=option]");
      if (hit) this.pick(this.found[[...list.children].indexOf(hit)]);
    });
  }

  get any() {
    return this.found.length > 0;
  }

  show(found) {
    this.found = found;
    this.at = 0;
    this.list.hidden = !this.any;
    this.field.setAttribute("aria-expanded", String(this.any));
    this.list.replaceChildren(
      ...found.map((one, at) => {
        const hit = document.createElement("div");
        hit.setAttribute("role", "option");
        hit.id = `${this.list.id}-${at}`;
        hit.textContent = this.said(one);
        return hit;
      }),
    );
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((hit, at) => hit.setAttribute("aria-selected", String(at === this.at)));
    if (this.any) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  /** Follow a key; whether it was one of the list's. */
  key(name) {
    const count = this.found.length;
    if (name === "ArrowDown" || name === "ArrowUp") {
      if (count) this.at = (this.at + (name === "ArrowDown" ? 1 : count - 1)) % count;
      this.mark();
    } else if (name === "Enter") {
      if (count) this.pick(this.found[this.at]);
    } else if (name === "Escape") {
      this.show([]);
    } else return false;
    return true;
  }
}

const data = (id) => JSON.parse(document.getElementById(id).textContent);

class ClinicHerbs extends HTMLElement {
  connectedCallback() {
    this.said = JSON.parse(this.querySelector("script").textContent);
    this.patent = this.dataset.kind === "patent";
    this.herbs = this.said.items.map(([item, name, initials, fen, per, left, unit]) => {
      return { item, name, initials: initials.split(" "), fen, per, left, unit };
    });
    this.byItem = new Map(this.herbs.map((herb) => [herb.item, herb]));
    this.form = this.closest("form");
    this.findings = this.form.querySelector("[data-findings]");
    this.list = this.querySelector("ol");
    this.field = this.querySelector("[data-find]");
    this.hits = new Hits(this.field, this.querySelector("[role=listbox]"), {
      said: (herb) => `${herb.name}  ${herb.initials[0]}  ${(herb.left / 1000).toFixed(0)} ${herb.unit}`,
      pick: (herb) => this.pick(herb),
    });
    this.total = this.querySelector("output");
    this.hidden_ = this.querySelector("input[name=lines]");
    for (const line of this.said.lines) this.add(line);
    this.field.addEventListener("input", () => this.hits.show(this.find(this.field.value)));
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.form.elements.doses?.addEventListener("input", () => this.changed());
    this.form.elements.pregnancy?.addEventListener("change", () => this.changed());
    this.querySelector("[data-sort]")?.addEventListener("click", () => this.sort());
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

  key(event) {
    if (event.isComposing) return;
    if (this.hits.key(event.key)) {
      if (event.key !== "Escape") event.preventDefault(); // Enter never sends the form from here
    } else if (event.key === "Backspace" && !this.field.value && this.list.lastElementChild) {
      event.preventDefault();
      this.list.lastElementChild.querySelector("input").focus();
    }
  }

  pick(herb) {
    this.field.value = "";
    this.hits.show([]);
    const there = this.list.querySelector(`[data-item="${herb.item}"]`);
    const row = there || this.add({ item: herb.item, name: herb.name, grams: "", preparation: "", role: "", usage: "" });
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
      (row.querySelector("[data-says=usage]") || this.field).focus();
    });
    const usual = this.said.ranges[line.name];
    if (usual) {
      grams.placeholder = `${usual[0]}–${usual[1]}`;
      grams.title = `${this.dataset.usual} ${usual[0]}–${usual[1]}`;
    }
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
    row.append(name, grams, ...(this.patent ? this.taken(line) : this.prepared(line)), short, remove);
    this.list.append(row);
    return row;
  }

  /** What stands beside a patent medicine: its unit, and how it is taken. */
  taken(line) {
    const unit = document.createElement("span");
    unit.textContent = this.byItem.get(line.item)?.unit || "";
    const usage = document.createElement("input");
    usage.className = "form-control";
    usage.dataset.says = "usage";
    usage.maxLength = 100;
    usage.value = line.usage || "";
    usage.placeholder = this.dataset.usage;
    usage.setAttribute("aria-label", `${line.name} ${this.dataset.usage}`);
    usage.addEventListener("input", () => this.write());
    usage.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      this.field.focus();
    });
    return [unit, usage];
  }

  /** What stands beside a herb: special preparation and role in the formula. */
  prepared(line) {
    const prepared = ["", ...this.said.preparations];
    const choice = this.choice(line.name, this.dataset.preparation, prepared, line.preparation);
    choice.dataset.says = "preparation";
    const role = this.choice(line.name, this.dataset.role, ["", ...this.said.roles], line.role);
    role.dataset.says = "role";
    return [choice, role];
  }

  /** Sovereigns first, envoys last; those without a role stay behind, each in the order of typing. */
  sort() {
    const places = this.said.roles.length + 1; // one more for those without a role
    const place = (row) => (this.said.roles.indexOf(row.querySelector("[data-says=role]").value) + places) % places;
    const rows = [...this.list.children].map((row) => [place(row), row]);
    rows.sort((one, other) => one[0] - other[0]);
    this.list.append(...rows.map((one) => one[1]));
    this.changed();
  }

  /** Take lines to begin with; what stands here already keeps its grams. */
  begin(lines) {
    for (const line of lines) {
      if (this.byItem.has(line.item) && !this.list.querySelector(`[data-item="${line.item}"]`)) this.add(line);
    }
    this.changed();
    const empty = [...this.list.querySelectorAll("input")].find((one) => !one.value);
    (empty || this.field).focus();
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
      preparation: row.querySelector("[data-says=preparation]")?.value || "",
      role: row.querySelector("[data-says=role]")?.value || "",
      usage: row.querySelector("[data-says=usage]")?.value.trim() || "",
      unit: this.byItem.get(row.dataset.item)?.unit || "",
    }));
  }

  /** The hidden field and the sum as the rows are. */
  write() {
    const lines = this.lines();
    const doses = Number(this.form.elements.doses?.value) || 1;
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
    const sum = this.patent ? "" : ` · ${Number(grams.toFixed(3))} g`;
    this.total.textContent = lines.length ? `${lines.length}${sum} · ¥${(fen / 100).toFixed(2)}` : "";
  }

  changed() {
    this.write();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), 200);
  }

  /** Ask what the rules say; a later question makes an earlier answer void. */
  async check() {
    const sent = new FormData(this.form);
    sent.set("lines", JSON.stringify(this.lines().filter((line) => Number(line.grams) > 0)));
    const asked = (this.asked = (this.asked || 0) + 1);
    const answer = await fetch(this.dataset.check, { method: "POST", body: sent, headers: { "HX-Request": "true" } });
    if (asked !== this.asked) return;
    const html = await answer.text();
    const panel = this.findings;
    const chosen = new Map([...panel.querySelectorAll("select, input")].map((one) => [one.name, one.value]));
    panel.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    for (const one of panel.querySelectorAll("select, input")) if (chosen.has(one.name)) one.value = chosen.get(one.name);
    this.dataset.checked = String(asked);
  }
}

/** Names of points in one field, divided by 、; what is typed last is looked up by name, initials or code. */
class ClinicPoints extends HTMLElement {
  connectedCallback() {
    this.points = JSON.parse(this.querySelector("script").textContent);
    this.field = this.querySelector("input");
    this.hits = new Hits(this.field, this.querySelector("[role=listbox]"), {
      said: ([code, name]) => `${name}  ${code}`,
      pick: ([, name]) => this.pick(name),
    });
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => {
      if (!event.isComposing && this.hits.any && this.hits.key(event.key)) event.preventDefault();
    });
  }

  /** Where the piece begins that is being typed. */
  begin() {
    return Math.max(...["、", "，", ","].map((mark) => this.field.value.lastIndexOf(mark))) + 1;
  }

  look() {
    const wanted = this.field.value.slice(this.begin()).trim().toLowerCase();
    const fits = ([code, name, initials]) =>
      code.toLowerCase() === wanted || name.startsWith(wanted) || initials.some((one) => one.startsWith(wanted));
    const exact = ([code, name, initials]) =>
      Number(code.toLowerCase() === wanted || name === wanted || initials.includes(wanted));
    const found = wanted ? this.points.filter(fits) : [];
    found.sort((one, other) => exact(other) - exact(one));
    this.hits.show(found.slice(0, MOST_HITS));
  }

  pick(name) {
    this.field.value = `${this.field.value.slice(0, this.begin())}${name}、`;
    this.hits.show([]);
  }
}

customElements.define("clinic-points", ClinicPoints);
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
  const formula = event.target.closest("[data-clinic-lines]");
  if (formula) {
    const kind = formula.dataset.clinicKind || "herb";
    const editor = document.querySelector(`clinic-herbs[data-kind="${kind}"]`);
    editor?.begin(JSON.parse(formula.dataset.clinicLines));
    const { formula: name, usage } = editor?.form.elements || {};
    if (name && !name.value) name.value = formula.dataset.clinicFormula;
    if (usage && formula.dataset.clinicUsage) usage.value = formula.dataset.clinicUsage;
  }
  const begin = event.target.closest("[data-clinic-template]");
  if (begin) {
    const texts = data("clinic-templates")[Number(begin.dataset.clinicTemplate)][3];
    for (const [key, text] of Object.entries(texts)) {
      const field = document.getElementById("clinic-record").elements[key];
      if (field && !field.value.trim()) {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
  }
});
