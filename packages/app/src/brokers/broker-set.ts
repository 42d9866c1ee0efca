/**
 * The brokers of this gateway: at the start, and as they change while it runs.
 *
 * `reconcile` makes what runs equal to the plan. A broker whose settings have not changed is not touched: it stays
 * connected. One that is removed keeps our session, with what is unacknowledged and what comes later, for the day when
 * it is back. One that is in the plan with a fault goes on as it was: a slip in a row must not end what works.
 */
import { isDeepStrictEqual } from "node:util";
import type { FlowDefinition } from "@sluice/contracts";
import { isOfBroker, type MessageSource, type SourceStatus } from "@sluice/domain";
import type { BrokerFault, BrokerPlan, BrokerSettings } from "./broker-settings.ts";
import { RunningBroker, type RunningBrokerDependencies } from "./running-broker.ts";

export interface BrokerSetDependencies extends Omit<RunningBrokerDependencies, "after"> {
  /** Tells of every change of the flows. */
  readonly onFlowsChange: (listener: () => void) => void;
  readonly after?: RunningBrokerDependencies["after"];
}

/** Names. */
export interface BrokerChanges {
  readonly started: readonly string[];
  readonly replaced: readonly string[];
  readonly stopped: readonly string[];
  readonly unchanged: readonly string[];
}

export interface BrokerSetStatus {
  readonly sources: readonly SourceStatus[];
  /** Brokers that are wanted and cannot be had as they are described. */
  readonly faults: readonly BrokerFault[];
}

/** What the log has to take in what a broker that leaves has given us. */
const DRAIN_MS = 5_000;

const realTime = (ms: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

export class BrokerSet {
  readonly #deps: RunningBrokerDependencies;
  #running: readonly RunningBroker[] = [];
  #faults: readonly BrokerFault[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #subscribing = false;
  #stopped = false;

  constructor(dependencies: BrokerSetDependencies) {
    this.#deps = { after: realTime, ...dependencies };
    dependencies.onFlowsChange(() => this.#subscribeSoon());
  }

  /** Those that there are now. */
  sources(): readonly MessageSource[] {
    return this.#running.flatMap(({ source }) => source ?? []);
  }

  /** Of those that there are now. */
  settings(): readonly BrokerSettings[] {
    return this.#running.map(({ settings }) => settings);
  }

  /** Whether the flow's messages can come from one of them. */
  serves(definition: FlowDefinition): boolean {
    return this.#running.some(({ name }) => isOfBroker(definition, name));
  }

  status(): BrokerSetStatus {
    const failures = this.#running.flatMap(({ name, failure }) => (failure === null ? [] : { name, message: failure }));
    return { sources: this.#running.map((broker) => broker.status()), faults: [...this.#faults, ...failures] };
  }

  /**
   * Changes follow each other. Never rejects for a broker that cannot be had: see `status().faults`; it is tried again.
   * After `stop()` nothing is started any more.
   */
  reconcile(plan: BrokerPlan): Promise<BrokerChanges> {
    const reconciled = this.#turn.then(() => this.#reconcile(plan));
    this.#turn = reconciled;
    return reconciled;
  }

  /** Leaves every broker at once, whatever is unacknowledged. */
  stop(): Promise<void> {
    this.#stopped = true;
    const stopped = this.#turn.then(async () => {
      await Promise.all(this.#running.map((broker) => broker.stop(0)));
    });
    this.#turn = stopped;
    return stopped;
  }

  async #reconcile({ brokers, faults }: BrokerPlan): Promise<BrokerChanges> {
    if (this.#stopped) return { started: [], replaced: [], stopped: [], unchanged: [] };
    this.#noteFaults(faults);
    const wanted = new Map(brokers.map((settings) => [settings.name, settings]));
    const faulty = new Set(faults.map(({ name }) => name));
    const stays = ({ name, settings }: RunningBroker): boolean =>
      faulty.has(name) || isDeepStrictEqual(wanted.get(name), settings);
    const staying = this.#running.filter(stays);
    const leaving = this.#running.filter((broker) => !stays(broker));
    // Names and client ids may have moved from one to another: nobody comes before everyone has gone.
    this.#running = staying;
    await Promise.all(leaving.map((broker) => broker.stop(DRAIN_MS)));
    const left = new Set(leaving.map(({ name }) => name));
    const there = new Set(staying.map(({ name }) => name));
    const coming = brokers.filter(({ name }) => !there.has(name)).map((settings) => this.#make(settings));
    const order = new Map([...brokers, ...faults].map(({ name }, index) => [name, index]));
    this.#running = [...staying, ...coming].sort(
      (one, other) => (order.get(one.name) ?? 0) - (order.get(other.name) ?? 0),
    );
    await Promise.all(coming.map((broker) => broker.start()));
    const changes: BrokerChanges = {
      started: coming.map(({ name }) => name).filter((name) => !left.has(name)),
      replaced: coming.map(({ name }) => name).filter((name) => left.has(name)),
      stopped: [...left].filter((name) => !wanted.has(name)),
      unchanged: [...there],
    };
    if (leaving.length + coming.length > 0) this.#deps.log.info(changes, "brokers changed");
    return changes;
  }

  #make(settings: BrokerSettings): RunningBroker {
    return new RunningBroker(settings, this.#deps);
  }

  /** Once a fault, not at every reload. */
  #noteFaults(faults: readonly BrokerFault[]): void {
    for (const fault of faults) {
      if (this.#faults.some((known) => isDeepStrictEqual(known, fault))) continue;
      this.#deps.log.warn({ broker: fault.name }, fault.message);
    }
    this.#faults = faults;
  }

  /** Together for all changes of one moment: ten thousand flows that are applied at once are one reconciliation. */
  #subscribeSoon(): void {
    if (this.#subscribing) return;
    this.#subscribing = true;
    setImmediate(() => {
      this.#subscribing = false;
      for (const broker of this.#running) broker.subscribe();
    });
  }
}
