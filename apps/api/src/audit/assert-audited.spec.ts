import { Controller, Get, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { Audience } from '../guards/audience.decorator.js';
import { recordRoutes } from '../http/route-registry.js';
import { assertAudited } from './assert-audited.js';
import { Audited } from './audited.decorator.js';

@Controller()
class Correct {
  @Post('a')
  @Audience('operator')
  @Audited('thing.make')
  a(): void {}

  @Get('b')
  @Audience('operator')
  b(): void {}

  @Post('c')
  @Audience('kommo')
  c(): void {}
}

@Controller()
class Unaudited {
  @Post('d')
  @Audience('widget')
  d(): void {}
}

const routesOf = async (...controllers: (typeof Correct | typeof Unaudited)[]) => {
  const adapter = new FastifyAdapter();
  const routes = recordRoutes(adapter.getInstance());
  const app = (await Test.createTestingModule({ controllers }).compile()).createNestApplication(adapter, { logger: false });
  await app.init();
  await app.close();
  return routes;
};

describe('assertAudited', () => {
  it('accepts routes that only read, that are audited, or that neither an operator nor the widget calls', async () => {
    const routes = await routesOf(Correct);
    expect(() => assertAudited(routes)).not.toThrow();
  });

  it('names a route that changes something without an audit entry', async () => {
    const routes = await routesOf(Correct, Unaudited);
    expect(() => assertAudited(routes)).toThrow('Unaudited.d');
  });
});
