/**
 * The gateway's life. Things start in the order in which they need each other (log, flows, sinks, API, and at last the
 * sources, so that no message comes before there is someone to take it) and stop in the reverse order.
 */
import type { Configuration } from "@sluice/contracts";
import { ProjectionUnavailable } from "@sluice/domain";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { AccessTokens } from "./access/access-tokens.ts";
import { AuditTrail } from "./access/audit-trail.ts";
import { settingsOfServers } from "./brokers/broker-settings.ts";
import { composeGateway } from "./composition/compose-gateway.ts";
import { describeStores, locationsOf } from "./composition/locations.ts";
import { endpointGuardOf } from "./composition/modules/http.ts";
import { tokens } from "./composition/tokens.ts";
import { definitionChecker } from "./flows/check-definition.ts";
import { FlowFollower } from "./flows/flow-follower.ts";
import { FlowTables } from "./flows/flow-tables.ts";
import { FAILURES_PER_MINUTE } from "./http/rate-limits.ts";
import { buildHttpServer } from "./http/server.ts";
import { LogOpener } from "./ingest/log-opener.ts";
import { CheckpointService } from "./integrity/checkpoint-service.ts";
import { sealKeyAt } from "./integrity/seal-key.ts";
import { healthOf } from "./observe/health.ts";
import { createMetrics } from "./observe/metrics.ts";
import { balancesOf, takeOverview, toActionCounts } from "./observe/overview.ts";
import { messageLanes } from "./replay/message-jobs.ts";
import { ReplayBook, type ReplayRecord } from "./replay/replay-book.ts";
import { type LiveProgress, ReplayRunner } from "./replay/replay-runner.ts";
import { Replays } from "./replay/replays.ts";
import { whatIfInThread } from "./replay/what-if-thread.ts";
import { checkCursors } from "./sinks/cursor-check.ts";
import type { SinkFlow } from "./sinks/sink-protocol.ts";
import { SinkThread } from "./sinks/sink-thread.ts";
import { answerWithin } from "./system/answer-within.ts";
import {
  adminToken,
  lockDataDirectory,
  type RuntimeInfo,
  removeRuntimeInfo,
  writeRuntimeInfo,
} from "./system/data-directory.ts";
import { startLater } from "./system/start-later.ts";

export interface RunningGateway {
  readonly adminUrl: string;
  /** Where devices publish to, without credentials. */
  readonly brokerUrl: string;
  readonly token: string;
  /** Drains, flushes, closes. Safe to call twice. */
  stop(): Promise<void>;
}

const DRAIN_MS = 10_000;
/** That a store may take to answer for the health report. */
const HEALTH_MS = 2_000;

/** @throws when it cannot start; everything that had been started is stopped again */
export const startGateway = async (
  configuration: Configuration,
  { log }: { readonly log: Logger },
): Promise<RunningGateway> => {
  const started: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (let undo = started.pop(); undo !== undefined; undo = started.pop()) {
      try {
        await undo();
      } catch (error) {
        log.error({ err: error }, "could not be stopped cleanly");
      }
    }
  };
  try {
    return await start(configuration, log, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
};

const start = async (
  configuration: Configuration,
  log: Logger,
  started: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningGateway> => {
  const locations = locationsOf(configuration);
  const lock = await lockDataDirectory(locations.dataDir, locations.lock);
  started.push(() => lock.release());
  const admin = await adminToken(configuration.adminToken, locations.adminToken);

  const container = await composeGateway(configuration, log);
  const store = container.get(tokens.eventStore);
  const projection = container.get(tokens.projectionStore);
  const registry = container.get(tokens.registry);
  const pipeline = container.get(tokens.pipeline);
  const clock = container.get(tokens.clock);

  const spool = container.get(tokens.spool);
  if (spool !== null) {
    await spool.start();
    started.push(() => spool.stop());
  }
  const follower = new FlowFollower({ store, registry, log });
  const ids = container.get(tokens.ids);
  const accessTokens = new AccessTokens({ store, adminToken: admin.token, clock, ids, log });
  let tokensRead: Promise<void> | null = null;
  const opener = new LogOpener({ store, registry, pipeline, canWait: spool !== null, log });
  started.push(() => opener.stop());
  // Should the start fail: it may be emptying the spool already. In the gateway's life it has stopped long before.
  started.push(() => pipeline.stop(0));
  await opener.start(() => {
    if (store.capabilities.sharedLog) follower.start();
    tokensRead = accessTokens.start();
  });
  started.push(() => accessTokens.stop());
  await tokensRead;
  started.push(() => follower.stop());

  const isAway = (error: unknown): boolean =>
    locations.projection.kind !== "sqlite" && error instanceof ProjectionUnavailable;
  started.push(await startLater(projection, "the projection database", isAway, log));
  await checkCursors({ store, projection, queue: container.get(tokens.deliveryQueue) });
  const flows = (codes = registry.codes()): SinkFlow[] =>
    codes.flatMap((code) => {
      const definition = registry.definition(code);
      return definition === null ? [] : [{ code, definition, enabled: registry.get(code)?.status === "enabled" }];
    });
  const [projector, forwarder] = (["projector", "forwarder"] as const).map(
    (role) => new SinkThread({ role, configuration, flows, log }),
  ) as [SinkThread, SinkThread];
  const sealer = configuration.sealLog ? new SinkThread({ role: "sealer", configuration, flows: () => [], log }) : null;
  for (const sink of sealer === null ? [projector, forwarder] : [projector, forwarder, sealer]) {
    sink.start();
    started.push(() => sink.stop());
  }

  const brokers = container.get(tokens.brokers);
  /** Of no use before the gateway has started. */
  let brokersChanged = async (): Promise<void> => {};
  /** Whether the brokers are those of rows; null before anyone has said what they are. */
  let brokersOfTable: boolean | null = null;
  const guard = endpointGuardOf(configuration);
  const checkEndpoint = (url: string) => guard.checkUrl(url);
  const tables = new FlowTables({
    source: container.get(tokens.flowSource),
    registry,
    store,
    check: definitionChecker(
      container.get(tokens.validator),
      { timeoutSeconds: configuration.httpTimeoutSeconds },
      checkEndpoint,
    ),
    applyServers: async (rows) => {
      brokersOfTable = configuration.mqttUrl === undefined && rows.some(({ enabled }) => enabled);
      const changes = await brokers.reconcile(settingsOfServers(rows, configuration));
      await brokersChanged();
      return changes;
    },
    intervalMs: configuration.flowsReloadIntervalSeconds * 1000,
    log,
  });
  const publishing = container.get(tokens.publishers);
  await publishing.start();
  started.push(() => publishing.stop());
  const checkpoints = new CheckpointService(container.get(tokens.sealStore), {
    enabled: configuration.sealLog,
    key: () => sealKeyAt(locations.sealKey),
    clock,
  });
  started.push(() => checkpoints.stop());
  const book = new ReplayBook();
  const replaying = new ReplayRunner({
    ...{ store, book, clock, log },
    lease: container.get(tokens.sinkLease),
    lanes: messageLanes({ store, pipeline, registry, whatIf: whatIfInThread(configuration) }),
  });
  /** Rebuilds are the projector's. */
  const live = async ({ id, order }: ReplayRecord): Promise<LiveProgress | null> => {
    if (order.kind !== "rebuild" && order.kind !== "rollback") return replaying.live(id);
    const answer = await projector.report();
    return "report" in answer && answer.report.role === "projector" ? (answer.report.replays.get(id) ?? null) : null;
  };
  const metrics = createMetrics(registry);
  const overview = () => takeOverview({ registry, pipeline, brokers, projector, forwarder, sealer, clock, publishing });
  const audit = new AuditTrail({ store, clock, ids, log });
  started.push(() => audit.stop());
  const server = await buildHttpServer({
    registry,
    store,
    projection,
    stores: describeStores(locations),
    codec: container.get(tokens.codec),
    validator: container.get(tokens.validator),
    ids: container.get(tokens.ids),
    clock,
    log,
    publishing,
    replays: new Replays({ store, book, ids: container.get(tokens.ids), live }),
    checkpoints,
    checkEndpoint,
    tokens: accessTokens,
    audit,
    rateLimits: { perMinute: configuration.adminRateLimit, failuresPerMinute: FAILURES_PER_MINUTE },
    defaultTimeoutSeconds: configuration.httpTimeoutSeconds,
    maxPayloadBytes: configuration.maxPayloadBytes,
    health: async () => {
      let logError: string | null = null;
      const head = await answerWithin(HEALTH_MS, store.head()).catch((error: Error) => {
        logError = error.message;
        return null;
      });
      const strayFlows = registry
        .list()
        .filter(({ status, definition }) => status === "enabled" && definition !== null && !brokers.serves(definition))
        .map((flow) => flow.code);
      return healthOf({
        overview: await overview(),
        head,
        logError,
        strayFlows,
        tables: tables.status(),
        configuration,
        clock,
      });
    },
    reload: () => tables.reload(),
    metrics: async () => metrics.render(await overview()),
    actionCounts: async (codes) => {
      const now = await overview();
      const flows = codes.flatMap((code) => registry.get(code) ?? []);
      return new Map(flows.map((flow) => [flow.code, balancesOf(flow, now).map(toActionCounts)]));
    },
  });
  const adminUrl = await listen(server, configuration, log);
  started.push(() => server.close());

  registry.onChange((codes) => {
    projector.flowsChanged(codes);
    forwarder.flowsChanged(codes);
  });
  started.push(() => brokers.stop());
  // Before an embedded broker goes.
  started.push(() => publishing.stop());
  started.push(() => tables.stop());
  // Adopted flows take the first message already; and the rows may say which brokers there are.
  await tables.start();
  // While the rows cannot be read, devices find what there is without them.
  if (brokersOfTable === null) await brokers.reconcile(settingsOfServers([], configuration));
  const [fault] = brokers.status().faults;
  if (fault !== undefined && brokersOfTable !== true) throw new Error(`broker ${fault.name}: ${fault.message}`);
  started.push(() => pipeline.stop(DRAIN_MS));
  replaying.start();
  started.push(() => replaying.stop());
  await publishing.reconcile();

  const startedAt = new Date(clock.now()).toISOString();
  const runtime = (): RuntimeInfo => ({
    pid: process.pid,
    adminUrl,
    brokerUrl: brokers.status().sources[0]?.url ?? "",
    brokersOfTable: brokersOfTable === true,
    startedAt,
  });
  const { brokerUrl } = runtime();
  await writeRuntimeInfo(locations.runtime, runtime());
  started.push(() => removeRuntimeInfo(locations.runtime));
  brokersChanged = () =>
    writeRuntimeInfo(locations.runtime, runtime()).catch((error: unknown) =>
      log.warn({ err: error, file: locations.runtime }, "the command line is not told of the brokers' change"),
    );
  started.push(() => {
    brokersChanged = async () => {};
  });
  if (admin.source === "generated") log.info({ file: locations.adminToken }, "admin token generated");
  log.info({ adminUrl, brokerUrl, dataDir: locations.dataDir }, "gateway started");
  return { adminUrl, brokerUrl, token: admin.token, stop };
};

/** If the port is taken the gateway does not start: an admin API elsewhere than configured would not be found. */
const listen = async (server: FastifyInstance, configuration: Configuration, log: Logger): Promise<string> => {
  const address = await server.listen({ host: configuration.adminHost, port: configuration.adminPort });
  log.debug({ address }, "admin API listens");
  return address;
};
