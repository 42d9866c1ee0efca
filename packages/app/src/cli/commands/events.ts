/** `sluice events`: the event log, filtered. */
import type { RecordedEvent } from "@sluice/contracts";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { withConnection, withExamples, withJson } from "../options.ts";
import { print } from "../output.ts";

interface EventFlags extends ConnectionFlags {
  readonly flow?: string;
  readonly stream?: string;
  readonly type?: string;
  readonly messageId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly json?: true;
}

export const defineEvents = (program: Command): void => {
  const command = program
    .command("events")
    .summary("show the event log")
    .description("Show events of the log, in log order. With --json one a line, each the whole envelope.")
    .option("--flow <code>", "of this flow")
    .option("--stream <name>", "of this stream")
    .option("--type <types>", "of these types, with commas between them")
    .option("--message-id <uuid>", "of this message")
    .option("--from <time>", "recorded at or after this time (RFC 3339, or a date)")
    .option("--to <time>", "recorded at or before this time (RFC 3339, or a date: its last instant)")
    .addOption(new Option("--order <order>", "oldest or newest first").choices(["asc", "desc"]).default("asc"))
    .option("--limit <count>", "so many at the most, or all", limit, 100)
    .action(showEvents);
  withExamples(
    withConnection(withJson(command)),
    "events --flow AHT10_SENSOR --order desc --limit 20",
    "events --type ValidationFailed,ThresholdBreached --from 2026-01-01",
    "events --limit all --json > log.ndjson",
  );
};

const limit = (text: string): number => {
  if (text === "all") return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a whole number from 1, or all.");
};

const showEvents = async (flags: EventFlags): Promise<void> => {
  const { findGateway } = await import("../connection.ts");
  const { ApiClient } = await import("../api-client.ts");
  const { eventHeader, eventLine } = await import("../event-line.ts");
  const { lineWidth } = await import("../table.ts");
  const { adminUrl, token } = findGateway(flags);
  const { flow, stream, type, messageId, from, to, order } = flags;
  const query = { flow, stream, type, messageId, from, to, order };
  const width = lineWidth();
  let first = true;
  for await (const event of new ApiClient(adminUrl, token).items<RecordedEvent>("/api/v1/events", query, flags.limit)) {
    if (flags.json) await print(JSON.stringify(event));
    else {
      if (first) await print(eventHeader());
      await print(eventLine(event, width));
    }
    first = false;
  }
};
