/** Store and forward: what the pipeline does while the log on another machine is away. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { EventStoreUnavailable } from "@sluice/domain";
import { IngestFixture } from "../support/ingest-fixture.ts";

const valuesOf = (events: readonly { type: string; data: object }[]): unknown[] =>
  events.flatMap((event) => (event.type === "StoredAttribute" ? [(event.data as { value: unknown }).value] : []));
const numbersOf = (events: readonly { type: string; data: object }[]): number[] =>
  events.flatMap((event) =>
    event.type === "MessageReceived" ? [(event.data as { messageNumber: number }).messageNumber] : [],
  );
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, index) => index + from);

/** Ten times as fast as the real one: a second of failing passes in 100 ms. */
const hasty = () => {
  const start = Date.now();
  return { now: () => start + (Date.now() - start) * 10 };
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe("the spool", () => {
  const opened: IngestFixture[] = [];
  let away = false;

  const open = async (options: { dataDir?: string; spoolBytes?: number } = {}): Promise<IngestFixture> => {
    const fixture = new IngestFixture({ spoolBytes: 1_000_000, clock: hasty(), ...options });
    opened.push(fixture);
    fixture.intercept = async (batch, append) => {
      if (away) throw new EventStoreUnavailable("no route to host");
      return append(batch);
    };
    await fixture.start();
    return fixture;
  };

  const start = async (options: { spoolBytes?: number } = {}): Promise<IngestFixture> => {
    away = false;
    const fixture = await open(options);
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    return fixture;
  };

  afterEach(async () => {
    for (const fixture of opened.splice(0).reverse()) {
      await fixture.stop();
      fixture.remove();
    }
  });

  const ingest = (fixture: IngestFixture, from: number, count: number) =>
    Promise.all(upTo(count, from).map((n) => fixture.ingest("a/1", `{"n":${n}}`)));

  it("makes messages durable while the log is away, and brings them there in order", async () => {
    const fixture = await start();
    await ingest(fixture, 1, 3);
    away = true;
    const receipts = await ingest(fixture, 4, 20);
    assert.ok(receipts.every(({ messageIds }) => messageIds[0] !== null));
    const { spool, failing } = fixture.pipeline.status();
    assert.equal(spool?.active, true);
    assert.equal(spool?.entries, 20);
    assert.equal(failing?.reason, "no route to host");
    assert.deepEqual(valuesOf(await fixture.events("A")), upTo(3));

    away = false;
    const late = ingest(fixture, 24, 5);
    await until(() => fixture.pipeline.status().spool?.active === false);
    await late;
    const events = await fixture.events("A");
    assert.deepEqual(valuesOf(events), upTo(28));
    assert.deepEqual(numbersOf(events), upTo(28));
    await until(() => fixture.pipeline.status().spool?.entries === 0);
    const ids = new Set(events.map(({ data }) => ("messageId" in data ? data.messageId : null)));
    for (const { messageIds } of receipts) assert.ok(ids.has(messageIds[0] as string), "the id given is the log's");
    await ingest(fixture, 29, 1);
    assert.deepEqual(valuesOf(await fixture.events("A")), upTo(29));
  });

  it("goes on taking messages for as long as the log is away, also after a while without any", async () => {
    const fixture = await start();
    away = true;
    await ingest(fixture, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(fixture.pipeline.status().spool?.active, true);
    await ingest(fixture, 2, 1);
    away = false;
    await until(() => fixture.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await fixture.events("A")), upTo(2));
  });

  it("does not keep what no flow wants", async () => {
    const fixture = await start();
    away = true;
    await ingest(fixture, 1, 1);
    const before = fixture.pipeline.status();
    assert.deepEqual((await fixture.ingest("other", "{}")).messageIds, [null]);
    assert.equal(fixture.pipeline.status().spool?.entries, before.spool?.entries);
    assert.equal(fixture.pipeline.status().unrouted, before.unrouted + 1);
  });

  it("stops taking messages when it is full, and takes them when there is room again", async () => {
    const fixture = await start({ spoolBytes: 1_000 });
    away = true;
    let durable = 0;
    const all = Promise.all(upTo(12).map((n) => fixture.ingest("a/1", `{"n":${n}}`).then(() => durable++)));
    await until(() => fixture.pipeline.status().spool?.lastError !== null);
    assert.ok(durable > 0 && durable < 12, `${durable} were durable`);
    assert.ok((fixture.pipeline.status().spool?.bytes ?? 0) <= 1_000);
    away = false;
    await all;
    await until(() => fixture.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await fixture.events("A")), upTo(12));
    assert.equal(fixture.pipeline.status().spool?.lastError, null);
  });

  it("takes nothing more at a stop once something did not fit: what follows may", async () => {
    const fixture = await start({ spoolBytes: 3_000 });
    away = true;
    await ingest(fixture, 1, 2);
    const large = fixture.ingest("a/1", `{"n":3,"x":"${"y".repeat(3_000)}"}`);
    await until(() => fixture.pipeline.status().spool?.lastError !== null);
    const small = fixture.ingest("a/1", '{"n":4}');
    const late = new Promise((resolve) => setTimeout(resolve, 600, "late"));
    await fixture.pipeline.stop(500);
    assert.equal(await Promise.race([large, small, late]), "late");
    assert.equal(fixture.pipeline.status().spool?.entries, 2);
  });

  it("keeps its messages through a crash, and goes on with them before anything newer", async () => {
    const first = await start();
    await ingest(first, 1, 2);
    away = true;
    await ingest(first, 3, 10);
    await first.crash();

    away = false;
    const second = await open({ dataDir: first.dataDir });
    await ingest(second, 13, 2);
    await until(() => second.pipeline.status().spool?.active === false);
    const events = await second.events("A");
    assert.deepEqual(valuesOf(events), upTo(14));
    assert.deepEqual(numbersOf(events), upTo(14));
  });

  for (const messageIndex of [true, false]) {
    it(`stores nothing twice that the log took just before a crash, ${messageIndex ? "with" : "without"} an index`, async () => {
      const first = await start();
      away = true;
      await ingest(first, 1, 6);
      // The log takes what it is sent, and no answer comes back.
      const taken: number[] = [];
      first.intercept = async (batch, append) => {
        await append(batch);
        taken.push(batch.length);
        return new Promise(() => {});
      };
      await until(() => taken.length === 1);
      await first.crash();
      const second = new IngestFixture({
        dataDir: first.dataDir,
        spoolBytes: 1_000_000,
        capabilities: { messageIndex },
      });
      opened.push(second);
      away = false;
      await second.start();
      await until(() => second.pipeline.status().spool?.entries === 0);
      assert.deepEqual(valuesOf(await second.events("A")), upTo(6));
    });
  }

  it("looks up what may be recorded until the log answers, and loses nothing over it", async () => {
    const first = await start();
    away = true;
    await ingest(first, 1, 6);
    await first.crash();
    const second = new IngestFixture({ dataDir: first.dataDir, spoolBytes: 1_000_000, clock: hasty() });
    opened.push(second);
    let failures = 2;
    second.readFault = () => {
      if (failures-- > 0) throw new EventStoreUnavailable("not yet");
    };
    await second.start();
    await until(() => second.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await second.events("A")), upTo(6));
  });

  it("is used again when the log goes away in the middle of draining", async () => {
    const fixture = await start();
    away = true;
    await ingest(fixture, 1, 8);
    let appends = 0;
    fixture.intercept = async (batch, append) => {
      appends++;
      if (appends > 1 && appends < 5) throw new EventStoreUnavailable("gone again");
      return append(batch);
    };
    await until(() => appends > 1);
    await ingest(fixture, 9, 4);
    await until(() => fixture.pipeline.status().spool?.active === false);
    assert.deepEqual(valuesOf(await fixture.events("A")), upTo(12));
  });

  it("removes what is settled at the very moment at which a removal ends", async () => {
    const fixture = await start();
    const { spool, spoolFile } = fixture;
    assert.ok(spool !== null && spoolFile !== null);
    const batch = { messages: [], origin: { source: "mqtt", broker: "default" }, ids: [] } as const;
    const ids = (await spool.tryKeep([batch, batch])) ?? [];
    const [first, second] = ids as [number, number];
    const remove = spoolFile.remove.bind(spoolFile);
    spoolFile.remove = async (removed) => {
      await remove(removed);
      // After whoever waits for this has looked whether there is more.
      if (removed.includes(first)) void Promise.resolve().then(() => queueMicrotask(() => spool.settled([second])));
    };
    spool.settled([first]);
    await until(() => spoolFile.status().entries < 2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(spoolFile.status().entries, 0);
  });

  it("takes messages while the flows are known from a snapshot only", async () => {
    const first = await start();
    await ingest(first, 1, 2);
    await first.registry.saveSnapshot();
    await first.crash();

    const second = new IngestFixture({ dataDir: first.dataDir, spoolBytes: 1_000_000, clock: hasty() });
    opened.push(second);
    await second.spool?.start();
    assert.equal(await second.registry.loadSnapshot(), 1);
    second.pipeline.holdLog("no route to host");
    await ingest(second, 3, 4);
    assert.equal(second.pipeline.status().failing?.reason, "no route to host");
    assert.equal(second.pipeline.status().spool?.entries, 4);
    await second.store.start();
    await second.registry.load();
    second.pipeline.openLog();
    assert.equal(second.pipeline.status().failing, null);
    await until(() => second.pipeline.status().spool?.active === false);
    assert.deepEqual(numbersOf(await second.events("A")), upTo(6));
  });
});
