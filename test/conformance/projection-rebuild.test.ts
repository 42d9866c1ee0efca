import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { projectionRebuildDefinitions } from "./projection-rebuild.ts";
import { projectionRebuildAdapters } from "./projection-rebuild-adapters.ts";
import type { ProjectionRebuildContext } from "./projection-rebuild-support.ts";
import { instant } from "./projection-store-support.ts";

for (const adapter of projectionRebuildAdapters) {
  const unavailable = await adapter.store.unavailable();

  describe(`projection rebuild: ${adapter.name}`, { skip: unavailable ?? false }, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(projectionRebuildDefinitions.map((definition) => definition.name));
      assert.equal(names.size, projectionRebuildDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, run } of projectionRebuildDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await adapter.store.create();
        const open: { stop(): Promise<void> }[] = [];
        const opened = async <T extends { start(): Promise<void>; stop(): Promise<void> }>(one: T): Promise<T> => {
          open.push(one);
          await one.start();
          return one;
        };
        const clock = { now: () => context.time };
        const context: ProjectionRebuildContext = {
          adapter,
          location,
          time: Date.parse(instant(0)),
          openLive: () => opened(adapter.store.open(location, clock)),
          open: () => opened(adapter.open(location, clock)),
        };
        t.after(async () => {
          for (const one of open) await one.stop();
          const last = await context.open();
          await last.drop();
          await last.stop();
          await remove();
        });
        await run(context);
      });
    }
  });
}
