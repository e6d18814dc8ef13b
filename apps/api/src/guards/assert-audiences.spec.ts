import { Controller, Get } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { assertAudiences } from './assert-audiences.js';
import { Audience } from './audience.js';

@Controller()
class Declared {
  @Get('a')
  @Audience('public')
  a(): void {}

  notARoute(): void {}
}

@Controller()
class Forgotten {
  @Get('b')
  b(): void {}
}

const appOf = async (...controllers: (typeof Declared | typeof Forgotten)[]) =>
  (await Test.createTestingModule({ controllers }).compile()).createNestApplication(new FastifyAdapter(), { logger: false });

describe('assertAudiences', () => {
  it('passes when every route says who may call it', async () => {
    const app = await appOf(Declared);
    expect(() => assertAudiences(app)).not.toThrow();
  });

  it('R40: names a route that does not', async () => {
    const app = await appOf(Declared, Forgotten);
    expect(() => assertAudiences(app)).toThrow('Forgotten.b');
  });
});
