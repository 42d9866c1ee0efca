/** Pages of rows are read by indexes alone, whatever the tables' size was when they were planned. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRows, rowsFrom } from "../conformance/projection-rebuild-support.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { plansOf, recordStatements } from "../support/postgres-plans.ts";
import { makeRebuild } from "./rebuild.ts";

const skip = (await postgresUnavailable()) ?? false;

for (const kind of ["partitioned", "adopted"] as const) {
  test(`answers each page of rows by indexes, of a table that is ${kind}`, { skip }, async (t) => {
    const made = await makeRebuild(t);
    if (kind === "adopted") await made.makeOlderTables();
    const rows = rowsFrom(0, 3_000).map((one, index) => ({
      ...one,
      receivedAt: new Date(Date.UTC(2026, index % 6, 1 + (index % 28))).toISOString(),
    }));
    const { rebuild } = await made.openSides(rows, rows);
    for (const isAnalyzed of [false, true]) {
      if (isAnalyzed) await made.query(`ANALYZE data; ANALYZE ${made.candidateSchema}.data`);
      const asked = await recordStatements(async () => {
        for (const side of ["live", "candidate"] as const) {
          assert.equal((await readRows(rebuild, side, { limit: 1_000 })).length, rows.length);
          await readRows(rebuild, side, { limit: 1_000, receivedFrom: "2026-03-15T00:00:00.000Z" });
        }
      });
      const pages = asked.filter(({ text }) => /FETCH FIRST/.test(text));
      assert.equal(pages.length, 12);
      for (const one of pages) {
        for (const plan of await plansOf(one)) {
          assert.doesNotMatch(plan, /Seq Scan|Bitmap|Sort {2}\(/, `${one.text}\n${plan}`);
          const indexes = [...plan.matchAll(/(?<=using )\w+/g)];
          assert.ok(indexes.length > 0 && indexes.every(([name]) => /_event/.test(name)), plan);
        }
      }
    }
  });
}
