/** Forwarder and delivery runner over a real log, a real queue and a real HTTP endpoint. Time is the test's. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { UndiciEndpointGateway } from "@sluice/adapter-http";
import { SqliteOfflineQueue } from "@sluice/adapter-sqlite";
import { uuidv7 } from "@sluice/app";
import { countKey, DeliveryRunner, Forwarder, LogFollower } from "@sluice/app/sinks";
import type { ActionInput, EncodedBytes, EventType } from "@sluice/contracts";
import { pino } from "pino";
import { eventually } from "../support/gateway-process.ts";
import { IngestFixture } from "../support/ingest-fixture.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const GROUP = "A/POST_ENDPOINT";
const log = pino({ level: "silent" });

describe("forwarder", () => {
  let fixture: IngestFixture;
  let queue: SqliteOfflineQueue;
  let receiver: Receiver;
  let gateway: UndiciEndpointGateway;
  let runner: DeliveryRunner;
  let stopping: AbortController;
  let running: Promise<unknown>;
  /** Milliseconds that the sinks' clock is ahead. */
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };

  const define = (action: Partial<Extract<ActionInput, { type: "POST_ENDPOINT" }>> = {}) =>
    fixture.define({
      code: "A",
      topic: "a/#",
      actions: [{ type: "POST_ENDPOINT", url: `${receiver.url}/in?token=secret`, ...action }],
    });

  const begin = () => {
    stopping = new AbortController();
    const definitionOf = (flow: string) => fixture.registry.definition(flow) ?? undefined;
    runner = new DeliveryRunner({
      store: fixture.store,
      queue,
      gateway,
      clock,
      ids: uuidv7,
      random: () => 0.5,
      log,
      definitionOf,
    });
    const forwarder = new Forwarder({ queue, priorityOf: () => 5, onChange: () => runner.wake() });
    const follower = new LogFollower(forwarder, { store: fixture.store, clock, log });
    running = Promise.all([follower.run(stopping.signal), runner.run(stopping.signal)]);
  };
  const end = async () => {
    stopping.abort();
    await running;
  };
  const count = async (what: Parameters<typeof countKey>[1]) => (await queue.counts()).get(countKey(GROUP, what)) ?? 0;
  const settled = (done: number, dead = 0) =>
    eventually(
      async () => (await count("done")) === done && (await count("dead")) === dead,
      `${done} done, ${dead} dead`,
    );
  const eventsOf = async (type: EventType) => (await fixture.events("A")).filter((event) => event.type === type);
  const assertLaw = async () => {
    const { total } = await queue.statistics();
    const sum = (await count("done")) + (await count("dead")) + (await count("discarded")) + total;
    assert.equal(await count("dispatched"), sum);
  };

  beforeEach(async () => {
    ahead = 0;
    fixture = new IngestFixture();
    await fixture.start();
    receiver = await startReceiver();
    queue = new SqliteOfflineQueue({
      path: join(fixture.dataDir, "deliveries.db"),
      capacity: Number.POSITIVE_INFINITY,
      durability: "normal",
    });
    await queue.start();
    gateway = new UndiciEndpointGateway({ clock });
    await gateway.start();
  });

  afterEach(async () => {
    await end();
    await gateway.stop();
    await queue.stop();
    await receiver.stop();
    await fixture.stop();
  });

  it("forwards each accepted message once, byte for byte, and says so in the log", async () => {
    await define();
    begin();
    const bodies = Array.from({ length: 50 }, (_, id) => `{ "id":${id} }`);
    await fixture.ingest("a/1", ...bodies, "not json");
    await settled(50);
    assert.deepEqual(receiver.requests.map((request) => request.body.toString()).sort(), [...bodies].sort());
    const [forwarded] = await eventsOf("EndpointForwarded");
    assert.equal(forwarded?.type, "EndpointForwarded");
    assert.equal(forwarded.data.url, `${receiver.url}/in`, "query strings, which may hold tokens, stay out of the log");
    assert.deepEqual([forwarded.data.status, forwarded.data.attempts], [204, 1]);
    await assertLaw();
  });

  it("tries again, later each time, and gives up after maxAttempts", async () => {
    await define({ maxAttempts: 3 });
    receiver.mode = 500;
    begin();
    await fixture.ingest("a/1", '{"id":1}');
    for (const attempt of [1, 2, 3]) {
      await eventually(async () => (await eventsOf("EndpointForwardFailed")).length === attempt, `attempt ${attempt}`);
      ahead += 61_000;
      runner.wake();
    }
    await settled(0, 1);
    const failures = await eventsOf("EndpointForwardFailed");
    assert.deepEqual(
      failures.map((event) => event.type === "EndpointForwardFailed" && [event.data.attempts, event.data.status]),
      [1, 2, 3].map((attempt) => [attempt, 500]),
    );
    const [dead] = await eventsOf("DeliveryDeadLettered");
    assert.equal(dead?.type === "DeliveryDeadLettered" && dead.data.attempts, 3);
    assert.equal(new Set(receiver.requests.map((request) => request.headers["idempotency-key"])).size, 1);
    await assertLaw();
  });

  it("keeps the order of a flow that asks for it, also when the first one fails", async () => {
    await define({ ordered: true });
    receiver.mode = 503;
    begin();
    await fixture.ingest("a/1", ...Array.from({ length: 20 }, (_, id) => `{"id":${id}}`));
    await eventually(() => receiver.requests.length > 0, "the first attempt");
    receiver.mode = 200;
    receiver.requests.length = 0;
    const turning = setInterval(() => {
      ahead += 10_000;
      runner.wake();
    }, 20);
    await settled(20);
    clearInterval(turning);
    assert.deepEqual(
      receiver.requests.map((request) => JSON.parse(request.body.toString()).id),
      Array.from({ length: 20 }, (_, id) => id),
    );
    await assertLaw();
  });

  it("makes a delivery again, with the same key, whose result was lost in a crash", async () => {
    await define();
    // The log refuses the result, as if the process had been killed between the answer and the append.
    fixture.intercept = (batch, append) =>
      batch.some(({ stream }) => stream.startsWith("deliveries-")) ? new Promise(() => {}) : append(batch);
    const real = fixture.store.append.bind(fixture.store);
    fixture.store.append = (batch) => fixture.intercept(batch, real);
    begin();
    await fixture.ingest("a/1", '{"id":1}');
    await eventually(() => receiver.requests.length === 1, "the first attempt");
    stopping.abort();
    fixture.store.append = real;
    fixture.intercept = (batch, append) => append(batch);
    begin();
    await settled(1);
    assert.equal(receiver.requests.length, 2);
    assert.equal(new Set(receiver.requests.map((request) => request.headers["idempotency-key"])).size, 1);
    await assertLaw();
  });

  it("posts an edited body from its retry on, under a key of its own, also when the queue is made anew", async () => {
    await define({ maxAttempts: 2 });
    receiver.mode = 422;
    begin();
    await fixture.ingest("a/1", '{"id":1}');
    await settled(0, 1);
    const [dead] = await eventsOf("DeliveryDeadLettered");
    assert.equal(dead?.type, "DeliveryDeadLettered");
    const { reason: _, attempts: __, ...of } = dead.data;
    const retry = (edit?: { payload: EncodedBytes }) => {
      const data = { ...of, ...(edit === undefined ? {} : { edit }) };
      const event = { id: uuidv7.next(), type: "DeliveryRetried" as const, schemaVersion: 1, data, metadata: {} };
      return fixture.store.append([{ stream: dead.stream, expected: "any", events: [event] }]);
    };
    const deaths = (count: number) =>
      eventually(async () => (await eventsOf("DeliveryDeadLettered")).length === count, `it has died ${count} times`);
    await retry({ payload: { encoding: "utf8", data: "first" } });
    await deaths(2);
    await settled(0, 1);
    receiver.mode = 500;
    await retry({ payload: { encoding: "base64", data: "AP8=" } });
    await eventually(
      async () => (await eventsOf("EndpointForwardFailed")).length === 3,
      "an attempt that can be repeated",
    );
    ahead += 61_000;
    runner.wake();
    await deaths(3);
    await settled(0, 1);
    // As after a restore of the log alone: one page tells all of it.
    await end();
    await queue.stop();
    queue = new SqliteOfflineQueue({
      path: join(fixture.dataDir, "deliveries-2.db"),
      capacity: Number.POSITIVE_INFINITY,
      durability: "normal",
    });
    await queue.start();
    receiver.mode = 204;
    await retry();
    begin();
    await settled(1);
    assert.deepEqual(
      receiver.requests.map(({ body }) => body.toString("latin1")),
      ['{"id":1}', "first", "\0\xff", "\0\xff", "\0\xff"],
    );
    const keys = receiver.requests.map(({ headers }) => headers["idempotency-key"]);
    const edits = (await eventsOf("DeliveryRetried")).filter((event) => "edit" in event.data);
    const [own, first, second] = [`"${of.messageId}/A/POST_ENDPOINT"`, ...edits.map(({ id }) => id)];
    const edited = (id: string | undefined) => own?.replace(/"$/, `#${id}"`);
    assert.deepEqual(keys, [own, edited(first), edited(second), edited(second), edited(second)]);
    await assertLaw();
  });

  it("stops asking an endpoint that is down, and goes on when it is back", async () => {
    await define({ maxAttempts: 1_000, concurrency: 1 });
    const port = Number(new URL(receiver.url).port);
    await receiver.stop();
    begin();
    await fixture.ingest("a/1", ...Array.from({ length: 30 }, (_, id) => `{"id":${id}}`));
    const state = async () => (await runner.status()).find((group) => group.group === GROUP);
    await eventually(async () => (await state())?.breaker === "open", "the breaker opens");
    assert.ok(((await state())?.waiting ?? 0) > 0);
    const attempts = (await eventsOf("EndpointForwardFailed")).length;
    assert.ok(attempts < 30, `${attempts} attempts before the breaker opened`);
    receiver = await startReceiver(port);
    const turning = setInterval(() => {
      ahead += 10_000;
      runner.wake();
    }, 20);
    await settled(30);
    clearInterval(turning);
    assert.equal((await state())?.breaker ?? "closed", "closed");
    await assertLaw();
  });
});
