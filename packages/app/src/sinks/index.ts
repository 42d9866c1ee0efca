export { DeliveryRunner, type DeliveryRunnerDependencies } from "./delivery-runner.ts";
export { countKey, FORWARDER, Forwarder, groupOf } from "./forwarder.ts";
export { PROJECTOR, Projector } from "./projector.ts";
export { ResultLog } from "./result-log.ts";
export { LogFollower } from "./sink.ts";
