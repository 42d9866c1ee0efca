/** The audit trail end to end, on each store that the log can be in: queries, stories, time travel and the live tail. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it, type TestContext } from "node:test";
import type { FlowHistoryItem, MessageStory, RecordedEvent } from "@sluice/contracts";
import mqtt from "mqtt";
import { sluice, startSluice } from "../cli/command-line.ts";
import { makeStreamPrefix, startServer } from "../support/eventstore.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

interface Location {
  readonly env: Record<string, string>;
  /** Runs a statement in the database of the rows; absent: they are in SQLite, in the gateway's directory. */
  inRows?(sql: string): Promise<unknown>;
  remove(): Promise<void>;
}

const inSchema = (schema: string): string => `${postgresUrl}?schema=${schema}`;

const stores: readonly { readonly name: string; readonly missing: string | null; make(): Promise<Location> }[] = [
  { name: "SQLite", missing: null, make: async () => ({ env: {}, remove: async () => {} }) },
  {
    name: "PostgreSQL",
    missing: await postgresUnavailable(),
    make: async () => {
      const [log, rows] = [await makeSchema(), await makeSchema()];
      await inPostgres("public", `CREATE SCHEMA ${rows.location}`);
      return {
        env: { EVENT_STORE_URL: inSchema(log.location), PROJECTION_URL: inSchema(rows.location) },
        inRows: (sql) => inPostgres(rows.location, sql),
        remove: async () => {
          await log.remove();
          await rows.remove();
        },
      };
    },
  },
  {
    name: "EventStoreDB",
    missing: null,
    make: async () => {
      const server = await startServer();
      const url = new URL(server.url);
      url.searchParams.set("streamPrefix", makeStreamPrefix());
      return { env: { EVENT_STORE_URL: url.href }, remove: () => server.stop() };
    },
  },
];

const inSqlite = (dataDir: string, sql: string): void => {
  const database = new DatabaseSync(join(dataDir, "projection.db"), { timeout: 5_000 });
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
};

/** `sluice tail --format ndjson`, event by event. */
const startTail = (t: TestContext, args: readonly string[]) => {
  const child = startSluice(["tail", "--format", "ndjson", ...args]);
  t.after(() => child.kill("SIGKILL"));
  child.stdin.end();
  const events: RecordedEvent[] = [];
  let notes = "";
  createInterface(child.stdout).on("line", (line) => events.push(JSON.parse(line)));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    notes += text;
  });
  return { events, notes: () => notes };
};

for (const { name, missing, make } of stores) {
  describe(`audit trail in ${name}`, { skip: missing ?? false }, () => {
    let location: Location;
    let receiver: Receiver;
    let gateway: GatewayProcess;
    let device: mqtt.MqttClient;

    before(async () => {
      location = await make();
      receiver = await startReceiver();
      gateway = new GatewayProcess({ env: location.env });
      await gateway.start();
      device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    });
    after(async () => {
      await device.endAsync(true);
      await gateway.dispose();
      await receiver.stop();
      await location.remove();
    });

    const run = (...args: string[]) => sluice([...args, "--data-dir", gateway.dataDir]);
    const publish = async (topic: string, payload: string): Promise<string> => {
      await device.publishAsync(topic, payload, { qos: 1 });
      const [event] = (await gateway.api("/api/v1/events?type=MessageReceived&order=desc&limit=1")).body.items;
      assert.equal(event.data.payload.data, payload);
      return event.data.messageId;
    };

    it("tells a message's whole story, over the API and on the command line", async () => {
      await gateway.define({
        code: "ROOM",
        topic: "audit/{room}/climate",
        payloadSchema: { t: "float" },
        actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: `${receiver.url}/in` }],
      });
      await gateway.define({ code: "TYPO", topic: "audit/+/climat", actions: [{ type: "STORE_DB" }] });
      await gateway.define({ code: "OFF", topic: "audit/#", actions: [{ type: "STORE_DB" }], enabled: false });
      await eventually(
        async () => (await gateway.api("/health")).body.statistics.active_subscriptions >= 2,
        "subscriptions",
      );
      receiver.mode = 503;
      const id = await publish("audit/hall/climate", '{"t":21.5}');
      const story = async (): Promise<MessageStory> => (await gateway.api(`/api/v1/messages/${id}`)).body;
      const waiting = await eventually(async () => {
        const told = await story();
        return (
          told.pending.some(({ nextAttemptAt }) => nextAttemptAt !== null) && told.flows[0]?.rows.length === 1 && told
        );
      }, "the first attempt fails");
      assert.deepEqual(
        waiting.pending.map(({ flow, action }) => [flow, action]),
        [["ROOM", "POST_ENDPOINT"]],
      );
      receiver.mode = 204;
      const done = await eventually(async () => {
        const told = await story();
        return told.pending.length === 0 && told;
      }, "it is delivered");
      const [room] = done.flows;
      assert.deepEqual([room?.flow, room?.verdict, room?.captures], ["ROOM", "accepted", { room: "hall" }]);
      assert.equal(done.payloadBytes, 10);
      assert.deepEqual([room?.definition?.topic, room?.rows[0]?.text], ["audit/{room}/climate", "21.5"]);
      const steps = room?.deliveries.find(({ type }) => type === "POST_ENDPOINT")?.steps ?? [];
      assert.deepEqual(
        steps.slice(0, 1).map(({ type, status }) => [type, status]),
        [["EndpointForwardFailed", 503]],
      );
      assert.deepEqual([steps.at(-1)?.type, steps.at(-1)?.status], ["EndpointForwarded", 204]);
      assert.deepEqual(
        done.nearMisses.map(({ flow, reason, level }) => [flow, reason, level]),
        [
          ["OFF", "disabled", null],
          ["TYPO", "level", 3],
        ],
      );
      assert.doesNotMatch(JSON.stringify(done.stores), /@/);

      // A row and a request to an endpoint both lead back to it.
      assert.equal((await gateway.all("/api/v1/data?flow=ROOM"))[0].messageId, id);
      assert.ok(receiver.requests[0]?.headers["idempotency-key"]?.includes(id));

      const told = await run("explain", id);
      assert.equal(told.code, 0, told.stderr);
      for (const text of [
        "audit/hall/climate",
        "flow ROOM: accepted",
        "version 1, audit/{room}/climate",
        "room=hall",
        "t = 21.5",
        "answered 503",
        "EndpointForwarded",
        'TYPO (audit/+/climat): level: level 3 is "climate", and the filter wants "climat"',
        "OFF (audit/#): disabled",
        "Nothing is pending.",
      ]) {
        assert.ok(told.stdout.includes(text), `${text}\n${told.stdout}`);
      }
      assert.deepEqual(JSON.parse((await run("explain", "--json", id)).stdout), await story());
      assert.match((await run("explain", crypto.randomUUID())).stderr, /No message has this id/);
    });

    it("explains a row by its id as by its event's", async () => {
      const [row] = await gateway.all("/api/v1/data?flow=ROOM");
      const byRow = await run("explain", "--row", row.id);
      assert.equal(byRow.code, 0, byRow.stderr);
      for (const text of [
        `row ${row.id} of data in `,
        "attribute  t = 21.5 (number)",
        "action     STORE_DB",
        `event      ${row.eventId}, StoredAttribute at position`,
        `message    ${row.messageId}`,
        `  → ${row.id}  t = 21.5`,
        "flow ROOM: accepted",
      ]) {
        assert.ok(byRow.stdout.includes(text), `${text}\n${byRow.stdout}`);
      }
      assert.equal((await run("explain", "--event", row.eventId)).stdout, byRow.stdout);
      const told = JSON.parse((await run("explain", "--json", "--row", row.id)).stdout);
      assert.deepEqual([told.row, told.event.id, told.event.data.attribute], [row, row.eventId, "t"]);
      assert.deepEqual(told.story, (await gateway.api(`/api/v1/messages/${row.messageId}`)).body);

      const received = told.story.events.find(({ type }: RecordedEvent) => type === "MessageReceived");
      const byEvent = await run("explain", "--event", received.id.toUpperCase());
      assert.ok(byEvent.stdout.startsWith(`event ${received.id}\n  event    MessageReceived at`), byEvent.stderr);
      assert.ok(byEvent.stdout.includes(`message ${row.messageId}`));
      const [defined] = await gateway.all("/api/v1/events?type=FlowDefined&flow=ROOM");
      assert.match((await run("explain", "--event", defined.id)).stdout, /FlowDefined .*about no single message/s);

      const sql = `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value)
        VALUES ('2020-01-01 00:00:00', 'ROOM', 't', '19')`;
      await (location.inRows?.(sql) ?? inSqlite(gateway.dataDir, sql));
      const [older] = await gateway.all("/api/v1/data?flow=ROOM&to=2020-12-31");
      assert.deepEqual([older.messageId, older.eventId, older.action], [null, null, null]);
      const byOlder = await run("explain", "--row", older.id);
      assert.equal(byOlder.code, 0, byOlder.stderr);
      assert.match(byOlder.stdout, /attribute {2}t = 19 .*older gateway wrote it.* came of no message/s);
      assert.deepEqual(JSON.parse((await run("explain", "--json", "--row", older.id)).stdout), {
        row: older,
        event: null,
        story: null,
      });
      const nothing = await run("explain", "--row", "987654321987654321");
      assert.deepEqual([nothing.code, nothing.stdout], [1, ""]);
      assert.match(nothing.stderr, /^sluice: No row has this id/);
      assert.match((await run("explain", "--event", crypto.randomUUID())).stderr, /no event was found with the id/);
      assert.equal((await run("explain", "--row", "1", "--event", row.eventId)).code, 2);
      assert.equal((await run("explain")).code, 2);
    });

    it("answers filters alike over the API and on the command line, as table, NDJSON and CSV", async () => {
      await publish("audit/hall/climate", '{"t":"=1+1"}');
      await gateway.caughtUp();
      const expected = await gateway.all("/api/v1/events?flow=ROOM&type=ValidationFailed,MessageReceived");
      const filter = ["--flow", "ROOM", "--type", "ValidationFailed,MessageReceived", "--limit", "all"];
      const lines = (text: string) => text.trimEnd().split("\n");
      const ndjson = lines((await run("events", ...filter, "--format", "ndjson")).stdout);
      assert.deepEqual(
        ndjson.map((line) => JSON.parse(line)),
        expected,
      );
      assert.equal(lines((await run("events", ...filter)).stdout).length, expected.length + 1);
      const csv = await run("events", ...filter, "--format", "csv");
      assert.equal(csv.stdout.split("\r\n").length, expected.length + 2);
      const backwards = await gateway.all("/api/v1/events?flow=ROOM&type=ValidationFailed,MessageReceived&order=desc");
      assert.deepEqual(backwards.toReversed(), expected);
      const from = expected[0].recordedAt;
      const timed = await gateway.all(`/api/v1/events?flow=ROOM&from=${from}&to=${from}`);
      assert.ok(timed.length > 0 && timed.every(({ recordedAt }: RecordedEvent) => recordedAt === from));
    });

    it("shows a flow as it was, who changed it, and rolls it back", async () => {
      const before = (await gateway.api("/api/v1/flows/ROOM")).body;
      const { position } = (await gateway.all("/api/v1/events?order=desc"))[0];
      const changed = { code: "ROOM", topic: "audit/{room}/air", actions: [{ type: "STORE_DB" }] };
      assert.equal((await gateway.api("/api/v1/flows/ROOM", { method: "PUT", body: changed })).status, 200);
      const then = (await gateway.api(`/api/v1/flows/ROOM?at=${encodeURIComponent(position)}`)).body;
      assert.deepEqual(
        [then.topic, then.version, then.counters, then.lastMessageNumber],
        [before.topic, before.version, before.counters, before.lastMessageNumber],
      );
      const unasked = await run("flows", "rollback", "ROOM", "1");
      assert.deepEqual([unasked.code, (await gateway.api("/api/v1/flows/ROOM")).body.version], [2, 2]);
      const back = await run("flows", "rollback", "ROOM", "1", "--yes");
      assert.equal(back.code, 0, back.stderr);
      assert.match(back.stdout, /rolled back ROOM to version 1; it is version 3 now/);
      const after = (await gateway.api("/api/v1/flows/ROOM")).body;
      assert.deepEqual([after.topic, after.actions], [before.topic, before.actions]);
      const history: FlowHistoryItem[] = await gateway.all("/api/v1/flows/ROOM/history");
      assert.deepEqual(
        history.map(({ type, actor, rolledBackTo }) => [type, actor, rolledBackTo]),
        [
          ["FlowDefined", "api:admin", null],
          ["FlowRevised", "api:admin", null],
          ["FlowRevised", "api:admin", 1],
        ],
      );
      const shown = (await run("flows", "history", "ROOM")).stdout;
      assert.match(shown, /version 3 .* FlowRevised by api:admin, back to version 1/);
      assert.match(shown, /^ {2}- \/topic "audit\/\{room\}\/air"$/m);
      assert.equal((await run("flows", "rollback", "ROOM", "99", "--yes")).code, 1);
    });

    it("tails the log through a restart of the gateway, without a gap and without a repeat", async (t) => {
      const head = (await gateway.all("/api/v1/events?order=desc"))[0].position;
      const tail = startTail(t, ["--after", head, "--flow", "ROOM", "--data-dir", gateway.dataDir]);
      await publish("audit/hall/climate", '{"t":1}');
      await gateway.caughtUp();
      await eventually(() => tail.events.length >= 2, `the tail shows it; it said ${tail.notes()}`);
      const { port } = new URL(gateway.adminUrl);
      await device.endAsync(true);
      await gateway.kill();
      await eventually(() => /again in/.test(tail.notes()), "the tail notices");
      const again = new GatewayProcess({ dataDir: gateway.dataDir, env: { ...location.env, ADMIN_PORT: port } });
      await again.start();
      gateway = again;
      device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
      await publish("audit/hall/climate", '{"t":2}');
      await gateway.caughtUp();
      const expected = await gateway.all(`/api/v1/events?flow=ROOM&after=${encodeURIComponent(head)}`);
      await eventually(() => tail.events.length >= expected.length, `all ${expected.length}; it said ${tail.notes()}`);
      assert.deepEqual(tail.events, expected);
      await gateway.stop();
    });
  });
}
