/**
 * A re-drive and a backfill whose gateway is killed half-way come to the same as undisturbed ones, on SQLite, on
 * PostgreSQL and on EventStoreDB; and a what-if does nothing.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import type { DataItem, Replay, ReplayInput } from "@sluice/contracts";
import mqtt from "mqtt";
import { assertConservation } from "../support/conservation.ts";
import { makeStreamPrefix, startServer } from "../support/eventstore.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { requireService } from "../support/services.ts";

const MESSAGES = 150;
/** Every third has its temperature as text. */
const payloadOf = (index: number): string => `{"t":${index % 3 === 0 ? `"${index}.0"` : `${index}.0`}}`;
const REJECTED = MESSAGES / 3;
const PATIENCE_MS = 60_000;

const rooms = (type: unknown, url: string) => ({
  code: "ROOMS",
  topic: "rooms/{room}/climate",
  payloadSchema: { type: "object", properties: { t: { type } }, required: ["t"] },
  actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: `${url}/rooms` }],
});
const late = { code: "LATE", topic: "rooms/+/climate", actions: [{ type: "STORE_DB" }] };

interface Place {
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

const makePlace = async (): Promise<Place> => {
  const { location, remove } = await makeSchema();
  const url = new URL(postgresUrl);
  url.searchParams.set("schema", location);
  return { env: { EVENT_STORE_URL: url.href, PROJECTION_URL: url.href }, remove };
};

/** The log there, the projection in SQLite. */
const inEventStoreDb = async (): Promise<Place> => {
  const server = await startServer();
  const url = new URL(server.url);
  url.searchParams.set("streamPrefix", makeStreamPrefix());
  return { env: { EVENT_STORE_URL: url.href }, remove: () => server.stop() };
};

const backEnds = [
  {
    name: "SQLite",
    unavailable: async () => null,
    make: async (): Promise<Place> => ({ env: {}, remove: async () => {} }),
  },
  { name: "PostgreSQL", unavailable: postgresUnavailable, make: makePlace },
  { name: "EventStoreDB", unavailable: async () => null, make: inEventStoreDb },
];

/** Only what a message has of itself: its ids are made anew in each run. */
const digestOf = (rows: readonly DataItem[]): string => {
  const lines = rows.map(({ flow, messageNumber, attribute, text }) =>
    JSON.stringify([flow, messageNumber, attribute, text]),
  );
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
};

interface Outcome {
  readonly rows: number;
  readonly digest: string;
  readonly posted: readonly string[];
  readonly figures: readonly unknown[];
  readonly counters: readonly unknown[];
}

const request = async (gateway: GatewayProcess, body: ReplayInput): Promise<string> => {
  const answer = await gateway.api<Replay>("/api/v1/replays", { body });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return answer.body.id;
};

const replayOf = async (gateway: GatewayProcess, id: string): Promise<Replay> =>
  (await gateway.api<Replay>(`/api/v1/replays/${id}`)).body;

const ended = (gateway: GatewayProcess, id: string): Promise<Replay> =>
  eventually(
    async () => {
      const replay = await replayOf(gateway, id);
      return replay.endedAt !== null && replay;
    },
    "the replay ends",
    PATIENCE_MS,
  );

/** Does one, and kills the gateway when it is half done. */
const run = async (gateway: GatewayProcess, body: ReplayInput, kill: boolean): Promise<Replay> => {
  let killedAt = 0;
  const id = await request(gateway, kill ? { ...body, messagesPerSecond: 40 } : body);
  if (kill) {
    await eventually(async () => (await replayOf(gateway, id)).figures.accepted >= 10, "it is under way");
    await gateway.kill();
    killedAt = Date.now();
    await gateway.start();
  }
  const replay = await ended(gateway, id);
  assert.ok(Date.parse(replay.endedAt ?? "") >= killedAt, "it was killed before its end");
  assert.equal(replay.state, "completed", replay.reason ?? "");
  return replay;
};

const scenario = async (
  t: TestContext,
  { name, make }: (typeof backEnds)[number],
  { kill }: { readonly kill: boolean },
): Promise<Outcome> => {
  const place = await make();
  const receiver: Receiver = await startReceiver();
  const gateway = new GatewayProcess({ env: place.env });
  t.after(async () => {
    await gateway.dispose();
    await receiver.stop();
    await place.remove();
  });
  await gateway.start();
  await gateway.define(rooms("number", receiver.url));
  const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
  const publish = (_: unknown, index: number) => device.publishAsync("rooms/a/climate", payloadOf(index), { qos: 1 });
  await Promise.all(Array.from({ length: MESSAGES }, publish));
  await device.endAsync();
  await gateway.caughtUp(PATIENCE_MS);

  const mended = rooms(["number", "string"], receiver.url);
  const before = await gateway.all("/api/v1/data");
  const whatIf = await run(gateway, { kind: "what-if", flow: "ROOMS", definition: mended }, false);
  assert.deepEqual(
    [whatIf.whatIf?.before.rejected, whatIf.whatIf?.after.rejected, whatIf.whatIf?.newlyAcceptedCount],
    [REJECTED, 0, REJECTED],
    name,
  );
  await gateway.caughtUp(PATIENCE_MS);
  assert.deepEqual(await gateway.all("/api/v1/data"), before, "a what-if stores nothing");
  assert.equal(receiver.requests.length, MESSAGES - REJECTED, "a what-if sends nothing");

  const put = await gateway.api("/api/v1/flows/ROOMS", { method: "PUT", body: mended, headers: { "if-match": "*" } });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  const reDriven = await run(gateway, { kind: "re-drive", flow: "ROOMS" }, kill);
  await gateway.define(late);
  const filled = await run(gateway, { kind: "backfill", flow: "LATE" }, kill);
  await gateway.caughtUp(PATIENCE_MS);
  await assertConservation(gateway);
  const rows = await gateway.all<DataItem>("/api/v1/data");
  const { body: flows } = await gateway.api("/api/v1/flows");
  return {
    rows: rows.length,
    digest: digestOf(rows),
    // A delivery whose answer was not recorded when the gateway died is made again, with the same key.
    posted: [...new Set(receiver.requests.map(({ headers }) => headers["idempotency-key"]))].map(() => "").sort(),
    figures: [reDriven.figures, filled.figures],
    counters: flows.items.map(({ code, counters, lastMessageNumber }: Record<string, unknown>) => [
      ...[code, counters, lastMessageNumber],
    ]),
  };
};

for (const backEnd of backEnds) {
  describe(`replays on ${backEnd.name}`, () => {
    it("come to the same whether the gateway is killed half-way or not", async (t) => {
      if (!requireService(t, backEnd.name, (await backEnd.unavailable()) === null)) return;
      const [undisturbed, killed] = await Promise.all([
        scenario(t, backEnd, { kill: false }),
        scenario(t, backEnd, { kill: true }),
      ]);
      assert.deepEqual(killed, undisturbed);
      assert.equal(undisturbed.rows, 2 * MESSAGES);
      assert.equal(undisturbed.posted.length, MESSAGES);
    });
  });
}
