/** A pipeline on a real SQLite log, with a store in between that can be told to fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import { SqliteEventStore, SqliteMessageSpool, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import { FlowRegistry, IngestPipeline, Spool, systemClock, uuidv7 } from "@sluice/app";
import type { FlowDefinitionInput, RecordedEvent } from "@sluice/contracts";
import {
  type AppendResult,
  type Clock,
  type EventStore,
  type EventStoreCapabilities,
  flowStream,
  normaliseDefinition,
  type ReadAllOptions,
  type ReceivedMessage,
  type StreamAppend,
} from "@sluice/domain";
import { pino } from "pino";

/** Called in place of each append; `append` is the real one. */
export type Intercept = (
  batch: readonly StreamAppend[],
  append: (batch: readonly StreamAppend[]) => Promise<AppendResult>,
) => Promise<AppendResult>;

const straight: Intercept = (batch, append) => append(batch);

export interface IngestFixtureOptions {
  /** Of another fixture, which removes it: its log is shared, or gone on with. */
  readonly dataDir?: string;
  /** What the pipeline is told that its store can do. */
  readonly capabilities?: Partial<EventStoreCapabilities>;
  /** Bytes of a spool; none when absent. */
  readonly spoolBytes?: number;
  /** Of the files that a gateway has for itself, where several share a log. */
  readonly name?: string;
  readonly clock?: Clock;
}

export class IngestFixture {
  readonly dataDir: string;
  readonly store: SqliteEventStore;
  readonly snapshots: SqliteSnapshotStore;
  readonly spool: Spool | null;
  readonly spoolFile: SqliteMessageSpool | null;
  readonly #ownsDirectory: boolean;
  readonly registry: FlowRegistry;
  readonly pipeline: IngestPipeline;
  /** The store as the pipeline sees it. */
  readonly log: EventStore;
  intercept: Intercept = straight;
  /** Called before each look for a message; may throw. */
  readFault: () => void = () => {};
  /** Called before each look for messages, and before each look behind the end of a stream. */
  lookingUp: () => Promise<void> = async () => {};
  readingStream: () => Promise<void> = async () => {};
  /** In place of the store's. */
  exclusively: EventStore["exclusively"] | null = null;

  constructor({ dataDir, capabilities = {}, spoolBytes, name = "", clock = systemClock }: IngestFixtureOptions = {}) {
    this.#ownsDirectory = dataDir === undefined;
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), "sluice-ingest-"));
    this.snapshots = new SqliteSnapshotStore({ path: join(this.dataDir, `${name}snapshots.db`) });
    const path = join(this.dataDir, "events.db");
    this.store = new SqliteEventStore({ path, clock, threads: "inline", pollIntervalMs: 5 });
    const failing: EventStore = new Proxy(this.store, {
      get: (target, property) => {
        if (property === "capabilities") return { ...target.capabilities, ...capabilities };
        if (property === "append") {
          return (batch: readonly StreamAppend[]) => this.intercept(batch, (real) => target.append(real));
        }
        if (property === "readAll") {
          return async (options: ReadAllOptions) => {
            if (options.filter?.messageId !== undefined) this.readFault();
            if (options.filter?.types !== undefined) await this.lookingUp();
            return target.readAll(options);
          };
        }
        if (property === "readStream") {
          return async (...read: Parameters<EventStore["readStream"]>) => {
            await this.readingStream();
            return target.readStream(...read);
          };
        }
        if (property === "exclusively" && this.exclusively !== null) return this.exclusively;
        const value = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const shared = { store: failing, ids: uuidv7, log: pino({ level: "silent" }) };
    this.log = failing;
    this.spoolFile =
      spoolBytes === undefined
        ? null
        : new SqliteMessageSpool({ path: join(this.dataDir, `${name}spool.db`), capacityBytes: spoolBytes });
    this.spool = this.spoolFile && new Spool({ ...shared, spool: this.spoolFile });
    this.registry = new FlowRegistry({
      ...shared,
      snapshots: this.snapshots,
      validator: new AjvPayloadValidator(),
    });
    this.pipeline = new IngestPipeline({
      ...shared,
      registry: this.registry,
      codec: new JsonPayloadCodec({ maxBytes: 1_000_000 }),
      clock,
      maxPayloadBytes: 1_000_000,
      ...(this.spool === null ? {} : { spool: this.spool }),
    });
  }

  async start(): Promise<void> {
    await this.store.start();
    await this.spool?.start();
    await this.registry.load();
    this.pipeline.openLog();
  }

  /** As after a kill: what is on disk stays as it is. */
  async crash(): Promise<void> {
    this.intercept = () => new Promise(() => {});
    await this.spoolFile?.stop();
    await this.store.stop();
  }

  async stop(): Promise<void> {
    this.intercept = straight;
    await this.pipeline.stop(1_000);
    await this.spool?.stop();
    await this.store.stop();
    if (this.#ownsDirectory) this.remove();
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async define(input: FlowDefinitionInput): Promise<void> {
    const result = normaliseDefinition(input, { timeoutSeconds: 10 });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    await this.registry.execute(
      input.code,
      { kind: "define", definition: result.definition, enabled: true },
      { actor: "test" },
    );
  }

  ingest(topic: string, ...payloads: string[]) {
    return this.pipeline.ingest(
      payloads.map((payload) => messageOf(topic, payload)),
      { source: "mqtt", broker: "default" },
    );
  }

  async events(code: string): Promise<RecordedEvent[]> {
    const page = await this.store.readAll({ limit: 10_000, filter: { flow: code } });
    return page.events.filter((event) => event.stream !== flowStream(code));
  }
}

export const messageOf = (topic: string, payload: string | Uint8Array): ReceivedMessage => ({
  topic,
  payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
  qos: 1,
  retain: false,
  dup: false,
  receivedAt: Date.now(),
});
