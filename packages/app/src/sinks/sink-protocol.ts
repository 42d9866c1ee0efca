/** What the gateway and the thread of a sink say to each other. */
import type { Configuration, FlowDefinition } from "@sluice/contracts";
import type { QueueStatistics, SinkCounts } from "@sluice/domain";
import type { LiveProgress } from "../replay/replay-runner.ts";
import type { GroupStatus } from "./delivery-runner.ts";
import type { SinkStatus } from "./sink.ts";

export type SinkRole = "projector" | "forwarder" | "sealer";

/** A flow as a sink needs it; retired ones are included, since deliveries may still be owed. */
export interface SinkFlow {
  readonly code: string;
  readonly definition: FlowDefinition;
  readonly enabled: boolean;
}

export interface SinkThreadData {
  readonly role: SinkRole;
  readonly configuration: Configuration;
  readonly flows: readonly SinkFlow[];
}

export interface ProjectorReport {
  readonly role: "projector";
  readonly sink: SinkStatus;
  /** By flow and action, as `groupOf` names them. */
  readonly counts: ReadonlyMap<string, SinkCounts>;
  /** Dead rows and dead deliveries that wait for someone. */
  readonly dead: number;
  /** Rebuilds that it is at work on, by their ids. */
  readonly replays: ReadonlyMap<string, LiveProgress>;
}

export interface ForwarderReport {
  readonly role: "forwarder";
  readonly sink: SinkStatus;
  readonly groups: ReadonlyMap<string, GroupStatus>;
  /** By `countKey`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly queue: QueueStatistics;
}

export interface SealerReport {
  readonly role: "sealer";
  readonly sink: SinkStatus;
  /** Events in the tree. */
  readonly size: number;
  /** Of them, those that the newest checkpoint covers. */
  readonly checkpointSize: number;
}

export type SinkReport = ProjectorReport | ForwarderReport | SealerReport;

export type ToSink =
  /** Those that changed. */
  | { readonly kind: "flows"; readonly flows: readonly SinkFlow[] }
  | { readonly kind: "report"; readonly request: number }
  | { readonly kind: "stop" };

export type FromSink =
  | { readonly kind: "ready" }
  | { readonly kind: "report"; readonly request: number; readonly report: SinkReport }
  | { readonly kind: "report-failed"; readonly request: number; readonly reason: string }
  /** One line of pino's JSON. */
  | { readonly kind: "log"; readonly line: string };
