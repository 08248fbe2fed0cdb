// The timeline of a record. The server puts the events into a list; wide screens get lanes drawn from it.
"use strict";

const DRAW_FROM = 700; // pixels of room below which the list is better
const LANE = 30;
const HEAD = 26;
const NAMES = 104;
const RIGHT = 26;

const svg = (name, attributes = {}, ...children) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

class XlTimeline extends HTMLElement {
  connectedCallback() {
    this.list = this.querySelector(".xl-events");
    this.links = [...this.list.querySelectorAll("a[data-start]")];
    this.drawn = document.createElement("div");
    this.drawn.className = "xl-drawn";
    this.list.before(this.drawn);
    this.way = "lanes";
    this.ways = this.closest(".xl-card").querySelector(".xl-ways");
    this.ways.addEventListener("click", (event) => this.choose(event.target.dataset.way));
    this.addEventListener("keydown", (event) => this.key(event));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this);
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }

  choose(way) {
    if (!way) return;
    this.way = way;
    this.ways.querySelectorAll("button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.way === way));
    });
    this.draw();
  }

  draw() {
    const lanes = this.way === "lanes" && this.clientWidth >= DRAW_FROM;
    this.list.hidden = lanes;
    this.drawn.hidden = !lanes;
    this.ways.hidden = this.clientWidth < DRAW_FROM;
    if (lanes && this.clientWidth !== this.width) {
      this.width = this.clientWidth;
      this.drawn.replaceChildren(this.picture());
    }
  }

  /** Place a day (ISO text) on the line. */
  x(day) {
    const share = (Date.parse(day) - this.from) / (this.to - this.from);
    return NAMES + Math.max(0, Math.min(1, share)) * (this.width - NAMES - RIGHT);
  }

  picture() {
    this.from = Date.parse(this.dataset.from);
    this.to = Date.parse(this.dataset.to);
    const lanes = JSON.parse(this.querySelector("script").textContent);
    const height = HEAD + lanes.length * LANE + 8;
    const viewBox = `0 0 ${this.width} ${height}`; // so that it shrinks as a whole on paper
    const root = svg("svg", { class: "xl-lanes", viewBox, width: this.width, height, role: "group", "aria-label": this.dataset.label });
    this.years(root, height);
    lanes.forEach((lane, row) => this.lane(root, lane, HEAD + row * LANE));
    root.querySelector("g:last-of-type a:last-of-type, g a:last-of-type")?.setAttribute("tabindex", "0");
    const today = this.x(this.dataset.to);
    root.append(svg("line", { class: "today", x1: today, x2: today, y1: HEAD - 8, y2: height - 6 }));
    root.append(svg("text", { x: today, y: 15, "text-anchor": "end" }, this.dataset.today));
    return root;
  }

  years(root, height) {
    const first = new Date(this.from).getUTCFullYear() + 1;
    for (let year = first; year <= new Date(this.to).getUTCFullYear(); year += 1) {
      const x = this.x(`${year}-01-01`);
      root.append(svg("line", { class: "year", x1: x, x2: x, y1: HEAD, y2: height - 8 }));
      if (x < this.width - RIGHT - 60) root.append(svg("text", { x: x + 4, y: 15 }, String(year)));
    }
  }

  lane(root, lane, top) {
    root.append(svg("line", { class: "rule", x1: 0, x2: this.width, y1: top, y2: top }));
    root.append(svg("text", { class: "lane-name", x: 14, y: top + 20 }, lane.name));
    const group = svg("g", { class: `lane-${lane.key}` });
    const events = this.links.filter((link) => link.dataset.lane === lane.key).reverse();
    const ends = [];
    for (const link of events) group.append(this.mark(link, top, ends));
    root.append(group);
  }

  mark(link, top, ends) {
    const { start, end, weight } = link.dataset;
    const from = this.x(start);
    const to = this.x(end);
    const words = link.textContent.trim().replace(/\s+/g, " ");
    const mark = svg("a", { href: link.getAttribute("href"), tabindex: "-1", "aria-label": words });
    if (end > start && to - from > 4) {
      mark.append(...this.bar(link, top, ends, from, to));
    } else {
      const large = weight === "2";
      mark.append(svg("circle", { class: large ? "ring" : "", cx: from, cy: top + LANE / 2, r: large ? 5.5 : 4.5 }));
    }
    for (const [type, show] of Object.entries({ pointerenter: true, focus: true, pointerleave: false, blur: false })) {
      mark.addEventListener(type, () => this.tip(show ? words : "", from, top));
    }
    mark.addEventListener("click", (event) => {
      event.preventDefault();
      link.click();
    });
    return mark;
  }

  /** A stay is one thick bar with its name; courses of medicine are thin ones below each other. */
  bar(link, top, ends, from, to) {
    const width = to - from;
    if (link.dataset.lane === "inpatient") {
      const name = svg("text", { class: "stay-name", x: to + 4, y: top + LANE / 2 + 4 }, link.dataset.name.slice(0, 8));
      return [svg("rect", { x: from, y: top + 9, width, height: 12, rx: 3 }), name];
    }
    const row = Math.min(2, this.freeRow(ends, from, to));
    return [svg("rect", { x: from, y: top + 4 + row * 8, width, height: 6, rx: 3 })];
  }

  /** The first of a lane's rows in which nothing reaches into this stretch; bars go below each other. */
  freeRow(ends, from, to) {
    let row = ends.findIndex((end) => end < from);
    if (row < 0) row = ends.length;
    ends[row] = to;
    return row;
  }

  tip(words, x, top) {
    this.drawn.querySelector(".xl-tip")?.remove();
    if (!words) return;
    const tip = document.createElement("div");
    tip.className = "xl-tip";
    tip.textContent = words;
    tip.setAttribute("aria-hidden", "true");
    this.drawn.append(tip);
    tip.style.top = `${top - tip.offsetHeight - 2 < 0 ? top + LANE : top - tip.offsetHeight - 2}px`;
    tip.style.left = `${Math.max(4, Math.min(x - tip.offsetWidth / 2, this.width - tip.offsetWidth - 4))}px`;
  }

  /** Arrow keys walk along a lane and between lanes. One mark at a time is in the tab order. */
  key(event) {
    const marks = [...this.drawn.querySelectorAll("a")];
    const at = marks.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0) return;
    let next = step ? marks[at + step] : null;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const groups = [...this.drawn.querySelectorAll("g")].filter((group) => group.childElementCount > 0);
      const group = groups[groups.indexOf(marks[at].parentNode) + (event.key === "ArrowDown" ? 1 : -1)];
      next = group?.lastElementChild;
    }
    if (!next) return;
    event.preventDefault();
    marks[at].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }
}
customElements.define("xl-timeline", XlTimeline);
