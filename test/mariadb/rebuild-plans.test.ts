/** The plans of a rebuild's statements, as the server has noted them: pages read what they give, joins find by an index. */
import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import { MariadbProjectionRebuild, MariadbProjectionStore } from "@sluice/adapter-mariadb";
import type { Connection } from "mariadb";
import { applyAll, order, readRows, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import { createMariadbDatabase, mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { CONSUMER, instant } from "../conformance/projection-store-support.ts";
import { hasMariadbServer, type MariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { requireService } from "../support/services.ts";

const ROWS = 3_000;
/** Access to one row, or to those that have one value of an index. */
const FOUND = new Set(["eq_ref", "ref", "const"]);

interface Step {
  readonly table: string;
  readonly type: string;
  readonly key: string | null;
  readonly Extra: string;
}

describe("MariaDB's plans for a rebuild", () => {
  let server: MariadbServer | null = null;
  before(async () => {
    if (!hasMariadbServer) return;
    server = await makeMariadbServer(["--log-output=TABLE"]);
    await server.start();
  });
  after(() => server?.remove());

  const open = async (t: TestContext) => {
    const { location } = await createMariadbDatabase(server?.url as string);
    const options = mariadbOptions(location);
    const [live, rebuild] = [new MariadbProjectionStore(options), new MariadbProjectionRebuild(options)];
    t.after(() => Promise.all([live.stop(), rebuild.stop()]));
    await Promise.all([live.start(), rebuild.start()]);
    const rows = rowsFrom(0, ROWS);
    await applyAll(
      live,
      series([{ rows: rows.map((one, index) => (index % 50 === 0 ? { ...one, text: "?" } : one)).slice(20) }]),
    );
    await applyAll(await rebuild.candidate("one"), series([{ rows: rows.slice(0, -20) }]));
    return { location, rebuild };
  };

  /** The statements that `work` has made of which the text begins so. */
  const noted = async (location: string, beginning: RegExp, work: () => Promise<unknown>): Promise<string[]> =>
    withMariadb(location, async (connection) => {
      await connection.query("TRUNCATE mysql.general_log");
      await connection.query("SET GLOBAL general_log = 1");
      await work();
      await connection.query("SET GLOBAL general_log = 0");
      const log = await connection.query<{ sql: string }[]>(
        "SELECT CONVERT(argument USING utf8mb4) AS `sql` FROM mysql.general_log WHERE command_type = 'Query'",
      );
      return log.map(({ sql }) => sql).filter((sql) => beginning.test(sql));
    });
  const explain = (connection: Connection, sql: string) => connection.query<Step[]>(`EXPLAIN ${sql}`);

  it("reads a page from where it begins, in the order of the index", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { location, rebuild } = await open(t);
    const pages = await noted(location, /^SELECT event_id AS eventId/, async () => {
      for (const side of ["live", "candidate"] as const) {
        await readRows(rebuild, side, { limit: 1_000 });
        await readRows(rebuild, side, { limit: 1_000, receivedFrom: instant(ROWS / 2) });
      }
    });
    assert.ok(pages.length >= 8);
    await withMariadb(location, async (connection) => {
      for (const sql of pages) {
        const [step, ...others] = await explain(connection, sql);
        assert.deepEqual([step?.type, step?.key, others], ["range", "data_event", []], sql);
        assert.doesNotMatch(step?.Extra ?? "", /filesort|temporary/, sql);
      }
    });
  });

  it("goes through one side once and finds the other's rows by an index", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { location, rebuild } = await open(t);
    const joins: string[] = [];
    // While what was kept is there to be explained.
    for (const work of [
      () => rebuild.switchOver(order("one", 1)),
      () => rebuild.rollBack("one", CONSUMER),
      () => rebuild.switchOver(order("one", 1, { receivedFrom: instant(100) })),
    ]) {
      joins.push(...(await noted(location, /JOIN .* ON /s, work)));
    }
    assert.ok(joins.length >= 15);
    await withMariadb(location, async (connection) => {
      for (const sql of joins) {
        const [first, ...found] = await explain(connection, sql);
        assert.ok(first && found.length > 0, sql);
        for (const { table, type } of found) assert.ok(FOUND.has(type), `${table} by ${type}: ${sql}`);
      }
    });
  });
});
