// A trend: the server puts the values into a table; the chart is drawn from the same values.
"use strict";

{
  const HEIGHT = 280; // pixels, unless data-height says otherwise
  const LEFT = 48;
  const RIGHT = 18;
  const TOP = 16;
  const BOTTOM = 28;
  const STEPS = [1, 2, 2.5, 5, 10];

  const svg = (name, attributes = {}, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  /** Round figures from below `low` to above `high`, about five of them. */
  const ticks = (low, high) => {
    const rough = (high - low || Math.abs(high) || 1) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * STEPS.find((factor) => factor * power >= rough);
    const first = Math.floor(low / step) * step;
    const found = [];
    for (let value = first; value < high + step; value += step) found.push(Number(value.toPrecision(12)));
    return found;
  };

  class XlTrend extends HTMLElement {
    connectedCallback() {
      this.series = JSON.parse(this.querySelector("script").textContent);
      this.drawn = document.createElement("div");
      this.drawn.className = "xl-drawn";
      this.prepend(this.drawn);
      this.watch = new ResizeObserver(() => this.draw());
      this.watch.observe(this);
    }

    disconnectedCallback() {
      this.watch.disconnect();
    }

    draw() {
      if (this.clientWidth <= LEFT + RIGHT || this.clientWidth === this.width) return; // not laid out yet, or drawn
      this.width = this.clientWidth;
      this.height = Number(this.dataset.height || HEIGHT);
      this.drawn.replaceChildren(this.picture());
    }

    picture() {
      const points = this.series.flatMap((one) => one.points);
      const band = this.series.length === 1 ? this.series[0] : {};
      const values = [...points.map((p) => p.value), band.low, band.high].filter((v) => v !== null && v !== undefined);
      const marks = ticks(Math.min(...values), Math.max(...values));
      this.low = marks[0];
      this.high = marks[marks.length - 1];
      const times = points.map((p) => Date.parse(p.date));
      this.from = Math.min(...times);
      this.to = Math.max(...times);
      const viewBox = `0 0 ${this.width} ${this.height}`; // so that it shrinks as a whole on paper
      const root = svg("svg", { class: "xl-chart", viewBox, width: this.width, height: this.height, role: "img", "aria-label": this.dataset.label });
      this.band(root, band);
      for (const mark of marks) this.rule(root, mark);
      this.dates(root, [...new Set(points.map((p) => p.date))].sort());
      this.series.forEach((one, index) => root.append(this.line(one, index)));
      return root;
    }

    x(date) {
      const room = this.width - LEFT - RIGHT;
      const share = this.to === this.from ? 0.5 : (Date.parse(date) - this.from) / (this.to - this.from);
      return LEFT + share * room;
    }

    y(value) {
      return TOP + (1 - (value - this.low) / (this.high - this.low)) * (this.height - TOP - BOTTOM);
    }

    band(root, { low, high }) {
      const given = (bound) => bound !== null && bound !== undefined;
      if (!given(low) && !given(high)) return;
      const top = this.y(given(high) ? high : this.high);
      const bottom = this.y(given(low) ? low : this.low);
      const width = this.width - LEFT - RIGHT;
      root.append(svg("rect", { class: "band", x: LEFT, y: top, width, height: Math.max(1, bottom - top) }));
      for (const bound of [low, high].filter(given)) {
        root.append(svg("line", { class: "bound", x1: LEFT, x2: LEFT + width, y1: this.y(bound), y2: this.y(bound) }));
      }
    }

    rule(root, value) {
      root.append(svg("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: this.y(value), y2: this.y(value) }));
      root.append(svg("text", { x: LEFT - 8, y: this.y(value) + 4, "text-anchor": "end" }, String(value)));
    }

    dates(root, dates) {
      let free = -Infinity;
      for (const date of dates) {
        const x = Math.max(LEFT + 20, Math.min(this.x(date), this.width - RIGHT - 24));
        if (x < free) continue;
        root.append(svg("text", { x, y: this.height - 8, "text-anchor": "middle" }, date.slice(0, 7)));
        free = x + 76;
      }
    }

    line(one, index) {
      const group = svg("g", { class: `series-${index % 3}` });
      const path = one.points.map((p, i) => `${i ? "L" : "M"}${this.x(p.date)} ${this.y(p.value)}`).join("");
      group.append(svg("path", { d: path }));
      const r = one.points.length > 40 ? 3 : 4.5;
      for (const point of one.points) {
        const mark = svg("circle", { class: point.flag, cx: this.x(point.date), cy: this.y(point.value), r });
        mark.append(svg("title", {}, `${point.date} ${one.name} ${point.text} ${one.unit} ${point.institution}`));
        group.append(mark);
      }
      return group;
    }
  }
  customElements.define("xl-trend", XlTrend);
}
