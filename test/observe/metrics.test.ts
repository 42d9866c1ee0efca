/** docs/metrics.md lists what a running gateway exports, and nothing else. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";

it("docs/metrics.md names every metric", async (t) => {
  const gateway = new GatewayProcess();
  t.after(() => gateway.dispose());
  await gateway.start();
  const { status, body } = await gateway.api<string>("/metrics", { headers: { authorization: "" } });
  assert.equal(status, 200, "no token is needed from this machine");
  const exported = [...body.matchAll(/^# TYPE (sluice_\w+)/gm)].map((match) => match[1] as string);
  const own = exported.filter((name) => !/^sluice_(process|nodejs)_/.test(name)).sort();
  const documentation = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const documented = [...documentation.matchAll(/^\| `(sluice_\w+)`/gm)].map((match) => match[1] as string).sort();
  assert.deepEqual(documented, own);
});
