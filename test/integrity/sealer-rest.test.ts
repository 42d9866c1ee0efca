/** The sealer gives way to ingest, and to nothing else. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { SqliteEventStore, SqliteSealStore } from "@sluice/adapter-sqlite";
import { Sealer } from "../../packages/app/src/integrity/sealer.ts";
import { systemClock } from "../../packages/app/src/system/ids.ts";
import { received } from "../conformance/event-store-support.ts";

it("rests for as long as it has worked where it is behind and more comes in, and not at all when nothing does", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-rest-"));
  const store = new SqliteEventStore({ path: join(directory, "events.db"), clock: systemClock, threads: "inline" });
  const seals = new SqliteSealStore({ path: join(directory, "seals.db"), newOrigin: () => "sluice/rest" });
  await store.start();
  await seals.start();
  t.after(async () => {
    await seals.stop();
    await store.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const append = (count: number) => {
    const events = Array.from({ length: count }, (_, index) => received("A", `m${index}`));
    return store.append([{ stream: "traffic-A-20260101", expected: "any", events }]);
  };
  let rests: number[] = [];
  const sealer = new Sealer({ store, seals, rest: async (milliseconds) => void rests.push(milliseconds) });
  /** The rests of one page. */
  const seal = async (limit: number): Promise<readonly number[]> => {
    rests = [];
    const after = (await seals.head()).position;
    await sealer.take(await store.readEntries({ limit, ...(after === null ? {} : { after }) }));
    return rests;
  };

  await append(2_000);
  await sealer.cursor();
  await seal(1);
  assert.deepEqual(await seal(500), [], "a backlog, and nothing comes in");
  await append(10);
  const [rest = 0, ...others] = await seal(500);
  assert.ok(rest > 0 && rest < 1_000, `${rest} ms`);
  assert.deepEqual(others, []);
  assert.deepEqual(await seal(500), [], "nothing more came in");
  await append(10);
  assert.deepEqual(await seal(10_000), [], "it is not behind");
  assert.equal(sealer.size, 2_020);
});
