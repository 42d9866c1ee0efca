/** Conformance: what an append writes, expects and refuses. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EventRejected, type ExpectedVersion, WrongExpectedVersion } from "@sluice/domain";
import {
  assertSound,
  type EventStoreDefinition,
  ids,
  many,
  readEverything,
  retired,
  skipped,
  stored,
  to,
} from "./event-store-support.ts";

const expectationHolds = (expected: ExpectedVersion, version: number): boolean =>
  expected === "any" || (expected === "exists" ? version > 0 : version === (expected === "none" ? 0 : expected));

export const appendDefinitions: readonly EventStoreDefinition[] = [
  {
    name: "gives back what was appended, in its envelope",
    async run({ open }) {
      const store = await open();
      const events = [retired("A"), stored("A", randomUUID()), skipped("A")];
      const result = await store.append([to("traffic-A-20260101", events, "none")]);
      const recorded = await store.readStream("traffic-A-20260101", { limit: 10 });
      assert.deepEqual(
        recorded.map(({ stream, version, position, recordedAt, ...event }) => event),
        events,
      );
      assert.deepEqual(
        recorded.map((event) => [event.stream, event.version, event.recordedAt]),
        [1, 2, 3].map((version) => ["traffic-A-20260101", version, result.recordedAt]),
      );
      assert.match(result.recordedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(result.position, recorded.at(-1)?.position);
      assert.equal(result.duplicate, false);
      assert.deepEqual(result.versions, [3]);
      assert.deepEqual(await readEverything(store), recorded);
    },
  },
  {
    name: "numbers the versions of a stream from 1 without a gap",
    async run({ open }) {
      const store = await open();
      for (const [count, version] of [
        [1, 1],
        [3, 4],
        [2, 6],
      ] as const) {
        const result = await store.append([to("flow-A", many(count))]);
        assert.deepEqual(result.versions, [version]);
      }
      assertSound(store, await readEverything(store));
    },
  },
  {
    name: "holds each expectation against the stream's version",
    async run({ open }) {
      const store = await open();
      for (const version of [0, 1, 3]) {
        for (const expected of ["any", "none", "exists", 0, 1, 2, 3, 4] as const) {
          const stream = `flow-${version}-${expected}`;
          if (version > 0) await store.append([to(stream, many(version))]);
          const append = store.append([to(stream, [skipped()], expected)]);
          if (expectationHolds(expected, version)) {
            assert.deepEqual((await append).versions, [version + 1], `${expected} at ${version}`);
          } else {
            await assert.rejects(append, (error) => {
              assert.ok(error instanceof WrongExpectedVersion, `${expected} at ${version}: ${error}`);
              assert.deepEqual([error.stream, error.expected, error.actual], [stream, expected, version]);
              return true;
            });
            assert.equal((await store.readStream(stream, { limit: 10 })).length, version, "nothing was written");
          }
        }
      }
      assertSound(store, await readEverything(store));
    },
  },
  {
    name: "lets one of two creators win",
    async run({ open }) {
      const stores = [await open(), await open()];
      for (let round = 0; round < 10; round++) {
        const stream = `flow-${round}`;
        const outcomes = await Promise.allSettled(
          stores.map((store) => store.append([to(stream, [skipped()], "none")])),
        );
        const refused = outcomes.filter((outcome) => outcome.status === "rejected");
        assert.equal(refused.length, 1);
        assert.ok(refused[0]?.reason instanceof WrongExpectedVersion);
        assert.equal((await stores[0]?.readStream(stream, { limit: 10 }))?.length, 1);
      }
    },
  },
  {
    name: "appends to several streams as one",
    needs: "atomicMultiStream",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-B", many(2))]);
      const batch = [to("flow-A", many(2), "none"), to("flow-B", many(1), 2), to("flow-A", many(1), 2)];
      const result = await store.append(batch);
      assert.deepEqual(result.versions, [2, 3, 3]);
      const events = await readEverything(store);
      assert.deepEqual(ids(events.slice(2)), ids(batch.flatMap((entry) => entry.events)), "in the order given");
      assert.deepEqual(new Set(events.slice(2).map((event) => event.recordedAt)), new Set([result.recordedAt]));
      assertSound(store, events);
    },
  },
  {
    name: "writes nothing to any stream when one is not as expected",
    needs: "atomicMultiStream",
    async run({ open }) {
      const store = await open();
      await store.append([to("flow-B", many(2))]);
      const batch = [to("flow-A", many(2), "none"), to("flow-B", many(1), 1), to("flow-C", many(1))];
      await assert.rejects(store.append(batch), WrongExpectedVersion);
      const other = store.append([to("flow-A", many(1), "none")]);
      assert.deepEqual((await other).versions, [1]);
      assert.equal((await readEverything(store)).length, 3);
      assertSound(store, await readEverything(store));
    },
  },
  {
    name: "refuses a batch without streams and a stream without events",
    async run({ open }) {
      const store = await open();
      await assert.rejects(store.append([]), EventRejected);
      await assert.rejects(store.append([to("flow-A", [])]), EventRejected);
      assert.equal(await store.head(), null);
    },
  },
  {
    name: "refuses what is not JSON and names that are no text",
    async run({ open }) {
      const store = await open();
      const circular: Record<string, unknown> = {};
      circular.self = circular;
      for (const value of [circular, 1n]) {
        await assert.rejects(store.append([to("flow-A", [stored("A", randomUUID(), "a", value)])]), EventRejected);
      }
      for (const stream of ["", "flow-\0", "flow-\ud800"]) {
        await assert.rejects(store.append([to(stream, [skipped()])]), EventRejected, JSON.stringify(stream));
      }
      for (const bad of [{ id: "\udc00" }, { schemaVersion: 1.5 }, { schemaVersion: Number.NaN }]) {
        await assert.rejects(store.append([to("flow-A", [{ ...skipped(), ...bad }])]), EventRejected);
      }
      assert.equal(await store.head(), null);
    },
  },
  {
    name: "keeps any text: every plane, NUL, lone surrogates, quotes and line ends",
    async run({ open }) {
      const store = await open();
      const texts = [
        "äöü ß",
        "日本語",
        "😀👩‍👩‍👧",
        "\0",
        "a\0b",
        "\ud800",
        "x\udfffy",
        "\u2028\u2029",
        `"\\/\r\n\t`,
        "",
        "\ufeff",
      ];
      await store.append([
        to("flow-Ä/日本 😀", [skipped("F", texts), stored("F", randomUUID(), "π\0", { "\ud800": texts })]),
      ]);
      const [first, second] = await store.readStream("flow-Ä/日本 😀", { limit: 10 });
      assert.deepEqual(first?.type === "MessagesSkipped" && first.data.topics, texts);
      assert.deepEqual(second?.type === "StoredAttribute" && second.data.value, { "\ud800": texts });
      assert.equal(second?.type === "StoredAttribute" && second.data.attribute, "π\0");
    },
  },
  {
    name: "keeps numbers to the last bit",
    async run({ open }) {
      const store = await open();
      const numbers = [0.1 + 0.2, Number.MAX_VALUE, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, -1e-300, 1e21];
      await store.append([
        to(
          "flow-A",
          many(numbers.length, (index) => stored("A", randomUUID(), "n", numbers[index])),
        ),
      ]);
      const read = await store.readStream("flow-A", { limit: 10 });
      assert.deepEqual(
        read.map((event) => event.type === "StoredAttribute" && event.data.value),
        numbers,
      );
    },
  },
  {
    name: "takes a payload of 1 MB",
    async run({ open }) {
      const store = await open();
      // 2 ** 20 bytes of payload are somewhat less in an event; KurrentDB refuses appends over about 1 MiB.
      const text = "é".repeat(500_000);
      await store.append([to("flow-A", [skipped("A", [text]), skipped("A")])]);
      const [event] = await store.readStream("flow-A", { limit: 1 });
      assert.equal(event?.type === "MessagesSkipped" && event.data.topics[0] === text, true);
      assert.equal((await readEverything(store)).length, 2);
    },
  },
];
