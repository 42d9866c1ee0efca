/** `sluice flows …`. What the commands do is in ../flows/, loaded when it is needed. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ApplyFlags } from "../flows/apply.ts";
import type { RollbackFlags } from "../flows/history.ts";
import type { ReadFlags } from "../flows/read.ts";
import type { TryFlags } from "../flows/try.ts";
import { withConnection, withExamples, withJson } from "../options.ts";

export const defineFlows = (program: Command): void => {
  const flows = program.command("flows").description("List, show, change and try flows.");
  defineReading(flows);
  defineChanging(flows);
  defineHistory(flows);
  defineTrying(flows);
};

const common = (command: Command): Command => withConnection(withJson(command));

const defineReading = (flows: Command): void => {
  withExamples(
    common(flows.command("list").description("List the flows with their counts.")).action(async (flags: ReadFlags) => {
      await (await import("../flows/read.ts")).listFlows(flags);
    }),
    "flows list",
    "flows list --json | jq '.[].code'",
  );
  withExamples(
    common(flows.command("show <code>").description("Show a flow: definition, version and counts.")).action(
      async (code: string, flags: ReadFlags) => {
        await (await import("../flows/read.ts")).showFlow(code, flags);
      },
    ),
    "flows show AHT10_SENSOR",
  );
  withExamples(
    common(
      flows
        .command("export [codes...]")
        .summary("Print definitions as YAML.")
        .description("Print definitions as YAML that `flows apply` takes back; without codes, of all flows."),
    ).action(async (codes: string[], flags: ReadFlags) => {
      await (await import("../flows/read.ts")).exportFlows(codes, flags);
    }),
    "flows export > flows.yaml",
    "flows export AHT10_SENSOR",
  );
};

const version = (text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It wants a version, a whole number from 1.");
};

const defineHistory = (flows: Command): void => {
  withExamples(
    common(
      flows
        .command("history <code>")
        .description("Show who changed what of a flow and when, the oldest change first; of retired flows too."),
    ).action(async (code: string, flags: ReadFlags) => {
      await (await import("../flows/history.ts")).showHistory(code, flags);
    }),
    "flows history AHT10_SENSOR",
  );
  withExamples(
    common(
      flows
        .command("rollback <code>")
        .argument("<version>", "a version of the flow's history", version)
        .summary("Give a flow a definition back that it had.")
        .description(
          "Give a flow a definition back that it had, as a new version. Whether it is enabled stays as it is. A flow that " +
            "someone else changes meanwhile is not overwritten.",
        )
        .option("-y, --yes", "roll back without asking"),
    ).action(async (code: string, to: number, flags: RollbackFlags) => {
      await (await import("../flows/history.ts")).rollBack(code, to, flags);
    }),
    "flows rollback AHT10_SENSOR 3",
  );
};

const defineChanging = (flows: Command): void => {
  withExamples(
    common(
      flows
        .command("apply <files...>")
        .summary("Bring flows to what files say.")
        .description(
          "Bring flows to what files say: YAML or JSON, one definition, several documents, a list, or a list under `flows:`; - is standard input.\n\n" +
            "All definitions are checked and every difference is shown before anything is changed. A flow that someone else " +
            "changes meanwhile is not overwritten. Flows that no file names stay as they are, and a flow whose file does not " +
            "say whether it is enabled stays enabled or disabled.",
        )
        .option("--dry-run", "show what would change, and change nothing")
        .option("-y, --yes", "apply without asking"),
    ).action(async (files: string[], flags: ApplyFlags) => {
      await (await import("../flows/apply.ts")).applyFiles(files, flags);
    }),
    "flows apply flows.yaml",
    "flows apply --dry-run flows/*.yaml",
    "flows export | sed s/old-host/new-host/ | sluice flows apply --yes -",
  );
  for (const verb of ["enable", "disable"] as const) {
    const effect =
      verb === "enable" ? "Let flows take messages." : "Stop flows from taking messages; nothing is deleted.";
    withExamples(
      common(flows.command(`${verb} <codes...>`).description(effect)).action(
        async (codes: string[], flags: ReadFlags) => {
          await (await import("../flows/switch.ts")).switchFlows(verb, codes, flags);
        },
      ),
      `flows ${verb} AHT10_SENSOR`,
    );
  }
};

const defineTrying = (flows: Command): void => {
  const outcomes = ["accepted", "flagged", "rejected", "unmatched"];
  withExamples(
    common(
      flows
        .command("test <code>")
        .description("Say what a message would do in a flow, without doing it.")
        .option("--topic <topic>", "topic of the message (default: the flow's own, if it has no wildcard)")
        .requiredOption("--payload <text>", "the payload, @file for a file's bytes, or - for standard input")
        .addOption(new Option("--expect <outcome>", "exit with 1 on any other outcome").choices(outcomes)),
    ).action(async (code: string, flags: TryFlags) => {
      await (await import("../flows/try.ts")).tryMessage(code, flags);
    }),
    'flows test AHT10_SENSOR --topic sensors/aht10 --payload \'{"temperature":21.5,"humidity":48}\'',
    "flows test AHT10_SENSOR --payload @sample.json --expect accepted",
  );
};
