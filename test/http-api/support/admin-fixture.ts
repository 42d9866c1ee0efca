/**
 * The admin API over real SQLite stores and real ingest, without a gateway around it. Whatever a test asks, the answer
 * is held against what the OpenAPI document declares.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";
import { EndpointGuard } from "@sluice/adapter-http";
import { SqliteEventStore, SqliteProjectionStore, SqliteSnapshotStore } from "@sluice/adapter-sqlite";
import { FlowRegistry, IngestPipeline, ReplayBook, Replays, uuidv7 } from "@sluice/app";
import { AccessTokens, AuditTrail } from "@sluice/app/access";
import { type AdminServices, buildHttpServer } from "@sluice/app/http";
import { Projector } from "@sluice/app/sinks";
import type { HealthReport, ReloadResult } from "@sluice/contracts";
import { type EventStore, type ProjectionStore, PublisherUnavailable } from "@sluice/domain";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { checkExchange } from "../../contract/check.ts";
import { ApiDocument } from "../../contract/document.ts";
import { messageOf } from "../../support/ingest-fixture.ts";

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  readonly body: T;
}

export const TOKEN = "correct-horse-battery-staple";

export interface Call {
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";
  /** An object goes as JSON, text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: none is sent. */
  readonly token?: string | null;
  readonly remoteAddress?: string;
}

export const healthy: HealthReport = {
  status: "healthy",
  client_id: "mqtt-gateway",
  reasons: [],
  brokers: [],
  log: { writable: true, head: null, unacknowledged: 0, lastError: null },
  spool: null,
  sinks: [],
  statistics: {
    connected: true,
    current_backoff_seconds: 0,
    offline_queue: {
      total_messages: 0,
      by_priority: {},
      oldest_message_age_seconds: null,
      capacity_used_percent: 0,
    },
    inflight_messages: 0,
    tls_enabled: false,
    active_subscriptions: 0,
  },
};

export const nothingReloaded: ReloadResult = {
  flows: { defined: [], revised: [], enabled: [], disabled: [], retired: [], refused: [], overruled: [] },
  brokers: { started: [], replaced: [], stopped: [], unchanged: ["default"] },
};

/** The same object, with the method replaced when `instead` gives one. */
const intercepted = <T extends object>(target: T, instead: () => Partial<T>): T =>
  new Proxy(target, {
    get: (_, property) => {
      const replaced = Reflect.get(instead(), property);
      if (replaced !== undefined) return replaced;
      const value = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

export class AdminFixture {
  readonly dataDir = mkdtempSync(join(tmpdir(), "sluice-api-"));
  /** Milliseconds by which the clock is ahead of the machine's. */
  ahead = 0;
  readonly clock = { now: () => Date.now() + this.ahead };
  readonly realStore: SqliteEventStore;
  readonly realProjection: SqliteProjectionStore;
  readonly registry: FlowRegistry;
  readonly pipeline: IngestPipeline;
  /** Methods of the stores, as the API sees them, that the test replaces. */
  storeInstead: { -readonly [K in keyof EventStore]?: EventStore[K] } = {};
  projectionInstead: { -readonly [K in keyof ProjectionStore]?: ProjectionStore[K] } = {};
  health: () => Promise<HealthReport> = async () => healthy;
  reload: () => Promise<ReloadResult> = async () => nothingReloaded;
  /** Replaced by tests that publish. */
  publishing: AdminServices["publishing"] = {
    publish: () => Promise.reject(new PublisherUnavailable("this test does not publish")),
    status: () => Promise.reject(new PublisherUnavailable("this test does not publish")),
  };
  checkpoints: AdminServices["checkpoints"] = {
    list: () => Promise.reject(new Error("this test seals nothing")),
    latest: () => Promise.reject(new Error("this test seals nothing")),
    make: () => Promise.reject(new Error("this test seals nothing")),
  };
  /** Heartbeats are taken over at the start. */
  live = { heartbeatMs: 15_000, maxReaders: 100 };
  /** How often the API has asked for the counts of actions. */
  countsAsked = 0;
  /** What the API has logged, a JSON object a line. */
  readonly logged: string[] = [];
  readonly #guard = new EndpointGuard();
  readonly #services: Omit<AdminServices, "rateLimits">;
  readonly tokens: AccessTokens;
  readonly audit: AuditTrail;
  /** Taken over at the start. */
  rateLimits = { perMinute: 0, failuresPerMinute: 0 };
  #document: ApiDocument | undefined;
  #projecting: Promise<void> = Promise.resolve();
  app!: FastifyInstance;

  constructor() {
    const file = (name: string) => join(this.dataDir, name);
    this.realStore = new SqliteEventStore({ path: file("events.db"), clock: this.clock, threads: "inline" });
    this.realProjection = new SqliteProjectionStore({ path: file("projection.db"), clock: this.clock });
    const store = intercepted<EventStore>(this.realStore, () => this.storeInstead);
    const validator = new AjvPayloadValidator();
    const codec = new JsonPayloadCodec();
    const shared = { ids: uuidv7, log: pino({ level: "silent" }) };
    const snapshots = new SqliteSnapshotStore({ path: file("snapshots.db") });
    this.registry = new FlowRegistry({ ...shared, store, snapshots, validator });
    const { registry, clock } = this;
    this.pipeline = new IngestPipeline({
      ...shared,
      registry,
      store: this.realStore,
      codec,
      clock,
      maxPayloadBytes: 1_048_576,
    });
    const access = { store, clock, ids: uuidv7, log: pino({ level: "silent" }) };
    this.tokens = new AccessTokens({ ...access, adminToken: TOKEN });
    this.audit = new AuditTrail(access);
    this.#services = {
      registry,
      store,
      projection: intercepted<ProjectionStore>(this.realProjection, () => this.projectionInstead),
      codec,
      validator,
      live: this.live,
      stores: { log: "sqlite:events.db", rows: { database: "sqlite:projection.db", table: "data" } },
      ids: uuidv7,
      clock,
      log: pino({ level: "trace" }, { write: (line: string) => this.logged.push(line) }),
      tokens: this.tokens,
      audit: this.audit,
      checkEndpoint: (url) => this.#guard.checkUrl(url),
      defaultTimeoutSeconds: 10,
      maxPayloadBytes: 1_000,
      checkpoints: {
        list: (...of) => this.checkpoints.list(...of),
        latest: () => this.checkpoints.latest(),
        make: () => this.checkpoints.make(),
      },
      replays: new Replays({ store, book: new ReplayBook(), ids: uuidv7, live: async () => null }),
      publishing: { publish: (...of) => this.publishing.publish(...of), status: () => this.publishing.status() },
      health: () => this.health(),
      reload: () => this.reload(),
      metrics: async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", body: "sluice_up 1\n" }),
      actionCounts: async (codes) => {
        this.countsAsked += 1;
        const counts = [{ action: "STORE_DB", accepted: 0, done: 0, pending: 0, dead: 0, discarded: 0 }];
        return new Map(codes.map((code) => [code, counts]));
      },
    };
  }

  async start(): Promise<this> {
    await this.realStore.start();
    await this.realProjection.start();
    await this.registry.load();
    await this.tokens.start();
    this.app = await buildHttpServer({ ...this.#services, rateLimits: this.rateLimits });
    const document = await this.app.inject({ url: "/documentation/json" });
    this.#document = new ApiDocument(document.json());
    return this;
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.audit.stop();
    await this.tokens.stop();
    await this.pipeline.stop(1_000);
    await this.realProjection.stop();
    await this.realStore.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  async call<T = any>(url: string, { method, body, headers, token = TOKEN, remoteAddress }: Call = {}) {
    const verb = method ?? (body === undefined ? "GET" : "POST");
    const {
      statusCode,
      headers: answered,
      ...response
    } = await this.app.inject({
      method: verb,
      url,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
      ...(body === undefined ? {} : { payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const isJson = `${answered["content-type"]}`.includes("json") && response.body !== "";
    const answer: Answer<T> = {
      status: statusCode,
      headers: answered,
      body: (isJson ? JSON.parse(response.body) : response.body) as T,
    };
    if (this.#document !== undefined) {
      const sent = new Headers(Object.entries(answered).map(([name, value]): [string, string] => [name, `${value}`]));
      checkExchange(this.#document, verb, url, { status: statusCode, headers: sent, text: response.body });
    }
    return answer;
  }

  /** Every item of a listing, in pages of `limit`. */
  // biome-ignore lint/suspicious/noExplicitAny: see call()
  async all<T = any>(url: string, limit = 1_000, betweenPages: () => Promise<void> = async () => {}): Promise<T[]> {
    const items: T[] = [];
    let after: string | null = null;
    do {
      const page: Answer<{ items: T[]; next: string | null }> = await this.call(
        `${url}${url.includes("?") ? "&" : "?"}limit=${limit}${after === null ? "" : `&after=${encodeURIComponent(after)}`}`,
      );
      if (page.status !== 200) throw new Error(`${url}: ${page.status} ${JSON.stringify(page.body)}`);
      items.push(...page.body.items);
      after = page.body.next;
      if (after !== null) await betweenPages();
    } while (after !== null);
    return items;
  }

  async define(code: string, topic: string, more: Record<string, unknown> = {}): Promise<void> {
    const { status, body } = await this.call("/api/v1/flows", {
      body: { code, topic, actions: [{ type: "STORE_DB" }], ...more },
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
  }

  /** @returns the messages' ids */
  async publish(topic: string, ...payloads: string[]): Promise<readonly (string | null)[]> {
    const messages = payloads.map((payload) => ({ ...messageOf(topic, payload), receivedAt: this.clock.now() }));
    return (await this.pipeline.ingest(messages, { source: "mqtt", broker: "default" })).messageIds;
  }

  /** Brings the projection up to the log; one call waits for the other. */
  project(): Promise<void> {
    this.#projecting = this.#projecting.then(() => this.#project());
    return this.#projecting;
  }

  async #project(): Promise<void> {
    const projector = new Projector({ store: this.realStore, projection: this.realProjection, flows: [] });
    for (;;) {
      const from = await projector.cursor();
      const page = await this.realStore.readAll({
        limit: 1_000,
        filter: projector.filter,
        ...(from === null ? {} : { after: from }),
      });
      if (page.position === null) return;
      await projector.take(page, from);
    }
  }
}
