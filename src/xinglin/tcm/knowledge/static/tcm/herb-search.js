// Finding a herb while it is typed, in memory: characters, pinyin (whole, begun, mixed with initials) or initials.
// <herb-search data-src="/tcm/herbs.json?v=…"> around an input and an element of role listbox. What is picked is told
// by the event "herb:picked" with {code, name, pinyin, low, high, decoction, by, unclear}; "herb:found" tells how long
// a keystroke took. With data-open the page of the herb opens instead.
"use strict";

const MOST_HERBS = 12;
const lists = new Map(); // address → promise of the prepared list; one for all elements of a page

/** A herb's names, each with what it is looked for by. */
export function prepared(said) {
  const names = [];
  for (const [code, name, pinyin, low, high, decoction, aliases] of said.herbs) {
    const herb = { code, name, pinyin, low, high, decoction };
    const syllables = pinyin ? pinyin.split(" ") : [];
    const initials = syllables.map((syllable) => syllable[0]).join("");
    names.push({ herb, text: name, initials, syllables, joined: syllables.join(""), worse: 0, unclear: false });
    for (let at = 0; at < aliases.length; at += 2) {
      const unclear = aliases[at].startsWith("?");
      const text = unclear ? aliases[at].slice(1) : aliases[at];
      const initials = aliases[at + 1];
      names.push({ herb, text, initials, syllables: [], joined: "", worse: unclear ? 3 : 1, unclear });
    }
  }
  return names;
}

/** Whether letters spell syllables from a place on, each by its beginning at least: huangq, hqi, hq. */
function spells(letters, syllables, from) {
  if (!letters) return true;
  const syllable = syllables[from];
  if (!syllable) return false;
  let same = 0;
  while (same < syllable.length && syllable[same] === letters[same]) same += 1;
  for (let length = same; length > 0; length -= 1) {
    if (spells(letters.slice(length), syllables, from + 1)) return true;
  }
  return false;
}

/** How well a name fits: 0 is best, -1 not at all. */
function rank(name, typed, latin) {
  if (latin) {
    if (name.initials === typed || name.joined === typed) return 0;
    if (name.initials.startsWith(typed) || spells(typed, name.syllables, 0)) return 2;
    if (typed.length > 1 && name.initials.includes(typed)) return 5;
    return -1;
  }
  const place = name.text.indexOf(typed);
  return place < 0 ? -1 : name.text === typed ? 0 : place === 0 ? 2 : 4;
}

/** The herbs for what is typed, the nearest first, each once. */
export function find(names, given) {
  const typed = given.trim().toLowerCase().replace(/[\s']+/g, "");
  if (!typed) return [];
  const latin = /^[a-z]+$/.test(typed);
  const hits = [];
  for (const [place, name] of names.entries()) {
    const found = rank(name, typed, latin);
    if (found >= 0) hits.push({ name, score: (found + name.worse) * 100 + name.text.length, place });
  }
  hits.sort((a, b) => a.score - b.score || a.place - b.place); // the list has the usual ones first
  const seen = new Map();
  for (const { name } of hits) {
    if (!seen.has(name.herb.code)) seen.set(name.herb.code, name);
    if (seen.size === MOST_HERBS) break;
  }
  return [...seen.values()];
}

/** The prepared list of an address, fetched once. */
export function names(address) {
  if (!lists.has(address)) {
    const coming = fetch(address).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
    lists.set(
      address,
      coming.then((said) => {
        const list = prepared(said);
        for (const typed of ["h", "hq", "huangq", "黄"]) find(list, typed); // the first keys are as quick as later ones
        return list;
      }),
    );
  }
  return lists.get(address);
}

class HerbSearch extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.list = this.querySelector("[role=listbox]");
    if (!this.field || !this.list) return;
    this.found = [];
    this.at = -1;
    this.list.id ||= `herbs-${Math.random().toString(36).slice(2)}`;
    const says = { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(says)) this.field.setAttribute(name, value);
    this.field.setAttribute("aria-expanded", "false");
    names(this.dataset.src).then(
      (list) => {
        this.names = list;
        this.dataset.ready = String(list.length);
        if (this.field.value) this.look();
      },
      () => this.say(this.dataset.failed || ""),
    );
    this.field.addEventListener("input", () => this.look());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.pick(Number(option.dataset.at));
    });
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget)) this.close();
    });
  }

  look() {
    if (!this.names) return;
    const begun = performance.now();
    this.found = find(this.names, this.field.value);
    this.draw();
    const milliseconds = performance.now() - begun;
    const detail = { typed: this.field.value, count: this.found.length, milliseconds };
    this.dispatchEvent(new CustomEvent("herb:found", { bubbles: true, detail }));
  }

  draw() {
    if (!this.found.length) return this.say(this.field.value.trim() ? this.dataset.nothing || "" : "");
    this.options ||= Array.from({ length: MOST_HERBS }, (_, at) => this.blank(at));
    const shown = this.found.map((name, at) => this.fill(this.options[at], name));
    if (this.list.children.length !== shown.length || this.list.firstChild !== shown[0]) {
      this.list.replaceChildren(...shown);
    }
    this.field.setAttribute("aria-expanded", "true");
    this.show(0);
  }

  /** An empty line; lines are made once and filled again, which is quicker than making them. */
  blank(at) {
    const option = document.createElement("div");
    option.className = "tcm-herb";
    option.id = `${this.list.id}-${at}`;
    option.dataset.at = String(at);
    option.setAttribute("role", "option");
    for (const tag of ["b", "small", "span", "i"]) option.appendChild(document.createElement(tag));
    return option;
  }

  fill(option, name) {
    const { herb } = name;
    const dose = herb.low === null ? "" : herb.low === herb.high ? `${herb.low} g` : `${herb.low}–${herb.high} g`;
    const by = name.text === herb.name ? "" : name.text;
    const also = by && name.unclear ? `${by} (${this.dataset.unclear || "?"})` : by;
    [herb.name, also, dose, herb.decoction].forEach((text, place) => {
      const part = option.children[place];
      if (part.textContent !== text) part.textContent = text;
    });
    return option;
  }

  say(text) {
    this.list.replaceChildren();
    this.at = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
    if (text) {
      const said = document.createElement("div");
      said.className = "tcm-herb-none";
      said.setAttribute("role", "option");
      said.setAttribute("aria-disabled", "true");
      said.textContent = text;
      said.dataset.at = "-1";
      this.list.appendChild(said);
    }
  }

  close() {
    this.found = [];
    this.say("");
  }

  show(at) {
    const count = this.found.length;
    this.at = count ? (at + count) % count : -1;
    [...this.list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === this.at)));
    const shown = this.list.children[this.at];
    if (!shown) return;
    this.field.setAttribute("aria-activedescendant", shown.id);
    if (at !== 0) shown.scrollIntoView({ block: "nearest" }); // the first is in sight; asking would cost a layout
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      event.preventDefault();
      this.show(this.at + step);
    } else if (event.key === "Enter" && this.found[this.at]) {
      event.preventDefault();
      this.pick(this.at);
    } else if (event.key === "Escape" && this.found.length) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (/^[1-9]$/.test(event.key) && this.found[Number(event.key) - 1]) {
      event.preventDefault();
      this.pick(Number(event.key) - 1);
    }
  }

  pick(at) {
    const name = this.found[at];
    if (!name) return;
    const detail = { ...name.herb, by: name.text, unclear: Boolean(name.unclear) };
    this.field.value = "";
    this.close();
    const open = this.dataset.open;
    if (this.dispatchEvent(new CustomEvent("herb:picked", { bubbles: true, cancelable: true, detail })) && open) {
      location.href = `${open}${detail.code}/`;
    }
  }
}
customElements.define("herb-search", HerbSearch);
