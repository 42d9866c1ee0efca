/** `sluice publish --direct`: one message, straight to a broker as a device would publish it. */
import { CommandError } from "../command-error.ts";
import type { LoadedOk } from "../options.ts";

export interface DirectMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** @returns the broker's address and, when it has answered, after how many milliseconds */
export const publishDirectly = async (
  loaded: LoadedOk,
  { topic, payload, qos, retain }: DirectMessage,
  timeoutMs: number,
): Promise<{ readonly broker: string; readonly ms: number }> => {
  const { settle } = await import("../connection.ts");
  const { brokerUrlOf, connectToBroker } = await import("../broker.ts");
  const { redactUrl } = await import("../../config/redact.ts");
  const settled = settle(loaded);
  const url = brokerUrlOf(settled);
  const client = await connectToBroker(url, settled.configuration, "publish", timeoutMs);
  const started = performance.now();
  try {
    await within(timeoutMs, client.publishAsync(topic, payload, { qos, retain }), client);
  } finally {
    client.end(false);
  }
  return { broker: redactUrl(url), ms: Math.round((performance.now() - started) * 10) / 10 };
};

/** @throws CommandError when the time is over or the connection is lost */
const within = async (
  timeoutMs: number,
  work: Promise<unknown>,
  client: { once(event: "close", listener: () => void): unknown },
): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const hint =
    "whether the message was taken is not known; a flow may have refused it, or the gateway cannot write its log";
  const timer = setTimeout(
    () => reject(new CommandError("the broker did not acknowledge in time", { hint })),
    timeoutMs,
  );
  client.once("close", () =>
    reject(new CommandError("the broker closed the connection before it acknowledged", { hint })),
  );
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
