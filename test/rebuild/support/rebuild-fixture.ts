/** A projector with its rebuilds on a real SQLite log and projection; what a rebuild asks of the database can be held up. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SqliteProjectionRebuild, SqliteProjectionStore } from "@sluice/adapter-sqlite";
import { orderOf, ProjectorSink, ReplayBook, Replays, systemClock, uuidv7 } from "@sluice/app";
import type { DataItem, Replay, ReplayInput } from "@sluice/contracts";
import type { Clock, ProjectionRebuild, SinkLease } from "@sluice/domain";
import { pino } from "pino";
import { eventually } from "../../support/gateway-process.ts";
import { IngestFixture, type IngestFixtureOptions } from "../../support/ingest-fixture.ts";

const alwaysHeld: SinkLease = {
  hold: async (_, signal) => (signal.aborted ? null : { lost: new Promise(() => {}), release: async () => {} }),
};

export interface RebuildOptions extends IngestFixtureOptions {
  readonly clock?: Clock;
  readonly retentionDays?: number;
}

export class RebuildFixture extends IngestFixture {
  readonly file: string;
  readonly projection: SqliteProjectionStore;
  readonly rebuild: SqliteProjectionRebuild;
  readonly sink: ProjectorSink;
  /** Before and after each call of the port. */
  before: (call: keyof ProjectionRebuild) => Promise<void> = async () => {};
  after: (call: keyof ProjectionRebuild) => Promise<void> = async () => {};
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RebuildOptions = {}) {
    super(options);
    const { clock = systemClock, retentionDays } = options;
    this.file = join(this.dataDir, "projection.db");
    this.projection = new SqliteProjectionStore({ path: this.file });
    this.rebuild = new SqliteProjectionRebuild({ path: this.file });
    const watched = new Proxy<ProjectionRebuild>(this.rebuild, {
      get: (target, property: keyof ProjectionRebuild) => {
        const call = target[property] as (...given: unknown[]) => Promise<unknown>;
        return async (...given: unknown[]) => {
          await this.before(property);
          const result = await call.apply(target, given);
          await this.after(property);
          return result;
        };
      },
    });
    this.sink = new ProjectorSink({
      ...{ store: this.store, projection: this.projection, rebuild: watched, lease: alwaysHeld, clock, retentionDays },
      flows: () =>
        this.registry.codes().flatMap((code) => {
          const definition = this.registry.definition(code);
          return definition === null ? [] : [{ code, definition, enabled: true }];
        }),
      log: pino({ level: "silent" }),
    });
  }

  override async start(): Promise<void> {
    await super.start();
    await this.projection.start();
    await this.rebuild.start();
    this.#running = this.sink.run(this.#ending.signal);
  }

  /** The sink alone: what it was about goes on with another fixture on the same directory. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.rebuild.stop();
    await this.projection.stop();
  }

  override async stop(): Promise<void> {
    await this.end();
    await super.stop();
  }

  /** As another process that asks the same log. */
  async replays(): Promise<Replays> {
    const book = new ReplayBook();
    const events = await this.store.readAll({
      limit: 1_000,
      filter: { types: ["ReplayRequested", "ReplayProgressed", "ReplayCompleted", "ReplayCancelled", "ReplayFailed"] },
    });
    book.take(events.events);
    return new Replays({ store: this.store, book, ids: uuidv7, live: async () => null });
  }

  async request(input: ReplayInput): Promise<string> {
    const replays = await this.replays();
    const { registry } = this;
    const check = () => {
      throw new Error("no definition here");
    };
    const order = orderOf(input, { registry, check, lastSwitch: await replays.lastSwitch() });
    return (await replays.request(order, { actor: "api:test" })).id;
  }

  async ended(id: string): Promise<Replay> {
    return eventually(async () => {
      const replay = (await (await this.replays()).get(id)) as Replay;
      return replay.endedAt !== null && replay;
    }, "the replay ends");
  }

  async run(input: ReplayInput): Promise<Replay> {
    return this.ended(await this.request(input));
  }

  async projected(): Promise<void> {
    await eventually(async () => (await this.sink.report()).sink.lagEvents === 0, "all is projected");
  }

  async rows(): Promise<readonly DataItem[]> {
    await this.projected();
    return (await this.projection.data({}, { limit: 10_000 })).items;
  }

  sql(statement: string): void {
    const database = new DatabaseSync(this.file, { timeout: 5_000 });
    database.exec(statement);
    database.close();
  }

  get hasCandidate(): boolean {
    return existsSync(`${this.file}-rebuild`);
  }
}
