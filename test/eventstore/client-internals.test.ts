/**
 * What the adapter takes from @eventstore/db-client beyond its public methods; and the client's own methods against the
 * test server: what they make of its answers is what they make of EventStoreDB's.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import db, { type AllStreamSubscription } from "@eventstore/db-client";
import { foreignEvent, serverOf } from "./setup.ts";

test("is the version whose internals are known, and has them", async () => {
  const manifest = createRequire(import.meta.url).resolve("@eventstore/db-client/package.json");
  assert.equal(JSON.parse(await readFile(manifest, "utf8")).version, "6.2.1");
  const client = db.EventStoreDBClient.connectionString("esdb://127.0.0.1:1?tls=false") as unknown as Record<
    string,
    unknown
  >;
  for (const name of ["GRPCStreamCreator", "callArguments", "handleError"]) {
    assert.equal(typeof client[name], "function", name);
    assert.ok(Object.hasOwn(client, name), `${name} is the object's own: it can be replaced`);
  }
});

test("appends, deduplicates and reads against the test server as against EventStoreDB", async (t) => {
  const server = await serverOf(t);
  const client = db.EventStoreDBClient.connectionString(server.url);
  t.after(() => client.dispose());
  const events = [1, 2, 3].map((n) => db.jsonEvent({ type: "Counted", data: { n } }));

  const first = await client.appendToStream("counts", events, { expectedRevision: "no_stream" });
  assert.equal(first.nextExpectedRevision, 2n);
  for (const expectedRevision of ["no_stream", "any", "stream_exists"] as const) {
    assert.deepEqual(await client.appendToStream("counts", events, { expectedRevision }), first, expectedRevision);
  }
  const other = db.jsonEvent({ type: "Counted", data: { n: 4 } });
  for (const expectedRevision of ["no_stream", 0n, 7n] as const) {
    await assert.rejects(client.appendToStream("counts", other, { expectedRevision }), (error: unknown) => {
      assert.ok(error instanceof db.WrongExpectedVersionError);
      assert.equal(error.actualVersion, 2n);
      return true;
    });
  }
  const large = db.jsonEvent({ type: "Counted", data: { text: "x".repeat(2_000_000) } });
  await assert.rejects(client.appendToStream("counts", large), db.MaxAppendSizeExceededError);
  // Credentials of its own take an append by the older call.
  const credentials = { username: "u", password: "p" };
  const plain = await client.appendToStream("counts", other, { expectedRevision: 2n, credentials });
  assert.equal(plain.nextExpectedRevision, 3n);
  await assert.rejects(
    client.appendToStream("counts", db.jsonEvent({ type: "Counted", data: {} }), { expectedRevision: 1n, credentials }),
    db.WrongExpectedVersionError,
  );

  const numbers: unknown[] = [];
  for await (const { event } of client.readStream("counts", { fromRevision: 1n })) {
    assert.ok(event?.isJson);
    numbers.push((event.data as { n: number }).n);
  }
  assert.deepEqual(numbers, [2, 3, 4]);
  await assert.rejects(async () => {
    for await (const _ of client.readStream("nothing")) assert.fail("is empty");
  }, db.StreamNotFoundError);
  const types: (string | undefined)[] = [];
  for await (const { event } of client.readAll({ direction: "backwards", maxCount: 5 })) types.push(event?.type);
  assert.deepEqual(types, ["Counted", "Counted", "Counted", "Counted", "$user"]);
});

test("subscribes with a filter against the test server as against EventStoreDB", async (t) => {
  const server = await serverOf(t);
  for (let index = 0; index < 100; index++) server.state.log.append("order-1", "any", [foreignEvent()]);
  server.state.log.append("counts", "any", [foreignEvent("Counted")]);
  server.state.log.index();
  const client = db.EventStoreDBClient.connectionString(server.url);
  t.after(() => client.dispose());
  const seen: string[] = [];
  const checkpointReached = (_subscription: AllStreamSubscription): void => void seen.push("checkpoint");
  const filter = db.streamNameFilter({
    regex: "^counts",
    checkpointInterval: 1,
    maxSearchWindow: 40,
    checkpointReached,
  });
  const subscription = client.subscribeToAll({ filter });
  subscription.on("confirmation", () => seen.push("confirmation")).on("caughtUp", () => seen.push("caught up"));
  for await (const { event } of subscription) {
    seen.push(event?.type ?? "");
    if (event?.type === "Counted" && seen.includes("caught up")) break;
    if (seen.filter((what) => what === "Counted").length === 1) {
      setTimeout(() => {
        server.state.log.append("counts", "any", [foreignEvent("Counted")]);
        server.state.log.index();
      }, 50);
    }
  }
  await subscription.unsubscribe();
  assert.deepEqual(seen, ["confirmation", "checkpoint", "checkpoint", "Counted", "checkpoint", "caught up", "Counted"]);
});
