/** A database that was made before rows were mirrored. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { SqliteFlowSource } from "@sluice/adapter-sqlite";

const FIRST = new URL("../../packages/adapters/sqlite/src/sql/projection/0001-read-model.sql", import.meta.url);

for (const projected of [true, false]) {
  it(`takes the rows of a database ${projected ? "with" : "without"} a projector for ${projected ? "its" : "new"} ones`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "sluice-flow-tables-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, "projection.db");
    const database = new DatabaseSync(path);
    database.exec(readFileSync(FIRST, "utf8"));
    database.exec("PRAGMA user_version = 1");
    database.exec("INSERT INTO flows (code, topic, action) VALUES ('A', 'a', 'STORE_DB')");
    if (projected) database.exec("INSERT INTO cursors (consumer, position) VALUES ('projection', '1')");
    database.close();

    const source = new SqliteFlowSource({ path });
    await source.start();
    t.after(() => source.stop());
    const { flows, mirrored } = await source.read();
    assert.equal(flows.length, 1);
    const { id: _id, code: _code, lastMessageNumber: _number, ...columns } = flows[0] as (typeof flows)[0];
    assert.deepEqual(mirrored, new Map(projected ? [["A", columns]] : []));
  });
}
