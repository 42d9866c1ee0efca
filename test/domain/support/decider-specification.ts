/**
 * Specifications of the Flow decider as sentences: given these facts, when this command comes, then these facts follow.
 * No I/O: facts are recorded as a log would record them, and folded.
 */
import assert from "node:assert/strict";
import type { RecordedEvent } from "@sluice/contracts";
import {
  dayOf,
  decideFlow,
  deliveriesStream,
  evolveFlow,
  type Fact,
  type FlowCommand,
  type FlowState,
  flowStream,
  initialFlow,
  trafficStream,
} from "@sluice/domain";

const CODE = "AHT10";

const streamOf = (fact: Fact, code: string): string => {
  switch (fact.type) {
    case "FlowDefined":
    case "FlowRevised":
    case "FlowEnabled":
    case "FlowDisabled":
    case "FlowRetired":
      return flowStream(code);
    case "MessageReceived":
    case "MessageReplayed":
    case "ValidationFailed":
    case "ThresholdBreached":
    case "StoredAttribute":
    case "MessagesSkipped":
      return trafficStream(code, "receivedAt" in fact.data ? dayOf(fact.data.receivedAt) : "20260102");
    default:
      return deliveriesStream(code, "20260102");
  }
};

/** The facts as a log gives them back: versions per stream, positions and times that go up by a second an event. */
export const recorded = (facts: readonly Fact[], code = CODE): readonly RecordedEvent[] => {
  const versions = new Map<string, number>();
  return facts.map((fact, index) => {
    const stream = streamOf(fact, code);
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    return {
      ...fact,
      id: `00000000-0000-7000-8000-${String(index + 1).padStart(12, "0")}`,
      schemaVersion: 1,
      metadata: {},
      stream,
      version,
      position: String(index + 1),
      recordedAt: new Date(Date.UTC(2026, 0, 2) + index * 1000).toISOString(),
    } as RecordedEvent;
  });
};

export const fold = (events: readonly RecordedEvent[], from: FlowState = initialFlow(CODE)): FlowState =>
  events.reduce(evolveFlow, from);

/** The state after the facts of a flow's whole life. */
export const stateAfter = (...facts: readonly Fact[]): FlowState => fold(recorded(facts));

interface Outcome {
  then(...facts: readonly Fact[]): void;
  thenNothing(): void;
  thenThrows(error: new (message: string) => Error): void;
}

export const given = (...facts: readonly Fact[]) => ({
  when: (command: FlowCommand): Outcome => {
    const state = stateAfter(...facts);
    return {
      // biome-ignore lint/suspicious/noThenProperty: it is the third word of the sentence, and nobody awaits it
      then: (...expected) => assert.deepEqual(decideFlow(state, command), expected),
      thenNothing: () => assert.deepEqual(decideFlow(state, command), []),
      thenThrows: (error) => assert.throws(() => decideFlow(state, command), error),
    };
  },
});
