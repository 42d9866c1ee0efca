/** A PostgreSQL server of the test's own: new, empty, on its own port and data directory. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { eventually } from "../support/gateway-process.ts";
import { findProgram } from "../support/services.ts";

const newest = (paths: readonly string[]): string | undefined =>
  [...paths].sort((a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)))[0];

const initdb = findProgram("initdb") ?? newest(globSync("/usr/lib/postgresql/*/bin/initdb")) ?? null;

/** PostgreSQL does not run as root: then it is the user that its package makes. */
const owner = ((): { uid: number; gid: number } | null => {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim(),
  );
  return { uid: Number(uid), gid: Number(gid) };
})();

export const hasPostgresServer = initdb !== null;

export interface PostgresServer {
  readonly url: string;
  stop(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
};

/** With a database of that name, for the user postgres without a password. */
export const startPostgresServer = async (database: string): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  if (owner !== null) chownSync(directory, owner.uid, owner.gid);
  chmodSync(directory, 0o700);
  const data = join(directory, "data");
  const as = owner ?? {};
  const made = spawnSync(
    initdb as string,
    ["--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"],
    { cwd: directory, encoding: "utf8", ...as },
  );
  if (made.status !== 0) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`initdb ends with ${made.status}: ${made.stderr}`);
  }
  const port = await freePort();
  const child: ChildProcess = spawn(
    join(dirname(initdb as string), "postgres"),
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", directory],
    { cwd: directory, stdio: ["ignore", "ignore", "pipe"], ...as },
  );
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    output = (output + part).slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill("SIGINT");
      await exit;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const base = `postgres://postgres@127.0.0.1:${port}`;
  try {
    await eventually(
      () => inDatabase(`${base}/postgres`, `CREATE DATABASE ${database}`).then(() => true),
      "PostgreSQL",
    );
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL does not start: ${output}`, { cause: error });
  }
  return { url: `${base}/${database}`, stop };
};

// biome-ignore lint/suspicious/noExplicitAny: rows of many shapes
export const inDatabase = async <T = any>(url: string, sql: string): Promise<readonly T[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
};
