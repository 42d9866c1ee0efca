/** What the set of brokers does with a source that fails, and with what a leaving one has given. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as soon } from "node:timers/promises";
import { BrokerSet, type BrokerSettings } from "@sluice/app";
import { Inbox, type MessageSource, type ReceivedMessage, type Subscription } from "@sluice/domain";
import { pino } from "pino";
import { messageOf } from "../support/ingest-fixture.ts";
import { ManualTime } from "../support/manual-time.ts";

/** A source in memory, with the inbox of the real ones. */
class MemorySource implements MessageSource {
  readonly name: string;
  readonly acknowledged: string[] = [];
  wanted: readonly Subscription[] = [];
  state = "idle";
  failure: Error | null = null;
  readonly #inbox: Inbox<null, string>;

  constructor(name: string) {
    this.name = name;
    this.#inbox = new Inbox(
      null,
      { messages: 100, bytes: 1_000_000, batch: 1 },
      {
        schedule: (task) => setImmediate(task),
        release: (_origin, tokens) => {
          if (this.state !== "stopped") this.acknowledged.push(...tokens);
        },
        onRoom: () => {},
      },
    );
  }

  async start(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.state = "started";
  }

  async stop(): Promise<void> {
    this.state = "stopped";
    this.#inbox.close();
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    this.wanted = subscriptions;
  }

  receive() {
    return this.#inbox.receive();
  }

  status() {
    return {
      name: this.name,
      url: "memory:",
      connected: this.state === "started",
      protocolVersion: null,
      subscriptions: this.wanted.length,
      refused: new Map<string, string>(),
      unacknowledged: this.#inbox.unacknowledged,
      tls: false,
      currentBackoffSeconds: 0,
      lastError: null,
      connects: 1,
    };
  }

  push(text: string): void {
    this.#inbox.push(messageOf("a", text), text.length, text);
  }
}

const remote = (name: string, more: object = {}): BrokerSettings => ({
  kind: "remote",
  name,
  url: `mqtt://user:hunter2@${name}:1883`,
  clientId: name,
  keepaliveSeconds: 60,
  tls: { force: false },
  ...more,
});

class Rig {
  readonly time = new ManualTime();
  readonly opened: MemorySource[] = [];
  readonly received: string[] = [];
  /** Batches that wait for the log. */
  readonly uncommitted: (() => void)[] = [];
  failing = new Set<string>();
  filters: readonly Subscription[] = [{ filter: "a", qos: 1 }];
  flowsChanged = (): void => {};
  readonly set = new BrokerSet({
    open: ({ name }) => {
      const source = new MemorySource(name);
      if (this.failing.has(name)) source.failure = new Error("the port is taken");
      this.opened.push(source);
      return source;
    },
    run: async (source) => {
      for await (const batch of source.receive()) {
        const text = Buffer.from((batch.messages[0] as ReceivedMessage).payload).toString();
        if (text === "poison") throw new Error("impossible");
        this.received.push(`${source.name} ${text}`);
        this.uncommitted.push(() => batch.ack());
      }
    },
    subscriptions: () => this.filters,
    onFlowsChange: (listener) => {
      this.flowsChanged = listener;
    },
    log: pino({ level: "silent" }),
    after: this.time.after,
  });

  source(name: string): MemorySource {
    return this.opened.findLast((source) => source.name === name) as MemorySource;
  }

  reconcile(...brokers: BrokerSettings[]) {
    return this.set.reconcile({ brokers, faults: [] });
  }

  statusOf(name: string) {
    return this.set.status().sources.find((source) => source.name === name);
  }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await soon();
};

describe("broker set", () => {
  it("starts, replaces and stops what has changed, and touches nothing else", async () => {
    const rig = new Rig();
    assert.deepEqual((await rig.reconcile(remote("a"), remote("b"))).started, ["a", "b"]);
    const changes = await rig.reconcile(remote("a"), remote("b", { password: "new" }), remote("c"));
    assert.deepEqual(changes, { started: ["c"], replaced: ["b"], stopped: [], unchanged: ["a"] });
    assert.deepEqual((await rig.reconcile(remote("c"), remote("a"))).stopped, ["b"]);
    assert.deepEqual(
      rig.opened.map(({ name, state }) => `${name} ${state}`),
      ["a started", "b stopped", "b stopped", "c started"],
    );
    assert.deepEqual(
      rig.set.sources().map(({ name }) => name),
      ["c", "a"],
    );
    await rig.set.stop();
    assert.deepEqual((await rig.reconcile(remote("d"))).started, []);
    assert.ok(rig.opened.every(({ state }) => state === "stopped"));
  });

  it("subscribes each when it starts, and all once after changes of the flows", async () => {
    const rig = new Rig();
    await rig.reconcile(remote("a"), remote("b"));
    assert.deepEqual(rig.source("b").wanted, rig.filters);
    rig.filters = [];
    rig.flowsChanged();
    rig.flowsChanged();
    await settled();
    assert.deepEqual([rig.source("a").wanted, rig.source("b").wanted], [[], []]);
    await rig.set.stop();
  });

  it("acknowledges what a leaving broker has given before it leaves, and takes nothing more from it", async () => {
    const rig = new Rig();
    await rig.reconcile(remote("a"), remote("b"));
    const source = rig.source("b");
    source.push("1");
    await settled();
    const leaving = rig.reconcile(remote("a"));
    source.push("2");
    await settled();
    assert.equal(source.state, "started");
    for (const commit of rig.uncommitted) commit();
    await leaving;
    assert.deepEqual(source.acknowledged, ["1"]);
    assert.deepEqual(rig.received, ["b 1"]);
    assert.equal(source.state, "stopped");
    await rig.set.stop();
  });

  it("opens a broker anew whose batch could not be decided, and goes on with the others meanwhile", async () => {
    const rig = new Rig();
    await rig.reconcile(remote("a"), remote("b"));
    rig.source("a").push("poison");
    await settled();
    assert.deepEqual(rig.set.status().faults, [{ name: "a", message: "impossible" }]);
    assert.equal(rig.statusOf("a")?.connected, false);
    assert.equal(rig.statusOf("a")?.lastError, "impossible");
    assert.ok(!JSON.stringify(rig.set.status()).includes("hunter2"));
    rig.source("b").push("1");
    await settled();
    assert.deepEqual(rig.received, ["b 1"]);
    rig.time.advance(5_000);
    await settled();
    assert.equal(rig.statusOf("a")?.connected, true);
    assert.deepEqual(rig.set.status().faults, []);
    rig.source("a").push("2");
    await settled();
    assert.deepEqual(rig.received, ["b 1", "a 2"]);
    await rig.set.stop();
  });

  it("tries again to start one that could not be started, until it is no more wanted", async () => {
    const rig = new Rig();
    rig.failing.add("a");
    await rig.reconcile(remote("a"), remote("b"));
    assert.deepEqual(rig.set.status().faults, [{ name: "a", message: "the port is taken" }]);
    rig.time.advance(5_000);
    await settled();
    assert.equal(rig.opened.filter(({ name }) => name === "a").length, 2);
    await rig.reconcile(remote("b"));
    assert.deepEqual(rig.set.status().faults, []);
    rig.time.advance(60_000);
    await settled();
    assert.equal(rig.opened.filter(({ name }) => name === "a").length, 2);
    await rig.set.stop();
  });

  it("leaves a broker as it was whose row makes no sense any more", async () => {
    const rig = new Rig();
    await rig.reconcile(remote("a"), remote("b"));
    const faults = [{ name: "b", message: "row 2 of mqtt_servers: host is empty" }];
    const { unchanged } = await rig.set.reconcile({ brokers: [remote("a")], faults });
    assert.deepEqual(unchanged, ["a", "b"]);
    assert.deepEqual(rig.set.status().faults, faults);
    assert.equal(rig.statusOf("b")?.connected, true);
    assert.deepEqual((await rig.reconcile(remote("a"))).stopped, ["b"]);
    await rig.set.stop();
  });
});
