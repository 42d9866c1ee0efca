import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowDefinition, ValidationError } from "@sluice/contracts";
import { type Fact, type IncomingMessage, receiveMessage } from "@sluice/domain";
import { fold, recorded, stateAfter } from "./support/decider-specification.ts";
import {
  decodedAs,
  definition,
  exactNumber,
  incoming,
  postEndpoint,
  storeDb,
  undecodable,
} from "./support/examples.ts";

const invalid: ValidationError[] = [
  { pointer: "/temperature", keyword: "type", message: "must be number" },
  { pointer: "", keyword: "required", message: "must have humidity" },
];

const whenReceived = (flow: FlowDefinition, message: IncomingMessage): readonly Fact[] =>
  receiveMessage(stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } }), flow, message);

const common = { flow: "AHT10", messageId: incoming().messageId, messageNumber: 1 };
const receivedAt = incoming().receivedAt;

/** The `MessageReceived` of `incoming()`, owed to these actions. */
const received = (changes: object = {}): Fact =>
  ({
    type: "MessageReceived",
    data: {
      ...common,
      flowVersion: 1,
      source: "mqtt",
      broker: "default",
      topic: "sensors/north/data",
      captures: { site: "north" },
      qos: 1,
      retain: false,
      dup: false,
      payload: { encoding: "utf8", data: '{"temperature":20.5}' },
      receivedAt,
      owes: [{ action: "STORE_DB", type: "STORE_DB" }],
      ...changes,
    },
  }) as Fact;

const failed = (disposition: "rejected" | "flagged", errors: readonly ValidationError[]): Fact => ({
  type: "ValidationFailed",
  data: { ...common, disposition, errors: [...errors] },
});

const stored = (attribute: string, value: unknown, valueType: "number" | "integer" | "string", changes = {}): Fact => ({
  type: "StoredAttribute",
  data: { ...common, action: "STORE_DB", attribute, valueType, value, receivedAt, ...changes },
});

describe("a message that is valid", () => {
  it("is recorded, with one fact an attribute", () => {
    const decoded = decodedAs({ temperature: exactNumber("20.50"), humidity: 40 });
    assert.deepEqual(whenReceived(definition(), incoming({ decoded })), [
      received(),
      stored("temperature", 20.5, "number", { text: "20.50" }),
      stored("humidity", 40, "integer"),
    ]);
  });

  it("is owed to each of its flow's actions, in their order", () => {
    const flow = definition({
      actions: [
        postEndpoint,
        { ...storeDb, attributes: ["temperature"] },
        { ...storeDb, id: "archive", rename: { temperature: "celsius" } },
      ],
    });
    assert.deepEqual(whenReceived(flow, incoming()), [
      received({
        owes: [
          { action: "POST_ENDPOINT", type: "POST_ENDPOINT" },
          { action: "STORE_DB", type: "STORE_DB" },
          { action: "archive", type: "STORE_DB" },
        ],
      }),
      stored("temperature", 20.5, "number"),
      stored("celsius", 20.5, "number", { action: "archive" }),
    ]);
  });

  it("keeps what the broker said of it", () => {
    const payloadDigest = "ab".repeat(32);
    const properties = { contentType: "application/json", userProperties: [["a", "1"] as [string, string]] };
    const [fact] = whenReceived(
      definition(),
      incoming({ qos: 2, retain: true, dup: true, properties, payloadDigest, payloadSize: 2_000_000 }),
    );
    assert.deepEqual(
      fact,
      received({ qos: 2, retain: true, dup: true, properties, payloadDigest, payloadSize: 2_000_000 }),
    );
  });

  it("keeps the device's own time beside that of receipt", () => {
    const flow = definition({ payload: { codec: "json", onInvalid: "reject", timestamp: "/at" } });
    const deviceTime = "2026-01-01T23:00:00.000Z";
    assert.deepEqual(whenReceived(flow, incoming({ decoded: decodedAs({ at: "2026-01-02T00:00:00+01:00" }) })), [
      received({ deviceTime }),
      stored("at", "2026-01-02T00:00:00+01:00", "string", { deviceTime }),
    ]);
    const [without] = whenReceived(flow, incoming({ decoded: decodedAs({ at: "yesterday" }) }));
    assert.deepEqual(without, received());
  });
});

describe("a message that is invalid", () => {
  const decoded = decodedAs({ temperature: "warm" });

  it("is recorded with every error, and owed to nobody", () => {
    assert.deepEqual(whenReceived(definition(), incoming({ decoded, errors: invalid })), [
      received({ owes: [] }),
      failed("rejected", invalid),
    ]);
  });

  it("is handled all the same where its flow only flags", () => {
    const flow = definition({ payload: { codec: "json", onInvalid: "flag" } });
    assert.deepEqual(whenReceived(flow, incoming({ decoded, errors: invalid })), [
      received(),
      failed("flagged", invalid),
      stored("temperature", "warm", "string"),
    ]);
  });

  it("is rejected even where its flow only flags, if it cannot be decoded", () => {
    const flow = definition({ payload: { codec: "json", onInvalid: "flag", timestamp: "/at" } });
    const errors = undecodable.ok ? [] : undecodable.errors;
    assert.deepEqual(whenReceived(flow, incoming({ decoded: undecodable })), [
      received({ owes: [] }),
      failed("rejected", errors),
    ]);
  });

  it("takes the flow's next number like any other", () => {
    const flow = definition();
    let state = stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } });
    const numbers: number[] = [];
    for (const errors of [[], invalid, [], invalid, invalid]) {
      const facts = receiveMessage(state, flow, incoming({ errors }));
      for (const fact of facts) if (fact.type === "MessageReceived") numbers.push(fact.data.messageNumber);
      state = fold(recorded(facts), state);
    }
    assert.deepEqual(numbers, [1, 2, 3, 4, 5]);
  });
});

describe("a message beyond its thresholds", () => {
  const breached = (disposition: "rejected" | "flagged", bounds: object): Fact => ({
    type: "ThresholdBreached",
    data: { ...common, attribute: "temperature", value: 20.5, ...bounds, disposition },
  });

  it("is handled, and the breach recorded, where the threshold flags", () => {
    const flow = definition({ thresholds: [{ attribute: "temperature", min: 0, max: 20, onBreach: "flag" }] });
    assert.deepEqual(whenReceived(flow, incoming()), [
      received(),
      breached("flagged", { min: 0, max: 20 }),
      stored("temperature", 20.5, "number"),
    ]);
  });

  it("is rejected where the threshold rejects", () => {
    const flow = definition({ thresholds: [{ attribute: "temperature", min: 21, onBreach: "reject" }] });
    assert.deepEqual(whenReceived(flow, incoming()), [
      received({ owes: [] }),
      breached("rejected", { min: 21 }),
      failed("rejected", [{ pointer: "/temperature", keyword: "threshold", message: "20.5 is not within 21 to ∞" }]),
    ]);
  });

  it("is rejected once when thresholds of both kinds and its schema all complain", () => {
    const flow = definition({
      payload: { codec: "json", onInvalid: "flag" },
      thresholds: [
        { attribute: "temperature", max: 20, onBreach: "reject" },
        { attribute: "temperature", max: 15, onBreach: "flag" },
      ],
    });
    assert.deepEqual(whenReceived(flow, incoming({ errors: invalid })), [
      received({ owes: [] }),
      breached("rejected", { max: 20 }),
      breached("flagged", { max: 15 }),
      failed("rejected", [
        ...invalid,
        { pointer: "/temperature", keyword: "threshold", message: "20.5 is not within -∞ to 20" },
      ]),
    ]);
  });
});
