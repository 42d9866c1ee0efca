import { EndpointGuard, UndiciEndpointGateway } from "@sluice/adapter-http";
import type { Configuration } from "@sluice/contracts";
import { ContainerModule } from "inversify";
import { tokens } from "../tokens.ts";

export const endpointGuardOf = ({ endpointAllow: allow, endpointDeny: deny }: Configuration): EndpointGuard =>
  new EndpointGuard(deny === undefined ? { allow } : { allow, deny });

export const httpModule = new ContainerModule(({ bind }) => {
  bind(tokens.endpointGateway).toResolvedValue(
    (clock, configuration) => new UndiciEndpointGateway({ clock, guard: endpointGuardOf(configuration) }),
    [tokens.clock, tokens.configuration],
  );
});
