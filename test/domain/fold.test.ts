/** Properties of the fold over any life of a flow: what start-up, snapshots and the counters rely on. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowDefinition, RecordedEvent } from "@sluice/contracts";
import { decideFlow, type Fact, type FlowCommand, type FlowState, receiveMessage } from "@sluice/domain";
import fc from "fast-check";
import { fold, recorded } from "./support/decider-specification.ts";
import { decodedAs, definition, incoming, postEndpoint, storeDb, undecodable } from "./support/examples.ts";

const definitions: readonly FlowDefinition[] = [
  definition(),
  definition({ actions: [postEndpoint, storeDb, { ...storeDb, id: "__proto__" }] }),
  definition({
    payload: { codec: "json", onInvalid: "flag" },
    thresholds: [
      { attribute: "temperature", max: 30, onBreach: "flag" },
      { attribute: "temperature", max: 60, onBreach: "reject" },
    ],
  }),
];

type Step =
  | { readonly kind: "command"; readonly command: FlowCommand }
  | { readonly kind: "message"; readonly temperature: number | null; readonly valid: boolean; readonly day: number }
  | { readonly kind: "skip"; readonly count: number };

const anyDefinition = fc.constantFrom(...definitions);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      command: fc.oneof(
        fc.record({ kind: fc.constant("define" as const), definition: anyDefinition, enabled: fc.boolean() }),
        fc.record({ kind: fc.constant("revise" as const), definition: anyDefinition }),
        fc.constantFrom({ kind: "enable" } as const, { kind: "disable" } as const, { kind: "retire" } as const),
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("message" as const),
      temperature: fc.option(fc.integer({ min: -20, max: 90 })),
      valid: fc.boolean(),
      day: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("skip" as const), count: fc.integer({ min: 1, max: 9 }) }) },
);

const factsOf = (state: FlowState, current: Step): readonly Fact[] => {
  switch (current.kind) {
    case "command":
      try {
        return decideFlow(state, current.command);
      } catch {
        return [];
      }
    case "skip":
      return [
        {
          type: "MessagesSkipped",
          data: { flow: "AHT10", reason: "retained-repeat", count: current.count, topics: [] },
        },
      ];
    case "message": {
      if (state.status !== "enabled" || state.definition === null) return [];
      const { temperature, valid, day } = current;
      const message = incoming({
        decoded: temperature === null ? undecodable : decodedAs({ temperature }),
        errors: valid ? [] : [{ pointer: "", keyword: "required", message: "must have humidity" }],
        receivedAt: `2026-01-0${day}T00:00:00.000Z`,
      });
      return receiveMessage(state, state.definition, message);
    }
  }
};

/** The log of a flow that lives through the steps. */
const logOf = (steps: readonly Step[]): readonly RecordedEvent[] => {
  let facts: readonly Fact[] = [];
  for (const current of [{ kind: "command", command: DEFINE } as const, ...steps]) {
    facts = [...facts, ...factsOf(fold(recorded(facts)), current)];
  }
  return recorded(facts);
};
const DEFINE: FlowCommand = { kind: "define", definition: definition(), enabled: true };

const log = fc.array(step, { maxLength: 25 }).map(logOf);
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("the fold of a flow", () => {
  it("is the same in one go and from a snapshot anywhere", () => {
    fc.assert(
      fc.property(log, fc.nat(), (events, at) => {
        const middle = at % (events.length + 1);
        const whole = fold(events);
        const snapshot = throughJson(fold(events.slice(0, middle)));
        assert.deepEqual(fold(throughJson(events.slice(middle)), snapshot), whole);
        assert.deepEqual(throughJson(whole), whole);
      }),
      { numRuns: 300 },
    );
  });

  it("numbers messages without a gap, through retirement too", () => {
    fc.assert(
      fc.property(log, (events) => {
        const numbers = events.flatMap((event) => (event.type === "MessageReceived" ? [event.data.messageNumber] : []));
        assert.deepEqual(
          numbers,
          numbers.map((_, index) => index + 1),
        );
        assert.equal(fold(events).lastMessageNumber, numbers.length);
      }),
      { numRuns: 300 },
    );
  });

  it("conserves messages: received = accepted + rejected, and each action is owed what was accepted for it", () => {
    fc.assert(
      fc.property(log, (events) => {
        const { counters, owed } = fold(events);
        const received = events.filter((event) => event.type === "MessageReceived");
        const rejected = events.filter(
          (event) => event.type === "ValidationFailed" && event.data.disposition === "rejected",
        );
        assert.equal(counters.received, received.length);
        assert.equal(counters.rejected, rejected.length);
        assert.equal(counters.received, counters.accepted + counters.rejected);
        const expected = new Map<string, number>();
        for (const { data } of received) {
          for (const { action } of data.owes) expected.set(action, (expected.get(action) ?? 0) + 1);
        }
        assert.deepEqual(new Map(Object.entries(owed)), expected);
        assert.equal(received.filter(({ data }) => data.owes.length === 0).length, rejected.length);
      }),
      { numRuns: 300 },
    );
  });

  it("stores nothing of a rejected message, and each attribute once for each STORE_DB of an accepted one", () => {
    fc.assert(
      fc.property(log, (events) => {
        for (const event of events) {
          if (event.type !== "MessageReceived") continue;
          const { messageNumber, owes } = event.data;
          const stored = events.filter(
            (other) => other.type === "StoredAttribute" && other.data.messageNumber === messageNumber,
          );
          assert.equal(stored.length, owes.filter(({ type }) => type === "STORE_DB").length);
        }
      }),
      { numRuns: 200 },
    );
  });
});
