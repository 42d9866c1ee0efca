/**
 * What only a rebuild in SQLite meets: the candidate's file beside the live one, a full disk (`prlimit`, Linux), tables
 * that people have altered, and ids that SQLite gives again.
 */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { SqliteProjectionRebuild, SqliteProjectionStore } from "@sluice/adapter-sqlite";
import { type ProjectionBatch, RebuildImpossible } from "@sluice/domain";
import { applyAll, assertAlike, contents, order, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import { CONSUMER, row } from "../conformance/projection-store-support.ts";

let directory: string;
let path: string;
const started: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-rebuild-"));
  path = join(directory, "projection.db");
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
  rmSync(directory, { recursive: true, force: true });
});

const start = async <T extends { start(): Promise<void>; stop(): Promise<void> }>(one: T): Promise<T> => {
  started.push(one);
  await one.start();
  return one;
};
const openLive = () => start(new SqliteProjectionStore({ path }));
const openRebuild = () => start(new SqliteProjectionRebuild({ path }));

const sides = async (live: readonly ProjectionBatch[], candidate = live) => {
  const opened = { live: await openLive(), rebuild: await openRebuild() };
  const made = await opened.rebuild.candidate("one");
  await applyAll(opened.live, live);
  await applyAll(made, candidate);
  return { ...opened, candidate: made };
};

const inDatabase = <T>(file: string, work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
};
const run = (sql: string) => inDatabase(path, (database) => database.exec(sql));
const all = (sql: string) =>
  inDatabase(path, (database) =>
    database
      .prepare(sql)
      .all()
      .map((one) => ({ ...one })),
  );

const impossible = (pattern: RegExp) => (error: unknown) =>
  error instanceof RebuildImpossible && pattern.test(error.message);

describe("the candidate's file", () => {
  test("is beside the live one, whatever its name, and is gone afterwards", async () => {
    path = join(directory, "a dir", "pro %41?mode=memory#jection ü'\".db");
    const { rebuild, live, candidate } = await sides(series([{ rows: rowsFrom(0, 3) }]));
    assert.ok(existsSync(`${path}-rebuild`));
    await rebuild.switchOver(order("one", 1));
    await assertAlike(live, candidate);
    await rebuild.drop();
    assert.deepEqual(
      readdirSync(join(directory, "a dir")).filter((name) => name.includes("rebuild")),
      [],
    );
  });

  test("that another program has made is not touched", async () => {
    const other = `${path}-rebuild`;
    inDatabase(other, (database) => database.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)"));
    const before = readFileSync(other);
    const rebuild = await openRebuild();
    await assert.rejects(rebuild.candidate("one"), impossible(/another database.*move it/));
    await rebuild.drop();
    assert.deepEqual(readFileSync(other), before);

    writeFileSync(other, "no database at all, but long enough to be read as one".repeat(100));
    await assert.rejects(rebuild.candidate("one"), impossible(/not a database/));
    await rebuild.drop();
    assert.ok(existsSync(other));

    rmSync(other);
    mkdirSync(other);
    await assert.rejects(rebuild.candidate("one"), impossible(/must be allowed to write in/));
    await rebuild.drop();
    rmSync(other, { recursive: true });
    await applyAll(await rebuild.candidate("one"), series([{}]));
  });

  test("of a newer version is made anew", async () => {
    const { rebuild } = await sides(series([{ rows: rowsFrom(0, 3) }]));
    await rebuild.stop();
    inDatabase(`${path}-rebuild`, (database) => database.exec("PRAGMA user_version = 999"));
    const again = await openRebuild();
    assert.equal(await (await again.candidate("one")).cursor(CONSUMER), null);
  });

  test("that a crash left without anything in it is used", async () => {
    writeFileSync(`${path}-rebuild`, "");
    const rebuild = await openRebuild();
    assert.equal(await (await rebuild.candidate("one")).cursor(CONSUMER), null);
    await rebuild.stop();
    inDatabase(`${path}-rebuild`, (database) => database.exec("DELETE FROM sluice_rebuild"));
    assert.equal(await (await (await openRebuild()).candidate("one")).cursor(CONSUMER), null);
  });

  test("leaves no log of an earlier one to be taken for its own", async () => {
    const { rebuild, candidate } = await sides(series([{ rows: rowsFrom(0, 500) }]));
    // As a process that dies while it removes them: the database is gone, its log is not.
    const log = readFileSync(`${path}-rebuild-wal`);
    assert.ok(log.length > 0 && (await contents(candidate)).data.length === 500);
    await rebuild.drop();
    writeFileSync(`${path}-rebuild-wal`, log);
    const fresh = await rebuild.candidate("two");
    assert.deepEqual((await contents(fresh)).data, []);
    assert.equal(
      inDatabase(`${path}-rebuild`, (database) => database.prepare("PRAGMA quick_check").get()?.quick_check),
      "ok",
    );
  });
});

describe("tables that people have altered", () => {
  const OLDER = `CREATE TABLE data (
      id INTEGER NOT NULL, received_at DATETIME NOT NULL, flow_code VARCHAR(100) NOT NULL COLLATE NOCASE,
      attribute_name VARCHAR(255) NOT NULL COLLATE RTRIM, attribute_value TEXT NOT NULL, last_msg_id INTEGER NOT NULL,
      unit TEXT NOT NULL DEFAULT 'C', "the ""site" BLOB, length INTEGER AS (length(attribute_value)) STORED,
      PRIMARY KEY (id));
    INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
      VALUES ('2025-06-01 12:00:00', 'OLD', 'old', '1', 1);`;

  test("an adopted one with columns, collations and a computed column", async () => {
    run(OLDER);
    const rows = rowsFrom(0, 10);
    const damaged = rows.slice(0, 8).map((one, index) => {
      if (index === 1) return { ...one, flow: "Flow_a" };
      return index === 2 ? { ...one, attribute: "temperature " } : one;
    });
    const foreign = row();
    const { live, candidate, rebuild } = await sides(series([{ rows: [...damaged, foreign] }]), series([{ rows }]));
    run(`UPDATE data SET unit = 'F' || id, "the ""site" = x'00ff'`);
    const before = all("SELECT * FROM data ORDER BY id");
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 2, removed: 1, changed: 2 });
    assert.deepEqual(
      (await contents(live)).data.slice(1).map(({ id, ...item }) => item),
      (await contents(candidate)).data.map(({ id, ...item }) => item),
    );
    assert.deepEqual(
      all("SELECT unit FROM data ORDER BY id").map(({ unit }) => unit),
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((id) => `F${id}`).concat("C", "C"),
    );
    assert.equal(await rebuild.rollBack("one", CONSUMER), true);
    assert.deepEqual(all("SELECT * FROM data ORDER BY id"), before);
  });

  test("one that refuses a row is left as it is, and says why", async () => {
    const rows = rowsFrom(0, 10);
    const { live, rebuild, candidate } = await sides(series([{ rows: rows.slice(1) }]), series([{ rows }]));
    run(`CREATE TRIGGER mine BEFORE INSERT ON data WHEN new.attribute_value = '0'
      BEGIN SELECT RAISE (ABORT, 'no zeros here'); END`);
    const before = await contents(live);
    await assert.rejects(rebuild.switchOver(order("one", 1)), impossible(/no zeros here.*trigger/));
    assert.deepEqual(await contents(live), before);
    assert.equal(await rebuild.switched(), null);
    run("DROP TRIGGER mine");
    await rebuild.switchOver(order("one", 1));
    await assertAlike(live, candidate);

    run(`CREATE TRIGGER mine BEFORE DELETE ON data BEGIN SELECT RAISE (ROLLBACK, 'no row goes'); END`);
    await assert.rejects(rebuild.rollBack("one", CONSUMER), impossible(/no row goes/));
    await assertAlike(live, candidate);
    run("DROP TRIGGER mine");
    assert.equal(await rebuild.rollBack("one", CONSUMER), true);
    assert.deepEqual(await contents(live), before);
  });

  test("a unique index of their own, where what is wrong stands in the place of what is right", async () => {
    const rows = rowsFrom(0, 10);
    const wrong = row({ receivedAt: rows[3]?.receivedAt as string });
    const { live, rebuild, candidate } = await sides(
      series([{ rows: [...rows.slice(0, 3), ...rows.slice(4), wrong] }]),
      series([{ rows }]),
    );
    run("CREATE UNIQUE INDEX mine ON data (flow_code, attribute_name, received_at)");
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 1, removed: 1, changed: 0 });
    await assertAlike(live, candidate);
    await rebuild.rollBack("one", CONSUMER);
    assert.deepEqual(
      (await contents(live)).data.some(({ eventId }) => eventId === wrong.eventId),
      true,
    );
  });

  test("values of any type in any column are told from what is right, and put right", async () => {
    const rows = rowsFrom(0, 8);
    const { live, rebuild, candidate } = await sides(series([{ rows }]));
    const edits = [
      "attribute_value = x'30'",
      "last_msg_id = 9223372036854775807",
      "last_msg_id = 'one'",
      "value_number = 9e999",
      "value_number = 'two'",
      "received_at = 1700000000",
      "flow_code = x''",
    ];
    for (const [index, edit] of edits.entries())
      run(`UPDATE data SET ${edit} WHERE event_id = '${rows[index]?.eventId}'`);
    run("INSERT INTO data (flow_code, attribute_name, event_id) VALUES ('A', 'a', x'ff')");
    const request = { upTo: await rebuild.mark("live"), after: null, limit: 100, receivedFrom: null };
    const given = await rebuild.rows("live", request);
    assert.equal(given.length, 8);
    for (const [index, edit] of edits.entries()) assert.notDeepEqual(given[index], rows[index], edit);
    assert.deepEqual(given[7], rows[7]);
    assert.deepEqual(await rebuild.switchOver(order("one", 1)), { added: 0, removed: 1, changed: edits.length });
    await assertAlike(live, candidate);
  });
});

test("a row that comes back has its id, and the row that was given it since another", async () => {
  const rows = rowsFrom(0, 5);
  const { live, rebuild } = await sides(series([{ rows }]), series([{ rows: rows.slice(0, 3) }]));
  await rebuild.switchOver(order("one", 1));
  const later = rowsFrom(10, 4);
  await applyAll(live, series([{ rows: later }], 1));
  run("INSERT INTO data (flow_code, attribute_name, attribute_value) VALUES ('A', 'by hand', '1')");
  const ids = () => all("SELECT id, event_id FROM data ORDER BY id").map(({ id, event_id }) => [id, event_id]);
  const events = [...rows.slice(0, 3), ...later].map(({ eventId }) => eventId);
  assert.deepEqual(
    ids(),
    [...events, null].map((event, index) => [index + 1, event]),
  );
  await rebuild.rollBack("one", CONSUMER);
  const [first, second, third, fourth] = later.map(({ eventId }) => eventId);
  assert.deepEqual(ids(), [
    ...rows.map(({ eventId }, index) => [index + 1, eventId]),
    [6, third],
    [7, fourth],
    [8, null],
    [9, first],
    [10, second],
  ]);
});

test("a switch and a roll-back on a full disk change nothing, and succeed when there is room", {
  skip: spawnSync("prlimit", ["--version"]).error ? "prlimit is not there" : false,
}, async () => {
  const rows = rowsFrom(0, 20_000);
  const damaged = rows.map((one) => ({ ...one, text: "?" }));
  const { live, rebuild } = await sides(series([{ rows: damaged }]), series([{ rows }]));
  await rebuild.stop();
  await live.stop();
  const script = join(import.meta.dirname, "projection-rebuild-child.ts");
  const child = spawn(process.execPath, [script, path], { stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const says = async (what: string) => assert.equal((await lines.next()).value, what);
  const limit = (bytes: string) => execFileSync("prlimit", [`--fsize=${bytes}:`, "--pid", String(child.pid)]);
  const ask = (what: string) => child.stdin.write(`${what}\n`);
  await says("ready");
  for (const what of ["switch", "back"]) {
    limit("65536");
    ask(what);
    await says("unavailable");
    limit("unlimited");
    ask("switched");
    await says(what === "switch" ? "none" : "one");
    ask("texts");
    await says(what === "switch" ? "1" : "20000");
    ask(what);
    await says("done");
    ask("texts");
    await says(what === "switch" ? "20000" : "1");
  }
  child.stdin.end();
  assert.deepEqual(await exit, [0, null]);
});
