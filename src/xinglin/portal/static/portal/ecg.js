// An electrocardiogram on its grid: one millimetre of the drawing is one of the paper, at 25 mm/s and 10 mm/mV or as
// chosen. Two marks measure time and voltage, by pointer or by arrow keys. Not for diagnosis.
"use strict";

{
  const MARGIN = 6; // millimetres
  const ROW = 30; // of a row with one lead
  const STRIP = 2.5; // seconds of a lead in the layout of three rows
  const PULSE = 5; // millimetres for the calibration
  const MOST = 10; // seconds that are drawn
  const ORDER = [
    ["I", "aVR", "V1", "V4"],
    ["II", "aVL", "V2", "V5"],
    ["III", "aVF", "V3", "V6"],
  ];
  const RHYTHM = "II";

  const svg = (name, attributes = {}, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  const unpacked = (buffer) => {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    return { head, values: new Int16Array(buffer, 4 + length) };
  };

  class XlEcg extends HTMLElement {
    async connectedCallback() {
      this.paper = this.querySelector(".xl-paper");
      this.says = this.querySelector(".xl-image-says");
      this.tools = Object.fromEntries([...this.querySelectorAll("[data-tool]")].map((t) => [t.dataset.tool, t]));
      for (const tool of Object.values(this.tools)) tool.addEventListener("change", () => this.draw());
      this.paper.addEventListener("keydown", (event) => this.key(event));
      this.paper.addEventListener("pointerdown", (event) => this.down(event));
      this.paper.addEventListener("pointermove", (event) => this.move(event));
      this.paper.addEventListener("pointerup", () => (this.dragging = false));
      this.says.textContent = this.dataset.waiting;
      try {
        const answer = await fetch(this.dataset.address, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(answer.status);
        const { head, values } = unpacked(await answer.arrayBuffer());
        this.head = head;
        this.curves = new Map(
          head.leads.map((lead, n) => [lead, values.subarray(n * head.samples, (n + 1) * head.samples)]),
        );
        this.says.textContent = "";
        this.draw();
      } catch {
        this.says.textContent = this.dataset.failed;
      }
    }

    get speed() {
      return Number(this.tools.speed.value);
    }

    get gain() {
      return Number(this.tools.gain.value);
    }

    /** What is drawn where: rows of pieces, each a lead with its seconds. */
    rows() {
      const seconds = Math.min(this.head.samples / this.head.rate, MOST);
      const whole = [...this.curves.keys()].map((lead) => [{ lead, from: 0, to: seconds }]);
      const twelve = ORDER.flat().every((lead) => this.curves.has(lead));
      if (!twelve || this.tools.layout.value === "rows" || seconds < 4 * STRIP) return whole;
      const rows = ORDER.map((leads) => leads.map((lead, n) => ({ lead, from: n * STRIP, to: (n + 1) * STRIP })));
      return [...rows, [{ lead: RHYTHM, from: 0, to: seconds }]];
    }

    draw() {
      if (!this.curves) return;
      const rows = this.rows();
      const seconds = Math.max(...rows.map((row) => row[row.length - 1].to));
      const width = 2 * MARGIN + PULSE + seconds * this.speed;
      const height = 2 * MARGIN + rows.length * ROW;
      this.size = [width, height];
      const drawn = svg("svg", {
        class: "xl-ecg-paper", width: `${width}mm`, height: `${height}mm`, viewBox: `0 0 ${width} ${height}`,
        role: "img", "aria-label": `${this.dataset.label} ${this.head.leads.join(" ")}`,
      });
      drawn.append(
        svg("path", { class: "fine", d: this.grid(1) }),
        svg("path", { class: "strong", d: this.grid(5) }),
      );
      rows.forEach((row, n) => drawn.append(...this.row(row, MARGIN + (n + 0.5) * ROW)));
      drawn.append(
        svg("text", { x: MARGIN, y: height - 1.5, class: "scale" }, `${this.speed} mm/s · ${this.gain} mm/mV`),
      );
      this.marks = svg("g", { class: "marks" });
      drawn.append(this.marks);
      this.paper.replaceChildren(drawn);
      this.mark();
    }

    /** Lines every ``step`` millimetres. */
    grid(step) {
      const [width, height] = this.size;
      let path = "";
      for (let x = 0; x <= width; x += step) path += `M${x} 0V${height}`;
      for (let y = 0; y <= height; y += step) path += `M0 ${y}H${width}`;
      return path;
    }

    row(pieces, middle) {
      const left = MARGIN + PULSE;
      const drawn = [
        svg("path", { class: "curve", d: `M${MARGIN} ${middle}h1v${-this.gain}h3v${this.gain}h1` }), // 1 mV
      ];
      for (const { lead, from, to } of pieces) {
        drawn.push(
          svg("path", { class: "curve", d: this.curve(lead, from, to, middle) }),
          svg("text", { x: left + from * this.speed + 1, y: middle - ROW / 2 + 5 }, lead),
        );
        if (from) drawn.push(svg("path", { class: "part", d: `M${left + from * this.speed} ${middle - 4}v8` }));
      }
      return drawn;
    }

    curve(lead, from, to, middle) {
      const { rate, scale, offset } = this.head;
      const values = this.curves.get(lead);
      const last = Math.min(Math.round(to * rate), values.length - 1);
      const points = [];
      for (let i = Math.round(from * rate); i <= last; i += 1) {
        const x = MARGIN + PULSE + (i / rate) * this.speed;
        const y = middle - ((values[i] * scale + offset) / 1000) * this.gain;
        points.push(`${x.toFixed(2)} ${y.toFixed(2)}`);
      }
      return `M${points.join("L")}`;
    }

    // -- measuring

    place(event) {
      const box = this.paper.querySelector("svg").getBoundingClientRect();
      return [
        ((event.clientX - box.left) / box.width) * this.size[0],
        ((event.clientY - box.top) / box.height) * this.size[1],
      ];
    }

    down(event) {
      if (!this.curves) return;
      this.dragging = true;
      this.first = this.place(event);
      this.second = this.first;
      this.mark();
    }

    move(event) {
      if (!this.dragging) return;
      this.second = this.place(event);
      this.mark();
    }

    key(event) {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (!step || !this.curves) return;
      event.preventDefault();
      const by = event.shiftKey ? 5 : 1; // millimetres
      this.first ??= [MARGIN + PULSE, MARGIN + ROW / 2];
      this.second ??= this.first;
      this.second = [this.second[0] + step[0] * by, this.second[1] + step[1] * by];
      if (event.ctrlKey) this.first = this.second;
      this.mark();
    }

    mark() {
      if (!this.first) return;
      const [[x, y], [u, v]] = [this.first, this.second];
      const height = this.size[1];
      this.marks.replaceChildren(
        svg("path", { d: `M${x} 0V${height}M${u} 0V${height}M${Math.min(x, u)} ${y}H${Math.max(x, u)}M${u} ${y}V${v}` }),
      );
      const seconds = Math.abs(u - x) / this.speed;
      const said = [`${Math.round(seconds * 1000)} ms`, `${((y - v) / this.gain).toFixed(2)} mV`];
      if (seconds > 0.2) said.push(`${Math.round(60 / seconds)} /min`);
      this.says.textContent = said.join(" · ");
    }
  }

  if (!customElements.get("xl-ecg")) customElements.define("xl-ecg", XlEcg);
}
