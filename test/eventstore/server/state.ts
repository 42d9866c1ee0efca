/** What the services of one test server share: the log, and the faults that a test asks for. */
import type { Metadata, ServerWritableStream, ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import type { EventLog } from "./log.ts";
import { accessDenied, notLeader, rpcError } from "./messages.ts";

export interface Faults {
  /** Milliseconds from writing to indexing and answering. */
  commitMs: number;
  /** So many appends that are never looked at. */
  swallowAppends: number;
  /** The next append is held up until another has come: it is committed just before that, and its ids are forgotten. */
  holdNext: boolean;
  /** So many appends that are committed and never answered. */
  swallowAnswers: number;
  /** So many commits after which the server dies before it answers. */
  crashAfterCommits: number;
  /** Calls that read hang: nothing is sent on them. */
  hangReads: boolean;
  /** Reads of `$all` with a filter hang where they would pass over anything. */
  hangFiltered: boolean;
  /** Subscriptions send nothing live, and say nothing of it. */
  deafSubscriptions: boolean;
  /** Stream reads give no positions, as before version 22.6. */
  noPositions: boolean;
  /** Subscriptions do not say that they have caught up, as before version 24.2. */
  noCaughtUp: boolean;
  readonly deniedStreams: Set<string>;
  denyReads: boolean;
  /** Reads are answered with an error of this kind that has nothing else with it. */
  bareError: string | null;
}

export const noFaults = (): Faults => ({
  commitMs: 0,
  swallowAppends: 0,
  holdNext: false,
  swallowAnswers: 0,
  crashAfterCommits: 0,
  hangReads: false,
  hangFiltered: false,
  deafSubscriptions: false,
  noPositions: false,
  noCaughtUp: false,
  deniedStreams: new Set(),
  denyReads: false,
  bareError: null,
});

/** A call as far as it is needed here. */
interface AnyCall {
  readonly metadata: Metadata;
  emit(event: "error", error: ServiceError): boolean;
}

export class ServerState {
  readonly log: EventLog;
  readonly faults: Faults;
  readonly maxAppendSize: number;
  /** `user:password`; null where everybody is let in. */
  readonly credentials: string | null;
  /** The node to go to instead of this one. */
  leader: { readonly host: string; readonly port: number } | null = null;
  /** Appends that were decided over. */
  appends = 0;
  /** Reads of every kind that were begun. */
  reads = 0;
  /** Commits the append that is held up. */
  held: (() => void) | null = null;
  /** Set by the server. */
  crash: () => void = () => undefined;
  readonly subscriptions = new Set<ServerWritableStream<unknown, unknown>>();

  constructor(log: EventLog, faults: Faults, maxAppendSize: number, credentials: string | null) {
    this.log = log;
    this.faults = faults;
    this.maxAppendSize = maxAppendSize;
    this.credentials = credentials;
  }

  /** Whether the call may go on; if not, it has been ended. */
  admit(call: AnyCall): boolean {
    if (this.credentials === null) return true;
    const sent = String(call.metadata.get("authorization")[0] ?? "");
    if (sent === `Basic ${Buffer.from(this.credentials).toString("base64")}`) return true;
    call.emit("error", rpcError(status.UNAUTHENTICATED, "Unauthenticated"));
    return false;
  }

  admitRead(call: AnyCall): boolean {
    if (!this.admit(call)) return false;
    if (this.faults.denyReads) {
      call.emit("error", accessDenied());
      return false;
    }
    if (this.faults.bareError !== null) {
      call.emit("error", rpcError(status.UNKNOWN, "strange", { exception: this.faults.bareError }));
      return false;
    }
    if (this.leader && call.metadata.get("requires-leader")[0] === "true") {
      call.emit("error", notLeader(this.leader));
      return false;
    }
    return true;
  }
}
