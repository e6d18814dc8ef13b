import { Controller, Get, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { Audience } from '../guards/audience.js';
import { assertAudited } from './assert-audited.js';
import { Audited } from './audited.js';

@Controller()
class Seen {
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
class Unseen {
  @Post('d')
  @Audience('widget')
  d(): void {}
}

const appOf = async (...controllers: (typeof Seen | typeof Unseen)[]) =>
  (await Test.createTestingModule({ controllers }).compile()).createNestApplication(new FastifyAdapter(), { logger: false });

describe('assertAudited', () => {
  it('passes what only reads, what is audited, and what no operator does', async () => {
    const app = await appOf(Seen);
    expect(() => assertAudited(app)).not.toThrow();
  });

  it('names a route that changes something unseen', async () => {
    const app = await appOf(Seen, Unseen);
    expect(() => assertAudited(app)).toThrow('Unseen.d');
  });
});
