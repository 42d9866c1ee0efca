/** A PostgreSQL server of the test's own, on its own port and data directory, which can be stopped, killed and started. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./ports.ts";
import { findProgram } from "./services.ts";

const newest = (paths: readonly string[]): string | undefined =>
  [...paths].sort((a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)))[0];

const initdb = findProgram("initdb") ?? newest(globSync("/usr/lib/postgresql/*/bin/initdb")) ?? null;

export const hasPostgresServer = initdb !== null;

/** PostgreSQL does not run as root: then it is the user that its package makes. */
const owner = ((): { uid: number; gid: number } | null => {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim(),
  );
  return { uid: Number(uid), gid: Number(gid) };
})();

export interface PostgresServer {
  /** Of its database `postgres`, for the user postgres without a password. */
  readonly url: string;
  /** On the data of before; resolves when it answers. */
  start(): Promise<void>;
  /** Ends every connection and shuts down in good order. */
  stop(): Promise<void>;
  /** As a crash: what is not on disk is gone. */
  kill(): Promise<void>;
  /** Kills the server and takes its data away. */
  remove(): Promise<void>;
}

const START_MS = 20_000;

/** Rows of one statement, on a connection of its own. */
export const query = async <T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Not started yet. @param settings `name=value` of postgresql.conf */
export const makePostgresServer = async (settings: readonly string[] = []): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  if (owner !== null) chownSync(directory, owner.uid, owner.gid);
  chmodSync(directory, 0o700);
  const data = join(directory, "data");
  const made = spawnSync(
    initdb as string,
    ["--pgdata", data, "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"],
    { cwd: directory, encoding: "utf8", ...owner },
  );
  if (made.status !== 0) {
    rmSync(directory, { recursive: true, force: true });
    throw new Error(`initdb ends with ${made.status}: ${made.stderr}`);
  }
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | null = null;

  const signal = async (name: NodeJS.Signals): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const exit = once(running, "exit");
    running.kill(name);
    await exit;
  };
  const start = async (): Promise<void> => {
    const options = settings.flatMap((setting) => ["-c", setting]);
    const running = spawn(
      join(dirname(initdb as string), "postgres"),
      ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", directory, ...options],
      { cwd: directory, stdio: ["ignore", "ignore", "pipe"], ...owner },
    );
    let output = "";
    running.stderr?.setEncoding("utf8").on("data", (part: string) => {
      output = (output + part).slice(-4_000);
    });
    child = running;
    for (const deadline = performance.now() + START_MS; ; await delay(20)) {
      try {
        await query(url, "SELECT 1");
        return;
      } catch (error) {
        if (running.exitCode !== null || performance.now() > deadline) {
          throw new Error(`PostgreSQL does not start: ${output}`, { cause: error });
        }
      }
    }
  };
  const kill = () => signal("SIGQUIT");
  // Should the test's process end without a word.
  const abandon = (): void => {
    child?.kill("SIGQUIT");
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  return {
    url,
    start,
    stop: () => signal("SIGINT"),
    kill,
    remove: async () => {
      await kill();
      process.off("exit", abandon);
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
