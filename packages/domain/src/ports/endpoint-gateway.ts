/**
 * One attempt to deliver one message over HTTP. Retrying, ordering and giving up are the forwarder's business; the
 * gateway only says what happened and whether another attempt can help.
 */
export interface EndpointRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Sent as `Idempotency-Key`; the same for every attempt of one delivery with one body. */
  readonly idempotencyKey: string;
  readonly timeoutMs: number;
}

export type EndpointOutcome =
  | { readonly kind: "delivered"; readonly status: number; readonly latencyMs: number }
  /**
   * Another attempt may succeed: no connection, timeout, 408, 425, 429, 5xx. `retryAfterMs` is what the endpoint asked.
   * `unreachable` marks a failure of the endpoint as a whole, which counts against its circuit breaker.
   */
  | {
      readonly kind: "retry";
      readonly status?: number;
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly unreachable: boolean;
      readonly latencyMs: number;
    }
  /** The endpoint refuses this message: any other 4xx, a redirect, a URL that cannot be used. */
  | { readonly kind: "refused"; readonly status?: number; readonly reason: string; readonly latencyMs: number };

export interface EndpointGateway {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Never rejects; an abort by the signal is a `retry`. */
  deliver(request: EndpointRequest, signal?: AbortSignal): Promise<EndpointOutcome>;
}
