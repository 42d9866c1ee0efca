import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProjectionStore } from "@sluice/domain";
import { projectionStoreDefinitions } from "./projection-store.ts";
import { projectionStoreAdapters } from "./projection-store-adapters.ts";
import { instant, type ProjectionStoreContext } from "./projection-store-support.ts";

for (const adapter of projectionStoreAdapters) {
  const unavailable = await adapter.unavailable();

  describe(`projection store: ${adapter.name}`, { skip: unavailable ?? false }, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(projectionStoreDefinitions.map((definition) => definition.name));
      assert.equal(names.size, projectionStoreDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, run } of projectionStoreDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await adapter.create();
        const open: ProjectionStore[] = [];
        t.after(async () => {
          for (const store of open) await store.stop();
          await remove();
        });
        const context: ProjectionStoreContext = {
          adapter,
          location,
          time: Date.parse(instant(0)),
          open: async () => {
            const store = adapter.open(location, { now: () => context.time });
            await store.start();
            open.push(store);
            return store;
          },
        };
        await run(context);
      });
    }
  });
}
