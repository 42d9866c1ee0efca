/**
 * The event store while something is wrong outside, and after it is right again: nothing acknowledged is lost, and it
 * goes on by itself. Each cause is a real one, made and cured from outside of the process that appends:
 *
 * - the lock: another process holds `BEGIN IMMEDIATE` for longer than the busy timeout (works everywhere);
 * - write errors: `prlimit --fsize=<bytes>: --pid <pid>` makes every write beyond that size fail with EFBIG; the soft
 *   limit is lifted again with `--fsize=unlimited:` (Linux);
 * - a full disk: the log on a small tmpfs in a mount namespace of the child, filled up and freed again (Linux, where
 *   `unshare --mount` is allowed);
 * - a file moved away and back, or replaced; a removed write-ahead log.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { SqliteEventStore } from "@sluice/adapter-sqlite";
import { EventStoreUnavailable } from "@sluice/domain";
import { assertSound, ids, many, readEverything, skipped, to } from "../conformance/event-store-support.ts";

const CHILD = join(import.meta.dirname, "event-store-fault-child.ts");

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-event-faults-"));
  path = join(directory, "events.db");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The appending child with what it has said so far. */
class Appender {
  readonly acknowledged: string[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #waiting: { pattern: RegExp; resolve: (line: string) => void }[] = [];

  constructor(command: readonly string[]) {
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#exit = once(this.#child, "exit");
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (line.startsWith("ok ")) this.acknowledged.push(line.slice(3));
      this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
        if (pattern.test(line)) resolve(line);
        return !pattern.test(line);
      });
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The next line that matches. */
  async says(pattern: RegExp): Promise<string> {
    const said = new Promise<string>((resolve) => this.#waiting.push({ pattern, resolve }));
    return Promise.race([said, this.#exit.then(() => assert.fail(`the child ended before it said ${pattern}`))]);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#child.kill(signal);
    await this.#exit;
  }
}

const child = (threads: string, extra: readonly string[] = []): string[] => [
  process.execPath,
  CHILD,
  path,
  threads,
  "100",
  ...extra,
];

const assertKept = async (acknowledged: readonly string[], log = path): Promise<void> => {
  const store = new SqliteEventStore({ path: log, clock: Date, threads: "inline" });
  await store.start();
  const events = await readEverything(store);
  await store.stop();
  assertSound(store, events);
  // Each event was retried under the same id, and the last may have been killed before its acknowledgement.
  assert.deepEqual(ids(events).slice(0, acknowledged.length), acknowledged);
  assert.ok(events.length <= acknowledged.length + 1);
};

const missing = (program: string, args: readonly string[]): string | false => {
  const { error, status, stderr } = spawnSync(program, args);
  if (error) return `${program} is not there: ${error.message}`;
  return status === 0 ? false : `${program} is not allowed here: ${String(stderr).trim()}`;
};

for (const threads of ["workers", "inline"] as const) {
  describe(`sqlite event store, ${threads}`, () => {
    test("a lock held for longer than the busy timeout", async () => {
      const appender = new Appender(child(threads));
      await appender.says(/^ok/);
      const other = new DatabaseSync(path, { timeout: 5_000 });
      other.exec("BEGIN IMMEDIATE");
      assert.match(await appender.says(/^unavailable/), /locked/);
      const stored = appender.acknowledged.length;
      await appender.says(/^unavailable/);
      assert.equal(appender.acknowledged.length, stored);
      other.exec("ROLLBACK");
      other.close();
      await appender.says(/^ok/);
      await appender.kill();
      await assertKept(appender.acknowledged);
    });

    test("write errors", { skip: missing("prlimit", ["--version"]) }, async () => {
      const appender = new Appender(child(threads));
      await appender.says(/^ok/);
      const limit = (size: string) => execFileSync("prlimit", [`--fsize=${size}:`, "--pid", String(appender.pid)]);
      for (let again = 0; again < 2; again++) {
        limit("4096");
        assert.match(await appender.says(/^unavailable/), /disk I\/O error|full/);
        const stored = appender.acknowledged.length;
        await appender.says(/^unavailable/);
        assert.equal(appender.acknowledged.length, stored);
        limit("unlimited");
        await appender.says(/^ok/);
      }
      await appender.kill();
      await assertKept(appender.acknowledged);
    });

    const mount = ["--mount", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"])];
    const tryMount = [...mount, "sh", "-c", `mount -t tmpfs -o size=1m tmpfs ${tmpdir()}`];
    test("a full disk", { skip: missing("unshare", tryMount) }, async () => {
      const script = `mount -t tmpfs -o size=8m tmpfs "${directory}" && exec "$0" "$@"`;
      const appender = new Appender(["unshare", ...mount, "sh", "-c", script, ...child(threads)]);
      await appender.says(/^ok/);
      // The child's own mounts, as seen from here.
      const inside = `/proc/${appender.pid}/root${directory}`;
      const filler = join(inside, "filler");
      for (let again = 0; again < 2; again++) {
        spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k", "count=200"]);
        assert.match(await appender.says(/^unavailable/), /full/);
        const stored = appender.acknowledged.length;
        await appender.says(/^unavailable/);
        assert.equal(appender.acknowledged.length, stored);
        unlinkSync(filler);
        await appender.says(/^ok/);
      }
      // Looked at from within, since the mount goes with the child.
      process.kill(appender.pid, "SIGSTOP");
      execFileSync("cp", ["-r", inside, join(directory, "copy")]);
      await appender.kill();
      await assertKept(appender.acknowledged, join(directory, "copy", "events.db"));
    });

    test("a directory and a file that may not be written to", async () => {
      // Root may write everywhere, so the child becomes somebody else.
      const uid = process.getuid?.() === 0 ? ["65534"] : [];
      const data = join(directory, "data");
      mkdirSync(data);
      chmodSync(directory, 0o755);
      chmodSync(data, 0o555);
      path = join(data, "events.db");
      // Its worker threads load their files as somebody else too, who may not be able to read them.
      const appender = new Appender(child(uid.length > 0 ? "inline" : threads, uid));
      assert.match(await appender.says(/^unavailable/), /unable to open/);
      writeFileSync(path, "");
      chmodSync(path, 0o444);
      assert.match(await appender.says(/^unavailable.*readonly/), /readonly/);
      chmodSync(path, 0o666);
      chmodSync(data, 0o777);
      await appender.says(/^ok/);
      await appender.kill();
      await assertKept(appender.acknowledged);
    });

    test("a database moved away and back", async () => {
      const appender = new Appender(child(threads));
      await appender.says(/^ok/);
      renameSync(path, `${path}.away`);
      assert.match(await appender.says(/^unavailable/), /was removed or replaced/);
      writeFileSync(path, "");
      assert.match(await appender.says(/^unavailable/), /was removed or replaced/);
      renameSync(`${path}.away`, path);
      await appender.says(/^ok/);
      await appender.kill();
      await assertKept(appender.acknowledged);
    });

    test("a removed write-ahead log, until the stop that saves it", async () => {
      const appender = new Appender(child(threads));
      await appender.says(/^ok/);
      unlinkSync(`${path}-wal`);
      assert.match(await appender.says(/^unavailable/), /-wal was removed/);
      const stored = appender.acknowledged.length;
      await appender.says(/^unavailable/);
      assert.equal(appender.acknowledged.length, stored);
      await appender.kill("SIGTERM");
      await assertKept(appender.acknowledged);
    });
  });
}

describe("sqlite event store, a lost thread", () => {
  test("fails what was under way, starts another, and stores a retried batch once", async (t) => {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on("worker", remember);
    t.after(() => process.off("worker", remember));
    const store = new SqliteEventStore({ path, clock: Date });
    await store.start();
    t.after(() => store.stop());
    const [writer, reader] = workers;

    const batches = Array.from({ length: 20 }, () => [
      to(
        "flow-A",
        many(50, () => skipped("A")),
      ),
    ]);
    const appends = batches.map((batch) => store.append(batch));
    void writer?.terminate();
    const outcomes = await Promise.allSettled(appends);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") assert.ok(outcome.reason instanceof EventStoreUnavailable, outcome.reason);
    }
    assert.ok(
      outcomes.some((outcome) => outcome.status === "rejected"),
      "the thread was lost while it was needed",
    );
    for (const batch of batches) await store.append(batch);

    const reading = store.readAll({ limit: 1_000 });
    void reader?.terminate();
    await assert.rejects(reading, EventStoreUnavailable);
    const events = await readEverything(store);
    assert.equal(events.length, 1_000);
    assertSound(store, events);
  });

  test("a subscription reports the loss, and the next one goes on from its cursor", async (t) => {
    const workers: Worker[] = [];
    const remember = (worker: Worker) => workers.push(worker);
    process.on("worker", remember);
    t.after(() => process.off("worker", remember));
    const store = new SqliteEventStore({ path, clock: Date, pollIntervalMs: 5 });
    await store.start();
    t.after(() => store.stop());
    const events = many(100, () => skipped("A"));
    await store.append([to("flow-A", events)]);

    const seen: string[] = [];
    let after: string | undefined;
    const abort = new AbortController();
    const follow = async (): Promise<void> => {
      const options = { signal: abort.signal, pageSize: 10, ...(after === undefined ? {} : { after }) };
      for await (const page of store.subscribe(options)) {
        seen.push(...ids(page.events));
        after = page.position ?? after;
        if (seen.length === 50) void workers[1]?.terminate();
        if (seen.length >= 100) abort.abort();
      }
    };
    await assert.rejects(follow(), EventStoreUnavailable);
    await follow();
    assert.deepEqual(seen, ids(events));
  });
});
