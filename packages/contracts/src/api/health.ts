/** How the gateway is. */
import { type Static, Type } from "typebox";
import { Nullable } from "./shared.ts";

export const Liveness = Type.Object({ status: Type.Literal("healthy") }, { $id: "Liveness" });
export const HealthStatus = Type.Union([Type.Literal("healthy"), Type.Literal("degraded"), Type.Literal("unhealthy")]);
export const HealthReport = Type.Object(
  {
    status: HealthStatus,
    client_id: Type.String(),
    reasons: Type.Array(Type.Object({ code: Type.String(), status: HealthStatus, message: Type.String() })),
    brokers: Type.Array(
      Type.Object({
        name: Type.String(),
        url: Type.String({ description: "Without credentials." }),
        connected: Type.Boolean(),
        protocolVersion: Nullable(Type.Integer()),
        subscriptions: Type.Integer(),
        currentBackoffSeconds: Type.Number(),
        lastError: Nullable(Type.String()),
      }),
    ),
    log: Type.Object({
      writable: Type.Boolean(),
      head: Nullable(Type.String()),
      unacknowledged: Type.Integer({ description: "Messages received and not yet committed." }),
      lastError: Nullable(Type.String()),
    }),
    spool: Nullable(
      Type.Object({
        active: Type.Boolean({ description: "Messages go through it." }),
        batches: Type.Integer(),
        bytes: Type.Integer(),
        capacityBytes: Type.Integer(),
        lastError: Nullable(Type.String()),
      }),
      { description: "Where messages wait while an event store on another machine is away; null: there is none." },
    ),
    sinks: Type.Array(
      Type.Object({
        name: Type.String(),
        status: HealthStatus,
        lagEvents: Nullable(Type.Integer(), { description: "Null while the sink does not answer." }),
        lagSeconds: Nullable(Type.Number(), { description: "Age of the oldest event not yet handled." }),
        pending: Type.Integer(),
        oldestPendingSeconds: Type.Number({ description: "Age of the oldest delivery not yet done." }),
        dead: Type.Integer(),
        lastError: Nullable(Type.String()),
      }),
    ),
    statistics: Type.Object({
      connected: Type.Boolean(),
      current_backoff_seconds: Type.Number(),
      offline_queue: Type.Object(
        {
          total_messages: Type.Integer(),
          by_priority: Type.Record(Type.String(), Type.Integer()),
          oldest_message_age_seconds: Nullable(Type.Number()),
          capacity_used_percent: Type.Number(),
        },
        { description: "Messages that wait to be published, to all brokers." },
      ),
      inflight_messages: Type.Integer({ description: "Published and not yet acknowledged by their broker." }),
      tls_enabled: Type.Boolean(),
      active_subscriptions: Type.Integer(),
    }),
  },
  { $id: "Health" },
);
export type HealthReport = Static<typeof HealthReport>;

export const Readiness = Type.Object(
  { ready: Type.Boolean(), status: HealthStatus, reasons: HealthReport.properties.reasons },
  { $id: "Readiness" },
);
export type Readiness = Static<typeof Readiness>;
