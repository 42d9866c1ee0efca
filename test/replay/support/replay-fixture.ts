/** Replays on a real SQLite log and the real pipeline; what-ifs run in the calling thread. */
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import {
  messageLanes,
  ReplayBook,
  ReplayRunner,
  Replays,
  type RunWhatIf,
  runWhatIf,
  systemClock,
  uuidv7,
} from "@sluice/app";
import type { EventType, MessageReplayOrder, RecordedEvent, Replay } from "@sluice/contracts";
import type { SinkLease } from "@sluice/domain";
import { pino } from "pino";
import { eventually } from "../../support/gateway-process.ts";
import { IngestFixture, type IngestFixtureOptions } from "../../support/ingest-fixture.ts";

const alwaysHeld: SinkLease = {
  hold: async (_, signal) => (signal.aborted ? null : { lost: new Promise(() => {}), release: async () => {} }),
};

export interface Order extends Partial<Omit<MessageReplayOrder, "until">> {
  readonly kind: MessageReplayOrder["kind"];
  readonly flow: string;
}

export class ReplayFixture extends IngestFixture {
  readonly book = new ReplayBook();
  readonly runner: ReplayRunner;
  readonly replays: Replays;
  #crashed = false;

  constructor(options: IngestFixtureOptions & { readonly progressMs?: number } = {}) {
    super(options);
    const { book, registry, pipeline, log: store } = this;
    const whatIf: RunWhatIf = (run, onPage) =>
      runWhatIf({ store, codec: new JsonPayloadCodec(), validator: new AjvPayloadValidator() }, run, onPage);
    this.runner = new ReplayRunner({
      ...{ book, store },
      lanes: messageLanes({ store, pipeline, registry, whatIf }),
      lease: alwaysHeld,
      clock: systemClock,
      log: pino({ level: "silent" }),
      progressMs: options.progressMs ?? 0,
    });
    this.replays = new Replays({ store, book, ids: uuidv7, live: async ({ id }) => this.runner.live(id) });
  }

  override async start(): Promise<void> {
    await super.start();
    this.runner.start();
  }

  override async stop(): Promise<void> {
    if (!this.#crashed) await this.runner.stop();
    await super.stop();
  }

  override async crash(): Promise<void> {
    this.#crashed = true;
    await super.crash();
    // It may wait for ever for an append, which it must not after a real one.
    void this.runner.stop();
  }

  request(order: Order): Promise<Replay> {
    return this.replays.request({ messagesPerSecond: 100_000, ...order }, { actor: "api:test" });
  }

  ended(id: string): Promise<Replay> {
    return eventually(async () => {
      const replay = (await this.replays.get(id)) as Replay;
      return replay.endedAt !== null && replay;
    }, "the replay ends");
  }

  async run(order: Order): Promise<Replay> {
    return this.ended((await this.request(order)).id);
  }

  async eventsOf<T extends EventType>(code: string, type: T): Promise<RecordedEvent<T>[]> {
    return (await this.events(code)).filter((event) => event.type === type) as unknown as RecordedEvent<T>[];
  }

  state(code: string) {
    const state = this.registry.get(code);
    if (state === undefined) throw new Error(`no flow ${code}`);
    return state;
  }
}

/** Temperatures in a field `t`, of which the schema wants numbers; `mended` takes text as well. */
export const strict = {
  code: "ROOMS",
  topic: "rooms/{room}/climate",
  payloadSchema: { type: "object", properties: { t: { type: "number" } }, required: ["t"] },
  actions: [{ type: "STORE_DB" as const }],
};
export const mended = {
  ...strict,
  payloadSchema: { type: "object", properties: { t: { type: ["number", "string"] } }, required: ["t"] },
};
