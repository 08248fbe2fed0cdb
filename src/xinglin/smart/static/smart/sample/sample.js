// A SMART app without any library: launch.html asks for access, index.html is sent back to and shows the latest results.
// https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
const CLIENT = "xinglin-sample";
const KEPT = "xinglin-sample";
const said = document.getElementById("said");

function encoded(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function random() {
  return encoded(crypto.getRandomValues(new Uint8Array(32)));
}

async function json(address, options) {
  const answer = await fetch(address, options);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function launch() {
  const given = new URLSearchParams(location.search);
  const server = given.get("iss");
  if (!server) throw new Error("没有 iss 参数：请从居民档案打开本应用。 There is no iss: open this app from a record.");
  const known = await json(`${server}/.well-known/smart-configuration`);
  const kept = {server, token: known.token_endpoint, state: random(), verifier: random(), back: new URL("index.html", location.href).href.split("?")[0]};
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  const challenge = encoded(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier))));
  const asked = new URLSearchParams({
    response_type: "code", client_id: CLIENT, redirect_uri: kept.back, aud: server, state: kept.state,
    code_challenge: challenge, code_challenge_method: "S256",
    scope: `${given.get("launch") ? "launch" : "launch/patient"} patient/Patient.r patient/Observation.rs`,
  });
  if (given.get("launch")) asked.set("launch", given.get("launch"));
  location.replace(`${known.authorization_endpoint}?${asked}`);
}

async function exchanged() {
  const given = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname);
  if (!kept || given.get("state") !== kept.state) throw new Error("请从居民档案重新打开。 Open this app again from a record.");
  if (given.get("error")) throw new Error(`${given.get("error")}: ${given.get("error_description")}`);
  const body = new URLSearchParams({
    grant_type: "authorization_code", code: given.get("code"), redirect_uri: kept.back, client_id: CLIENT,
    code_verifier: kept.verifier,
  });
  return {server: kept.server, ...(await json(kept.token, {method: "POST", body}))};
}

function result(observation) {
  const quantity = observation.valueQuantity;
  if (quantity) return `${quantity.value} ${quantity.unit || ""}`;
  const parts = (observation.component || []).map(part => part.valueQuantity && `${part.valueQuantity.value}`);
  return parts.filter(Boolean).join("/") || observation.valueString || observation.valueCodeableConcept?.text || "—";
}

function row(observation) {
  const code = observation.code;
  const made = document.createElement("tr");
  for (const text of [code.text || code.coding?.[0]?.display || "—", result(observation), (observation.effectiveDateTime || "").slice(0, 10)]) {
    made.append(Object.assign(document.createElement("td"), {textContent: text}));
  }
  return made;
}

async function show() {
  const access = await exchanged();
  const headers = {Authorization: `Bearer ${access.access_token}`, Accept: "application/fhir+json"};
  const patient = await json(`${access.server}/Patient/${access.patient}`, {headers});
  const found = await json(`${access.server}/Observation?patient=${access.patient}&_sort=-date&_count=20`, {headers});
  const table = document.querySelector("table");
  const name = patient.name?.[0];
  table.caption.textContent = name?.text || [name?.family, ...(name?.given || [])].filter(Boolean).join("") || patient.id;
  table.tBodies[0].append(...(found.entry || []).map(entry => row(entry.resource)));
  table.hidden = false;
  said.textContent = found.entry ? "" : "没有检验检查结果。 There are no results.";
}

(document.body.dataset.step === "launch" ? launch() : show()).catch(error => {
  said.textContent = error.message;
});
