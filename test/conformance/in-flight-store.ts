/**
 * The conformance suite of the `InFlightStore` port: every adapter passes every definition, or opts out of it by name and
 * with a reason in `in-flight-store-adapters.ts`.
 */
import assert from "node:assert/strict";
import { type InFlightMessage, type InFlightStore, type OfflineQueue, QueueUnavailable } from "@sluice/domain";

export interface InFlightStoreContext {
  /** Another instance on the store, started; stopped after the definition. */
  open(): Promise<InFlightStore>;
  openQueue(): Promise<OfflineQueue>;
  /** Not started. */
  unstarted(): InFlightStore;
}

export interface InFlightStoreDefinition {
  readonly name: string;
  run(context: InFlightStoreContext): Promise<void>;
}

const one = (id: string, packetId: number, more: Partial<InFlightMessage> = {}): InFlightMessage => ({
  id,
  packetId,
  qos: 2,
  received: false,
  priority: 5,
  enqueuedAt: 1_700_000_000_000,
  payload: new TextEncoder().encode(id),
  ...more,
});

const plain = (messages: readonly InFlightMessage[]): InFlightMessage[] =>
  messages.map((message) => ({ ...message, payload: Uint8Array.from(message.payload) }));

const idsOf = async (store: InFlightStore, publisher = "p"): Promise<string[]> =>
  (await store.all(publisher)).map(({ id, packetId, received }) => `${id} ${packetId}${received ? " received" : ""}`);

export const inFlightStoreDefinitions: readonly InFlightStoreDefinition[] = [
  {
    name: "gives a message back whole, with bytes of all values",
    async run({ open }) {
      const store = await open();
      const payload = Uint8Array.from({ length: 256 }, (_, value) => value);
      const messages = [
        one("a", 65_535, { payload, priority: 10, qos: 1 }),
        one("b", 1, { payload: new Uint8Array(), priority: 1, received: true, enqueuedAt: 0 }),
      ];
      await store.add("p", messages);
      assert.deepEqual(plain(await store.all("p")), messages);
      assert.deepEqual(plain(await (await open()).all("p")), messages, "from another instance too");
    },
  },
  {
    name: "keeps the order in which messages were added first",
    async run({ open }) {
      const store = await open();
      await store.add("p", [one("z", 9), one("a", 3)]);
      await store.add("p", [one("m", 1)]);
      await store.remove("p", ["a"]);
      await store.add("p", [one("b", 2)]);
      assert.deepEqual(await idsOf(store), ["z 9", "m 1", "b 2"]);
    },
  },
  {
    name: "replaces on the same id, in its place: another packet identifier, and not received any more",
    async run({ open }) {
      const store = await open();
      await store.add("p", [one("a", 1), one("b", 2)]);
      await store.receive("p", ["a"]);
      assert.deepEqual(await idsOf(store), ["a 1 received", "b 2"]);
      await store.add("p", [one("a", 7)]);
      assert.deepEqual(await idsOf(store), ["a 7", "b 2"]);
      assert.equal(await store.count("p"), 2);
      // Identifiers may trade places.
      await store.add("p", [one("a", 2), one("b", 7)]);
      assert.deepEqual(await idsOf(store), ["a 2", "b 7"]);
    },
  },
  {
    name: "counts, removes, and takes what is not there for removed",
    async run({ open }) {
      const store = await open();
      assert.equal(await store.count("p"), 0);
      await store.add("p", [one("a", 1), one("b", 2)]);
      await store.remove("p", ["a", "nothing"]);
      await store.receive("p", ["nothing"]);
      assert.equal(await store.count("p"), 1);
      await store.remove("p", ["b"]);
      assert.deepEqual(await store.all("p"), []);
    },
  },
  {
    name: "keeps publishers apart, with the same ids and packet identifiers",
    async run({ open }) {
      const store = await open();
      await store.add("p", [one("a", 1)]);
      await store.add("q", [one("a", 1)]);
      await store.receive("q", ["a"]);
      await store.remove("p", ["a"]);
      assert.deepEqual([await idsOf(store, "p"), await idsOf(store, "q")], [[], ["a 1 received"]]);
    },
  },
  {
    name: "remembers a publisher's session",
    async run({ open }) {
      const store = await open();
      assert.equal(await store.session("p"), null);
      await store.saveSession("p", "one");
      await store.saveSession("q", "other");
      await store.saveSession("p", "two");
      const again = await open();
      assert.deepEqual([await again.session("p"), await again.session("q")], ["two", "other"]);
    },
  },
  {
    name: "shares the queue's database, and leaves the queue alone",
    async run({ open, openQueue }) {
      const queue = await openQueue();
      const store = await open();
      const item = { id: "a", group: "p", priority: 5, payload: new Uint8Array([1]), enqueuedAt: 1 };
      await queue.commit({ enqueue: [item] });
      await store.add("p", [one("a", 1)]);
      assert.equal((await queue.statistics()).total, 1);
      await queue.commit({ complete: ["a"] });
      assert.deepEqual([(await queue.statistics()).total, await store.count("p")], [0, 1]);
      await queue.clear();
      assert.equal(await store.count("p"), 1);
    },
  },
  {
    name: "says that it is unavailable when it is not started",
    async run({ unstarted }) {
      const store = unstarted();
      await assert.rejects(store.all("p"), QueueUnavailable);
      await assert.rejects(store.add("p", [one("a", 1)]), QueueUnavailable);
    },
  },
];
