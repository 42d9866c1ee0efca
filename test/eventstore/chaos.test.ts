/**
 * Everything at once: writers that retry as the app does, subscribers that go on as the sinks do, and a server that
 * loses requests and answers, drops subscriptions and connections, and dies. In the end every batch that was
 * acknowledged is in the log once, whole and in order, and so every subscriber has seen it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type EventStore, EventStoreUnavailable, type ExpectedVersion } from "@sluice/domain";
import { assertSound, ids, many, readEverything, skipped, to } from "../conformance/event-store-support.ts";
import { startServer } from "../support/eventstore.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { openStore, serverOf } from "./setup.ts";

const ROUNDS_MS = 3_000;

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const retried = async <T>(work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof EventStoreUnavailable)) throw error;
      await delay(20);
    }
  }
};

test("loses nothing and stores nothing twice, whatever happens to the server and the connection", async (t) => {
  const seed = Number(process.env.SLUICE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`SLUICE_TEST_SEED=${seed}`);
  const random = randomOf(seed);
  const server = await serverOf(t);
  server.state.faults.commitMs = 1;
  const link = await TcpLink.open(() => server.port);
  t.after(() => link.close());
  const options = { url: `esdb://127.0.0.1:${link.port}?tls=false`, deadlineMs: 600, resendMs: 60, idleCheckMs: 40 };
  const stores = [await openStore(t, options), await openStore(t, options)];

  let running = true;
  const acknowledged: string[] = [];
  const write = async (store: EventStore, stream: string, isExact: boolean): Promise<void> => {
    for (let version = 0; running; ) {
      const events = many(1 + Math.floor(random() * 4), () => skipped("A", ["x".repeat(random() * 500)]));
      const expected: ExpectedVersion = isExact ? version : "any";
      const { versions } = await retried(() => store.append([to(stream, events, expected)]));
      version += events.length;
      if (isExact) assert.deepEqual(versions, [version]);
      acknowledged.push(...ids(events));
    }
  };
  const finished = new AbortController();
  t.after(() => finished.abort());
  const seen: string[][] = stores.map(() => []);
  const follow = async (store: EventStore, found: string[]): Promise<void> => {
    for (let after: string | undefined; !finished.signal.aborted; ) {
      try {
        const from = after === undefined ? {} : { after };
        for await (const page of store.subscribe({ signal: finished.signal, pageSize: 20, ...from })) {
          found.push(...ids(page.events));
          after = page.position ?? after;
        }
      } catch (error) {
        if (!(error instanceof EventStoreUnavailable)) throw error;
        await delay(20);
      }
    }
  };
  const following = Promise.all(stores.map((store, index) => follow(store, seen[index] as string[])));

  const { faults } = server.state;
  const harm = async (): Promise<void> => {
    const kinds = [
      () => Object.assign(faults, { swallowAnswers: 2 }),
      () => Object.assign(faults, { swallowAppends: 2 }),
      () => server.dropSubscriptions(),
      () => link.cut(),
      () => server.state.log.forgetIds(),
      async () => {
        link.interrupt();
        await delay(30);
        link.restore();
      },
      async () => {
        server.crash();
        await delay(random() * 60);
        await server.start();
      },
      () => Object.assign(faults, { crashAfterCommits: 1 }),
    ];
    await kinds[Math.floor(random() * kinds.length)]?.();
    await delay(random() * 80);
    if (!server.isRunning) await server.start();
  };
  const harming = (async () => {
    for (const end = Date.now() + ROUNDS_MS; Date.now() < end; ) await harm();
    Object.assign(faults, { swallowAnswers: 0, swallowAppends: 0, crashAfterCommits: 0 });
    if (!server.isRunning) await server.start();
    running = false;
  })();
  await Promise.all([
    harming,
    ...stores.flatMap((store, index) => [
      write(store, `traffic-${index}-20260101`, true),
      write(store, `deliveries-${index}-20260101`, false),
      write(store, "deliveries-shared-20260101", false),
    ]),
  ]);

  const store = stores[0] as EventStore;
  const events = await retried(() => readEverything(store));
  assertSound(store, events);
  const all = ids(events);
  assert.equal(new Set(all).size, all.length, "no event is there twice");
  assert.deepEqual(new Set(all), new Set(acknowledged), "what is there was acknowledged, and the other way round");
  assert.ok(acknowledged.length > 100, `${acknowledged.length} events went in`);
  const deadline = Date.now() + 5_000;
  while (seen.some((found) => found.length < all.length) && Date.now() < deadline) await delay(10);
  finished.abort();
  await following;
  for (const found of seen) assert.deepEqual(found, all, "every subscriber has seen all, once and in order");
});

test("gives up on a server that stands still, and goes on when it does", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const store = await openStore(t, { url: server.url, deadlineMs: 500, resendMs: 100 });
  await store.append([to("flow-A", many(2), 0)]);
  process.kill(server.pid, "SIGSTOP");
  const batch = [to("flow-A", many(2), 2)];
  const any = [to("flow-A", many(2), "any")];
  try {
    const began = Date.now();
    await Promise.all([
      assert.rejects(store.append(batch), EventStoreUnavailable),
      assert.rejects(store.append(any), EventStoreUnavailable),
      assert.rejects(store.head(), EventStoreUnavailable),
    ]);
    assert.ok(Date.now() - began < 2_000);
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
  await retried(() => store.append(batch));
  await retried(() => store.append(any));
  const events = await retried(() => readEverything(store));
  assert.equal(events.length, 6);
  assertSound(store, events);
});
