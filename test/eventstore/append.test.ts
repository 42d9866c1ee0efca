/** Appends to EventStoreDB: sent again, answered late or never, too large, refused. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { EventRejected, EventStoreUnavailable, WrongExpectedVersion } from "@sluice/domain";
import { assertSound, ids, many, readEverything, received, skipped, to } from "../conformance/event-store-support.ts";
import { PREFIX, storesOf } from "./setup.ts";

test("sends an append again that is not answered, and writes it once", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  for (const expected of ["any", 0, "none"] as const) {
    for (const fault of ["swallowAnswers", "swallowAppends"] as const) {
      server.state.faults[fault] = 1;
      const stream = `flow-${expected}-${fault}`;
      const { duplicate, versions } = await store.append([to(stream, many(3), expected)]);
      assert.deepEqual([duplicate, versions], [false, [3]], `${expected}, ${fault}`);
      assert.equal((await store.readStream(stream, { limit: 10 })).length, 3);
    }
  }
});

test("says that the store is unavailable when there is no answer, and stores the batch sent again once", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ deadlineMs: 300, resendMs: 100 });
  for (const [expected, fault, isThere] of [
    ["any", "swallowAppends", false],
    [0, "swallowAppends", false],
    [0, "swallowAnswers", true],
  ] as const) {
    const stream = `flow-${expected}-${fault}`;
    const batch = [to(stream, many(2), expected)];
    server.state.faults[fault] = 100;
    const began = Date.now();
    await assert.rejects(store.append(batch), EventStoreUnavailable);
    assert.ok(Date.now() - began < 1_500, "the deadline holds");
    server.state.faults[fault] = 0;
    // As after a change of the leader: only what is in the log can tell.
    server.state.log.forgetIds();
    assert.equal((await store.append(batch)).duplicate, isThere, stream);
    assert.equal((await store.readStream(stream, { limit: 10 })).length, 2);
  }
});

test("finds with 'any' what was committed and never answered, within the same append", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  server.state.faults.swallowAnswers = 100;
  const { versions, duplicate } = await store.append([to("flow-A", many(2))]);
  assert.deepEqual([versions, duplicate], [[2], false]);
});

test("stores a batch once whose server dies between the commit and the answer", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  for (const expected of ["any", 0] as const) {
    const batch = [to(`flow-${expected}`, many(2), expected)];
    server.state.faults.crashAfterCommits = 1;
    await assert.rejects(store.append(batch), EventStoreUnavailable);
    await assert.rejects(store.append(batch), EventStoreUnavailable);
    await server.start();
    assert.equal((await store.append(batch)).duplicate, true);
    assert.equal((await store.readStream(`flow-${expected}`, { limit: 10 })).length, 2);
  }
  assertSound(store, await readEverything(store));
});

test("recognises with 'any', by the end of the stream, what another instance has appended", async (t) => {
  const { server, open } = await storesOf(t);
  const first = await open();
  const batch = [to("deliveries-A-20260101", many(3))];
  const before = await first.append(batch);
  await first.append([to("deliveries-A-20260101", many(400))]);
  server.state.log.forgetIds();
  const second = await open();
  assert.deepEqual(await second.append(batch), { ...before, duplicate: true });
  const events = batch[0]?.events ?? [];
  const partly = [to("deliveries-A-20260101", [...events.slice(1), skipped()])];
  await assert.rejects(second.append(partly), EventRejected);
});

test("recognises with 'any' a batch that is larger than the end of the stream that it reads", async (t) => {
  const { server, open } = await storesOf(t);
  const batch = [to("deliveries-A-20260101", many(900))];
  await (await open()).append(batch);
  server.state.log.forgetIds();
  assert.equal((await (await open()).append(batch)).duplicate, true);
  const more = [to("deliveries-A-20260101", [...(batch[0]?.events ?? []), skipped()])];
  await assert.rejects((await open()).append(more), EventRejected);
});

test("finds with 'any' what was committed only after the end of the stream was read", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open({ resendMs: 100 });
  await store.append([to("flow-A", many(1))]);
  server.state.faults.holdNext = true;
  const { versions, duplicate } = await store.append([to("flow-A", many(2))]);
  assert.deepEqual([versions, duplicate], [[3], false]);
  assert.equal((await readEverything(store)).length, 3);
});

test("does not recognise with 'any' what lies further back than the end of the stream that it reads", async (t) => {
  const { server, open } = await storesOf(t);
  const first = await open();
  const batch = [to("deliveries-A-20260101", many(1))];
  await first.append(batch);
  await first.append([to("deliveries-A-20260101", many(600))]);
  server.state.log.forgetIds();
  // The limit that the decision record states.
  assert.equal((await (await open()).append(batch)).duplicate, false);
});

test("takes an exact revision for what it is after any number of events, and with a part of the batch there", async (t) => {
  const { server, open } = await storesOf(t);
  const first = await open();
  const batch = [to("traffic-A-20260101", many(3), 0)];
  await first.append(batch);
  await first.append([to("traffic-A-20260101", many(700), 3)]);
  server.state.log.forgetIds();
  const second = await open();
  assert.equal((await second.append(batch)).duplicate, true);
  const events = batch[0]?.events ?? [];
  await assert.rejects(second.append([to("traffic-A-20260101", [...events.slice(0, 2), skipped()], 0)]), EventRejected);
  const third = await open();
  await assert.rejects(third.append([to("traffic-A-20260101", [skipped(), ...events.slice(1)], 0)]), EventRejected);
  await assert.rejects(third.append([to("traffic-A-20260101", many(3), 0)]), (error: unknown) => {
    assert.ok(error instanceof WrongExpectedVersion);
    assert.equal(error.actual, 703);
    return true;
  });
});

test("sends appends to a stream in the order in which they were made, many under way", async (t) => {
  const { server, open } = await storesOf(t);
  server.state.faults.commitMs = 5;
  const store = await open({ deadlineMs: 20_000, resendMs: 5_000 });
  const appends = Array.from({ length: 200 }, (_, index) => store.append([to("flow-A", many(2), index * 2)]));
  const results = await Promise.all(appends);
  assert.deepEqual(
    results.map((result) => result.versions[0]),
    results.map((_, index) => index * 2 + 2),
  );
  assertSound(store, await readEverything(store));
});

test("refuses an append that is too large, before it is sent and when the server says so", async (t) => {
  const { server, open } = await storesOf(t, { maxAppendSize: 100_000 });
  const store = await open({ maxAppendBytes: 200_000 });
  const large = (characters: number) => [to("flow-A", [skipped("A", ["x".repeat(characters)])])];
  const sent = server.state.appends;
  await assert.rejects(store.append(large(250_000)), { name: "EventRejected", message: /200000/ });
  await assert.rejects(store.append(large(150_000)), { name: "EventRejected", message: /100000/ });
  assert.equal(server.state.appends, sent);
  assert.deepEqual((await store.append(large(50_000))).versions, [1]);
});

test("appends what is larger than one message of the protocol", async (t) => {
  const { open } = await storesOf(t, { maxAppendSize: 10_000_000 });
  const store = await open({ maxAppendBytes: 10_000_000 });
  const events = many(9, () => skipped("A", ["x".repeat(1_000_000)]));
  assert.deepEqual((await store.append([to("flow-A", events, 0)])).versions, [9]);
  assert.deepEqual(ids(await readEverything(store)), ids(events));
});

test("refuses a batch over several streams, and ids that are no UUIDs", async (t) => {
  const { open } = await storesOf(t);
  const store = await open();
  await assert.rejects(store.append([to("flow-A", many(1)), to("flow-B", many(1))]), /one stream/);
  for (const id of ["x", "", "00000000-0000-0000-0000-000000000000", randomUUID().toUpperCase().replace(/\d/g, "A")]) {
    await assert.rejects(store.append([to("flow-A", [{ ...skipped(), id }])]), EventRejected, id);
  }
  await assert.rejects(store.append([to("flow-A", many(1), 1.5)]), WrongExpectedVersion);
  await assert.rejects(store.append([to("flow-A", many(1), -1)]), WrongExpectedVersion);
  assert.equal(await store.head(), null);
});

test("refuses for good what goes to a stream that was deleted for good", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  await store.append([to("flow-A", many(2))]);
  server.state.log.delete(`${PREFIX}flow-A`);
  await assert.rejects(store.append([to("flow-A", many(1), 2)]), { name: "EventRejected", message: /deleted/ });
  assert.deepEqual(await store.readStream("flow-A", { limit: 10 }), []);
  assert.deepEqual((await store.readAll({ limit: 10, filter: { stream: "flow-A" } })).events, []);
  // The server's own mark in the stream is no event of the store.
  assert.equal((await readEverything(store)).length, 2);
  assert.ok(await store.head());
});

test("goes on counting in a stream whose events were deleted", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  const first = [to("flow-A", many(2), "none")];
  await store.append(first);
  server.state.log.hide(`${PREFIX}flow-A`);
  const second = [to("flow-A", many(2), "none")];
  assert.deepEqual((await store.append(second)).versions, [4]);
  assert.equal((await store.append(second)).duplicate, true);
  assert.deepEqual(
    (await store.readStream("flow-A", { limit: 10 })).map(({ version }) => version),
    [3, 4],
  );
  const after = (await store.readAll({ limit: 1 })).position as string;
  const page = await store.readAll({ after, filter: { stream: "flow-A" }, limit: 10 });
  assert.deepEqual(ids(page.events), ids(second[0]?.events ?? []));
  assert.equal((await readEverything(store)).length, 4, "the log has them until the server is scavenged");
});

test("counts denied access as unavailable: an operator can grant it, the batch is fine", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  server.state.faults.deniedStreams.add(`${PREFIX}flow-A`);
  const batch = [to("flow-A", many(1), 0)];
  await assert.rejects(store.append(batch), { name: "EventStoreUnavailable", message: /access denied/ });
  server.state.faults.deniedStreams.clear();
  assert.equal((await store.append(batch)).duplicate, false);
});

test("gives each event the server's time of it, and an append that of its last", async (t) => {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const { open } = await storesOf(t, { now: () => now++ });
  const store = await open();
  const { recordedAt } = await store.append([to("flow-A", many(3))]);
  const events = await readEverything(store);
  assert.equal(events.at(-1)?.recordedAt, recordedAt);
  assert.ok(new Set(events.map((event) => event.recordedAt)).size === 3);
  assertSound(store, events);
});

test("writes JSON that others can read, with the message as correlation id", async (t) => {
  const { server, open } = await storesOf(t);
  const store = await open();
  const messageId = randomUUID();
  const event = { ...received("A", messageId), metadata: { actor: "api:test" } };
  await store.append([to("traffic-A-20260101", [event])]);
  const record = server.state.log.records.at(-1);
  assert.equal(record?.stream, "sluice.traffic-A-20260101");
  assert.equal(record?.isJson, true);
  assert.deepEqual(JSON.parse(Buffer.from(record?.data ?? []).toString()), event.data);
  const { appendId, ...metadata } = JSON.parse(Buffer.from(record?.metadata ?? []).toString());
  assert.deepEqual(metadata, { schemaVersion: 1, metadata: { actor: "api:test" }, $correlationId: messageId });
  assert.match(appendId, /^[0-9a-f-]{36}$/);
});
