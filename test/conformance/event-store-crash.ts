/**
 * Conformance: a writer that is killed. A child process appends and says of every append that it was acknowledged;
 * SIGKILL takes it at a random moment, several times over. What it said is there, and whatever else is there is whole.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assertSound, type EventStoreDefinition, readEverything } from "./event-store-support.ts";

const KILLS = 6;
/** The child appends batches of this many events to each of its streams. */
export const BATCH = 4;

interface Acknowledged {
  /** Id of the batch's first event. */
  readonly id: string;
  readonly position: string;
}

const runUntilKilled = async (adapter: string, location: string): Promise<Acknowledged[]> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "event-store-crash-child.ts"), adapter, location], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const acknowledged: Acknowledged[] = [];
  const exit = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = "", position = ""] = line.split(" ");
    if (acknowledged.length === 0) setTimeout(() => child.kill("SIGKILL"), Math.random() * 60);
    acknowledged.push({ id, position });
  }
  const [, signal] = await exit;
  assert.equal(signal, "SIGKILL", "the child ended by the kill and not by itself");
  return acknowledged;
};

export const crashDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "loses nothing acknowledged and keeps only whole batches when its writer is killed",
    async run({ adapter, location, open }) {
      const acknowledged: Acknowledged[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        acknowledged.push(...(await runUntilKilled(adapter.name, location)));

        const store = await open();
        const events = await readEverything(store);
        assertSound(store, events);
        const position = new Map(events.map((event) => [event.id, event.position]));
        for (const { id, position: last } of acknowledged) {
          assert.ok(position.has(id), `event ${id} was acknowledged`);
          assert.ok([...position.values()].includes(last));
        }
        const batches = Map.groupBy(events, (event) => event.metadata.requestId);
        const streams = store.capabilities.atomicMultiStream ? 2 : 1;
        for (const [batch, members] of batches) {
          assert.equal(members.length, BATCH * streams, `batch ${batch} is whole`);
        }
        assert.ok(batches.size >= acknowledged.length);
        await store.stop();
      }
    },
  },
];
