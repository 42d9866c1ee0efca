/** Errors of a definition as they are found, each with the JSON pointer to its place. */
import type { ValidationError } from "@sluice/contracts";

export class Findings {
  readonly errors: ValidationError[] = [];

  add(pointer: string, keyword: string, message: string): void {
    this.errors.push({ pointer, keyword, message });
  }

  /**
   * The value if it is an object, else an empty one and an error; absent is empty too. The shape of a definition is
   * checked before it comes here, so this only keeps a caller's slip from becoming a TypeError.
   */
  record(value: unknown, pointer: string): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    this.add(pointer, "type", "must be an object");
    return {};
  }

  /** The value if it is a list, else an empty one and an error; absent is empty too. */
  list(value: unknown, pointer: string): readonly unknown[] {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    this.add(pointer, "type", "must be a list");
    return [];
  }
}
