/** A row is found by its id through an index, in new tables as in those of the older gateway. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { feed, instant, readData, row } from "../conformance/projection-store-support.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { makeProjection, type Projection } from "./projection.ts";

const DAY_MS = 86_400_000;
const ROWS = 300;

/** Fills the tables with rows of four months and looks one up. @returns the plan, with the session's settings */
const planOfLookup = async ({ open, connect }: Projection): Promise<readonly string[]> => {
  const store = await open();
  const rows = Array.from({ length: ROWS }, (_, n) => row({ receivedAt: instant((n % 120) * -DAY_MS) }));
  await feed(store)({ rows });
  for (const item of (await readData(store)).slice(-3)) assert.deepEqual(await store.row(item.id), item);
  const client = await connect();
  await client.query("ANALYZE data; SET enable_seqscan = off; SET enable_bitmapscan = off");
  const { rows: lines } = await client.query("EXPLAIN SELECT * FROM data WHERE id = '7'::bigint LIMIT 1");
  return lines.map((line) => line["QUERY PLAN"]);
};

const indexesById = (query: Projection["query"]) =>
  query(
    `SELECT indexname AS name FROM pg_indexes
     WHERE schemaname = current_schema() AND tablename = 'data' AND indexdef LIKE '%(id)'`,
  );

describe("postgres projection: rows by id", { skip: (await postgresUnavailable()) ?? false, timeout: 60_000 }, () => {
  test("are found in every partition by its index", async (t) => {
    const tables = await makeProjection(t);
    const plan = (await planOfLookup(tables)).join("\n");
    const scans = plan.match(/(Index|Seq|Bitmap Heap) Scan.*/g) ?? [];
    assert.ok(scans.length > 4, plan);
    for (const scan of scans) assert.match(scan, /^Index Scan using data_\w+_id_idx /, plan);
    assert.equal(plan.match(/Index Cond: \(id = '7'::bigint\)/g)?.length, scans.length, plan);
  });

  test("are found in adopted tables by the key that those have", async (t) => {
    const tables = await makeProjection(t);
    await tables.makeOlderTables();
    const plan = (await planOfLookup(tables)).join("\n");
    assert.match(plan, /Index Scan using data_pkey on data/);
    assert.match(plan, /Index Cond: \(id = '7'::bigint\)/);
    assert.deepEqual(await indexesById(tables.query), [{ name: "data_pkey" }]);
  });
});
