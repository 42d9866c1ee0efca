/**
 * Stream names.
 *
 * `flow-<code>`: the life of the flow, edited with optimistic concurrency.
 * `traffic-<code>-<yyyymmdd>`: its messages; one writer, the ingest pipeline, with exact expected versions.
 * `deliveries-<code>-<yyyymmdd>`: what became of them at the sinks; apart from the traffic so that a slow sink's
 * results never conflict with ingest.
 *
 * `table-<name>`: rows of a table of definitions that were refused; belongs to no flow, as its codes need not be any's.
 *
 * `replay-<id>`: one replay of what the log holds; belongs to no flow.
 *
 * `access-tokens`: the tokens of the admin API. `audit-<yyyymmdd>`: its requests. Neither belongs to a flow.
 *
 * Traffic is bucketed by the UTC day of receipt so that old buckets can be archived.
 */
export type StreamCategory = "flow" | "traffic" | "deliveries";

export const flowStream = (code: string): string => `flow-${code}`;
export const trafficStream = (code: string, day: string): string => `traffic-${code}-${day}`;
export const deliveriesStream = (code: string, day: string): string => `deliveries-${code}-${day}`;

export const tableStream = (table: string): string => `table-${table}`;

export const replayStream = (id: string): string => `replay-${id}`;

export const ACCESS_STREAM = "access-tokens";
export const auditStream = (day: string): string => `audit-${day}`;

/** `yyyymmdd` of an instant given in RFC 3339 UTC. */
export const dayOf = (instant: string): string => instant.slice(0, 10).replaceAll("-", "");

const STREAM_NAME = /^(?:(flow)-(.+)|(traffic|deliveries)-(.+)-(\d{8}))$/;

/** Null for a name that is no flow's. */
export const parseStream = (stream: string): { category: StreamCategory; flow: string; day?: string } | null => {
  const match = STREAM_NAME.exec(stream);
  if (!match) return null;
  if (match[1]) return { category: "flow", flow: match[2] as string };
  return { category: match[3] as StreamCategory, flow: match[4] as string, day: match[5] as string };
};
