/** pino-roll 4 has no types; this is the part that the logger uses. */
declare module "pino-roll" {
  interface RollOptions {
    readonly file: string;
    readonly extension?: string;
    readonly frequency?: "daily" | "hourly" | number;
    readonly dateFormat?: string;
    readonly mkdir?: boolean;
    readonly limit?: { readonly count: number; readonly removeOtherLogFiles?: boolean };
    readonly maxLength?: number;
  }
  /** @returns a SonicBoom */
  export default function roll(options: RollOptions): Promise<import("pino").DestinationStream>;
}
