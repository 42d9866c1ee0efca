import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OfflineQueue } from "@sluice/domain";
import { offlineQueueDefinitions } from "./offline-queue.ts";
import { offlineQueueAdapters } from "./offline-queue-adapters.ts";

for (const adapter of offlineQueueAdapters) {
  const unavailable = await adapter.unavailable();

  describe(`offline queue: ${adapter.name}`, { skip: unavailable ?? false }, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(offlineQueueDefinitions.map((definition) => definition.name));
      assert.equal(names.size, offlineQueueDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, run } of offlineQueueDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await adapter.create();
        const open: OfflineQueue[] = [];
        t.after(async () => {
          for (const queue of open) await queue.stop();
          await remove();
        });
        await run({
          adapter,
          location,
          open: async (capacity = Number.POSITIVE_INFINITY) => {
            const queue = adapter.open(location, capacity);
            await queue.start();
            open.push(queue);
            return queue;
          },
        });
      });
    }
  });
}
