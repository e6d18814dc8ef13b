import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Module } from '@nestjs/common';
import { Config } from '#config';
import { Clock, Logger } from '#domain';
import { HttpClient, type HttpPeer, toAxiosOptions } from './http-client.js';

/** Provides an {@link HttpClient} over the HttpService of a HttpModule of its own. Closes it at shutdown. */
@Module({})
export class HttpClientModule {
  /**
   * Makes the client of one server. Each module that calls a server imports its own. `findTrustedUrl` returns the URL of the
   * configuration whose origin may have a private address.
   */
  static forPeer(peer: HttpPeer, findTrustedUrl: (config: Config) => string | undefined): DynamicModule {
    const peerOf = (config: Config): HttpPeer => ({ ...peer, trustedUrl: findTrustedUrl(config) });
    return {
      module: HttpClientModule,
      imports: [
        HttpModule.registerAsync({
          inject: [Config, Clock],
          useFactory: (config: Config, clock: Clock) => toAxiosOptions(peerOf(config), clock),
        }),
      ],
      providers: [
        {
          provide: HttpClient,
          inject: [HttpService, Config, Clock, Logger],
          useFactory: (http: HttpService, config: Config, clock: Clock, logger: Logger) =>
            new HttpClient(http, peerOf(config), clock, logger),
        },
      ],
      exports: [HttpClient],
    };
  }
}
