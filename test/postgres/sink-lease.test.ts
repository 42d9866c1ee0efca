/** The lease of a sink: one holder at a time, and another when it is gone. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { PostgresSinkLease } from "@sluice/adapter-postgres";
import type { Hold } from "@sluice/domain";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";

const reason = await postgresUnavailable();

describe("the lease of a sink in PostgreSQL", { skip: reason ?? false }, () => {
  const stopping: AbortController[] = [];
  const holds: Hold[] = [];

  afterEach(async () => {
    for (const controller of stopping.splice(0)) controller.abort();
    for (const hold of holds.splice(0)) await hold.release();
  });

  /** What a gateway that wants the sink's work gets, and when. */
  const contend = (schema: string, name = "projection") => {
    const controller = new AbortController();
    stopping.push(controller);
    const lease = new PostgresSinkLease({ url: postgresUrl, schema });
    const held = lease.hold(name, controller.signal).then((hold) => {
      if (hold) holds.push(hold);
      return hold;
    });
    return { held, controller };
  };

  const within = <T>(promise: Promise<T>, ms: number): Promise<T | "late"> =>
    Promise.race([promise, new Promise<"late">((resolve) => setTimeout(resolve, ms, "late"))]);

  it("is held by one at a time, for each sink and each log on its own", async () => {
    const { location: schema } = await makeSchema();
    const { location: elsewhere } = await makeSchema();
    const first = await contend(schema).held;
    assert.ok(first);
    const second = contend(schema);
    assert.equal(await within(second.held, 100), "late");
    assert.ok(await contend(schema, "forwarder").held);
    assert.ok(await contend(elsewhere).held);
    await first.release();
    await first.lost;
    assert.ok(await second.held);
  });

  it("is lost with the connection, and goes to another", async () => {
    const { location: schema } = await makeSchema();
    const first = await contend(schema).held;
    assert.ok(first);
    const second = contend(schema);
    await inPostgres(
      "public",
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'sluice ${schema}' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)`,
    );
    await first.lost;
    assert.ok(await second.held);
  });

  it("is given up waiting for at the signal", async () => {
    const { location: schema } = await makeSchema();
    assert.ok(await contend(schema).held);
    const second = contend(schema);
    second.controller.abort();
    assert.equal(await second.held, null);
  });

  it("waits for a server that cannot be reached", async () => {
    const controller = new AbortController();
    const lease = new PostgresSinkLease({ url: "postgres://postgres@127.0.0.1:1/postgres", connectTimeoutMs: 100 });
    const held = lease.hold("projection", controller.signal);
    assert.equal(await within(held, 150), "late");
    controller.abort();
    assert.equal(await held, null);
  });
});
