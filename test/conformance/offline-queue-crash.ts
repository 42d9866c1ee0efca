/**
 * Conformance: a consumer that is killed. A child process enqueues, leases and completes, and says of every commit that it
 * was made; SIGKILL takes it at a random moment, several times over. Items, counts and cursor always tell of the same
 * commits.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { idsOf, item, lease, type OfflineQueueDefinition } from "./offline-queue-support.ts";

const KILLS = 5;
export const ENQUEUED = 6;
export const LEASED = 5;

/** What the commit that moves the cursor from `number` to `number` + 1 enqueues. */
export const newcomers = (number: number) =>
  Array.from({ length: ENQUEUED }, (_, index) =>
    item(`item ${number * ENQUEUED + index}`, { priority: 1 + (index % 3) }),
  );

interface Said {
  position: number;
  readonly completed: Set<string>;
}

const runUntilKilled = async (adapter: string, location: string, said: Said): Promise<void> => {
  const script = join(import.meta.dirname, "offline-queue-crash-child.ts");
  const child = spawn(process.execPath, [script, adapter, location], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  let heard = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!heard) setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
    heard = true;
    const { position, completed } = JSON.parse(line) as { position?: number; completed?: string[] };
    said.position = position ?? said.position;
    for (const id of completed ?? []) {
      assert.ok(!said.completed.has(id), `${id} was completed once`);
      said.completed.add(id);
    }
  }
  const [, signal] = await exit;
  assert.equal(signal, "SIGKILL", "the child ended by the kill and not by itself");
};

export const crashDefinitions: readonly OfflineQueueDefinition[] = [
  {
    name: "holds every item until it is completed, and none after, when its consumer is killed",
    async run({ adapter, location, open }) {
      const said: Said = { position: 0, completed: new Set() };
      for (let kill = 0; kill < KILLS; kill++) {
        await runUntilKilled(adapter.name, location, said);
        const queue = await open();
        const position = Number(await queue.cursor("consumer"));
        assert.ok(position >= said.position, `commit ${said.position} was made, the cursor is at ${position}`);

        const counts = await queue.counts();
        assert.equal(counts.get("enqueued"), position * ENQUEUED);
        const { total } = await queue.statistics();
        assert.equal(total + (counts.get("completed") ?? 0), position * ENQUEUED);
        await queue.releaseAll();
        const held = idsOf(await lease(queue, { limit: 1_000_000, now: 0, until: 0 }));
        assert.equal(held.length, total);
        assert.equal(new Set(held).size, total);
        const enqueued = new Set(Array.from({ length: position * ENQUEUED }, (_, number) => `item ${number}`));
        assert.ok(held.every((id) => enqueued.has(id)));
        assert.ok(!held.some((id) => said.completed.has(id)), "nothing that was completed comes back");
        // The child may have been killed after its last commit and before it said so.
        const unheard = enqueued.size - held.length - said.completed.size;
        assert.ok(unheard >= 0 && unheard <= LEASED, `${unheard} were completed without a word`);
        for (const id of enqueued.difference(new Set(held))) said.completed.add(id);
        await queue.releaseAll();
        await queue.stop();
      }
    },
  },
];
