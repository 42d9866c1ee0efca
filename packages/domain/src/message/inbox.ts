/**
 * The half of the `MessageSource` protocol that is the same for every transport: batches for one consumer, the window,
 * and acknowledgements in receive order however the batches are acknowledged.
 *
 * What must be done once a message is durable is its `Token` (a packet to answer, a callback to call); where it came
 * from is the `Origin` (a connection). Both belong to the adapter, which gets them back through `release`.
 */
import type { MessageBatch, ReceivedMessage } from "../ports/message-source.ts";

export interface InboxLimits {
  /** Unacknowledged messages at which there is no more room. */
  readonly messages: number;
  /** Their bytes, as the adapter counts them, at which there is no more room. */
  readonly bytes: number;
  /** Messages of a batch at the most. */
  readonly batch: number;
}

export interface InboxHooks<Origin, Token> {
  /** Runs the task soon, when what is arriving now has arrived: a burst becomes one batch. */
  readonly schedule: (task: () => void) => void;
  /** These are durable, and so is everything received before them. */
  readonly release: (origin: Origin, tokens: readonly Token[]) => void;
  /** There is room again after there was none. */
  readonly onRoom: () => void;
}

interface Batch<Origin, Token> {
  readonly origin: Origin;
  readonly messages: ReceivedMessage[];
  readonly tokens: Token[];
  bytes: number;
  acknowledged: boolean;
}

const done = { done: true, value: undefined } as const;

export class Inbox<Origin, Token> {
  readonly #limits: InboxLimits;
  readonly #hooks: InboxHooks<Origin, Token>;
  #origin: Origin;
  /** Not released yet, in receive order. */
  readonly #unreleased: Batch<Origin, Token>[] = [];
  /** Not taken by the consumer yet; the last one may still grow. */
  #waiting: Batch<Origin, Token>[] = [];
  #tail: Batch<Origin, Token> | null = null;
  #consumer: ((result: IteratorResult<MessageBatch>) => void) | null = null;
  #scheduled = false;
  #closed = false;
  #messages = 0;
  #bytes = 0;

  constructor(origin: Origin, limits: InboxLimits, hooks: InboxHooks<Origin, Token>) {
    this.#origin = origin;
    this.#limits = limits;
    this.#hooks = hooks;
  }

  /** Messages received and not acknowledged. */
  get unacknowledged(): number {
    return this.#messages;
  }

  get hasRoom(): boolean {
    return this.#messages < this.#limits.messages && this.#bytes < this.#limits.bytes;
  }

  /** What is pushed from now on came from here; batches never mix origins. */
  begin(origin: Origin): void {
    this.#origin = origin;
    this.#tail = null;
  }

  /** Takes the message even when there is no room; the caller stops reading when `hasRoom` is false. */
  push(message: ReceivedMessage, bytes: number, token: Token | null): void {
    if (this.#closed) return;
    const batch = this.#openBatch();
    batch.messages.push(message);
    if (token !== null) batch.tokens.push(token);
    batch.bytes += bytes;
    this.#messages += 1;
    this.#bytes += bytes;
    if (batch.messages.length >= this.#limits.batch) this.#tail = null;
    if (this.#consumer === null || this.#scheduled) return;
    this.#scheduled = true;
    this.#hooks.schedule(() => {
      this.#scheduled = false;
      this.#serve();
    });
  }

  /** A token without a message of its own: released in its turn, when everything before it is durable. */
  pushToken(token: Token): void {
    if (this.#closed) return;
    this.#openBatch().tokens.push(token);
    this.#releaseSettled();
  }

  /** Ends `receive()`. What nobody has taken yet is dropped, unacknowledged. */
  close(): void {
    this.#closed = true;
    for (const batch of this.#waiting) this.#forget(batch);
    this.#waiting = [];
    this.#tail = null;
    this.#consumer?.(done);
    this.#consumer = null;
  }

  receive(): AsyncIterable<MessageBatch> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  }

  #openBatch(): Batch<Origin, Token> {
    if (this.#tail !== null) return this.#tail;
    const batch = { origin: this.#origin, messages: [], tokens: [], bytes: 0, acknowledged: false };
    this.#tail = batch;
    this.#waiting.push(batch);
    this.#unreleased.push(batch);
    return batch;
  }

  #next(): Promise<IteratorResult<MessageBatch>> {
    return new Promise((resolve) => {
      this.#consumer = resolve;
      if (this.#closed) {
        this.#consumer = null;
        resolve(done);
      } else if (!this.#scheduled) this.#serve();
    });
  }

  #serve(): void {
    if (this.#consumer === null) return;
    const batch = this.#takeBatch();
    if (batch === undefined) return;
    const consumer = this.#consumer;
    this.#consumer = null;
    consumer({ done: false, value: { messages: batch.messages, ack: () => this.#acknowledge(batch) } });
  }

  #takeBatch(): Batch<Origin, Token> | undefined {
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      if (batch === this.#tail) this.#tail = null;
      if (batch.messages.length > 0) return batch;
    }
    return undefined;
  }

  #acknowledge(batch: Batch<Origin, Token>): void {
    if (batch.acknowledged) return;
    batch.acknowledged = true;
    const hadRoom = this.hasRoom;
    this.#forget(batch);
    this.#releaseSettled();
    if (!hadRoom && this.hasRoom && !this.#closed) this.#hooks.onRoom();
  }

  #forget(batch: Batch<Origin, Token>): void {
    this.#messages -= batch.messages.length;
    this.#bytes -= batch.bytes;
  }

  #releaseSettled(): void {
    for (let batch = this.#unreleased[0]; batch !== undefined; batch = this.#unreleased[0]) {
      // A batch without messages has nothing that would have to become durable.
      if (!batch.acknowledged && batch.messages.length > 0) return;
      this.#unreleased.shift();
      if (batch === this.#tail) {
        this.#tail = null;
        this.#waiting = this.#waiting.filter((waiting) => waiting !== batch);
      }
      if (batch.tokens.length > 0) this.#hooks.release(batch.origin, batch.tokens);
    }
  }
}
