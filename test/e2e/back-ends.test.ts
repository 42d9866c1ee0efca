/** The promise where the stores are servers, which stop and come back while devices go on publishing. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createMariadbDatabase } from "../conformance/projection-store-mariadb.ts";
import { auditLog } from "../support/audit.ts";
import {
  assertNothingLost,
  assertProjected,
  auditPostgresLog,
  mariadbRows,
  postgresRows,
} from "../support/back-end-audit.ts";
import { assertConservation } from "../support/conservation.ts";
import { deleteStreams, makeStreamPrefix, realServerUrl, startServer } from "../support/eventstore.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { acknowledgedIds, startLoad } from "../support/load-publisher.ts";
import { hasMariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { hasPostgresServer, makePostgresServer, query } from "../support/postgres-server.ts";
import { requireService } from "../support/services.ts";

const STOPS = 5;
/** Goes on until it is stopped. */
const ENDLESS = { count: 1_000_000, connections: 2, rate: 300, persist: true };
const FLOW = { code: "LOAD", topic: "load/+", actions: [{ type: "STORE_DB" }] };

interface Health {
  readonly status: string;
  readonly reasons: readonly { readonly code: string }[];
  readonly spool: { readonly active: boolean } | null;
}

const healthOf = async (gateway: GatewayProcess): Promise<Health> => (await gateway.api<Health>("/health")).body;

const isHealthy = async (gateway: GatewayProcess) => (await healthOf(gateway)).status === "healthy";

const subscribed = (gateway: GatewayProcess) =>
  eventually(async () => (await gateway.api("/health")).body.brokers[0].subscriptions === 1, "subscription");

/** Different messages in the log: one that was not acknowledged in time comes twice. */
const recorded = async (url: string): Promise<number> => {
  const [row] = await query<{ n: string }>(
    url,
    `SELECT count(DISTINCT data -> 'payload' ->> 'data') AS n FROM sluice.event_log
     WHERE flow = 'LOAD' AND type = 'MessageReceived'`,
  );
  return Number(row?.n);
};

const startBroker = async (t: TestContext) => {
  const broker = await startMosquitto({ persistence: true });
  t.after(() => broker.stop());
  return broker;
};

const startPostgres = async (t: TestContext) => {
  const server = await makePostgresServer();
  t.after(() => server.remove());
  await server.start();
  return server;
};

const startGateway = async (t: TestContext, env: Record<string, string>) => {
  const gateway = new GatewayProcess({ env });
  t.after(() => gateway.dispose());
  await gateway.start();
  return gateway;
};

describe("PostgreSQL as event store and projection", () => {
  it("is stopped and started five times under load, and the gateway killed in between", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    if (!requireService(t, "PostgreSQL's programs", hasPostgresServer)) return;
    const broker = await startBroker(t);
    const postgres = await startPostgres(t);
    const gateway = await startGateway(t, {
      MQTT_URL: broker.url,
      EVENT_STORE_URL: postgres.url,
      PROJECTION_URL: postgres.url,
    });
    await gateway.define(FLOW);
    await subscribed(gateway);

    const load = startLoad({ ...ENDLESS, url: broker.url });
    t.after(() => load.stop());
    for (let stop = 0; stop < STOPS; stop++) {
      await delay(300 + Math.random() * 300);
      await (stop % 2 === 0 ? postgres.stop() : postgres.kill());
      await eventually(async () => {
        const { status, spool, reasons } = await healthOf(gateway);
        assert.notEqual(status, "healthy", JSON.stringify(reasons));
        return spool?.active === true;
      }, "messages go to the spool");
      // Twice the gateway dies while it has nothing but its spool, else when the log is there again.
      if (stop % 2 === 1) {
        await gateway.kill();
        await gateway.start();
        assert.equal((await healthOf(gateway)).status, "degraded");
      }
      await delay(300);
      await postgres.start();
      if (stop % 2 === 0) {
        await delay(200 + Math.random() * 300);
        await gateway.kill();
        await gateway.start();
      }
      await eventually(async () => (await healthOf(gateway)).spool?.active === false, "the spool drains");
    }
    load.stop();
    const result = await load.result;
    await eventually(async () => (await recorded(postgres.url)) >= result.acknowledged, "everything arrives");
    await gateway.caughtUp();
    await eventually(() => isHealthy(gateway), "healthy again");
    const log = await auditPostgresLog(postgres.url, "LOAD");
    assertNothingLost(log.payloads, acknowledgedIds(result));
    assertProjected(await postgresRows(postgres.url, "LOAD"), log);
    await assertConservation(gateway);
  });

  it("is shared by two gateways with one shared subscription, of which one is killed under load", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    if (!requireService(t, "PostgreSQL's programs", hasPostgresServer)) return;
    const broker = await startBroker(t);
    const postgres = await startPostgres(t);
    const env = { MQTT_URL: broker.url, EVENT_STORE_URL: postgres.url, PROJECTION_URL: postgres.url };
    const one = await startGateway(t, { ...env, MQTT_CLIENT_ID: "one" });
    const two = await startGateway(t, { ...env, MQTT_CLIENT_ID: "two" });
    await one.define({ ...FLOW, topic: "$share/gateways/load/+" });
    await subscribed(one);
    await subscribed(two);

    const load = startLoad({ ...ENDLESS, url: broker.url });
    t.after(() => load.stop());
    const appended = async (gateway: GatewayProcess) =>
      (await gateway.metric("sluice_events_appended_total")).get("") as number;
    await eventually(async () => (await appended(one)) > 1_000 && (await appended(two)) > 1_000, "both take part");
    await two.kill();
    await delay(1_000);
    await two.start();
    await delay(1_000);
    load.stop();
    const result = await load.result;
    await eventually(async () => (await recorded(postgres.url)) >= result.acknowledged, "everything arrives");
    for (const gateway of [one, two]) {
      await gateway.caughtUp();
      await eventually(() => isHealthy(gateway), "healthy");
    }
    const log = await auditPostgresLog(postgres.url, "LOAD");
    assertNothingLost(log.payloads, acknowledgedIds(result));
    assertProjected(await postgresRows(postgres.url, "LOAD"), log);
    for (const gateway of [one, two]) await assertConservation(gateway);
  });

  it("serves every consumer while transactions sit idle, in this database and in another", async (t) => {
    if (!requireService(t, "PostgreSQL's programs", hasPostgresServer)) return;
    const postgres = await startPostgres(t);
    await query(postgres.url, "CREATE DATABASE other");
    const { Client } = await import("pg");
    for (const database of ["postgres", "other"]) {
      const client = new Client({ connectionString: postgres.url.replace(/\w+$/, database) });
      client.on("error", () => undefined);
      await client.connect();
      await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
      await client.query("CREATE TABLE idle (a int)");
      await client.query("SELECT pg_current_xact_id(), pg_export_snapshot()");
      t.after(() => client.end());
    }
    const gateway = await startGateway(t, { EVENT_STORE_URL: postgres.url, PROJECTION_URL: postgres.url });
    await gateway.define(FLOW);
    const count = 2_000;
    const result = await startLoad({ url: gateway.brokerUrl, count, connections: 2 }).result;
    assert.equal(result.acknowledged, count);
    await gateway.caughtUp();
    const log = await auditPostgresLog(postgres.url, "LOAD");
    assert.equal(log.payloads.length, count);
    assertProjected(await postgresRows(postgres.url, "LOAD"), log);
  });
});

describe("EventStoreDB as event store", () => {
  it("has every message of a gateway that is killed under load, with a flow that shares its messages with another", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    const broker = await startBroker(t);
    const server = realServerUrl === undefined ? await startServer() : null;
    if (server !== null) t.after(() => server.stop());
    const url = new URL(server?.url ?? (realServerUrl as string));
    const prefix = makeStreamPrefix();
    url.searchParams.set("streamPrefix", prefix);
    if (server === null) t.after(() => deleteStreams(realServerUrl as string, prefix));
    const gateway = await startGateway(t, { MQTT_URL: broker.url, EVENT_STORE_URL: url.href });
    await gateway.define(FLOW);
    await gateway.define({ ...FLOW, code: "ALSO", topic: "load/#" });
    await eventually(async () => (await gateway.api("/health")).body.brokers[0].subscriptions === 2, "subscriptions");
    const load = startLoad({ ...ENDLESS, url: broker.url });
    t.after(() => load.stop());
    for (let kill = 0; kill < 3; kill++) {
      await delay(500 + Math.random() * 500);
      await gateway.kill();
      await gateway.start();
    }
    await delay(500);
    load.stop();
    const result = await load.result;
    for (const code of ["LOAD", "ALSO"]) {
      const received = async () => (await gateway.metric("sluice_flow_received_total")).get(`flow="${code}"`) ?? 0;
      await eventually(async () => (await received()) >= result.acknowledged, "everything arrives");
    }
    await gateway.caughtUp();
    for (const code of ["LOAD", "ALSO"]) {
      const messages = await gateway.all(`/api/v1/events?flow=${code}&type=MessageReceived`);
      messages.forEach(({ data }, index) => {
        assert.equal(data.messageNumber, index + 1);
      });
      assertNothingLost(
        messages.map(({ data }) => data.payload.data),
        acknowledgedIds(result),
      );
      const attributes = await gateway.all(`/api/v1/events?flow=${code}&type=StoredAttribute`);
      const rows = await gateway.all(`/api/v1/data?flow=${code}`);
      assert.deepEqual(rows.map(({ eventId }) => eventId).sort(), attributes.map(({ id }) => id).sort());
    }
    await assertConservation(gateway);
  });
});

describe("MariaDB as projection", () => {
  it("is stopped and started five times under load, and the gateway killed in between", async (t) => {
    if (!requireService(t, "mosquitto", mosquittoProgram)) return;
    if (!requireService(t, "MariaDB's programs", hasMariadbServer)) return;
    const broker = await startBroker(t);
    const mariadb = await makeMariadbServer([]);
    t.after(() => mariadb.remove());
    await mariadb.start();
    const { location } = await createMariadbDatabase(mariadb.url);
    const gateway = await startGateway(t, { MQTT_URL: broker.url, PROJECTION_URL: location });
    await gateway.define(FLOW);
    await subscribed(gateway);

    const load = startLoad({ ...ENDLESS, url: broker.url });
    t.after(() => load.stop());
    for (let stop = 0; stop < STOPS; stop++) {
      await delay(300 + Math.random() * 300);
      await mariadb.kill();
      await eventually(async () => {
        const { status, reasons } = await healthOf(gateway);
        assert.equal(status, "degraded", JSON.stringify(reasons));
        return reasons.some(({ code }) => code === "sink-failing");
      }, "the projection's trouble shows");
      if (stop % 2 === 1) {
        await gateway.kill();
        await gateway.start();
        assert.equal((await healthOf(gateway)).status, "degraded");
      }
      await mariadb.start();
      if (stop % 2 === 0) {
        await delay(200 + Math.random() * 300);
        await gateway.kill();
        await gateway.start();
      }
    }
    load.stop();
    const result = await load.result;
    const received = async () => (await gateway.metric("sluice_flow_received_total")).get('flow="LOAD"') ?? 0;
    await eventually(async () => (await received()) >= result.acknowledged, "everything arrives");
    await gateway.caughtUp();
    await eventually(() => isHealthy(gateway), "healthy again");
    const log = auditLog(gateway.dataDir, "LOAD");
    assertNothingLost(log.payloads, acknowledgedIds(result));
    assertProjected(await mariadbRows(location, "LOAD"), log);
    await assertConservation(gateway);
  });
});
