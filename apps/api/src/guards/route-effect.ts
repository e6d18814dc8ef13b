import type { FastifyRequest } from 'fastify';

const READ_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the request may change something: its method is not one that reads, and the route does not declare that it only reads. */
export const changesSomething = ({ method, routeOptions }: FastifyRequest): boolean =>
  !READ_METHODS.has(method) && routeOptions.config.changesNothing !== true;

/** Whether a user of the widget must be an administrator. */
export const needsAdministrator = (request: FastifyRequest): boolean =>
  changesSomething(request) || request.routeOptions.config.needsAdministrator === true;
