/** Linters of what cannot be run without a container engine: each gives what it complains of. */
import { DCLinter } from "dclint";
import { validate } from "dockerfile-utils";

/** Rules of dclint that are not followed, with the reason. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  "no-build-and-image": "`image` names what `build` makes",
  "no-unbound-port-interfaces": "the address is a variable, which the rule does not read",
  "require-quotes-in-ports": "the same: it takes the quoted variable for unquoted",
  "service-dependencies-alphabetical-order": "in the order in which a message meets them",
  "service-keys-order": "what a reader asks for first comes first",
  "services-alphabetical-order": "as above",
  "top-level-properties-order": "an anchor stands before its uses",
};

/** dclint's own type, which its declarations import in a way that TypeScript does not follow here. */
interface LintResult {
  readonly messages: readonly { readonly line: number; readonly rule: string; readonly message: string }[];
}

/** Holds the file against the Compose Specification's schema and dclint's rules. */
export const lintCompose = (path: string): readonly string[] => {
  const rules = Object.fromEntries(Object.keys(NOT_FOLLOWED).map((rule) => [rule, 0 as const]));
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
  return (linter.lintFiles([path], false) as readonly LintResult[]).flatMap(({ messages }) =>
    messages.map(({ line, rule, message }) => `${line}: ${rule}: ${message}`),
  );
};

export const lintDockerfile = (text: string): readonly string[] =>
  validate(text).map(({ range, message }) => `${range.start.line + 1}: ${message}`);
