/** Writes the documents that are made from declarations: `node packages/app/src/cli/write-docs.ts`. */
import { writeFileSync } from "node:fs";
import { configurationMarkdown } from "../config/documentation.ts";
import { problemsMarkdown } from "../http/problems-doc.ts";
import { commandLineMarkdown } from "./documentation.ts";

const write = (name: string, content: string): void =>
  writeFileSync(new URL(`../../../../docs/${name}`, import.meta.url), content);

write("configuration.md", configurationMarkdown());
write("cli.md", commandLineMarkdown());
write("problems.md", problemsMarkdown());
