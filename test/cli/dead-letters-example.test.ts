/** The example of docs/dead-letters.md, command by command, against a gateway and an endpoint that wants a unit. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { it, type TestContext } from "node:test";
import { assertConservation } from "../support/conservation.ts";
import { runExample } from "../support/documented-example.ts";
import { findProgram, requireService } from "../support/services.ts";

/** Takes an order that has a unit, and no other. */
const startEndpoint = async (t: TestContext) => {
  const taken: string[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const { unit } = JSON.parse(body);
    if (unit !== undefined) taken.push(body);
    response.writeHead(unit === undefined ? 422 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

it("docs/dead-letters.md says what happens", async (t) => {
  for (const program of ["jq", "sqlite3"]) {
    if (!requireService(t, program, findProgram(program) !== null)) return;
  }
  const { url, taken } = await startEndpoint(t);
  const { gateway, told } = await runExample(t, "dead-letters.md", { inPlaceOf: { "https://orders.example": url } });
  assert.equal(told, 8, "commands whose output the document shows");
  await gateway.caughtUp();
  assert.deepEqual(taken.slice(0, 2), ['{"item":4,"amount":1,"unit":"kg"}', '{"item":17,"amount":2.50,"unit":"kg"}']);
  assert.equal(taken.length, 3);
  await assertConservation(gateway);
});
