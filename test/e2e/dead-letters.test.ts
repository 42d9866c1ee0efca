/**
 * Dead letters that are edited survive what a gateway does not: it is killed between the edit and the delivery, the queue
 * of deliveries is lost, the projection is made anew from the log. On SQLite and on PostgreSQL.
 */
import assert from "node:assert/strict";
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { DataItem, DeadLetter, DeadLetterDetail, MessageStory, RecordedEvent, Replay } from "@sluice/contracts";
import mqtt from "mqtt";
import { assertConservation } from "../support/conservation.ts";
import { makeStreamPrefix, startServer } from "../support/eventstore.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { requireService } from "../support/services.ts";

const LONG = "x".repeat(300);

interface Place {
  readonly env: Record<string, string>;
  /** Makes the place where a projection is made anew. @returns the environment that leads there */
  renew(dataDir: string): Promise<Record<string, string>>;
  remove(): Promise<void>;
}

/** @param env where the log is, if it is not in SQLite too */
const sqlite = async (env: Record<string, string> = {}): Promise<Place> => ({
  env,
  renew: async (dataDir) => {
    for (const file of globSync("projection.db*", { cwd: dataDir })) rmSync(join(dataDir, file));
    return env;
  },
  remove: async () => {},
});

const backEnds: readonly { name: string; unavailable(): Promise<string | null>; make(): Promise<Place> }[] = [
  {
    name: "SQLite",
    unavailable: async () => null,
    make: () => sqlite(),
  },
  {
    name: "PostgreSQL",
    unavailable: postgresUnavailable,
    make: async () => {
      const [first, second] = [await makeSchema(), await makeSchema()];
      const url = (schema: string) => `${postgresUrl}?schema=${schema}`;
      const env = { EVENT_STORE_URL: url(first.location), PROJECTION_URL: url(first.location) };
      return {
        env,
        renew: async () => ({ ...env, PROJECTION_URL: url(second.location) }),
        remove: async () => {
          await first.remove();
          await second.remove();
          await inPostgres("public", `DROP SCHEMA IF EXISTS ${first.location}_rebuild CASCADE`);
        },
      };
    },
  },
  {
    name: "EventStoreDB",
    unavailable: async () => null,
    make: async () => {
      const server = await startServer();
      const url = new URL(server.url);
      url.searchParams.set("streamPrefix", makeStreamPrefix());
      return { ...(await sqlite({ EVENT_STORE_URL: url.href })), remove: () => server.stop() };
    },
  },
];

const address = ({ id }: Pick<DeadLetter, "id">): string => `/api/v1/dead-letters/${encodeURIComponent(id)}`;
const withoutId = ({ id: _, ...item }: DataItem): Omit<DataItem, "id"> => item;

for (const { name, unavailable, make } of backEnds) {
  describe(`edited dead letters on ${name}`, () => {
    it("are posted and stored as edited, whatever is killed or lost in between", async (t) => {
      if (!requireService(t, name, (await unavailable()) === null)) return;
      const place = await make();
      const receiver = await startReceiver();
      let gateway = new GatewayProcess({ env: place.env });
      const { dataDir } = gateway;
      const first = gateway;
      t.after(async () => {
        await gateway.dispose();
        await first.dispose();
        await receiver.stop();
        await place.remove();
      });
      receiver.mode = 422;
      await gateway.start();
      const post = { type: "POST_ENDPOINT", url: `${receiver.url}/in?token=secret` };
      await gateway.define({ code: "ORDERS", topic: "orders", actions: [{ type: "STORE_DB" }, post] });
      const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
      for (const payload of ['{"n":1}', '{"n":2}', '{"n":3}', `{"n":4,"${LONG}":1.50}`]) {
        await device.publishAsync("orders", payload, { qos: 1 });
      }
      await device.endAsync();
      const letters = await eventually(async () => {
        const found = await gateway.all<DeadLetter>("/api/v1/dead-letters");
        return found.length === 5 && found;
      }, "four deliveries and a row are dead");
      const { body: causes } = await gateway.api("/api/v1/dead-letters/causes");
      assert.deepEqual(
        causes.items.map(({ cause, count }: { cause: string; count: number }) => [cause.slice(0, 12), count]),
        [
          ["answered 422", 4],
          ["the attribut", 1],
        ],
      );
      const row = letters.find(({ kind }) => kind === "row") as DeadLetter;
      const deliveries = letters.filter(({ kind }) => kind === "delivery");
      const [one, two, three] = deliveries.toSorted((a, b) => a.messageNumber - b.messageNumber) as [
        DeadLetter,
        DeadLetter,
        DeadLetter,
      ];
      const edit = async (letter: DeadLetter, change: unknown) => {
        const answer = await gateway.api(`${address(letter)}/retry`, { body: { edit: change } });
        assert.deepEqual([answer.status, answer.body], [200, { count: 1 }]);
      };
      const bodies = () => receiver.requests.slice(4).map(({ body }) => body.toString());

      // Killed while the edited body is on its way, and at once after the next two edits.
      receiver.mode = "hang";
      await edit(one, { payload: "edited 1" });
      await eventually(() => bodies().includes("edited 1"), "the first attempt with the edit");
      await edit(two, { payload: "edited 2" });
      await edit(row, { attribute: "amount", value: 2.5 });
      await gateway.kill();
      assert.ok(!bodies().includes('{"n":1}'));

      // The queue is made anew from the log.
      for (const file of globSync("deliveries.db*", { cwd: dataDir })) rmSync(join(dataDir, file));
      receiver.mode = 422;
      await gateway.start();
      const dead = await eventually(async () => {
        const found = await gateway.all<DeadLetter>("/api/v1/dead-letters?kind=delivery");
        const again = found.filter(({ id, deadAt }) => (id === one.id && deadAt !== one.deadAt) || id === two.id);
        return again.length === 2 && found.length === 4 && again;
      }, "the edited ones are dead again");
      assert.deepEqual(dead.map(({ id }) => id).sort(), [one.id, two.id].sort());
      const { body: detail } = await gateway.api<DeadLetterDetail>(address(one));
      assert.deepEqual(
        [detail.message?.payload.data, detail.delivery?.payload?.data, detail.edits.map(({ actor }) => actor)],
        ['{"n":1}', "edited 1", ["api:admin"]],
      );

      // A retry without an edit keeps it; killed before the delivery once more.
      receiver.mode = "hang";
      const retried = await gateway.api("/api/v1/dead-letters/retry", { body: { ids: [one.id, two.id, three.id] } });
      assert.deepEqual(retried.body, { count: 3 });
      await gateway.kill();
      receiver.requests.length = 4;
      receiver.mode = 204;
      await gateway.start();
      await eventually(() => new Set(bodies()).size === 3, "all three are posted");
      await gateway.caughtUp();
      assert.deepEqual(new Set(bodies()), new Set(["edited 1", "edited 2", '{"n":3}']));
      const edits = await gateway.all<RecordedEvent<"DeliveryRetried">>("/api/v1/events?type=DeliveryRetried");
      const keys = new Map(
        receiver.requests.slice(4).map(({ body, headers }) => [`${body}`, headers["idempotency-key"]]),
      );
      const [editOfOne, editOfTwo, editOfRow] = edits as [RecordedEvent, RecordedEvent, RecordedEvent];
      assert.equal(keys.get("edited 1"), `"${one.id}#${editOfOne.id}"`);
      assert.equal(keys.get("edited 2"), `"${two.id}#${editOfTwo.id}"`);
      assert.equal(keys.get('{"n":3}'), `"${three.id}"`);

      const [stored] = await gateway.all<DataItem>("/api/v1/data?attribute=amount");
      assert.deepEqual([stored?.text, stored?.valueType, stored?.eventId], ["2.5", "number", editOfRow.id]);
      const { body: story } = await gateway.api<MessageStory>(`/api/v1/messages/${row.messageId}`);
      const steps = story.flows[0]?.deliveries.flatMap((delivery) => delivery.steps) ?? [];
      assert.deepEqual(
        steps.filter((step) => step.edit !== null).map((step) => [step.edit, step.actor]),
        [["amount = 2.5", "api:admin"]],
      );
      await assertConservation(gateway);

      // What the log gives is what there is.
      const compare = { kind: "rebuild", compareOnly: true };
      const { id } = (await gateway.api<Replay>("/api/v1/replays", { body: compare })).body;
      const compared = await eventually(async () => {
        const { body } = await gateway.api<Replay>(`/api/v1/replays/${id}`);
        return body.endedAt !== null && body;
      }, "the rebuild ends");
      assert.equal(compared.state, "completed", compared.reason ?? "");
      const { missing, surplus, changed, countsDifferent } = compared.rebuild?.comparison ?? {};
      assert.deepEqual([missing, surplus, changed, countsDifferent], [0, 0, 0, 0]);

      // The projection is made anew.
      const rows = await gateway.all<DataItem>("/api/v1/data");
      assert.equal(rows.length, 5);
      await gateway.stop();
      gateway = new GatewayProcess({ dataDir, env: await place.renew(dataDir) });
      await gateway.start();
      await gateway.caughtUp();
      assert.deepEqual((await gateway.all<DataItem>("/api/v1/data")).map(withoutId), rows.map(withoutId));
      assert.equal((await gateway.all("/api/v1/dead-letters")).length, 1);
      await assertConservation(gateway);
    });
  });
}
