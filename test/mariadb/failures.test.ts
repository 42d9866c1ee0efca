/** Locks that others hold, a server that is killed, and a commit whose answer is lost. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, describe, it, type TestContext } from "node:test";
import { MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { CursorMoved, ProjectionUnavailable } from "@sluice/domain";
import { createMariadbDatabase, mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { batch, countsOf, doneOf, readData, row } from "../conformance/projection-store-support.ts";
import { hasMariadbServer, type MariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { requireService } from "../support/services.ts";
import { makeProxy, untilSomeoneWaits } from "./support.ts";

/** Batch n moves the cursor from n - 1 to n and stores one row. */
const numbered = (number: number) => {
  const rows = [row()];
  return batch({ from: number === 1 ? null : String(number - 1), to: String(number), rows, done: doneOf(rows) });
};

describe("MariaDB that fails", () => {
  let server: MariadbServer | null = null;
  before(async () => {
    if (!hasMariadbServer) return;
    server = await makeMariadbServer([]);
    await server.start();
  });
  after(() => server?.remove());

  const open = async (t: TestContext, options: { port?: number; attempts?: number } = {}) => {
    const { location } = await createMariadbDatabase(server?.url as string);
    const store = new MariadbProjectionStore({
      ...mariadbOptions(location),
      lockWaitSeconds: 1,
      acquireTimeoutMs: 1_000,
      ...options,
    });
    t.after(() => store.stop());
    await store.start();
    return { store, location };
  };

  it("tries again after a deadlock", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store, location } = await open(t);
    await store.apply(numbered(1));
    await withMariadb(location, async (other) => {
      // Whoever has changed more rows survives a deadlock.
      await other.query("CREATE TABLE ballast AS SELECT seq FROM seq_1_to_1000");
      await other.beginTransaction();
      await other.query("UPDATE ballast SET seq = seq + 1");
      await other.query("SELECT * FROM sink_counts FOR UPDATE");
      const applied = store.apply(numbered(2));
      await untilSomeoneWaits(other);
      await other.query("SELECT * FROM cursors FOR UPDATE");
      await other.commit();
      await applied;
    });
    assert.equal(await store.cursor("projection"), "2");
    assert.deepEqual(await countsOf(store), [2, 0, 0]);
  });

  it("gives a batch up that waits too long for a lock, and has written nothing", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store, location } = await open(t, { attempts: 1 });
    await store.apply(numbered(1));
    const second = numbered(2);
    await withMariadb(location, async (other) => {
      await other.beginTransaction();
      await other.query("SELECT * FROM sink_counts FOR UPDATE");
      await assert.rejects(store.apply(second), ProjectionUnavailable);
      await other.rollback();
    });
    assert.equal((await readData(store)).length, 1);
    await store.apply(second);
    assert.equal((await readData(store)).length, 2);
  });

  it("is unavailable while the server is, and goes on by itself when it is back", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store } = await open(t);
    await store.apply(numbered(1));
    const second = numbered(2);
    await server?.kill();
    await assert.rejects(store.apply(second), ProjectionUnavailable);
    await assert.rejects(store.data({}, { limit: 1 }), ProjectionUnavailable);
    await server?.start();
    await store.apply(second);
    await assert.rejects(store.apply(second), CursorMoved);
    assert.equal((await readData(store)).length, 2);
    assert.deepEqual(await countsOf(store), [2, 0, 0]);
  });

  it("gives the dead rows of a batch whose commit had no answer when it is tried again", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const proxy = await makeProxy(t, mariadbOptions(server?.url as string).port);
    const { store } = await open(t, { port: proxy.port });
    await store.apply(numbered(1));
    const rows = [row(), row({ attribute: "x".repeat(256) })];
    const second = batch({ from: "1", to: "2", rows, done: doneOf(rows) });
    proxy.state.armed = true;
    await assert.rejects(store.apply(second), ProjectionUnavailable);
    const { dead } = await store.apply(second);
    assert.deepEqual(
      dead.map(({ eventId }) => eventId),
      [rows[1]?.eventId],
    );
    assert.deepEqual(await countsOf(store), [2, 1, 0]);
    await assert.rejects(store.apply(second), CursorMoved, "only once");
  });

  it("does not start without a server", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as { port: number };
    probe.close();
    const store = new MariadbProjectionStore({ host: "127.0.0.1", port, user: "root", password: "", database: "none" });
    await assert.rejects(store.start(), ProjectionUnavailable);
    await assert.rejects(store.cursor("projection"), ProjectionUnavailable);
  });
});
