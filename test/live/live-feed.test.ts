/** The live tail on a real log: who gets what, how often the log is read for it, and who is let go. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import { readEventStream, type StreamEvent } from "@sluice/app/cli";
import { LiveClient, LiveFeed, type LiveReader } from "@sluice/app/live";
import type { RecordedEvent } from "@sluice/contracts";
import { type EventFilter, type EventStore, EventStoreUnavailable } from "@sluice/domain";
import { pino } from "pino";
import { failed, many, received, skipped, to } from "../conformance/event-store-support.ts";
import { eventually } from "../support/gateway-process.ts";

/** A connection that keeps what it takes, and takes nothing while it is held. */
class Connection extends Writable {
  text = "";
  #held: (() => void) | null = null;
  #isHeld = false;

  constructor() {
    super({ highWaterMark: 1_000, decodeStrings: false });
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#held?.();
    this.#held = null;
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk;
    if (this.#isHeld) this.#held = done;
    else setImmediate(done);
  }

  async parsed(): Promise<StreamEvent[]> {
    const found: StreamEvent[] = [];
    const bytes = async function* (text: string) {
      // In pieces, as a network gives them.
      const all = new TextEncoder().encode(text);
      for (let start = 0; start < all.length; start += 977) yield all.subarray(start, start + 977);
    };
    for await (const event of readEventStream(bytes(this.text))) found.push(event);
    return found;
  }

  async events(): Promise<RecordedEvent[]> {
    return (await this.parsed())
      .filter(({ name, data }) => name === "message" && data !== "")
      .map(({ data }) => JSON.parse(data));
  }
}

describe("the live feed", () => {
  let directory: string;
  let real: SqliteEventStore;
  let store: EventStore;
  let feed: LiveFeed;
  const calls = { readAll: 0, subscribe: 0, pages: 0 };
  let fault: Error | null;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "sluice-live-"));
    real = new SqliteEventStore({ path: join(directory, "events.db"), clock: Date, threads: "inline" });
    await real.start();
    Object.assign(calls, { readAll: 0, subscribe: 0, pages: 0 });
    fault = null;
    store = new Proxy<EventStore>(real, {
      get: (target, property) => {
        if (property === "readAll") {
          return (options: Parameters<EventStore["readAll"]>[0]) => {
            calls.readAll += 1;
            if (fault !== null) throw fault;
            return target.readAll(options);
          };
        }
        if (property === "subscribe") {
          return async function* (options: Parameters<EventStore["subscribe"]>[0]) {
            calls.subscribe += 1;
            for await (const page of target.subscribe(options)) {
              calls.pages += 1;
              if (fault !== null) throw fault;
              yield page;
            }
          };
        }
        const value = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    feed = new LiveFeed({ store, log: pino({ level: "silent" }), retryMs: 5 });
  });
  afterEach(async () => {
    feed.close();
    await real.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const shown = (event: RecordedEvent) => event;
  const join1 = (filter: EventFilter, after: string | null, capacity?: number) => {
    const connection = new Connection();
    const client = new LiveClient(connection, capacity);
    const reader: LiveReader = { client, filter, after, shown };
    return { connection, client, fed: feed.feed(reader) };
  };
  const append = (stream: string, count: number, make = () => skipped("A")) =>
    real.append([to(stream, many(count, make))]);
  const gets = (connection: Connection, count: number) =>
    eventually(async () => (await connection.events()).length >= count, `${count} events`);
  const all = async (filter: EventFilter = {}) => (await real.readAll({ limit: 10_000, filter })).events;

  it("gives each reader what its filter takes, from its position on, once and in order", async () => {
    const messageId = randomUUID();
    await append("traffic-A-20260101", 700);
    await real.append([to("traffic-B-20260101", [received("B", messageId), failed("B", messageId)])]);
    const filters: EventFilter[] = [
      {},
      { flow: "A" },
      { flow: "B", types: ["ValidationFailed"] },
      { stream: "traffic-B-20260101" },
      { messageId },
    ];
    const readers = filters.flatMap((filter) =>
      ["1", "650", "702"].map((after) => ({ filter, after, ...join1(filter, after) })),
    );
    for (let round = 0; round < 20; round++) {
      await append("traffic-A-20260101", 15);
      await real.append([to("traffic-B-20260101", [received("B", messageId), failed("B", messageId)])]);
    }
    for (const { filter, after, connection } of readers) {
      const expected = (await all(filter)).filter(({ position }) => Number(position) > Number(after));
      await gets(connection, expected.length);
      assert.deepEqual(await connection.events(), expected);
      const last = (await connection.parsed()).at(-1);
      assert.equal(last?.lastId, expected.at(-1)?.position);
    }
  });

  it("reads the log once for any number of readers", async () => {
    await append("traffic-A-20260101", 10);
    const rounds = async (count: number): Promise<number> => {
      const readers = Array.from({ length: count }, () => join1({}, "10"));
      const [first] = readers;
      await Promise.all(readers.map(({ fed }) => fed));
      Object.assign(calls, { readAll: 0, pages: 0 });
      const before = (await all()).length;
      for (let round = 1; round <= 10; round++) {
        await append("traffic-A-20260101", 5);
        await gets(first?.connection as Connection, before - 10 + round * 5);
      }
      for (const { connection } of readers) assert.equal((await connection.events()).length, before + 40);
      for (const { client } of readers) client.drop("stopped");
      assert.equal(calls.readAll, 0, "those who have joined read nothing by themselves");
      return calls.pages;
    };
    const one = await rounds(1);
    const fifty = await rounds(50);
    assert.ok(fifty <= one + 5, `${one} pages for one reader, ${fifty} for fifty`);
    assert.equal(calls.subscribe, 2, "one subscription at a time");
  });

  it("drops a reader that takes nothing, with a last word, and holds nobody up", async () => {
    const quick = join1({}, null);
    const slow = join1({}, null, 10_000);
    await append("traffic-A-20260101", 1);
    await gets(slow.connection, 1);
    slow.connection.hold();
    const payload = () => skipped("A", ["x".repeat(500)]);
    for (let round = 0; round < 20; round++) await append("traffic-A-20260101", 10, payload);
    await gets(quick.connection, 201);
    assert.equal(slow.client.left.aborted, true);
    assert.equal(quick.client.left.aborted, false);
    assert.equal(feed.readers, 1);
    slow.connection.release();
    await eventually(() => slow.connection.writableFinished, "the last word is said");
    const said = (await slow.connection.parsed()).at(-1);
    assert.deepEqual([said?.name, said?.data], ["dropped", '{"reason":"slow"}']);
    // It comes back with the last id that it has, and misses nothing.
    const again = join1({}, said?.lastId as string);
    await gets(again.connection, 201 - Number(said?.lastId));
    assert.deepEqual([...(await slow.connection.events()), ...(await again.connection.events())], await all());
  });

  it("lets a reader of old events wait for itself, and drops it when two heartbeats find it stuck", async () => {
    await append("traffic-A-20260101", 3_000);
    const late = join1({}, null, 1_000_000);
    late.connection.hold();
    await eventually(() => calls.readAll > 0, "it reads");
    feed.heartbeat();
    assert.equal(late.client.left.aborted, false);
    feed.heartbeat();
    assert.equal(late.client.left.aborted, true);
    assert.ok(calls.readAll <= 2, "it reads no further than it takes");
  });

  it("tells with a heartbeat how far it is, where a filter passes everything over", async () => {
    const reader = join1({ flow: "NONE" }, null);
    await reader.fed;
    await append("traffic-A-20260101", 5);
    await eventually(async () => {
      feed.heartbeat();
      return (await reader.connection.parsed()).at(-1)?.lastId === "5";
    }, "the position moves");
    assert.match(reader.connection.text, /^: heartbeat\n/);
    assert.deepEqual(await reader.connection.events(), []);
  });

  it("goes on where it was when the log can be read again", async () => {
    const reader = join1({}, null);
    await reader.fed;
    await append("traffic-A-20260101", 3);
    await gets(reader.connection, 3);
    fault = new EventStoreUnavailable("gone");
    await append("traffic-A-20260101", 3);
    const late = join1({}, "1");
    await eventually(() => calls.subscribe > 2 && calls.readAll > 2, "it tries again and again");
    fault = null;
    await gets(reader.connection, 6);
    await gets(late.connection, 5);
    assert.deepEqual(await reader.connection.events(), await all());
  });

  it("reads nothing when nobody is there", async () => {
    const reader = join1({}, null);
    await reader.fed;
    await append("traffic-A-20260101", 1);
    await gets(reader.connection, 1);
    reader.connection.destroy();
    await eventually(() => feed.readers === 0, "it has left");
    const { pages } = calls;
    await append("traffic-A-20260101", 10);
    assert.equal(calls.pages, pages);
    const next = join1({}, "1");
    await gets(next.connection, 10);
  });
});
