/** `sluice tail`: the event log as it grows. */
import { type Command, InvalidArgumentError } from "commander";
import { formatOf, withFormat } from "../format-options.ts";
import { withConnection, withExamples } from "../options.ts";
import { type EventFilterFlags, withEventFilter } from "./events.ts";

interface TailFlags extends EventFilterFlags {
  readonly after?: string;
  readonly limit?: number;
}

const count = (text: string): number => {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a whole number from 1.");
};

export const defineTail = (program: Command): void => {
  const command = withEventFilter(
    program
      .command("tail")
      .summary("show events as they are recorded")
      .description(
        "Show events as they are recorded, until it is stopped. When the connection ends it comes back and goes on behind " +
          "the last event, so that nothing is missing.",
      ),
  )
    .option("--after <position>", "begin behind this position of the log (default: now)")
    .option("--limit <count>", "end after so many", count)
    .action(showTail);
  withExamples(
    withConnection(withFormat(command)),
    "tail",
    "tail --flow AHT10_SENSOR --type ValidationFailed",
    "tail --format ndjson | jq .data",
  );
};

const showTail = async (flags: TailFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { tail } = await import("../tail.ts");
  const { flow, stream, type, messageId, after, limit } = flags;
  await tail(findGateway(flags), {
    query: { flow, stream, type, messageId },
    after,
    format: formatOf(flags),
    limit: limit ?? Number.POSITIVE_INFINITY,
  });
};
