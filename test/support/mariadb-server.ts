/** A MariaDB server of the test's own, whose settings are not ours and which can be killed. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { withMariadb } from "../conformance/projection-store-mariadb.ts";
import { findProgram } from "./services.ts";

export interface MariadbServer {
  /** `mariadb://user@host:port` */
  readonly url: string;
  /** On the data of before. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Kills the server and takes its data away. */
  remove(): Promise<void>;
}

const START_MS = 20_000;
const AS_ROOT = process.getuid?.() === 0 ? ["--user=root"] : [];
const server = findProgram("mariadbd");
const installer = findProgram("mariadb-install-db");

export const hasMariadbServer = server !== null && installer !== null;

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
};

/** Not started yet. */
export const makeMariadbServer = async (settings: readonly string[]): Promise<MariadbServer> => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-mariadb-"));
  const data = join(directory, "data");
  const { status, stderr } = spawnSync(
    installer as string,
    ["--no-defaults", ...AS_ROOT, `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"],
    // Two that install at the same time would take each other's temporary tables.
    { encoding: "utf8", env: { ...process.env, TMPDIR: directory } },
  );
  if (status !== 0) {
    await rm(directory, { recursive: true, force: true });
    throw new Error(`no database directory: ${stderr}`);
  }
  const port = await freePort();
  const url = `mariadb://root@127.0.0.1:${port}`;
  let stop = async (): Promise<void> => {};

  const start = async (): Promise<void> => {
    const child = spawn(
      server as string,
      [
        "--no-defaults",
        ...AS_ROOT,
        `--datadir=${data}`,
        `--tmpdir=${directory}`,
        `--port=${port}`,
        "--bind-address=127.0.0.1",
        `--socket=${join(directory, "socket")}`,
        `--pid-file=${join(directory, "pid")}`,
        "--innodb-buffer-pool-size=32M",
        ...settings,
      ],
      { stdio: "ignore" },
    );
    const exit = once(child, "exit");
    stop = async () => {
      child.kill("SIGKILL");
      await exit;
    };
    for (const deadline = performance.now() + START_MS; ; await pause(20)) {
      try {
        return await withMariadb(url, (connection) => connection.ping());
      } catch (error) {
        if (child.exitCode !== null || performance.now() > deadline) throw error;
      }
    }
  };
  const remove = async (): Promise<void> => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { url, start, kill: () => stop(), remove };
};
