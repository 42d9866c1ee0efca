/**
 * Opens the event log and rebuilds the flows from it; also when the log is on a server that cannot be reached yet. Then
 * the gateway starts with the flows of its last snapshot, so that it knows what to subscribe to, and what comes in goes
 * to the spool until the log is there.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type EventStore, EventStoreUnavailable } from "@sluice/domain";
import type { Logger } from "pino";
import type { FlowRegistry, LoadResult } from "../flows/flow-registry.ts";
import type { IngestPipeline } from "./ingest-pipeline.ts";

export interface LogOpenerDependencies {
  readonly store: EventStore;
  readonly registry: FlowRegistry;
  readonly pipeline: IngestPipeline;
  /** There is a spool to take what comes in meanwhile. */
  readonly canWait: boolean;
  readonly log: Logger;
}

const RETRY_MS = 1_000;
/** Without a snapshot there is nothing to take in: so long a server may take to come up beside the gateway. */
const PATIENCE_MS = 30_000;

export class LogOpener {
  readonly #deps: LogOpenerDependencies;
  readonly #stopping = new AbortController();
  #waiting: Promise<void> = Promise.resolve();
  #open = false;

  constructor(dependencies: LogOpenerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Resolves when the gateway may go on, with the log or without it.
   * @param onOpen called once the flows are those of the log
   * @throws what the store says when it cannot be opened, and there is no way to go on without it
   */
  async start(onOpen: () => void): Promise<void> {
    const { registry, pipeline, canWait, log } = this.#deps;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        await this.#load();
        onOpen();
        return;
      } catch (error) {
        if (!canWait || !(error instanceof EventStoreUnavailable)) throw error;
        const flows = await registry.loadSnapshot();
        if (flows > 0) {
          log.error({ err: error, flows }, "the event log cannot be reached; messages go to the spool");
          pipeline.holdLog(error.message);
          break;
        }
        if (performance.now() > deadline) throw error;
        log.warn({ err: error }, "the event log cannot be reached; trying again");
      }
      await delay(RETRY_MS);
    }
    this.#waiting = this.#wait(onOpen);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#waiting;
    await this.#deps.store.stop();
  }

  async #wait(onOpen: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#load();
        this.#deps.registry.announceAll();
        onOpen();
        return;
      } catch (error) {
        this.#deps.log.debug({ err: error }, "the event log cannot be reached yet");
      }
    }
  }

  async #load(): Promise<LoadResult> {
    const { store, registry, pipeline, log } = this.#deps;
    if (!this.#open) await store.start();
    this.#open = true;
    const before = performance.now();
    const loaded = await registry.load();
    log.info({ ...loaded, ms: Math.round(performance.now() - before) }, "flows rebuilt from the log");
    pipeline.openLog();
    return loaded;
  }
}
