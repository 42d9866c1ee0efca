import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, test } from "node:test";
import { SqliteProjectionStore, SqliteSnapshotStore, UnusableDatabase } from "@sluice/adapter-sqlite";
import type { Snapshot } from "@sluice/domain";

let directory: string;
let path: string;
let open: SqliteSnapshotStore[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-snapshots-"));
  path = join(directory, "below", "snapshots.db");
  open = [];
});
afterEach(async () => {
  for (const store of open) await store.stop();
  rmSync(directory, { recursive: true, force: true });
});

const openStore = (): SqliteSnapshotStore => {
  const store = new SqliteSnapshotStore({ path });
  open.push(store);
  return store;
};

const snapshot = (state: unknown, position = "12"): Snapshot => ({ position, schemaVersion: 3, state });

test("gives back the last snapshot of each name", async () => {
  const store = openStore();
  assert.equal(await store.load("flows"), null);
  const state = { flows: { "Grüße 🌡️": [1, null, "x".repeat(100_000)] }, empty: {} };
  await store.save("flows", snapshot({ old: true }));
  await store.save("flows", snapshot(state, "C:13/P:13"));
  await store.save("other", snapshot([], "1"));
  for (const one of [store, openStore()]) {
    assert.deepEqual(await one.load("flows"), { position: "C:13/P:13", schemaVersion: 3, state });
    assert.deepEqual(await one.load("other"), snapshot([], "1"));
    assert.equal(await one.load("nothing"), null);
  }
  await store.stop();
  assert.deepEqual(await store.load("other"), snapshot([], "1"), "it opens its file again when it is needed");
});

test("has none where the file is no database, and begins a new one beside it", async () => {
  await openStore().save("flows", snapshot(1));
  await open[0]?.stop();
  writeFileSync(path, "no database ".repeat(1_000));
  const store = openStore();
  assert.equal(await store.load("flows"), null);
  await store.save("flows", snapshot(2));
  assert.deepEqual(await store.load("flows"), snapshot(2));
  assert.ok(existsSync(`${path}.damaged`));
});

test("has none where the state cannot be read", async () => {
  const store = openStore();
  await store.save("flows", snapshot({ a: 1 }));
  const other = new DatabaseSync(path);
  other.exec("UPDATE snapshots SET state = '{\"a\":'");
  other.close();
  assert.equal(await store.load("flows"), null);
  await store.save("flows", snapshot({ a: 2 }));
  assert.deepEqual(await store.load("flows"), snapshot({ a: 2 }));
});

test("keeps its hands off a file of another store, or of a newer version", async () => {
  const projection = new SqliteProjectionStore({ path });
  await projection.start();
  const store = openStore();
  assert.equal(await store.load("flows"), null);
  await assert.rejects(store.save("flows", snapshot(1)), UnusableDatabase);
  assert.equal(await projection.cursor("projection"), null);
  await projection.stop();
  assert.ok(!readdirSync(join(directory, "below")).some((file) => file.includes("damaged")));

  path = join(directory, "newer.db");
  await openStore().save("flows", snapshot(1));
  await open.at(-1)?.stop();
  const other = new DatabaseSync(path);
  other.exec("PRAGMA user_version = 99");
  other.close();
  assert.equal(await openStore().load("flows"), null);
  await assert.rejects(openStore().save("flows", snapshot(2)), UnusableDatabase);
});
