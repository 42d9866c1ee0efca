/** `sluice replay …`. What the commands do is in ../replay/, loaded when it is needed. */
import { type Command, InvalidArgumentError } from "commander";
import { withConnection, withExamples, withJson } from "../options.ts";
import type { ListFlags, RebuildFlags, ReplayFlags, StartFlags } from "../replay/replay.ts";

export const defineReplay = (program: Command): void => {
  const replay = program
    .command("replay")
    .description("Decide messages of the log again, or make the projection anew from it.");
  defineStarting(replay);
  defineRebuilding(replay);
  defineWatching(replay);
};

const common = (command: Command): Command => withConnection(withJson(command));

const windowed = (command: Command): Command =>
  command
    .option("--from <time>", "only what was recorded at or after this time (RFC 3339, or a date)")
    .option("--to <time>", "only what was recorded at or before this time (RFC 3339, or a date: its last instant)")
    .option("--no-wait", "do not wait for the end");

const defineStarting = (replay: Command): void => {
  const start = async (kind: "re-drive" | "backfill" | "what-if", flow: string, flags: StartFlags) =>
    (await import("../replay/replay.ts")).startReplay(kind, flow, flags);

  withExamples(
    common(windowed(replay.command("re-drive <flow>")))
      .summary("Decide a flow's rejected messages again.")
      .description(
        "Decide a flow's rejected messages again, under its definition as it is now: what is accepted is stored and " +
          "forwarded, the rest stays rejected. What was accepted is not touched, and nothing is done twice.",
      )
      .option("--rate <count>", "messages a second at the most", rate)
      .action((flow: string, flags: StartFlags) => start("re-drive", flow, flags)),
    "replay re-drive AHT10_SENSOR --from 2026-01-31",
  );
  withExamples(
    common(windowed(replay.command("backfill <flow>")))
      .summary("Give a flow or an action messages that the log has already.")
      .description(
        "Give a flow messages of other flows that match its topic and that it does not have; or, with --action, make " +
          "what it has accepted owed to an action that came later. Nothing is done twice.",
      )
      .option("--action <id>", "this action of the flow, over the flow's own messages")
      .option("--source-flow <code>", "only messages that this flow recorded")
      .option("--topic <filter>", "only messages of these topics")
      .option("--rate <count>", "messages a second at the most", rate)
      .action((flow: string, flags: StartFlags) => start("backfill", flow, flags)),
    "replay backfill HUMIDITY --source-flow AHT10_SENSOR",
    "replay backfill AHT10_SENSOR --action POST_ENDPOINT --rate 50",
  );
  withExamples(
    common(windowed(replay.command("what-if <flow>")))
      .summary("Try a definition on real traffic, and do nothing.")
      .description(
        "Try a definition on messages that the log has: how many more or fewer would be rejected, because of which " +
          "fields, and what would be stored and sent. Nothing is.",
      )
      .requiredOption("--definition <file>", "the candidate, YAML or JSON; - is standard input")
      .option("--source-flow <code>", "on messages that this flow recorded (default: the flow itself)")
      .option("--topic <filter>", "on messages of these topics, of whatever flow")
      .option("--max-newly-rejected <count>", "exit with 1 when more would be newly rejected", count)
      .action((flow: string, flags: StartFlags) => start("what-if", flow, flags)),
    "replay what-if AHT10_SENSOR --definition aht10.yaml --from 2026-01-31",
  );
};

const defineRebuilding = (replay: Command): void => {
  withExamples(
    common(replay.command("rebuild"))
      .summary("Make the projection anew from the log, compare and switch.")
      .description(
        "Make rows, dead rows and counts anew from the log, beside those that there are; compare the two, row by row; and " +
          "put the new ones in their place. What was there is kept for `replay rollback`. Rows that are right stay as they " +
          "are, with their ids, and so do those of an older gateway.",
      )
      .option("--compare-only", "only compare; exit with 1 when they differ")
      .option("--rate <count>", "messages a second at the most", rate)
      .option("--no-wait", "do not wait for the end")
      .action(async (flags: RebuildFlags) => (await import("../replay/replay.ts")).startRebuild(flags)),
    "replay rebuild --compare-only",
    "replay rebuild",
  );
  withExamples(
    common(replay.command("rollback [rebuild]"))
      .summary("Bring back what was before a rebuild.")
      .description(
        "Bring back what the projection had before the last rebuild switched. What came in since is kept. With the " +
          "rebuild's id: only if that is the last one.",
      )
      .option("--no-wait", "do not wait for the end")
      .action(async (rebuild: string | undefined, flags: ReplayFlags) =>
        (await import("../replay/replay.ts")).startRollback(rebuild, flags),
      ),
    "replay rollback",
  );
};

const defineWatching = (replay: Command): void => {
  withExamples(
    common(replay.command("list").description("List replays, the newest first."))
      .option("--limit <count>", "so many at the most", count, 20)
      .action(async (flags: ListFlags) => (await import("../replay/replay.ts")).listReplays(flags)),
    "replay list",
  );
  withExamples(
    common(replay.command("show <id>").description("Show how far a replay is, or what came of it."))
      .option("--wait", "wait for its end")
      .action(async (id: string, flags: ReplayFlags) => (await import("../replay/replay.ts")).showReplay(id, flags)),
    "replay show 019c8a4e-52a1-7c44-9d1c-0f6f5a7a8d11 --wait",
  );
  withExamples(
    common(replay.command("cancel <id>").description("Cancel a replay. What it has done stays done.")).action(
      async (id: string, flags: ReplayFlags) => (await import("../replay/replay.ts")).cancelReplay(id, flags),
    ),
    "replay cancel 019c8a4e-52a1-7c44-9d1c-0f6f5a7a8d11",
  );
};

const count = (text: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a whole number from 0.");
};

const rate = (text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a whole number from 1.");
};
