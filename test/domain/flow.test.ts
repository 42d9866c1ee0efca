import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  evolveFlow,
  evolveTraffic,
  type Fact,
  FlowExists,
  FlowNotFound,
  initialFlow,
  receiveMessage,
} from "@sluice/domain";
import { fold, given, recorded, stateAfter } from "./support/decider-specification.ts";
import { decodedAs, definition, incoming, postEndpoint, storeDb, undecodable } from "./support/examples.ts";

const original = definition();
const changed = definition({ description: "in the north wing" });
const defined: Fact = { type: "FlowDefined", data: { definition: original, enabled: true } };
const revised: Fact = { type: "FlowRevised", data: { definition: changed } };
const enabled: Fact = { type: "FlowEnabled", data: { flow: "AHT10" } };
const disabled: Fact = { type: "FlowDisabled", data: { flow: "AHT10" } };
const retired: Fact = { type: "FlowRetired", data: { flow: "AHT10" } };

describe("deciding on a flow", () => {
  it("defines one that does not exist", () =>
    given().when({ kind: "define", definition: original, enabled: true }).then(defined));

  it("defines one that begins disabled", () =>
    given()
      .when({ kind: "define", definition: original, enabled: false })
      .then({ type: "FlowDefined", data: { definition: original, enabled: false } }));

  it("refuses to define one twice, enabled or disabled", () => {
    given(defined).when({ kind: "define", definition: original, enabled: true }).thenThrows(FlowExists);
    given(defined, disabled).when({ kind: "define", definition: original, enabled: true }).thenThrows(FlowExists);
  });

  it("defines a retired one again", () =>
    given(defined, retired).when({ kind: "define", definition: original, enabled: true }).then(defined));

  it("revises what differs", () => given(defined).when({ kind: "revise", definition: changed }).then(revised));

  it("does not revise what is the same, in whatever order its members come", () => {
    const reordered = Object.fromEntries(Object.entries(original).reverse()) as unknown as typeof original;
    given(defined).when({ kind: "revise", definition: reordered }).thenNothing();
    given(defined, revised).when({ kind: "revise", definition: changed }).thenNothing();
  });

  it("revises back to what it was", () =>
    given(defined, revised)
      .when({ kind: "revise", definition: original })
      .then({ type: "FlowRevised", data: { definition: original } }));

  it("revises and switches in one", () => {
    given(defined).when({ kind: "revise", definition: changed, enabled: false }).then(revised, disabled);
    given(defined).when({ kind: "revise", definition: original, enabled: false }).then(disabled);
    given(defined, disabled).when({ kind: "revise", definition: changed }).then(revised);
    given(defined).when({ kind: "revise", definition: original, enabled: true }).thenNothing();
  });

  it("switches only what is not so already", () => {
    given(defined).when({ kind: "disable" }).then(disabled);
    given(defined).when({ kind: "enable" }).thenNothing();
    given(defined, disabled).when({ kind: "enable" }).then(enabled);
    given(defined, disabled).when({ kind: "disable" }).thenNothing();
    given(defined, disabled, enabled).when({ kind: "disable" }).then(disabled);
  });

  it("retires a living one", () => {
    given(defined).when({ kind: "retire" }).then(retired);
    given(defined, disabled).when({ kind: "retire" }).then(retired);
  });

  it("knows no flow before it is defined nor after it is retired", () => {
    const commands = [{ kind: "enable" }, { kind: "disable" }, { kind: "retire" }] as const;
    for (const command of [...commands, { kind: "revise", definition: changed } as const]) {
      given().when(command).thenThrows(FlowNotFound);
      given(defined, retired).when(command).thenThrows(FlowNotFound);
    }
  });
});

describe("the state of a flow", () => {
  it("follows its life", () => {
    const state = stateAfter(defined, revised, disabled);
    assert.equal(state.status, "disabled");
    assert.equal(state.version, 3);
    assert.deepEqual(state.definition, changed);
    assert.equal(state.createdAt, "2026-01-02T00:00:00.000Z");
    assert.equal(state.updatedAt, "2026-01-02T00:00:02.000Z");
    assert.equal(stateAfter(defined, retired).status, "retired");
    assert.equal(
      stateAfter({ type: "FlowDefined", data: { definition: original, enabled: false } }).status,
      "disabled",
    );
  });

  it("counts its messages so that received = accepted + rejected", () => {
    const flow = definition({
      actions: [storeDb, postEndpoint],
      payload: { codec: "json", onInvalid: "flag" },
      thresholds: [{ attribute: "temperature", max: 50, onBreach: "reject" }],
    });
    let state = stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } });
    const invalid = [{ pointer: "/temperature", keyword: "type", message: "must be number" }];
    for (const message of [
      incoming(),
      incoming({ decoded: decodedAs({ temperature: "warm" }), errors: invalid }),
      incoming({ decoded: undecodable }),
      incoming({ decoded: decodedAs({ temperature: 51 }) }),
    ]) {
      state = fold(recorded(receiveMessage(state, flow, message)), state);
    }
    assert.deepEqual(state.counters, { received: 4, accepted: 2, rejected: 2, flagged: 1, breached: 1, skipped: 0 });
    assert.deepEqual(state.owed, { STORE_DB: 2, POST_ENDPOINT: 2 });
    assert.equal(state.lastMessageNumber, 4);
    assert.equal(state.lastReceivedAt, "2026-01-02T03:04:05.678Z");
  });

  it("moves a message that is accepted after all from the rejected to the accepted", () => {
    const flow = definition({ actions: [storeDb, postEndpoint] });
    const start = stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } });
    const state = fold(recorded(receiveMessage(start, flow, incoming({ decoded: undecodable }))), start);
    const replayed: Extract<Fact, { type: "MessageReplayed" }> = {
      type: "MessageReplayed",
      data: {
        flow: "AHT10",
        messageId: incoming().messageId,
        messageNumber: 1,
        replay: "0190a5b0-0000-7000-8000-000000000001",
        was: "rejected",
        flowVersion: 2,
        captures: {},
        receivedAt: "2026-01-02T03:04:05.678Z",
        owes: [{ action: "STORE_DB", type: "STORE_DB" }],
        original: { stream: "traffic-AHT10-20260102", version: 1 },
      },
    };
    const redriven = evolveTraffic(state, replayed);
    assert.deepEqual(redriven.counters, { ...state.counters, received: 1, accepted: 1, rejected: 0 });
    assert.deepEqual(redriven.owed, { STORE_DB: 1 });
    assert.equal(redriven.lastMessageNumber, 1);
    const owedMore = evolveTraffic(redriven, {
      type: "MessageReplayed",
      data: { ...replayed.data, was: "accepted", owes: [{ action: "POST_ENDPOINT", type: "POST_ENDPOINT" }] },
    });
    assert.deepEqual(owedMore.counters, redriven.counters);
    assert.deepEqual(owedMore.owed, { STORE_DB: 1, POST_ENDPOINT: 1 });
  });

  it("does not take the time of a replayed message for that of the last one", () => {
    const flow = definition();
    const start = stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } });
    const live = fold(recorded(receiveMessage(start, flow, incoming())), start);
    const old = { source: "replay", receivedAt: "2025-12-31T00:00:00.000Z" } as const;
    const facts = (state: typeof start) => receiveMessage(state, flow, incoming(old));
    const after = (state: typeof start) => facts(state).reduce(evolveTraffic, state);
    assert.equal(after(live).lastReceivedAt, live.lastReceivedAt);
    assert.equal(after(live).lastMessageNumber, 2);
    assert.equal(after(start).lastReceivedAt, old.receivedAt);
  });

  it("counts what was skipped", () => {
    const skipped: Fact = {
      type: "MessagesSkipped",
      data: { flow: "AHT10", reason: "retained-repeat", count: 3, topics: ["sensors/north/data"] },
    };
    const state = stateAfter(defined, skipped, skipped);
    assert.equal(state.counters.skipped, 6);
    assert.equal(state.lastMessageNumber, 0);
    assert.deepEqual(state.traffic, { stream: "traffic-AHT10-20260102", version: 2 });
  });

  it("counts for actions with the names of JavaScript's own members", () => {
    const actions = ["__proto__", "constructor", "toString"].map((id) => ({ ...storeDb, id }));
    const flow = definition({ actions });
    let state = stateAfter({ type: "FlowDefined", data: { definition: flow, enabled: true } });
    for (let message = 0; message < 2; message++) {
      state = fold(recorded(receiveMessage(state, flow, incoming())), state);
      state = JSON.parse(JSON.stringify(state));
    }
    assert.deepEqual(Object.entries(state.owed), [
      ["__proto__", 2],
      ["constructor", 2],
      ["toString", 2],
    ]);
  });

  it("knows the newest traffic stream and its version", () => {
    const flow = definition();
    const start = stateAfter(defined);
    const first = receiveMessage(start, flow, incoming());
    const second = receiveMessage(
      fold(recorded(first), start),
      flow,
      incoming({ receivedAt: "2026-01-03T00:00:00.000Z" }),
    );
    assert.deepEqual(fold(recorded(first), start).traffic, { stream: "traffic-AHT10-20260102", version: 2 });
    assert.deepEqual(fold(recorded([...first, ...second]), start).traffic, {
      stream: "traffic-AHT10-20260103",
      version: 2,
    });
    assert.equal(start.traffic?.version, 0);
  });

  it("goes on counting after it was retired and defined again", () => {
    const received = receiveMessage(stateAfter(defined), original, incoming());
    const before = stateAfter(defined, ...received, retired);
    assert.equal(before.lastMessageNumber, 1);
    const again = stateAfter(defined, ...received, retired, defined);
    assert.equal(again.status, "enabled");
    const [next] = receiveMessage(again, original, incoming());
    assert.equal(next?.type, "MessageReceived");
    assert.equal(next.type === "MessageReceived" && next.data.messageNumber, 2);
    assert.deepEqual(again.counters, before.counters);
  });

  it("is not changed by what becomes of deliveries, nor by events of other streams", () => {
    const common = { flow: "AHT10", messageId: incoming().messageId, messageNumber: 1, action: "POST_ENDPOINT" };
    const state = stateAfter(defined);
    const dead: Fact = { type: "DeliveryDeadLettered", data: { ...common, reason: "404", attempts: 1 } };
    assert.deepEqual(fold(recorded([dead]), state), state);
    const [foreign] = recorded([retired]);
    assert.ok(foreign);
    assert.deepEqual(evolveFlow(state, { ...foreign, stream: "$settings" }), state);
  });

  it("is never changed in place", () => {
    const state = initialFlow("AHT10");
    const frozen = structuredClone(state);
    fold(recorded([defined, ...receiveMessage(state, original, incoming())]), state);
    assert.deepEqual(state, frozen);
  });
});
