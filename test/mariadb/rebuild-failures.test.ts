/** A switch-over that is slow, meets others' locks, is killed, or whose commit has no answer. */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { MariadbProjectionRebuild, MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { CursorMoved, ProjectionUnavailable } from "@sluice/domain";
import type { Connection } from "mariadb";
import { applyAll, assertAlike, contents, order, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import { createMariadbDatabase, mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { CONSUMER, readData } from "../conformance/projection-store-support.ts";
import { hasMariadbServer, type MariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { requireService } from "../support/services.ts";
import { makeProxy, untilSomeoneWaits } from "./support.ts";

const RESULT = { added: 1, removed: 1, changed: 1 };

describe("MariaDB that fails at a rebuild", () => {
  let server: MariadbServer | null = null;
  before(async () => {
    if (!hasMariadbServer) return;
    server = await makeMariadbServer(["--log-bin=log", "--server-id=1"]);
    await server.start();
  });
  after(() => server?.remove());

  interface Options {
    readonly port?: number;
    readonly lockWaitSeconds?: number;
    readonly socketTimeoutMs?: number;
  }

  /** The candidate has one row more, one less, and one that is other than in the live projection. */
  const open = async (t: TestContext, options: Options = {}) => {
    const { location } = await createMariadbDatabase(server?.url as string);
    const own = { ...mariadbOptions(location), lockWaitSeconds: 1, acquireTimeoutMs: 1_000, attempts: 1 };
    const [live, rebuild] = [new MariadbProjectionStore(own), new MariadbProjectionRebuild({ ...own, ...options })];
    t.after(() => Promise.all([live.stop(), rebuild.stop()]));
    await Promise.all([live.start(), rebuild.start()]);
    const [missing, changed, foreign, ...right] = rowsFrom(0, 20);
    assert.ok(missing && changed && foreign);
    const candidate = await rebuild.candidate("one");
    await applyAll(live, series([{ rows: [{ ...changed, text: "?" }, foreign, ...right] }]));
    await applyAll(candidate, series([{ rows: [missing, changed, ...right] }]));
    const holding = (work: (other: Connection) => Promise<void>) =>
      withMariadb(location, async (other) => {
        await other.beginTransaction();
        await work(other);
      });
    return { live, rebuild, candidate, location, holding, changed };
  };
  const hold = (other: Connection) => other.query("UPDATE data SET last_msg_id = 9 WHERE attribute_value = '?'");

  it("waits longer for an answer than other statements may", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const socketTimeoutMs = 200;
    const { rebuild, live, candidate, holding } = await open(t, { lockWaitSeconds: 30, socketTimeoutMs });
    await holding(async (other) => {
      await hold(other);
      const switched = rebuild.switchOver(order("one", 1));
      await untilSomeoneWaits(other);
      await pause(2 * socketTimeoutMs);
      await other.rollback();
      assert.deepEqual(await switched, RESULT);
    });
    await assertAlike(live, candidate);
  });

  it("gives up when it waits too long for a row that somebody else has changed, and has changed nothing", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { rebuild, live, holding } = await open(t);
    const first = await contents(live);
    await holding(async (other) => {
      await hold(other);
      await assert.rejects(rebuild.switchOver(order("one", 1)), ProjectionUnavailable);
      await other.rollback();
    });
    assert.deepEqual(await contents(live), first);
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), RESULT);
  });

  it("neither waits for others' rows that are not the log's, nor lets them wait", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { rebuild, live, location, holding } = await open(t, { lockWaitSeconds: 30 });
    const older = `INSERT INTO data (flow_code, attribute_name, attribute_value, received_at)
      VALUES ('OLD', 'old', '1', '2026-01-01 00:00:00.005')`;
    await holding(async (other) => {
      await other.query(older);
      await withMariadb(location, async (third) => {
        // The switch stops at the last thing that it does: all that it locks is locked by then.
        await third.beginTransaction();
        await third.query(
          "INSERT INTO sluice_switch (id, position, added, removed, changed) VALUES ('one', '', 0, 0, 0)",
        );
        const switched = rebuild.switchOver(order("one", 1));
        await untilSomeoneWaits(third);
        await withMariadb(location, async (fourth) => {
          await fourth.query("SET innodb_lock_wait_timeout = 1");
          await fourth.query(older);
        });
        await third.rollback();
        assert.deepEqual(await switched, RESULT);
      });
      await other.commit();
    });
    assert.equal((await readData(live, { flow: "OLD" })).length, 2);
  });

  it("has changed nothing when its session is killed", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { rebuild, live, candidate, holding } = await open(t, { lockWaitSeconds: 30 });
    const damaged = await contents(live);
    const killed = (work: () => Promise<unknown>) =>
      holding(async (other) => {
        await other.query("INSERT INTO cursors (consumer, position) VALUES ('another', '1')");
        // A table that is written late: all that comes before is undone.
        await other.query("SELECT * FROM sink_counts FOR UPDATE");
        const working = work();
        const waiting = assert.rejects(working, ProjectionUnavailable);
        await untilSomeoneWaits(other);
        const [found] = await other.query<{ id: number }[]>(
          "SELECT trx_mysql_thread_id AS id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
        );
        await other.query(`KILL ${found?.id}`);
        await waiting;
        await other.rollback();
      });
    await killed(() => rebuild.switchOver(order("one", 1)));
    assert.deepEqual(await contents(live), damaged);
    assert.equal(await rebuild.switched(), null);
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), RESULT);
    const right = await contents(live);
    await killed(() => rebuild.rollBack("one", CONSUMER));
    assert.deepEqual(await contents(live), right);
    await assertAlike(live, candidate);
    assert.equal(await rebuild.rollBack("one", CONSUMER), true);
    assert.deepEqual(await contents(live), damaged);
  });

  it("gives the same when it is called again after a commit that had no answer", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const proxy = await makeProxy(t, mariadbOptions(server?.url as string).port);
    const { rebuild, live, candidate } = await open(t, { port: proxy.port });
    const damaged = await contents(live);
    const silently = async (work: () => Promise<unknown>) => {
      proxy.state.armed = true;
      await assert.rejects(work(), ProjectionUnavailable);
      assert.equal(proxy.state.armed, false);
    };
    await silently(() => rebuild.switchOver(order("one", 1)));
    assert.deepEqual(await rebuild.switched(), { id: "one", position: "1", ...RESULT });
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), RESULT);
    await assertAlike(live, candidate);

    await silently(() => rebuild.rollBack("one", CONSUMER));
    assert.equal(await rebuild.switched(), null);
    assert.equal(await rebuild.rollBack("one", CONSUMER), true, "it was this one that took it back");
    assert.equal(await rebuild.rollBack("one", CONSUMER), false);
    assert.deepEqual(await contents(live), damaged);
  });

  it("sees a batch that was being applied when it began", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { rebuild, holding } = await open(t, { lockWaitSeconds: 30 });
    await holding(async (other) => {
      await other.query(`UPDATE cursors SET position = '2' WHERE consumer = '${CONSUMER}'`);
      const switched = assert.rejects(
        rebuild.switchOver(order("one", 1)),
        (error) => error instanceof CursorMoved && error.actual === "2",
      );
      await untilSomeoneWaits(other);
      await other.commit();
      await switched;
    });
  });
});
