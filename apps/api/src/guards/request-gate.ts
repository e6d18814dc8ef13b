import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#config';
import { BugError, type Caller, hasErrorCode, InvalidInputError, Logger } from '#domain';
import { BodyBudget } from '../http/body-budget.js';
import { bodyTooLarge, findBodyLength, isCoded, maxBodyBytesOf, MAX_LARGE_BODY_BYTES } from '../http/body-limits.js';
import { admitBody } from '../http/body-parsers.js';
import { dropBody } from '../http/body-reader.js';
import { MethodNotAllowedError } from '../http/failure.js';
import { sendFailure } from '../http/failure.filter.js';
import { listMethods } from '../http/route-registry.js';
import { CallerFinder } from './caller-finder.js';
import { setCaller } from './caller.js';
import { RefusalLimits } from './refusal-limits.js';
import { changesSomething, routeOf } from './route-effect.js';

/** Bodies in memory that are not answered yet: eight of the largest, four of one caller. */
const MAX_BODIES_BYTES = 8 * MAX_LARGE_BODY_BYTES;
const MAX_BODIES_BYTES_PER_CALLER = 4 * MAX_LARGE_BODY_BYTES;

const keyOf = (caller: Caller) => ('accountId' in caller ? `account ${caller.accountId}` : caller.kind);

/** Fastify reads the body of every other method. */
const readsBody = ({ method }: FastifyRequest) => method !== 'GET' && method !== 'HEAD';

const unsupportedCoding = () => Object.assign(new Error('The body must be sent without Content-Encoding'), { statusCode: 415 });

/**
 * Decides about each request before its body is read, from path and headers: the URL exists, the caller may call the route, and
 * the body may have its length. The only way in: a route needs no check of its own.
 */
@Injectable()
export class RequestGate implements OnModuleInit {
  private readonly bodies = new BodyBudget({ maxBytes: MAX_BODIES_BYTES, maxBytesPerCaller: MAX_BODIES_BYTES_PER_CALLER });

  constructor(
    private readonly config: Config,
    private readonly callers: CallerFinder,
    private readonly limits: RefusalLimits,
    private readonly adapterHost: HttpAdapterHost,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onRequest', (request, reply, done) => {
      this.admit(request, reply).then(
        () => done(),
        (error: unknown) => this.refuse(error, request, reply),
      );
    });
  }

  private async refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (findBodyLength(request) !== 0) dropBody(request.raw);
    const { recordTooLarge } = request.routeOptions.config;
    const isRecorded = recordTooLarge !== undefined && hasErrorCode(error, 'body_too_large');
    sendFailure(isRecorded ? await recordTooLarge(request, error) : error, request, reply, this.logger);
  }

  private async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.is404) this.refuseUnknown(request);
    const { audience } = request.routeOptions.config;
    if (audience === undefined) throw new BugError('The route declares no audience', { code: 'audience_undeclared' });
    const caller = await this.callers.find(audience, request);
    setCaller(request, caller);
    this.refuseChange(request);
    if (findBodyLength(request) !== 0) this.admitBody(request, reply, caller);
  }

  private refuseUnknown(request: FastifyRequest): never {
    this.limits.consume(request, 'unknown_url');
    const [path = ''] = request.url.split('?');
    const allowed = listMethods(this.adapterHost.httpAdapter.getInstance<FastifyInstance>(), path);
    if (allowed.length > 0) throw new MethodNotAllowedError(allowed);
    throw new InvalidInputError('Unknown URL', { code: 'not_found' });
  }

  private refuseChange(request: FastifyRequest): void {
    const { url = '' } = request.routeOptions;
    if (!this.config.consoleReadOnly || !url.startsWith('/operations/') || !changesSomething(routeOf(request))) return;
    throw new InvalidInputError('The console is read-only: unset CONSOLE_READ_ONLY to change anything', { code: 'console_read_only' });
  }

  private admitBody(request: FastifyRequest, reply: FastifyReply, caller: Caller): void {
    if (!readsBody(request)) return dropBody(request.raw);
    const { config } = request.routeOptions;
    const maxBytes = maxBodyBytesOf(config);
    if (maxBytes === 0 || (findBodyLength(request) ?? 0) > maxBytes) throw bodyTooLarge(maxBytes);
    if (isCoded(request) && !config.keepsRawBody) throw unsupportedCoding();
    const share = this.bodies.open(keyOf(caller));
    const release = () => share.release();
    reply.raw.once('finish', release).once('close', release);
    admitBody(request, { maxBytes, share });
    if (request.headers.expect !== undefined) reply.raw.writeContinue();
  }
}
