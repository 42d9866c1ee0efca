/** Backup and restore with the commands of docs/backup.md, while messages come in. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import {
  createMariadbDatabase,
  mariadbOptions,
  mariadbUnavailable,
  withMariadb,
} from "../conformance/projection-store-mariadb.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { hasMariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { hasPostgresServer, makePostgresServer, query } from "../support/postgres-server.ts";
import { startReceiver } from "../support/receiver.ts";
import { findProgram, requireService } from "../support/services.ts";
import { assertRestored, defineFlow, FLOW, startTraffic } from "./backup-traffic.ts";
import { documentedCommands, runDocumented } from "./documented-commands.ts";
import { failedStart } from "./failed-start.ts";

const ran = new Set<string>();
const run = (name: string, env: Readonly<Record<string, string>>): Promise<string> => {
  ran.add(name);
  return runDocumented(name, env);
};

const temporary = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-backup-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

const gatewayOf = async (
  t: TestContext,
  dataDir: string,
  env: Record<string, string> = {},
): Promise<GatewayProcess> => {
  const gateway = new GatewayProcess({ dataDir, env });
  t.after(() => gateway.dispose());
  await gateway.start();
  return gateway;
};

const receiverOf = async (t: TestContext) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  return receiver;
};

const rowsOfSqlite = (dataDir: string) => async (): Promise<string[]> => {
  const database = new DatabaseSync(join(dataDir, "projection.db"), { readOnly: true });
  try {
    return database
      .prepare("SELECT event_id FROM data WHERE flow_code = ?")
      .all(FLOW)
      .map((row) => row.event_id as string);
  } finally {
    database.close();
  }
};

describe("backup of the embedded stores", () => {
  it("restores a gateway that was busy, and goes on without a gap", async (t) => {
    const directory = temporary(t);
    const receiver = await receiverOf(t);
    const [dataDir, backup] = [join(directory, "data"), join(directory, "backup")];
    const first = await gatewayOf(t, dataDir);
    await defineFlow(first, receiver);
    const traffic = await startTraffic(first);
    await traffic.more(300);
    const safe = new Set(traffic.acknowledged);
    const env = { DATA_DIR: dataDir, BACKUP: backup };
    await run("prepare", env);
    await run("data-dir", env);
    await traffic.more(200);
    await traffic.stop();
    await first.kill();

    const restored = join(directory, "restored");
    await run("restore-data-dir", { DATA_DIR: restored, BACKUP: backup });
    const second = await gatewayOf(t, restored);
    const before = await assertRestored(second, safe, rowsOfSqlite(restored));
    assert.ok(before.messages.size < traffic.acknowledged.size, "what came after the backup is not in it");
    const later = await startTraffic(second, 1_000_000);
    await later.more(50);
    await later.stop();
    const after = await assertRestored(second, new Set([...safe, ...later.acknowledged]), rowsOfSqlite(restored));
    assert.ok(after.head > before.head);
    const delivered = new Set(receiver.requests.map(({ body }) => JSON.parse(body.toString()).n as number));
    assert.deepEqual(
      [...after.messages].filter((n) => !delivered.has(n)),
      [],
    );
  });

  it("does not go on with a log that is older than what follows it", async (t) => {
    const directory = temporary(t);
    const receiver = await receiverOf(t);
    const [dataDir, backup] = [join(directory, "data"), join(directory, "backup")];
    const first = await gatewayOf(t, dataDir);
    await defineFlow(first, receiver);
    const traffic = await startTraffic(first);
    await traffic.more(100);
    const env = { DATA_DIR: dataDir, BACKUP: backup };
    await runDocumented("prepare", env);
    await runDocumented("data-dir", env);
    await traffic.more(100);
    await traffic.stop();
    await first.define({ code: "LOST", topic: "lost", actions: [{ type: "STORE_DB" }] });
    await first.caughtUp();
    await first.stop();

    /** The old log, and from now what `keep` says. */
    const mixed = (name: string, keep: readonly string[]): string => {
      const mix = join(directory, name);
      cpSync(join(backup, "data"), mix, { recursive: true });
      for (const file of keep.flatMap((name) => [name, `${name}-wal`])) {
        if (existsSync(join(dataDir, file))) cpSync(join(dataDir, file), join(mix, file));
      }
      return mix;
    };
    for (const [what, file] of [
      ["the projection", "projection.db"],
      ["the delivery queue", "deliveries.db"],
    ] as const) {
      const said = failedStart({ DATA_DIR: mixed(file, [file]) });
      assert.match(said, new RegExp(`${what} has taken in a log up to position \\d+, but the log ends at`));
    }
    // Snapshots are a cache: one that does not fit is not used, also not once the log has grown past its position.
    const mix = mixed("snapshots", ["snapshots.db"]);
    const gateway = await gatewayOf(t, mix);
    const old = await assertRestored(gateway, new Set(), rowsOfSqlite(mix));
    const grow = async (first: number): Promise<ReadonlySet<number>> => {
      const more = await startTraffic(gateway, first);
      await more.more(100);
      await more.stop();
      return more.acknowledged;
    };
    const grown = await grow(1_000_000);
    await gateway.kill();
    await gateway.start();
    const { body } = await gateway.api("/api/v1/flows");
    assert.deepEqual(
      body.items.map((flow: { code: string }) => flow.code),
      [FLOW],
      "a flow that the log has nothing of",
    );
    const again = await grow(2_000_000);
    await assertRestored(gateway, new Set([...old.messages, ...grown, ...again]), rowsOfSqlite(mix));
  });

  it("refuses a directory that is there, one that holds nothing, and a damaged file, and leaves no half of a copy", async (t) => {
    const directory = temporary(t);
    const backup = (dataDir: string) => runDocumented("data-dir", { DATA_DIR: dataDir, BACKUP: directory });
    await assert.rejects(backup(join(directory, "missing")), /is not there/);
    await assert.rejects(backup(directory), /holds no database/);
    const damaged = mkdtempSync(join(directory, "damaged-"));
    writeFileSync(join(damaged, "projection.db"), "this is no database, whatever its name says");
    await assert.rejects(backup(damaged), /not a database/);
    assert.ok(!existsSync(join(directory, "data")));
    rmSync(join(damaged, "projection.db"));
    new DatabaseSync(join(damaged, "events.db")).exec("CREATE TABLE t (a)");
    await backup(damaged);
    assert.deepEqual(readdirSync(join(directory, "data")), ["events.db"]);
    await assert.rejects(backup(damaged), /is there already/);
  });
});

describe("backup of the database servers", () => {
  const programs = ["pg_dump", "pg_restore", "psql", "mariadb-dump", "mariadb"];

  const sourceDatabase = async (t: TestContext): Promise<string> => {
    const name = `sluice_test_${randomBytes(8).toString("hex")}`;
    await query(postgresUrl, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
    t.after(() => query(postgresUrl, `DROP DATABASE ${name} WITH (FORCE)`));
    const url = new URL(postgresUrl);
    url.pathname = `/${name}`;
    return url.href;
  };

  /** A database on a server that has never held anything. */
  const newPostgres = async (t: TestContext): Promise<string> => {
    const server = await makePostgresServer();
    t.after(() => server.remove());
    await server.start();
    await query(server.url, "CREATE DATABASE restored");
    return server.url.replace(/\w+$/, "restored");
  };

  const available = async (t: TestContext): Promise<boolean> => {
    const missing = programs.filter((program) => findProgram(program) === null);
    const unavailable = (await postgresUnavailable()) ?? (await mariadbUnavailable());
    if (unavailable !== null) {
      t.skip(unavailable);
      return false;
    }
    const all = missing.length === 0 && hasPostgresServer && hasMariadbServer;
    return requireService(t, missing.join(", ") || "a PostgreSQL or MariaDB server to start", all);
  };

  it("restores log and projection to new servers, every cursor valid", async (t) => {
    if (!(await available(t))) return;
    const directory = temporary(t);
    const receiver = await receiverOf(t);
    const log = await sourceDatabase(t);
    const projection = await createMariadbDatabase();
    t.after(() => projection.remove());
    const [dataDir, backup] = [join(directory, "data"), join(directory, "backup")];
    const first = await gatewayOf(t, dataDir, { EVENT_STORE_URL: log, PROJECTION_URL: projection.location });
    await defineFlow(first, receiver);
    const traffic = await startTraffic(first);
    await traffic.more(300);
    const safe = new Set(traffic.acknowledged);
    const mariadbEnv = (location: string) => {
      const { host, port, user, database } = mariadbOptions(location);
      return { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_NAME: database, BACKUP: backup };
    };
    await run("prepare", { BACKUP: backup });
    await run("data-dir", { DATA_DIR: dataDir, BACKUP: backup });
    await run("mariadb", mariadbEnv(projection.location));
    await traffic.more(100);
    await run("postgres", { POSTGRES_URL: log, BACKUP: backup });
    await traffic.more(100);
    await traffic.stop();
    await first.kill();

    const restored = await newPostgres(t);
    const mariadb = await makeMariadbServer([]);
    t.after(() => mariadb.remove());
    await mariadb.start();
    const newProjection = `${mariadb.url}/restored`;
    const newData = join(directory, "restored");
    await run("restore-postgres", { POSTGRES_URL: restored, BACKUP: backup });
    await run("restore-mariadb", mariadbEnv(newProjection));
    await run("restore-data-dir", { DATA_DIR: newData, BACKUP: backup });

    const rows = () =>
      withMariadb(newProjection, async (connection) =>
        (await connection.query<{ event_id: string }[]>("SELECT event_id FROM data")).map((row) => row.event_id),
      );
    const dumped = (await rows()).length;
    const second = await gatewayOf(t, newData, { EVENT_STORE_URL: restored, PROJECTION_URL: newProjection });
    const before = await assertRestored(second, safe, rows);
    assert.ok((await rows()).length > dumped, "the projector went on from its cursor");
    const later = await startTraffic(second, 1_000_000);
    await later.more(50);
    await later.stop();
    const after = await assertRestored(second, new Set([...safe, ...later.acknowledged]), rows);
    assert.ok(after.head > before.head);
  });

  it("restores log and projection in one PostgreSQL database from one dump", async (t) => {
    if (!(await available(t))) return;
    const directory = temporary(t);
    const receiver = await receiverOf(t);
    const source = await sourceDatabase(t);
    const [dataDir, backup] = [join(directory, "data"), join(directory, "backup")];
    const first = await gatewayOf(t, dataDir, { EVENT_STORE_URL: source, PROJECTION_URL: source });
    await defineFlow(first, receiver);
    const traffic = await startTraffic(first);
    await traffic.more(300);
    const safe = new Set(traffic.acknowledged);
    await run("prepare", { BACKUP: backup });
    await run("data-dir", { DATA_DIR: dataDir, BACKUP: backup });
    await run("postgres", { POSTGRES_URL: source, BACKUP: backup });
    await traffic.more(100);
    await traffic.stop();
    await first.kill();

    const restored = await newPostgres(t);
    const newData = join(directory, "restored");
    await run("restore-postgres", { POSTGRES_URL: restored, BACKUP: backup });
    await run("restore-data-dir", { DATA_DIR: newData, BACKUP: backup });
    const rows = async () =>
      (await query<{ event_id: string }>(restored, "SELECT event_id FROM data")).map((row) => row.event_id);
    const second = await gatewayOf(t, newData, { EVENT_STORE_URL: restored, PROJECTION_URL: restored });
    await assertRestored(second, safe, rows);
    const later = await startTraffic(second, 1_000_000);
    await later.more(50);
    await later.stop();
    await assertRestored(second, new Set([...safe, ...later.acknowledged]), rows);
  });

  it("every command of the page was run", async (t) => {
    if (!(await available(t))) return;
    assert.deepEqual([...ran].sort(), [...documentedCommands].sort());
  });
});
