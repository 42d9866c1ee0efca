/** `sluice reload` against a real gateway. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { sluice } from "./command-line.ts";

describe("sluice reload", () => {
  const gateway = new GatewayProcess();
  const reload = (...args: readonly string[]) => sluice(["reload", ...args, "--data-dir", gateway.dataDir], {});
  const sql = (text: string): void => {
    const database = new DatabaseSync(join(gateway.dataDir, "projection.db"), { timeout: 5_000 });
    database.exec(text);
    database.close();
  };

  before(() => gateway.start());
  after(() => gateway.dispose());

  it("says that nothing has changed", async () => {
    const { code, stdout, stderr } = await reload();
    assert.deepEqual([code, stdout, stderr], [0, "no changes\n", ""]);
  });

  it("shows what has changed, and fails when a row is refused", async () => {
    sql("INSERT INTO flows (code, topic, action) VALUES ('GOOD', 'a/b', 'STORE_DB'), ('BAD', 'a/#/b', 'STORE_FILE')");
    const { code, stdout, stderr } = await reload();
    assert.deepEqual([code, stdout], [1, "defined GOOD\n"]);
    assert.match(stderr, /a row was refused\n {2}- BAD, (action|topic): .*\n {2}- BAD, (action|topic): /);

    const { value, exit } = await reload("--json").then((run) => ({ value: JSON.parse(run.stdout), exit: run.code }));
    assert.deepEqual([exit, value.flows.refused.length, value.brokers.unchanged], [1, 1, ["default"]]);
    const events = await sluice(["events", "--type", "FlowRowRefused", "--data-dir", gateway.dataDir], {});
    assert.match(events.stdout, /FlowRowRefused +BAD +row of flows invalid: /);
  });
});
