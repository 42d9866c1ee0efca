/** Locks that others hold, connections that end, a server that falls silent, and a commit whose answer is lost. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import { CursorMoved, ProjectionUnavailable } from "@sluice/domain";
import { batch, countsOf, doneOf, readData, row } from "../conformance/projection-store-support.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { endConnections, makeProjection, untilSomeoneWaits } from "./projection.ts";
import { makeProxy } from "./proxy.ts";

/** Batch n moves the cursor from n - 1 to n and stores one row. */
const numbered = (number: number, rows = [row()]) =>
  batch({ from: number === 1 ? null : String(number - 1), to: String(number), rows, done: doneOf(rows) });

describe("postgres projection: failures", {
  skip: (await postgresUnavailable()) ?? false,
  timeout: 60_000,
  concurrency: true,
}, () => {
  test("tries again after a deadlock", async (t) => {
    const projection = await makeProjection(t);
    const store = await projection.open();
    await store.apply(numbered(1));
    const other = await projection.connect();
    // Whoever looks for deadlocks first is the one that loses.
    await other.query("SET deadlock_timeout = '30s'; BEGIN; SELECT FROM sluice_counts FOR UPDATE");
    const applied = store.apply(numbered(2));
    await untilSomeoneWaits(projection);
    await other.query("SELECT FROM sluice_cursors FOR UPDATE");
    await other.query("COMMIT");
    await applied;
    assert.equal(await store.cursor("projection"), "2");
    assert.deepEqual(await countsOf(store), [2, 0, 0]);
  });

  test("gives a batch up that waits too long for a lock, and has written nothing", async (t) => {
    const projection = await makeProjection(t);
    const store = await projection.open({ statementTimeoutMs: 300 });
    await store.apply(numbered(1));
    const second = numbered(2);
    const other = await projection.connect();
    for (const table of ["sluice_counts", "data"]) {
      await other.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
      await assert.rejects(store.apply(second), ProjectionUnavailable, table);
      await other.query("ROLLBACK");
      assert.equal((await readData(store)).length, 1);
    }
    await store.apply(second);
    assert.deepEqual(await countsOf(store), [2, 0, 0]);
  });

  test("goes on when the server ends its connections, idle or at work", async (t) => {
    const projection = await makeProjection(t);
    const store = await projection.open();
    await store.apply(numbered(1));
    const ended = await endConnections(projection);
    assert.ok(ended.length > 0);
    await assert.doesNotReject(async () => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await store.apply(numbered(2));
        } catch (error) {
          if (attempt > 3 || !(error instanceof ProjectionUnavailable)) throw error;
        }
      }
    });

    const other = await projection.connect();
    for (const [table, number] of [
      ["sluice_counts", 3],
      ["data", 4],
    ] as const) {
      await other.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
      const next = numbered(number);
      const applied = assert.rejects(store.apply(next), ProjectionUnavailable);
      await untilSomeoneWaits(projection);
      await endConnections(projection);
      await applied;
      await other.query("ROLLBACK");
      await store.apply(next);
      await assert.rejects(store.apply(next), CursorMoved);
    }
    assert.equal((await readData(store)).length, 4);
    assert.deepEqual(await countsOf(store), [4, 0, 0]);
  });

  test("gives the dead rows of a batch whose commit had no answer when it is tried again", async (t) => {
    const projection = await makeProjection(t);
    const { state, url } = await makeProxy(t);
    const store = await projection.open({ url });
    await store.apply(numbered(1));
    const rows = [row(), row({ attribute: "x".repeat(256) })];
    const second = numbered(2, rows);
    state.cutAfter = "COMMIT\0";
    await assert.rejects(store.apply(second), ProjectionUnavailable);
    const { dead } = await store.apply(second);
    assert.deepEqual(
      dead.map(({ eventId }) => eventId),
      [rows[1]?.eventId],
    );
    assert.deepEqual(await countsOf(store), [2, 1, 0]);
    await assert.rejects(store.apply(second), CursorMoved, "only once");
  });

  for (const statement of ["COPY data", "COMMIT\0"]) {
    test(`gives up on a server that falls silent at ${statement.replace("\0", "")}, and goes on when it is back`, async (t) => {
      const projection = await makeProjection(t);
      const { state, url } = await makeProxy(t);
      const store = await projection.open({ url, statementTimeoutMs: 2_000 });
      await store.apply(numbered(1));
      const rows = Array.from({ length: 3 }, () =>
        row({ text: "x".repeat(2_000_000), valueType: "string", number: null }),
      );
      const second = numbered(2, rows);
      state.silentAfter = statement;
      await assert.rejects(store.apply(second), ProjectionUnavailable);
      assert.deepEqual(await store.apply(second), { dead: [] });
      await assert.rejects(store.apply(second), CursorMoved);
      assert.equal((await readData(store)).length, 4);
    });
  }

  test("looks for its partitions again with the next batch when it could not at its start", async (t) => {
    const projection = await makeProjection(t);
    const { state, url } = await makeProxy(t);
    const errors: Error[] = [];
    state.cutAfter = "relkind = 'p'";
    const store = await projection.open({ url, onPartitionError: (error) => errors.push(error) });
    assert.equal(errors.length, 1);
    await store.apply(numbered(1, [row({ receivedAt: new Date().toISOString() })]));
    assert.deepEqual(await projection.query("SELECT count(*)::int AS rows FROM data_default"), [{ rows: 0 }]);
  });

  test("does not start without a server", async (t) => {
    const projection = await makeProjection(t);
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as { port: number };
    probe.close();
    const store = projection.make({ url: `postgres://postgres@127.0.0.1:${port}/postgres` });
    await assert.rejects(store.start(), ProjectionUnavailable);
    await assert.rejects(store.cursor("projection"), ProjectionUnavailable);
  });
});
