/** In which form a command shows events. */
import { type Command, Option } from "commander";

export const eventFormats = ["table", "ndjson", "csv"] as const;
export type EventFormat = (typeof eventFormats)[number];

export interface FormatFlags {
  readonly format?: EventFormat;
  readonly json?: true;
}

export const withFormat = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--format <format>",
        "table for people; ndjson: the whole envelope, one a line; csv: RFC 4180",
      ).choices([...eventFormats]),
    )
    .option("--json", "the same as --format ndjson");

export const formatOf = ({ format, json }: FormatFlags): EventFormat => format ?? (json ? "ndjson" : "table");
