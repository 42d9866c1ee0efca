/** What the rows of the table `flows` come to, and how the log is mirrored there. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FlowDefinition, FlowDefinitionInput } from "@sluice/contracts";
import {
  type CheckRow,
  changedColumns,
  evolveFlow,
  type FlowTableColumns,
  type FlowTableRow,
  flowColumnsOf,
  initialFlow,
  mirrorStep,
  normaliseDefinition,
  type PlannedFlow,
  planFlowTable,
  sameColumns,
  shownRow,
} from "@sluice/domain";
import fc from "fast-check";
import { given, recorded, stateAfter } from "./support/decider-specification.ts";
import { definition, postEndpoint, storeDb } from "./support/examples.ts";

const CODE = "AHT10";
const check: CheckRow = (input) => normaliseDefinition(input as FlowDefinitionInput, { timeoutSeconds: 10 });

const living = (defined: FlowDefinition, enabled = true): PlannedFlow => ({
  status: enabled ? "enabled" : "disabled",
  definition: defined,
  version: 3,
});
const retired: PlannedFlow = { status: "retired", definition: definition(), version: 4 };

const mine = (defined = definition(), enabled = true): FlowTableColumns => flowColumnsOf(defined, enabled);
const row = (changes: Partial<FlowTableRow> = {}, columns = mine()): FlowTableRow => ({
  id: 1,
  code: CODE,
  lastMessageNumber: 0,
  ...columns,
  ...changes,
});

interface Situation {
  readonly rows?: readonly FlowTableRow[];
  readonly mirror?: FlowTableColumns;
  readonly flow?: PlannedFlow;
}

const planOf = ({ rows = [], mirror, flow }: Situation) =>
  planFlowTable({
    content: { flows: rows, mirrored: new Map(mirror === undefined ? [] : [[CODE, mirror]]) },
    flow: (code) => (code === CODE ? flow : undefined),
    check,
  });

/** The definition that the only command of the plan gives. */
const revisedTo = (situation: Situation): FlowDefinition => {
  const [item, ...more] = planOf(situation);
  assert.deepEqual(more, []);
  assert.ok(item?.kind === "command" && item.command.kind === "revise", JSON.stringify(item));
  assert.equal(item.expectedVersion, 3);
  return item.command.definition;
};

const places = (situation: Situation): readonly string[] => {
  const [item] = planOf(situation);
  assert.equal(item?.kind, "refused", JSON.stringify(item));
  return item.errors.map(({ pointer }) => pointer);
};

describe("a row of a flow that the log does not know", () => {
  it("defines it, at every broker, with the number that the older gateway had come to", () => {
    const older = row({ lastMessageNumber: 41, payloadSchema: '{ "temperature" : "float" }', endpointUrl: "" });
    const [item, ...more] = planOf({ rows: [older] });
    assert.deepEqual(more, []);
    assert.ok(item?.kind === "command" && item.command.kind === "define");
    const { definition: defined, enabled, lastMessageNumber } = item.command;
    assert.deepEqual([defined.broker, enabled, lastMessageNumber], ["*", true, 41]);
    assert.deepEqual([defined.topic, defined.payloadSchema], [older.topic, { temperature: "float" }]);
    assert.deepEqual(defined.actions, [storeDb]);
  });

  it("defines one that posts, and one that begins disabled", () => {
    const [item] = planOf({ rows: [row({ action: "POST_ENDPOINT", endpointUrl: postEndpoint.url, enabled: false })] });
    assert.ok(item?.kind === "command" && item.command.kind === "define");
    assert.deepEqual([item.command.definition.actions, item.command.enabled], [[postEndpoint], false]);
  });

  it("defines a retired one again, unless the projector has yet to take its row away", () => {
    assert.equal(planOf({ rows: [row()], flow: retired })[0]?.kind, "command");
    assert.deepEqual(planOf({ rows: [row()], mirror: mine(), flow: retired }), []);
    assert.equal(planOf({ rows: [row({ topic: "x" })], mirror: mine(), flow: retired })[0]?.kind, "pending");
  });

  it("defines what another log has mirrored", () => {
    assert.equal(planOf({ rows: [row()], mirror: mine() })[0]?.kind, "command");
    assert.deepEqual(planOf({ mirror: mine() }), []);
  });

  it("is refused with everything that is wrong with it", () => {
    const bad = row({ topic: "a/#/b", action: "POST_ENDPOINT", payloadSchema: "{", lastMessageNumber: 2 ** 53 });
    assert.deepEqual([...places({ rows: [bad] })].sort(), [
      "/endpoint_url",
      "/last_msg_id",
      "/payload_schema",
      "/topic",
    ]);
    assert.deepEqual(places({ rows: [row({ action: "STORE_FILE" })] }), ["/action"]);
    assert.deepEqual(places({ rows: [row({ action: null })] }), ["/action"]);
    assert.deepEqual(places({ rows: [row({ topic: null })] }), ["/topic"]);
    assert.deepEqual(places({ rows: [row({ payloadSchema: '{"x":"floot"}' })] }), ["/payload_schema/x"]);
    assert.deepEqual(places({ rows: [row({ lastMessageNumber: -1 })] }), ["/last_msg_id"]);
    assert.deepEqual(places({ rows: [row({ lastMessageNumber: 1.5 })] }), ["/last_msg_id"]);
  });

  it("is refused, and no more than that, whatever its schema does to whoever walks it", () => {
    const deep = `${'{"properties":'.repeat(100_000)}{}${"}".repeat(100_000)}`;
    const plan = planOf({ rows: [row({ payloadSchema: deep }), row({ id: 2, code: "OTHER" })] });
    assert.deepEqual(
      plan.map(({ kind, code }) => [kind, code]),
      [
        ["refused", CODE],
        ["command", "OTHER"],
      ],
    );
  });

  it("is refused when two have the code", () => {
    assert.deepEqual(places({ rows: [row(), row({ id: 2 })] }), ["/code"]);
  });
});

describe("a row of a living flow", () => {
  const flow = living(definition());

  it("says nothing new while it is as it was mirrored, also when the log has gone on", () => {
    assert.deepEqual(planOf({ rows: [row()], mirror: mine(), flow }), []);
    assert.deepEqual(planOf({ rows: [row()], mirror: mine(), flow: living(definition({ topic: "new" })) }), []);
    const rewritten = row({ payloadSchema: '\n{"temperature":\t"float"}', endpointUrl: "" });
    assert.deepEqual(planOf({ rows: [rewritten], mirror: mine(), flow }), []);
  });

  it("revises the flow by what was changed", () => {
    const changed = revisedTo({ rows: [row({ topic: "by/hand", description: null })], mirror: mine(), flow });
    assert.deepEqual(changed, definition({ topic: "by/hand", description: "" }));
    const schema = revisedTo({ rows: [row({ payloadSchema: null })], mirror: mine(), flow });
    assert.equal(schema.payloadSchema, null);
  });

  it("switches it, with a revision or alone", () => {
    const off = planOf({ rows: [row({ enabled: false })], mirror: mine(), flow });
    assert.deepEqual(off, [{ kind: "command", code: CODE, command: { kind: "disable" }, expectedVersion: 3 }]);
    const disabled = living(definition(), false);
    const on = planOf({ rows: [row({ enabled: true })], mirror: mine(definition(), false), flow: disabled });
    assert.deepEqual(on, [{ kind: "command", code: CODE, command: { kind: "enable" }, expectedVersion: 3 }]);
    const [both] = planOf({ rows: [row({ enabled: false, topic: "t" })], mirror: mine(), flow });
    assert.ok(both?.kind === "command" && both.command.kind === "revise");
    assert.equal(both.command.enabled, false);
  });

  it("is refused as a whole when it makes no flow any more", () => {
    assert.deepEqual(places({ rows: [row({ topic: "#/", description: "new" })], mirror: mine(), flow }), ["/topic"]);
    assert.deepEqual(places({ rows: [row({ action: "POST_ENDPOINT" })], mirror: mine(), flow }), ["/endpoint_url"]);
  });

  it("waits for the projector where the log has gone on meanwhile", () => {
    const ahead = living(definition({ topic: "new" }));
    const pending = [{ kind: "pending", code: CODE }];
    assert.deepEqual(planOf({ rows: [row({ description: "by hand" })], mirror: mine(), flow: ahead }), pending);
    assert.deepEqual(planOf({ rows: [row({ topic: "by/hand" })], flow }), pending);
    assert.deepEqual(planOf({ rows: [], mirror: mine(), flow: ahead }), pending);
    assert.deepEqual(planOf({ rows: [row({ topic: "new" })], mirror: mine(), flow: ahead }), []);
    assert.deepEqual(planOf({ rows: [row()], flow }), []);
    assert.deepEqual(planOf({ rows: [], flow }), []);
  });

  it("retires the flow when it is gone", () => {
    assert.deepEqual(planOf({ mirror: mine(), flow }), [
      { kind: "command", code: CODE, command: { kind: "retire" }, expectedVersion: 3 },
    ]);
    assert.deepEqual(planOf({ mirror: mine(), flow: retired }), []);
  });

  it("retires the old code after it has defined the new one", () => {
    const plan = planOf({ rows: [row({ code: "NEW", lastMessageNumber: 12 })], mirror: mine(), flow });
    assert.deepEqual(
      plan.map((item) => [item.code, item.kind === "command" && item.command.kind]),
      [
        ["NEW", "define"],
        [CODE, "retire"],
      ],
    );
  });
});

describe("a row of a flow that is more than a row", () => {
  const other = { ...postEndpoint, id: "other", url: "http://127.0.0.1:9000/other" };
  const thresholds: FlowDefinition["thresholds"] = [{ attribute: "temperature", max: 60, onBreach: "flag" }];
  const rich = definition({ actions: [storeDb, postEndpoint, other], thresholds, qos: 2, broker: "north" });
  const edit = (changes: Partial<FlowTableRow>, of = rich): FlowDefinition =>
    revisedTo({ rows: [row(changes, mine(of))], mirror: mine(of), flow: living(of) });

  it("keeps what the columns do not say", () => {
    assert.deepEqual(edit({ topic: "by/hand" }), { ...rich, topic: "by/hand" });
  });

  it("gives the URL to the first endpoint", () => {
    const url = "https://example.com/new";
    assert.deepEqual(edit({ endpointUrl: url }).actions, [storeDb, { ...postEndpoint, url }, other]);
  });

  it("takes the endpoints away with the URL", () => {
    assert.deepEqual(edit({ endpointUrl: null }).actions, [storeDb]);
  });

  it("puts an action of the type first, one that is there if it can", () => {
    assert.deepEqual(edit({ action: "POST_ENDPOINT" }).actions, [postEndpoint, other]);
    const posting = definition({ actions: [other, storeDb] });
    assert.deepEqual(edit({ action: "STORE_DB" }, posting).actions, [storeDb]);
    const only = definition({ actions: [postEndpoint], thresholds });
    assert.deepEqual(edit({ action: "STORE_DB", endpointUrl: null }, only).actions, [storeDb]);
    const plain = edit({ action: "POST_ENDPOINT", endpointUrl: postEndpoint.url }, definition({ thresholds }));
    assert.deepEqual([plain.actions, plain.thresholds], [[postEndpoint], thresholds]);
  });

  it("has no use for a URL beside STORE_DB alone", () => {
    const flow = living(definition());
    assert.deepEqual(planOf({ rows: [row({ endpointUrl: "http://unused/" })], mirror: mine(), flow }), []);
  });
});

describe("columns", () => {
  const text = fc.option(fc.string({ unit: "binary", maxLength: 20 }));
  const anyColumns: fc.Arbitrary<FlowTableColumns> = fc.record({
    description: text,
    topic: fc.oneof(fc.constantFrom("a/b", "a/+", "{x}/#"), text),
    action: fc.oneof(fc.constantFrom("STORE_DB", "POST_ENDPOINT"), text),
    payloadSchema: fc.oneof(fc.constantFrom(null, "", "null", "true", '{"a": "int"}'), text, fc.json()),
    endpointUrl: fc.oneof(fc.constantFrom(null, "", "http://127.0.0.1/x"), text),
    enabled: fc.boolean(),
  });

  it("mean the same as the definition that is made from them, but for a URL that is not used", () => {
    let defined = 0;
    fc.assert(
      fc.property(anyColumns, (columns) => {
        const [item] = planOf({ rows: [row({}, columns)] });
        if (item?.kind !== "command" || item.command.kind !== "define") return;
        defined += 1;
        const made = flowColumnsOf(item.command.definition, item.command.enabled);
        const differing = changedColumns(columns, made);
        assert.deepEqual(differing, differing.length === 0 ? [] : ["endpointUrl"]);
        if (differing.length > 0) assert.equal(columns.action, "STORE_DB");
      }),
      { numRuns: 1_000 },
    );
    assert.ok(defined > 50, `${defined} of them make a flow`);
  });

  it("never make the plan throw, whatever is in them", () => {
    fc.assert(
      fc.property(anyColumns, anyColumns, (columns, mirror) => {
        planOf({ rows: [row({}, columns)], mirror, flow: living(definition()) });
        shownRow(columns);
      }),
    );
  });

  it("are shown without passwords, and not at any length", () => {
    const shown = shownRow({ ...mine(), endpointUrl: "http://user:p@ss@host/?x=@", description: "d".repeat(5_000) });
    assert.equal(shown.endpoint_url, "http://***@host/?x=@");
    assert.equal(shown.description?.length, 1_001);
    assert.equal(shown.enabled, "true");
  });
});

describe("mirroring", () => {
  const [a, b, c] = ["a", "b", "c"].map((topic) => mine(definition({ topic }))) as [
    FlowTableColumns,
    FlowTableColumns,
    FlowTableColumns,
  ];
  const states = fc.constantFrom(null, a, b, c);
  const inputs = fc.record({ row: states, mirror: states, target: states, fromTable: fc.boolean() });
  const after = (input: { row: FlowTableColumns | null }, { write }: ReturnType<typeof mirrorStep>) => {
    if (write.kind === "nothing") return input.row;
    return write.kind === "delete" ? null : write.columns;
  };
  const same = (one: FlowTableColumns | null, other: FlowTableColumns | null) =>
    one === null || other === null ? one === other : sameColumns(one, other);

  it("always keeps what the log says as the mirror", () => {
    fc.assert(fc.property(inputs, (input) => assert.deepEqual(mirrorStep(input).mirror, input.target)));
  });

  it("writes no edit over without keeping it", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const step = mirrorStep(input);
        const edited = !same(input.row, input.mirror) && !same(input.row, input.target);
        const written = !same(after(input, step), input.row);
        assert.deepEqual(step.overruled, edited && written ? { row: input.row } : null);
      }),
    );
  });

  it("brings a row that nobody has edited to what the log says", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const unedited = { ...input, row: input.mirror };
        assert.ok(same(after(unedited, mirrorStep(unedited)), input.target));
      }),
    );
  });

  it("takes no edit away for a change that came from the table", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        assert.equal(mirrorStep({ ...input, fromTable: true }).overruled, null);
      }),
    );
  });

  it("writes no more of a row than has changed", () => {
    const spaced = { ...a, payloadSchema: ' {"temperature" : "float"}' };
    const step = mirrorStep({ row: spaced, mirror: a, target: b, fromTable: false });
    assert.deepEqual(step.write, { kind: "update", columns: { ...spaced, topic: "b" } });
    assert.deepEqual(mirrorStep({ row: spaced, mirror: b, target: a, fromTable: false }).write, { kind: "nothing" });
  });
});

describe("numbers of another gateway", () => {
  const original = definition();

  it("are gone on after, never back", () => {
    const define = { kind: "define", definition: original, enabled: true, lastMessageNumber: 41 } as const;
    given()
      .when(define)
      .then({ type: "FlowDefined", data: { definition: original, enabled: true, lastMessageNumber: 41 } });
    given()
      .when({ ...define, lastMessageNumber: 0 })
      .then({ type: "FlowDefined", data: { definition: original, enabled: true } });
    const known = stateAfter({
      type: "FlowDefined",
      data: { definition: original, enabled: true, lastMessageNumber: 41 },
    });
    assert.equal(known.lastMessageNumber, 41);
    const [again] = recorded([
      { type: "FlowDefined", data: { definition: original, enabled: true, lastMessageNumber: 7 } },
    ]);
    assert.ok(again);
    assert.equal(evolveFlow({ ...initialFlow(CODE), lastMessageNumber: 50 }, again).lastMessageNumber, 50);
  });
});
