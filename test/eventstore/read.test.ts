/** Reading EventStoreDB: others' events, bounds, deadlines, older servers. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { type EventFilter, EventStoreUnavailable } from "@sluice/domain";
import { ids, many, readEverything, received, retired, skipped, to } from "../conformance/event-store-support.ts";
import { systemEvent } from "./server/server.ts";
import { foreignEvent, storesOf } from "./setup.ts";

test("shows neither the server's own events nor other applications'", async (t) => {
  const { server, open } = await storesOf(t);
  const { log } = server.state;
  const store = await open();
  assert.equal(await store.head(), null);
  const others = (): void => {
    log.append("order-1", "any", [foreignEvent()]);
    log.append("flow-A", "any", [foreignEvent("FlowRetired")]);
    log.append("$ce-sluice.flow", "any", [systemEvent("$>", "0@sluice.flow-A")]);
    log.append("$$sluice.flow-A", "any", [systemEvent("$metadata", "{}")]);
    log.append("sluice.flow-A", "any", [systemEvent("$>", "0@order-1")]);
    log.index();
  };
  others();
  const event = retired("A");
  const { versions } = await store.append([to("flow-A", [event])]);
  assert.deepEqual(versions, [2], "the link is version 1");
  others();
  for (const direction of ["forwards", "backwards"] as const) {
    for (const filter of [undefined, { types: ["FlowRetired"] as const }, { flow: "A" }, { stream: "flow-A" }]) {
      assert.deepEqual(ids(await readEverything(store, filter, { direction })), [event.id], JSON.stringify(filter));
    }
  }
  const [last] = await store.readStream("flow-A", { limit: 10 });
  assert.equal(last?.id, event.id);
  assert.equal(await store.countAfter(await store.head()), 0);
});

test("keeps stores with different prefixes apart", async (t) => {
  const { open } = await storesOf(t);
  const [one, two] = [await open({ streamPrefix: "one." }), await open({ streamPrefix: "two." })];
  const event = skipped();
  await one.append([to("flow-A", [event], 0)]);
  await two.append([to("flow-A", many(2), 0)]);
  assert.deepEqual(ids(await readEverything(one)), [event.id]);
  assert.equal((await readEverything(two)).length, 2);
});

test("bounds what one page looks at, says how far it came, and reads on from there", async (t) => {
  const { open } = await storesOf(t);
  const store = await open({ deadlineMs: 20_000 });
  const messageId = randomUUID();
  const wanted = [received("A", messageId), received("A", messageId)] as const;
  await store.append([to("traffic-A-20260101", [wanted[0]])]);
  for (let round = 0; round < 12; round++) await store.append([to("traffic-A-20260101", many(1_000))]);
  await store.append([to("traffic-A-20260101", [wanted[1]])]);
  for (const direction of ["forwards", "backwards"] as const) {
    const first = await store.readAll({ filter: { messageId }, limit: 10, direction });
    assert.deepEqual([first.events.length, first.atEnd], [1, false], "a page stops on its way");
    const after = first.position as string;
    const rest = await store.readAll({ filter: { messageId }, limit: 10, direction, after });
    assert.deepEqual([rest.events.length, rest.atEnd], [1, true]);
    const read = await readEverything(store, { messageId }, { direction });
    assert.deepEqual(ids(read), ids(direction === "forwards" ? wanted : wanted.toReversed()));
  }
});

test("gets on in either direction where the server finds nothing for long", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ deadlineMs: 400 });
  const ends = [retired("A"), retired("B")] as const;
  await store.append([to("flow-A", [ends[0]])]);
  for (let index = 0; index < 12_000; index++) server.state.log.append("order-1", "any", [foreignEvent()]);
  await store.append([to("flow-B", [ends[1]])]);
  const [first, second] = await readEverything(store);
  server.state.faults.hangFiltered = true;
  for (const [direction, from, found] of [
    ["forwards", first, ends[1]],
    ["backwards", second, ends[0]],
  ] as const) {
    let after = from?.position as string;
    let pages = 0;
    for (const events: string[] = []; events.length === 0; pages++) {
      const page = await store.readAll({ after, limit: 10, direction });
      after = page.position as string;
      events.push(...ids(page.events));
      if (events.length > 0) assert.deepEqual(events, [found.id]);
    }
    assert.ok(pages > 1, "it took more than one page");
  }
});

test("finds a stream's events by its own index, from any position in either direction", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  for (let round = 0; round < 30; round++) {
    await store.append([to(`flow-${round % 3}`, many(1 + (round % 4)))]);
    server.state.log.append("order-1", "any", [foreignEvent()]);
  }
  const events = await readEverything(store);
  // The stream is read and not the log: that would hang.
  server.state.faults.hangFiltered = true;
  const head = (await store.head()) as string;
  for (const stream of ["flow-1", "flow-2", "flow-9"]) {
    for (const [index, { position: after }] of events.entries()) {
      const matches = (event: { readonly stream: string }): boolean => event.stream === stream;
      const later = events.slice(index + 1).filter(matches);
      const page = await store.readAll({ after, filter: { stream }, limit: 5 });
      assert.deepEqual(ids(page.events), ids(later.slice(0, 5)), `${stream} after ${after}`);
      if (page.atEnd && after !== head) assert.equal(page.position, head);
      const earlier = events.slice(0, index).filter(matches).toReversed();
      const back = await store.readAll({ after, filter: { stream }, limit: 5, direction: "backwards" });
      assert.deepEqual(ids(back.events), ids(earlier.slice(0, 5)), `${stream} before ${after}`);
    }
  }
});

test("reads on backwards from a position between two events", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(3))]);
  const record = server.state.log.records.at(-1);
  const after = `${record?.end}/0`;
  await store.append([to("flow-A", many(3))]);
  const events = await readEverything(store);
  const forwards = await store.readAll({ after, limit: 10 });
  assert.deepEqual(ids(forwards.events), ids(events.slice(3)));
  const backwards = await store.readAll({ after, limit: 10, direction: "backwards" });
  assert.deepEqual(ids(backwards.events), ids(events.slice(0, 3).toReversed()));
});

test("gives up a read that hangs, at its deadline", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ deadlineMs: 200 });
  await store.append([to("flow-A", many(2))]);
  server.state.faults.hangReads = true;
  const reads = [
    () => store.head(),
    () => store.readAll({ limit: 10 }),
    () => store.readAll({ limit: 10, direction: "backwards" }),
    () => store.readStream("flow-A", { limit: 10 }),
    () => store.countAfter(null),
  ];
  for (const read of reads) {
    const began = Date.now();
    await assert.rejects(read(), EventStoreUnavailable, String(read));
    assert.ok(Date.now() - began < 1_000, `${read} took ${Date.now() - began} ms`);
  }
});

test("ends a page when its data has become large", async (t) => {
  const { open } = await storesOf(t);
  const store = await open({ deadlineMs: 20_000 });
  for (let index = 0; index < 40; index++) {
    await store.append([to("flow-A", [skipped("A", ["x".repeat(500_000)])])]);
  }
  const page = await store.readAll({ limit: 1_000 });
  assert.ok(page.events.length > 30 && page.events.length < 40, `${page.events.length} events`);
  assert.equal(page.atEnd, false);
  assert.equal((await readEverything(store)).length, 40);
});

test("refuses what is no position of its log", async (t) => {
  const { open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(10))]);
  for (const after of ["", "x", "-1", "1/", "01", "1/2/3", `${2n ** 70n}`]) {
    await assert.rejects(store.readAll({ after, limit: 1 }), RangeError, after);
    assert.throws(() => store.compare(after, "1"), RangeError);
    await assert.rejects(store.countAfter(after), RangeError);
  }
  await assert.rejects(store.readAll({ after: "1001", limit: 1 }), RangeError, "amid an event");
  await assert.rejects(store.readAll({ limit: 1, filter: { recordedFrom: "yesterday" } }), RangeError);
  assert.deepEqual(await store.readAll({ after: "9999999", limit: 1 }), { events: [], position: null, atEnd: true });
});

test("says of a server that gives no positions in streams that it is too old", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(1))]);
  server.state.faults.noPositions = true;
  await assert.rejects(store.readStream("flow-A", { limit: 1 }), { name: "EventStoreUnavailable", message: /22\.6/ });
});

test("estimates how many events lie after a position", async (t) => {
  const { open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(500))]);
  const events = await readEverything(store);
  assert.equal(await store.countAfter(events.at(-1)?.position as string), 0);
  assert.equal(await store.countAfter(events.at(-8)?.position as string), 7);
  const half = await store.countAfter(events[249]?.position as string);
  assert.ok(half > 225 && half < 275, `${half} of 250`);
  const all = await store.countAfter(null);
  assert.ok(all > 450 && all < 550, `${all} of 500`);
});

test("counts denied access as unavailable, without a secret", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  server.state.faults.denyReads = true;
  await assert.rejects(store.readAll({ limit: 1 }), { name: "EventStoreUnavailable", message: /access denied/ });
});

test("takes an error without what belongs to it for unavailable, and goes on", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ deadlineMs: 500 });
  await store.append([to("flow-A", many(1))]);
  const kinds = [
    "not-leader",
    "maximum-append-size-exceeded",
    "wrong-expected-version",
    "missing-required-metadata-property",
    "user-not-found",
    "unheard-of",
    "",
  ];
  for (const kind of kinds) {
    server.state.faults.bareError = kind;
    await assert.rejects(store.readAll({ limit: 1 }), EventStoreUnavailable, kind);
    server.state.faults.bareError = null;
    assert.equal((await store.readAll({ limit: 1 })).events.length, 1, `after ${kind}`);
  }
});

test("stops where nothing of the wanted time can come, and allows for clocks that differ", async (t) => {
  const HOUR = 3_600_000;
  let now = Date.parse("2026-01-01T00:00:00Z");
  const { server, open } = await storesOf(t, { now: () => now });
  const store = await open();
  const at = (hour: number): string => new Date(Date.parse("2026-01-01T00:00:00Z") + hour * HOUR).toISOString();
  const byHour: string[][] = [];
  for (let hour = 0; hour < 6; hour++) {
    now = Date.parse(at(hour));
    const events = many(300);
    await store.append([to("flow-A", events)]);
    // Another node's clock: half a minute behind.
    now -= 30_000;
    const behind = many(1);
    await store.append([to("flow-B", behind)]);
    byHour.push(ids([...events, ...behind]));
  }
  const found = async (filter: EventFilter, direction: "forwards" | "backwards"): Promise<string[]> => {
    const events = ids(await readEverything(store, filter, { direction }));
    return direction === "forwards" ? events : events.toReversed();
  };
  for (const direction of ["forwards", "backwards"] as const) {
    const filter = { recordedFrom: new Date(Date.parse(at(2)) - 30_000).toISOString(), recordedTo: at(3) };
    assert.deepEqual(await found(filter, direction), [...(byHour[2] ?? []), ...(byHour[3] ?? [])]);
    const late = { recordedFrom: at(3), recordedTo: at(3) };
    assert.deepEqual(await found(late, direction), (byHour[3] ?? []).slice(0, -1));
    assert.deepEqual(await found({ recordedFrom: at(1), recordedTo: at(0) }, direction), []);
  }
  assert.equal(server.state.log.records.length, 1 + 6 * 301);
});
