/** Reloading, over real tables and a real log: by itself, one at a time, and while something is away. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteFlowSource } from "@sluice/adapter-sqlite";
import { FlowTables } from "@sluice/app";
import type { FlowDefinitionInput } from "@sluice/contracts";
import {
  EventStoreUnavailable,
  type FlowSourceContent,
  FlowSourceUnavailable,
  type MqttServerRow,
  normaliseDefinition,
} from "@sluice/domain";
import { pino } from "pino";
import { eventually } from "../support/gateway-process.ts";
import { IngestFixture } from "../support/ingest-fixture.ts";

const HOUR_MS = 3_600_000;

describe("flow tables", () => {
  let fixture: IngestFixture;
  let path: string;
  let source: SqliteFlowSource;
  let servers: (readonly MqttServerRow[])[];
  const running: FlowTables[] = [];

  const sql = (text: string): void => {
    const database = new DatabaseSync(path, { timeout: 5_000 });
    database.exec(text);
    database.close();
  };
  const insert = (code: string, topic = `${code}/#`): void =>
    sql(`INSERT INTO flows (code, topic, action) VALUES ('${code}', '${topic}', 'STORE_DB')`);

  const tables = (intervalMs = HOUR_MS): FlowTables => {
    const made = new FlowTables({
      source,
      registry: fixture.registry,
      // The store whose appends the fixture can make fail.
      store: { append: (batch) => fixture.intercept(batch, (real) => fixture.store.append(real)) },
      check: (input) => normaliseDefinition(input as FlowDefinitionInput, { timeoutSeconds: 10 }),
      applyServers: async (rows) => {
        servers.push(rows);
        return { started: [], replaced: [], stopped: [], unchanged: [] };
      },
      intervalMs,
      patienceMs: 200,
      log: pino({ level: "silent" }),
    });
    running.push(made);
    return made;
  };

  beforeEach(async () => {
    fixture = new IngestFixture();
    await fixture.start();
    path = join(fixture.dataDir, "projection.db");
    source = new SqliteFlowSource({ path });
    servers = [];
  });

  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    await fixture.stop();
  });

  it("are read at the start, and again at every interval", async () => {
    await source.start();
    insert("A");
    await tables(20).start();
    assert.equal(fixture.registry.get("A")?.status, "enabled");
    assert.equal(servers[0]?.[0]?.host, "localhost");
    insert("B");
    await eventually(() => fixture.registry.get("B") !== undefined, "B is picked up");
  });

  it("are read after they were asked for, one reading at a time", async () => {
    const read = source.read.bind(source);
    let reading = 0;
    let reads = 0;
    const gate = Promise.withResolvers<void>();
    source.read = async (): Promise<FlowSourceContent> => {
      reads += 1;
      reading += 1;
      assert.equal(reading, 1);
      const content = await read();
      if (reads === 1) await gate.promise;
      reading -= 1;
      return content;
    };
    const flows = tables();
    const first = flows.reload();
    await eventually(() => reads === 1, "the first reads");
    insert("A");
    const [second, third] = [flows.reload(), flows.reload()];
    assert.equal(second, third, "those that wait are one");
    gate.resolve();
    assert.deepEqual((await first).flows.defined, []);
    assert.deepEqual((await second).flows.defined, ["A"]);
    assert.equal(reads, 2);
  });

  it("are acted on when the log is back; brokers do not wait for it", async () => {
    await source.start();
    insert("A");
    sql("INSERT INTO flows (code, topic, action) VALUES ('BAD', '', 'STORE_DB')");
    fixture.intercept = () => Promise.reject(new EventStoreUnavailable("the disk is full"));
    const flows = tables();
    await flows.start();
    assert.match(String(flows.status().failing), /the disk is full/);
    assert.equal(servers.length, 1);
    assert.equal(fixture.registry.get("A"), undefined);
    fixture.intercept = (batch, append) => append(batch);
    const { flows: result } = await flows.reload();
    assert.deepEqual([result.defined, result.refused.map(({ code }) => code)], [["A"], ["BAD"]]);
    const { failing, refused } = flows.status();
    assert.deepEqual([failing, refused.map(({ code }) => code)], [null, ["BAD"]]);
    assert.match(String(refused[0]?.reason), /^topic .* empty/);
    await flows.reload();
    const { events } = await fixture.store.readAll({ limit: 10, filter: { stream: "table-flows" } });
    assert.deepEqual(
      events.map(({ type, metadata }) => [type, metadata.actor]),
      [["FlowRowRefused", "gateway"]],
    );
  });

  it("hold neither the start nor the stop up when the database hangs", async () => {
    const flows = tables();
    source.read = () => new Promise(() => {});
    await flows.start();
    assert.match(String(flows.status().failing), /no answer within 0\.2 s/);
    const reloading = assert.rejects(flows.reload(), FlowSourceUnavailable);
    await flows.stop();
    await reloading;
  });

  it("do not overwrite what someone changes while they are read", async () => {
    await source.start();
    insert("A");
    const flows = tables();
    const read = source.read.bind(source);
    source.read = async () => {
      const content = await read();
      source.read = read;
      await fixture.define({ code: "A", topic: "by/api", actions: [{ type: "STORE_DB" }] });
      return content;
    };
    assert.deepEqual((await flows.reload()).flows.defined, []);
    assert.equal(fixture.registry.get("A")?.definition?.topic, "by/api");
  });

  it("take many rows", async () => {
    await source.start();
    sql(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO flows (code, topic, action, last_msg_id) SELECT 'F' || i, 'f/' || i, 'STORE_DB', i FROM n`);
    const { flows } = await tables().reload();
    assert.equal(flows.defined.length, 1_000);
    assert.equal(fixture.registry.get("F777")?.lastMessageNumber, 777);
  });
});
