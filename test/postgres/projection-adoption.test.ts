/** Tables of the older gateway, taken over in place; and tables of somebody else's, left alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UnusableDatabase } from "@sluice/adapter-postgres";
import { ProjectionUnavailable } from "@sluice/domain";
import {
  definition,
  feed,
  instant,
  itemOf,
  readData,
  row,
  withoutId,
} from "../conformance/projection-store-support.ts";
import { inPostgres, postgresUnavailable } from "../support/postgres.ts";
import { makeProjection } from "./projection.ts";

/** Where the rows lie, and which transaction wrote them: both change when they are written anew. */
const PLACES = `SELECT tableoid::regclass::text AS table, pg_relation_filenode(tableoid)::text AS file, ctid, xmin
  FROM data WHERE event_id IS NULL`;

const codes = async (query: (sql: string) => Promise<readonly Record<string, unknown>[]>) =>
  (await query("SELECT code FROM flows ORDER BY code")).map(({ code }) => code);

describe("postgres projection: adoption", { skip: (await postgresUnavailable()) ?? false, timeout: 60_000 }, () => {
  test("writes no row of `data` anew, and leaves the table without partitions", async (t) => {
    const { makeOlderTables, open, query } = await makeProjection(t);
    await makeOlderTables();
    await query("ALTER TABLE data ADD event_id text");
    const before = await query(PLACES);
    const store = await open();
    const rows = [row({ receivedAt: instant(1) }), row({ receivedAt: instant(2) })];
    assert.deepEqual(await feed(store)({ rows }), { dead: [] });
    assert.deepEqual(await query(PLACES), before);
    assert.deepEqual((await readData(store, { from: instant(0) })).map(withoutId), rows.map(itemOf));
    assert.deepEqual(await query("SELECT DISTINCT tableoid::regclass::text AS name FROM data"), [{ name: "data" }]);
  });

  test("is done once where several start at the same time", async (t) => {
    const { makeOlderTables, open, query } = await makeProjection(t);
    await makeOlderTables();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open()));
    for (const store of stores) assert.equal((await readData(store)).length, 1);
    const [done] = await query("SELECT count(*)::int AS all, max(number) AS last FROM sluice_migrations");
    assert.equal(done?.all, done?.last);
  });

  test("gives ids where nothing gave them, and lets a row outlive its flow", async (t) => {
    const { schema, open, query } = await makeProjection(t);
    await inPostgres(
      schema,
      `CREATE SCHEMA ${schema};
      CREATE TABLE flows (id integer PRIMARY KEY, code varchar(100) NOT NULL UNIQUE, description varchar(255),
        topic varchar(255) NOT NULL, action varchar(30) NOT NULL, payload_schema json, endpoint_url varchar(500),
        last_msg_id integer NOT NULL, enabled boolean NOT NULL);
      CREATE VIEW numbers AS SELECT code, last_msg_id FROM flows;
      CREATE TABLE data (id integer PRIMARY KEY, received_at timestamptz NOT NULL, attribute_name varchar(255) NOT NULL,
        flow_code varchar(100) NOT NULL REFERENCES flows (code) ON DELETE CASCADE, attribute_value text NOT NULL,
        last_msg_id integer NOT NULL);
      INSERT INTO flows VALUES (7, 'OLD', NULL, 'a/b', 'STORE_DB', '{}', NULL, 3, true);
      INSERT INTO data VALUES (41, '2025-06-01 14:00:00+02', 'a', 'OLD', '1', 3)`,
    );
    const store = await open();
    const flow = (code: string) => ({ code, definition: definition({ code }), enabled: true });
    const apply = feed(store);
    await apply({ rows: [row({ flow: "NONE" })], flows: [flow("NEW")], lastMessageNumbers: new Map([["NEW", 9]]) });
    await apply({ flows: [flow("OLD")] });
    await apply({ flows: [{ code: "OLD", definition: null, enabled: false }] });
    assert.deepEqual(
      (await readData(store)).map(({ id, flow: code, receivedAt }) => [id, code, receivedAt]),
      [
        ["41", "OLD", "2025-06-01T12:00:00.000Z"],
        ["42", "NONE", instant(0)],
      ],
    );
    assert.deepEqual(await query("SELECT id, code, last_msg_id FROM flows"), [{ id: 8, code: "NEW", last_msg_id: 9 }]);
  });

  test("says that the ids have come to their end, and lets no row die of it", async (t) => {
    const { makeOlderTables, open, query } = await makeProjection(t);
    await makeOlderTables();
    const store = await open();
    await query("SELECT setval('data_id_seq', 2147483647)");
    const apply = feed(store);
    await assert.rejects(
      apply({ rows: [row()] }),
      (error) => error instanceof ProjectionUnavailable && /data_id_seq/.test(error.message),
    );
    assert.deepEqual(await store.counts(), []);
    // What the documentation says to do.
    await query(
      "ALTER TABLE data ALTER id TYPE bigint, ALTER last_msg_id TYPE bigint; ALTER SEQUENCE data_id_seq AS bigint",
    );
    assert.equal(await store.cursor("projection"), null);
    const far = row({ messageNumber: 2 ** 40 });
    assert.deepEqual(await feed(store)({ rows: [far] }), { dead: [] });
    assert.equal((await readData(store)).at(-1)?.messageNumber, 2 ** 40);
  });

  test("leaves tables alone that are not the older gateway's", async (t) => {
    const { schema, make, query } = await makeProjection(t);
    await inPostgres(schema, `CREATE SCHEMA ${schema}; CREATE TABLE data (id bigint, payload bytea)`);
    await assert.rejects(
      make().start(),
      (error) => error instanceof UnusableDatabase && /no data\.received_at, data\.flow_code/.test(error.message),
    );
    assert.deepEqual(await query("SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"), [
      { relname: "data" },
    ]);
  });

  test("leaves tables alone that a newer version has made", async (t) => {
    const { open, make, query } = await makeProjection(t);
    await open();
    await query("INSERT INTO sluice_migrations (store, number, name, hash) VALUES ('projection', 999, '0999', '')");
    await assert.rejects(make().start(), UnusableDatabase);
  });

  test("keeps an edit by hand that gave way to the log, and does not touch a row that needs no change", async (t) => {
    const { open, query } = await makeProjection(t);
    const store = await open();
    const apply = feed(store);
    const flow = (description: string) => ({
      code: "F",
      definition: definition({ code: "F", description }),
      enabled: true,
    });
    await apply({ flows: [flow("one")] });
    const [before] = await query("SELECT xmin FROM flows");
    await apply({ flows: [flow("one")] });
    assert.deepEqual(await query("SELECT xmin FROM flows"), [before]);
    await query("UPDATE flows SET description = 'by hand'");
    await apply({ flows: [flow("two")] });
    assert.deepEqual(await query("SELECT description FROM flows"), [{ description: "two" }]);
    const [overruled] = await query("SELECT code, position, edit FROM sluice_flow_overruled");
    assert.deepEqual([overruled?.code, overruled?.position], ["F", "3"]);
    assert.equal(JSON.parse(overruled?.edit as string).description, "by hand");
    assert.deepEqual(await codes(query), ["F"]);
  });
});
