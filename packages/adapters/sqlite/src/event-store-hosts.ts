/** Where an event log can run: in the calling thread, or in a worker thread that is replaced when it dies. */
import { Worker } from "node:worker_threads";
import { EventStoreUnavailable } from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { EventLog } from "./event-log.ts";
import {
  type Answer,
  type CallName,
  type Calls,
  type EventLogHost,
  fromPlainError,
  type Message,
  perform,
  type Request,
} from "./event-store-protocol.ts";
import type { WorkerData } from "./event-store-worker.ts";

export class InlineHost implements EventLogHost {
  readonly #log: EventLog;

  constructor(options: DatabaseOptions) {
    this.#log = new EventLog(options);
  }

  async call<K extends CallName>(name: K, argument: Calls[K]["argument"]): Promise<Calls[K]["answer"]> {
    return perform(this.#log, { name, argument } as Request) as Calls[K]["answer"];
  }

  async close(): Promise<void> {
    this.#log.stop();
  }
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class WorkerHost implements EventLogHost {
  readonly #options: DatabaseOptions;
  #fileIdentity: string | null = null;
  #worker: Worker | null = null;
  #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  async call<K extends CallName>(name: K, argument: Calls[K]["argument"]): Promise<Calls[K]["answer"]> {
    const worker = this.#running();
    const id = ++this.#lastId;
    worker.postMessage({ id, name, argument } as Message);
    // Alive for as long as someone waits for an answer, and no longer.
    if (this.#pending.size === 0) worker.ref();
    const answer = await new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    if (name === "start") this.#fileIdentity = answer as string;
    return answer as Calls[K]["answer"];
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage({ name: "close" } satisfies Message);
    await ended;
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const workerData: WorkerData = { options: this.#options, fileIdentity: this.#fileIdentity };
    const worker = new Worker(new URL("./event-store-worker.ts", import.meta.url), { workerData, name: "event-store" });
    const pending = new Map<number, Pending>();
    let reason = "it ended";
    worker.on("message", (answers: readonly Answer[]) => {
      for (const answer of answers) {
        const waiting = pending.get(answer.id);
        pending.delete(answer.id);
        if ("error" in answer) waiting?.reject(fromPlainError(answer.error));
        else waiting?.resolve(answer.value);
      }
      if (pending.size === 0) worker.unref();
    });
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      // The next call starts another. What was under way may have been committed or not; trying it again tells.
      if (this.#worker === worker) this.#worker = null;
      for (const { reject } of pending.values()) {
        reject(new EventStoreUnavailable(`the event store's thread was lost: ${reason}`));
      }
    });
    this.#pending = pending;
    this.#worker = worker;
    return worker;
  }
}
