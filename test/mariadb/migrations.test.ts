/** Making the tables: by several at once, again after a stop half-way, and on a database of a newer version. */
import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { MariadbProjectionStore, UnusableDatabase } from "@sluice/adapter-mariadb";
import {
  createMariadbDatabase,
  mariadb,
  mariadbOptions,
  mariadbUnavailable,
} from "../conformance/projection-store-mariadb.ts";
import { feed, readData, row } from "../conformance/projection-store-support.ts";
import { requireService } from "../support/services.ts";

describe("MariaDB's tables", () => {
  let available = false;
  before(async () => {
    available = (await mariadbUnavailable()) === null;
  });

  const database = async (t: TestContext) => {
    const { location, remove } = await createMariadbDatabase();
    t.after(remove);
    const query = (sql: string) => mariadb.query(location, sql);
    const open = () => new MariadbProjectionStore(mariadbOptions(location));
    return { location, query, open };
  };

  it("are adopted once where several start at the same time", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const { location, query, open } = await database(t);
    await mariadb.createOlderTables(location);
    const stores = Array.from({ length: 4 }, open);
    await Promise.all(stores.map((store) => store.start()));
    await feed(stores[0] as MariadbProjectionStore)({ rows: [row()] });
    for (const store of stores) assert.equal((await readData(store)).length, 1);
    await Promise.all(stores.map((store) => store.stop()));
    assert.deepEqual(
      (await query("SELECT version FROM sluice_schema ORDER BY version")).map(({ version }) => version),
      [1, 2, 3, 4],
    );
  });

  it("are made whole when an earlier start stopped half-way, whatever engine they had", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const { location, query, open } = await database(t);
    await mariadb.createOlderTables(location);
    await query("ALTER TABLE data ENGINE = MyISAM, ADD COLUMN event_id VARCHAR(64) CHARACTER SET ascii NULL");
    await query(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
      VALUES ('2025-06-01 12:00:00', 'A', 'a', '1', 1)`);
    await query("CREATE TABLE cursors (consumer VARCHAR(100) NOT NULL PRIMARY KEY, position TEXT NOT NULL)");
    const store = open();
    await store.start();
    await feed(store)({ rows: [row()] });
    assert.equal((await readData(store)).length, 2);
    await store.stop();
    const [table] = await query(
      "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'data'",
    );
    assert.equal(table?.engine, "InnoDB");
  });

  it("are left alone when a newer version has made them", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const { query, open } = await database(t);
    const store = open();
    await store.start();
    await store.stop();
    await query("INSERT INTO sluice_schema (version) VALUES (99)");
    await assert.rejects(open().start(), UnusableDatabase);
  });
});
