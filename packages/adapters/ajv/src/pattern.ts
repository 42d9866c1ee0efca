/**
 * Regular expressions of schemas, run on strings that devices chose. V8's engine backtracks: `^(a+)+$` on 40 letters
 * takes hours. So the expressions of one schema have a budget of time for each payload. A test that might overrun it by
 * itself, because the expression may explode or the string is long, runs under a watchdog.
 *
 * The watchdog costs 0.1 ms a test (a thread of node:vm), hence not always: without it, an expression without nested
 * repetition on a string of 64 code units stays in the milliseconds.
 */
import { createContext, Script } from "node:vm";
import type { RegExpEngine } from "ajv/dist/types/index.js";

const UNGUARDED_LENGTH = 64;
/** For an expression that may take exponential time. */
const UNGUARDED_LENGTH_WHEN_RISKY = 10;
/** Repetitions of no fixed count in one expression, each a further power of the length. */
const MAX_UNGUARDED_REPETITIONS = 4;

export class PatternTimeout extends Error {
  override readonly name = "PatternTimeout";
}

/** What the expressions of one schema may take together on one payload. */
export class PatternBudget {
  readonly #budgetMs: number;
  #leftMs: number;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
    this.#leftMs = budgetMs;
  }

  /** To be called before every payload. */
  reset(): void {
    this.#leftMs = this.#budgetMs;
  }

  /** The `code.regExp` option of ajv. Patterns are Unicode (flag u), as JSON Schema 2020-12 §6.4 recommends. */
  readonly engine: RegExpEngine = Object.assign(
    (source: string, flags: string) => {
      const expression = new RegExp(source, flags);
      const risky = isRisky(source);
      const unguarded = risky ? UNGUARDED_LENGTH_WHEN_RISKY : UNGUARDED_LENGTH;
      return {
        test: (text: string): boolean => {
          const start = performance.now();
          const matches =
            text.length <= unguarded ? expression.test(text) : testGuarded(expression, text, this.#leftMs);
          this.#leftMs -= performance.now() - start;
          if (matches === undefined || this.#leftMs <= 0) {
            throw new PatternTimeout(`the patterns took longer than ${this.#budgetMs} ms, the last was ${expression}`);
          }
          return matches;
        },
        // ajv tells patterns apart by it
        toString: () => String(expression),
      };
    },
    { code: "PatternBudget.engine" },
  );
}

let guard: { readonly context: { expression?: RegExp; text?: string }; readonly script: Script } | undefined;

/** @returns undefined when it took too long */
const testGuarded = (expression: RegExp, text: string, timeoutMs: number): boolean | undefined => {
  guard ??= { context: createContext({}), script: new Script("expression.test(text)") };
  Object.assign(guard.context, { expression, text });
  try {
    return guard.script.runInContext(guard.context, { timeout: Math.ceil(timeoutMs) }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    return undefined;
  } finally {
    guard.context.text = "";
  }
};

/**
 * Whether backtracking may be exponential or of a high power: a repeated group whose contents can match in several
 * lengths or ways, a back reference, or many repetitions. Errs on the side of caution.
 */
export const isRisky = (source: string): boolean => {
  /** For every open group: whether its contents vary. */
  const groups = [false];
  let repetitions = 0;
  const markVarying = () => {
    groups[groups.length - 1] = true;
  };
  for (let at = 0; at < source.length; at++) {
    switch (source[at]) {
      case "\\":
        if (/[1-9k]/.test(source[++at] ?? "")) return true;
        break;
      case "[":
        while (++at < source.length && source[at] !== "]") if (source[at] === "\\") at++;
        break;
      case "(":
        groups.push(false);
        if (source[at + 1] === "?") at++;
        break;
      case ")": {
        const varies = groups.pop() ?? false;
        if (varies && /^(?:[*+]|\{)/.test(source.slice(at + 1, at + 2))) return true;
        if (varies) markVarying();
        break;
      }
      case "*":
      case "+":
        repetitions++;
        markVarying();
        break;
      case "?":
      case "|":
        markVarying();
        break;
      case "{":
        if (/^\{\d+,/.test(source.slice(at, at + 20))) {
          repetitions++;
          markVarying();
        }
        break;
      default:
    }
  }
  return repetitions > MAX_UNGUARDED_REPETITIONS;
};
