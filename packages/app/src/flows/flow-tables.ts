/**
 * Keeps flows and brokers as the tables say in which people define them: reads them at the start, at intervals and when
 * asked to, and makes commands of what was changed there, with the table as their author.
 *
 * While the tables cannot be read everything stays as it is. A row that makes no flow is recorded, shown in the health
 * report and left alone; its flow stays as it was, and the others are not concerned.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ReloadResult } from "@sluice/contracts";
import {
  type CheckRow,
  type EventStore,
  FlowExists,
  FlowNotFound,
  type FlowSource,
  type FlowSourceContent,
  FlowSourceUnavailable,
  type FlowTableItem,
  type MqttServerRow,
  type PlannedFlow,
  planFlowTable,
} from "@sluice/domain";
import type { Logger } from "pino";
import type { BrokerChanges } from "../brokers/broker-set.ts";
import { FlowConflict, type FlowRegistry } from "./flow-registry.ts";
import { RefusedRows } from "./refused-rows.ts";
import { type ReloadedFlows, summary, together } from "./reload-summary.ts";

export interface FlowTablesDependencies {
  readonly source: FlowSource;
  readonly registry: Pick<FlowRegistry, "get" | "definition" | "execute">;
  readonly store: Pick<EventStore, "append">;
  readonly check: CheckRow;
  readonly applyServers: (rows: readonly MqttServerRow[]) => Promise<BrokerChanges>;
  readonly intervalMs: number;
  /** For a database that hangs, and at the stop for a reload that is under way; 5,000 when absent. */
  readonly patienceMs?: number;
  readonly log: Logger;
}

export interface FlowTablesStatus {
  /** Why the tables cannot be read, or not be acted on; null: they were, at the last reload. */
  readonly failing: string | null;
  /** Rows that make no flow, each with the first reason. */
  readonly refused: readonly { readonly code: string; readonly reason: string }[];
}

/** After a reload that failed the next comes as soon as this, if the interval is longer. */
const RETRY_MS = 5_000;
const PATIENCE_MS = 5_000;
const COMMANDS_AT_ONCE = 64;
/** What is pending is clear when the projector has caught up, most often at the next look. */
const LOOKS = 20;
const LOOK_AGAIN_MS = 50;

type Command = Extract<FlowTableItem, { kind: "command" }>;

export class FlowTables {
  readonly #deps: FlowTablesDependencies;
  #status: FlowTablesStatus = { failing: null, refused: [] };
  #turn: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();
  #waiting: Promise<ReloadResult> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  readonly #refused: RefusedRows;

  constructor(dependencies: FlowTablesDependencies) {
    this.#deps = dependencies;
    this.#refused = new RefusedRows(dependencies);
  }

  /** Resolves after the first reload, also if that failed: the next ones follow. */
  async start(): Promise<void> {
    await this.reload().catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#inTime(this.#turn).catch(() => {});
    await this.#deps.source.stop();
  }

  status(): FlowTablesStatus {
    return this.#status;
  }

  /**
   * One at a time. It reads after it was asked for: one that is asked for while another runs comes after it.
   * @throws FlowSourceUnavailable, EventStoreUnavailable: what was not done is done by a later one
   */
  reload(): Promise<ReloadResult> {
    if (this.#waiting !== null) return this.#waiting;
    const reloaded = this.#turn.then(() => {
      this.#waiting = null;
      return this.#reload();
    });
    this.#waiting = reloaded;
    this.#turn = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(): Promise<ReloadResult> {
    if (this.#stopped) throw new FlowSourceUnavailable("the gateway is stopping");
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { intervalMs } = this.#deps;
    try {
      const result = await this.#apply();
      this.#plan(result.pending ? Math.min(intervalMs, RETRY_MS) : intervalMs);
      return { flows: result.flows, brokers: result.brokers };
    } catch (error) {
      this.#failed(error as Error);
      this.#plan(Math.min(intervalMs, RETRY_MS));
      throw error;
    }
  }

  #plan(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.reload().catch(() => {}), ms);
  }

  /** One that was given up on is over before the next begins. */
  #read(): Promise<FlowSourceContent> {
    const { source } = this.#deps;
    const reading = this.#reading.then(async () => {
      await source.start();
      return source.read();
    });
    this.#reading = reading.catch(() => {});
    return this.#inTime(reading);
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { patienceMs = PATIENCE_MS } = this.#deps;
    const done = new AbortController();
    const late = delay(patienceMs, undefined, { signal: done.signal }).then(() => {
      throw new FlowSourceUnavailable(`no answer within ${patienceMs / 1000} s`);
    });
    late.catch(() => {});
    return Promise.race([work, late]).finally(() => done.abort());
  }

  /** Brokers do not wait for the log: what they give can be kept without it. */
  async #apply(): Promise<ReloadResult & { readonly pending: boolean }> {
    const content = await this.#read();
    const [first] = await Promise.allSettled([this.#applyFlows(content)]);
    const { started, replaced, stopped, unchanged } = await this.#deps.applyServers(content.servers);
    if (first.status === "rejected") throw first.reason;
    let { flows, pending } = first.value;
    for (let look = 1; pending && look < LOOKS && !this.#stopped; look++) {
      await delay(LOOK_AGAIN_MS);
      const next = await this.#applyFlows(await this.#read());
      flows = together(flows, next.flows);
      pending = next.pending;
    }
    if (this.#status.failing !== null) this.#deps.log.info("the tables of flows are taken in again");
    this.#status = { failing: null, refused: flows.refused.map(reasonOf) };
    return {
      flows,
      brokers: { started: [...started], replaced: [...replaced], stopped: [...stopped], unchanged: [...unchanged] },
      pending,
    };
  }

  async #applyFlows(content: FlowSourceContent): Promise<{ readonly flows: ReloadedFlows; readonly pending: boolean }> {
    const items = planFlowTable({ content, flow: (code) => this.#flow(code), check: this.#deps.check });
    const refused = items.filter((item) => item.kind === "refused");
    await this.#refused.recordInvalid(refused);
    await this.#refused.recordOverruled(content.overruled);
    const commands = items.filter((item) => item.kind === "command");
    const done = [
      ...(await this.#execute(commands.filter(({ command }) => command.kind !== "retire"))),
      ...(await this.#execute(commands.filter(({ command }) => command.kind === "retire"))),
    ];
    const pending = done.length < commands.length || items.some(({ kind }) => kind === "pending");
    return { flows: summary(done, refused, content), pending };
  }

  #flow(code: string): PlannedFlow | undefined {
    const { registry } = this.#deps;
    const living = registry.get(code);
    if (living !== undefined || registry.definition(code) === null) return living;
    return { status: "retired", definition: null, version: 0 };
  }

  /** @returns those that were carried out; where someone was faster the next look decides again */
  async #execute(commands: readonly Command[]): Promise<readonly Command[]> {
    const { registry, source, log } = this.#deps;
    const done: Command[] = [];
    for (let start = 0; start < commands.length; start += COMMANDS_AT_ONCE) {
      const executed = await Promise.allSettled(
        commands.slice(start, start + COMMANDS_AT_ONCE).map(async (item) => {
          const { code, command, expectedVersion } = item;
          try {
            await registry.execute(code, command, { actor: `table:${source.name}` }, expectedVersion);
            done.push(item);
          } catch (error) {
            if (!isOvertaken(error)) throw error;
            log.info({ flow: code, command: command.kind, err: error }, "flow was changed elsewhere; looking again");
          }
        }),
      );
      const failure = executed.find(({ status }) => status === "rejected");
      if (failure !== undefined) throw (failure as PromiseRejectedResult).reason;
    }
    return done;
  }

  #failed(error: Error): void {
    if (this.#status.failing !== error.message && !this.#stopped) {
      this.#deps.log.error({ err: error }, "the tables of flows were not taken in; everything stays as it is");
    }
    this.#status = { ...this.#status, failing: error.message };
  }
}

const reasonOf = ({ code, errors }: ReloadedFlows["refused"][number]) => {
  const [first] = errors;
  return { code, reason: first === undefined ? "" : `${first.pointer.slice(1)} ${first.message}` };
};

const isOvertaken = (error: unknown): boolean =>
  error instanceof FlowConflict || error instanceof FlowExists || error instanceof FlowNotFound;
