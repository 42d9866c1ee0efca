/**
 * One broker of the gateway while it is one: its source, the pipeline's run over it, and a new source after either has
 * failed. What goes wrong here stays here: the other brokers and the gateway go on.
 *
 * Connection trouble is no failure: the source deals with it. A failure is a source that cannot be opened or started (a
 * port that is taken), or a batch that the pipeline cannot decide.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { MessageBatch, MessageSource, SourceStatus, Subscription } from "@sluice/domain";
import type { Logger } from "pino";
import type { BrokerSettings } from "./broker-settings.ts";

export interface RunningBrokerDependencies {
  /** Neither connects nor listens. @throws on settings that cannot be worked with */
  readonly open: (settings: BrokerSettings) => MessageSource;
  /** Takes in all that the source yields; resolves when it has ended. */
  readonly run: (source: MessageSource) => Promise<void>;
  /** Filters that the flows want at the broker of that name. */
  readonly subscriptions: (name: string) => readonly Subscription[];
  readonly log: Logger;
  /** Runs the task once after `ms`; returns what cancels it. */
  readonly after: (ms: number, task: () => void) => () => void;
}

const REOPEN_MS = 5_000;

export class RunningBroker {
  readonly settings: BrokerSettings;
  readonly #deps: RunningBrokerDependencies;
  #source: DrainedSource | null = null;
  #failure: string | null = null;
  #cancelReopening = (): void => {};
  /** A start or the end after a failure that is under way: nothing is stopped halfway. */
  #working: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(settings: BrokerSettings, dependencies: RunningBrokerDependencies) {
    this.settings = settings;
    this.#deps = dependencies;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Null while there is none to be had; then it is tried again by itself. */
  get source(): MessageSource | null {
    return this.#source;
  }

  /** Why it does not work; null when it does, whether or not it is connected. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Never rejects: see `failure`. */
  start(): Promise<void> {
    this.#working = this.#start();
    return this.#working;
  }

  async #start(): Promise<void> {
    let source: DrainedSource | null = null;
    try {
      source = new DrainedSource(this.#deps.open(this.settings));
      this.#source = source;
      const running = source;
      this.subscribe();
      this.#deps.run(running).catch((error: unknown) => {
        this.#working = this.#working.then(() => this.#fail(running, error));
      });
      await source.start();
      if (this.#source === source) this.#failure = null;
    } catch (error) {
      await this.#fail(source, error);
    }
  }

  /** Makes the broker's subscriptions equal to what the flows want now. */
  subscribe(): void {
    this.#source
      ?.subscribe(this.#deps.subscriptions(this.name))
      .catch((error: unknown) =>
        this.#deps.log.error({ err: error, broker: this.name }, "subscriptions cannot be changed"),
      );
  }

  status(): SourceStatus {
    const status = this.#source?.status() ?? absent(this.settings);
    return this.#failure === null ? status : { ...status, connected: false, lastError: this.#failure };
  }

  /** What the pipeline has taken is acknowledged, if it becomes durable within `graceMs`; the rest stays with the broker. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelReopening();
    await this.#working;
    const source = this.#source;
    if (source === null) return;
    await source.drain(graceMs);
    await this.#close(source);
  }

  async #fail(source: DrainedSource | null, error: unknown): Promise<void> {
    if (this.#stopped || source !== this.#source) return;
    this.#source = null;
    this.#failure = error instanceof Error ? error.message : String(error);
    this.#deps.log.error({ err: error, broker: this.name }, "broker failed; it is opened anew");
    if (source !== null) await this.#close(source);
    if (this.#stopped) return;
    this.#cancelReopening = this.#deps.after(REOPEN_MS, () => void this.start());
  }

  async #close(source: MessageSource): Promise<void> {
    try {
      await source.stop();
    } catch (error) {
      this.#deps.log.error({ err: error, broker: this.name }, "broker could not be left cleanly");
    }
  }
}

/** Knows which batches are with the consumer, so that they can be acknowledged before the connection ends. */
class DrainedSource implements MessageSource {
  readonly #source: MessageSource;
  #outstanding = 0;
  #draining = false;
  readonly #drained = Promise.withResolvers<void>();

  constructor(source: MessageSource) {
    this.#source = source;
  }

  get name(): string {
    return this.#source.name;
  }

  start(): Promise<void> {
    return this.#source.start();
  }

  stop(): Promise<void> {
    return this.#source.stop();
  }

  subscribe(subscriptions: readonly Subscription[]): Promise<void> {
    return this.#source.subscribe(subscriptions);
  }

  status(): SourceStatus {
    return this.#source.status();
  }

  async *receive(): AsyncGenerator<MessageBatch> {
    for await (const batch of this.#source.receive()) {
      if (this.#draining) return;
      this.#outstanding += 1;
      let outstanding = true;
      yield {
        messages: batch.messages,
        ack: () => {
          batch.ack();
          if (!outstanding) return;
          outstanding = false;
          this.#outstanding -= 1;
          if (this.#draining && this.#outstanding === 0) this.#drained.resolve();
        },
      };
    }
  }

  /** Yields no more; resolves when all that was yielded is acknowledged, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    if (this.#outstanding === 0 || graceMs === 0) return;
    const timeout = new AbortController();
    await Promise.race([this.#drained.promise, delay(graceMs, undefined, { signal: timeout.signal }).catch(() => {})]);
    timeout.abort();
  }
}

const absent = (settings: BrokerSettings): SourceStatus => ({
  name: settings.name,
  url: shownUrl(settings),
  connected: false,
  protocolVersion: null,
  subscriptions: 0,
  refused: new Map(),
  unacknowledged: 0,
  tls: false,
  currentBackoffSeconds: 0,
  lastError: null,
  connects: 0,
});

/** Without credentials, and without a query, which may hold a token. */
const shownUrl = (settings: BrokerSettings): string => {
  if (settings.kind === "embedded") return `mqtt://127.0.0.1:${settings.port}`;
  const url = URL.parse(settings.url);
  return url === null ? "" : `${url.protocol}//${url.host}${url.pathname}`;
};
