/** docs/cli.md, made from the commands' own help. */
import { helpOf } from "./options.ts";
import { allCommands, buildProgram } from "./program.ts";

const INTRODUCTION = `# The command line

<!-- Made from packages/app/src/cli by \`node packages/app/src/cli/write-docs.ts\`. -->

From the repository root, on a machine with any Node from 20 up:

\`\`\`
npx -y pnpm@12.21.0 sluice <command>
\`\`\`

or, once that has installed everything, \`node_modules/.bin/node packages/app/src/main.ts <command>\`. A service manager
should start the gateway in this second way: then its signals reach the gateway itself, and not npx, which ends without
passing them on.

## What all commands have in common

- \`--help\` explains the command and shows examples. \`--json\` prints JSON for machines on stdout: one document, or with
  \`events\` one a line.
- What was asked for goes to stdout, everything else (questions, notes, errors) to stderr. Colours are used on a terminal
  only, and not when \`NO_COLOR\` is set.
- The exit code is 0 when it is done, 1 when it failed, and 2 when it was called or configured wrongly. An error is one
  line that says what is wrong, its details, and what can be done.
- Commands that talk to a gateway look for the one that runs in \`DATA_DIR\`, which has written its addresses to
  \`gateway.json\` there; when no \`DATA_DIR\` is given, for a running demo; then for one at \`ADMIN_HOST\` and
  \`ADMIN_PORT\`. \`--url\` names another. The token is \`ADMIN_TOKEN\`, else the one in \`DATA_DIR/admin-token\`;
  \`--token\` names another.
- Settings are read as the gateway reads them: see [configuration.md](configuration.md).
`;

/** Wide enough for the longest flag, narrow enough for a page. */
const WIDTH = 100;

export const commandLineMarkdown = (): string => {
  const program = buildProgram(WIDTH);
  const sections = allCommands(program)
    .filter(({ command }) => command.commands.length === 0)
    .map(({ name, command }) => `## sluice ${name}\n\n\`\`\`\n${helpOf(command)}\`\`\`\n`);
  return `${INTRODUCTION}\n${sections.join("\n")}`;
};
