/** The queue's statements find their items by an index: what a call costs does not grow with what waits. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import { item, items, lease } from "../conformance/offline-queue-support.ts";

test("looks at no more of the queue than it changes or gives", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-queue-plans-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "queue.db");
  const prepared = new Set<string>();
  const prepare = DatabaseSync.prototype.prepare;
  t.mock.method(DatabaseSync.prototype, "prepare", function (this: DatabaseSync, sql: string) {
    prepared.add(sql);
    return prepare.call(this, sql);
  });
  const queue = new SqliteOfflineQueue({ path, capacity: 4, durability: "normal" });
  await queue.start();
  await queue.commit({ enqueue: items(1, 2, 3, 4) });
  await queue.commit({ enqueue: [item("high", { priority: 9 }), item("low", { priority: 1 })] });
  await lease(queue, { limit: 2, until: 2_100 });
  await lease(queue, { ordered: true, now: 2_200 });
  await lease(queue, { now: 2_200, until: 2_300 });
  await queue.retryLater([{ id: "high", at: 0 }]);
  await queue.release(["3:4"]);
  await queue.releaseAll();
  await queue.commit({
    complete: ["1:2"],
    deadLetter: [{ id: "2:3", reason: "refused" }],
    retry: [{ id: "2:3", at: 0 }],
    discard: ["3:4"],
  });
  await queue.groups();
  await queue.statistics();
  await queue.dead({ limit: 10, afterId: "a" });
  await queue.stop();
  t.mock.restoreAll();

  const other = new DatabaseSync(path);
  t.after(() => other.close());
  const onItems = [...prepared].filter((sql) => /\bitems\b/.test(sql));
  assert.ok(onItems.length >= 12);
  for (const sql of onItems) {
    const plan = other.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    for (const { detail } of plan) {
      assert.doesNotMatch(String(detail), /SCAN items(?! USING (COVERING )?INDEX items_(timed|dead))|TEMP B-TREE/, sql);
    }
  }
});
