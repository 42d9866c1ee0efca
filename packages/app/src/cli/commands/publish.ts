/** `sluice publish`: one message, through the gateway's queue. */
import { isUtf8 } from "node:buffer";
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { CommandError } from "../command-error.ts";
import type { ConnectionFlags } from "../connection.ts";
import { requireConfiguration, withConnection, withExamples, withJson } from "../options.ts";
import { harmless, print, printJson } from "../output.ts";
import type { DirectMessage } from "./publish-direct.ts";

type PublishFlags = ConnectionFlags & {
  readonly qos: "0" | "1" | "2";
  readonly retain?: true;
  readonly priority: number;
  readonly broker?: string;
  readonly file?: string;
  readonly timeout: number;
  readonly direct?: true;
  readonly mqttUrl?: string;
  readonly json?: true;
};

export const definePublish = (program: Command): void => {
  const command = program
    .command("publish <topic> [payload]")
    .summary("publish a message to a broker")
    .description(
      "Publish a message through the gateway, and wait until the broker has acknowledged it. While the broker is away " +
        "the message waits in the gateway's queue, on disk. The payload is the text given, @file for a file's bytes, or - " +
        "for those of standard input.",
    )
    .addOption(new Option("-q, --qos <level>", "0 is never acknowledged").choices(["0", "1", "2"]).default("1"))
    .option("-r, --retain", "let the broker keep it for later subscribers")
    .option("-p, --priority <number>", "1 to 10; 10 goes first, and is the last to make room", priority, 5)
    .option("-b, --broker <name>", "the broker (default: the gateway's first)")
    .option("-f, --file <file>", "the payload is the bytes of this file")
    .option("--timeout <seconds>", "wait so long for the broker", seconds, 10)
    .option(
      "--direct",
      "without a gateway, as a device: to MQTT_URL, else to the embedded broker that runs in DATA_DIR",
    )
    .option("--mqtt-url <url>", "to this broker, which takes a --direct connection")
    .action(publish);
  withExamples(
    withConnection(withJson(command)),
    'publish sensors/aht10 \'{"temperature":21.5,"humidity":48}\'',
    "publish --priority 10 --qos 2 --file command.json device/1/command",
    "publish --mqtt-url mqtt://broker.example --retain device/1/state -",
  );
};

const seconds = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 3_600)) throw new InvalidArgumentError("It wants seconds, above 0 and up to 3600.");
  return value;
};

const priority = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10) throw new InvalidArgumentError("It wants 1 to 10.");
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
  const { readBytes, readPayload } = await import("../payload.ts");
  const payload = flags.file === undefined ? await readPayload(text as string) : readBytes(flags.file);
  const message = { topic, payload, qos: Number(flags.qos) as 0 | 1 | 2, retain: flags.retain === true };
  await (flags.direct || flags.mqttUrl !== undefined ? direct(message, flags) : throughGateway(message, flags));
};

const shown = ({ topic, payload, qos, retain }: DirectMessage) => ({ topic, bytes: payload.length, qos, retain });

const direct = async (message: DirectMessage, flags: PublishFlags): Promise<void> => {
  const { publishDirectly } = await import("./publish-direct.ts");
  const { broker, ms } = await publishDirectly(requireConfiguration(flags), message, flags.timeout * 1_000);
  const { topic, payload, qos } = message;
  if (flags.json) return printJson({ ...shown(message), broker, acknowledged: qos > 0, ms });
  const end = qos === 0 ? "sent; at QoS 0 no broker acknowledges" : `acknowledged after ${ms} ms`;
  await print(`${payload.length} bytes to ${topic} at ${broker}, QoS ${qos}: ${end}`);
};

/** A request of ours is given up after 30 seconds. */
const MAXIMUM_WAIT_SECONDS = 25;

const throughGateway = async (message: DirectMessage, flags: PublishFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { dataOf } = await import("@sluice/contracts/client");
  const { apiOf } = await import("../api.ts");
  const api = apiOf(findGateway(flags));
  const { topic, payload, qos, retain } = message;
  const timeoutSeconds = Math.min(flags.timeout, MAXIMUM_WAIT_SECONDS);
  const started = performance.now();
  const answer = await api.POST("/api/v1/publish", {
    body: {
      topic,
      qos,
      retain,
      priority: flags.priority,
      ...(flags.broker === undefined ? {} : { broker: flags.broker }),
      ...(isUtf8(payload) ? { payload: payload.toString("utf8") } : { payloadBase64: payload.toString("base64") }),
      wait: true,
      timeoutSeconds,
    },
  });
  const ms = Math.round((performance.now() - started) * 10) / 10;
  const { id, state, broker, reasonCode } = dataOf(answer);
  if (flags.json) {
    return printJson({ ...shown(message), id, broker, state, acknowledged: state === "acknowledged", ms });
  }
  const ends = {
    sent: "sent; at QoS 0 no broker acknowledges",
    acknowledged: `acknowledged after ${ms} ms${reasonCode === NO_SUBSCRIBERS ? ", nobody has subscribed" : ""}`,
    queued: `in the gateway's queue; the broker has not acknowledged within ${timeoutSeconds} s`,
  };
  await print(`${payload.length} bytes to ${topic} at broker ${harmless(broker)}, QoS ${qos}: ${ends[state]}`);
};

/** MQTT 5, 3.4.2.1. */
const NO_SUBSCRIBERS = 16;
