/**
 * The gateway's end of a sink's thread: starts it, tells it of changed flows, asks it how far it is, starts it again
 * when it dies. A sink has a thread of its own so that its work never takes time from ingest.
 */

import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Configuration } from "@sluice/contracts";
import type { Logger } from "pino";
import type { FromSink, SinkFlow, SinkReport, SinkRole, SinkThreadData, ToSink } from "./sink-protocol.ts";

export interface SinkThreadOptions {
  readonly role: SinkRole;
  readonly configuration: Configuration;
  /** All flows as they are now, or those with these codes. */
  readonly flows: (codes?: readonly string[]) => readonly SinkFlow[];
  readonly log: Logger;
}

/** What a sink says of itself, or why it says nothing. */
export type SinkAnswer = { readonly report: SinkReport } | { readonly error: string };

const ENTRY = new URL("./sink-worker.ts", import.meta.url);
const ANSWER_MS = 2_000;
const STOP_MS = 10_000;
const RESTART_MS = { first: 200, most: 5_000 };

export class SinkThread {
  readonly role: SinkRole;
  readonly #options: SinkThreadOptions;
  #worker: Worker | null = null;
  #stopping = false;
  #exited: Promise<void> = Promise.resolve();
  #lastError: string | null = null;
  #restartIn = RESTART_MS.first;
  #requests = 0;
  readonly #pending = new Map<number, (answer: SinkAnswer) => void>();

  constructor(options: SinkThreadOptions) {
    this.role = options.role;
    this.#options = options;
  }

  start(): void {
    const data: SinkThreadData = {
      role: this.role,
      configuration: this.#options.configuration,
      flows: this.#options.flows(),
    };
    const worker = new Worker(ENTRY, { workerData: data, name: this.role });
    this.#worker = worker;
    worker.on("message", (message: FromSink) => this.#take(message));
    worker.on("error", (error: Error) => {
      this.#lastError = error.message;
      this.#options.log.error({ sink: this.role, err: error }, "sink thread died");
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exited = promise;
    worker.on("exit", () => {
      this.#worker = null;
      for (const answer of this.#pending.values()) answer({ error: this.#lastError ?? "the sink's thread has ended" });
      this.#pending.clear();
      resolve();
      if (!this.#stopping) void this.#restart();
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#send({ kind: "stop" });
    // Whatever it is in the middle of, it can be killed: that is what its cursor is for.
    const timer = setTimeout(() => void this.#worker?.terminate(), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  flowsChanged(codes: readonly string[]): void {
    this.#send({ kind: "flows", flows: this.#options.flows(codes) });
  }

  /** As of now; an error when the thread is down or does not answer within 2 s. */
  async report(): Promise<SinkAnswer> {
    if (this.#worker === null) return { error: this.#lastError ?? "the sink's thread is not running" };
    const request = ++this.#requests;
    const { promise, resolve } = Promise.withResolvers<SinkAnswer>();
    this.#pending.set(request, resolve);
    const timer = setTimeout(() => resolve({ error: "the sink does not answer" }), ANSWER_MS);
    this.#send({ kind: "report", request });
    const answer = await promise;
    clearTimeout(timer);
    this.#pending.delete(request);
    return answer;
  }

  #send(message: ToSink): void {
    this.#worker?.postMessage(message);
  }

  #take(message: FromSink): void {
    switch (message.kind) {
      case "ready":
        this.#lastError = null;
        this.#restartIn = RESTART_MS.first;
        break;
      case "report":
        this.#pending.get(message.request)?.({ report: message.report });
        break;
      case "report-failed":
        this.#pending.get(message.request)?.({ error: message.reason });
        break;
      case "log":
        this.#relay(message.line);
        break;
    }
  }

  #relay(line: string): void {
    const { level, msg, time: _time, pid: _pid, hostname: _hostname, ...rest } = JSON.parse(line);
    const { log } = this.#options;
    const name = log.levels.labels[level as number] as "info" | undefined;
    log[name ?? "info"](rest, msg);
  }

  async #restart(): Promise<void> {
    await delay(this.#restartIn);
    this.#restartIn = Math.min(this.#restartIn * 2, RESTART_MS.most);
    if (!this.#stopping) this.start();
  }
}
