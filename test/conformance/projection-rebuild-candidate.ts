/** Conformance: the candidate's life, beside a live projection that sees nothing of it. */
import assert from "node:assert/strict";
import { CursorMoved } from "@sluice/domain";
import {
  addOlderRow,
  applyAll,
  assertAlike,
  comparable,
  contents,
  openSides,
  type ProjectionRebuildDefinition,
  peoplesTables,
  readRows,
  rowsFrom,
  series,
} from "./projection-rebuild-support.ts";
import { batch, CONSUMER, definition, letter, readData, row } from "./projection-store-support.ts";

const nothing = { data: [], dead: [], counts: [], cursor: null };
const history = () =>
  series([
    { rows: [...rowsFrom(0, 5), row({ attribute: "x".repeat(256) })] },
    { rows: rowsFrom(10, 5), deadLetters: [{ kind: "add", letter: letter() }] },
  ]);

export const candidateDefinitions: readonly ProjectionRebuildDefinition[] = [
  {
    name: "makes an empty candidate, of which the live projection shows nothing",
    async run(context) {
      const live = await context.openLive();
      const mine = history();
      await applyAll(live, mine.slice(0, 1));
      await addOlderRow(context, "1");
      const before = [await contents(live), await peoplesTables(context)];

      const rebuild = await context.open();
      const candidate = await rebuild.candidate("one");
      assert.deepEqual(await contents(candidate), nothing);
      const flows = [{ code: "FLOW_B", definition: definition({ code: "FLOW_B" }), enabled: true }];
      await applyAll(candidate, series([{ rows: rowsFrom(100, 20), flows }, history()[1] ?? {}]));
      assert.deepEqual([await contents(live), await peoplesTables(context)], before);

      await applyAll(live, mine.slice(1));
      assert.equal((await readData(candidate)).length, 25, "nor the candidate of the live one");
      assert.equal(await candidate.cursor(CONSUMER), "2");
    },
  },
  {
    name: "applies as the live projection does",
    async run(context) {
      const { live, candidate } = await openSides(context, history());
      await assertAlike(live, candidate);
      await assert.rejects(candidate.apply(batch({ from: "1", to: "2" })), CursorMoved);
    },
  },
  {
    name: "has the candidate as far as it had come after a stop",
    async run(context) {
      const { candidate, rebuild } = await openSides(context, history());
      const before = await contents(candidate);
      await rebuild.stop();
      const again = await context.open();
      const same = await again.candidate("one");
      assert.deepEqual(await contents(same), before);
      await applyAll(same, series([{ rows: rowsFrom(100, 3) }], 2));
      assert.equal(await same.cursor(CONSUMER), "3");
      assert.deepEqual(await contents(await again.candidate("one")), await contents(same), "and when asked again");
    },
  },
  {
    name: "replaces what another rebuild has left",
    async run(context) {
      const { live, rebuild } = await openSides(context, history());
      assert.deepEqual(await contents(await rebuild.candidate("two")), nothing);
      await applyAll(await rebuild.candidate("two"), history().slice(0, 1));
      await rebuild.stop();

      const again = await context.open();
      const third = await again.candidate("three — ü 🌡️ '\"`");
      assert.deepEqual(await contents(third), nothing);
      await applyAll(third, history());
      await again.stop();
      const same = await (await context.open()).candidate("three — ü 🌡️ '\"`");
      assert.equal(await same.cursor(CONSUMER), "2");
      assert.equal((await readData(live)).length, 10);
    },
  },
  {
    name: "takes the candidate away, also one of an earlier process, and nothing where there is none",
    async run(context) {
      const first = await context.open();
      await first.drop();
      const { live, rebuild } = await openSides(context, history());
      const before = await contents(live);
      await rebuild.drop();
      await rebuild.drop();
      const fresh = await rebuild.candidate("one");
      assert.deepEqual(await contents(fresh), nothing);
      await applyAll(fresh, history());
      await rebuild.stop();

      const again = await context.open();
      await again.drop();
      assert.deepEqual(await contents(await again.candidate("one")), nothing);
      assert.deepEqual(await contents(live), before);
    },
  },
  {
    name: "goes on through a reset of the live projection",
    async run(context) {
      const { live, candidate, rebuild } = await openSides(context, history());
      await live.reset(CONSUMER);
      assert.equal((await readData(candidate)).length, 10);
      assert.equal((await readRows(rebuild, "candidate")).length, 10);
      assert.deepEqual(comparable(await contents(live)), nothing);
    },
  },
];
