/** What the conformance suite cannot ask of every database: SQLite's texts without a limit, and how listings are found. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { SqliteProjectionStore } from "@sluice/adapter-sqlite";
import type { DataFilter, DeadLetterFilter } from "@sluice/domain";
import {
  feed,
  instant,
  itemOf,
  letter,
  nextUuid,
  readData,
  readPages,
  row,
  withoutId,
} from "../conformance/projection-store-support.ts";

let directory: string;
let path: string;
let store: SqliteProjectionStore;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "sluice-projection-listing-"));
  path = join(directory, "projection.db");
  store = new SqliteProjectionStore({ path });
  await store.start();
});
afterEach(async () => {
  await store.stop();
  rmSync(directory, { recursive: true, force: true });
});

test("keeps texts of a megabyte, and of NUL characters", async () => {
  const rows = ["x🌡️".repeat(300_000), "a\0b\0", "\0"].map((text, index) =>
    row({ valueType: "string", text, number: null, receivedAt: instant(index), attribute: `a\0${index}` }),
  );
  assert.deepEqual(await feed(store)({ rows }), { dead: [] });
  assert.deepEqual((await readData(store)).map(withoutId), rows.map(itemOf));
});

test("reads times that others have written in other forms", async () => {
  const other = new DatabaseSync(path);
  const insert = other.prepare("INSERT INTO data (received_at, flow_code, attribute_name) VALUES (?, 'F', 'a')");
  const written = ["2026-03-01 10:00:00", "2026-03-01 10:00:00.5", "2026-03-01 10:00:00.500999"];
  for (const time of [...written, "2026-03-02T10:00:00.25Z", "2026-03-03", "sometime"]) insert.run(time);
  other.exec("INSERT INTO data (flow_code, attribute_name, attribute_value) VALUES ('NOW', 'a', '1')");
  other.close();
  const times = async (filter: DataFilter) => (await readData(store, filter)).map(({ receivedAt }) => receivedAt);
  assert.deepEqual(await times({ flow: "F" }), [
    "2026-03-01T10:00:00.000Z",
    "2026-03-01T10:00:00.500Z",
    "2026-03-01T10:00:00.500Z",
    "2026-03-02T10:00:00.250Z",
    "2026-03-03T00:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
  ]);
  assert.equal((await times({ from: "2026-03-01T10:00:00.500Z", to: "2026-03-01T10:00:00.500Z" })).length, 2);
  assert.equal((await times({ from: "2026-03-01T10:00:00Z", to: "2026-03-01T10:00:00Z" })).length, 1);
  const [now] = await times({ flow: "NOW" });
  assert.ok(Math.abs(Date.parse(now as string) - Date.now()) < 60_000, "the default is the time of the insert, in UTC");
});

test("finds a rare attribute among thousands of rows of hundreds of flows", async () => {
  const rows = Array.from({ length: 12_000 }, (_, index) =>
    row({
      flow: `FLOW_${index % 150}`,
      attribute: index % 4_000 === 10 ? "rare" : "common",
      receivedAt: instant(index),
    }),
  );
  await feed(store)({ rows });
  const expected = rows.filter(({ attribute }) => attribute === "rare").map(({ eventId }) => eventId);
  for (const limit of [1, 2, 100]) {
    const found = await readPages((page) => store.data({ attribute: "rare" }, page), { limit, order: "desc" });
    assert.deepEqual(
      found.map(({ eventId }) => eventId),
      expected.toReversed(),
    );
  }
});

test("looks at no more of a table than it gives", async (t) => {
  const prepared = new Set<string>();
  const prepare = DatabaseSync.prototype.prepare;
  t.mock.method(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    prepared.add(sql);
    return prepare.call(this, sql);
  });
  const dataFilters: DataFilter[] = [
    {},
    { flow: "F" },
    { attribute: "a" },
    { flow: "F", attribute: "a" },
    { messageId: nextUuid() },
    { messageId: nextUuid(), flow: "F", attribute: "a" },
  ];
  const letterFilters: DeadLetterFilter[] = [
    {},
    { flow: "F" },
    { action: "a" },
    { kind: "row" },
    { flow: "F", action: "a" },
    { ids: ["a"] },
    { cause: "c" },
    { cause: "c", flow: "F", action: "a", kind: "row" },
    { cause: "c", ids: ["a"] },
  ];
  // Enough flows for the walk along time to be tried.
  const rows = Array.from({ length: 150 }, (_, index) => row({ flow: `F${index}`, attribute: "a" }));
  await feed(store)({ rows, deadLetters: [{ kind: "add", letter: letter() }] });
  for (const order of ["asc", "desc"] as const) {
    for (const filter of dataFilters) await store.data(filter, { limit: 10, order });
    for (const filter of letterFilters) await store.deadLetters(filter, { limit: 10, order });
    for (const { ids: _, ...filter } of letterFilters) await store.deadLetterCauses(filter, 10);
  }
  t.mock.restoreAll();
  const other = new DatabaseSync(path);
  const plans = [...prepared]
    .filter((sql) => /^\s*(SELECT|WITH)/.test(sql))
    .map((sql) => ({
      sql,
      plan: other
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    }));
  other.close();
  assert.ok(plans.length >= 20);
  for (const { sql, plan } of plans) {
    for (const detail of plan) {
      assert.doesNotMatch(detail, /SCAN (data|dead_letters)(?! USING (COVERING )?INDEX)/, sql);
      // One message has few rows, the ids of dead letters are given one by one, and causes are few.
      if (!/message_id = \?|json_each|dead_letter_groups/.test(sql)) assert.doesNotMatch(detail, /TEMP B-TREE/, sql);
    }
    if (/WHERE message_id = \?/.test(sql)) assert.match(plan.join(), /data_message/, sql);
  }
});
