import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Module } from '@nestjs/common';
import { Clock, Logger } from '#domain';
import { HttpClient, type HttpPeer, toAxiosOptions } from './http-client.js';

/** Provides an {@link HttpClient} over the HttpService of a HttpModule of its own. Closes it at shutdown. */
@Module({})
export class HttpClientModule {
  /** Makes the client of one server. Each module that calls a server imports its own. */
  static forPeer(peer: HttpPeer): DynamicModule {
    return {
      module: HttpClientModule,
      imports: [HttpModule.registerAsync({ inject: [Clock], useFactory: (clock: Clock) => toAxiosOptions(peer, clock) })],
      providers: [
        {
          provide: HttpClient,
          inject: [HttpService, Clock, Logger],
          useFactory: (http: HttpService, clock: Clock, logger: Logger) => new HttpClient(http, peer, clock, logger),
        },
      ],
      exports: [HttpClient],
    };
  }
}
