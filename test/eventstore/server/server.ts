/**
 * A server that speaks EventStoreDB's gRPC protocol over its generated stubs, for tests. It keeps its log in memory; a
 * crash takes the connections and what the memory of a real server would hold, and not the log.
 */
import gossipStubs from "@eventstore/db-client/generated/gossip_grpc_pb.js";
import featureStubs from "@eventstore/db-client/generated/serverfeatures_grpc_pb.js";
import streamStubs from "@eventstore/db-client/generated/streams_grpc_pb.js";
import { Server, ServerCredentials, type ServiceError, status } from "@grpc/grpc-js";
import { append, batchAppend, remove } from "./append-service.ts";
import { features, gossip, type Member } from "./cluster-service.ts";
import { EventLog, type EventLogOptions } from "./log.ts";
import { rpcError } from "./messages.ts";
import { read } from "./read-service.ts";
import { noFaults, ServerState } from "./state.ts";

export interface TestServerOptions extends EventLogOptions {
  /** MaxAppendSize; 1 MiB when absent, as in EventStoreDB. */
  readonly maxAppendSize?: number;
  /** PEM; without it the server speaks no TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** `user:password` that every call must have. */
  readonly credentials?: string;
  /** Shared by the nodes of a cluster. */
  readonly log?: EventLog;
}

const HOST = "127.0.0.1";

export class TestServer {
  readonly state: ServerState;
  /** Members of the cluster as gossip tells them; this node alone when null. */
  members: readonly Member[] | null = null;
  readonly #tls: TestServerOptions["tls"];
  #server: Server | null = null;
  #port = 0;

  constructor(options: TestServerOptions = {}) {
    const log = options.log ?? new EventLog(options);
    this.state = new ServerState(log, noFaults(), options.maxAppendSize ?? 1024 * 1024, options.credentials ?? null);
    this.state.crash = () => this.crash();
    this.#tls = options.tls;
    // What every database has from the start.
    log.append("$users", "any", [systemEvent("$user", "admin")]);
    log.index();
  }

  get port(): number {
    return this.#port;
  }

  get isRunning(): boolean {
    return this.#server !== null;
  }

  get url(): string {
    return `esdb://${HOST}:${this.#port}?tls=false`;
  }

  /** On the port of the last time. */
  async start(): Promise<void> {
    const server = new Server({ "grpc.max_receive_message_length": 17 * 1024 * 1024 });
    server.addService(streamStubs.StreamsService, {
      read: read(this.state),
      append: append(this.state),
      batchAppend: batchAppend(this.state),
      delete: remove(this.state),
      tombstone: unimplemented,
    });
    server.addService(gossipStubs.GossipService, { read: gossip(this) });
    server.addService(featureStubs.ServerFeaturesService, { getSupportedMethods: features });
    const credentials = this.#tls
      ? ServerCredentials.createSsl(null, [
          { private_key: Buffer.from(this.#tls.key), cert_chain: Buffer.from(this.#tls.cert) },
        ])
      : ServerCredentials.createInsecure();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.bindAsync(`${HOST}:${this.#port}`, credentials, (error, port) => (error ? reject(error) : resolve(port)));
    this.#port = await promise;
    this.#server = server;
  }

  /** Takes the connections down at once. */
  crash(): void {
    this.#server?.forceShutdown();
    this.#server = null;
    this.state.log.forgetIds();
  }

  /** Ends the subscriptions that are open, as the server does when it drops them. */
  dropSubscriptions(): void {
    for (const call of this.state.subscriptions) call.emit("error", rpcError(status.UNAVAILABLE, "dropped"));
  }

  stop(): void {
    this.#server?.forceShutdown();
    this.#server = null;
  }
}

const unimplemented = (_call: unknown, callback: (error: ServiceError) => void): void =>
  callback(rpcError(status.UNIMPLEMENTED, "not needed here"));

export const systemEvent = (type: string, text: string) => ({
  id: crypto.randomUUID(),
  type,
  isJson: true,
  data: Buffer.from(JSON.stringify({ text })),
  metadata: new Uint8Array(),
});
