/**
 * The connection: the client's, which finds the nodes, speaks TLS, sends the credentials and follows the leader. Calls
 * go over the stubs that it is built on, since of its own methods none reads `$all` backwards or page by page with a
 * filter, none that reads has a deadline, and its appends can end the process (see docs/decisions).
 */
import db from "@eventstore/db-client";
import grpc, { type StreamsClient } from "@eventstore/db-client/generated/streams_grpc_pb.js";
import { UnusableDatabase } from "./config.ts";
import { NoAnswer, NotLeader, unavailable } from "./failures.ts";

/** Arguments of a call: its gRPC metadata and options. */
export type CallArguments = Required<Parameters<StreamsClient["read"]>> extends [unknown, ...infer Rest] ? Rest : never;

/** A call under way, as far as it is used here. */
export interface Call {
  cancel(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/**
 * Of the client, what it keeps for its own methods. `test/eventstore/client-internals.test.ts` holds the installed
 * version against it.
 */
interface ClientInternals {
  GRPCStreamCreator<T>(
    client: typeof StreamsClient,
    name: string,
    creator: (client: StreamsClient) => T,
  ): () => Promise<T>;
  callArguments(options: { requiresLeader: boolean }, call: { deadline: Date | number }): CallArguments;
  handleError(client: unknown, error: Error): Promise<void>;
}

/** Between two tries to be answered by the leader. */
export const LEADER_RETRY_MS = 50;

export class Connection {
  readonly #client: InstanceType<typeof db.EventStoreDBClient>;
  readonly #internals: ClientInternals;
  #current: StreamsClient | null = null;

  /** Connects when it is first used. @throws UnusableDatabase */
  constructor(url: string) {
    this.#client = makeClient(url);
    this.#internals = this.#client as unknown as ClientInternals;
    // Nobody waits for its promise: rejected while the cluster cannot be found, it would end the process.
    const { handleError } = this.#internals;
    this.#internals.handleError = (client, error) => handleError(client, error).catch(() => undefined);
  }

  /**
   * Begins a call, which the server ends at the deadline: milliseconds since the epoch, or `Infinity`.
   * @throws EventStoreUnavailable when there was no connection by `connectBy`
   */
  async call<T extends Call>(
    start: (client: StreamsClient, args: CallArguments) => T,
    deadline: number,
    connectBy = deadline,
  ): Promise<T> {
    const args = this.#internals.callArguments(
      { requiresLeader: true },
      { deadline: deadline === Number.POSITIVE_INFINITY ? deadline : new Date(deadline) },
    );
    const opening = this.#internals.GRPCStreamCreator(grpc.StreamsClient, "sluice", (client) => {
      this.#current = client;
      const call = start(client, args);
      // An error may come when nobody listens any more, after the call was cancelled.
      call.on("error", () => undefined);
      return call;
    })();
    try {
      return await before(connectBy, opening);
    } catch (error) {
      // It may be there late.
      opening.then((call) => call.cancel()).catch(() => undefined);
      throw unavailable(error);
    }
  }

  /** Does it again for as long as a node answers that another one is the leader. */
  async onLeader<T>(deadline: number, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof NotLeader) || Date.now() + LEADER_RETRY_MS >= deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, LEADER_RETRY_MS));
      }
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#client.dispose();
    this.#current?.close();
  }
}

/** @throws NoAnswer when the promise is not settled by then */
export const before = async <T>(deadline: number, promise: Promise<T>): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const fail = (): void => reject(new NoAnswer("EventStoreDB: no answer within the deadline"));
  const timer = setTimeout(fail, Math.max(0, deadline - Date.now()));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};

const makeClient = (url: string): InstanceType<typeof db.EventStoreDBClient> => {
  try {
    return db.EventStoreDBClient.connectionString(url);
  } catch (error) {
    // The client's ParseError quotes the connection string.
    const { expected, message } = error as { readonly expected?: unknown; readonly message?: unknown };
    const reason = typeof expected === "string" ? `expected ${expected}` : String(message).replaceAll(url, "…");
    throw new UnusableDatabase(`the connection string cannot be used: ${reason}`);
  }
};
