/** Defines a flow, raises its threshold unless someone else has changed it, and prints what it has stored. */
import { createSluiceClient, dataOf, items, ProblemError } from "@sluice/contracts/client";

const { SLUICE_URL: url = "http://127.0.0.1:8080", SLUICE_TOKEN: token } = process.env;
const sluice = createSluiceClient({ url, token });

const flow = {
  code: "GREENHOUSE",
  topic: "greenhouse/{bed}/climate",
  payloadSchema: { temperature: "float" },
  actions: [{ type: "STORE_DB" as const }],
};
const path = { code: flow.code };

// `data` or `error`, by the status.
const { data: created, error } = await sluice.POST("/api/v1/flows", { body: flow });
if (created !== undefined) console.log(`created ${created.code}`);
else if (error.code === "flow-exists") console.log(`${flow.code} is there`);
else throw new Error(error.detail ?? error.title);

// Or an exception, where there is no data.
const read = await sluice.GET("/api/v1/flows/{code}", { params: { path } });
const { version } = dataOf(read);
const header = { "if-match": `"${version}"` };
const body = { ...flow, thresholds: [{ attribute: "temperature", max: 45 }] };
try {
  const changed = dataOf(await sluice.PUT("/api/v1/flows/{code}", { params: { path, header }, body }));
  console.log(`changed to version ${changed.version}`);
} catch (failure) {
  if (!(failure instanceof ProblemError) || failure.problem?.code !== "precondition-failed") throw failure;
  console.log("someone else has changed it: read it again");
}

// Pages are asked for as they are needed.
const query = { flow: flow.code, order: "desc" as const };
for await (const { receivedAt, attribute, text } of items(sluice, "/api/v1/data", { query, limit: 100 })) {
  console.log(`${receivedAt} ${attribute} ${text}`);
}
