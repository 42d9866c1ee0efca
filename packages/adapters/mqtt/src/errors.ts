/** Errors as text for an operator, without secrets. */

/** MQTT 5, 2.4, as far as brokers use them toward a subscriber. */
const REASONS: Readonly<Record<number, string>> = {
  0: "normal disconnection",
  128: "unspecified error",
  129: "malformed packet",
  130: "protocol error",
  131: "implementation specific error",
  135: "not authorized",
  137: "server busy",
  139: "server shutting down",
  141: "keep alive timeout",
  142: "session taken over by another connection with the same client id",
  143: "topic filter invalid",
  145: "packet identifier in use",
  147: "receive maximum exceeded",
  149: "packet too large",
  150: "message rate too high",
  151: "quota exceeded",
  152: "administrative action",
  158: "shared subscriptions not supported",
  161: "subscription identifiers not supported",
  162: "wildcard subscriptions not supported",
};

export const describeReason = (code: number | undefined): string => {
  const known = REASONS[code ?? 0];
  return known ?? `reason code 0x${(code ?? 0).toString(16)}`;
};

/** Reason for a refused subscription; MQTT 3.1.1 brokers only say 128. */
export const describeRefusal = (code: number): string =>
  code === 128 ? "refused by the broker" : describeReason(code);

const messageOf = (error: Error): string => {
  // A host with several addresses: the one error has no message, each address its own.
  if (error instanceof AggregateError) return error.errors.map((inner: Error) => inner.message).join("; ");
  return error.message || error.name;
};

export const describeError = (error: unknown, secret: string | undefined): string => {
  const text = error instanceof Error ? messageOf(error) : String(error);
  return secret === undefined || secret === "" ? text : text.replaceAll(secret, "***");
};
