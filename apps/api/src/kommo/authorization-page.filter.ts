import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from '#domain';
import { sendFailure } from '../http/failure.filter.js';
import { toFailure } from '../http/failure.js';
import { authorizationPagePolicy, outcomeOf, renderAuthorizationPage, wantsPage } from './authorization-page.js';

/** Shows a browser a page about a refused authorisation. Other callers get the envelope. */
@Catch()
@Injectable()
export class AuthorizationPageFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const { status, error: code, retryAfterSeconds } = toFailure(error);
    // An error of ours is logged and shows its correlation id.
    if (!wantsPage(request.headers.accept) || status === 500) return sendFailure(error, request, reply, this.logger);
    if (status === 503) this.logger.warn('authorisation failed for now', { correlation_id: request.id, error });
    if (retryAfterSeconds !== undefined) void reply.header('Retry-After', String(retryAfterSeconds));
    const page = renderAuthorizationPage(outcomeOf(code, status), request.headers['accept-language']);
    void reply.status(status).header('Content-Security-Policy', authorizationPagePolicy).type('text/html; charset=utf-8').send(page);
  }
}
