import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventStore } from "@sluice/domain";
import { eventStoreDefinitions } from "./event-store.ts";
import { eventStoreAdapters } from "./event-store-adapters.ts";

for (const adapter of eventStoreAdapters) {
  const unavailable = await adapter.unavailable();

  describe(`event store: ${adapter.name}`, { skip: unavailable ?? false }, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(eventStoreDefinitions.map((definition) => definition.name));
      assert.equal(names.size, eventStoreDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, needs, run } of eventStoreDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await adapter.create();
        const open: EventStore[] = [];
        t.after(async () => {
          for (const store of open) await store.stop();
          await remove();
        });
        if (needs && !adapter.open(location, Date).capabilities[needs]) return t.skip(`the store has no ${needs}`);
        await run({
          adapter,
          location,
          open: async () => {
            const store = adapter.open(location, Date);
            await store.start();
            open.push(store);
            return store;
          },
        });
      });
    }
  });
}
