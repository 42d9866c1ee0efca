/** A server whose defaults are all against us, and tables of the older gateway that are too narrow. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MariadbProjectionStore } from "@sluice/adapter-mariadb";
import { createMariadbDatabase, mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { definition, feed, instant, readData, readDead, row, rowId } from "../conformance/projection-store-support.ts";
import { hasMariadbServer, type MariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { requireService } from "../support/services.ts";

const SETTINGS = [
  "--sql-mode=",
  "--default-time-zone=+05:00",
  "--character-set-server=latin1",
  "--max-allowed-packet=1M",
  "--transaction-isolation=READ-UNCOMMITTED",
];

const OLDER = [
  `CREATE TABLE flows (id INT AUTO_INCREMENT PRIMARY KEY, code VARCHAR(100) NOT NULL UNIQUE, description VARCHAR(255),
     topic VARCHAR(255) NOT NULL, action VARCHAR(30) NOT NULL, payload_schema JSON NOT NULL, endpoint_url VARCHAR(500),
     last_msg_id INT NOT NULL DEFAULT 0, enabled BOOL NOT NULL DEFAULT 1) CHARACTER SET latin1`,
  `CREATE TABLE data (id INT AUTO_INCREMENT PRIMARY KEY, received_at DATETIME NOT NULL, flow_code VARCHAR(100) NOT NULL,
     attribute_name VARCHAR(255) NOT NULL, attribute_value TEXT NOT NULL, last_msg_id INT NOT NULL,
     FOREIGN KEY (flow_code) REFERENCES flows (code) ON DELETE CASCADE) CHARACTER SET latin1`,
  `INSERT INTO flows (code, description, topic, action, payload_schema) VALUES ('Old', 'caf\u00e9', 'a/b', 'STORE_DB', '{}')`,
  `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
     VALUES ('2025-06-01 12:00:00', 'Old', 'caf\u00e9 ', '21.50', 7)`,
];

describe("MariaDB with defaults of its own", () => {
  let server: MariadbServer | null = null;
  before(async () => {
    if (!hasMariadbServer) return;
    server = await makeMariadbServer(SETTINGS);
    await server.start();
  });
  after(() => server?.remove());

  const database = async (t: { after(work: () => Promise<void>): void }, older: readonly string[] = []) => {
    const { location } = await createMariadbDatabase(server?.url as string);
    await withMariadb(location, async (connection) => {
      for (const sql of older) await connection.query(sql);
    });
    const store = new MariadbProjectionStore({ ...mariadbOptions(location), clock: { now: () => 0 } });
    t.after(() => store.stop());
    await store.start();
    const query = (sql: string) =>
      withMariadb(location, (connection) => connection.query<Record<string, unknown>[]>({ sql, dateStrings: true }));
    return { store, query };
  };

  it("refuses what does not fit instead of cutting it, and stores times in UTC", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store, query } = await database(t);
    const good = row({ text: "Grüße 🌡️", valueType: "string", number: null, receivedAt: instant(5) });
    const bad = row({ number: Number.POSITIVE_INFINITY });
    const spaces = row({ attribute: `${"x".repeat(255)} ` });
    const { dead } = await feed(store)({ rows: [good, bad, spaces] });
    assert.deepEqual(new Set(dead.map(({ id }) => id)), new Set([rowId(bad), rowId(spaces)]));
    assert.deepEqual(
      (await readData(store)).map(({ text, receivedAt }) => [text, receivedAt]),
      [["Grüße 🌡️", instant(5)]],
    );
    const [stored] = await query("SELECT received_at FROM data");
    assert.equal(stored?.received_at, "2026-01-01 00:00:00.005000");
  });

  it("tells names apart that differ in a space at the end", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store } = await database(t);
    await feed(store)({ rows: [row({ attribute: "a", text: "1" }), row({ attribute: "a ", text: "2" })] });
    for (const filter of [{ attribute: "a " }, { flow: "FLOW_A", attribute: "a " }]) {
      assert.deepEqual(
        (await readData(store, filter)).map(({ text }) => text),
        ["2"],
      );
    }
  });

  it("splits a batch that is larger than a packet, and lets only the row die that is", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store } = await database(t);
    const rows = Array.from({ length: 3_000 }, (_, index) =>
      row({ valueType: "string", text: `${index}${"🌡️".repeat(200)}`, number: null, receivedAt: instant(index) }),
    );
    const large = row({ valueType: "string", text: "x".repeat(900_000), number: null, receivedAt: instant(-1) });
    const tooLarge = row({ valueType: "string", text: "x".repeat(1_100_000), number: null });
    const apply = feed(store);
    const { dead } = await apply({ rows: [...rows.slice(0, 1_500), tooLarge, ...rows.slice(1_500), large] });
    assert.deepEqual(
      dead.map(({ id }) => id),
      [rowId(tooLarge)],
    );
    const expected = [large, ...rows].map(({ eventId }) => eventId);
    assert.deepEqual(
      (await readData(store)).map(({ eventId }) => eventId),
      expected,
    );
    const again = await apply({ rowCommands: [{ id: rowId(tooLarge), command: "retry" }] });
    assert.match(again.dead[0]?.reason ?? "", /max_allowed_packet/);
    await apply({ rowCommands: [{ id: rowId(tooLarge), command: "discard" }] });
    assert.deepEqual(await readDead(store), []);
  });

  it("makes a row die that collides with somebody else's unique index, and does not swallow it", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store, query } = await database(t);
    await query("CREATE UNIQUE INDEX theirs ON data (flow_code, attribute_name)");
    const rows = [row({ attribute: "a" }), row({ attribute: "a" }), row({ attribute: "b" })];
    const { dead } = await feed(store)({ rows });
    assert.deepEqual(
      dead.map(({ eventId }) => eventId),
      [rows[1]?.eventId],
    );
    assert.equal((await readData(store)).length, 2);
  });

  it("widens adopted tables where a row of ours would not fit, and changes no row of theirs", async (t) => {
    if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
    const { store, query } = await database(t, OLDER);
    const wide = row({
      flow: "old",
      attribute: "日本🌡️",
      valueType: "string",
      text: "🌡️".repeat(40_000),
      number: null,
      messageNumber: 2 ** 40,
      receivedAt: instant(7),
    });
    const flows = ["old", "OLD"].map((code) => ({ code, definition: definition({ code }), enabled: true }));
    const { dead } = await feed(store)({ rows: [wide], flows, lastMessageNumbers: new Map([["old", 2 ** 40]]) });
    assert.deepEqual(dead, []);
    const items = await readData(store);
    assert.deepEqual(
      items.map(({ flow, attribute, text, messageNumber, receivedAt }) => [
        flow,
        attribute,
        text,
        messageNumber,
        receivedAt,
      ]),
      [
        ["Old", "café ", "21.50", 7, "2025-06-01T12:00:00.000Z"],
        ["old", wide.attribute, wide.text, 2 ** 40, instant(7)],
      ],
    );
    assert.equal((await readData(store, { flow: "old" })).length, 1);
    const codes = await query("SELECT code, description FROM flows ORDER BY id");
    assert.deepEqual(
      codes.map(({ code }) => code),
      ["Old", "old", "OLD"],
    );
    assert.equal(codes[0]?.description, "café");
    await feed(store)({}).catch(() => {});
    await store.reset("projection");
    const retired = [{ code: "Old", definition: null, enabled: false }];
    await feed(store)({ flows: retired });
    assert.equal((await readData(store)).length, 1, "a row outlives its flow");
  });
});
