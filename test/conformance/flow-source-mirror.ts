/** Conformance: what the projector writes into a table that people edit. */
import assert from "node:assert/strict";
import { planFlowTable } from "@sluice/domain";
import {
  columnsOf,
  type FlowSourceContext,
  type FlowSourceDefinition,
  fillOlderTables,
  olderTables,
  retired,
  rowOf,
} from "./flow-source-support.ts";
import { CONSUMER, FLOW, feed } from "./projection-store-support.ts";

const edit = ({ query }: FlowSourceContext, change: string) =>
  query(`UPDATE flows SET ${change} WHERE code = '${FLOW}'`);

/** A flow that the log has and the table shows. */
const mirroredFlow = async (context: FlowSourceContext) => {
  const source = await context.openSource();
  const apply = feed(await context.openProjection());
  await apply({ flows: [rowOf()] });
  const look = async () => {
    const { flows, mirrored, overruled } = await source.read();
    const [found] = flows;
    const {
      id: _id,
      code: _code,
      lastMessageNumber: _number,
      ...row
    } = found ?? { id: 0, code: "", lastMessageNumber: 0 };
    return {
      row: found === undefined ? null : row,
      mirror: mirrored.get(FLOW) ?? null,
      overruled: overruled.map((one) => one.row),
    };
  };
  return { source, apply, look };
};

export const mirrorDefinitions: readonly FlowSourceDefinition[] = [
  {
    name: "gives what the projector wrote beside the row",
    async run(context) {
      const { apply, look } = await mirroredFlow(context);
      assert.deepEqual(await look(), { row: columnsOf(), mirror: columnsOf(), overruled: [] });
      await edit(context, "topic = 'by/hand'");
      assert.deepEqual(await look(), { row: columnsOf({ topic: "by/hand" }), mirror: columnsOf(), overruled: [] });
      await edit(context, `topic = '${columnsOf().topic}'`);
      await apply({ flows: [rowOf({ description: "new" }, { enabled: false })] });
      const now = columnsOf({ description: "new" }, false);
      assert.deepEqual(await look(), { row: now, mirror: now, overruled: [] });
      await apply({ flows: [retired()] });
      assert.deepEqual(await look(), { row: null, mirror: null, overruled: [] });
    },
  },
  {
    name: "does not touch an adopted row that says what the log says",
    async run(context) {
      await fillOlderTables(context);
      const before = await olderTables(context);
      const source = await context.openSource();
      const apply = feed(await context.openProjection());
      const sensor = {
        code: "AHT10_SENSOR",
        description: "indoor",
        topic: "sensors/aht10",
        payloadSchema: { humidity: { type: "float" }, temperature: "float" },
      };
      await apply({
        flows: [rowOf(sensor, { fromTable: true })],
        lastMessageNumbers: new Map([["AHT10_SENSOR", 11]]),
      });
      assert.deepEqual(await olderTables(context), before);
      await apply({ flows: [rowOf(sensor)] });
      assert.deepEqual(await olderTables(context), before);
      const { mirrored, flows, overruled } = await source.read();
      assert.deepEqual([...mirrored.keys()], ["AHT10_SENSOR"]);
      assert.deepEqual(overruled, []);
      assert.ok(flows.every(({ code }) => code !== FLOW));

      await apply({ flows: [rowOf({ ...sensor, description: "outdoor" })] });
      const after = await olderTables(context);
      const [row, ...others] = before.flows as Record<string, unknown>[];
      assert.deepEqual(after, { ...before, flows: [{ ...row, description: "outdoor" }, ...others] });
    },
  },
  {
    name: "leaves an edit alone while the log says what it said",
    async run(context) {
      const { apply, look } = await mirroredFlow(context);
      await edit(context, "topic = 'by/hand'");
      const thresholds = [{ attribute: "temperature", max: 60, onBreach: "flag" as const }];
      await apply({ flows: [rowOf({ thresholds })] });
      assert.deepEqual(await look(), { row: columnsOf({ topic: "by/hand" }), mirror: columnsOf(), overruled: [] });
      await context.query("DELETE FROM flows");
      await apply({ flows: [rowOf()] });
      assert.deepEqual(await look(), { row: null, mirror: columnsOf(), overruled: [] });
    },
  },
  {
    name: "lets the log win over an edit, and keeps the edit until it is recorded",
    async run(context) {
      const { source, apply, look } = await mirroredFlow(context);
      await edit(context, "topic = 'by/hand', enabled = FALSE");
      await apply({ flows: [rowOf({ topic: "by/api" })] });
      const now = columnsOf({ topic: "by/api" });
      const edited = columnsOf({ topic: "by/hand" }, false);
      assert.deepEqual(await look(), { row: now, mirror: now, overruled: [edited] });

      await context.query("DELETE FROM flows");
      await apply({ flows: [rowOf({ topic: "again" })] });
      await edit(context, "topic = 'in vain'");
      await apply({ flows: [retired()] });
      const inVain = columnsOf({ topic: "in vain" });
      assert.deepEqual(await look(), { row: null, mirror: null, overruled: [edited, null, inVain] });

      const { overruled } = await source.read();
      assert.deepEqual(
        overruled.map(({ code, position }) => [code, position]),
        [
          [FLOW, "2"],
          [FLOW, "3"],
          [FLOW, "4"],
        ],
      );
      await source.recorded([]);
      await source.recorded([overruled[0]?.id as number, overruled[2]?.id as number]);
      await source.stop();
      const again = await context.openSource();
      assert.deepEqual((await again.read()).overruled, [overruled[1]]);
    },
  },
  {
    name: "takes no edit away for what came from the table",
    async run(context) {
      const { apply, look } = await mirroredFlow(context);
      await edit(context, "topic = 'first'");
      await edit(context, "topic = 'second'");
      const first = columnsOf({ topic: "first" });
      await apply({ flows: [rowOf({ topic: "first" }, { fromTable: true })] });
      assert.deepEqual(await look(), { row: columnsOf({ topic: "second" }), mirror: first, overruled: [] });
      await apply({ flows: [rowOf({ topic: "second" }, { fromTable: true })] });
      const second = columnsOf({ topic: "second" });
      assert.deepEqual(await look(), { row: second, mirror: second, overruled: [] });

      await context.query("DELETE FROM flows");
      await apply({ flows: [retired(true)] });
      assert.deepEqual(await look(), { row: null, mirror: null, overruled: [] });
    },
  },
  {
    name: "sets a row that nobody mirrored to what the log says of its flow",
    async run(context) {
      const { query, openSource, openProjection } = context;
      const source = await openSource();
      const apply = feed(await openProjection());
      await query(`INSERT INTO flows (code, description, topic, action, payload_schema, last_msg_id)
        VALUES ('${FLOW}', 'by hand', 'by/hand', 'STORE_DB', '{}', 5)`);
      await apply({ flows: [rowOf()] });
      const { flows, overruled } = await source.read();
      assert.deepEqual([flows[0]?.topic, flows[0]?.lastMessageNumber], [columnsOf().topic, 5]);
      assert.deepEqual(
        overruled.map(({ row }) => row?.topic),
        ["by/hand"],
      );
      await query(
        "INSERT INTO flows (code, description, topic, action, payload_schema) VALUES ('B', '', 'b', 'STORE_DB', '{}')",
      );
      await apply({ flows: [{ code: "B", definition: null, enabled: false }] });
      assert.equal((await source.read()).flows.length, 2, "a row that the log never wrote is not the log's to delete");
    },
  },
  {
    name: "comes to the same when the log is projected again",
    async run(context) {
      const { source, look } = await mirroredFlow(context);
      const store = await context.openProjection();
      const changes = [
        rowOf(),
        rowOf({ topic: "first" }, { fromTable: true }),
        rowOf({ topic: "second" }, { enabled: false }),
        rowOf({ topic: "second", description: "third" }, { fromTable: true }),
      ];
      const last = columnsOf({ topic: "second", description: "third" });
      for (let round = 0; round < 2; round++) {
        await store.reset(CONSUMER);
        const again = feed(store);
        for (const change of changes) {
          await again({ flows: [change] });
          const { flows, mirrored } = await source.read();
          const plan = planFlowTable({
            content: { flows, mirrored },
            flow: () => undefined,
            check: () => ({ ok: false, errors: [] }),
          });
          assert.equal(plan.length, 1, "a row, and nothing that was deleted");
        }
        assert.deepEqual(await look(), { row: last, mirror: last, overruled: [] });
      }
    },
  },
];
