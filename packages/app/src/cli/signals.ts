/** SIGINT and SIGTERM: the first asks for a clean stop, a second one insists. The end of our launcher is the first. */
import { onLauncherGone } from "../system/launcher.ts";

/**
 * A package manager that runs the gateway as a script passes on the Ctrl-C that the terminal has sent to both of them.
 * What comes within this time is the same request.
 */
const SAME_REQUEST_MS = 1_000;

export interface StopRequest {
  /** Resolves at the first signal. */
  readonly requested: Promise<NodeJS.Signals>;
  dispose(): void;
}

/** @param insist called at a second signal; never returns */
export const onStopSignal = (insist: () => never = () => process.exit(1)): StopRequest => {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let first: number | undefined;
  const receive = (signal: NodeJS.Signals) => {
    const now = performance.now();
    first ??= now;
    if (now - first > SAME_REQUEST_MS) insist();
    resolve(signal);
  };
  process.on("SIGINT", receive).on("SIGTERM", receive);
  void onLauncherGone(() => resolve("SIGTERM"));
  return { requested: promise, dispose: () => process.off("SIGINT", receive).off("SIGTERM", receive) };
};
