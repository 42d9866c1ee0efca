/**
 * Gateways on one log, under random schedules: appends that fail, that take effect although they fail, that take effect
 * late; clocks that differ by days; crashes and restarts. In the end everything must be as it was promised.
 *
 * `SLUICE_SCHEDULES` says how many schedules of each kind are run, `SLUICE_SEED` which is the first.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import { systemClock } from "@sluice/app";
import type { RecordedEvent } from "@sluice/contracts";
import { EventRejected, EventStoreUnavailable, type StreamAppend } from "@sluice/domain";
import { IngestFixture, type IngestFixtureOptions, messageOf } from "../support/ingest-fixture.ts";

const SCHEDULES = Number(process.env.SLUICE_SCHEDULES ?? 2);
const FIRST_SEED = Number(process.env.SLUICE_SEED ?? 1);
const DAY_MS = 86_400_000;
const FLOWS = ["A", "B", "C"];
const ENDS_WITHIN_MS = 20_000;

/** mulberry32 */
const randomOf = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { chance: (part: number) => next() < part, upTo: (most: number) => Math.floor(next() * (most + 1)) };
};
type Random = ReturnType<typeof randomOf>;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Kind {
  /** What was sent may take effect after its sender has died: the log is a server. */
  readonly remote?: true;
  readonly gateways: number;
  readonly options: IngestFixtureOptions;
}

const kinds: Readonly<Record<string, Kind>> = {
  "one gateway": { gateways: 1, options: {} },
  "one gateway with a spool": { gateways: 1, options: { spoolBytes: 40_000 } },
  "one gateway on a log that takes streams one by one": {
    remote: true,
    gateways: 1,
    options: { spoolBytes: 40_000, capabilities: { atomicMultiStream: false, messageIndex: false } },
  },
  "two gateways on a shared log": { remote: true, gateways: 2, options: { capabilities: { sharedLog: true } } },
  "three gateways with spools on a shared log": {
    remote: true,
    gateways: 3,
    options: { spoolBytes: 40_000, capabilities: { sharedLog: true } },
  },
};

/** Sends numbered messages on its own topic, a few ahead of their acknowledgement; again after a crash. */
class Publisher {
  readonly #name: number;
  readonly #random: Random;
  #next = 1;
  readonly open = new Set<number>();
  readonly acknowledged = new Set<number>();
  readonly sent = new Map<number, number>();
  /** Whom it sends to: what the one before says does not count. */
  #connection = 0;

  constructor(name: number, random: Random) {
    this.#name = name;
    this.#random = random;
  }

  publish(gateway: Gateway): void {
    if (this.open.size > 8) return;
    const count = 1 + this.#random.upTo(3);
    this.#send(
      gateway,
      Array.from({ length: count }, () => this.#next++),
    );
  }

  reconnect(gateway: Gateway): void {
    this.#connection += 1;
    if (this.open.size > 0)
      this.#send(
        gateway,
        [...this.open].sort((a, b) => a - b),
      );
  }

  #send(gateway: Gateway, numbers: readonly number[]): void {
    const connection = this.#connection;
    for (const n of numbers) {
      this.open.add(n);
      this.sent.set(n, (this.sent.get(n) ?? 0) + 1);
    }
    const messages = numbers.map((n) => ({
      ...messageOf(`a/${this.#name}`, this.#payload(n)),
      receivedAt: gateway.clock.now(),
    }));
    void gateway.fixture.pipeline.ingest(messages, { source: "mqtt", broker: "default" }).then(() => {
      if (connection !== this.#connection) return;
      for (const n of numbers) {
        this.open.delete(n);
        this.acknowledged.add(n);
      }
    });
  }

  #payload(n: number): string {
    const id = `"p":${this.#name},"n":${n}`;
    // Larger than the log takes; no JSON; and of different numbers of events.
    if (n % 17 === 0) return `{${id},"x":"${"y".repeat(13_000)}"}`;
    if (n % 5 === 0) return `{${id},`;
    return n % 3 === 0 ? `{${id}}` : `{${id},"v":${n},"w":1}`;
  }
}

class Gateway {
  readonly #run: Run;
  readonly #options: IngestFixtureOptions;
  readonly publishers: readonly Publisher[];
  readonly clock: { now(): number };
  fixture: IngestFixture;

  constructor(run: Run, options: IngestFixtureOptions, publishers: readonly Publisher[]) {
    this.#run = run;
    this.publishers = publishers;
    const started = systemClock.now();
    // A second of failing passes in 20 ms.
    this.clock = { now: () => run.clockOffset(this) + started + (systemClock.now() - started) * 50 };
    this.#options = { ...options, clock: this.clock };
    this.fixture = this.#make();
  }

  #make(): IngestFixture {
    const fixture = new IngestFixture(this.#options);
    fixture.intercept = this.#run.fault;
    return fixture;
  }

  async crash(): Promise<void> {
    const { fixture } = this;
    await fixture.crash();
    fixture.registry.saveSnapshot = async () => {};
    void fixture.pipeline.stop(0);
    await this.#restart();
  }

  async stop(): Promise<void> {
    const { fixture } = this;
    await fixture.pipeline.stop(50);
    await fixture.spool?.stop();
    fixture.intercept = () => new Promise(() => {});
    await fixture.store.stop();
    await this.#restart();
  }

  async #restart(): Promise<void> {
    this.fixture = this.#make();
    await this.fixture.start();
    for (const publisher of this.publishers) publisher.reconnect(this);
  }
}

class Run {
  readonly #random: Random;
  readonly #kind: Kind;
  readonly dataDir = mkdtempSync(join(tmpdir(), "sluice-schedule-"));
  /** Appends what comes late, whoever has sent it. */
  readonly #network: SqliteEventStore;
  readonly #late: Promise<unknown>[] = [];
  #weather: "fine" | "away" | "bad" = "fine";
  readonly #offsets = new Map<Gateway, number>();
  gateways: Gateway[] = [];
  publishers: Publisher[] = [];

  constructor(kind: Kind, seed: number) {
    this.#kind = kind;
    this.#random = randomOf(seed);
    this.#network = new SqliteEventStore({
      path: join(this.dataDir, "events.db"),
      clock: systemClock,
      threads: "inline",
    });
  }

  clockOffset(gateway: Gateway): number {
    return this.#offsets.get(gateway) ?? 0;
  }

  readonly fault: IngestFixture["intercept"] = async (batch, append) => {
    const random = this.#random;
    if (JSON.stringify(batch).length > 12_000) throw new EventRejected("larger than the log takes");
    if (this.#weather === "away") throw new EventStoreUnavailable("away");
    if (random.chance(0.3)) await pause(random.upTo(4));
    if (this.#weather === "bad") {
      if (random.chance(0.3)) throw new EventStoreUnavailable("failed before");
      if (this.#kind.remote && random.chance(0.15)) return this.#takeLate(batch);
    }
    const result = await append(batch);
    if (random.chance(0.2)) await pause(random.upTo(4));
    if (this.#weather === "bad" && random.chance(0.3)) throw new EventStoreUnavailable("failed after");
    return result;
  };

  #takeLate(batch: readonly StreamAppend[]): never {
    this.#late.push(
      pause(this.#random.upTo(60))
        .then(() => this.#network.append(batch))
        .catch(() => {}),
    );
    throw new EventStoreUnavailable("comes late");
  }

  async start(): Promise<void> {
    await this.#network.start();
    const { gateways, options } = this.#kind;
    for (let index = 0; index < gateways; index++) {
      const publishers = [0, 1].map((of) => new Publisher(index * 2 + of, this.#random));
      this.publishers.push(...publishers);
      this.gateways.push(new Gateway(this, { ...options, dataDir: this.dataDir, name: `${index}-` }, publishers));
    }
    for (const [index, { fixture }] of this.gateways.entries()) {
      await fixture.start();
      if (index > 0) continue;
      await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
      await fixture.define({
        code: "B",
        topic: "a/+",
        actions: [{ type: "STORE_DB" }],
        payload: { onInvalid: "flag" },
      });
      await fixture.define({ code: "C", topic: "+/1", actions: [{ type: "STORE_DB" }] });
    }
  }

  async live(steps: number): Promise<void> {
    const random = this.#random;
    for (let step = 0; step < steps; step++) {
      const gateway = this.gateways[random.upTo(this.gateways.length - 1)] as Gateway;
      const dice = random.upTo(99);
      if (dice < 70) gateway.publishers[random.upTo(1)]?.publish(gateway);
      else if (dice < 82) await pause(random.upTo(12));
      else if (dice < 90) this.#weather = (["fine", "bad", "away"] as const)[random.upTo(2)] ?? "fine";
      else if (dice < 93) this.#offsets.set(gateway, (random.upTo(4) - 2) * DAY_MS);
      else if (dice < 95) await gateway.crash();
      else if (dice < 97) await gateway.stop();
      else if (dice < 98) await gateway.fixture.registry.refresh(0).catch(() => {});
      else await gateway.fixture.registry.saveSnapshot();
    }
  }

  /** In fine weather all comes to its end. */
  async settle(): Promise<void> {
    this.#weather = "fine";
    await Promise.all(this.#late);
    const end = performance.now() + ENDS_WITHIN_MS;
    const isDone = () =>
      this.publishers.every(({ open }) => open.size === 0) &&
      this.gateways.every(({ fixture }) => {
        const { uncommitted, failing, spool } = fixture.pipeline.status();
        return uncommitted === 0 && failing === null && !spool?.active && (spool?.entries ?? 0) === 0;
      });
    while (!isDone()) {
      const state = () => JSON.stringify(this.gateways.map(({ fixture }) => fixture.pipeline.status()));
      assert.ok(performance.now() < end, `not done: ${this.publishers.map(({ open }) => open.size)} ${state()}`);
      await pause(5);
    }
  }

  async check(): Promise<void> {
    const [{ fixture }] = this.gateways as [Gateway];
    const page = await fixture.store.readAll({ limit: 100_000, filter: { types: ["MessageReceived"] } });
    const received = page.events as RecordedEvent<"MessageReceived">[];
    for (const flow of FLOWS)
      this.#checkFlow(
        flow,
        received.filter(({ data }) => data.flow === flow),
      );
    await this.#checkStates();
  }

  #checkFlow(flow: string, received: readonly RecordedEvent<"MessageReceived">[]): void {
    const numbers = received.map(({ data }) => data.messageNumber);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `numbers of ${flow}`,
    );
    for (const [name, publisher] of this.publishers.entries()) {
      if (flow === "C" && name !== 1) continue;
      const seen = new Map<number, number>();
      for (const { data } of received) {
        const [, p, n] = /^\{"p":(\d+),"n":(\d+)/.exec(data.payload.data) ?? [];
        if (Number(p) !== name) continue;
        seen.set(Number(n), (seen.get(Number(n)) ?? 0) + 1);
      }
      const order = [...seen.keys()];
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        `order of publisher ${name} in ${flow}`,
      );
      for (const n of publisher.acknowledged) {
        const times = seen.get(n) ?? 0;
        assert.ok(times >= 1, `${flow} has lost message ${n} of publisher ${name}`);
        assert.ok(
          times <= (publisher.sent.get(n) ?? 0),
          `${flow} has message ${n} of publisher ${name} ${times} times`,
        );
      }
    }
  }

  async #checkStates(): Promise<void> {
    const rebuilt = new IngestFixture({ dataDir: this.dataDir, name: "rebuilt-" });
    await rebuilt.start();
    for (const { fixture } of this.gateways) {
      await fixture.registry.refresh(Number.MAX_SAFE_INTEGER);
      for (const flow of FLOWS) {
        const state = fixture.registry.get(flow);
        assert.deepEqual(state, rebuilt.registry.get(flow));
        assert.ok(state);
        const { received, accepted, rejected } = state.counters;
        assert.equal(received, accepted + rejected);
        assert.equal(received, state.lastMessageNumber);
        assert.equal(Object.values(state.owed)[0] ?? 0, accepted);
      }
      // And so is what the next start begins with.
      await fixture.registry.saveSnapshot();
      await fixture.registry.load();
      for (const flow of FLOWS) assert.deepEqual(fixture.registry.get(flow), rebuilt.registry.get(flow));
    }
    await rebuilt.stop();
  }

  async end(): Promise<void> {
    for (const { fixture } of this.gateways) await fixture.stop();
    await this.#network.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

describe("random schedules", () => {
  for (const [name, kind] of Object.entries(kinds)) {
    it(`keep the promises: ${name}`, async () => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
        const run = new Run(kind, seed);
        try {
          await run.start();
          await run.live(120);
          await run.settle();
          await run.check();
        } catch (error) {
          throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
        } finally {
          await run.end();
        }
      }
    });
  }
});
