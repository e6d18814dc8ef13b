import { Controller, Get, Header, Param, StreamableFile } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import { Audience } from '../guards/audience.decorator.js';
import { NoEnvelope } from '../http/envelope.js';
import { ApiDocument } from './api-document.js';
import { Documented } from './documented.decorator.js';
import type { OpenApiDocument } from './openapi-document.js';
import { findViewerFile, viewerPage, viewerPolicy } from './viewer.js';

const CACHE = 'public, max-age=3600';

/** The OpenAPI document, and a page that shows it. */
@Controller('docs')
export class DocsController {
  constructor(private readonly document: ApiDocument) {}

  @Get()
  @Audience('public')
  @NoEnvelope()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', viewerPolicy)
  @Documented({ summary: 'Shows this document as a page', content: { 'text/html': { type: 'string' } }, example: {} })
  page(): string {
    return viewerPage;
  }

  @Get('json')
  @Audience('public')
  @NoEnvelope()
  @Documented({
    summary: 'Returns this document: OpenAPI 3.1',
    content: { 'application/json': { type: 'object', required: ['openapi', 'info', 'paths', 'components'] } },
    example: {},
  })
  async json(): Promise<OpenApiDocument> {
    return this.document.read();
  }

  @Get(':file')
  @Audience('public')
  @NoEnvelope()
  @Header('Cache-Control', CACHE)
  @Documented({
    summary: 'Returns a file of the page',
    content: { 'text/css': {}, 'text/javascript': {}, 'image/png': {} },
    errors: ['not_found'],
    example: { path: { file: 'start.js' } },
  })
  async file(@Param('file') name: string): Promise<StreamableFile> {
    const file = await findViewerFile(name);
    if (!file) throw new InvalidInputError('Unknown URL', { code: 'not_found' });
    return new StreamableFile(file.content, { type: file.type });
  }
}
