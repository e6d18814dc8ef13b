import { randomBytes } from 'node:crypto';
import { Controller, Get, Param, Redirect, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '#config';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { ConsoleFiles } from './console-files.js';
import { consolePagePolicy, renderConsolePage } from './console-page.js';

const PAGE = 'index.html';
const NONCE_BYTES = 16;
const A_YEAR = 'public, max-age=31536000, immutable';

const acceptsGzip = ({ headers }: FastifyRequest) => /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));

/** The page of the operator's console and its assets. Anyone gets them; the data behind them needs the operator's token. */
@Controller('console')
export class ConsoleController {
  constructor(
    private readonly files: ConsoleFiles,
    private readonly config: Config,
  ) {}

  /** The page's assets have relative URLs, so its own URL must end with a slash. */
  @Get()
  @Audience('public')
  @NoEnvelope()
  @Redirect('/console/', 308)
  @Documented({ summary: 'Redirects to the console', status: 308, example: {} })
  redirect(): void {}

  @Get('*')
  @Audience('public')
  @NoEnvelope()
  @Documented({
    summary: "Returns the operator's console: its page, or a file of it",
    content: { 'text/html': { type: 'string' }, 'text/javascript': {}, 'text/css': {} },
    errors: ['not_found'],
    parameters: [{ name: 'file', in: 'path', required: true, schema: { type: 'string' }, example: 'index.html' }],
    example: { path: { file: 'index.html' } },
  })
  async read(@Param('*') name: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return name === '' || name === PAGE ? this.readPage(reply) : this.readAsset(name, request, reply);
  }

  private async readPage(reply: FastifyReply): Promise<string> {
    const { content, type } = await this.files.get(PAGE);
    const nonce = randomBytes(NONCE_BYTES).toString('base64url');
    void reply.headers({ 'content-type': type, 'content-security-policy': consolePagePolicy(nonce) });
    return renderConsolePage(content.toString('utf8'), {
      nonce,
      isReadOnly: this.config.consoleReadOnly,
      publicUrl: this.config.publicUrl,
    });
  }

  private async readAsset(name: string, request: FastifyRequest, reply: FastifyReply): Promise<Buffer> {
    const { content, compressed, type } = await this.files.get(name);
    void reply.headers({ 'content-type': type, 'cache-control': A_YEAR, vary: 'Accept-Encoding' });
    if (!acceptsGzip(request)) return content;
    void reply.header('content-encoding', 'gzip');
    return compressed;
  }
}
