/** Every statement of the event store is answered by indexes, on an empty log as on a filled one. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { PostgresEventStore } from "@sluice/adapter-postgres";
import type { EventFilter } from "@sluice/domain";
import pg from "pg";
import { failed, received, stored, to } from "../conformance/event-store-support.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

interface Asked {
  readonly client: pg.Client;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Every statement with values that is sent meanwhile, and on which connection, whose settings its plan depends on. */
const recordStatements = async (work: () => Promise<void>): Promise<readonly Asked[]> => {
  const asked: Asked[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [config, values] = args as [string | { text: string; values?: unknown[] }, unknown[] | undefined];
    const [text, given] = typeof config === "string" ? [config, values] : [config.text, config.values];
    if (Array.isArray(given)) asked.push({ client: this, text, values: given });
    return Reflect.apply(query, this, args);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return asked;
};

const literal = (value: unknown): string => {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `'{${value.map((part) => JSON.stringify(part)).join(",")}}'`;
  return pg.escapeLiteral(String(value));
};

/** The plan that the server keeps for any values, and the one for these. */
const plansOf = async ({ client, text, values }: Asked): Promise<readonly string[]> => {
  const lines = async (sql: string): Promise<string> =>
    (await client.query<{ "QUERY PLAN": string }>(sql)).rows.map((row) => row["QUERY PLAN"]).join("\n");
  await client.query(`PREPARE asked AS ${text}`);
  try {
    const plans: string[] = [];
    for (const mode of ["force_generic_plan", "force_custom_plan"]) {
      await client.query(`SET plan_cache_mode = ${mode}`);
      const given = values.length > 0 ? `(${values.map(literal).join(", ")})` : "";
      plans.push(await lines(`EXPLAIN EXECUTE asked ${given}`));
    }
    return plans;
  } finally {
    await client.query("RESET plan_cache_mode; DEALLOCATE asked");
  }
};

const filters: readonly EventFilter[] = [
  {},
  { flow: "A" },
  { stream: "traffic-A-20260101" },
  { messageId: "m" },
  { types: ["ValidationFailed", "FlowRetired"] },
  { types: ["MessageReceived"] },
  { types: ["StoredAttribute", "MessageReceived"] },
  { types: ["EndpointForwarded"] },
  { flow: "A", types: ["StoredAttribute"] },
  { flow: "A", types: ["ValidationFailed", "EndpointForwarded"] },
  { stream: "traffic-A-20260101", types: ["ValidationFailed"] },
  { stream: "traffic-A-20260101", flow: "A" },
  { flow: "A", recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "2999-01-01T00:00:00.000Z" },
  { messageId: "m", flow: "A", types: ["StoredAttribute"] },
  { recordedFrom: "1970-01-01T00:00:00.000Z", recordedTo: "2999-01-01T00:00:00.000Z" },
];

const skip = (await postgresUnavailable()) ?? false;

test("the postgres event store reads by indexes alone, whatever the tables' size was when it planned", {
  skip,
}, async (t) => {
  const { location: schema, remove } = await makeSchema();
  const store = new PostgresEventStore({ url: postgresUrl, schema, clock: Date, readers: 1 });
  t.after(async () => {
    await store.stop();
    await remove();
  });
  await store.start();
  const append = (messages: number): Promise<unknown> =>
    store.append([
      to(
        "traffic-A-20260101",
        Array.from({ length: messages }, () => {
          const messageId = randomUUID();
          return [received("A", messageId), stored("A", messageId), failed("A", messageId)];
        }).flat(),
      ),
    ]);
  const read = async (): Promise<void> => {
    for (const direction of ["forwards", "backwards"] as const) {
      await store.readStream("traffic-A-20260101", { limit: 10, direction, from: 2 });
      for (const filter of [undefined, ...filters]) {
        await store.readAll({ limit: 10, direction, after: "3", ...(filter ? { filter } : {}) });
      }
    }
    await store.head();
  };
  await append(2);
  for (const analyzed of [false, true]) {
    if (analyzed) {
      await append(2_000);
      await inPostgres(schema, "ANALYZE records; ANALYZE streams");
    }
    const asked = await recordStatements(read);
    const used = new Set<string>();
    for (const one of asked) {
      for (const plan of await plansOf(one)) {
        assert.doesNotMatch(plan, /Seq Scan|Bitmap|Hash|Merge/, `${one.text}\n${plan}`);
        // Sorting a page would mean to read everything that matches first.
        if (/AS page/.test(one.text)) assert.doesNotMatch(plan, /Sort/, `${one.text}\n${plan}`);
        for (const [index = ""] of plan.matchAll(/(?<=using )\w+/g)) used.add(index);
      }
    }
    for (const index of [
      "records_pkey",
      "records_by_stream",
      "records_by_message",
      "records_by_type",
      "records_by_stream_type",
    ]) {
      assert.ok(used.has(index), index);
    }
  }
});
