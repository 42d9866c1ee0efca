/**
 * The schema that the migrations make, held against `schema-<store>.txt`: a change to it is seen in review, and a
 * migration that makes something else than it did is noticed. `SLUICE_UPDATE_SCHEMA=1` writes the files anew.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { PostgresEventStore, PostgresProjectionStore } from "@sluice/adapter-postgres";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

const DESCRIBE = (schema: string): string => `
  SELECT line FROM (
    SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
      coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) AS line
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = '${schema}'::regnamespace AND c.relkind IN ('r', 'v', 'p') AND a.attnum > 0
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = '${schema}'
    UNION ALL SELECT 'constraint on ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = '${schema}'::regnamespace AND contype <> 'n'
    UNION ALL SELECT 'function ' || oid::regprocedure || ' ' || md5(prosrc) FROM pg_proc
      WHERE pronamespace = '${schema}'::regnamespace
  ) AS lines ORDER BY line COLLATE "C"`;

const stores = {
  events: (schema: string) => new PostgresEventStore({ url: postgresUrl, schema, clock: Date }),
  projection: (schema: string) =>
    // Of a day that tells which partitions there are.
    new PostgresProjectionStore({ url: postgresUrl, schema, clock: { now: () => Date.UTC(2026, 0, 15) } }),
} as const;

describe("postgres schema", { skip: (await postgresUnavailable()) ?? false }, () => {
  for (const [name, make] of Object.entries(stores)) {
    test(`of the ${name} store is the one that was reviewed`, async (t) => {
      const { location: schema, remove } = await makeSchema();
      t.after(remove);
      const store = make(schema);
      await store.start();
      await store.stop();
      const rows = await inPostgres<{ line: string }>(schema, DESCRIBE(schema));
      const text = `${rows.map(({ line }) => line.replaceAll(`${schema}.`, "")).join("\n")}\n`;
      const file = new URL(`schema-${name}.txt`, import.meta.url);
      if (process.env.SLUICE_UPDATE_SCHEMA === "1") writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
  }
});
