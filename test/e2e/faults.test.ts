/** A log that takes no appends, and an endpoint that hangs: each harms only what depends on it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import mqtt from "mqtt";
import { auditFlow } from "../support/audit.ts";
import { assertConservation } from "../support/conservation.ts";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { startReceiver } from "../support/receiver.ts";
import { findProgram, requireService } from "../support/services.ts";

const prlimitAvailable = findProgram("prlimit") !== null;

/** Lets the process write no file beyond this size, as a full disk does; null lifts it. */
const limitFileSize = (pid: number, bytes: number | null): void => {
  const limit = bytes === null ? "unlimited" : `${bytes}`;
  const { status, stderr } = spawnSync("prlimit", [`--pid=${pid}`, `--fsize=${limit}:unlimited`], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
};

describe("faults", () => {
  it("a log that cannot grow acknowledges nothing, says so, and recovers without a restart", async (t) => {
    if (!requireService(t, "prlimit", prlimitAvailable)) return;
    const gateway = new GatewayProcess();
    t.after(() => gateway.dispose());
    await gateway.start();
    await gateway.define({ code: "DISK", topic: "disk/+", actions: [{ type: "STORE_DB" }] });
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4, reconnectPeriod: 100 });
    t.after(() => device.endAsync(true));
    await device.publishAsync("disk/a", '{"id":0}', { qos: 1 });
    await gateway.caughtUp();

    limitFileSize(gateway.pid, 4_096);
    let acknowledged = 0;
    const publishes = Array.from({ length: 200 }, (_, index) =>
      device.publishAsync("disk/a", `{"id":${index + 1}}`, { qos: 1 }).then(() => {
        acknowledged += 1;
      }),
    );
    const health = await eventually(async () => {
      const answer = await gateway.api("/health");
      return answer.status === 503 ? answer.body : undefined;
    }, "health says that the log is not writable");
    assert.equal(health.status, "unhealthy");
    assert.equal(health.log.writable, false);
    assert.ok(health.reasons.some((reason: { code: string }) => reason.code === "log-not-writable"));
    assert.equal((await gateway.api("/health/live")).status, 200);
    assert.equal(acknowledged, 0, "nothing may be acknowledged that is not in the log");
    const refused = await gateway.api("/api/v1/flows", {
      body: { code: "OTHER", topic: "other", actions: [{ type: "STORE_DB" }] },
    });
    assert.equal(refused.status, 503);
    assert.equal(refused.body.code, "log-unavailable");

    limitFileSize(gateway.pid, null);
    await Promise.all(publishes);
    await eventually(async () => (await gateway.api("/health")).status === 200, "healthy again");
    await gateway.caughtUp();
    const audit = auditFlow(gateway.dataDir, "DISK");
    assert.deepEqual(new Set(audit.payloads.map((payload) => JSON.parse(payload).id)).size, 201);
    await assertConservation(gateway);
  });

  it("an endpoint that hangs delays neither storage nor another flow's endpoint", async (t) => {
    const hanging = await startReceiver();
    hanging.mode = "hang";
    const working = await startReceiver();
    const gateway = new GatewayProcess();
    t.after(async () => {
      await gateway.dispose();
      await hanging.stop();
      await working.stop();
    });
    await gateway.start();
    const post = (code: string, url: string) =>
      gateway.define({
        code,
        topic: "both/+",
        actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url, timeoutSeconds: 60 }],
      });
    await post("HANGS", hanging.url);
    await post("WORKS", working.url);
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    t.after(() => device.endAsync(true));
    const count = 300;
    const started = Date.now();
    await Promise.all(
      Array.from({ length: count }, (_, id) => device.publishAsync("both/a", `{"id":${id}}`, { qos: 1 })),
    );
    await eventually(() => working.requests.length === count, "the other endpoint has everything");
    for (const flow of ["HANGS", "WORKS"]) {
      await eventually(
        async () => (await gateway.all(`/api/v1/data?flow=${flow}`)).length === count,
        `rows of ${flow} are stored`,
      );
    }
    assert.ok(Date.now() - started < 15_000, "took as long as the hanging endpoint");
    assert.ok(hanging.requests.length > 0);
    const { body } = await gateway.api("/api/v1/flows/HANGS");
    const endpoint = body.actionCounts.find((counts: { action: string }) => counts.action === "POST_ENDPOINT");
    assert.deepEqual(
      { ...endpoint, action: undefined },
      { action: undefined, accepted: count, done: 0, pending: count, dead: 0, discarded: 0 },
    );
    await assertConservation(gateway);
  });

  it("a refusing endpoint makes dead letters, which can be retried and discarded", async (t) => {
    const receiver = await startReceiver();
    receiver.mode = 422;
    const gateway = new GatewayProcess();
    t.after(async () => {
      await gateway.dispose();
      await receiver.stop();
    });
    await gateway.start();
    await gateway.define({ code: "DEAD", topic: "dead", actions: [{ type: "POST_ENDPOINT", url: receiver.url }] });
    const device = await mqtt.connectAsync(gateway.brokerUrl, { protocolVersion: 4 });
    t.after(() => device.endAsync(true));
    for (const id of [1, 2, 3]) await device.publishAsync("dead", `{"id":${id}}`, { qos: 1 });
    const letters = await eventually(async () => {
      const found = await gateway.all("/api/v1/dead-letters?flow=DEAD");
      return found.length === 3 ? found : undefined;
    }, "three dead letters");
    assert.match(letters[0].reason, /422/);
    await assertConservation(gateway);

    receiver.mode = 200;
    const [first, second] = letters;
    const retried = await gateway.api("/api/v1/dead-letters/retry", { body: { ids: [first.id, second.id] } });
    assert.deepEqual([retried.status, retried.body.count], [200, 2]);
    const discarded = await eventually(async () => {
      const left = await gateway.all("/api/v1/dead-letters?flow=DEAD");
      return left.length === 1
        ? gateway.api("/api/v1/dead-letters/discard", { body: { filter: { flow: "DEAD" } } })
        : undefined;
    }, "one dead letter is left");
    assert.equal(discarded.body.count, 1);
    const settled = await eventually(async () => {
      const [counts] = (await gateway.api("/api/v1/flows/DEAD")).body.actionCounts;
      return counts.done === 2 && counts.discarded === 1 ? counts : undefined;
    }, "two done, one discarded");
    assert.deepEqual([settled.accepted, settled.pending, settled.dead], [3, 0, 0]);
    const keys = receiver.requests.map((request) => request.headers["idempotency-key"]);
    assert.equal(new Set(keys).size, 3, "an attempt has the key of its delivery");
    assert.equal(keys.length, 5);
    await assertConservation(gateway);
  });
});
