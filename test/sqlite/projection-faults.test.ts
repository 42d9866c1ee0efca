/**
 * The projection store and the queue while something is wrong outside, and after it is right again: another connection
 * holds the lock, or every write beyond a size fails (`prlimit`, Linux). Nothing of the failed call is kept, and the same
 * call works afterwards.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { SqliteOfflineQueue, SqliteProjectionStore, UnusableDatabase } from "@sluice/adapter-sqlite";
import { ProjectionUnavailable, QueueUnavailable } from "@sluice/domain";
import { batch, CONSUMER, countsOf, doneOf, feed, readData, row } from "../conformance/projection-store-support.ts";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-projection-faults-"));
  path = join(directory, "store.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const noPrlimit = spawnSync("prlimit", ["--version"]).error ? "prlimit is not there" : false;

/** Reads what the child says, line by line, and limits the size of files that it may write. */
const startChild = (store: "projection" | "queue") => {
  const script = join(import.meta.dirname, "projection-faults-child.ts");
  const child = spawn(process.execPath, [script, store, path], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    says: async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) assert.fail(`the child ended before it said ${pattern}`);
        if (pattern.test(value)) return value;
      }
    },
    limit: (bytes: string) => execFileSync("prlimit", [`--fsize=${bytes}:`, "--pid", String(child.pid)]),
    kill: async () => {
      child.kill("SIGKILL");
      await exit;
    },
  };
};

test("several threads open new stores at the same moment", async () => {
  const script = join(import.meta.dirname, "projection-start-worker.ts");
  for (let round = 0; round < 5; round++) {
    const workerData = { directory: join(directory, String(round)), ready: new SharedArrayBuffer(4), workers: 3 };
    const threads = Array.from({ length: workerData.workers }, () => new Worker(script, { workerData }));
    // Rejects with what a thread throws.
    await Promise.all(threads.map((thread) => once(thread, "exit")));
  }
});

describe("sqlite projection store", () => {
  test("a lock held for longer than the busy timeout", async () => {
    const store = new SqliteProjectionStore({ path, busyTimeoutMs: 1 });
    await store.start();
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const rows = [row(), row()];
    const once = batch({ rows, done: doneOf(rows) });
    await assert.rejects(
      store.apply(once),
      (error) => error instanceof ProjectionUnavailable && /locked/.test(error.message),
    );
    await assert.rejects(store.reset(CONSUMER), ProjectionUnavailable);
    assert.deepEqual(await readData(store), [], "readers go on");
    other.exec("ROLLBACK");
    other.close();
    await store.apply(once);
    assert.equal((await readData(store)).length, 2);
    assert.deepEqual(await countsOf(store), [2, 0, 0]);
    await store.stop();
  });

  test("write errors", { skip: noPrlimit }, async () => {
    const child = startChild("projection");
    await child.says(/^ok/);
    for (let again = 0; again < 2; again++) {
      child.limit("4096");
      assert.match(await child.says(/^ProjectionUnavailable/), /disk I\/O error|full/);
      child.limit("unlimited");
      await child.says(/^ok/);
    }
    await child.kill();
    const store = new SqliteProjectionStore({ path });
    await store.start();
    const position = Number(await store.cursor(CONSUMER));
    assert.equal((await readData(store)).length, position * 100);
    assert.deepEqual(await countsOf(store), [position * 100, 0, 0]);
    await store.stop();
  });

  test("a trigger that rolls the transaction back writes nothing", async () => {
    const store = new SqliteProjectionStore({ path });
    await store.start();
    const other = new DatabaseSync(path);
    other.exec(`CREATE TRIGGER spoil BEFORE INSERT ON data WHEN new.attribute_name = 'spoil'
      BEGIN SELECT RAISE (ROLLBACK, 'rolled back'); END`);
    const rows = [row(), row({ attribute: "spoil" }), row()];
    await assert.rejects(store.apply(batch({ rows })), ProjectionUnavailable);
    assert.deepEqual(await readData(store), []);
    assert.equal(await store.cursor(CONSUMER), null);
    other.exec("DROP TRIGGER spoil");
    other.close();
    await store.apply(batch({ rows }));
    assert.equal((await readData(store)).length, 3);
    await store.stop();
  });

  test("a read-only instance reads while another writes, and writes nothing", async () => {
    const writer = new SqliteProjectionStore({ path });
    const reader = new SqliteProjectionStore({ path, readOnly: true });
    await assert.rejects(reader.start(), ProjectionUnavailable, "there is no database yet");
    await writer.start();
    await reader.start();
    const apply = feed(writer);
    for (let round = 1; round <= 3; round++) {
      await apply({ rows: [row()] });
      assert.equal((await readData(reader)).length, round);
    }
    const midway = new DatabaseSync(path);
    midway.exec("BEGIN IMMEDIATE; DELETE FROM data");
    assert.equal((await readData(reader)).length, 3, "what is not committed does not show");
    midway.exec("ROLLBACK");
    midway.close();
    await assert.rejects(reader.apply(batch({ from: "3", to: "4" })), ProjectionUnavailable);
    await assert.rejects(reader.reset(CONSUMER), ProjectionUnavailable);
    assert.equal(await reader.cursor(CONSUMER), "3");
    await reader.stop();
    await writer.stop();
  });

  test("files that are no projection", async () => {
    writeFileSync(path, "this is no database, but long enough to be looked at as one ".repeat(100));
    await assert.rejects(new SqliteProjectionStore({ path }).start(), ProjectionUnavailable);
    rmSync(path);
    const queue = new SqliteOfflineQueue({ path, capacity: 1, durability: "normal" });
    await queue.start();
    await queue.stop();
    await assert.rejects(new SqliteProjectionStore({ path }).start(), UnusableDatabase);
  });

  test("a store that is not started, or stopped, is unavailable", async () => {
    const store = new SqliteProjectionStore({ path });
    await assert.rejects(store.cursor(CONSUMER), ProjectionUnavailable);
    await store.start();
    await store.stop();
    await store.stop();
    await assert.rejects(store.apply(batch()), ProjectionUnavailable);
  });
});

describe("sqlite queue", () => {
  test("a lock held for longer than the busy timeout", async () => {
    const queue = new SqliteOfflineQueue({ path, capacity: 10, durability: "full", busyTimeoutMs: 1 });
    await queue.start();
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const item = { id: "a", group: "g", priority: 5, payload: new Uint8Array(1), enqueuedAt: 0 };
    const changes = {
      cursor: { consumer: "c", from: null, to: "1" },
      enqueue: [item],
      counts: [{ key: "k", delta: 1 }],
    };
    await assert.rejects(queue.commit(changes), QueueUnavailable);
    await assert.rejects(queue.lease({ group: "g", limit: 1, ordered: false, now: 0, until: 1 }), QueueUnavailable);
    assert.deepEqual(await queue.groups(), []);
    other.exec("ROLLBACK");
    other.close();
    await queue.commit(changes);
    assert.deepEqual([...(await queue.counts())], [["k", 1]]);
    assert.equal((await queue.groups())[0]?.waiting, 1);
    await queue.stop();
  });

  test("write errors", { skip: noPrlimit }, async () => {
    const child = startChild("queue");
    await child.says(/^ok/);
    for (let again = 0; again < 2; again++) {
      child.limit("4096");
      assert.match(await child.says(/^QueueUnavailable/), /disk I\/O error|full/);
      child.limit("unlimited");
      await child.says(/^ok/);
    }
    await child.kill();
    const queue = new SqliteOfflineQueue({ path, capacity: Number.POSITIVE_INFINITY, durability: "full" });
    await queue.start();
    const position = Number(await queue.cursor("c"));
    assert.equal((await queue.statistics()).total, position * 10);
    assert.equal((await queue.counts()).get("enqueued"), position * 10);
    await queue.stop();
  });
});
