/** A pipeline on a real SQLite log, with a store in between that can be told to fail. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import { SqliteEventStore, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import { FlowRegistry, IngestPipeline, systemClock, uuidv7 } from "@sluice/app";
import type { FlowDefinitionInput, RecordedEvent } from "@sluice/contracts";
import {
  type AppendResult,
  type EventStore,
  flowStream,
  normaliseDefinition,
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

export class IngestFixture {
  readonly dataDir = mkdtempSync(join(tmpdir(), "sluice-ingest-"));
  readonly store: SqliteEventStore;
  readonly snapshots = new SqliteSnapshotStore({ path: join(this.dataDir, "snapshots.db") });
  readonly registry: FlowRegistry;
  readonly pipeline: IngestPipeline;
  intercept: Intercept = straight;

  constructor() {
    const path = join(this.dataDir, "events.db");
    this.store = new SqliteEventStore({ path, clock: systemClock, threads: "inline" });
    const failing: EventStore = new Proxy(this.store, {
      get: (target, property) => {
        if (property === "append") {
          return (batch: readonly StreamAppend[]) => this.intercept(batch, (real) => target.append(real));
        }
        const value = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const shared = { store: failing, ids: uuidv7, log: pino({ level: "silent" }) };
    this.registry = new FlowRegistry({
      ...shared,
      snapshots: this.snapshots,
      validator: new AjvPayloadValidator(),
    });
    this.pipeline = new IngestPipeline({
      ...shared,
      registry: this.registry,
      codec: new JsonPayloadCodec({ maxBytes: 1_000_000 }),
      clock: systemClock,
      maxPayloadBytes: 1_000_000,
    });
  }

  async start(): Promise<void> {
    await this.store.start();
    await this.registry.load();
  }

  async stop(): Promise<void> {
    this.intercept = straight;
    await this.pipeline.stop(1_000);
    await this.store.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async define(input: FlowDefinitionInput): Promise<void> {
    const result = normaliseDefinition(input, { timeoutSeconds: 10 });
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    await this.registry.execute(input.code, { kind: "define", definition: result.definition, enabled: true }, "test");
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
