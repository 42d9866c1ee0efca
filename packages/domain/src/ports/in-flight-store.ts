/**
 * What a publisher has sent at QoS 1 and 2 and the broker has not yet acknowledged, on disk: with it a process that was
 * killed goes on with the handshakes of the one before it instead of sending everything again.
 *
 * Protocol. `add` before the PUBLISH leaves; `receive` on a PUBREC, before the PUBREL leaves [MQTT-4.3.3-4]; `remove`
 * on the PUBACK or PUBCOMP. A message comes here from the queue by `add` and then `complete` there; a publisher that
 * finds it in both after a crash completes it.
 *
 * Durability. Every call survives the process when it resolves. A power failure may take back `add` of QoS 1 alone and
 * `remove`, which cost a repetition that MQTT allows; never `add` of QoS 2 or `receive`. Nor may it take back changes of
 * the queue while it keeps later ones of this store: both are in one database, whose transactions are lost from the
 * last one backwards.
 *
 * @throws QueueUnavailable from every call: nothing was changed, it may be made again
 */
export interface InFlightMessage {
  readonly id: string;
  /** 1 to 65,535; no other message of the publisher has it. */
  readonly packetId: number;
  readonly qos: 1 | 2;
  /** QoS 2: the broker has said PUBREC, and is owed a PUBREL. */
  readonly received: boolean;
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly enqueuedAt: number;
  /** As the queue had it. */
  readonly payload: Uint8Array;
}

export interface InFlightStore {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** In the order in which they were added first. */
  all(publisher: string): Promise<readonly InFlightMessage[]>;
  /** An id that is there keeps its place and gets what is new: the packet identifier, and whether it was received. */
  add(publisher: string, messages: readonly InFlightMessage[]): Promise<void>;
  receive(publisher: string, ids: readonly string[]): Promise<void>;
  /** One that is not there is not an error. */
  remove(publisher: string, ids: readonly string[]): Promise<void>;
  count(publisher: string): Promise<number>;
  /** Which session at which broker the packet identifiers belong to, as saved last; null when never. */
  session(publisher: string): Promise<string | null>;
  saveSession(publisher: string, session: string): Promise<void>;
}
