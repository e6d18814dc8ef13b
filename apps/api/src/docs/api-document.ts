import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { recordedRoutes } from '../http/route-registry.js';
import { readServiceVersion } from '#config';
import type { OpenApiDocument } from './openapi-document.js';
import { readResponseSchemas } from './response-schemas.js';

/** The OpenAPI document of this API. The first reader waits until it is built, so that the start does not. */
@Injectable()
export class ApiDocument {
  private document: Promise<OpenApiDocument> | undefined;

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  /** Builds the document once. Throws BugError when the service is not built. */
  read(): Promise<OpenApiDocument> {
    this.document ??= this.build();
    return this.document;
  }

  private async build(): Promise<OpenApiDocument> {
    const { buildOpenApiDocument } = await import('./openapi-document.js');
    const schemas = await readResponseSchemas();
    const version = await readServiceVersion();
    const routes = recordedRoutes(this.adapterHost.httpAdapter.getInstance<object>());
    return buildOpenApiDocument({ routes, version, schemas });
  }
}
