/** What the port `MessageSpool` promises, of its SQLite adapter. */
import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteMessageSpool, SqliteSnapshotStore, UnusableDatabase } from "@sluice/adapter-sqlite";
import { SpoolFull, SpoolUnavailable } from "@sluice/domain";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

describe("the spool in SQLite", () => {
  let directory: string;
  let path: string;
  let spool: SqliteMessageSpool;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "sluice-spool-"));
    path = join(directory, "spool.db");
    spool = new SqliteMessageSpool({ path, capacityBytes: 100 });
    await spool.start();
  });

  afterEach(async () => {
    await spool.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const contents = async (after = 0, limit = 100) =>
    (await spool.read(after, { entries: limit, bytes: 1_000_000 })).map(({ data }) => text(data));

  it("gives entries in their order, as often as it is asked", async () => {
    const [a, b, c] = await spool.append([bytes("a"), bytes("b"), bytes("c")]);
    assert.ok((a as number) < (b as number) && (b as number) < (c as number));
    assert.deepEqual(await contents(), ["a", "b", "c"]);
    assert.deepEqual(await contents(a), ["b", "c"]);
    assert.deepEqual(await contents(0, 1), ["a"]);
    await spool.remove([b as number, b as number, 999]);
    assert.deepEqual(await contents(), ["a", "c"]);
    assert.deepEqual(spool.status(), { entries: 2, bytes: 2, capacityBytes: 100 });
  });

  it("keeps every byte, and its entries when it is opened again", async () => {
    const all = Uint8Array.from({ length: 100 }, (_, index) => (index * 7) % 256);
    await spool.append([all]);
    await spool.stop();
    spool = new SqliteMessageSpool({ path, capacityBytes: 100 });
    await spool.start();
    assert.deepEqual(new Uint8Array((await spool.read(0, { entries: 1, bytes: 1 }))[0]?.data ?? []), all);
    assert.deepEqual(spool.status(), { entries: 1, bytes: 100, capacityBytes: 100 });
  });

  it("never gives an id twice", async () => {
    const [first] = await spool.append([bytes("a")]);
    await spool.remove([first as number]);
    await spool.stop();
    spool = new SqliteMessageSpool({ path, capacityBytes: 100 });
    await spool.start();
    const [second] = await spool.append([bytes("b")]);
    assert.ok((second as number) > (first as number));
  });

  it("refuses what would pass the bound, as a whole, and keeps what is in", async () => {
    await spool.append([new Uint8Array(60)]);
    await assert.rejects(spool.append([new Uint8Array(30), new Uint8Array(30)]), SpoolFull);
    assert.deepEqual(spool.status(), { entries: 1, bytes: 60, capacityBytes: 100 });
    await spool.append([new Uint8Array(40)]);
    await assert.rejects(spool.append([new Uint8Array(1)]), SpoolFull);
  });

  it("takes an entry of any size when it is empty: it would wait for ever", async () => {
    await spool.append([new Uint8Array(1_000)]);
    assert.equal(spool.status().bytes, 1_000);
  });

  it("gives the disk back", async () => {
    await spool.stop();
    spool = new SqliteMessageSpool({ path, capacityBytes: 10_000_000 });
    await spool.start();
    const ids = await spool.append(Array.from({ length: 40 }, () => new Uint8Array(100_000)));
    await spool.remove(ids);
    const sizes = await Promise.all([stat(path), stat(`${path}-wal`)]);
    assert.ok(sizes.every(({ size }) => size < 200_000));
  });

  it("says what it is when it is not open, or another store's", async () => {
    await spool.stop();
    await assert.rejects(spool.append([bytes("a")]), SpoolUnavailable);
    const other = join(directory, "snapshots.db");
    const snapshots = new SqliteSnapshotStore({ path: other });
    await snapshots.save("x", { position: "1", schemaVersion: 1, state: {} });
    await snapshots.stop();
    await assert.rejects(new SqliteMessageSpool({ path: other, capacityBytes: 1 }).start(), UnusableDatabase);
  });
});
