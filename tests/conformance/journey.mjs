// One journey through the FHIR face with fhir-kit-client; prints what it saw as one JSON object.
import { Client } from "fhir-kit-client";

const client = new Client({ baseUrl: process.env.BASE, bearerToken: process.env.TOKEN });
const seen = {};
const urn = "urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11";

const patient = (family) => ({ resourceType: "Patient", name: [{ family }] });
const create = (family) => client.create({ resourceType: "Patient", body: patient(family) });

const statement = await client.capabilityStatement();
seen.fhirVersion = statement.fhirVersion;

const made = await create("欧阳");
const place = { resourceType: "Patient", id: made.id };
seen.created = made.name[0].family;
seen.read = (await client.read(place)).id === made.id;

const updated = await client.update({ ...place, body: { ...made, gender: "male" } });
seen.updated = updated.meta.versionId;
const jsonPatch = [{ op: "replace", path: "/gender", value: "female" }];
const patched = await client.patch({ ...place, jsonPatch });
seen.patched = [patched.gender, patched.meta.versionId];
seen.vread = (await client.vread({ ...place, version: "1" })).gender ?? null;

const past = await client.history(place);
seen.history = past.entry.map((entry) => entry.resource.meta.versionId);
seen.typeHistory = (await client.history({ resourceType: "Patient" })).type;
seen.systemHistory = (await client.history()).type;

for (let n = 0; n < 5; n += 1) await create("王");
const searchParams = { family: "王", _count: 2 };
let page = await client.search({ resourceType: "Patient", searchParams });
const ids = new Set();
seen.pages = [];
while (page) {
  seen.pages.push(page.entry.length);
  page.entry.forEach((entry) => ids.add(entry.resource.id));
  page = await client.nextPage({ bundle: page });
}
seen.found = ids.size;
const options = { postSearch: true };
const posted = await client.search({ resourceType: "Patient", searchParams: { family: "欧阳" }, options });
seen.posted = posted.total;

const observation = {
  resourceType: "Observation", status: "final", code: { text: "心率" }, subject: { reference: urn },
};
const answer = await client.transaction({
  body: {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      { fullUrl: urn, resource: patient("李"), request: { method: "POST", url: "Patient" } },
      { resource: observation, request: { method: "POST", url: "Observation" } },
    ],
  },
});
seen.transaction = answer.entry.map((entry) => entry.response.status);
const [, id] = answer.entry[0].response.location.split("/");
const compartment = { resourceType: "Patient", id };
seen.compartment = (await client.search({ resourceType: "Observation", compartment })).total;
const everything = await client.operation({ name: "everything", resourceType: "Patient", id, method: "GET" });
seen.everything = everything.entry.map((entry) => entry.resource.resourceType).sort();

const batch = await client.batch({
  body: {
    resourceType: "Bundle",
    type: "batch",
    entry: [
      { request: { method: "GET", url: `Patient/${id}` } },
      { request: { method: "GET", url: "Patient/nobody" } },
    ],
  },
});
seen.batch = batch.entry.map((entry) => entry.response.status);

seen.deleted = await client.delete(place).then(() => true);
seen.gone = await client.read(place).catch((error) => error.response.status);
seen.refused = await create(1).catch((error) => [
  error.response.status,
  error.response.data.issue[0].expression[0],
]);

console.log(JSON.stringify(seen));
