export { EndpointBlocked, EndpointGuard, type EndpointGuardOptions } from "./endpoint-guard.ts";
export { parseEndpointList } from "./endpoint-list.ts";
