import {
  type Clock,
  type EndpointGateway,
  type EndpointOutcome,
  type EndpointRequest,
  isOwnedHeader,
} from "@sluice/domain";
import { HttpClient, type PostRequest } from "./client.ts";
import { type HttpGatewayOptions, httpGatewayDefaults } from "./config.ts";
import { Ended, judge, type Verdict } from "./outcome.ts";

const DEFAULT_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "user-agent": "sluice",
};

/**
 * A string of RFC 9651 §3.3.3, in quotes, as draft-ietf-httpapi-idempotency-key-header-07 §2.1 has it:
 * `Idempotency-Key: "8e03978e-40d5-43e8-bc93-6894a57f9324"`.
 */
const idempotencyKeyHeader = (key: string): string => {
  if (!/^[\x20-\x7e]*$/.test(key)) throw new Error("the idempotency key has characters beyond printable ASCII");
  return `"${key.replace(/["\\]/g, "\\$&")}"`;
};

/** Every header that an attempt sends, but for those of the framing. Names are in lower case. */
export const requestHeaders = ({
  headers,
  idempotencyKey,
}: Pick<EndpointRequest, "headers" | "idempotencyKey">): Record<string, string> => {
  const named: Record<string, string> = { ...DEFAULT_HEADERS };
  for (const [name, value] of Object.entries(headers)) {
    if (!isOwnedHeader(name)) named[name.toLowerCase()] = value;
  }
  named["idempotency-key"] = idempotencyKeyHeader(idempotencyKey);
  return named;
};

/** @throws Error whose message can be shown */
const toPost = (request: EndpointRequest): PostRequest => {
  const { url, body } = request;
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol)) throw new Error("the URL is no http or https URL");
  if (target.username !== "" || target.password !== "") {
    throw new Error("the URL has a user name or password; use an Authorization header");
  }
  return { origin: target.origin, path: target.pathname + target.search, headers: requestHeaders(request), body };
};

/**
 * Posts by undici. Connections are kept and bounded for each origin, so an endpoint that hangs takes its own
 * connections and nobody else's. `outcome.ts` has the table of what counts as what.
 *
 * A flow's headers replace the defaults; those of the framing and `Idempotency-Key` cannot be replaced and are left
 * out. `timeoutMs` bounds the whole attempt: the wait for a free connection, connecting, sending, and the answer to
 * the end of its body. Interim answers (1xx) are passed over, but for 100, which undici 8 takes for a fault when
 * nobody asked for it.
 *
 * `stop` ends the attempts under way as `retry`; whoever wants them to finish waits before stopping.
 */
export class UndiciEndpointGateway implements EndpointGateway {
  readonly #options: Required<HttpGatewayOptions>;
  readonly #clock: Clock;
  readonly #active = new Set<AbortController>();
  #client: HttpClient | undefined;

  constructor(options: HttpGatewayOptions) {
    this.#options = { ...httpGatewayDefaults, ...options };
    this.#clock = options.clock;
  }

  async start(): Promise<void> {
    this.#client ??= new HttpClient(this.#options);
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    for (const attempt of this.#active) attempt.abort(new Ended("stop"));
    await client?.destroy();
  }

  async deliver(request: EndpointRequest, signal?: AbortSignal): Promise<EndpointOutcome> {
    const start = performance.now();
    const verdict = await this.#attempt(request, signal);
    return { ...verdict, latencyMs: Math.round((performance.now() - start) * 10) / 10 };
  }

  async #attempt(request: EndpointRequest, signal: AbortSignal | undefined): Promise<Verdict> {
    const { url, timeoutMs } = request;
    const { maxRetryAfterMs } = this.#options;
    const judged = (exchange: Parameters<typeof judge>[0]) =>
      judge(exchange, { url, timeoutMs, now: this.#clock.now(), maxRetryAfterMs });

    if (this.#client === undefined) return judged({ phase: "waiting", error: new Ended("stop") });
    if (signal?.aborted) return judged({ phase: "waiting", error: new Ended("caller") });
    let post: PostRequest;
    try {
      post = toPost(request);
    } catch (error) {
      return { kind: "refused", reason: (error as Error).message };
    }

    const attempt = new AbortController();
    const cancel = () => attempt.abort(new Ended("caller"));
    const stopTimer = this.#options.startTimer(timeoutMs, () => attempt.abort(new Ended("timeout")));
    signal?.addEventListener("abort", cancel);
    this.#active.add(attempt);
    try {
      return judged(await this.#client.post(post, attempt.signal));
    } finally {
      stopTimer();
      signal?.removeEventListener("abort", cancel);
      this.#active.delete(attempt);
    }
  }
}
