/**
 * A gateway as its users run it: a process of its own, configured by environment, spoken to over HTTP and MQTT.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const MAIN = join(import.meta.dirname, "../../packages/app/src/main.ts");

export interface GatewayOptions {
  /** Kept across restarts when given; else made, and removed by `dispose`. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ApiResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Between two looks: a tenth of the time waited so far, so that waiting takes no time from what is waited for. */
const PAUSE_MS = { least: 10, most: 250, part: 10 };

/** Waits until `probe` gives something that is not undefined or false. @throws after `timeoutMs`, with the last error */
export const eventually = async <T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  timeoutMs = 20_000,
): Promise<T> => {
  const begin = Date.now();
  const end = begin + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const result = await probe();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
    const waited = Date.now() - begin;
    await delay(Math.min(Math.max(waited / PAUSE_MS.part, PAUSE_MS.least), PAUSE_MS.most));
  }
};

export class GatewayProcess {
  readonly dataDir: string;
  readonly #env: Record<string, string>;
  readonly #ownsData: boolean;
  #child: ChildProcess | null = null;
  #output = "";
  #token = "";
  adminUrl = "";
  brokerUrl = "";

  constructor(options: GatewayOptions = {}) {
    this.#ownsData = options.dataDir === undefined;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "sluice-e2e-"));
    this.#env = {
      DATA_DIR: this.dataDir,
      ADMIN_PORT: "0",
      EMBEDDED_BROKER_PORT: "0",
      LOG_LEVEL: "warn",
      // Tests ask more often than people do.
      ADMIN_RATE_LIMIT: "0",
      ...options.env,
    };
  }

  get pid(): number {
    return this.#child?.pid as number;
  }

  /** What the process has printed so far. */
  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const { PATH = "", HOME = "", NODE_COMPILE_CACHE } = process.env;
    const child = spawn(process.execPath, [MAIN, "start"], {
      env: { PATH, HOME, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }), ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-100_000);
      });
    }
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${this.#output}`);
      const info = JSON.parse(readFileSync(join(this.dataDir, "gateway.json"), "utf8"));
      if (info.pid !== child.pid) return undefined;
      this.adminUrl = info.adminUrl;
      this.brokerUrl = info.brokerUrl;
      return true;
    }, `gateway starts; it said: ${this.#output}`);
    this.#token = this.#env.ADMIN_TOKEN ?? readFileSync(join(this.dataDir, "admin-token"), "utf8").trim();
  }

  /** @returns the exit code, or the signal's name */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? 0;
    const exited = once(child, "exit");
    child.kill(signal);
    const [code, name] = await exited;
    return code ?? name;
  }

  kill(): Promise<number | string> {
    return this.stop("SIGKILL");
  }

  async dispose(): Promise<void> {
    await this.kill();
    if (this.#ownsData) rmSync(this.dataDir, { recursive: true, force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  async api<T = any>(path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) {
    const response = await fetch(`${this.adminUrl}${path}`, {
      method: init.method ?? (init.body === undefined ? "GET" : "POST"),
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
        ...init.headers,
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.includes("json") ?? false;
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  /** Creates a flow, and fails loudly if that fails. */
  async define(definition: Record<string, unknown>): Promise<void> {
    const { status, body } = await this.api("/api/v1/flows", { body: definition });
    if (status !== 201) throw new Error(`flow not created: ${status} ${JSON.stringify(body)}`);
  }

  /** Every item of a paged resource. */
  // biome-ignore lint/suspicious/noExplicitAny: see api()
  async all<T = any>(path: string): Promise<T[]> {
    const items: T[] = [];
    let after: string | null = null;
    do {
      const url: string = `${path}${path.includes("?") ? "&" : "?"}limit=1000${after === null ? "" : `&after=${encodeURIComponent(after)}`}`;
      const answer: ApiResponse<{ items: T[]; next: string | null }> = await this.api(url);
      const { status, body } = answer;
      if (status !== 200) throw new Error(`${url}: ${status} ${JSON.stringify(body)}`);
      items.push(...body.items);
      after = body.next;
    } while (after !== null);
    return items;
  }

  /** Waits until every sink has taken in all of the log and no delivery is pending. */
  caughtUp(timeoutMs = 30_000): Promise<true> {
    return eventually(
      async () => {
        const { body } = await this.api("/health");
        const idle = (sink: { lagEvents: number | null; pending: number }) =>
          sink.lagEvents === 0 && sink.pending === 0;
        return body.log.unacknowledged === 0 && body.sinks.every(idle) ? (true as const) : false;
      },
      "all sinks catch up",
      timeoutMs,
    );
  }

  /** A metric's samples by their label text. */
  async metric(name: string): Promise<Map<string, number>> {
    const { body } = await this.api<string>("/metrics");
    const samples = new Map<string, number>();
    for (const line of body.split("\n")) {
      const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (match?.[1] === name) samples.set(match[2] ?? "", Number(match[3]));
    }
    return samples;
  }
}
