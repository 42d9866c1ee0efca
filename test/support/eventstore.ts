/**
 * The EventStoreDB servers that tests use: one made of the client's own stubs, in a process of its own, and a real one
 * where ESDB_URL names it. A real one is not required even with SLUICE_REQUIRE_SERVICES=1: no package repository that
 * CI installs from has it.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import db from "@eventstore/db-client";

/** Connection string of a real server. */
export const realServerUrl = process.env.ESDB_URL;

const MAIN = join(import.meta.dirname, "../eventstore/server/main.ts");

interface RunningServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A test server of its own; its connection string. */
export const startServer = async ({ holdsUp = true } = {}): Promise<RunningServer> => {
  const child = spawn(process.execPath, [MAIN], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, "line"), ended]);
  if (typeof first[0] !== "string") throw new Error(`the test server ended with ${first[0]}`);
  if (!holdsUp) {
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as Socket).unref();
  }
  return {
    url: first[0],
    pid: child.pid as number,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
};

let shared: Promise<string> | null = null;

/** Connection string of a test server that lives as long as this process, which it does not hold up. */
export const sharedServerUrl = (): Promise<string> => {
  shared ??= startServer({ holdsUp: false }).then((server) => server.url);
  return shared;
};

/** Deletes the streams with the prefix from a server that stays. */
export const deleteStreams = async (url: string, prefix: string): Promise<void> => {
  const client = db.EventStoreDBClient.connectionString(url);
  try {
    const names = new Set<string>();
    const events = client.readAll({ direction: "backwards" });
    for await (const { event } of events) if (event?.streamId.startsWith(prefix)) names.add(event.streamId);
    for (const name of names) await client.deleteStream(name);
  } finally {
    await client.dispose();
  }
};

/** Of streams that nobody else uses. */
export const makeStreamPrefix = (): string => `sluice_test_${randomBytes(8).toString("hex")}.`;
