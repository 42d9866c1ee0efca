/**
 * One POST and the end of its answer, on connections that are kept. Built on undici's `dispatch`, because `request`
 * does not see an abort while it waits for a connection, and its `dump` does not tell a body that ended from one that
 * broke off.
 */
import type { Socket } from "node:net";
import { getCACertificates } from "node:tls";
import { Agent, type Dispatcher } from "undici";
import type { HttpGatewayOptions } from "./config.ts";
import { guardedConnector } from "./guard/guarded-connector.ts";

export interface PostRequest {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type AnswerHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>[2];

/**
 * How far an exchange came: `waiting` for a connection (nothing was sent), `sent` at least in part, `answered` (the
 * status is known, the body is not complete), `complete`.
 */
export type Phase = "waiting" | "sent" | "answered" | "complete";

export interface Exchange {
  readonly phase: Phase;
  readonly status?: number;
  readonly headers?: AnswerHeaders;
  /** Why it is not complete. */
  readonly error?: unknown;
}

type ClientOptions = Required<Omit<HttpGatewayOptions, "clock" | "startTimer" | "maxRetryAfterMs">>;

export class HttpClient {
  readonly #agent: Agent;
  readonly #opening = new Set<Socket>();
  readonly #maxResponseBytes: number;

  constructor(options: ClientOptions) {
    const { additionalCa } = options;
    this.#maxResponseBytes = options.maxResponseBytes;
    const connect = guardedConnector(
      {
        timeout: options.connectTimeoutMs,
        allowH2: false,
        ...(additionalCa.length > 0 ? { ca: [...getCACertificates("default"), ...additionalCa] } : {}),
      },
      options.guard,
      options.resolve,
    );
    this.#agent = new Agent({
      connections: options.connectionsPerOrigin,
      pipelining: 1,
      // HTTP/2 would put all requests on one connection, past the limit of connections
      allowH2: false,
      connect: (target, callback) => {
        // it returns the socket, though its type does not say so, or nothing when the address is blocked
        const socket = connect(target, (...result) => {
          if (socket !== undefined) this.#opening.delete(socket);
          callback(...result);
        }) as unknown as Socket | undefined;
        if (socket !== undefined) this.#opening.add(socket);
      },
      keepAliveTimeout: options.keepAliveMs,
      // every attempt has a timeout of its own over all phases
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * Never rejects. An abort ends the exchange at once with the signal's reason as its error; what waits for a
   * connection is then never sent, what was sent loses its connection.
   */
  post(request: PostRequest, signal: AbortSignal): Promise<Exchange> {
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    let exchange: Exchange = { phase: "waiting" };
    let controller: Dispatcher.DispatchController | undefined;
    let bodyBytes = 0;

    const end = (last: Partial<Exchange>) => {
      signal.removeEventListener("abort", abort);
      resolve({ ...exchange, ...last });
    };
    const abort = () => {
      end({ error: signal.reason });
      controller?.abort(signal.reason as Error);
    };
    signal.addEventListener("abort", abort);

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        controller = started;
        if (signal.aborted) started.abort(signal.reason as Error);
        else exchange = { phase: "sent" };
      },
      onResponseStart: (_, status, headers) => {
        // an interim answer (RFC 9110 §15.2) is no answer yet
        if (status >= 200) exchange = { phase: "answered", status, headers };
      },
      onResponseData: (answering, chunk) => {
        bodyBytes += chunk.length;
        if (bodyBytes <= this.#maxResponseBytes) return;
        end({ phase: "complete" });
        answering.abort(new Error("the rest of the body is of no interest"));
      },
      onResponseEnd: () => end({ phase: "complete" }),
      onResponseError: (_, error) => end({ error }),
    };
    try {
      if (signal.aborted) abort();
      else this.#agent.dispatch({ ...request, method: "POST" }, handler);
    } catch (error) {
      end({ error });
    }
    return promise;
  }

  /** Closes every connection; exchanges under way end with an error. */
  async destroy(): Promise<void> {
    await this.#agent.destroy();
    // the agent leaves a connection that is still opening to its timeout
    for (const socket of this.#opening) socket.destroy();
  }
}
