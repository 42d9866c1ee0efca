/**
 * The health report. `unhealthy` (503): the gateway cannot do its main job, because a broker is away or the log takes no
 * appends. `degraded` (200): it takes messages in safely, but something needs a look: a sink that fails or lags, an
 * endpoint that is down, dead letters.
 */
import type { Configuration, HealthReport } from "@sluice/contracts";
import type { Clock, SourceStatus } from "@sluice/domain";
import type { FlowTablesStatus } from "../flows/flow-tables.ts";
import type { SinkAnswer } from "../sinks/sink-thread.ts";
import { forwarderReport, type Overview, projectorReport, sealerReport } from "./overview.ts";

type Status = HealthReport["status"];
type Reason = HealthReport["reasons"][number];

/** A sink further behind than this is worth a look. */
const LAG_SECONDS = 60;

export interface HealthInput {
  readonly overview: Overview;
  readonly head: string | null;
  /** Why the log cannot be read; null when it can. */
  readonly logError: string | null;
  /** Enabled flows whose broker is none of the gateway's. */
  readonly strayFlows: readonly string[];
  readonly tables: FlowTablesStatus;
  readonly configuration: Configuration;
  readonly clock: Clock;
}

export const healthOf = (input: HealthInput): HealthReport => {
  const { overview, head, logError, strayFlows, tables, configuration, clock } = input;
  const { ingest, sources } = overview;
  const reasons: Reason[] = [];
  const note = (code: string, status: Status, message: string) => reasons.push({ code, status, message });

  for (const source of sources) {
    if (!source.connected) {
      note("broker-disconnected", "unhealthy", `broker ${source.name}: ${source.lastError ?? "not connected"}`);
    }
    for (const [filter, reason] of source.refused) {
      note("subscription-refused", "degraded", `broker ${source.name} refuses ${filter}: ${reason}`);
    }
  }
  for (const { name, message } of overview.brokerFaults) {
    note("broker-misconfigured", "degraded", `broker ${name}: ${message}`);
  }
  if (strayFlows.length > 0) {
    note(
      "broker-unknown",
      "degraded",
      `no broker of this gateway has the name that these flows give: ${strayFlows.join(", ")}`,
    );
  }
  if (tables.failing !== null) note("flow-tables-unreadable", "degraded", tables.failing);
  if (tables.refused.length > 0) {
    note("flow-row-refused", "degraded", `rows of the table flows that make no flow: ${listed(tables.refused)}`);
  }
  const { spool } = ingest;
  // With a spool that takes messages in, nothing is lost and nobody waits.
  const withoutLog: Status = spool?.active && spool.lastError === null ? "degraded" : "unhealthy";
  if (ingest.failing !== null) {
    const seconds = Math.round((clock.now() - ingest.failing.since) / 1000);
    note("log-not-writable", withoutLog, `no append for ${seconds} s: ${ingest.failing.reason}`);
  }
  if (logError !== null) note("log-not-readable", withoutLog, logError);
  if (spool?.active) {
    note("spooling", "degraded", `messages go through the spool: ${spool.entries} batches, ${spool.bytes} bytes in it`);
    if (spool.lastError !== null) note("spool-not-writable", "unhealthy", spool.lastError);
  }

  for (const { code, message } of publishingTroubles(overview)) note(code, "degraded", message);

  const sinks = [projectorHealth(overview), ...forwarderHealth(overview, clock), ...sealerHealth(overview)];
  for (const sink of sinks) {
    if (sink.lastError !== null) note("sink-failing", sink.status, `${sink.name}: ${sink.lastError}`);
    else if (sink.lagSeconds !== null && sink.lagSeconds > LAG_SECONDS) {
      note(
        "sink-lagging",
        "degraded",
        `${sink.name}: ${sink.lagEvents} events, ${Math.round(sink.lagSeconds)} s behind`,
      );
    }
    if (sink.dead > 0) note("dead-letters", "degraded", `${sink.name}: ${sink.dead} dead letters`);
  }

  const worst = reasons.some((reason) => reason.status === "unhealthy");
  const status: Status = worst ? "unhealthy" : reasons.length > 0 ? "degraded" : "healthy";
  return {
    status,
    client_id: configuration.mqttClientId,
    reasons,
    brokers: sources.map(brokerView),
    log: {
      writable: ingest.failing === null,
      head,
      unacknowledged: ingest.uncommitted,
      lastError: ingest.failing?.reason ?? logError,
    },
    spool: spool && {
      active: spool.active,
      batches: spool.entries,
      bytes: spool.bytes,
      capacityBytes: spool.capacityBytes,
      lastError: spool.lastError,
    },
    sinks,
    statistics: statisticsOf(overview, clock),
  };
};

const LISTED = 20;
/** A row may have a longer code, and a reason quotes from it. */
const CHARACTERS = 100;

const listed = (rows: FlowTablesStatus["refused"]): string => {
  const shown = rows
    .slice(0, LISTED)
    .map(({ code, reason }) => `${code.slice(0, CHARACTERS)} (${reason.slice(0, CHARACTERS)})`);
  return shown.join(", ") + (rows.length > LISTED ? ` and ${rows.length - LISTED} more` : "");
};

const brokerView = (source: SourceStatus): HealthReport["brokers"][number] => ({
  name: source.name,
  url: source.url,
  connected: source.connected,
  protocolVersion: source.protocolVersion,
  subscriptions: source.subscriptions,
  currentBackoffSeconds: source.currentBackoffSeconds,
  lastError: source.lastError,
});

type SinkHealth = HealthReport["sinks"][number];

const silent = (name: string, answer: SinkAnswer): SinkHealth => ({
  name,
  status: "degraded",
  lagEvents: null,
  lagSeconds: null,
  pending: 0,
  oldestPendingSeconds: 0,
  dead: 0,
  lastError: "error" in answer ? answer.error : "no report",
});

const lagStatus = (lagSeconds: number, failing: boolean): Status =>
  failing || lagSeconds > LAG_SECONDS ? "degraded" : "healthy";

const projectorHealth = (overview: Overview): SinkHealth => {
  const report = projectorReport(overview);
  if (report === undefined) return silent("projection", overview.projector);
  const { sink, dead } = report;
  return {
    name: sink.name,
    status: dead > 0 ? "degraded" : lagStatus(sink.lagSeconds, sink.failingSince !== null),
    lagEvents: sink.lagEvents,
    lagSeconds: sink.lagSeconds,
    pending: sink.lagEvents,
    oldestPendingSeconds: sink.lagSeconds,
    dead,
    lastError: sink.lastError,
  };
};

/** The forwarder as a follower of the log, then each endpoint on its own. */
const forwarderHealth = (overview: Overview, clock: Clock): SinkHealth[] => {
  const report = forwarderReport(overview);
  if (report === undefined) return [silent("forwarder", overview.forwarder)];
  const { sink } = report;
  const groups = [...report.groups.values()];
  const age = (since: number | null) => (since === null ? 0 : Math.max(0, (clock.now() - since) / 1000));
  return [
    {
      name: sink.name,
      status: lagStatus(sink.lagSeconds, sink.failingSince !== null),
      lagEvents: sink.lagEvents,
      lagSeconds: sink.lagSeconds,
      pending: groups.reduce((sum, group) => sum + group.waiting + group.leased, 0),
      oldestPendingSeconds: age(report.queue.oldest),
      dead: 0,
      lastError: sink.lastError,
    },
    ...groups.map((group): SinkHealth => {
      const pending = group.waiting + group.leased;
      const failing = group.breaker !== "closed" || (pending > 0 && group.lastError !== null);
      return {
        name: `endpoint:${group.group}`,
        status: failing || group.dead > 0 ? "degraded" : lagStatus(age(group.oldest), false),
        lagEvents: pending,
        lagSeconds: age(group.oldest),
        pending,
        oldestPendingSeconds: age(group.oldest),
        dead: group.dead,
        lastError: failing ? group.lastError : null,
      };
    }),
  ];
};

const sealerHealth = (overview: Overview): SinkHealth[] => {
  if (overview.sealer === null) return [];
  const report = sealerReport(overview);
  if (report === undefined) return [silent("sealer", overview.sealer)];
  const { sink } = report;
  return [
    {
      name: sink.name,
      status: lagStatus(sink.lagSeconds, sink.failingSince !== null),
      lagEvents: sink.lagEvents,
      lagSeconds: sink.lagSeconds,
      pending: sink.lagEvents,
      oldestPendingSeconds: sink.lagSeconds,
      dead: 0,
      lastError: sink.lastError,
    },
  ];
};

/** Part of the queue of publishes from which on it is worth a look. */
const FILLING_PERCENT = 80;

const publishingTroubles = ({ publishing, sources }: Overview): { code: string; message: string }[] => {
  const { queue, publishers, stray, error } = publishing;
  const troubles = publishers
    // A broker that is away for the source is told of already.
    .filter(({ name, connected }) => !connected && sources.some((source) => source.name === name && source.connected))
    .map(({ name, lastError }) => ({
      code: "publisher-disconnected",
      message: `publisher to broker ${name}: ${lastError ?? "not connected"}`,
    }));
  if (queue.capacityUsedPercent >= FILLING_PERCENT) {
    const used = Math.floor(queue.capacityUsedPercent);
    troubles.push({
      code: "publish-queue-filling",
      message: `${queue.total} messages to publish, ${used} % of the queue`,
    });
  }
  if (error !== null) troubles.push({ code: "publish-queue-unavailable", message: error });
  for (const { broker, waiting } of stray) {
    troubles.push({ code: "publish-broker-unknown", message: `${waiting} messages wait for broker ${broker}` });
  }
  return troubles;
};

const statisticsOf = (overview: Overview, clock: Clock): HealthReport["statistics"] => {
  const { sources, publishing } = overview;
  const { queue, publishers } = publishing;
  return {
    connected: sources.every((source) => source.connected),
    current_backoff_seconds: Math.max(0, ...sources.map((source) => source.currentBackoffSeconds)),
    offline_queue: {
      total_messages: queue.total,
      by_priority: Object.fromEntries([...queue.byPriority].map(([priority, count]) => [`${priority}`, count])),
      oldest_message_age_seconds: queue.oldest === null ? null : Math.max(0, (clock.now() - queue.oldest) / 1000),
      capacity_used_percent: queue.capacityUsedPercent,
    },
    inflight_messages: publishers.reduce((sum, publisher) => sum + publisher.inFlight, 0),
    tls_enabled: sources.some((source) => source.tls),
    active_subscriptions: sources.reduce((sum, source) => sum + source.subscriptions, 0),
  };
};
