import type { Clock } from "@sluice/domain";
import { EndpointGuard } from "./guard/endpoint-guard.ts";
import { type ResolveAll, resolveAll } from "./guard/guarded-connector.ts";

export interface HttpGatewayOptions {
  /** For the dates in Retry-After. */
  readonly clock: Clock;
  /** Connections to one origin; further attempts wait, within their own timeout. Default 64. */
  readonly connectionsPerOrigin?: number;
  /** A connection that takes longer to open is given up, whatever the attempt may still take. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Idle connections are kept so long, unless the endpoint's Keep-Alive header says less. Default 4 s. */
  readonly keepAliveMs?: number;
  /** Of an answer's body so much is read, to be thrown away; beyond it the connection is closed. Default 64 KiB. */
  readonly maxResponseBytes?: number;
  /** An endpoint cannot ask for a longer pause. Default 1 h. */
  readonly maxRetryAfterMs?: number;
  /** Certificates (PEM) of authorities that are trusted beside those of the runtime. */
  readonly additionalCa?: readonly string[];
  /** Says to which addresses nothing is sent. Default: link-local, metadata and the like. */
  readonly guard?: EndpointGuard;
  /** Resolves names. Default: as the system does. */
  readonly resolve?: ResolveAll;
  /** Calls back once after the time, unless cancelled by the function that it returns. Default: setTimeout. */
  readonly startTimer?: (ms: number, fire: () => void) => () => void;
}

const startTimer: Required<HttpGatewayOptions>["startTimer"] = (ms, fire) => {
  const timer = setTimeout(fire, ms);
  return () => clearTimeout(timer);
};

export const httpGatewayDefaults: Required<Omit<HttpGatewayOptions, "clock">> = {
  connectionsPerOrigin: 64,
  connectTimeoutMs: 10_000,
  keepAliveMs: 4_000,
  maxResponseBytes: 65_536,
  maxRetryAfterMs: 3_600_000,
  additionalCa: [],
  guard: new EndpointGuard(),
  resolve: resolveAll,
  startTimer,
};
