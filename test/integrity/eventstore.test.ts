/** A log in EventStoreDB. Its interface alters no event; but a server can be exchanged for another one. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { verifyLog } from "../../packages/app/src/integrity/verify/verify-log.ts";
import { startServer } from "../support/eventstore.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { defineFlow, publish, sealed } from "./support.ts";
import { configurationOf } from "./tampering.ts";

it("a log in EventStoreDB is sealed and verified, and another in its place is found", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-seal-esdb-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const env = { EVENT_STORE_URL: server.url };
  const gateway = new GatewayProcess({ dataDir, env });
  t.after(() => gateway.kill());
  await gateway.start();
  await defineFlow(gateway);
  await publish(gateway, 150);
  const size = await sealed(gateway);
  const [first] = await gateway.all("/api/v1/events");
  await gateway.stop();
  const verify = (url = server.url) =>
    verifyLog({
      configuration: configurationOf({ EVENT_STORE_URL: url, DATA_DIR: dataDir }),
      checkpoints: [],
      keyOf: () => undefined,
    });
  const { problem, verified } = await verify();
  assert.equal(problem, null);
  assert.ok(verified >= size && size > 450, `${verified} of ${size}`);

  const another = await startServer();
  t.after(() => another.stop());
  const found = (await verify(another.url)).problem;
  assert.equal(found?.kind, "missing");
  assert.equal(found?.id, first.id);
});
