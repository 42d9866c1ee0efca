/** Conformance: many writers at once, in one process and over several instances. */
import assert from "node:assert/strict";
import type { RecordedEvent } from "@sluice/contracts";
import { type EventStore, WrongExpectedVersion } from "@sluice/domain";
import { assertSound, type EventStoreDefinition, ids, many, readEverything, to } from "./event-store-support.ts";

const WRITERS = 16;
const APPENDS = 20;

export const writersDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "keeps order and versions under concurrent writers to streams of their own and to shared ones",
    async run({ open }) {
      const stores = [await open(), await open(), await open()];
      const write = async (writer: number): Promise<void> => {
        const store = stores[writer % stores.length] as EventStore;
        for (let index = 0; index < APPENDS; index++) {
          if (writer % 2 === 0) await store.append([to("flow-shared", many(2))]);
          else await store.append([to(`flow-${writer}`, many(2), index * 2)]);
        }
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      const events = await readEverything(stores[0] as EventStore);
      assert.equal(events.length, WRITERS * APPENDS * 2);
      assertSound(stores[0] as EventStore, events);
    },
  },
  {
    name: "never lets a reader find a gap filled later",
    async run({ open }) {
      const [store, other, reader] = [await open(), await open(), await open()];
      let writing = true;
      const tail: RecordedEvent[] = [];
      const follow = async (): Promise<void> => {
        for (let after: string | undefined, last = false; !last; ) {
          last = !writing;
          for (let end = false; !end; ) {
            const page = await reader.readAll({ limit: 50, ...(after === undefined ? {} : { after }) });
            tail.push(...page.events);
            after = page.position ?? after;
            end = page.atEnd;
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const write = async (writer: number): Promise<void> => {
        const appender = writer % 2 === 0 ? store : other;
        for (let index = 0; index < APPENDS; index++) {
          await appender.append([to(`flow-${writer % 3}`, many(1 + ((writer + index) % 4)))]);
        }
      };
      const following = follow();
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      writing = false;
      await following;
      assert.deepEqual(ids(tail), ids(await readEverything(store)));
      assertSound(store, tail);
    },
  },
  {
    name: "lets exactly one of the writers that expect the same version go on",
    async run({ open }) {
      const stores = [await open(), await open()];
      for (let version = 0; version < 10; version++) {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 6 }, (_, index) => stores[index % 2]?.append([to("flow-A", many(1), version)])),
        );
        assert.equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") assert.ok(outcome.reason instanceof WrongExpectedVersion);
        }
      }
      assertSound(stores[0] as EventStore, await readEverything(stores[0] as EventStore));
    },
  },
  {
    name: "gives a writer that asks for it its turn among quicker ones",
    needs: "exclusiveTurns",
    async run({ open }) {
      const [quick, slow] = [await open(), await open()];
      let writing = true;
      const overtake = async (): Promise<void> => {
        while (writing) await quick.append([to("flow-A", many(1))]);
      };
      const overtaking = [overtake(), overtake()];
      for (let turn = 0; turn < 10; turn++) {
        await slow.exclusively(async () => {
          const [last] = await slow.readStream("flow-A", { limit: 1, direction: "backwards" });
          // Long enough for the other to come in between, if it could.
          await new Promise((resolve) => setTimeout(resolve, 10));
          await slow.append([to("flow-A", many(2), last?.version ?? 0)]);
        });
      }
      await assert.rejects(
        slow.exclusively(() => slow.append([to("flow-A", many(1), 1_000_000)])),
        WrongExpectedVersion,
      );
      writing = false;
      await Promise.all(overtaking);
      assertSound(slow, await readEverything(slow));
    },
  },
  {
    name: "finishes running appends when it stops, and goes on after another start",
    async run({ open }) {
      const store = await open();
      const appends = Array.from({ length: 10 }, () => store.append([to("flow-A", many(10))]));
      await store.stop();
      await Promise.all(appends);
      await assert.rejects(store.append([to("flow-A", many(1))]), { name: "EventStoreUnavailable" });
      await store.start();
      assert.equal((await readEverything(store)).length, 100);
      assert.deepEqual((await store.append([to("flow-A", many(1), 100)])).versions, [101]);
    },
  },
];
