/**
 * Conformance: a process that is killed while it switches over or takes a switch back, at a moment that is another every
 * time. It has happened then, wholly, or it has not; and a process of little memory can do it with a large projection.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DataRow, ProjectionRebuild, ProjectionStore } from "@sluice/domain";
import {
  contents,
  type ProjectionRebuildContext,
  type ProjectionRebuildDefinition,
  readRows,
  series,
  storedRows,
} from "./projection-rebuild-support.ts";
import { CONSUMER, countsOf, instant, letter, row, uuid } from "./projection-store-support.ts";

export const CRASH_ID = "crash";
export const CRASH_POSITION = 10;
const ROWS = 6_000;
const KILLS = 4;

const LARGE_ROWS = 20_000;
const LARGE_TEXT = "x".repeat(4_000);
/** Of the child's heap: less than the rows of one side have in text. */
const LARGE_HEAP_MB = 64;

const rowsOf = (count: number, tail = ""): DataRow[] =>
  Array.from({ length: count }, (_, index) =>
    row({
      eventId: uuid(0x1000_0000 + index),
      receivedAt: instant(index),
      text: `${index}${tail}`,
      messageNumber: index,
    }),
  );

const batchesOf = (rows: readonly DataRow[], damaged: boolean) => {
  const size = Math.ceil(rows.length / CRASH_POSITION);
  return series(
    Array.from({ length: CRASH_POSITION }, (_, index) => ({
      rows: rows.slice(index * size, (index + 1) * size),
      deadLetters: damaged ? [] : [{ kind: "add" as const, letter: letter() }],
    })),
  );
};

/** A tenth: thirds of it missing, changed, and not of the log. */
const damage = (rows: readonly DataRow[], one: number): DataRow[] =>
  rows.flatMap((right) => {
    if (right.messageNumber % one === 1) return [];
    if (right.messageNumber % one === 2) return [{ ...right, valueType: "string" as const }];
    if (right.messageNumber % one === 3) return [right, { ...right, eventId: `f${right.eventId.slice(1)}` }];
    return [right];
  });

const fill = async (context: ProjectionRebuildContext, rows: readonly DataRow[], one: number) => {
  const live = await context.openLive();
  const rebuild = await context.open();
  const candidate = await rebuild.candidate(CRASH_ID);
  for (const batch of batchesOf(damage(rows, one), true)) await live.apply(batch);
  for (const batch of batchesOf(rows, false)) await candidate.apply(batch);
  return { live, rebuild };
};

const spawnChild = (context: ProjectionRebuildContext, what: "switch" | "back", options: readonly string[] = []) => {
  const script = join(import.meta.dirname, "projection-rebuild-crash-child.ts");
  const args = [...options, script, context.adapter.name, context.location, what];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
};

/** @param after ms from its beginning; Infinity: it is let be. @returns ms that it took, if it was */
const runChild = async (context: ProjectionRebuildContext, what: "switch" | "back", after: number): Promise<number> => {
  const child = spawnChild(context, what);
  const exit = once(child, "exit");
  let [began, ended] = [0, 0];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "end") ended = performance.now();
    else began = performance.now();
    if (line === "begin" && after !== Infinity) setTimeout(() => child.kill("SIGKILL"), after);
  }
  const [code, signal] = await exit;
  assert.ok(signal === "SIGKILL" || code === 0, "the child failed by itself");
  assert.ok(began > 0, "the child was killed before it began");
  return ended - began;
};

/** Of the whole listing, page by page. */
const digest = async (live: ProjectionStore): Promise<string> => {
  const hash = createHash("sha256");
  for (let after: string | undefined; ; ) {
    const page = await live.data({}, { limit: 1_000, ...(after === undefined ? {} : { after }) });
    hash.update(JSON.stringify(page.items));
    if (page.next === null) return hash.digest("hex");
    after = page.next;
  }
};

/** Of one moment: a database may end what a killed client had begun a little later. */
const seen = async (context: ProjectionRebuildContext, live: ProjectionStore, rebuild: ProjectionRebuild) => {
  for (;;) {
    const before = await rebuild.switched();
    const hash = createHash("sha256").update(JSON.stringify(await storedRows(context)));
    hash.update(JSON.stringify(await contents(live)));
    if (((await rebuild.switched()) === null) === (before === null)) {
      return { switched: before !== null, hash: hash.digest("hex") };
    }
  }
};

export const crashDefinitions: readonly ProjectionRebuildDefinition[] = [
  {
    name: "has switched over or taken a switch back wholly or not at all when its process is killed",
    async run(context) {
      const { live, rebuild } = await fill(context, rowsOf(ROWS), 30);
      // The child is the one that has the candidate.
      await rebuild.stop();
      const own = context.adapter.open(context.location, Date);
      await own.start();
      const before = await seen(context, live, own);
      const took = { switch: await runChild(context, "switch", Infinity), back: 0 };
      const after = await seen(context, live, own);
      assert.deepEqual([before.switched, after.switched], [false, true]);
      took.back = await runChild(context, "back", Infinity);
      assert.deepEqual(await seen(context, live, own), before);

      for (let kill = 0; kill < KILLS; kill++) {
        const part = (kill + 0.5) / KILLS;
        await runChild(context, "switch", took.switch * part);
        const switched = await seen(context, live, own);
        if (!switched.switched) {
          assert.deepEqual(switched, before, `switch, killed ${kill}`);
          await runChild(context, "switch", Infinity);
        }
        assert.deepEqual(await countsOf(live), [ROWS, 0, 0]);
        assert.equal((await readRows(own, "live", { limit: 5_000 })).length, ROWS);

        const whole = await seen(context, live, own);
        await runChild(context, "back", took.back * part);
        const back = await seen(context, live, own);
        assert.deepEqual(back, back.switched ? whole : before, `back, killed ${kill}`);
        if (back.switched) assert.equal(await own.rollBack(CRASH_ID, CONSUMER), true);
      }
      await own.stop();
    },
  },
  {
    name: "switches over a large projection and takes it back in little memory",
    async run(context) {
      const rows = rowsOf(LARGE_ROWS, LARGE_TEXT);
      const { live, rebuild } = await fill(context, rows, 30);
      const before = await digest(live);
      await rebuild.stop();
      for (const what of ["switch", "back"] as const) {
        const [code] = await once(spawnChild(context, what, [`--max-old-space-size=${LARGE_HEAP_MB}`]), "exit");
        assert.equal(code, 0, what);
        const own = context.adapter.open(context.location, Date);
        await own.start();
        const switched = await own.switched();
        await own.stop();
        if (what === "back") assert.equal(switched, null);
        else
          assert.deepEqual(switched, {
            id: CRASH_ID,
            position: String(CRASH_POSITION),
            added: Math.ceil(LARGE_ROWS / 30),
            removed: Math.ceil(LARGE_ROWS / 30),
            changed: Math.ceil(LARGE_ROWS / 30),
          });
      }
      assert.equal(await digest(live), before);
      assert.equal(await live.cursor(CONSUMER), String(CRASH_POSITION));
    },
  },
];
