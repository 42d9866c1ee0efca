/** Subscriptions to EventStoreDB that drop, go deaf, or pass everything over. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import type { RecordedEvent } from "@sluice/contracts";
import { type EventFilter, type EventStore, EventStoreUnavailable, type ReadPage } from "@sluice/domain";
import { ids, many, readEverything, retired, skipped, to } from "../conformance/event-store-support.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { foreignEvent, storesOf } from "./setup.ts";

/** Follows the log until it is stopped. */
class Follower {
  readonly events: RecordedEvent[] = [];
  position: string | null = null;
  page: ReadPage | null = null;
  readonly #abort = new AbortController();
  readonly #changed = new EventTarget();
  readonly ended: Promise<Error | null>;

  constructor(store: EventStore, filter?: EventFilter, pageSize?: number) {
    const { signal } = this.#abort;
    const pages = store.subscribe({ signal, ...(filter ? { filter } : {}), ...(pageSize ? { pageSize } : {}) });
    this.ended = this.#follow(pages).then(
      () => null,
      (error: Error) => error,
    );
  }

  async #follow(pages: AsyncIterable<ReadPage>): Promise<void> {
    for await (const page of pages) {
      this.events.push(...page.events);
      this.position = page.position;
      this.page = page;
      this.#changed.dispatchEvent(new Event("change"));
    }
  }

  async until(holds: (follower: Follower) => boolean): Promise<void> {
    while (!holds(this)) await once(this.#changed, "change");
  }

  stop(): Promise<Error | null> {
    this.#abort.abort();
    return this.ended;
  }
}

const follow = (t: TestContext, store: EventStore, filter?: EventFilter, pageSize?: number): Follower => {
  const follower = new Follower(store, filter, pageSize);
  t.after(() => follower.stop());
  return follower;
};

test("subscribes again after a drop, without a gap or a repeat", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  const follower = follow(t, store, undefined, 7);
  for (let round = 1; round <= 10; round++) {
    await store.append([to("flow-A", many(20))]);
    server.dropSubscriptions();
    await store.append([to("flow-A", many(5))]);
    await follower.until(({ events }) => events.length >= round * 25);
  }
  assert.equal(await follower.stop(), null);
  assert.deepEqual(ids(follower.events), ids(await readEverything(store)));
});

test("goes on after its connection was reset, and after the server was started again", async (t) => {
  const { server, open } = await storesOf(t);
  const link = await TcpLink.open(() => server.port);
  t.after(() => link.close());
  const writer = await open();
  const store = await open({ url: `esdb://127.0.0.1:${link.port}?tls=false` });
  const follower = follow(t, store);
  await writer.append([to("flow-A", many(10))]);
  await follower.until(({ events }) => events.length === 10);
  link.cut();
  await writer.append([to("flow-A", many(10))]);
  await follower.until(({ events }) => events.length === 20);
  server.crash();
  await server.start();
  // The writer's own connection went with the server; the first append after it may find that out.
  const batch = [to("flow-A", many(10), 20)];
  await writer.append(batch).catch(() => writer.append(batch));
  await follower.until(({ events }) => events.length === 30);
  assert.deepEqual(ids(follower.events), ids(await readEverything(writer)));
});

test("ends with an error when the server stays away, and another subscription goes on where it ended", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(10))]);
  const follower = follow(t, store);
  await follower.until(({ events }) => events.length === 10);
  server.crash();
  assert.ok((await follower.ended) instanceof EventStoreUnavailable);
  await server.start();
  const abort = new AbortController();
  const later = many(3);
  await store.append([to("flow-A", later, 10)]);
  const pages = store.subscribe({ after: follower.position as string, signal: abort.signal });
  const found: string[] = [];
  for await (const page of pages) {
    found.push(...ids(page.events));
    if (found.length >= 3) abort.abort();
  }
  assert.deepEqual(found, ids(later));
});

test("finds what a subscription that has died without a word does not send", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  const follower = follow(t, store);
  await store.append([to("flow-A", many(3))]);
  await follower.until(({ events }) => events.length === 3);
  server.state.faults.deafSubscriptions = true;
  await store.append([to("flow-A", many(3))]);
  await follower.until(({ events }) => events.length === 6);
  server.state.faults.deafSubscriptions = false;
  await store.append([to("flow-A", many(3))]);
  await follower.until(({ events }) => events.length >= 9);
  assert.deepEqual(ids(follower.events), ids(await readEverything(store)), "nothing came twice");
});

test("moves its cursor to the end past live events that its filter passes over", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-B", [retired("B")])]);
  const follower = follow(t, store, { flow: "B" });
  await follower.until(({ events }) => events.length === 1);
  for (let round = 0; round < 3; round++) {
    const { position } = await store.append([to("flow-A", many(2))]);
    server.state.log.append("order-1", "any", [foreignEvent()]);
    await follower.until((at) => at.position !== null && store.compare(at.position, position) >= 0);
    assert.equal(await store.countAfter(follower.position), 0);
    assert.equal(follower.page?.atEnd, true);
  }
  assert.equal(follower.events.length, 1);
});

test("says at the end that it is there, with a server that does and one that does not", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(20))]);
  for (const noCaughtUp of [false, true]) {
    server.state.faults.noCaughtUp = noCaughtUp;
    for (const filter of [undefined, { flow: "B" }, { types: ["MessagesSkipped"] as const }]) {
      const follower = follow(t, store, filter, 10);
      await follower.until(({ page }) => page?.atEnd === true);
      assert.equal(follower.position, await store.head());
      await follower.stop();
    }
  }
});

test("keeps a bounded part of the log in memory while its consumer is slow", async (t) => {
  const { open } = await storesOf(t);
  const store = await open({ deadlineMs: 20_000 });
  const text = "x".repeat(100_000);
  for (let index = 0; index < 50; index++)
    await store.append([
      to(
        "flow-A",
        many(10, () => skipped("A", [text])),
      ),
    ]);
  const abort = new AbortController();
  let [count, most] = [0, 0];
  for await (const page of store.subscribe({ signal: abort.signal })) {
    count += page.events.length;
    most = Math.max(most, page.events.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (count === 500) abort.abort();
  }
  // 500 events are 50 MB; a page ends at 16 MiB.
  assert.ok(most <= 170, `a page of ${most} events`);
});

test("ends at once when it is aborted while it connects", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ deadlineMs: 1_000 });
  await store.append([to("flow-A", many(1))]);
  server.state.faults.hangReads = true;
  const follower = follow(t, store);
  setTimeout(() => void follower.stop(), 20);
  assert.equal(await follower.ended, null);
});
