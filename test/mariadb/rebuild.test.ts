/** A rebuild's database: the rights that it needs, its name, whose it is; and what people have added to the live tables. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, describe, it, type TestContext } from "node:test";
import { MariadbProjectionRebuild, MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { type DataRow, ProjectionUnavailable, RebuildImpossible } from "@sluice/domain";
import { applyAll, order, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import {
  createMariadbDatabase,
  mariadbOptions,
  mariadbUnavailable,
  withMariadb,
} from "../conformance/projection-store-mariadb.ts";
import { CONSUMER, readData } from "../conformance/projection-store-support.ts";
import { requireService } from "../support/services.ts";

type Row = Readonly<Record<string, unknown>>;

const quoted = (name: string): string => `\`${name}\``;

describe("MariaDB's rebuild", () => {
  let available = false;
  before(async () => {
    available = (await mariadbUnavailable()) === null;
  });

  /** @param name of the live database; a random one when absent */
  const setUp = async (t: TestContext, name?: string) => {
    const { location: made, remove } = await createMariadbDatabase();
    t.after(remove);
    const server = made.slice(0, made.lastIndexOf("/"));
    const admin = <T = Row[]>(sql: string): Promise<T> =>
      withMariadb(server, (connection) => connection.query<T>({ sql, dateStrings: true }));
    const database = name ?? mariadbOptions(made).database;
    const options = { ...mariadbOptions(made), database };
    if (name !== undefined) await admin(`CREATE DATABASE ${quoted(name)}`);
    const names = async () => (await admin("SHOW DATABASES")).map((row) => String(row.Database));
    const prefix = database.slice(0, 20);
    t.after(async () => {
      for (const one of await names())
        if (one.startsWith(prefix) && one !== mariadbOptions(made).database)
          await admin(`DROP DATABASE ${quoted(one)}`);
    });
    const open = async (as: Partial<typeof options> = {}) => {
      const rebuild = new MariadbProjectionRebuild({ ...options, ...as });
      t.after(() => rebuild.stop());
      await rebuild.start();
      return rebuild;
    };
    const openLive = async () => {
      const store = new MariadbProjectionStore(options);
      t.after(() => store.stop());
      await store.start();
      return store;
    };
    const query = (sql: string) => admin(sql.replaceAll("LIVE", quoted(database)));
    return { options, database, candidate: `${database}_rebuild`, admin, query, names, open, openLive };
  };

  /** A user of its own, with all rights on the live database and no other. */
  const addUser = async (t: TestContext, { admin, database }: Awaited<ReturnType<typeof setUp>>) => {
    const user = `u'@${randomBytes(4).toString("hex")}`;
    const account = `'${user.replace("'", "''")}'@'%'`;
    await admin(`CREATE USER ${account} IDENTIFIED BY 'secret'`);
    t.after(() => admin(`DROP USER ${account}`));
    await admin(`GRANT ALL PRIVILEGES ON ${quoted(database.replaceAll("_", "\\_"))}.* TO ${account}`);
    return { account, login: { user, password: "secret" } };
  };

  it("says what an administrator has to grant, exactly", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const user = await addUser(t, world);
    const rebuild = await world.open(user.login);
    await rebuild.drop();
    const refusal: unknown = await rebuild.candidate("one").catch((error: unknown) => error);
    assert.ok(refusal instanceof RebuildImpossible);
    const grant = `GRANT ALL PRIVILEGES ON ${quoted(world.candidate.replaceAll("_", "\\_"))}.* TO ${user.account}`;
    assert.ok(refusal.message.endsWith(`: ${grant};`), refusal.message);
    await world.admin(grant);
    await applyAll(await rebuild.candidate("one"), series([{ rows: rowsFrom(0, 3) }]));
    assert.ok((await world.names()).includes(world.candidate));
    await rebuild.drop();
    assert.ok(!(await world.names()).includes(world.candidate));
  });

  it("says so too where the user may make the database, but not all that is in it", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const { account, login } = await addUser(t, world);
    const pattern = quoted(world.candidate.replaceAll("_", "\\_"));
    await world.admin(`GRANT CREATE, SELECT, INSERT ON ${pattern}.* TO ${account}`);
    const rebuild = await world.open(login);
    await assert.rejects(rebuild.candidate("one"), RebuildImpossible);
  });

  it("touches no database of that name that is somebody else's", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    await world.admin(`CREATE DATABASE ${world.candidate}`);
    await world.admin(`CREATE TABLE ${world.candidate}.theirs (id INT)`);
    const rebuild = await world.open();
    await assert.rejects(
      rebuild.candidate("one"),
      (error) => error instanceof RebuildImpossible && error.message.includes(world.candidate),
    );
    await rebuild.drop();
    assert.equal((await world.admin(`SHOW TABLES FROM ${world.candidate}`)).length, 1);
  });

  it("uses an empty database that is there and leaves it there, empty", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    await world.admin(`CREATE DATABASE ${world.candidate}`);
    const rebuild = await world.open();
    await applyAll(await rebuild.candidate("one"), series([{ rows: rowsFrom(0, 3) }]));
    await world.admin(`CREATE VIEW ${world.candidate}.numbers AS SELECT value_number FROM ${world.candidate}.data`);
    assert.deepEqual(await readData(await rebuild.candidate("two")), []);
    await rebuild.drop();
    assert.deepEqual(await world.admin(`SHOW TABLES FROM ${world.candidate}`), []);
  });

  it("begins anew where the making of the candidate stopped half-way", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const rebuild = await world.open();
    await rebuild.candidate("one");
    await world.admin(`DELETE FROM ${world.candidate}.sluice_rebuild`);
    await world.admin(`DROP TABLE ${world.candidate}.dead_letters`);
    const again = await world.open();
    await applyAll(await again.candidate("one"), series([{ rows: rowsFrom(0, 3) }]));
  });

  for (const [what, letter, length] of [
    ["the longest that leaves room for the ending", "x", 55],
    ["one with more underscores than a right's pattern has room for", "_", 45],
    ["the longest", "x", 64],
  ] as const) {
    it(`finds a name that a right can be granted on: ${what}`, async (t) => {
      if (!requireService(t, "MariaDB", available)) return;
      const start = `sluice_test_${randomBytes(4).toString("hex")}`;
      const world = await setUp(t, start.padEnd(length, letter));
      const rebuild = await world.open();
      const live = await world.openLive();
      const batches = series([{ rows: rowsFrom(0, 3) }]);
      await applyAll(live, series([{}]));
      await applyAll(await rebuild.candidate("one"), batches);
      assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 3, removed: 0, changed: 0 });
      const made = (await world.names()).filter((name) => name.startsWith(start) && name !== world.database);
      assert.equal(made.length, 1);
      assert.match(made[0] as string, /_rebuild$/);
      assert.ok((made[0] as string).replaceAll("_", "\\_").length <= 64);
      const again = await world.open();
      assert.equal(await (await again.candidate("one")).cursor(CONSUMER), "1", "and finds it again");
    });
  }

  it("lets columns, triggers and views that people added to `data` live, and gives a removed row's back", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const live = await world.openLive();
    const rebuild = await world.open();
    const [missing, changed, foreign, right] = rowsFrom(0, 4) as [DataRow, DataRow, DataRow, DataRow];
    await applyAll(live, series([{ rows: [{ ...changed, text: "?" }, foreign, right] }]));
    await applyAll(await rebuild.candidate("one"), series([{ rows: [missing, changed, right] }]));
    await world.query(`ALTER TABLE LIVE.data
      ADD COLUMN note VARCHAR(50) NOT NULL DEFAULT 'none' CHECK (note <> ''), ADD COLUMN bytes VARBINARY(20),
      ADD COLUMN \`a \\ 'b' "c"\` JSON, ADD COLUMN bits BIT(9), ADD COLUMN ratio DOUBLE, ADD COLUMN price DECIMAL(20, 3),
      ADD COLUMN seen TIMESTAMP(6) NULL, ADD COLUMN kind ENUM('x', 'ü'), ADD COLUMN big BIGINT UNSIGNED,
      ADD COLUMN shout VARCHAR(50) AS (UPPER(note)), ADD INDEX notes (note)`);
    await world.query(`UPDATE LIVE.data SET note = CONCAT('note ü of ', attribute_value), bytes = x'00ff5c27',
      \`a \\ 'b' "c"\` = '{"a":[1.50]}', bits = b'100000011', ratio = 0.1 + 0.2, price = 12345678901234567.125,
      seen = '2026-01-01 00:00:00.123456', kind = 'ü', big = 18446744073709551615`);
    await world.query("CREATE TABLE LIVE.changes (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20))");
    for (const what of ["INSERT", "UPDATE", "DELETE"]) {
      await world.query(`CREATE TRIGGER LIVE.on_${what} AFTER ${what} ON LIVE.data FOR EACH ROW
        INSERT INTO changes (what) VALUES ('${what}')`);
    }
    await world.query("CREATE VIEW LIVE.notes AS SELECT event_id, attribute_value, note FROM LIVE.data");
    const all = () => world.query("SELECT *, HEX(bytes) AS hex, bits + 0 AS bit_number FROM LIVE.data ORDER BY id");
    const before = await all();

    assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 1, removed: 1, changed: 1 });
    const notes = await world.query("SELECT attribute_value, note FROM LIVE.notes ORDER BY attribute_value");
    assert.deepEqual(
      notes.map(({ attribute_value, note }) => [attribute_value, note]),
      [
        [missing.text, "none"],
        [changed.text, "note ü of ?"],
        [right.text, `note ü of ${right.text}`],
      ],
    );
    const changes = await world.query("SELECT what FROM LIVE.changes ORDER BY what");
    assert.deepEqual(
      changes.map(({ what }) => what),
      ["DELETE", "INSERT", "UPDATE"],
    );
    assert.equal(await rebuild.rollBack("one", CONSUMER), true);
    assert.deepEqual(await all(), before);
  });

  it("says which row a table of the user's making refuses, and changes nothing", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const live = await world.openLive();
    const rebuild = await world.open();
    await applyAll(live, series([{ rows: rowsFrom(0, 2) }]));
    await applyAll(await rebuild.candidate("one"), series([{ rows: rowsFrom(10, 2) }]));
    await world.query(`CREATE TRIGGER LIVE.refuse BEFORE INSERT ON LIVE.data FOR EACH ROW
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not on a Sunday'`);
    const before = await readData(live);
    await assert.rejects(
      rebuild.switchOver(order("one", 1)),
      (error) => error instanceof RebuildImpossible && /not on a Sunday/.test(error.message),
    );
    assert.deepEqual(await readData(live), before);
    assert.equal(await rebuild.switched(), null);
    await world.query("DROP TRIGGER LIVE.refuse");
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 2, removed: 2, changed: 0 });
  });

  it("is unavailable before its start and after its stop", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const rebuild = new MariadbProjectionRebuild(world.options);
    await assert.rejects(rebuild.switched(), ProjectionUnavailable);
    await rebuild.start();
    assert.equal(await rebuild.switched(), null);
    const candidate = await rebuild.candidate("one");
    await rebuild.stop();
    await assert.rejects(rebuild.mark("live"), ProjectionUnavailable);
    await assert.rejects(candidate.cursor(CONSUMER), ProjectionUnavailable);
  });

  it("moves every column that a dead letter has", async (t) => {
    if (!requireService(t, "MariaDB", available)) return;
    const world = await setUp(t);
    const live = await world.openLive();
    const rebuild = await world.open();
    await applyAll(live, series([{}]));
    await applyAll(await rebuild.candidate("one"), series([{ rows: rowsFrom(0, 2, { attribute: "x".repeat(256) }) }]));
    const columns = await world.query("SHOW COLUMNS FROM LIVE.dead_letters");
    const mine = columns
      .map(({ Field }) => Field)
      .filter((name) => name !== "seq")
      .join(", ");
    await rebuild.switchOver(order("one", 1));
    const letters = await world.query(`SELECT ${mine} FROM LIVE.dead_letters ORDER BY id`);
    assert.equal(letters.length, 2);
    assert.deepEqual(letters, await world.query(`SELECT ${mine} FROM ${world.candidate}.dead_letters ORDER BY id`));
    const kept = await world.query("SHOW COLUMNS FROM LIVE.sluice_undo_letters");
    assert.deepEqual(kept, columns, "what can be taken back has them too");
  });
});
