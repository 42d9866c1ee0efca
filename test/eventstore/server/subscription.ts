/**
 * A subscription to `$all`, as Enumerator.AllSubscriptionFiltered serves it: pages until the end of the log, then what
 * is committed, with a checkpoint after every so many events that it has looked at. The checkpoint at the end of
 * catching up is the last event sent, or where the last page began: it does not cover what that page passed over.
 */

import type { ReadReq } from "@eventstore/db-client/generated/streams_pb.js";
import streams from "@eventstore/db-client/generated/streams_pb.js";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { checkpointResponse, type EventTest, eventResponse, filterOf, invalidPosition } from "./messages.ts";
import { type ReadCall, send } from "./send.ts";
import type { ServerState } from "./state.ts";

const READ_BATCH = 32;

interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const isAfter = (position: bigint, { commit, prepare }: Place): boolean =>
  position > commit || (position === commit && position > prepare);

const isLater = (a: Place, b: Place): boolean =>
  a.commit > b.commit || (a.commit === b.commit && a.prepare > b.prepare);

export const serveSubscription = async (
  state: ServerState,
  call: ReadCall,
  options: ReadReq.Options,
): Promise<void> => {
  const wanted = options.getAll()?.getPosition();
  const after: Place | null = wanted
    ? { commit: BigInt(wanted.getCommitPosition()), prepare: BigInt(wanted.getPreparePosition()) }
    : null;
  if (after && state.log.indexAt(after.commit) === null) {
    call.emit("error", invalidPosition());
    return;
  }
  const registered = call as unknown as ServerWritableStream<unknown, unknown>;
  state.subscriptions.add(registered);
  try {
    await new Subscription(state, call, options, after).serve();
  } finally {
    state.subscriptions.delete(registered);
  }
};

class Subscription {
  readonly #state: ServerState;
  readonly #call: ReadCall;
  readonly #isWanted: EventTest;
  readonly #window: number;
  readonly #interval: number;
  #checkpoint: Place;
  /** Of the next record to look at. */
  #index: number;

  constructor(state: ServerState, call: ReadCall, options: ReadReq.Options, after: Place | null) {
    const filter = options.getFilter();
    this.#state = state;
    this.#call = call;
    this.#isWanted = filterOf(options);
    this.#window = filter?.hasMax() ? filter.getMax() : READ_BATCH;
    this.#interval = filter ? this.#window * filter.getCheckpointintervalmultiplier() : Number.POSITIVE_INFINITY;
    this.#checkpoint = after ?? { commit: -1n, prepare: -1n };
    const first = state.log.records.findIndex((record) => isAfter(record.position, this.#checkpoint));
    this.#index = first < 0 ? state.log.records.length : first;
  }

  async serve(): Promise<void> {
    const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(crypto.randomUUID());
    if (!(await send(this.#call, new streams.ReadResp().setConfirmation(confirmation)))) return;
    if (this.#index < this.#state.log.length && !(await this.#catchUp())) return;
    const caughtUp = new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
    if (!this.#state.faults.noCaughtUp && !(await send(this.#call, caughtUp))) return;
    await this.#live();
  }

  async #catchUp(): Promise<boolean> {
    for (let considered = 0; ; ) {
      const start = this.#index === 0 ? 0n : (this.#state.log.records[this.#index - 1]?.end ?? 0n);
      const page: Place = { commit: start, prepare: 0n };
      let [looked, found] = [0, 0];
      while (this.#index < this.#state.log.length && looked < this.#window && found < READ_BATCH) {
        const record = this.#state.log.records[this.#index++];
        looked++;
        if (!record || !this.#isWanted(record)) continue;
        found++;
        if (!(await send(this.#call, eventResponse(record)))) return false;
        this.#checkpoint = { commit: record.position, prepare: record.position };
      }
      considered += looked;
      const atEnd = this.#index >= this.#state.log.length;
      if (atEnd || considered >= this.#interval) {
        considered %= this.#interval;
        if (isLater(page, this.#checkpoint)) this.#checkpoint = page;
        if (this.#checkpoint.commit >= 0n && !(await this.#sendCheckpoint())) return false;
      }
      if (atEnd) return true;
    }
  }

  async #live(): Promise<void> {
    for (let considered = 0; !this.#call.cancelled; ) {
      const record = this.#index < this.#state.log.length ? this.#state.log.records[this.#index] : undefined;
      if (record === undefined || this.#state.faults.deafSubscriptions) {
        if (!(await this.#news())) return;
        continue;
      }
      this.#index++;
      const place = { commit: record.position, prepare: record.position };
      if (this.#isWanted(record)) {
        if (!(await send(this.#call, eventResponse(record)))) return;
        this.#checkpoint = place;
      }
      if (++considered < this.#interval) continue;
      considered = 0;
      this.#checkpoint = place;
      if (!(await this.#sendCheckpoint())) return;
    }
  }

  #sendCheckpoint(): Promise<boolean> {
    return send(this.#call, checkpointResponse(this.#checkpoint.commit, this.#checkpoint.prepare));
  }

  /** @returns whether the client is still there */
  async #news(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = this.#state.log.onIndexed(resolve);
    this.#call.once("cancelled", resolve);
    this.#call.once("close", resolve);
    await promise;
    off();
    this.#call.off("cancelled", resolve);
    this.#call.off("close", resolve);
    return !this.#call.cancelled && !this.#call.destroyed;
  }
}
