/** Partitions of `data`: made ahead, found where rows need them, removed with their rows, and never waited for. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  batch,
  countsOf,
  doneOf,
  feed,
  itemOf,
  readData,
  row,
  withoutId,
} from "../conformance/projection-store-support.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { makeProjection, type Projection } from "./projection.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const at = (instant: string) => row({ receivedAt: `${instant}T12:00:00.000Z` });

/** Rows of `data` by the table that holds them. */
const placesOf = async ({ query }: Projection): Promise<Record<string, number>> => {
  const rows = await query("SELECT tableoid::regclass::text AS name, count(*) FROM data GROUP BY name ORDER BY name");
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]));
};

const partitionsOf = async ({ query }: Projection): Promise<string[]> => {
  const rows = await query(
    "SELECT relid::text AS name FROM pg_partition_tree('data') WHERE isleaf ORDER BY relid::text COLLATE \"C\"",
  );
  return rows.map(({ name }) => name as string);
};

/** A clock that stands until it is set. */
const clockAt = (day: string) => {
  let time = Date.parse(`${day}T12:00:00Z`);
  return {
    now: () => time,
    pass: (ms: number) => {
      time += ms;
    },
  };
};

describe("postgres projection: partitions", { skip: (await postgresUnavailable()) ?? false, timeout: 60_000 }, () => {
  test("are there before their time, and are made for the rows of a log that is read again", async (t) => {
    const projection = await makeProjection(t);
    const clock = clockAt("2026-01-15");
    const store = await projection.open({ clock });
    assert.deepEqual(await partitionsOf(projection), ["data_2026_01", "data_default"]);
    const apply = feed(store);
    clock.pass(8 * DAY_MS);
    await apply({});
    assert.deepEqual(await partitionsOf(projection), ["data_2026_01", "data_2026_02", "data_default"]);

    const rows = ["2023-11-30", "2023-12-01", "2024-02-29", "2026-01-23"].map(at);
    await apply({ rows });
    assert.deepEqual(await placesOf(projection), {
      data_2023_11: 1,
      data_2023_12: 1,
      data_2024_02: 1,
      data_2026_01: 1,
    });
    assert.deepEqual((await readData(store)).map(withoutId), rows.map(itemOf));
    assert.deepEqual(await apply({ rows }), { dead: [] }, "each event once, in whatever partition");
    assert.equal((await readData(store)).length, 4);
  });

  test("are not made for times that no message has", async (t) => {
    const projection = await makeProjection(t);
    const store = await projection.open({ clock: clockAt("2026-01-15") });
    const rows = ["1970-01-01", "1999-12-31", "2026-06-01", "9999-12-31"].map(at);
    assert.deepEqual(await feed(store)({ rows }), { dead: [] });
    assert.deepEqual(await placesOf(projection), { data_default: 4 });
    assert.deepEqual((await readData(store)).map(withoutId), rows.map(itemOf));
    assert.equal((await readData(store, { from: "2026-05-01T00:00:00Z" })).length, 2);
  });

  test("may be of another length from some day on", async (t) => {
    const projection = await makeProjection(t);
    await (await projection.open({ clock: clockAt("2026-01-15") })).stop();
    const daily = await projection.open({ clock: clockAt("2026-01-29"), partitionBy: "day" });
    await (await projection.open({ clock: clockAt("2026-02-05") })).stop();
    await feed(daily)({ rows: ["2026-01-31", "2026-02-01", "2026-02-08", "2026-02-09"].map(at) });
    assert.deepEqual(await placesOf(projection), {
      data_2026_01: 1,
      data_2026_02_01: 1,
      data_2026_02_08: 1,
      data_2026_02_09: 1,
    });
    const last = await projection.open({ clock: clockAt("2026-02-20") });
    await last.apply(batch({ consumer: "other", rows: [at("2026-02-20")] }));
    assert.equal((await placesOf(projection)).data_2026_02_09, 2, "the rest of the month");
  });

  test("go with their rows once all that they can hold is too old; counts stay", async (t) => {
    const projection = await makeProjection(t);
    const clock = clockAt("2026-03-30");
    const store = await projection.open({ clock, retentionDays: 30 });
    const apply = feed(store);
    const rows = ["1990-01-01", "2026-02-01", "2026-02-28", "2026-03-01", "2026-03-31"].map(at);
    await apply({ rows });
    assert.equal((await readData(store)).length, 5, "looked after once an hour");
    clock.pass(HOUR_MS);
    await apply({});
    assert.deepEqual(await placesOf(projection), { data_2026_02: 2, data_2026_03: 2 });
    clock.pass(DAY_MS);
    await apply({});
    assert.deepEqual(await placesOf(projection), { data_2026_03: 2 });
    assert.ok(!(await partitionsOf(projection)).includes("data_2026_02"));
    assert.deepEqual(await countsOf(store), [5, 0, 0]);
    assert.deepEqual((await readData(store)).map(withoutId), rows.slice(3).map(itemOf));
  });

  test("stay when the clock has run ahead of the server's", async (t) => {
    const projection = await makeProjection(t);
    const clock = clockAt("2026-01-15");
    await feed(await projection.open({ clock }))({ rows: [row({ receivedAt: new Date().toISOString() })] });
    await projection.open({ clock: clockAt("2099-01-01"), retentionDays: 30 });
    assert.equal(Object.values(await placesOf(projection)).length, 1);
  });

  test("are not needed for rows of an adopted table to grow too old", async (t) => {
    const projection = await makeProjection(t);
    await projection.makeOlderTables();
    const clock = clockAt("2026-03-31");
    const store = await projection.open({ clock });
    const apply = feed(store);
    await apply({ rows: ["2026-01-01", "2026-03-31"].map(at) });
    assert.equal((await readData(store)).length, 3);
    await projection.open({ clock, retentionDays: 30 });
    assert.deepEqual(
      (await readData(store)).map(({ receivedAt }) => receivedAt),
      ["2026-03-31T12:00:00.000Z"],
    );
  });

  test("are never waited for: with a report at work, rows go where they can", async (t) => {
    const projection = await makeProjection(t);
    const clock = clockAt("2026-01-15");
    const errors: string[] = [];
    const onPartitionError = (error: Error) => errors.push(error.message);
    const store = await projection.open({ clock, onPartitionError });
    const apply = feed(store);
    await apply({ rows: [at("2026-01-15")] });
    const report = await projection.connect();
    await report.query("BEGIN; SELECT count(*) FROM data");

    const rows = ["2025-12-01", "2026-01-16"].map(at);
    await apply({ rows });
    assert.deepEqual(await placesOf(projection), { data_2026_01: 2, data_default: 1 });
    assert.equal(errors.length, 1);
    assert.match(errors[0] as string, /lock timeout/);
    await apply({ rows: [at("2025-12-02")] });
    assert.equal(errors.length, 1, "tried once an hour");

    await report.query("COMMIT");
    clock.pass(HOUR_MS);
    await apply({ rows: ["2025-12-03", "2025-11-03"].map(at) });
    assert.match(errors[1] as string, /default partition/, "where rows of the month are already");
    assert.deepEqual(await placesOf(projection), { data_2025_11: 1, data_2026_01: 2, data_default: 3 });
    assert.equal((await readData(store)).length, 6);
  });

  test("are removed another time when a report is at work", async (t) => {
    const projection = await makeProjection(t);
    const clock = clockAt("2026-03-31");
    const errors: string[] = [];
    const onPartitionError = (error: Error) => errors.push(error.message);
    const store = await projection.open({ clock, retentionDays: 10, onPartitionError });
    const apply = feed(store);
    await apply({ rows: ["2026-02-01", "2026-03-31"].map(at) });
    const report = await projection.connect();
    await report.query("BEGIN; SELECT count(*) FROM data");
    clock.pass(HOUR_MS);
    await apply({ rows: [at("2026-03-30")] });
    assert.equal((await readData(store)).length, 3);
    assert.match(errors[0] as string, /lock timeout/);
    await report.query("COMMIT");
    clock.pass(HOUR_MS);
    await apply({});
    assert.deepEqual(await placesOf(projection), { data_2026_03: 2 });
  });

  test("are emptied by a reset, also while a report reads them", async (t) => {
    const projection = await makeProjection(t);
    const store = await projection.open({ clock: clockAt("2026-01-15") });
    const rows = ["2025-12-01", "2026-01-15", "1990-01-01"].map(at);
    const once = batch({ rows, done: doneOf(rows) });
    await store.apply(once);
    await projection.query(
      "INSERT INTO data (received_at, flow_code, attribute_name, attribute_value) VALUES ('2025-12-01', 'OLD', 'a', '1')",
    );
    const report = await projection.connect();
    for (const statement of ["SELECT 1", "BEGIN; SELECT count(*) FROM data"]) {
      await report.query(statement);
      await store.reset("projection");
      assert.deepEqual(await placesOf(projection), { data_2025_12: 1 }, "a row of the older gateway stays");
      await store.apply(once);
    }
    await report.query("COMMIT");
    assert.equal((await readData(store)).length, 4);
    assert.deepEqual(await countsOf(store), [3, 0, 0]);
  });

  test("are made once by stores that start at the same time", async (t) => {
    const projection = await makeProjection(t);
    const errors: Error[] = [];
    const clock = clockAt("2026-01-25");
    const open = () => projection.open({ clock, partitionBy: "day", onPartitionError: (error) => errors.push(error) });
    const stores = await Promise.all([open(), open(), open()]);
    assert.equal((await partitionsOf(projection)).length, 12);
    assert.deepEqual(errors, []);
    for (const [index, store] of stores.entries()) {
      await store.apply(batch({ consumer: `${index}`, rows: [at("2026-02-04")] }));
    }
    assert.deepEqual(await placesOf(projection), { data_2026_02_04: 3 });
  });
});
