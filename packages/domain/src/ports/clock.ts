/** Time and identity, injected so that the rest is a function of its input. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface IdSource {
  /** A UUID, version 7 (RFC 9562): ids made later sort later. */
  next(): string;
}
