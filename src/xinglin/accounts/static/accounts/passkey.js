// <xl-passkey options="/address/" verb="create|get">: asks a security key what the server wants to know, puts the
// answer into the form's field "answer" and sends the form. Without WebAuthn the element hides itself.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

class Passkey extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential) {
      this.hidden = true;
      return;
    }
    this.querySelector("button").addEventListener("click", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  async ask() {
    const form = this.closest("form");
    if (this.getAttribute("verb") === "create" && !form.reportValidity()) return;
    this.say("");
    try {
      const response = await fetch(this.getAttribute("options"), { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const asked = await response.json();
      form.elements.answer.value = JSON.stringify(await this.answer(asked));
      form.submit();
    } catch {
      this.say(this.getAttribute("failed"));
    }
  }

  async answer(asked) {
    asked.challenge = bytes(asked.challenge);
    for (const list of ["excludeCredentials", "allowCredentials"])
      for (const one of asked[list] ?? []) one.id = bytes(one.id);
    if (this.getAttribute("verb") === "create") {
      asked.user.id = bytes(asked.user.id);
      const made = await navigator.credentials.create({ publicKey: asked });
      return this.packed(made, ["clientDataJSON", "attestationObject"]);
    }
    const shown = await navigator.credentials.get({ publicKey: asked });
    return this.packed(shown, ["clientDataJSON", "authenticatorData", "signature"]);
  }

  packed(key, parts) {
    const response = Object.fromEntries(parts.map((part) => [part, text(key.response[part])]));
    return { id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} };
  }

  say(words) {
    this.querySelector("[role=status]").textContent = words;
  }
}
customElements.define("xl-passkey", Passkey);
