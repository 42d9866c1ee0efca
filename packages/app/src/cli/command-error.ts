/** A command that did not work, as the user is told it: one clear line, details, and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** 1: it failed; 2: it was called or configured wrongly. */
  readonly exitCode: 1 | 2;
  /** One a line, indented under the message. */
  readonly details: readonly string[];
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { exitCode?: 1 | 2; details?: readonly string[]; hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
    this.details = options.details ?? [];
    this.hint = options.hint;
  }
}
