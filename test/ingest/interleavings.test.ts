/** What one thing does to another when they meet at the wrong moment. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import {
  EventRejected,
  EventStoreUnavailable,
  parseStream,
  SpoolUnavailable,
  type StreamAppend,
  WrongExpectedVersion,
} from "@sluice/domain";
import { IngestFixture, type IngestFixtureOptions, messageOf } from "../support/ingest-fixture.ts";
import { ManualTime } from "../support/manual-time.ts";

const origin = { source: "mqtt", broker: "default" } as const;
const SHARED = { sharedLog: true } as const;

type Events = readonly { type: string; data: object }[];
const numbersOf = (events: Events): number[] =>
  events.flatMap(
    ({ type, data }) => (type === "MessageReceived" && "messageNumber" in data ? [data.messageNumber] : []) as number[],
  );
const valuesOf = (events: Events): unknown[] =>
  events.flatMap(({ type, data }) => (type === "StoredAttribute" && "value" in data ? [data.value] : []));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const hasty = () => {
  const start = Date.now();
  return { now: () => start + (Date.now() - start) * 10 };
};

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
};

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

const gate = () => Promise.withResolvers<void>();

describe("at the wrong moment", () => {
  const opened: IngestFixture[] = [];

  const open = async (options: IngestFixtureOptions = {}): Promise<IngestFixture> => {
    const fixture = new IngestFixture(options);
    opened.push(fixture);
    await fixture.start();
    return fixture;
  };

  afterEach(async () => {
    for (const fixture of opened.splice(0).reverse()) {
      await fixture.stop();
      fixture.remove();
    }
  });

  it("a batch does not slip in behind a stranger's events in place of the one that it was decided behind", async () => {
    const one = await open({ capabilities: SHARED });
    await one.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    const two = await open({ capabilities: SHARED, dataDir: one.dataDir });
    let meet = true;
    one.intercept = async (batch, append) => {
      if (meet) {
        meet = false;
        // As many events as the batch under way has, of twice as many messages.
        await two.ingest("a/1", "{}", "{}");
      }
      return append(batch);
    };
    await Promise.all([one.ingest("a/1", '{"n":1}'), one.ingest("a/1", '{"n":2}')]);
    const events = await one.events("A");
    assert.deepEqual(numbersOf(events), upTo(4));
    assert.deepEqual(valuesOf(events), [1, 2]);
  });

  it("the first batch of a new day does not go before the last one of the day before", async () => {
    const fixture = await open();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    await fixture.ingest("a/1", '{"n":1}');
    const at = (receivedAt: number, n: number) =>
      fixture.pipeline.ingest([{ ...messageOf("a/1", `{"n":${n}}`), receivedAt }], origin);
    let fails = true;
    fixture.intercept = async (batch, append) => {
      if (!fails) return append(batch);
      fails = false;
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new EventStoreUnavailable("once");
    };
    await Promise.all([at(Date.now(), 2), at(Date.now() + 86_400_000, 3)]);
    const events = await fixture.events("A");
    assert.deepEqual(numbersOf(events), upTo(3));
    assert.deepEqual(valuesOf(events), upTo(3));
  });

  it("a command that waits for its turn and a rebuild do not wait for each other", async () => {
    const fixture = await open();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    const { promise: passed, resolve: pass } = gate();
    fixture.intercept = async (batch, append) => {
      await passed;
      return append(batch);
    };
    const commands = [
      fixture.registry.execute("A", { kind: "disable" }, { actor: "test" }),
      fixture.registry.execute("A", { kind: "enable" }, { actor: "test" }),
    ];
    const load = fixture.registry.load();
    pass();
    await within(2_000, Promise.all([...commands, load]));
    assert.equal(fixture.registry.get("A")?.status, "enabled");
  });

  it("figures of a flow that was defined here are those of the log, whoever receives its messages", async () => {
    const one = await open({ capabilities: SHARED });
    await one.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    const two = await open({ capabilities: SHARED, dataDir: one.dataDir });
    await two.ingest("a/1", "{}", "{}");
    assert.equal(await one.registry.refresh(Date.now()), true);
    assert.equal(one.registry.get("A")?.counters.received, 2);
    await two.ingest("a/1", "{}");
    await one.registry.refresh(Date.now());
    assert.equal(one.registry.get("A")?.counters.received, 3);
  });

  it("what stays in the spool at a stop is not overtaken by what comes in meanwhile", async () => {
    const first = await open({ spoolBytes: 1_000_000, clock: hasty() });
    await first.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let away = true;
    first.intercept = async (batch, append) => {
      if (away) throw new EventStoreUnavailable("away");
      return append(batch);
    };
    await first.ingest("a/1", '{"n":1}');
    await first.ingest("a/1", '{"n":2}');
    const stopped = first.pipeline.stop(5_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    void first.ingest("a/1", '{"n":3}');
    away = false;
    await stopped;
    await first.crash();
    const second = await open({ dataDir: first.dataDir, spoolBytes: 1_000_000, clock: hasty() });
    await until(() => second.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await second.events("A")), upTo(3));
  });

  it("a batch from the spool that is looked up is not decided in the middle of a recovery", async () => {
    const first = await open({ spoolBytes: 1_000_000, clock: hasty() });
    await first.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    await first.define({ code: "B", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    first.intercept = async () => {
      throw new EventStoreUnavailable("away");
    };
    // More messages than go to the log as one.
    const batches = [upTo(500), upTo(500).map((n) => 500 + n)];
    for (const batch of batches) await first.ingest("a/1", ...batch.map((n) => `{"n":${n}}`));
    await first.crash();

    const second = new IngestFixture({
      dataDir: first.dataDir,
      spoolBytes: 1_000_000,
      clock: hasty(),
      capabilities: { messageIndex: false },
    });
    opened.push(second);
    let looks = 0;
    const { promise: failed, resolve: fail } = gate();
    second.lookingUp = async () => {
      looks += 1;
      // While the second is looked up, the first fails, and is being decided again.
      if (looks === 2) {
        fail();
        await until(() => conflicts > 0);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    let conflicts = 0;
    second.readingStream = async () => {
      if (conflicts === 1) await new Promise((resolve) => setTimeout(resolve, 30));
    };
    let appends = 0;
    second.intercept = async (batch, append) => {
      appends += 1;
      if (appends === 1) {
        await failed;
        conflicts += 1;
        throw new WrongExpectedVersion(batch[0]?.stream ?? "", 0, 1);
      }
      if (appends === 2) throw new WrongExpectedVersion(batch[0]?.stream ?? "", 0, 1);
      return append(batch);
    };
    await second.start();
    await until(() => second.pipeline.status().spool?.active === false);
    for (const code of ["A", "B"]) {
      const events = await second.events(code);
      assert.deepEqual(valuesOf(events), upTo(1_000));
      assert.deepEqual(numbersOf(events), upTo(1_000));
    }
  });

  it("an append that the gateway before has sent and that comes late is not made again", async () => {
    const first = await open({ spoolBytes: 1_000_000, clock: hasty() });
    await first.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let away = true;
    let late: readonly StreamAppend[] | null = null;
    first.intercept = async (batch) => {
      if (away) throw new EventStoreUnavailable("away");
      late = batch;
      return new Promise(() => {});
    };
    for (const n of upTo(3)) await first.ingest("a/1", `{"n":${n}}`);
    away = false;
    await until(() => late !== null);
    await first.crash();

    const second = new IngestFixture({ dataDir: first.dataDir, spoolBytes: 1_000_000, clock: hasty() });
    opened.push(second);
    let meet = true;
    second.intercept = async (batch, append) => {
      if (meet && late !== null) {
        meet = false;
        await append(late);
      }
      return append(batch);
    };
    await second.start();
    await until(() => second.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await second.events("A")), upTo(3));
  });

  it("a spool that cannot be written does not keep the gateway from stopping", async () => {
    const fixture = await open({ spoolBytes: 1_000_000, clock: hasty() });
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let away = true;
    fixture.intercept = async (batch, append) => {
      if (away) throw new EventStoreUnavailable("away");
      return append(batch);
    };
    // More than can be under way at once.
    for (const _ of upTo(4)) await fixture.ingest("a/1", ...upTo(500).map((n) => `{"n":${n}}`));
    assert.ok(fixture.spoolFile);
    const remove = fixture.spoolFile.remove.bind(fixture.spoolFile);
    let refused = 0;
    fixture.spoolFile.remove = async () => {
      refused += 1;
      throw new SpoolUnavailable("disk full");
    };
    away = false;
    await until(() => refused > 0);
    await within(3_000, fixture.pipeline.stop(500));
    fixture.spoolFile.remove = remove;
  });

  it("a gateway that cannot start leaves nothing behind that goes on emptying its spool", async () => {
    const first = await open({ spoolBytes: 1_000_000, clock: hasty() });
    await first.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    first.intercept = async () => {
      throw new EventStoreUnavailable("away");
    };
    await first.ingest("a/1", '{"n":1}');
    await first.crash();
    const second = await open({ dataDir: first.dataDir, spoolBytes: 1_000_000, clock: hasty() });
    let appends = 0;
    second.intercept = async () => {
      appends += 1;
      throw new EventStoreUnavailable("away");
    };
    await until(() => appends > 0);
    await within(2_000, second.pipeline.stop(0));
    const before = appends;
    await within(2_000, second.pipeline.stop(10_000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(appends <= before + 1, `${appends - before} appends after the end`);
  });

  it("a message of which the log refuses more than the payload stands in nobody's way", async () => {
    const fixture = await open();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    fixture.intercept = async (batch, append) => {
      if (JSON.stringify(batch).length > 50_000)
        throw new EventRejected("larger than the log takes: ".padEnd(9_000, "-"));
      return append(batch);
    };
    const userProperties = [{ name: "note", value: "x".repeat(60_000) }];
    const big = { ...messageOf("a/1", '{"n":2}'), properties: { userProperties } };
    const batch = [messageOf("a/1", '{"n":1}'), big, messageOf("a/1", '{"n":3}')];
    await within(3_000, fixture.pipeline.ingest(batch as never, origin));
    const events = await fixture.events("A");
    assert.deepEqual(valuesOf(events), [1, 3]);
    assert.deepEqual(numbersOf(events), upTo(3));
    assert.equal(fixture.registry.get("A")?.counters.rejected, 1);
  });

  it("a log that refuses all is asked now and then, and others are told", async () => {
    const fixture = await open();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let asked = 0;
    let refuses = true;
    fixture.intercept = async (batch, append) => {
      asked += 1;
      if (refuses) throw new EventRejected("no");
      return append(batch);
    };
    const done = fixture.ingest("a/1", '{"n":1}');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(asked < 15, `asked ${asked} times`);
    assert.equal(fixture.pipeline.status().failing?.reason, "no");
    refuses = false;
    await done;
  });

  it("a turn that cannot be had is asked for now and then, and what waits is sheltered", async () => {
    const one = await open({ capabilities: SHARED, spoolBytes: 1_000_000, clock: hasty() });
    await one.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let asked = 0;
    one.exclusively = async () => {
      asked += 1;
      throw new EventStoreUnavailable("no locks to be had");
    };
    let conflicts = 0;
    one.intercept = async (batch, append) => {
      conflicts += 1;
      if (conflicts > 3) return append(batch);
      throw new WrongExpectedVersion(batch[0]?.stream ?? "", 0, 1);
    };
    await within(3_000, one.ingest("a/1", '{"n":1}'));
    assert.equal(one.pipeline.status().spool?.entries, 1);
    assert.ok(asked < 15, `asked ${asked} times`);
    one.exclusively = null;
    await until(() => one.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await one.events("A")), [1]);
  });

  it("a clock that goes back does not keep messages from the spool", async () => {
    const time = new ManualTime();
    const fixture = await open({ spoolBytes: 1_000_000, clock: { now: time.now } });
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    let away = true;
    fixture.intercept = async (batch, append) => {
      if (away) throw new EventStoreUnavailable("away");
      return append(batch);
    };
    const durable = fixture.ingest("a/1", '{"n":1}');
    await until(() => fixture.pipeline.status().failing !== null);
    time.advance(-3_600_000);
    await within(3_000, durable);
    away = false;
    await until(() => fixture.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await fixture.events("A")), [1]);
  });

  it("skipped messages are counted once where the log takes the flows one by one", async () => {
    const time = new ManualTime();
    const fixture = await open({ capabilities: { atomicMultiStream: false }, clock: { now: time.now } });
    for (const code of ["A", "B"]) await fixture.define({ code, topic: "a/#", actions: [{ type: "STORE_DB" }] });
    const expired = {
      ...messageOf("a/1", '{"n":1}'),
      receivedAt: time.now() - 60_000,
      properties: { messageExpiryInterval: 5 },
    };
    let conflicts = 2;
    fixture.intercept = async (batch, append) => {
      const stream = batch[0]?.stream ?? "";
      if (parseStream(stream)?.flow === "B" && conflicts-- > 0) throw new WrongExpectedVersion(stream, 0, 1);
      return append(batch);
    };
    await fixture.pipeline.ingest([expired], origin);
    for (const code of ["A", "B"]) assert.equal(fixture.registry.get(code)?.counters.skipped, 1, code);
    assert.equal((await fixture.events("A")).length, 1);
  });

  it("waiting for a place leaves nothing behind", async () => {
    const fixture = await open();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    const { then } = Promise.prototype;
    const waiting = new Map<unknown, number>();
    // biome-ignore lint/suspicious/noThenProperty: what is waited for is what is asked.
    Promise.prototype.then = function (this: Promise<unknown>, ...handlers) {
      waiting.set(this, (waiting.get(this) ?? 0) + 1);
      return Reflect.apply(then, this, handlers);
    } as typeof then;
    try {
      await Promise.all(upTo(200).map((n) => fixture.ingest("a/1", `{"n":${n}}`)));
    } finally {
      // biome-ignore lint/suspicious/noThenProperty: as it was.
      Promise.prototype.then = then;
    }
    assert.ok(Math.max(...waiting.values()) < 20, `one promise was waited for ${Math.max(...waiting.values())} times`);
  });
});
