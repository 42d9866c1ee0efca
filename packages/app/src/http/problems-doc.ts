/** docs/problems.md, made from the catalogue. */
import { problems } from "@sluice/contracts";

const INTRODUCTION = `# Problems

<!-- Made from packages/contracts/src/problems.ts by \`node packages/app/src/cli/write-docs.ts\`. -->

What the admin API cannot or will not do it answers with \`application/problem+json\`
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

\`\`\`json
{
  "type": "urn:sluice:problem:bad-definition",
  "code": "bad-definition",
  "title": "The flow definition has errors",
  "status": 422,
  "instance": "urn:sluice:request:019c8a4e-52a1-7c44-9d1c-0f6f5a7a8d11",
  "errors": [
    { "pointer": "/actions/0/url", "keyword": "url", "message": "is not a URL that can be parsed" }
  ]
}
\`\`\`

- \`code\` never changes its meaning: programs may branch on it. \`title\` and \`detail\` are for people.
- \`errors\` lists everything that is wrong with the request, each with a JSON pointer into its body or query.
- \`instance\` ends with the request's id, which is also in the answer's \`X-Request-Id\` and in the gateway's log.
`;

export const problemsMarkdown = (): string => {
  const sections = Object.entries(problems).map(
    ([code, { status, title, help }]) => `\n## ${code}\n\n**${status}.** ${title}. ${help}\n`,
  );
  return `${INTRODUCTION}${sections.join("")}`;
};
