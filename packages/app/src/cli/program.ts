/** The command line as a whole. Each command has a file in commands/. */
import { Command } from "commander";
import { defineCheckpoint } from "./commands/checkpoint.ts";
import { defineConfig } from "./commands/config.ts";
import { defineDeadLetters } from "./commands/dead-letters.ts";
import { defineDemo } from "./commands/demo.ts";
import { defineDoctor } from "./commands/doctor.ts";
import { defineEvents } from "./commands/events.ts";
import { defineExplain } from "./commands/explain.ts";
import { defineFlows } from "./commands/flows.ts";
import { defineProve } from "./commands/prove.ts";
import { definePublish } from "./commands/publish.ts";
import { defineReload } from "./commands/reload.ts";
import { defineReplay } from "./commands/replay.ts";
import { defineStart } from "./commands/start.ts";
import { defineTail } from "./commands/tail.ts";
import { defineTokens } from "./commands/tokens.ts";
import { defineVerify } from "./commands/verify.ts";

/** @param width of help texts, in columns */
export const buildProgram = (width = Math.min(process.stdout.columns ?? 100, 120)): Command => {
  const program = new Command("sluice")
    .description("An MQTT gateway that acknowledges a message only when it is on disk in an event log.")
    .exitOverride()
    .helpCommand(true)
    .showHelpAfterError("(--help says more)")
    .configureHelp({ helpWidth: width })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 called or configured wrongly. Settings: docs/configuration.md",
    );
  defineStart(program);
  defineDemo(program);
  defineConfig(program);
  defineFlows(program);
  defineReload(program);
  defineEvents(program);
  defineTail(program);
  defineExplain(program);
  defineVerify(program);
  defineCheckpoint(program);
  defineProve(program);
  defineReplay(program);
  defineDeadLetters(program);
  definePublish(program);
  defineTokens(program);
  defineDoctor(program);
  return program;
};

/** Every command, those within others included, with its full name. */
export const allCommands = (program: Command): readonly { readonly name: string; readonly command: Command }[] =>
  program.commands.flatMap((command) => {
    const within = allCommands(command).map((inner) => ({ ...inner, name: `${command.name()} ${inner.name}` }));
    return [{ name: command.name(), command }, ...within];
  });
