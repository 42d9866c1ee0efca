/** A gateway with something of everything in it, and for each operation a request that it takes. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import mqtt from "mqtt";
import { eventually, GatewayProcess } from "../support/gateway-process.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import type { Answer } from "./check.ts";
import type { Json, Operation } from "./document.ts";

export interface Request {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes as it is, anything else as JSON; undefined: none. */
  readonly body?: unknown;
  /** Absent: the admin's. Null: none. */
  readonly token?: string | null;
}

export const FLOW = "CONTRACT";
export const SWITCHED = "CONTRACT_SWITCHED";
const TOPIC = "contract/{site}/data";
const STREAM = "text/event-stream";
const MESSAGES = 12;

const definition = (code: string): Json => ({
  code,
  topic: `other/${code}`,
  actions: [{ type: "STORE_DB" }],
});

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
const fieldsOf = (lines: string): Readonly<Record<string, string>> =>
  Object.fromEntries(lines.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line)?.slice(1) ?? [line, ""]));

export class World {
  readonly gateway: GatewayProcess;
  viewerToken = "";
  #receiver!: Receiver;
  #messageId = "";
  #letters: string[] = [];
  #made = 0;
  #token = "";

  /** @param env settings of the gateway's own */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.gateway = new GatewayProcess({ env });
  }

  async start(): Promise<void> {
    this.#receiver = await startReceiver();
    this.#receiver.mode = 500;
    await this.gateway.start();
    this.#token = readFileSync(join(this.gateway.dataDir, "admin-token"), "utf8").trim();
    await this.gateway.define({
      code: FLOW,
      topic: TOPIC,
      payloadSchema: { temperature: "float" },
      actions: [{ type: "STORE_DB" }, { type: "POST_ENDPOINT", url: this.#receiver.url, maxAttempts: 1 }],
    });
    await this.gateway.define(definition(SWITCHED));
    const device = await mqtt.connectAsync(this.gateway.brokerUrl, { protocolVersion: 4 });
    for (let n = 0; n < MESSAGES; n++) {
      await device.publishAsync("contract/hall/data", JSON.stringify({ temperature: 20 + n }), { qos: 1 });
    }
    await device.publishAsync("contract/hall/data", '{"temperature":"warm"}', { qos: 1 });
    await device.endAsync();
    await this.gateway.caughtUp();
    this.#letters = await eventually(async () => {
      const letters = await this.gateway.all("/api/v1/dead-letters");
      return letters.length === MESSAGES && letters.map(({ id }) => id);
    }, "every delivery is dead");
    const { body } = await this.gateway.api(`/api/v1/events?flow=${FLOW}&type=MessageReceived&limit=1`);
    this.#messageId = body.items[0].data.messageId;
    const viewer = { name: "contract-viewer", role: "viewer" };
    this.viewerToken = (await this.gateway.api("/api/v1/tokens", { body: viewer })).body.token;
  }

  async stop(): Promise<void> {
    await this.gateway.dispose();
    await this.#receiver.stop();
  }

  async send({ method, path }: Pick<Operation, "method" | "path">, request: Request): Promise<Answer> {
    const { body, token = this.#token } = request;
    const filled = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(request.path?.[name] ?? `{${name}}`));
    const url = new URL(this.gateway.adminUrl + filled);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      for (const one of [value].flat()) url.searchParams.append(name, `${one}`);
    }
    const stop = new AbortController();
    const response = await fetch(url, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: stop.signal,
    });
    const { status, headers } = response;
    if (headers.get("content-type")?.startsWith(STREAM) !== true)
      return { status, headers, text: await response.text() };
    stop.abort();
    return { status, headers, text: "" };
  }

  /** Begins to read a stream. @returns what ends it */
  async follow(path: string): Promise<() => void> {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${this.#token}` };
    const { status } = await fetch(this.gateway.adminUrl + path, { headers, signal: stop.signal });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return () => stop.abort();
  }

  /** The first so many events of a stream, each as its lines say it, by the lines' names. */
  async listen(path: string, count: number): Promise<readonly Readonly<Record<string, string>>[]> {
    const signal = AbortSignal.timeout(20_000);
    const headers = { authorization: `Bearer ${this.#token}` };
    const { body } = await fetch(this.gateway.adminUrl + path, { headers, signal });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of body as ReadableStream<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const whole = text.split("\n\n").slice(0, -1);
      const events = whole.filter((lines) => !lines.startsWith(":")).map(fieldsOf);
      if (events.length >= count) return events.slice(0, count);
    }
    throw new Error(`the stream ended after ${text}`);
  }

  /** A good request; undefined: the driver does not know this operation. */
  async requestFor({ operationId, body, parameters }: Operation): Promise<Request | undefined> {
    const known = this.#requests[operationId];
    if (known !== undefined) return known();
    return body === null && !parameters.some((parameter) => parameter.required) ? {} : undefined;
  }

  get #requests(): Readonly<Record<string, () => Request | Promise<Request>>> {
    const ofFlow = (code = FLOW) => ({ path: { code } });
    const ofLetter = () => ({ path: { id: this.#letter() } });
    return {
      createFlow: () => ({ body: definition(this.#name("FLOW")) }),
      getFlow: () => ofFlow(),
      flowHistory: () => ofFlow(),
      putFlow: () => {
        const code = this.#name("FLOW");
        return { ...ofFlow(code), body: definition(code) };
      },
      retireFlow: async () => {
        const code = this.#name("FLOW");
        await this.gateway.define(definition(code));
        return ofFlow(code);
      },
      enableFlow: () => ofFlow(SWITCHED),
      disableFlow: () => ofFlow(SWITCHED),
      rollbackFlow: () => ({ ...ofFlow(SWITCHED), body: { version: 1 } }),
      testFlow: () => ({ ...ofFlow(), body: { topic: "contract/hall/data", payload: { temperature: 21.5 } } }),
      getData: async () => {
        const { body } = await this.gateway.api(`/api/v1/data?flow=${FLOW}&limit=1`);
        return { path: { id: body.items[0].id } };
      },
      getMessage: () => ({ path: { messageId: this.#messageId } }),
      getDeadLetter: () => ({ path: { id: this.#letters[0] as string } }),
      retryDeadLetter: () => ({ ...ofLetter(), body: { edit: { payload: "{}" }, reason: "known" } }),
      discardDeadLetter: () => ({ ...ofLetter(), body: { reason: "known" } }),
      retryDeadLetters: () => ({ body: { ids: [this.#letter()] } }),
      discardDeadLetters: () => ({ body: { ids: [this.#letter()], filter: { flow: FLOW }, reason: "known" } }),
      publish: () => ({ body: { topic: "contract/published", payload: "text", qos: 1, wait: true } }),
      requestReplay: () => ({ body: { kind: "re-drive", flow: FLOW } }),
      getReplay: () => this.#replay(),
      cancelReplay: () => this.#replay(),
      createToken: () => ({ body: { name: this.#name("token"), role: "viewer", expiresIn: "1h" } }),
      revokeToken: async () => {
        const name = this.#name("token");
        await this.gateway.api("/api/v1/tokens", { body: { name, role: "viewer" } });
        return { path: { name } };
      },
      latestCheckpoint: async () => {
        await this.gateway.api("/api/v1/checkpoints", { method: "POST" });
        return {};
      },
    };
  }

  #name(kind: string): string {
    this.#made += 1;
    return `${kind}-${this.#made}-${randomUUID().slice(0, 8)}`;
  }

  #letter(): string {
    const letter = this.#letters.pop();
    if (letter === undefined) throw new Error("no dead letter is left: make more of them");
    return letter;
  }

  async #replay(): Promise<Request> {
    const { body } = await this.gateway.api("/api/v1/replays", { body: { kind: "re-drive", flow: FLOW } });
    return { path: { id: body.id } };
  }
}
