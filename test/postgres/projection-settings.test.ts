/** A database whose settings are all against us, and text that PostgreSQL has no form for. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PostgresProjectionStore } from "@sluice/adapter-postgres";
import pg from "pg";
import {
  batch,
  definition,
  doneOf,
  feed,
  instant,
  itemOf,
  letter,
  readData,
  readDead,
  row,
  rowId,
  withoutId,
} from "../conformance/projection-store-support.ts";
import { inPostgres, postgresUnavailable } from "../support/postgres.ts";
import { makeDatabase, makeProjection } from "./projection.ts";

const AGAINST_US = {
  timezone: "'Asia/Kathmandu'",
  datestyle: "'German, DMY'",
  standard_conforming_strings: "off",
  backslash_quote: "off",
  search_path: "'elsewhere'",
  default_transaction_isolation: "'serializable'",
  default_transaction_read_only: "on",
  default_transaction_deferrable: "on",
  synchronous_commit: "off",
  array_nulls: "off",
  lock_timeout: "'1ms'",
  statement_timeout: "'1ms'",
  bytea_output: "'escape'",
  extra_float_digits: "-15",
  transform_null_equals: "on",
  enable_indexscan: "off",
};

describe("postgres projection: settings", { skip: (await postgresUnavailable()) ?? false, timeout: 60_000 }, () => {
  test("does not depend on the settings of the database", async (t) => {
    const { name, url } = await makeDatabase(t);
    for (const [setting, value] of Object.entries(AGAINST_US)) {
      await inPostgres("public", `ALTER DATABASE ${name} SET ${setting} = ${value}`);
    }
    const store = new PostgresProjectionStore({ url });
    t.after(() => store.stop());
    await store.start();
    const rows = [
      row({ text: "back\\slash \\n \\N \\. ' \" \t tab\r\nline", valueType: "string", number: null }),
      row({ text: "NULL", valueType: "string", number: null, attribute: "a\\b\t'NULL'", receivedAt: instant(5) }),
      row({ number: 0.1234567890123456, text: "0.1234567890123456", deviceTime: instant(-1), receivedAt: instant(6) }),
    ];
    const apply = feed(store);
    const flow = { code: "FLOW_A", definition: definition({ description: "it's \\" }), enabled: true };
    // Again, as that takes the other way in.
    for (const part of [rows, rows]) assert.deepEqual(await apply({ rows: part, flows: [flow] }), { dead: [] });
    assert.deepEqual((await readData(store)).map(withoutId), rows.map(itemOf));
    assert.equal((await readData(store, { from: instant(5), to: instant(5) })).length, 1);

    const other = new pg.Client({ connectionString: url, options: "-c search_path=public" });
    // The database goes first, and everyone's connections with it.
    other.on("error", () => undefined);
    await other.connect();
    t.after(() => other.end());
    await other.query("SET statement_timeout = 0; SET datestyle = 'ISO'; SET extra_float_digits = 1");
    const stored = await other.query(
      "SELECT received_at::text, value_number FROM data WHERE attribute_name = 'temperature' ORDER BY received_at",
    );
    assert.deepEqual(stored.rows[1], { received_at: "2026-01-01 00:00:00.006", value_number: 0.1234567890123456 });
    const { rows: flows } = await other.query("SELECT description FROM flows");
    assert.deepEqual(flows, [{ description: "it's \\" }]);
    assert.equal((await other.query("SELECT FROM mqtt_servers")).rowCount, 1);
  });

  test("keeps a value that has U+0000 or half of a surrogate pair, and gives it back", async (t) => {
    const { open, query } = await makeProjection(t);
    const store = await open();
    const texts = ["\0", "C string\0", "\ud83c cut", "cut \udf21", "\ufffd", "\\u0000 \\0", "🌡️"];
    const rows = texts.map((text, index) =>
      row({ text, valueType: "string", number: null, receivedAt: instant(index) }),
    );
    const nested = row({ text: '{"a":"\\u0000"}', valueType: "object", number: null, receivedAt: instant(9) });
    assert.deepEqual(await feed(store)({ rows: [...rows, nested] }), { dead: [] });
    assert.deepEqual((await readData(store)).map(withoutId), [...rows, nested].map(itemOf));
    const stored = await query("SELECT attribute_value, exact_value FROM data ORDER BY received_at");
    assert.deepEqual(stored.slice(1, 3), [
      { attribute_value: "C string\ufffd", exact_value: '"C string\\u0000"' },
      { attribute_value: "\ufffd cut", exact_value: '"\\ud83c cut"' },
    ]);
    assert.deepEqual(
      stored.slice(4).map(({ exact_value }) => exact_value),
      [null, null, null, null],
    );
  });

  test("lets a row die whose name has them, says why, and gives the name back", async (t) => {
    const { open } = await makeProjection(t);
    const store = await open();
    const apply = feed(store);
    const bad = [row({ attribute: "a\0b", text: "x\0" }), row({ attribute: "\ud83c" })];
    const { dead } = await apply({ rows: [...bad, row()] });
    assert.deepEqual(
      dead.map(({ attribute }) => attribute),
      ["a\0b", "\ud83c"],
    );
    for (const { reason } of dead) assert.match(reason, /U\+0000 or half of a surrogate pair/);
    assert.deepEqual(await readDead(store), dead);
    const command = (kind: "retry" | "discard") => bad.map((one) => ({ id: rowId(one), command: kind }));
    assert.equal((await apply({ rowCommands: command("retry") })).dead[0]?.attempts, 2);
    await apply({ rowCommands: command("discard") });
    assert.deepEqual(await readDead(store), []);

    const answer = letter({ reason: "answered 500: \0\ud83c" });
    await apply({ deadLetters: [{ kind: "add", letter: answer }] });
    assert.deepEqual(await readDead(store), [answer]);
    for (const filter of [{ attribute: "a\0b" }, { flow: "\0", attribute: "a" }, { messageId: "\0" }]) {
      assert.deepEqual(await store.data(filter, { limit: 1 }), { items: [], next: null });
    }
    assert.deepEqual(await store.deadLetters({ flow: "\0" }, { limit: 1 }), { items: [], next: null });
  });

  test("refuses a name that would be cut, and a row that collides with somebody else's unique index", async (t) => {
    const { open, query } = await makeProjection(t);
    const store = await open();
    await query("CREATE UNIQUE INDEX theirs ON data (flow_code, attribute_name, received_at)");
    const spaces = row({ attribute: `${"x".repeat(255)} ` });
    const rows = [row({ attribute: "a" }), spaces, row({ attribute: "a" }), row({ attribute: "b" })];
    const { dead } = await feed(store)({ rows });
    assert.deepEqual(
      dead.map(({ id }) => id),
      [rowId(spaces), rowId(rows[2] as (typeof rows)[0])],
    );
    assert.match(dead[1]?.reason ?? "", /unique/);
    assert.equal((await readData(store)).length, 2);
  });

  test("finds the one bad row of a large batch, and what others check only at the end", async (t) => {
    const { open, query } = await makeProjection(t);
    const store = await open();
    await query(`CREATE FUNCTION check_row() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.attribute_name = 'bad' THEN RAISE EXCEPTION 'it is bad'; END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON data_default DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION check_row()`);
    const rows = Array.from({ length: 600 }, (_, index) =>
      row({
        attribute: index === 3 ? "bad" : "good",
        text: `${index}${"🌡️".repeat(2_500)}`,
        valueType: "string",
        number: null,
        // In no partition but the default one.
        receivedAt: new Date(Date.UTC(1990, 0, 1) + index).toISOString(),
      }),
    );
    const { dead } = await store.apply(batch({ rows, done: doneOf(rows) }));
    assert.deepEqual(
      dead.map(({ id, reason }) => [id, reason]),
      [[rowId(rows[3] as (typeof rows)[0]), "it is bad"]],
    );
    assert.deepEqual(
      (await readData(store)).map(({ eventId }) => eventId),
      rows.filter(({ attribute }) => attribute === "good").map(({ eventId }) => eventId),
    );
  });

  test("gives back times that RFC 3339 has no words for, and pages over them", async (t) => {
    const { open, query } = await makeProjection(t);
    const store = await open();
    await feed(store)({ rows: [row()] });
    const odd = ["infinity", "-infinity", "0044-03-15 BC", "12026-01-01"];
    for (const time of odd) {
      await query(`INSERT INTO data (received_at, flow_code, attribute_name, attribute_value)
        VALUES ('${time}', 'A', '${time}', '1')`);
    }
    for (const order of ["asc", "desc"] as const) {
      const names: string[] = [];
      for (let after: string | null = null; ; ) {
        const page = await store.data({}, { limit: 1, order, ...(after === null ? {} : { after }) });
        names.push(...page.items.map(({ attribute }) => attribute));
        after = page.next;
        if (after === null) break;
      }
      const expected = ["-infinity", "0044-03-15 BC", "temperature", "12026-01-01", "infinity"];
      assert.deepEqual(names, order === "asc" ? expected : expected.toReversed());
    }
  });
});
