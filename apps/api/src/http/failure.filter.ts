import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from '#domain';
import { type Failure, toFailure, toFailureEnvelope } from './failure.js';

/** Turns every error into an envelope. Logs those with a 5xx status under the correlation id. */
@Catch()
@Injectable()
export class FailureFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendFailure(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
  }
}

function log({ status }: Failure, error: unknown, request: FastifyRequest, logger: Logger): void {
  if (status < 500) return;
  const fields = { correlation_id: request.id, method: request.method, route: request.routeOptions.url ?? 'none', error };
  if (status === 503) logger.warn('request failed for now; a part of the service is unavailable', fields);
  else logger.error('request failed', fields);
}

/** Sends the envelope of an error, and logs the error when its status is 5xx. */
export function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const failure = toFailure(error);
  log(failure, error, request, logger);
  if (failure.retryAfterSeconds !== undefined) void reply.header('Retry-After', String(failure.retryAfterSeconds));
  if (failure.allowed) void reply.header('Allow', failure.allowed.join(', '));
  if (failure.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
  void reply.status(failure.status).header('Content-Type', 'application/json; charset=utf-8').send(toFailureEnvelope(failure, request.id));
}
