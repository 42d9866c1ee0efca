/** Conformance: long random histories against a model of the queue that fits on a page. */
import assert from "node:assert/strict";
import type { LeaseOptions, OfflineQueue, QueueChanges, QueueItem } from "@sluice/domain";
import fc from "fast-check";
import { idsOf, item, type OfflineQueueDefinition } from "./offline-queue-support.ts";

interface ModelItem extends QueueItem {
  state: "waiting" | "leased" | "dead";
  /** Waits or is leased until then. */
  at: number;
  attempts: number;
}

/** What the port's documentation says, in the plainest way. Items are in the order of arrival. */
class Model {
  items: ModelItem[] = [];
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  commit({ enqueue = [], complete = [], deadLetter = [], retry = [], discard = [] }: QueueChanges) {
    const gone = new Set([...complete, ...discard]);
    const end = (): void => {
      this.items = this.items.filter(({ id }) => !gone.has(id));
      for (const { id } of deadLetter) {
        const found = this.find(id);
        if (!found || found.state === "dead") continue;
        if (found.state === "leased") found.attempts += 1;
        Object.assign(found, { state: "dead", at: 0 });
      }
      for (const { id, at } of retry) Object.assign(this.find(id) ?? {}, { state: "waiting", at, attempts: 0 });
    };
    end();
    const refused: string[] = [];
    const evicted: string[] = [];
    for (const newcomer of enqueue) {
      if (this.find(newcomer.id) || gone.has(newcomer.id)) continue;
      if (this.items.filter(({ state }) => state !== "dead").length >= this.capacity) {
        const [victim] = this.items
          .filter(({ state, priority }) => state === "waiting" && priority < newcomer.priority)
          .sort((a, b) => a.priority - b.priority);
        if (!victim) {
          refused.push(newcomer.id);
          continue;
        }
        evicted.push(victim.id);
        this.items.splice(this.items.indexOf(victim), 1);
      }
      this.items.push({ ...newcomer, state: "waiting", at: 0, attempts: 0 });
    }
    end();
    return { refused, evicted };
  }

  lease({ group, limit, ordered, now, until }: LeaseOptions): string[] {
    const members = this.items.filter((one) => one.group === group && one.state !== "dead");
    for (const one of members) {
      if (one.state === "leased" && one.at <= now) Object.assign(one, { state: "waiting", at: 0 });
      // Once ready it stays so, also when the clock is set back.
      if (one.state === "waiting" && one.at <= now) one.at = 0;
    }
    const ready = (ordered ? members.slice(0, 1) : members).filter(({ state, at }) => state === "waiting" && at === 0);
    const leased = ready.sort((a, b) => b.priority - a.priority).slice(0, limit);
    for (const one of leased) Object.assign(one, { state: "leased", at: until });
    return leased.map(({ id, attempts }) => `${id} after ${attempts}`);
  }

  retryLater(id: string, at: number): void {
    const found = this.find(id);
    if (found?.state === "leased") Object.assign(found, { state: "waiting", at, attempts: found.attempts + 1 });
  }

  release(ids: readonly string[]): void {
    for (const one of this.items) {
      if (one.state === "leased" && ids.includes(one.id)) Object.assign(one, { state: "waiting", at: 0 });
    }
  }

  groups(): string[] {
    return [...Map.groupBy(this.items, ({ group }) => group)].map(([group, members]) => {
      const count = (state: ModelItem["state"]) => members.filter((one) => one.state === state).length;
      const alive = members.filter(({ state }) => state !== "dead");
      const nextAt = alive.length === 0 ? null : Math.min(...alive.map(({ at }) => at));
      return JSON.stringify([
        group,
        count("waiting"),
        count("leased"),
        count("dead"),
        alive[0]?.enqueuedAt ?? null,
        nextAt,
      ]);
    });
  }

  find(id: string): ModelItem | undefined {
    return this.items.find((one) => one.id === id);
  }
}

const assertSame = async (queue: OfflineQueue, model: Model): Promise<void> => {
  const groups = (await queue.groups()).map(({ group, waiting, leased, dead, oldest, nextAt }) =>
    JSON.stringify([group, waiting, leased, dead, oldest, nextAt]),
  );
  assert.deepEqual(groups.toSorted(), model.groups().toSorted());
  const statistics = await queue.statistics();
  const alive = model.items.filter(({ state }) => state !== "dead");
  assert.equal(statistics.total, alive.length);
  assert.equal(statistics.dead, model.items.length - alive.length);
  const byPriority = new Map([...Map.groupBy(alive, ({ priority }) => priority)].map(([key, of]) => [key, of.length]));
  assert.deepEqual(statistics.byPriority, byPriority);
  const dead = model.items.filter(({ state }) => state === "dead").map(({ id }) => id);
  assert.deepEqual(idsOf(await queue.dead({ limit: 100 })), dead.toSorted());
};

const id = fc.integer({ min: 0, max: 30 }).map((number) => `item ${number}`);
const ids = fc.array(id, { maxLength: 4 });
const group = fc.constantFrom("a", "b");
const time = fc.integer({ min: 1, max: 100 });
const newcomers = fc.array(
  fc
    .record({ id, group, priority: fc.constantFrom(1, 2, 5, 10), enqueuedAt: time })
    .map(({ id: name, ...rest }) => item(name, rest)),
  { maxLength: 8 },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant("enqueue" as const), enqueue: newcomers }),
  fc.record({
    kind: fc.constant("commit" as const),
    enqueue: newcomers,
    complete: ids,
    discard: ids,
    deadLetter: fc.array(fc.record({ id, reason: fc.constant("refused") }), { maxLength: 3 }),
    retry: fc.array(fc.record({ id, at: time }), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant("lease" as const),
    group,
    limit: fc.integer({ min: 1, max: 5 }),
    ordered: fc.boolean(),
    now: time,
    until: time,
  }),
  fc.record({ kind: fc.constant("retryLater" as const), id, at: time }),
  fc.record({ kind: fc.constant("release" as const), ids }),
  fc.record({ kind: fc.constant("releaseAll" as const) }),
);

export const modelDefinitions: readonly OfflineQueueDefinition[] = [
  {
    name: "does through any history what the model does, in two instances at once",
    async run({ open }) {
      const queues = [await open(12), await open(12)];
      const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const model = new Model(12);
        await (queues[0] as OfflineQueue).clear();
        for (const [index, one] of steps.entries()) {
          const queue = queues[index % 2] as OfflineQueue;
          switch (one.kind) {
            case "lease": {
              const leased = await queue.lease(one);
              assert.deepEqual(
                leased.map((given) => `${given.id} after ${given.attempts}`),
                model.lease(one),
              );
              break;
            }
            case "retryLater":
              await queue.retryLater([one]);
              model.retryLater(one.id, one.at);
              break;
            case "release":
              await queue.release(one.ids);
              model.release(one.ids);
              break;
            case "releaseAll":
              await queue.releaseAll();
              model.release(model.items.map((held) => held.id));
              break;
            default: {
              const { refused, evicted } = await queue.commit(one);
              assert.deepEqual({ refused, evicted: idsOf(evicted) }, model.commit(one));
            }
          }
          await assertSame(queue, model);
        }
      });
      await fc.assert(property, { numRuns: 100, seed: 20_260_101 });
    },
  },
];
