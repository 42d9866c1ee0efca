/** `sluice tokens create`, `list` and `revoke`. */
import { roles } from "@sluice/contracts";
import type { Schema } from "@sluice/contracts/client";
import { type Command, Option } from "commander";
import type { ConnectionFlags } from "../connection.ts";
import { withConnection, withExamples, withJson } from "../options.ts";
import { note, print, printJson } from "../output.ts";
import { table } from "../table.ts";

interface TokensFlags extends ConnectionFlags {
  readonly json?: true;
}

interface CreateFlags extends TokensFlags {
  readonly role: (typeof roles)[number];
  readonly expiresIn?: string;
  readonly expiresAt?: string;
}

export const defineTokens = (program: Command): void => {
  const tokens = program
    .command("tokens")
    .summary("make, list and revoke tokens of the admin API")
    .description("Tokens of the admin API, each with a name, a role and an expiry. It takes the token of an admin.");

  const create = tokens
    .command("create")
    .argument("<name>", "for people and the log, in which its changes are those of api:<name>")
    .summary("make a token and show it, this once")
    .description(
      "Make a token. It is printed here and never again: the log has its digest only. A viewer reads, an operator also " +
        "enables and disables flows, settles dead letters, publishes, reloads and tests, an admin does everything.",
    )
    .addOption(new Option("--role <role>", "what it may do").choices([...roles]).makeOptionMandatory())
    .addOption(
      new Option("--expires-in <time>", "seconds, minutes, hours or days, such as 90d (default: never)").conflicts(
        "expiresAt",
      ),
    )
    .option("--expires-at <instant>", "RFC 3339, or a date")
    .action(createToken);
  withExamples(
    withConnection(withJson(create)),
    "tokens create grafana --role viewer --expires-in 90d",
    "tokens create ci --role admin --expires-at 2027-01-31 > ci.token",
  );

  const list = tokens
    .command("list")
    .summary("list tokens, without their secrets")
    .description("List the tokens that were made and not revoked. When one was used last is what this gateway knows.")
    .action(listTokens);
  withExamples(withConnection(withJson(list)), "tokens list", "tokens list --json | jq '.[] | select(.expired)'");

  const revoke = tokens
    .command("revoke")
    .argument("<name...>", "names of tokens")
    .summary("revoke tokens")
    .description("Revoke tokens: they are refused from then on.")
    .action(revokeTokens);
  withExamples(withConnection(withJson(revoke)), "tokens revoke grafana");
};

const connect = async (flags: TokensFlags) => {
  const { findGateway } = await import("../connection.ts");
  const { apiOf } = await import("../api.ts");
  return apiOf(findGateway(flags));
};

const createToken = async (name: string, flags: CreateFlags): Promise<void> => {
  const { dataOf } = await import("@sluice/contracts/client");
  const api = await connect(flags);
  const { role, expiresIn, expiresAt } = flags;
  const body = {
    name,
    role,
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const issued = dataOf(await api.POST("/api/v1/tokens", { body }));
  if (flags.json) return printJson(issued);
  await print(issued.token);
  note(`${name} is ${role === "operator" || role === "admin" ? "an" : "a"} ${role}, ${expiryText(issued.expiresAt)}.`);
  note("The token is not shown again.");
};

const expiryText = (expiresAt: string | null): string =>
  expiresAt === null ? "until it is revoked" : `until ${expiresAt}`;

const listTokens = async (flags: TokensFlags): Promise<void> => {
  const { items } = await import("@sluice/contracts/client");
  const tokens: Schema<"TokenView">[] = [];
  for await (const token of items(await connect(flags), "/api/v1/tokens")) tokens.push(token);
  if (flags.json) return printJson(tokens);
  if (tokens.length === 0) return print("no tokens yet: `sluice tokens create` makes one");
  return print(
    table(
      [
        { header: "NAME", value: ({ name }) => name, flexible: true },
        { header: "ROLE", value: ({ role }) => role },
        { header: "EXPIRES", value: ({ expiresAt, expired }) => (expired ? "expired" : (expiresAt ?? "never")) },
        { header: "LAST USED", value: ({ lastUsedAt }) => lastUsedAt },
        { header: "MADE", value: ({ createdAt }) => createdAt },
        { header: "BY", value: ({ createdBy }) => createdBy, flexible: true },
      ],
      tokens,
    ),
  );
};

const revokeTokens = async (names: readonly string[], flags: TokensFlags): Promise<void> => {
  const api = await connect(flags);
  for (const name of names) {
    await api.DELETE("/api/v1/tokens/{name}", { params: { path: { name } } });
    if (!flags.json) await print(`${name} is revoked`);
  }
  if (flags.json) await printJson(names);
};
