/**
 * A projection that somebody has damaged is made anew beside the live one, while messages come in and the gateway is
 * killed half-way; it is compared, switched to and rolled back, on SQLite, PostgreSQL and MariaDB, and with the log in
 * EventStoreDB.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import type { DataItem, Replay, ReplayInput } from "@sluice/contracts";
import mqtt from "mqtt";
import { createMariadbDatabase, mariadbUnavailable, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { assertConservation } from "../support/conservation.ts";
import { makeStreamPrefix, startServer } from "../support/eventstore.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { requireService } from "../support/services.ts";

const MESSAGES = 400;
const LATER = 100;
const PATIENCE_MS = 60_000;

const rooms = {
  code: "ROOMS",
  topic: "rooms/{room}/climate",
  payloadSchema: { t: "float", h: "int" },
  actions: [{ type: "STORE_DB" as const }],
};

interface Place {
  readonly env: Readonly<Record<string, string>>;
  sql(statement: string, dataDir: string): Promise<void>;
  remove(): Promise<void>;
}

const sqlite = async (): Promise<Place> => ({
  env: {},
  sql: async (statement, dataDir) => {
    const database = new DatabaseSync(join(dataDir, "projection.db"), { timeout: 5_000 });
    database.exec(statement);
    database.close();
  },
  remove: async () => {},
});

const postgres = async (): Promise<Place> => {
  const { location, remove } = await makeSchema();
  const url = new URL(postgresUrl);
  url.searchParams.set("schema", location);
  return {
    env: { EVENT_STORE_URL: url.href, PROJECTION_URL: url.href },
    sql: async (statement) => void (await inPostgres(location, statement)),
    remove: async () => {
      await remove();
      await inPostgres("public", `DROP SCHEMA IF EXISTS ${location}_rebuild CASCADE`);
    },
  };
};

const mariadb = async (): Promise<Place> => {
  const { location, remove } = await createMariadbDatabase();
  return {
    env: { PROJECTION_URL: location },
    sql: (statement) => withMariadb(location, async (connection) => void (await connection.query(statement))),
    remove: async () => {
      const name = new URL(location).pathname.slice(1);
      await withMariadb(location, async (connection) => {
        await connection.query(`DROP DATABASE IF EXISTS ${name}_rebuild`);
      });
      await remove();
    },
  };
};

/** The log there, the projection in SQLite. */
const eventStoreDb = async (): Promise<Place> => {
  const server = await startServer();
  const url = new URL(server.url);
  url.searchParams.set("streamPrefix", makeStreamPrefix());
  return { ...(await sqlite()), env: { EVENT_STORE_URL: url.href }, remove: () => server.stop() };
};

const backEnds = [
  { name: "SQLite", unavailable: async () => null, make: sqlite },
  { name: "PostgreSQL", unavailable: postgresUnavailable, make: postgres },
  { name: "MariaDB", unavailable: mariadbUnavailable, make: mariadb },
  { name: "EventStoreDB", unavailable: async () => null, make: eventStoreDb },
];

const publish = async (gateway: GatewayProcess, from: number, count: number): Promise<void> => {
  const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
  const one = (_: unknown, index: number) =>
    device.publishAsync("rooms/a/climate", `{"t":${from + index}.5,"h":${index}}`, { qos: 1 });
  await Promise.all(Array.from({ length: count }, one));
  await device.endAsync();
};

const request = async (gateway: GatewayProcess, body: ReplayInput): Promise<string> => {
  const answer = await gateway.api<Replay>("/api/v1/replays", { body });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return answer.body.id;
};

const replayOf = async (gateway: GatewayProcess, id: string): Promise<Replay> =>
  (await gateway.api<Replay>(`/api/v1/replays/${id}`)).body;

const ended = async (gateway: GatewayProcess, id: string): Promise<Replay> => {
  const replay = await eventually(
    async () => {
      const found = await replayOf(gateway, id);
      return found.endedAt !== null && found;
    },
    "the replay ends",
    PATIENCE_MS,
  );
  assert.equal(replay.state, "completed", replay.reason ?? "");
  return replay;
};

const run = async (gateway: GatewayProcess, body: ReplayInput): Promise<Replay> =>
  ended(gateway, await request(gateway, body));

const rowsOf = async (gateway: GatewayProcess): Promise<DataItem[]> => {
  await gateway.caughtUp(PATIENCE_MS);
  return (await gateway.all<DataItem>("/api/v1/data")).sort((a, b) => ((a.eventId ?? "") < (b.eventId ?? "") ? -1 : 1));
};

const scenario = async (t: TestContext, { make }: (typeof backEnds)[number]): Promise<void> => {
  const place = await make();
  const gateway = new GatewayProcess({ env: place.env });
  t.after(async () => {
    await gateway.dispose();
    await place.remove();
  });
  await gateway.start();
  await gateway.define(rooms);
  await publish(gateway, 0, MESSAGES);
  const intact = await rowsOf(gateway);
  assert.equal(intact.length, 2 * MESSAGES);

  const sound = await run(gateway, { kind: "rebuild", compareOnly: true });
  const { comparison } = sound.rebuild ?? assert.fail("it has a result");
  assert.deepEqual(comparison.live, comparison.rebuilt, "nothing is wrong yet");
  assert.deepEqual(
    [comparison.live.rows, comparison.missing, comparison.surplus, comparison.changed, comparison.countsDifferent],
    [2 * MESSAGES, 0, 0, 0, 0],
  );
  assert.equal(sound.figures.scanned, MESSAGES);

  const sql = (statement: string) => place.sql(statement, gateway.dataDir);
  await sql("DELETE FROM data WHERE attribute_name = 't' AND last_msg_id BETWEEN 11 AND 30");
  await sql(
    "UPDATE data SET attribute_value = '99.9', value_number = 99.9 WHERE attribute_name = 'h' AND last_msg_id = 5",
  );
  await sql(
    "INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id, " +
      "action, value_type, value_number) SELECT received_at, flow_code, 'forged', '1', last_msg_id, " +
      "'01900000-0000-7000-8000-00000000beef', message_id, action, value_type, 1 FROM data WHERE last_msg_id = 1 " +
      "AND attribute_name = 't'",
  );
  const damaged = await rowsOf(gateway);
  assert.equal(damaged.length, 2 * MESSAGES - 20 + 1);

  // Killed while it reads the log, and messages come in meanwhile.
  const id = await request(gateway, { kind: "rebuild", messagesPerSecond: 100 });
  await eventually(async () => (await replayOf(gateway, id)).figures.scanned > 0, "it is under way");
  await gateway.kill();
  const killedAt = Date.now();
  await gateway.start();
  await publish(gateway, MESSAGES, LATER);
  const rebuilt = await ended(gateway, id);
  assert.ok(Date.parse(rebuilt.endedAt ?? "") > killedAt, "it was killed before its end");
  const result = rebuilt.rebuild ?? assert.fail("it has a result");
  assert.deepEqual(
    [result.comparison.missing, result.comparison.surplus, result.comparison.changed],
    [20, 1, 1],
    JSON.stringify(result.comparison.samples),
  );
  assert.deepEqual(result.switchedOver, { added: 20, removed: 1, changed: 1 });
  const mended = await rowsOf(gateway);
  const withoutIds = (rows: readonly DataItem[]) => rows.map(({ id: _, ...rest }) => rest);
  const before = (rows: readonly DataItem[]) => rows.filter(({ messageNumber }) => messageNumber <= MESSAGES);
  assert.deepEqual(withoutIds(before(mended)), withoutIds(intact), "all is as it was");
  assert.equal(mended.length, 2 * (MESSAGES + LATER));
  const idsBefore = new Map(intact.map((row) => [row.eventId, row.id]));
  const renumbered = before(mended).filter((row) => idsBefore.get(row.eventId) !== row.id);
  assert.equal(renumbered.length, 20, "only rows that were gone have new ids");

  // An undisturbed one comes to the same.
  const undisturbed = await run(gateway, { kind: "rebuild", compareOnly: true });
  const again = undisturbed.rebuild?.comparison ?? assert.fail("it has a result");
  assert.deepEqual(again.live, again.rebuilt);
  assert.equal(again.live.rows, 2 * (MESSAGES + LATER));
  assert.equal(undisturbed.figures.scanned, MESSAGES + LATER);

  await run(gateway, { kind: "rollback" });
  const back = await rowsOf(gateway);
  assert.deepEqual(before(back), before(damaged), "the damage is back, with its ids");
  assert.equal(back.length, damaged.length + 2 * LATER, "what came since is kept");
  const twice = await gateway.api("/api/v1/replays", { body: { kind: "rollback" } });
  assert.equal(twice.status, 422, JSON.stringify(twice.body));
  await run(gateway, { kind: "rebuild" });
  assert.deepEqual(withoutIds(await rowsOf(gateway)), withoutIds(mended));
  await assertConservation(gateway);
};

for (const backEnd of backEnds) {
  describe(`a rebuild on ${backEnd.name}`, () => {
    it("mends what was damaged, killed half-way too, and is rolled back", async (t) => {
      if (!requireService(t, backEnd.name, (await backEnd.unavailable()) === null)) return;
      await scenario(t, backEnd);
    });
  });
}
