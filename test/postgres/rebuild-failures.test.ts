/** Locks that others hold, connections that end, a server that dies, and a commit whose answer is lost. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PostgresProjectionRebuild, PostgresProjectionStore } from "@sluice/adapter-postgres";
import { ProjectionUnavailable } from "@sluice/domain";
import { applyAll, order, readRows, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import { CONSUMER, readData } from "../conformance/projection-store-support.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { hasPostgresServer, makePostgresServer, query } from "../support/postgres-server.ts";
import { endConnections, untilSomeoneWaits } from "./projection.ts";
import { makeProxy } from "./proxy.ts";
import { makeRebuild } from "./rebuild.ts";

const rows = rowsFrom(0, 20);
const damaged = rows.slice(5).map((one, index) => (index < 5 ? { ...one, text: "?" } : one));
const result = { added: 5, removed: 0, changed: 5 };

describe("postgres rebuild: failures", {
  skip: (await postgresUnavailable()) ?? false,
  timeout: 60_000,
  concurrency: true,
}, () => {
  for (const table of ["data", "sluice_counts", "sluice_dead_letters"]) {
    test(`has switched over wholly or not at all when its connection ends while it waits for ${table}`, async (t) => {
      const made = await makeRebuild(t);
      const { live, rebuild } = await made.openSides(damaged, rows);
      const before = await readData(live);
      const other = await made.connect();
      await other.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
      const switched = assert.rejects(rebuild.switchOver(order("one", 1)), ProjectionUnavailable);
      await untilSomeoneWaits(made);
      await endConnections(made);
      await switched;
      await other.query("ROLLBACK");
      assert.equal(await rebuild.switched(), null);
      assert.deepEqual(await readData(live), before);

      assert.deepEqual(await rebuild.switchOver(order("one", 1)), result);
      await other.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
      const back = assert.rejects(rebuild.rollBack("one", CONSUMER), ProjectionUnavailable);
      await untilSomeoneWaits(made);
      await endConnections(made);
      await back;
      await other.query("ROLLBACK");
      assert.equal((await rebuild.switched())?.id, "one");
      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      assert.deepEqual(await readData(live), before);
    });
  }

  test("gives up when it waits too long for a lock, and has changed nothing", async (t) => {
    const made = await makeRebuild(t);
    const { live, rebuild } = await made.openSides(damaged, rows, { statementTimeoutMs: 200, attempts: 2 });
    const before = await readData(live);
    const other = await made.connect();
    await other.query("BEGIN; LOCK TABLE data IN SHARE MODE");
    await assert.rejects(rebuild.switchOver(order("one", 1)), ProjectionUnavailable);
    await other.query("ROLLBACK");
    assert.deepEqual(await readData(live), before);
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), result);
  });

  test("takes in what people change while it is under way", async (t) => {
    const made = await makeRebuild(t);
    const { live, rebuild } = await made.openSides(damaged, rows);
    const other = await made.connect();
    await other.query(`BEGIN; UPDATE data SET attribute_value = 'meanwhile' WHERE attribute_value = '?'`);
    const switched = rebuild.switchOver(order("one", 1));
    await untilSomeoneWaits(made);
    await other.query("COMMIT");
    assert.deepEqual(await switched, result);
    assert.deepEqual(await readRows(rebuild, "live"), rows);
    await rebuild.rollBack("one", CONSUMER);
    assert.equal((await readData(live)).filter(({ text }) => text === "meanwhile").length, 5);
  });

  test("waits for a switch that is under way elsewhere, and gives its result", async (t) => {
    const made = await makeRebuild(t);
    const { rebuild } = await made.openSides(damaged, rows);
    const second = await made.openRebuild();
    const other = await made.connect();
    await other.query("BEGIN; LOCK TABLE sluice_counts IN SHARE MODE");
    const first = rebuild.switchOver(order("one", 1));
    await untilSomeoneWaits(made);
    const again = second.switchOver(order("one", 1));
    await other.query("COMMIT");
    assert.deepEqual(await Promise.all([first, again]), [result, result]);
    assert.deepEqual(await rebuild.switched(), { id: "one", position: "1", ...result });
  });

  test("gives the same answers when those of a commit were lost", async (t) => {
    const made = await makeRebuild(t);
    const { state, url } = await makeProxy(t);
    const { live, rebuild } = await made.openSides(damaged, rows, { url });
    const before = await readData(live);
    for (const _ of [1, 2]) {
      state.cutAfter = "COMMIT\0";
      await assert.rejects(rebuild.switchOver(order("one", 1)), ProjectionUnavailable);
      assert.equal((await rebuild.switched())?.id, "one");
      assert.deepEqual(await rebuild.switchOver(order("one", 1)), result);

      state.cutAfter = "COMMIT\0";
      await assert.rejects(rebuild.rollBack("one", CONSUMER), ProjectionUnavailable);
      assert.equal(await rebuild.switched(), null);
      assert.equal(await rebuild.rollBack("one", CONSUMER), true);
      assert.equal(await rebuild.rollBack("one", CONSUMER), false);
      assert.deepEqual(await readData(live), before);
    }
    state.cutAfter = "COMMIT\0";
    await assert.rejects(rebuild.candidate("two"), ProjectionUnavailable);
    assert.equal((await readData(await rebuild.candidate("two"))).length, 0);
    state.cutAfter = "COMMIT\0";
    await assert.rejects(rebuild.drop(), ProjectionUnavailable);
    await rebuild.drop();
  });
});

test("postgres rebuild: is as before when the server dies in the middle of a switch", {
  skip: !hasPostgresServer && "no initdb",
  timeout: 120_000,
}, async (t) => {
  const server = await makePostgresServer(["fsync=off"]);
  t.after(() => server.remove());
  await server.start();
  const { url } = server;
  const live = new PostgresProjectionStore({ url });
  const rebuild = new PostgresProjectionRebuild({ url });
  t.after(() => Promise.all([live.stop(), rebuild.stop()]));
  await live.start();
  await rebuild.start();
  await applyAll(live, series([{ rows: damaged }]));
  await applyAll(await rebuild.candidate("one"), series([{ rows }]));
  const before = await readData(live);
  await query(
    url,
    `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
    CREATE TRIGGER hold AFTER INSERT ON sluice_switch FOR EACH ROW EXECUTE FUNCTION hold()`,
  );
  const held = query(url, "SELECT pg_advisory_lock(1), pg_sleep(600)").catch(() => []);
  const isWaiting = "SELECT FROM pg_stat_activity WHERE wait_event = 'advisory'";
  while ((await query(url, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted")).length === 0);
  const switched = assert.rejects(rebuild.switchOver(order("one", 1)), ProjectionUnavailable);
  while ((await query(url, isWaiting)).length === 0);
  await server.kill();
  await Promise.all([switched, held]);
  await server.start();

  assert.equal(await rebuild.switched(), null);
  assert.deepEqual(await readData(live), before);
  assert.deepEqual(await rebuild.switchOver(order("one", 1)), result);
  assert.deepEqual(await readRows(rebuild, "live"), rows);
});
