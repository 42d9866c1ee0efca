import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { flowSourceDefinitions } from "./flow-source.ts";
import { flowSourceAdapters } from "./flow-source-adapters.ts";
import { projectionStoreAdapters } from "./projection-store-adapters.ts";

test("every database that holds projections holds flow tables", () => {
  assert.deepEqual(
    flowSourceAdapters.map(({ name }) => name),
    projectionStoreAdapters.map(({ name }) => name),
  );
});

for (const adapter of flowSourceAdapters) {
  const { projection } = adapter;
  const unavailable = await projection.unavailable();

  describe(`flow source: ${adapter.name}`, { skip: unavailable ?? false }, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(flowSourceDefinitions.map((definition) => definition.name));
      assert.equal(names.size, flowSourceDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, run } of flowSourceDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        const { location, remove } = await projection.create();
        const open: { stop(): Promise<void> }[] = [];
        t.after(async () => {
          for (const one of open) await one.stop();
          await remove();
        });
        const started = async <T extends { start(): Promise<void>; stop(): Promise<void> }>(one: T): Promise<T> => {
          open.push(one);
          await one.start();
          return one;
        };
        await run({
          adapter,
          location,
          openSource: () => started(adapter.open(location)),
          openProjection: () => started(projection.open(location, Date)),
          query: (sql) => projection.query(location, sql),
        });
      });
    }
  });
}
