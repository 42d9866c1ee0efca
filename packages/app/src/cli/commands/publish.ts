/** `sluice publish`: one message, straight to the broker. */
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { CommandError } from "../command-error.ts";
import { requireConfiguration, withExamples, withJson } from "../options.ts";
import { print, printJson } from "../output.ts";

type PublishFlags = Readonly<Record<string, unknown>> & {
  readonly qos: "0" | "1" | "2";
  readonly retain?: true;
  readonly file?: string;
  readonly timeout: number;
  readonly json?: true;
};

export const definePublish = (program: Command): void => {
  const command = program
    .command("publish <topic> [payload]")
    .summary("publish a message to the broker")
    .description(
      "Publish a message to the broker at MQTT_URL, else to the embedded broker of the gateway that runs in DATA_DIR, and " +
        "wait until the broker has acknowledged it. The payload is the text given, @file for a file's bytes, or - for " +
        "those of standard input.",
    )
    .addOption(new Option("-q, --qos <level>", "0 is never acknowledged").choices(["0", "1", "2"]).default("1"))
    .option("-r, --retain", "let the broker keep it for later subscribers")
    .option("-f, --file <file>", "the payload is the bytes of this file")
    .option("--timeout <seconds>", "give up after so long", seconds, 10)
    .option("--mqtt-url <url>", "the broker (MQTT_URL)")
    .option("--data-dir <directory>", "DATA_DIR of the gateway (default: ./data)")
    .option("--config <file>", "config file, JSON, YAML or key=value (SLUICE_CONFIG)")
    .action(publish);
  withExamples(
    withJson(command),
    'publish sensors/aht10 \'{"temperature":21.5,"humidity":48}\'',
    "publish --mqtt-url mqtt://broker.example --qos 2 --file reading.json sensors/aht10",
    "publish --retain device/1/state -",
  );
};

const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 3_600)) throw new InvalidArgumentError("It wants seconds, above 0 and up to 3600.");
  return value;
};

const publish = async (topic: string, text: string | undefined, flags: PublishFlags): Promise<void> => {
  const { isValidTopicName } = await import("@sluice/domain");
  if (!isValidTopicName(topic)) {
    throw new CommandError(`${JSON.stringify(topic)} is no topic to publish to: wildcards are for filters`, {
      exitCode: 2,
    });
  }
  if ((text === undefined) === (flags.file === undefined)) {
    throw new CommandError("a payload is wanted, once: as text, @file, - or with --file", { exitCode: 2 });
  }
  const { settle } = await import("../connection.ts");
  const { brokerUrlOf, connectToBroker } = await import("../broker.ts");
  const { readBytes, readPayload } = await import("../payload.ts");
  const { redactUrl } = await import("../../config/redact.ts");
  const settled = settle(requireConfiguration(flags));
  const url = brokerUrlOf(settled);
  const payload = flags.file === undefined ? await readPayload(text as string) : readBytes(flags.file);
  const timeoutMs = flags.timeout * 1_000;
  const client = await connectToBroker(url, settled.configuration, "publish", timeoutMs);
  const qos = Number(flags.qos) as 0 | 1 | 2;
  const started = performance.now();
  try {
    await within(timeoutMs, client.publishAsync(topic, payload, { qos, retain: flags.retain === true }), client);
  } finally {
    client.end(false);
  }
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const result = {
    topic,
    bytes: payload.length,
    qos,
    retain: flags.retain === true,
    broker: redactUrl(url),
    acknowledged: qos > 0,
    ms,
  };
  if (flags.json) return printJson(result);
  const end = qos === 0 ? "sent; at QoS 0 no broker acknowledges" : `acknowledged after ${ms} ms`;
  await print(`${payload.length} bytes to ${topic} at ${result.broker}, QoS ${qos}: ${end}`);
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
