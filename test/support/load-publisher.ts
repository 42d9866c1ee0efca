/**
 * A publisher that is never the bottleneck: QoS 0 or 1, several connections, PUBACKs counted. Either in this process
 * (`runLoad`), in a process of its own (`startLoad`), or by hand, printing one line of JSON:
 *
 * ```
 * node load-publisher.ts --url mqtt://127.0.0.1:1883 --count 100000 --connections 4 --topic sensors/{n}/data --topics 50
 * ```
 */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { LoadConnection } from "./load/connection.ts";
import { Ledger } from "./load/ledger.ts";

export interface LoadOptions {
  /** `mqtt://[user:password@]host:port` */
  readonly url: string;
  /** Messages over all connections; their ids are `firstId` to `firstId + count - 1`. */
  readonly count: number;
  readonly connections?: number;
  readonly qos?: 0 | 1;
  /** Unacknowledged messages a connection. */
  readonly inflight?: number;
  /** `{n}` is the message id modulo `topics`, `{c}` the number of the connection. */
  readonly topic?: string;
  readonly topics?: number;
  /** `{id}` is the message id. */
  readonly payload?: string;
  readonly firstId?: number;
  /** Messages a second over all connections; default: as fast as the broker takes them. */
  readonly rate?: number;
  /** Reconnect when a connection is lost, and send again what was not acknowledged. */
  readonly persist?: boolean;
  /** Stop after so many seconds, whatever has been acknowledged by then. */
  readonly seconds?: number;
  readonly clientId?: string;
}

export interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  /** Ids whose PUBACK came, as inclusive ranges; at QoS 0 those handed to the socket. */
  readonly ranges: readonly (readonly [number, number])[];
  readonly seconds: number;
  readonly reconnects: number;
}

/** Every id of `LoadResult.ranges`. */
export function* acknowledgedIds(result: LoadResult): Generator<number> {
  for (const [first, last] of result.ranges) for (let id = first; id <= last; id++) yield id;
}

/** Publishes in this process. */
export const runLoad = async (options: LoadOptions, signal?: AbortSignal): Promise<LoadResult> => {
  const topic = options.topic ?? "load/{n}";
  const ledger = new Ledger(options.count, options.firstId ?? 1);
  const finished = Promise.withResolvers<void>();
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1_000;
  const { rate = Number.POSITIVE_INFINITY } = options;
  const onChange = () => {
    if (ledger.complete || connections.every((connection) => connection.ended)) finished.resolve();
  };
  const connections = Array.from({ length: options.connections ?? 4 }, (_, c) => {
    const plan = {
      url: new URL(options.url),
      clientId: `${options.clientId ?? `load-${process.pid}`}-${c}`,
      qos: options.qos ?? 1,
      inflight: options.inflight ?? 500,
      topics: Array.from({ length: options.topics ?? 1 }, (_, n) =>
        topic.replaceAll("{n}", `${n}`).replaceAll("{c}", `${c}`),
      ),
      payload: options.payload ?? '{"id":{id},"temperature":21.5,"humidity":48}',
      persist: options.persist ?? false,
      allowance: () => elapsed() * rate - ledger.taken,
      onChange,
    };
    return new LoadConnection(plan, ledger);
  });
  // Neither a rate nor QoS 0 has an answer from the broker that would go on with the work.
  const ticker = setInterval(() => {
    for (const connection of connections) connection.pump();
    onChange();
  }, 5);
  const limit = setTimeout(finished.resolve, (options.seconds ?? 3_600) * 1_000);
  signal?.addEventListener("abort", () => finished.resolve(), { once: true });
  for (const connection of connections) connection.connect();
  await finished.promise;
  const seconds = elapsed();
  clearInterval(ticker);
  clearTimeout(limit);
  await Promise.all(connections.map((connection) => connection.end()));
  const { sent, acknowledged, reconnects } = ledger;
  return { sent, acknowledged, ranges: ledger.ranges(), seconds, reconnects };
};

export interface RunningLoad {
  readonly result: Promise<LoadResult>;
  /** Ends the run early; `result` resolves with what was acknowledged. */
  stop(): void;
}

/** Publishes in a process of its own. */
export const startLoad = (options: LoadOptions): RunningLoad => {
  const { persist, ...rest } = options;
  const args = Object.entries(rest).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const flags = ["--attached", ...(persist ? ["--persist"] : [])];
  const child = spawn(process.execPath, [import.meta.filename, ...args, ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const result = (async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString()) as LoadResult;
  })();
  return { result, stop: () => child.stdin.end() };
};

const main = async (): Promise<void> => {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      url: text,
      count: text,
      connections: text,
      qos: text,
      inflight: text,
      topic: text,
      topics: text,
      payload: text,
      firstId: text,
      rate: text,
      persist: { type: "boolean" },
      seconds: text,
      clientId: text,
      attached: { type: "boolean" },
    },
  });
  const { attached, ...given } = values;
  const numeric = new Set(["count", "connections", "qos", "inflight", "topics", "firstId", "rate", "seconds"]);
  const options = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, numeric.has(name) ? Number(value) : value]),
  );
  const abort = new AbortController();
  // The parent stops the run by ending our standard input, as its death does too.
  if (attached) process.stdin.resume().on("end", () => abort.abort());
  const result = await runLoad(options as unknown as LoadOptions, abort.signal);
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
};

if (import.meta.main) await main();
