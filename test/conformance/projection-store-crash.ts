/**
 * Conformance: a projector that is killed. A child process applies batches and says of each that it was applied; SIGKILL
 * takes it at a random moment, several times over. Rows, dead letters, counts and cursor always tell of the same batches.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ProjectionBatch } from "@sluice/domain";
import {
  batch,
  CONSUMER,
  countsOf,
  definition,
  doneOf,
  FLOW,
  instant,
  type ProjectionStoreDefinition,
  readData,
  readDead,
  row,
  uuid,
} from "./projection-store-support.ts";

const KILLS = 5;
const MESSAGES = 20;
const ATTRIBUTES = 3;

/** The batch that moves the cursor from `number` to `number` + 1; one row of its last message dies. */
export const crashBatch = (number: number): ProjectionBatch => {
  const rows = Array.from({ length: MESSAGES * ATTRIBUTES }, (_, index) => {
    const id = number * MESSAGES * ATTRIBUTES + index;
    const last = index === MESSAGES * ATTRIBUTES - 1;
    return row({
      eventId: uuid(id),
      messageId: uuid(Math.floor(id / ATTRIBUTES)),
      attribute: last ? "x".repeat(256) : `a${index % ATTRIBUTES}`,
      receivedAt: instant(id),
      messageNumber: Math.floor(id / ATTRIBUTES) + 1,
    });
  });
  return batch({
    from: number === 0 ? null : String(number),
    to: String(number + 1),
    rows,
    done: doneOf(rows),
    flows: number === 0 ? [{ code: FLOW, definition: definition(), enabled: true }] : [],
    lastMessageNumbers: new Map([[FLOW, (number + 1) * MESSAGES]]),
  });
};

/** @returns the last position that the child has said to be applied */
const runUntilKilled = async (adapter: string, location: string): Promise<number> => {
  const script = join(import.meta.dirname, "projection-store-crash-child.ts");
  const child = spawn(process.execPath, [script, adapter, location], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  let applied = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (applied === 0) setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
    applied = Number(line);
  }
  const [, signal] = await exit;
  assert.equal(signal, "SIGKILL", "the child ended by the kill and not by itself");
  return applied;
};

export const crashDefinitions: readonly ProjectionStoreDefinition[] = [
  {
    name: "has every row once and the cursor where the rows are when its projector is killed",
    async run({ adapter, location, open }) {
      for (let kill = 0; kill < KILLS; kill++) {
        const applied = await runUntilKilled(adapter.name, location);
        const store = await open();
        const position = Number(await store.cursor(CONSUMER));
        assert.ok(position >= applied, `batch ${applied} was applied, the cursor is at ${position}`);

        const expected = Array.from({ length: position }, (_, number) => crashBatch(number).rows).flat();
        const [alive, dead] = [
          expected.filter((one) => one.attribute.length < 256),
          expected.filter((one) => one.attribute.length >= 256),
        ];
        assert.deepEqual(
          (await readData(store)).map(({ eventId }) => eventId),
          alive.map(({ eventId }) => eventId),
        );
        assert.deepEqual(
          (await readDead(store)).map(({ eventId }) => eventId),
          dead.map(({ eventId }) => eventId),
        );
        assert.deepEqual(await countsOf(store), [position * (MESSAGES - 1), position, 0]);
        const [flow] = await adapter.query(location, `SELECT last_msg_id FROM flows WHERE code = '${FLOW}'`);
        assert.equal(Number(flow?.last_msg_id), position * MESSAGES);
        await store.stop();
      }
    },
  },
];
