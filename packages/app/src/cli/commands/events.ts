/** `sluice events`: the event log, filtered. */
import type { RecordedEvent } from "@sluice/contracts";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { type FormatFlags, formatOf, withFormat } from "../format-options.ts";
import { withConnection, withExamples } from "../options.ts";

export interface EventFilterFlags extends ConnectionFlags, FormatFlags {
  readonly flow?: string;
  readonly stream?: string;
  readonly type?: string;
  readonly messageId?: string;
}

interface EventFlags extends EventFilterFlags {
  readonly from?: string;
  readonly to?: string;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

/** Which events, for every command that shows some. */
export const withEventFilter = (command: Command): Command =>
  command
    .option("--flow <code>", "of this flow")
    .option("--stream <name>", "of this stream")
    .option("--type <types>", "of these types, with commas between them")
    .option("--message-id <uuid>", "of this message");

export const defineEvents = (program: Command): void => {
  const command = withEventFilter(
    program
      .command("events")
      .summary("show the event log")
      .description(
        "Show events of the log, in log order, as they come: output of any length needs no memory to speak of.",
      ),
  )
    .option("--from <time>", "recorded at or after this time (RFC 3339, or a date)")
    .option("--to <time>", "recorded at or before this time (RFC 3339, or a date: its last instant)")
    .addOption(new Option("--order <order>", "oldest or newest first").choices(["asc", "desc"]).default("asc"))
    .option("--limit <count>", "so many at the most, or all", limit, 100)
    .action(showEvents);
  withExamples(
    withConnection(withFormat(command)),
    "events --flow AHT10_SENSOR --order desc --limit 20",
    "events --type ValidationFailed,ThresholdBreached --from 2026-01-01",
    "events --limit all --format ndjson > log.ndjson",
    "events --flow AHT10_SENSOR --from 2026-01-01 --to 2026-01-31 --limit all --format csv > january.csv",
  );
};

const limit = (text: string): number => {
  if (text === "all") return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a whole number from 1, or all.");
};

const showEvents = async (flags: EventFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { items } = await import("@sluice/contracts/client");
  const { apiOf, given } = await import("../api.ts");
  const { EventWriter } = await import("../event-formats.ts");
  const api = apiOf(findGateway(flags));
  const { flow, stream, type, messageId, from, to, order } = flags;
  const query = given({ flow, stream, type, messageId, from, to, order });
  const writer = new EventWriter(formatOf(flags));
  for await (const event of items(api, "/api/v1/events", { query, limit: flags.limit })) {
    await writer.write(event as RecordedEvent);
  }
  await writer.end();
};
