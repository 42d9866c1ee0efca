/** Keeps the registry current where other gateways write to the same log: what they do to flows takes effect here too. */
import { setTimeout as delay } from "node:timers/promises";
import type { EventType } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";
import type { Logger } from "pino";
import type { FlowRegistry } from "./flow-registry.ts";

const LIFE: readonly EventType[] = ["FlowDefined", "FlowRevised", "FlowEnabled", "FlowDisabled", "FlowRetired"];
const RETRY_MS = 1_000;

export interface FlowFollowerDependencies {
  readonly store: EventStore;
  readonly registry: FlowRegistry;
  readonly log: Logger;
}

export class FlowFollower {
  readonly #deps: FlowFollowerDependencies;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(dependencies: FlowFollowerDependencies) {
    this.#deps = dependencies;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store, registry, log } = this.#deps;
    while (!signal.aborted) {
      const after = registry.observed;
      try {
        const pages = store.subscribe({ filter: { types: LIFE }, signal, ...(after === null ? {} : { after }) });
        for await (const page of pages) registry.observe(page);
      } catch (error) {
        log.debug({ err: error }, "changes of flows cannot be followed; trying again");
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
}
