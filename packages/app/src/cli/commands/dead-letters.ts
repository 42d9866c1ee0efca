/** `sluice dead-letters …`. What the commands do is in ../dead-letters/, loaded when it is needed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CausesFlags, ListFlags, ShowFlags } from "../dead-letters/read.ts";
import type { DiscardFlags, RetryFlags } from "../dead-letters/settle.ts";
import { withConnection, withExamples, withJson } from "../options.ts";

export const defineDeadLetters = (program: Command): void => {
  const letters = program
    .command("dead-letters")
    .summary("look into what was given up on, retry it or discard it")
    .description(
      "Deliveries and rows that were given up on: what they have in common, one of them, retry and discard.",
    );
  defineReading(letters);
  defineSettling(letters);
};

const common = (command: Command): Command => withConnection(withJson(command));

const withFilter = (command: Command): Command =>
  command
    .option("--flow <code>", "of this flow")
    .option("--action <id>", "of this action")
    .addOption(new Option("--kind <kind>", "deliveries, or rows").choices(["delivery", "row"]))
    .option("--cause <text>", "of this cause, as `dead-letters causes` shows it");

const upTo =
  (most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It wants a whole number from 1 to ${most}.`);
  };

const defineReading = (letters: Command): void => {
  const read = () => import("../dead-letters/read.ts");
  withExamples(
    common(withFilter(letters.command("list")))
      .summary("list dead letters")
      .description("List dead letters in the order in which they died first.")
      .addOption(new Option("--order <order>", "oldest or newest first").choices(["asc", "desc"]).default("asc"))
      .option("--limit <count>", "so many at the most", upTo(1_000_000), 100)
      .action(async (flags: ListFlags) => (await read()).listLetters(flags)),
    "dead-letters list --flow AHT10_SENSOR",
    "dead-letters list --kind row --limit 1000 --json | jq -r '.[].id'",
  );
  withExamples(
    common(withFilter(letters.command("causes")))
      .summary("show what dead letters have in common")
      .description(
        "Count dead letters by flow, action, attribute and cause: the reason without ids, numbers and quoted values. The " +
          "most numerous first.",
      )
      .option("--limit <count>", "so many causes at the most", upTo(200), 50)
      .action(async (flags: CausesFlags) => (await read()).listCauses(flags)),
    "dead-letters causes",
    "dead-letters causes --flow AHT10_SENSOR --json",
  );
  withExamples(
    common(letters.command("show <id>"))
      .summary("show one dead letter with what it is about")
      .description(
        "Show one dead letter: the message as it was received, what a retry would post or store, the last failed " +
          "attempts, and the edits so far with their authors.",
      )
      .action(async (id: string, flags: ShowFlags) => (await read()).showLetter(id, flags)),
    "dead-letters show 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11/AHT10_SENSOR/POST_ENDPOINT",
  );
};

const collected = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

const defineSettling = (letters: Command): void => {
  const settle = () => import("../dead-letters/settle.ts");
  const settling = (command: Command): Command =>
    common(withFilter(command))
      .option("--all", "all there are, where neither ids nor a filter are given")
      .option("--reason <text>", "why; recorded")
      .option("-y, --yes", "do not ask first");

  withExamples(
    settling(letters.command("retry [id...]"))
      .summary("retry dead letters, one of them edited")
      .description(
        "Retry dead letters: those of the ids, or all that the filter takes. One delivery can be given another body, and " +
          "one row another name or value; what was received stays in the log as it was.",
      )
      .option("--edit-file <file>", "post the bytes of this file instead; - is standard input")
      .option(
        "--set <name=value>",
        "of a row: attribute=<name> to store it under, value=<JSON> to store instead",
        collected,
      )
      .action(async (ids: readonly string[], flags: RetryFlags) => (await settle()).retryLetters(ids, flags)),
    "dead-letters retry --flow AHT10_SENSOR --cause 'answered 503 Service Unavailable'",
    "dead-letters retry 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11/AHT10_SENSOR/POST_ENDPOINT --edit-file body.json",
    "dead-letters retry 0197b0a2-7c1e-7e3a-9f61-0a4a2a3c5d11/AHT10_SENSOR/STORE_DB/t --set value=21.50",
  );
  withExamples(
    settling(letters.command("discard [id...]"))
      .summary("give dead letters up for good")
      .description("Discard dead letters: those of the ids, or all that the filter takes. They count as discarded.")
      .action(async (ids: readonly string[], flags: DiscardFlags) => (await settle()).discardLetters(ids, flags)),
    "dead-letters discard --flow AHT10_SENSOR --reason 'the endpoint is gone for good'",
    "dead-letters discard --all --yes",
  );
};
