/** Moving from the older gateway as docs/migration.md says, and going back, on a database that it has made. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import mqtt from "mqtt";
import {
  createMariadbDatabase,
  mariadb,
  mariadbOptions,
  mariadbUnavailable,
  withMariadb,
} from "../conformance/projection-store-mariadb.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { failedStart } from "./failed-start.ts";

const unavailable = await mariadbUnavailable();

describe("moving from the older gateway", { skip: unavailable ?? false }, () => {
  let database: Awaited<ReturnType<typeof createMariadbDatabase>>;
  let gateway: GatewayProcess;
  let user = "";

  const sql = <T>(statement: string, values: readonly unknown[] = []): Promise<T[]> =>
    withMariadb(database.location, async (connection) => {
      const result: unknown = await connection.query(statement, [...values]);
      return Array.isArray(result) ? [...result] : [];
    });
  /** As the older gateway stores a message, with its own columns alone. */
  const storeAsBefore = async (number: number): Promise<void> => {
    await sql("UPDATE flows SET last_msg_id = ? WHERE code = 'AHT10_SENSOR'", [number]);
    await sql(
      `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
       VALUES (NOW(), 'AHT10_SENSOR', 'temperature', '21.5', ?), (NOW(), 'AHT10_SENSOR', 'ok', 'True', ?)`,
      [number, number],
    );
  };

  before(async () => {
    database = await createMariadbDatabase();
    await mariadb.createOlderTables(database.location);
    await sql(`INSERT INTO flows (code, description, topic, action, payload_schema, endpoint_url, last_msg_id, enabled)
      VALUES ('AHT10_SENSOR', 'Sensor', 'sensors/aht10', 'STORE_DB', '{"temperature":"float"}', NULL, 0, 1),
             ('BROKEN', 'No such type', 'broken', 'STORE_DB', '{"temperature":"flaot"}', NULL, 0, 1)`);
    await storeAsBefore(41);
    const { host, port, database: name } = mariadbOptions(database.location);
    user = name.slice(0, 32);
    await sql(`CREATE USER ${user} IDENTIFIED BY 'p@ss/w:rd'`);
    await sql(`GRANT ALL ON ${name}.* TO ${user}`);
    const env = { DB_HOST: host, DB_PORT: String(port), DB_NAME: name, DB_USER: user, DB_PASSWORD: "p@ss/w:rd" };
    gateway = new GatewayProcess({ env });
    await gateway.start();
  });
  after(async () => {
    await gateway?.dispose();
    if (user !== "") await sql(`DROP USER IF EXISTS ${user}`);
    await database?.remove();
  });

  it("takes flows and rows over, counts on, and names the row that makes no flow", async () => {
    const { body } = await gateway.api("/api/v1/flows");
    assert.deepEqual(
      body.items.map((flow: { code: string }) => flow.code),
      ["AHT10_SENSOR"],
    );
    const health = (await gateway.api("/health")).body;
    assert.ok(JSON.stringify(health.reasons).includes("BROKEN"), JSON.stringify(health.reasons));

    await eventually(
      async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= 1,
      "the subscription",
    );
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    await device.publishAsync("sensors/aht10", '{"temperature":22.50,"ok":true}', { qos: 1 });
    await device.endAsync();
    await gateway.caughtUp();
    const rows = await sql<{ name: string; value: string; number: number }>(
      `SELECT attribute_name AS name, attribute_value AS value, last_msg_id AS number FROM data
       WHERE flow_code = 'AHT10_SENSOR' ORDER BY last_msg_id, attribute_name DESC`,
    );
    assert.deepEqual(
      rows.map(({ name, value, number }) => [name, value, Number(number)]),
      [
        ["temperature", "21.5", 41],
        ["ok", "True", 41],
        ["temperature", "22.50", 42],
        ["ok", "true", 42],
      ],
    );
    const items = await gateway.all("/api/v1/data?flow=AHT10_SENSOR");
    assert.equal(items.length, 4, "the old rows are in the API too");
  });

  it("leaves tables that the older gateway can work on, and takes up what it did there", async () => {
    await gateway.stop();
    const [flow] = await sql<Record<string, unknown>>("SELECT * FROM flows WHERE code = 'AHT10_SENSOR'");
    assert.deepEqual(
      [flow?.topic, flow?.action, JSON.parse(flow?.payload_schema as string), Number(flow?.last_msg_id)],
      ["sensors/aht10", "STORE_DB", { temperature: "float" }, 42],
    );
    await storeAsBefore(43);
    await sql("UPDATE flows SET topic = 'sensors/aht10/new' WHERE code = 'AHT10_SENSOR'");

    await gateway.start();
    const revised = (await gateway.api("/api/v1/flows/AHT10_SENSOR")).body;
    assert.equal(revised.topic ?? revised.definition?.topic, "sensors/aht10/new");
    assert.equal((await gateway.all("/api/v1/data?flow=AHT10_SENSOR")).length, 6);
  });

  it("says so when the log is another one than the tables were made from", async () => {
    await gateway.stop();
    const directory = mkdtempSync(join(tmpdir(), "sluice-migration-"));
    try {
      const said = failedStart({ DATA_DIR: directory, PROJECTION_URL: database.location });
      assert.match(said, /the projection has taken in a log up to position \d+, but the log is empty/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
