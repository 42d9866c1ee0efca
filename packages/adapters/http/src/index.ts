export { type HttpGatewayOptions, httpGatewayDefaults } from "./config.ts";
export { requestHeaders, UndiciEndpointGateway } from "./endpoint-gateway.ts";
export { EndpointGuard } from "./guard/endpoint-guard.ts";
