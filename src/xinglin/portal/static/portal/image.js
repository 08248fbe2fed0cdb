// A viewer for pictures that come as numbers: window, zoom, pan, leafing and film. Not for diagnosis.
//
// The server sends packets (exchange.dicom.viewing): length of the head, head as JSON, then 16-bit numbers of a grey
// frame or bytes of a coloured one.
"use strict";

{
  const KEPT = 160; // frames that are held at most
  const AHEAD = 4; // frames that are fetched before they are asked for
  const RATE = 10; // frames a second of a film that does not say
  const STEP = 1.25;
  const PAN = 40; // pixels
  const WHEEL = 40; // what a wheel has to turn for the next picture

  const unpacked = (buffer) => {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const from = 4 + length;
    const values = head.kind === "colour" ? new Uint8Array(buffer, from) : new Int16Array(buffer, from);
    return { head, values };
  };

  class XlImage extends HTMLElement {
    connectedCallback() {
      this.films = JSON.parse(this.querySelector("#xl-films").textContent);
      this.presets = JSON.parse(this.querySelector("#xl-windows").textContent);
      this.canvas = this.querySelector("canvas");
      this.canvas.setAttribute("aria-label", this.dataset.label);
      this.says = this.querySelector(".xl-image-says");
      this.tools = Object.fromEntries([...this.querySelectorAll("[data-tool]")].map((t) => [t.dataset.tool, t]));
      this.frames = new Map();
      this.pointers = new Map();
      this.off = new OffscreenCanvas(1, 1);
      this.listen();
      this.watch = new ResizeObserver(() => this.draw());
      this.watch.observe(this.canvas.parentElement);
      this.choose(0);
    }

    disconnectedCallback() {
      this.watch.disconnect();
      this.stop();
    }

    listen() {
      const { tools, canvas } = this;
      tools.series.addEventListener("change", () => this.choose(Number(tools.series.value)));
      tools.window.addEventListener("change", () => this.preset(tools.window.value));
      tools.slice.addEventListener("input", () => this.show(Number(tools.slice.value)));
      tools.mode.addEventListener("click", () => this.press("mode"));
      tools.invert.addEventListener("click", () => this.press("invert") || this.draw());
      tools.larger.addEventListener("click", () => this.zoomBy(STEP));
      tools.smaller.addEventListener("click", () => this.zoomBy(1 / STEP));
      tools.fit.addEventListener("click", () => this.fit());
      tools.play.addEventListener("click", () => this.play());
      canvas.addEventListener("keydown", (event) => this.key(event));
      canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      canvas.addEventListener("pointerdown", (event) => this.down(event));
      canvas.addEventListener("pointermove", (event) => this.move(event));
      for (const name of ["pointerup", "pointercancel"]) {
        canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
      }
    }

    /** Turn a button that stays down; tells nothing. */
    press(name) {
      const tool = this.tools[name];
      tool.setAttribute("aria-pressed", String(tool.getAttribute("aria-pressed") !== "true"));
    }

    pressed(name) {
      return this.tools[name].getAttribute("aria-pressed") === "true";
    }

    /** Another series: its frames in one row. */
    choose(number) {
      this.stop();
      this.row = this.films[number].instances.flatMap((instance) =>
        Array.from({ length: instance.frames }, (_, n) => `${instance.address}?frame=${n + 1}`),
      );
      this.window = null;
      this.zoom = 1;
      this.shift = [0, 0];
      this.tools.slice.max = String(this.row.length - 1);
      for (const name of ["slice", "play"]) this.tools[name].disabled = this.row.length < 2;
      this.show(Math.floor((this.row.length - 1) / 2));
    }

    /** Fetch a frame once; the oldest ones are forgotten. */
    frame(at) {
      const address = this.row[at];
      if (!this.frames.has(address)) {
        const coming = fetch(address, { credentials: "same-origin" }).then(async (answer) => {
          if (!answer.ok) throw new Error(answer.status);
          return unpacked(await answer.arrayBuffer());
        });
        coming.catch(() => {});
        this.frames.set(address, coming);
        while (this.frames.size > KEPT) this.frames.delete(this.frames.keys().next().value);
      }
      return this.frames.get(address);
    }

    async show(at) {
      this.at = Math.max(0, Math.min(this.row.length - 1, at));
      this.tools.slice.value = String(this.at);
      const wanted = this.row[this.at];
      if (!this.current) this.says.textContent = this.dataset.waiting;
      try {
        const found = await this.frame(this.at);
        if (wanted !== this.row[this.at]) return;
        this.current = found;
        if (!this.window) this.preset(this.tools.window.value, false);
        this.draw();
      } catch {
        if (wanted !== this.row[this.at]) return;
        this.current = null;
        this.draw();
        this.says.textContent = this.dataset.failed;
      }
      for (let n = 1; n <= AHEAD && this.at + n < this.row.length; n += 1) this.frame(this.at + n);
    }

    /** Take a window: ``own`` as recorded, ``all`` the whole range, else the number of a customary one. */
    preset(name, drawing = true) {
      const head = this.current?.head;
      if (!head || head.kind !== "grey") return;
      const whole = { centre: (head.least + head.most) / 2, width: Math.max(head.most - head.least, 1) };
      const own = head.windows[0] ?? whole;
      const chosen = name === "own" ? own : name === "all" ? whole : this.presets[Number(name)];
      this.window = { centre: chosen.centre, width: chosen.width };
      this.tools.window.value = name;
      if (drawing) this.draw();
    }

    fit() {
      this.zoom = 1;
      this.shift = [0, 0];
      this.draw();
    }

    zoomBy(factor) {
      this.zoom = Math.max(0.2, Math.min(20, this.zoom * factor));
      this.draw();
    }

    pan(x, y) {
      this.shift = [this.shift[0] + x, this.shift[1] + y];
      this.draw();
    }

    shade(centre, width) {
      if (!this.window) return;
      this.window.centre += centre;
      this.window.width = Math.max(1, this.window.width + width);
      this.draw();
    }

    // -- film

    play() {
      if (this.running) return this.stop();
      this.press("play");
      const rate = this.current?.head.rate ?? RATE;
      this.running = setInterval(() => this.show((this.at + 1) % this.row.length), 1000 / Math.min(rate, 60));
      return undefined;
    }

    stop() {
      if (!this.running) return;
      clearInterval(this.running);
      this.running = null;
      this.press("play");
      this.say();
    }

    // -- keys and pointers

    key(event) {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (step) {
        if (event.shiftKey) this.pan(step[0] * PAN, step[1] * PAN);
        else if (event.altKey) this.shade((-step[1] * (this.window?.width ?? 0)) / 40, (step[0] * (this.window?.width ?? 0)) / 20);
        else this.show(this.at + (step[0] || step[1]));
      } else if (event.ctrlKey || event.metaKey || event.altKey) {
        return;
      } else if (event.key === "+" || event.key === "=") this.zoomBy(STEP);
      else if (event.key === "-") this.zoomBy(1 / STEP);
      else if (event.key === "0") this.fit();
      else if (event.key === "i") this.tools.invert.click();
      else if (event.key === " ") this.tools.play.click();
      else if (event.key === "Home") this.show(0);
      else if (event.key === "End") this.show(this.row.length - 1);
      else if (/^[1-9]$/.test(event.key) && this.tools.window.options[event.key - 1]) {
        this.preset(this.tools.window.options[event.key - 1].value);
      } else return;
      event.preventDefault();
    }

    wheel(event) {
      event.preventDefault();
      if (event.ctrlKey) {
        this.zoomBy(event.deltaY < 0 ? STEP : 1 / STEP);
        return;
      }
      this.turned = (this.turned ?? 0) + event.deltaY;
      if (Math.abs(this.turned) < WHEEL) return;
      this.show(this.at + Math.sign(this.turned));
      this.turned = 0;
    }

    down(event) {
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    }

    move(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const x = event.clientX - before[0];
      const y = event.clientY - before[1];
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      if (others.length) {
        const [ox, oy] = others[0][1];
        const now = Math.hypot(event.clientX - ox, event.clientY - oy);
        this.zoomBy(now / Math.max(Math.hypot(before[0] - ox, before[1] - oy), 1));
      } else if (event.shiftKey || event.buttons === 4 || this.pressed("mode")) this.pan(x, y);
      else {
        const speed = (this.window?.width ?? 256) / 256;
        this.shade(-y * speed, x * speed * 2);
      }
    }

    // -- drawing

    /** The frame through its window, as large as it is itself. */
    picture() {
      const { head, values } = this.current;
      this.off.width = head.columns;
      this.off.height = head.rows;
      const context = this.off.getContext("2d");
      const image = context.createImageData(head.columns, head.rows);
      const out = new Uint32Array(image.data.buffer);
      const flip = head.kind === "grey" && head.invert !== this.pressed("invert");
      if (head.kind === "colour") {
        for (let i = 0, j = 0; i < out.length; i += 1, j += 3) {
          out[i] = 0xff000000 | (values[j + 2] << 16) | (values[j + 1] << 8) | values[j];
        }
      } else {
        // the linear window of PS3.3 C.11.2.1.2.1
        const { centre, width } = this.window;
        const scale = (head.scale * 255) / Math.max(width - 1, 1);
        const base = ((head.offset - (centre - 0.5)) * 255) / Math.max(width - 1, 1) + 127.5;
        for (let i = 0; i < out.length; i += 1) {
          let grey = values[i] * scale + base;
          grey = grey < 0 ? 0 : grey > 255 ? 255 : grey | 0;
          if (flip) grey = 255 - grey;
          out[i] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
        }
      }
      context.putImageData(image, 0, 0);
    }

    draw() {
      const stage = this.canvas.parentElement;
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [stage.clientWidth, stage.clientHeight];
      if (!width || !height) return;
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      const context = this.canvas.getContext("2d");
      context.fillStyle = "#000";
      context.fillRect(0, 0, this.canvas.width, this.canvas.height);
      if (!this.current) return;
      this.picture();
      const { head } = this.current;
      const tall = head.spacing ? head.spacing[0] / head.spacing[1] : 1; // pixels need not be square
      const scale = Math.min(width / head.columns, height / (head.rows * tall)) * this.zoom * ratio;
      const [w, h] = [head.columns * scale, head.rows * tall * scale];
      context.imageSmoothingEnabled = scale < 3;
      context.drawImage(
        this.off,
        (this.canvas.width - w) / 2 + this.shift[0] * ratio,
        (this.canvas.height - h) / 2 + this.shift[1] * ratio,
        w,
        h,
      );
      this.say();
    }

    /** What is seen, in words; a film that runs says nothing. */
    say() {
      if (this.running || !this.current) return;
      const { head } = this.current;
      const said = [`${this.dataset.picture} ${this.at + 1} / ${this.row.length}`];
      if (head.kind === "grey") {
        said.push(`${this.dataset.window} ${Math.round(this.window.centre)} / ${Math.round(this.window.width)} ${head.unit}`);
      }
      said.push(`${Math.round(this.zoom * 100)} %`, `${head.columns} × ${head.rows}`);
      this.says.textContent = said.join(" · ");
    }
  }

  if (!customElements.get("xl-image")) customElements.define("xl-image", XlImage);
}
