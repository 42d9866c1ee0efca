/** A log that several threads check at once: the first problem of all is named, whichever of them finds it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { SqliteEventStore, SqliteSealStore } from "@sluice/adapter-sqlite";
import { Sealer } from "../../packages/app/src/integrity/sealer.ts";
import { verifyLog } from "../../packages/app/src/integrity/verify/verify-log.ts";
import { systemClock } from "../../packages/app/src/system/ids.ts";
import { received, stored } from "../conformance/event-store-support.ts";
import { configurationOf } from "./tampering.ts";

/** Of 32 tiles, which a thread takes at a time. */
const RUN = 32 * 256;
const RUNS = 6;
const EVENTS = RUNS * RUN - 100;

describe("verifying in several threads", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-threads-"));
  const path = join(directory, "events.db");

  before(async () => {
    const store = new SqliteEventStore({ path, clock: systemClock, threads: "inline" });
    const seals = new SqliteSealStore({ path: join(directory, "seals.db"), newOrigin: () => "sluice/threads" });
    await store.start();
    await seals.start();
    for (let count = 0; count < EVENTS; ) {
      const events = Array.from({ length: Math.min(500, (EVENTS - count) / 2) }, (_, index) => {
        const messageId = `m${count + index}`;
        return [received("A", messageId), stored("A", messageId)];
      }).flat();
      await store.append([{ stream: "traffic-A-20260101", expected: "any", events }]);
      count += events.length;
    }
    const sealer = new Sealer({ store, seals });
    await sealer.cursor();
    for await (const page of sealer.pages({ signal: new AbortController().signal })) {
      await sealer.take(page);
      if (page.atEnd) break;
    }
    await seals.stop();
    await store.stop();
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const attack = (sql: string): void => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  const alter = (position: number): void =>
    attack(`UPDATE records SET recorded_at = recorded_at + 1 WHERE position = ${position}`);
  const verify = async (threads: number) => {
    let progress = 0;
    const report = await verifyLog({
      configuration: configurationOf({ DATA_DIR: directory }),
      checkpoints: [],
      keyOf: () => undefined,
      threads,
      onProgress: (events) => {
        progress += events;
      },
    });
    assert.equal(report.verified, progress);
    return report;
  };

  it("looks at every event once, and all threads find the same", async () => {
    const reports = [await verify(1), await verify(2), await verify(4)];
    for (const { ok, verified, size, problem } of reports) {
      assert.deepEqual([ok, verified, size, problem], [true, EVENTS, EVENTS, null]);
    }
    assert.equal(new Set(reports.map(({ root }) => root)).size, 1);
  });

  it("names the first of several, wherever they are", async () => {
    for (const run of [5, 4, 3, 2, 1, 0]) {
      alter(run * RUN + 257);
      const { ok, problem } = await verify(4);
      assert.deepEqual([ok, problem?.kind, problem?.leaf], [false, "altered", run * RUN + 256]);
    }
  });

  it("says what kept it from going on", async () => {
    attack("ALTER TABLE streams RENAME TO gone");
    await assert.rejects(() => verify(4), /no such table: streams/);
    attack("ALTER TABLE gone RENAME TO streams");
  });
});
