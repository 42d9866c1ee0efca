/** What a leaf covers of an event: the same text from every store, for ever. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RecordedEvent } from "@sluice/contracts";
import { canonicalJson, eventEntry, findDifference } from "@sluice/domain";
import fc from "fast-check";

const envelope = {
  id: "01900000-0000-7000-8000-000000000001",
  stream: "traffic-AHT10-20260131",
  version: 3,
  position: "17",
  type: "StoredAttribute",
  schemaVersion: 1,
  data: { flow: "AHT10", messageNumber: 1, value: 21.5, attribute: "temp\u00e9rature" },
  metadata: {},
  recordedAt: "2026-01-31T12:00:00.000Z",
};
const recorded = (change: object): RecordedEvent => ({ ...envelope, ...change }) as unknown as RecordedEvent;

describe("leaf of an event", () => {
  it("is this text; changing it would void every checkpoint that anyone keeps", () => {
    assert.equal(
      eventEntry(recorded({})),
      '{"data":{"attribute":"température","flow":"AHT10","messageNumber":1,"value":21.5},' +
        '"id":"01900000-0000-7000-8000-000000000001","metadata":{},"recordedAt":"2026-01-31T12:00:00.000Z",' +
        '"schemaVersion":1,"stream":"traffic-AHT10-20260131","type":"StoredAttribute","version":3}',
    );
  });

  it("is canonical JSON of the envelope without the position, whatever the data, and in whatever order it comes", () => {
    const types = fc.constantFrom("StoredAttribute", "MessageReceived");
    fc.assert(
      fc.property(fc.object({ withNullPrototype: false }), types, fc.boolean(), (given, type, reversed) => {
        const data = JSON.parse(JSON.stringify(given)) as Record<string, unknown>;
        const members = Object.entries(data);
        const shuffled = reversed ? Object.fromEntries(members.toReversed()) : data;
        const { position: _, ...rest } = { ...envelope, type, data };
        assert.equal(eventEntry(recorded({ type, data: shuffled })), canonicalJson(rest));
      }),
      { numRuns: 300 },
    );
  });

  it("does not change where the log has it", () => {
    assert.equal(eventEntry(recorded({ position: "99" })), eventEntry(recorded({})));
  });

  it("changes with everything else of it", () => {
    const changes = [
      { id: "01900000-0000-7000-8000-000000000002" },
      { stream: "traffic-AHT10-20260201" },
      { version: 4 },
      { type: "MessageReceived" },
      { schemaVersion: 2 },
      { data: { ...envelope.data, value: 21.6 } },
      { data: { ...envelope.data, value: "21.5" } },
      { metadata: { actor: "gateway" } },
      { recordedAt: "2026-01-31T12:00:00.001Z" },
    ];
    const entries = new Set([{}, ...changes].map((change) => eventEntry(recorded(change))));
    assert.equal(entries.size, changes.length + 1);
  });
});

describe("difference", () => {
  const leaf = (name: string) => ({ hash: `hash of ${name}`, id: name });
  const leaves = (names: string) => [...names].map(leaf);
  const altered = (name: string) => ({ hash: "another", id: name });

  for (const [what, found, expected] of [
    ["nothing", leaves("abcdef"), null],
    ["an altered event", [leaf("a"), altered("b"), ...leaves("cdef")], { kind: "altered", index: 1 }],
    ["a missing event", leaves("acdef"), { kind: "missing", index: 1 }],
    ["several missing events", leaves("aef"), { kind: "missing", index: 1 }],
    ["a missing end", leaves("abcd"), { kind: "missing", index: 4 }],
    ["an inserted event", leaves("abxcdef"), { kind: "inserted", index: 2 }],
    ["a copy of an event", leaves("abbcdef"), { kind: "inserted", index: 2 }],
    ["an altered copy before the event", [leaf("a"), altered("b"), ...leaves("bcdef")], { kind: "inserted", index: 1 }],
    ["two swapped events", leaves("adcbef"), { kind: "moved", index: 1 }],
    ["another event in its place", leaves("axcdef"), { kind: "replaced", index: 1 }],
  ] as const) {
    it(`finds ${what}`, () => assert.deepEqual(findDifference(leaves("abcdef"), found, 6), expected));
  }

  it("does not look for differences further than it is asked to", () => {
    assert.equal(findDifference(leaves("abcdef"), leaves("abx"), 2), null);
  });
});
