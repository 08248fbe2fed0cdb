// Verifies the cases given as JSON on the standard input with the script of the page; prints what it found for each.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { parsePolicy, verify } = await import(pathToFileURL(process.argv[2]));
const cases = JSON.parse(readFileSync(0, "utf8"));
const found = [];
for (const { text, policy } of cases) {
  try {
    const report = await verify(text, await parsePolicy(policy));
    found.push({
      holds: report.holds,
      event: report.event ?? null,
      outcomes: report.findings.map((one) => [one.step, one.outcome]),
    });
  } catch (error) {
    found.push({ holds: false, policy: error.code ?? String(error) });
  }
}
console.log(JSON.stringify(found));
