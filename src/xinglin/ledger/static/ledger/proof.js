// Verifying a proof of the ledger with what the browser has: SHA-256 and Ed25519 of WebCrypto. Nothing is sent anywhere.
// Formats: c2sp.org/tlog-proof, tlog-checkpoint, signed-note, tlog-cosignature, tlog-policy; the tree of RFC 6962.

const LOG = 1;
const COSIGNER = 4;
const HEADER = "c2sp.org/tlog-proof@v1";
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** What is wrong with a text; `code` is what the page translates, `line` where it is known. */
export class Wrong extends Error {
  constructor(code, line = 0) {
    super(line ? `${code} (line ${line})` : code);
    this.code = code;
    this.line = line;
  }
}

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function unhex(text) {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Wrong("hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Base 64 in its one usual form. */
function unbase64(text, line = 0) {
  let raw;
  try {
    raw = atob(text);
  } catch {
    throw new Wrong("base64", line);
  }
  if (btoa(raw) !== text) throw new Wrong("base64", line);
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export const leafHash = (entry) => sha256(join(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(join(Uint8Array.of(1), left, right));

/** Whether the hashes lead from the leaf to the root: RFC 9162, 2.1.3.2. Sizes are BigInt. */
export async function includes(hashes, index, size, leaf, root) {
  if (index < 0n || index >= size) return false;
  let place = index;
  let last = size - 1n;
  let found = leaf;
  for (const sibling of hashes) {
    if (last === 0n) return false;
    if (place & 1n || place === last) {
      found = await nodeHash(sibling, found);
      while (!(place & 1n) && place !== 0n) {
        place >>= 1n;
        last >>= 1n;
      }
    } else {
      found = await nodeHash(found, sibling);
    }
    place >>= 1n;
    last >>= 1n;
  }
  return last === 0n && same(found, root);
}

export async function parseKey(text) {
  const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text);
  if (!parts) throw new Wrong("key");
  const data = unbase64(parts[3]);
  if (data.length !== 33 || ![LOG, COSIGNER].includes(data[0])) throw new Wrong("key");
  const id = (await sha256(join(encoder.encode(`${parts[1]}\n`), data))).slice(0, 4);
  if (hex(id) !== parts[2]) throw new Wrong("key");
  return { name: parts[1], type: data[0], bytes: data.slice(1), id: parts[2] };
}

/** Whom one trusts: logs, witnesses, groups, quorum. */
export async function parsePolicy(text) {
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null };
  for (const [number, line] of text.split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0].startsWith("#")) continue;
    const [verb, name, ...rest] = words;
    const known = (one) => policy.witnesses.has(one) || policy.groups.has(one);
    if (verb === "log" && name) {
      policy.logs.push(await parseKey(name));
    } else if (verb === "witness" && rest.length >= 1 && rest.length <= 2 && name !== "none" && !known(name)) {
      const key = await parseKey(rest[0]);
      if (key.type !== COSIGNER) throw new Wrong("policy", number + 1);
      policy.witnesses.set(name, key);
    } else if (verb === "group" && rest.length >= 2 && name !== "none" && !known(name)) {
      const members = rest.slice(1);
      const used = [...policy.groups.values()].flatMap((group) => group.members);
      const least = { all: members.length, any: 1 }[rest[0]] ?? (/^[1-9]\d*$/.test(rest[0]) ? Number(rest[0]) : 0);
      const right = members.every((one, at) => known(one) && !used.includes(one) && members.indexOf(one) === at);
      if (!right || least < 1 || least > members.length) throw new Wrong("policy", number + 1);
      policy.groups.set(name, { least, members });
    } else if (verb === "quorum" && words.length === 2 && policy.quorum === null && (name === "none" || known(name))) {
      policy.quorum = name;
    } else {
      throw new Wrong("policy", number + 1);
    }
  }
  if (policy.quorum === null) throw new Wrong("quorum");
  return policy;
}

function stands(policy, name, cosigners) {
  const witness = policy.witnesses.get(name);
  if (witness) return cosigners.some((key) => same(key.bytes, witness.bytes));
  const group = policy.groups.get(name);
  return group.members.filter((member) => stands(policy, member, cosigners)).length >= group.least;
}

/** A signed note: its text and its signatures. */
export function parseNote(whole) {
  if (/[\x00-\x09\x0b-\x1f]/.test(whole)) throw new Wrong("note");
  const cut = whole.lastIndexOf("\n\n");
  if (cut < 0 || !whole.endsWith("\n")) throw new Wrong("note");
  const lines = whole.slice(cut + 2, -1).split("\n");
  if (lines.length > 64) throw new Wrong("note");
  const signatures = lines.map((line) => {
    const parts = /^— ([^+\s]+) (\S+)$/u.exec(line);
    if (!parts) throw new Wrong("signature-line");
    const data = unbase64(parts[2]);
    if (data.length < 5) throw new Wrong("signature-line");
    return { name: parts[1], id: hex(data.slice(0, 4)), blob: data.slice(4) };
  });
  return { text: whole.slice(0, cut + 1), signatures };
}

export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || lines.some((line) => !line)) throw new Wrong("checkpoint");
  if (!/^(?:0|[1-9]\d{0,18})$/.test(lines[1])) throw new Wrong("checkpoint");
  const root = unbase64(lines[2]);
  if (root.length !== 32) throw new Wrong("checkpoint");
  return { origin: lines[0], size: BigInt(lines[1]), root };
}

export function parseProof(text) {
  const cut = text.indexOf("\n\n");
  const lines = (cut < 0 ? text : text.slice(0, cut)).split("\n");
  if (lines[0] !== HEADER) throw new Wrong("header", 1);
  if (cut < 0) throw new Wrong("no-checkpoint");
  let at = 1;
  let held = {};
  if (lines[1]?.startsWith("extra ")) {
    held = heldIn(unbase64(lines[1].slice(6), 2));
    at = 2;
  }
  const index = /^index (0|[1-9]\d{0,18})$/.exec(lines[at] ?? "");
  if (!index) throw new Wrong("index", at + 1);
  const hashes = lines.slice(at + 1).map((line, number) => {
    const value = unbase64(line, at + 2 + number);
    if (value.length !== 32) throw new Wrong("hash", at + 2 + number);
    return value;
  });
  if (hashes.length > 63) throw new Wrong("hash");
  return { index: BigInt(index[1]), hashes, note: parseNote(text.slice(cut + 2)), ...held };
}

/** Entry and opening, if the extra data are ours. */
function heldIn(extra) {
  try {
    const held = JSON.parse(strict.decode(extra));
    const entry = encoder.encode(held.entry);
    if (typeof held.entry !== "string") return {};
    if (held.salt === undefined) return { entry };
    return { entry, salt: unhex(held.salt), event: encoder.encode(held.event) };
  } catch {
    return {};
  }
}

/** True or false; null where this browser has no Ed25519. */
async function ed25519(key, signature, message) {
  let made;
  try {
    made = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") return null;
    return false;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, made, signature, message);
}

/** Verify one signature; the moment of a cosignature in seconds. `right` is null where it cannot be told. */
async function check(text, key, blob) {
  if (key.type === LOG) return { right: await ed25519(key.bytes, blob, encoder.encode(text)), moment: null };
  if (blob.length !== 72 || blob[0] > 127) return { right: false, moment: null };
  const moment = new DataView(blob.buffer, blob.byteOffset, 8).getBigUint64(0);
  const message = encoder.encode(`cosignature/v1\ntime ${moment}\n${text}`);
  return { right: await ed25519(key.bytes, blob.slice(8), message), moment: Number(moment) };
}

async function signersOf(note, keys) {
  const seen = new Set();
  const found = [];
  for (const signature of note.signatures) {
    const key = keys.find((one) => one.name === signature.name && one.id === signature.id);
    if (!key) continue;
    const mark = `${key.name} ${key.id}`;
    if (seen.has(mark)) return { wrong: key.name, found };
    seen.add(mark);
    const { right, moment } = await check(note.text, key, signature.blob);
    if (right === null) return { unable: true, found };
    if (!right) return { wrong: key.name, found };
    found.push({ key, moment });
  }
  return { found };
}

/**
 * Verify a proof: findings in the order in which they build on each other, each
 * `{step, outcome: "right" | "wrong" | "absent" | "unable", code, values}`, and what the proof is about.
 */
export async function verify(text, policy) {
  const report = { findings: [], holds: false };
  const say = (step, outcome, code, values = {}) => {
    report.findings.push({ step, outcome, code, values });
    return outcome !== "wrong";
  };
  let proof;
  let head;
  try {
    proof = parseProof(text.replace(/\r\n/g, "\n").trimStart());
    head = parseCheckpoint(proof.note.text);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    say("form", "wrong", error.code, { line: error.line });
    return report;
  }
  Object.assign(report, { proof, head, entry: proof.entry && new TextDecoder().decode(proof.entry) });
  say("form", "right", "form-right", { index: proof.index, size: head.size });
  const going = (await signed(say, proof.note, head, policy)) && (await included(say, proof, head));
  if (going) await opened(say, proof, report);
  report.holds =
    report.findings.some((one) => one.step === "inclusion" && one.outcome === "right") &&
    report.findings.every((one) => one.outcome === "right" || one.outcome === "absent");
  return report;
}

async function signed(say, note, head, policy) {
  const logs = await signersOf(note, policy.logs.filter((key) => key.name === head.origin));
  if (logs.unable) return say("signature", "unable", "no-ed25519");
  if (logs.wrong) return say("signature", "wrong", "signature-wrong", { name: logs.wrong });
  if (!logs.found.length) return say("signature", "wrong", "signature-unknown", { name: head.origin });
  say("signature", "right", "signature-right", { name: head.origin });
  const others = await signersOf(note, [...policy.witnesses.values()]);
  if (others.wrong) return say("witnesses", "wrong", "signature-wrong", { name: others.wrong });
  const names = others.found.map((one) => ({ name: one.key.name, moment: one.moment }));
  const enough = policy.quorum === "none" || stands(policy, policy.quorum, others.found.map((one) => one.key));
  if (!enough) return say("witnesses", "wrong", "witnesses-few", { count: names.length, names });
  if (!names.length) return say("witnesses", "absent", "witnesses-none");
  return say("witnesses", "right", "witnesses-right", { count: names.length, names });
}

async function included(say, proof, head) {
  if (!proof.entry) return say("inclusion", "wrong", "no-entry");
  const leaf = await leafHash(proof.entry);
  const right = await includes(proof.hashes, proof.index, head.size, leaf, head.root);
  return say("inclusion", right ? "right" : "wrong", right ? "inclusion-right" : "inclusion-wrong", {
    index: proof.index,
    size: head.size,
  });
}

async function opened(say, proof, report) {
  if (!proof.salt) return say("opening", "absent", "opening-none");
  let entry;
  try {
    entry = JSON.parse(report.entry);
  } catch {
    return say("opening", "wrong", "opening-wrong");
  }
  if (hex(await sha256(join(proof.salt, proof.event))) !== entry.sha256) return say("opening", "wrong", "opening-wrong");
  report.event = new TextDecoder().decode(proof.event);
  return say("opening", "right", "opening-right");
}
