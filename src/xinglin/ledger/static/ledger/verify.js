// The page that verifies a proof: paste it, drop its file, or fetch it; the browser does the rest.
import { Wrong, parsePolicy, verify } from "./proof.js";

const SIGNS = { right: "✓", wrong: "✗", absent: "–", unable: "?" };
const words = JSON.parse(document.getElementById("ledger-words").textContent);

/** The words for a code, with its places filled. */
function say(code, values = {}) {
  return (words[code] ?? code).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function detail({ code, values }) {
  const names = (values.names ?? []).map((one) =>
    say("at", { name: one.name, time: new Date(one.moment * 1000).toLocaleString(document.documentElement.lang) }),
  );
  const said = say(code, { ...values, names: names.join("; ") });
  return values.line ? `${say("line", values)}: ${said}` : said;
}

class XlVerify extends HTMLElement {
  connectedCallback() {
    this.proof = this.querySelector("#proof");
    this.policy = this.querySelector("#policy");
    this.result = this.querySelector("[data-result]");
    this.querySelector("[data-verify]").addEventListener("click", () => this.run());
    this.querySelector("input[type=file]").addEventListener("change", (event) => this.open(event.target.files[0]));
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.fetchProof(this.querySelector("#number").value);
    });
    this.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.classList.add("dropping");
    });
    this.addEventListener("dragleave", () => this.classList.remove("dropping"));
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.classList.remove("dropping");
      this.open(event.dataTransfer.files[0]);
    });
    this.proof.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.ctrlKey) this.run();
    });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-own]");
      if (!link) return;
      event.preventDefault();
      this.dataset.own = "/ledger/entries/";
      this.fetchProof(link.dataset.own);
      this.scrollIntoView({ block: "start" });
    });
    if (this.dataset.index) this.fetchProof(this.dataset.index);
  }

  async open(file) {
    if (!file) return;
    try {
      this.proof.value = await file.text();
    } catch {
      this.show([element("p", say("unread"), "xl-ledger-verdict xl-ledger-wrong")], null);
      return;
    }
    await this.run();
  }

  /** Fetch a proof; of one's own accesses with the event, else without. */
  async fetchProof(number) {
    if (!/^\d{1,18}$/.test(number)) return;
    const own = this.dataset.own;
    this.dataset.own = "";
    const address = own ? `${own}${number}/proof?event=1` : `${this.dataset.fetch}?form=text&index=${number}`;
    let said = "";
    try {
      const response = await fetch(address, { headers: { Accept: "text/plain" } });
      const text = await response.text();
      if (response.ok && text.startsWith("c2sp.org/tlog-proof@")) {
        this.proof.value = text;
        await this.run();
        return;
      }
      said = response.headers.get("Content-Type")?.startsWith("text/plain") ? text : String(response.status);
    } catch (error) {
      said = error.message;
    }
    this.show([element("p", say("not-fetched", { said }), "xl-ledger-verdict xl-ledger-wrong")], null);
  }

  async run() {
    if (!globalThis.crypto?.subtle) {
      this.show([element("p", say("no-crypto"), "xl-ledger-verdict xl-ledger-wrong")], null);
      return;
    }
    let policy;
    try {
      policy = await parsePolicy(this.policy.value);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      const finding = { code: error.code, values: { line: error.line } };
      this.show([element("p", detail(finding), "xl-ledger-verdict xl-ledger-wrong")], null);
      return;
    }
    this.tell(await verify(this.proof.value, policy));
  }

  tell(report) {
    const unsure = !report.holds && report.findings.every((one) => one.outcome !== "wrong");
    const code = report.holds ? "holds" : unsure ? "unsure" : "fails";
    const verdict = element("p", say(code), `xl-ledger-verdict ${report.holds ? "xl-ledger-right" : "xl-ledger-wrong"}`);
    const steps = element("ol", "", "xl-ledger-steps");
    for (const finding of report.findings) {
      const step = element("li", "", finding.outcome);
      const said = element("div");
      said.append(element("b", say(finding.step)), detail(finding));
      step.append(element("span", SIGNS[finding.outcome]), said);
      steps.append(step);
    }
    const parts = [verdict, steps];
    for (const part of ["entry", "event"]) {
      if (report[part] && report.holds) parts.push(element("h3", say(part)), element("pre", report[part], "xl-ledger-note"));
    }
    this.show(parts, unsure ? null : code);
  }

  show(parts, code) {
    this.result.replaceChildren(...parts);
    for (const said of this.querySelectorAll("[data-said]")) said.hidden = said.dataset.said !== code;
  }
}
customElements.define("xl-verify", XlVerify);
