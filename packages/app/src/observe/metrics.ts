/** Prometheus metrics, made from an overview when they are asked for. The names are listed in docs/metrics.md. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import { balancesOf, forwarderReport, type Overview, projectorReport, sealerReport } from "./overview.ts";

export interface Metrics {
  render(overview: Overview): Promise<{ contentType: string; body: string }>;
}

const FLOW_COUNTERS = {
  received: "Messages that the flow received.",
  accepted: "Messages that the flow accepted.",
  rejected: "Messages that the flow rejected.",
  flagged: "Accepted messages that were recorded as invalid.",
  breached: "Thresholds breached.",
  skipped: "Messages not recorded: retained ones that came before, and expired ones.",
} as const;

const ACTION_GAUGES = {
  accepted: "Accepted messages that the action owes.",
  done: "Messages that the action has dealt with.",
  pending: "Messages that the action has yet to deal with.",
  dead: "Messages given up on, kept as dead letters.",
  discarded: "Dead letters that someone discarded.",
  imbalance: "accepted - done - pending - dead - discarded; anything but 0 is a defect.",
} as const;

export const createMetrics = (registry: FlowRegistry): Metrics => {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: "sluice_" });
  const registers = [register];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `sluice_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: `sluice_${name}`, help, labelNames, registers });

  const flowCounters = Object.entries(FLOW_COUNTERS).map(
    ([key, help]) => [key as keyof typeof FLOW_COUNTERS, counter(`flow_${key}_total`, help, ["flow"])] as const,
  );
  const actionGauges = Object.entries(ACTION_GAUGES).map(
    ([key, help]) => [key as keyof typeof ACTION_GAUGES, gauge(`action_${key}`, help, ["flow", "action"])] as const,
  );
  const unrouted = counter("unrouted_messages_total", "Messages that no flow matched.", []);
  const events = counter("events_appended_total", "Events committed to the log.", []);
  const commits = counter("commits_total", "Appends committed to the log.", []);
  const uncommitted = gauge("uncommitted_messages", "Messages received and not yet committed.", []);
  const writable = gauge("log_writable", "1 while the log takes appends.", []);
  const spooling = gauge("spool_active", "1 while messages go through the spool.", []);
  const spoolBytes = gauge("spool_bytes", "Bytes of the messages in the spool.", []);
  const spoolCapacity = gauge("spool_capacity_bytes", "Bytes at which the spool takes no more.", []);
  const connected = gauge("broker_connected", "1 while connected.", ["broker"]);
  const unacknowledged = gauge("broker_unacknowledged_messages", "Messages not yet acknowledged.", ["broker"]);
  const subscriptions = gauge("broker_subscriptions", "Subscriptions that the broker granted.", ["broker"]);
  const connects = counter("broker_connects_total", "Connections made.", ["broker"]);
  const up = gauge("sink_up", "1 while the sink works.", ["sink"]);
  const lagEvents = gauge("sink_lag_events", "Events that the sink has yet to take from the log.", ["sink"]);
  const lagSeconds = gauge("sink_lag_seconds", "Age of the oldest of them.", ["sink"]);
  const sealed = gauge("sealed_events", "Events of the log that the Merkle tree has.", []);
  const covered = gauge("checkpoint_events", "Events that the newest signed checkpoint covers.", []);
  const queued = gauge("deliveries_queued", "Deliveries waiting or running.", ["flow", "action"]);
  const oldest = gauge("delivery_oldest_timestamp_seconds", "When the oldest of them was accepted.", [
    "flow",
    "action",
  ]);

  const publisherConnected = gauge("publisher_connected", "1 while the publisher is connected.", ["broker"]);
  const publishesWaiting = gauge("publisher_waiting_messages", "Messages waiting to be published.", ["broker"]);
  const publishesInFlight = gauge("publisher_in_flight_messages", "Messages sent and not acknowledged.", ["broker"]);
  const publishesSent = counter("publisher_sent_messages_total", "Messages sent, again included.", ["broker"]);
  const publishesDone = counter("publisher_acknowledged_messages_total", "Messages acknowledged.", ["broker"]);
  const publishesLost = counter("publisher_lost_messages_total", "Messages that were not delivered, by how.", [
    "broker",
    "loss",
  ]);
  const publishQueueUsed = gauge("publish_queue_used_ratio", "Part of PUBLISH_QUEUE_CAPACITY in use.", []);

  return {
    async render(overview) {
      for (const [, metric] of [...flowCounters, ...actionGauges]) metric.reset();
      for (const flow of registry.list()) {
        for (const [key, metric] of flowCounters) metric.inc({ flow: flow.code }, flow.counters[key]);
        for (const balance of balancesOf(flow, overview)) {
          for (const [key, metric] of actionGauges)
            metric.set({ flow: flow.code, action: balance.action }, balance[key]);
        }
      }
      const { ingest } = overview;
      for (const metric of [unrouted, events, commits, connects]) metric.reset();
      unrouted.inc(ingest.unrouted);
      events.inc(ingest.events);
      commits.inc(ingest.commits);
      uncommitted.set(ingest.uncommitted);
      writable.set(ingest.failing === null ? 1 : 0);
      if (ingest.spool !== null) {
        spooling.set(ingest.spool.active ? 1 : 0);
        spoolBytes.set(ingest.spool.bytes);
        spoolCapacity.set(ingest.spool.capacityBytes);
      }
      for (const source of overview.sources) {
        const labels = { broker: source.name };
        connected.set(labels, source.connected ? 1 : 0);
        unacknowledged.set(labels, source.unacknowledged);
        subscriptions.set(labels, source.subscriptions);
        connects.inc(labels, source.connects);
      }
      const { publishing } = overview;
      publishQueueUsed.set(publishing.queue.capacityUsedPercent / 100);
      for (const metric of [publisherConnected, publishesWaiting, publishesInFlight]) metric.reset();
      for (const metric of [publishesSent, publishesDone, publishesLost]) metric.reset();
      for (const { name: broker, connected, waiting, inFlight, sent, acknowledged, lost } of publishing.publishers) {
        publisherConnected.set({ broker }, connected ? 1 : 0);
        publishesWaiting.set({ broker }, waiting);
        publishesInFlight.set({ broker }, inFlight);
        publishesSent.inc({ broker }, sent);
        publishesDone.inc({ broker }, acknowledged);
        for (const [loss, count] of Object.entries(lost)) publishesLost.inc({ broker, loss }, count);
      }
      const sinks = { projection: projectorReport(overview), forwarder: forwarderReport(overview) };
      const sealer = sealerReport(overview);
      if (sealer !== undefined) {
        sealed.set(sealer.size);
        covered.set(sealer.checkpointSize);
      }
      for (const [sink, report] of Object.entries(overview.sealer === null ? sinks : { ...sinks, sealer })) {
        up.set({ sink }, report !== undefined && report.sink.failingSince === null ? 1 : 0);
        if (report === undefined) continue;
        lagEvents.set({ sink }, report.sink.lagEvents);
        lagSeconds.set({ sink }, report.sink.lagSeconds);
      }
      queued.reset();
      oldest.reset();
      for (const { group, waiting, leased, oldest: since } of sinks.forwarder?.groups.values() ?? []) {
        const slash = group.lastIndexOf("/");
        const labels = { flow: group.slice(0, slash), action: group.slice(slash + 1) };
        queued.set(labels, waiting + leased);
        if (since !== null) oldest.set(labels, since / 1000);
      }
      return { contentType: register.contentType, body: await register.metrics() };
    },
  };
};
