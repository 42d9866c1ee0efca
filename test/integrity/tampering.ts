/** Logs written by a gateway, and the same attacks on them in SQLite's file and in PostgreSQL's tables, in plain SQL. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Configuration } from "@sluice/contracts";
import { loadConfiguration } from "../../packages/app/src/config/load.ts";
import { readSealKey } from "../../packages/app/src/integrity/seal-key.ts";
import { parseGiven } from "../../packages/app/src/integrity/verify/check-checkpoints.ts";
import { type VerifyReport, verifyLog } from "../../packages/app/src/integrity/verify/verify-log.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { inPostgres, makeSchema, postgresUrl } from "../support/postgres.ts";
import { defineFlow, publish, sealed } from "./support.ts";

/** Messages of three events each, so that there are five tiles. */
export const MESSAGES = 400;

export interface SealedLog extends AsyncDisposable {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Events of the log. */
  readonly size: number;
  /** The signed note of a checkpoint over everything. */
  readonly checkpoint: string;
  /** As an attacker who knows the database. Statements end with `;`. */
  attack(sql: string): Promise<void>;
  /** The first column of the first row. */
  ask(sql: string): Promise<string>;
  /** As it was before all attacks. */
  restore(): Promise<void>;
  verify(options?: { from?: string; to?: string; checkpoints?: readonly string[] }): Promise<VerifyReport>;
}

const SIZE = "SELECT sum(count) FROM records";

const written = async (env: Record<string, string>, dataDir: string) => {
  const gateway = new GatewayProcess({ dataDir, env });
  try {
    await gateway.start();
    await defineFlow(gateway);
    await publish(gateway, MESSAGES);
    await sealed(gateway);
    const { body } = await gateway.api("/api/v1/checkpoints", { method: "POST" });
    return { checkpoint: body.note as string };
  } finally {
    await gateway.stop();
    await gateway.kill();
  }
};

export const configurationOf = (env: Readonly<Record<string, string>>): Configuration => {
  const loaded = loadConfiguration({ env, flags: {}, readFile: () => "", cwd: tmpdir() });
  if (!loaded.ok) throw new Error(loaded.errors.join("; "));
  return loaded.configuration;
};

const verifier =
  (env: Readonly<Record<string, string>>, dataDir: string, keyFile: string): SealedLog["verify"] =>
  ({ checkpoints = [], ...range } = {}) => {
    const key = readSealKey(keyFile);
    return verifyLog({
      configuration: configurationOf({ ...env, DATA_DIR: dataDir }),
      ...range,
      checkpoints: checkpoints.map((note, index) => parseGiven({ source: `given ${index}`, note })),
      keyOf: (origin) => key.verifierKey(origin),
    });
  };

export const sqliteLog = async (): Promise<SealedLog> => {
  const root = mkdtempSync(join(tmpdir(), "sluice-tamper-"));
  const [dataDir, before] = [join(root, "data"), join(root, "before")];
  const log = await written({}, dataDir);
  cpSync(dataDir, before, { recursive: true });
  const opened = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(join(dataDir, "events.db"));
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const ask = async (sql: string) => String(opened((database) => Object.values(database.prepare(sql).get() ?? {})[0]));
  return {
    ...log,
    size: Number(await ask(SIZE)),
    dataDir,
    env: {},
    attack: async (sql) => opened((database) => database.exec(sql)),
    ask,
    restore: async () => {
      rmSync(dataDir, { recursive: true, force: true });
      cpSync(before, dataDir, { recursive: true });
    },
    verify: verifier({}, dataDir, join(before, "seal-key.pem")),
    [Symbol.asyncDispose]: async () => rmSync(root, { recursive: true, force: true }),
  };
};

export const postgresLog = async (): Promise<SealedLog> => {
  const root = mkdtempSync(join(tmpdir(), "sluice-tamper-"));
  const [dataDir, before] = [join(root, "data"), join(root, "before")];
  const { location: schema, remove } = await makeSchema();
  const url = new URL(postgresUrl);
  url.searchParams.set("schema", schema);
  const env = { EVENT_STORE_URL: url.href };
  const log = await written(env, dataDir);
  cpSync(dataDir, before, { recursive: true });
  await inPostgres(schema, "CREATE TABLE kept_records AS TABLE records; CREATE TABLE kept_streams AS TABLE streams");
  const ask = async (sql: string) => String(Object.values((await inPostgres(schema, sql))[0] ?? {})[0]);
  return {
    ...log,
    size: Number(await ask(SIZE)),
    dataDir,
    env,
    attack: async (sql) => {
      await inPostgres(schema, sql);
    },
    ask,
    restore: async () => {
      await inPostgres(
        schema,
        `TRUNCATE records, streams; INSERT INTO streams OVERRIDING SYSTEM VALUE TABLE kept_streams;
         INSERT INTO records TABLE kept_records`,
      );
      rmSync(dataDir, { recursive: true, force: true });
      cpSync(before, dataDir, { recursive: true });
    },
    verify: verifier(env, dataDir, join(before, "seal-key.pem")),
    [Symbol.asyncDispose]: async () => {
      await remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
};
