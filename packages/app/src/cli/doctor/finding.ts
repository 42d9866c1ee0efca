/** What a check found. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do; absent when nothing needs doing. */
  readonly hint?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, status: "ok", message });
export const warn = (check: string, message: string, hint: string): Finding => ({
  check,
  status: "warn",
  message,
  hint,
});
export const fail = (check: string, message: string, hint: string): Finding => ({
  check,
  status: "fail",
  message,
  hint,
});
