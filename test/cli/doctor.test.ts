/** `sluice doctor` where something is wrong. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { hasPostgresServer, makePostgresServer } from "../support/postgres-server.ts";
import { requireService } from "../support/services.ts";
import { sluice, temporaryDirectory } from "./command-line.ts";

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly hint?: string;
}

const examine = async (dataDir: string, env: Readonly<Record<string, string>> = {}) => {
  const { code, stdout } = await sluice(["doctor", "--json"], { env: { DATA_DIR: dataDir, ADMIN_PORT: "0", ...env } });
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: readonly Finding[] };
  const of = (check: string, status: string): Finding => {
    const found = findings.find((finding) => finding.check === check && finding.status === status);
    assert.ok(found !== undefined, `${check} ${status}: ${stdout}`);
    assert.equal(found.hint !== undefined, status !== "ok");
    return found;
  };
  return { code, ok, of };
};

describe("sluice doctor", { concurrency: 3 }, () => {
  it("finds nothing wrong before the first start", async () => {
    using directory = temporaryDirectory();
    const { code, ok, of } = await examine(join(directory.path, "not/yet"));
    assert.deepEqual([code, ok], [0, true]);
    assert.match(of("DATA_DIR", "ok").message, /not made yet/);
    assert.match(of("event log", "ok").message, /the first start makes it/);
  });

  it("fails on a log that is no database", async () => {
    using directory = temporaryDirectory();
    writeFileSync(join(directory.path, "events.db"), "not a database".repeat(500));
    const { code, ok, of } = await examine(directory.path);
    assert.deepEqual([code, ok], [1, false]);
    assert.match(of("event log", "fail").message, /file is not a database/);
  });

  it("warns of a clock that is behind the log", async () => {
    using directory = temporaryDirectory();
    const database = new DatabaseSync(join(directory.path, "events.db"));
    const future = new Date(Date.now() + 3_600_000).toISOString();
    database.exec(`CREATE VIEW event_log AS SELECT 7 AS position, 7 AS record_position, '${future}' AS recorded_at`);
    database.close();
    const { code, of } = await examine(directory.path);
    assert.equal(code, 0);
    assert.match(of("clock", "warn").message, /number 7, of .*, which is 3[3-6]\d\d s in the future/);
  });

  it("fails on a broker that cannot be reached, and shows no password", async () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.path, "data"));
    const { code, of } = await examine(join(directory.path, "data"), { MQTT_URL: "mqtt://me:swordfish@127.0.0.1:4" });
    assert.equal(code, 1);
    assert.match(of("broker address", "fail").message, /^127\.0\.0\.1:4 cannot be reached/);
  });

  it("names every wrong setting", async () => {
    using directory = temporaryDirectory();
    const { code, of } = await examine(directory.path, { MQTT_KEEPALIVE: "x" });
    assert.equal(code, 1);
    assert.match(of("settings", "fail").message, /^MQTT_KEEPALIVE: got "x"/);
  });

  it("logs in to stores on servers, warns of settings that lose data, and shows no password", async (t) => {
    if (!requireService(t, "PostgreSQL's programs", hasPostgresServer)) return;
    using directory = temporaryDirectory();
    const server = await makePostgresServer(["fsync=off"]);
    t.after(() => server.remove());
    await server.start();
    const env = { EVENT_STORE_URL: server.url, PROJECTION_URL: "mariadb://me:swordfish@127.0.0.1:4/x" };
    const { code, of } = await examine(directory.path, env);
    assert.equal(code, 1);
    assert.match(of("event log", "ok").message, /^PostgreSQL \d+/);
    assert.match(of("event log", "warn").message, /fsync is off/);
    const failed = of("projection", "fail");
    assert.match(failed.message, /ECONNREFUSED/);
    assert.doesNotMatch(failed.message, /swordfish/);
  });
});
