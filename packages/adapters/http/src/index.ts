export { type HttpGatewayOptions, httpGatewayDefaults } from "./config.ts";
export { UndiciEndpointGateway } from "./endpoint-gateway.ts";
