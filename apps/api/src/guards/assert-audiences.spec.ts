import { Controller, Get } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { AuthorisedAccount } from '#domain';
import { type RegisteredRoute, recordRoutes } from '../http/route-registry.js';
import { assertAudiences } from './assert-audiences.js';
import { Account, NamedAccount, OptionalAccount } from './account.decorator.js';
import { Audience } from './audience.decorator.js';

@Controller()
class Declared {
  @Get('a/:id')
  @Audience('public')
  a(): void {}

  notARoute(): void {}
}

@Controller()
class OfWidget {
  @Get('c')
  @Audience('widget')
  c(@Account('id') _account: AuthorisedAccount): void {}
}

@Controller()
class OfWidgetWithoutAccount {
  @Get('d')
  @Audience('widget')
  d(): void {}

  @Get('e')
  @Audience('widget')
  e(@OptionalAccount('id') _account: AuthorisedAccount | undefined): void {}

  @Get('f')
  @Audience('operator')
  f(@NamedAccount('id') _accountId: number): void {}
}

@Controller()
class Forgotten {
  @Get('b')
  b(): void {}
}

const routesOf = async (
  controllers: (new () => object)[],
  addRoutes: (fastify: FastifyInstance) => unknown = () => {},
): Promise<readonly RegisteredRoute[]> => {
  const adapter = new FastifyAdapter();
  const fastify = adapter.getInstance<FastifyInstance>();
  const routes = recordRoutes(fastify);
  const app = (await Test.createTestingModule({ controllers }).compile()).createNestApplication(adapter, { logger: false });
  addRoutes(fastify);
  await app.init();
  await app.close();
  return routes;
};

describe('assertAudiences', () => {
  it('accepts routes that all declare an audience', async () => {
    const routes = await routesOf([Declared], (fastify) => fastify.post('/hook', { config: { audience: 'kommo' } }, () => null));
    expect(routes.map(({ name }) => name)).toContain('GET /a/:id (Declared.a)');
    expect(() => assertAudiences(routes)).not.toThrow();
  });

  it('R40: names a route that declares none', async () => {
    const routes = await routesOf([Declared, Forgotten]);
    expect(() => assertAudiences(routes)).toThrow('GET /b (Forgotten.b)');
  });

  it('S01: names a route of the widget that is about no account, and one that does not check the account', async () => {
    const routes = await routesOf([OfWidget, OfWidgetWithoutAccount]);
    expect(() => assertAudiences(routes)).toThrow(/account.*: GET \/d \(.*\), HEAD \/d .*GET \/e .*GET \/f /);
    expect(() => assertAudiences(routes)).not.toThrow('GET /c ');
  });

  it('R40: names a route on Fastify itself that declares none', async () => {
    const routes = await routesOf([Declared], (fastify) => fastify.post('/raw', () => null));
    expect(() => assertAudiences(routes)).toThrow('POST /raw');
  });

  it.each(['operator', 'widget', 'browser'] as const)(
    'R40: names a route on Fastify itself whose audience %s needs guards',
    async (audience) => {
      const routes = await routesOf([Declared], (fastify) => fastify.post('/raw', { config: { audience } }, () => null));
      expect(() => assertAudiences(routes)).toThrow('POST /raw');
    },
  );
});
