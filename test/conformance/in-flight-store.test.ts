import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inFlightStoreDefinitions } from "./in-flight-store.ts";
import { inFlightStoreAdapters } from "./in-flight-store-adapters.ts";

for (const adapter of inFlightStoreAdapters) {
  describe(`in-flight store: ${adapter.name}`, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(inFlightStoreDefinitions.map((definition) => definition.name));
      assert.equal(names.size, inFlightStoreDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, run } of inFlightStoreDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await adapter.create();
        const open: { stop(): Promise<void> }[] = [];
        t.after(async () => {
          for (const one of open) await one.stop();
          await remove();
        });
        const started = async <T extends { start(): Promise<void>; stop(): Promise<void> }>(one: T): Promise<T> => {
          await one.start();
          open.push(one);
          return one;
        };
        await run({
          open: () => started(adapter.open(location)),
          openQueue: () => started(adapter.openQueue(location)),
          unstarted: () => adapter.open(location),
        });
      });
    }
  });
}
