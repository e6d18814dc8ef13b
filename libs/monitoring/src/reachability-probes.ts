import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { Config } from '#config';
import { type ErrorCode, ServiceError } from '#domain';
import { HttpClient, HttpClientModule } from '#http';

/** A server that must be reachable. */
interface Target {
  readonly name: string;
  readonly unavailableCode: ErrorCode<'transient'>;
  readonly findUrl: (config: Config) => string;
}

const TIMEOUT_MS = 4_000;
const MAX_RESPONSE_BYTES = 1024 * 1024;

const kommo: Target = {
  name: 'Kommo',
  unavailableCode: 'kommo_unavailable',
  findUrl: ({ kommoOriginOverride, kommoOauthUrl }) => kommoOriginOverride ?? new URL(kommoOauthUrl).origin,
};

const unisender: Target = {
  name: 'Unisender',
  unavailableCode: 'unisender_unavailable',
  findUrl: ({ unisenderUrl }) => new URL(unisenderUrl).origin,
};

const publicUrl: Target = {
  name: 'PUBLIC_URL',
  unavailableCode: 'not_listening',
  findUrl: ({ publicUrl: url }) => `${url.replace(/\/$/, '')}/health/live`,
};

/** Calls one URL. */
class UrlProbe {
  constructor(
    private readonly http: HttpClient,
    private readonly url: string,
  ) {}

  /** Returns why there is no response, or undefined after a response of any status. Never throws. */
  async run(): Promise<string | undefined> {
    const limits = { totalTimeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_RESPONSE_BYTES, isOnce: true };
    try {
      await this.http.send({ method: 'GET', url: this.url, label: 'probe', ...limits });
      return undefined;
    } catch (error) {
      const { cause } = error as Error;
      if (error instanceof ServiceError && cause instanceof Error) return cause.message;
      return error instanceof Error ? error.message : String(error);
    }
  }
}

class KommoProbe extends UrlProbe {}
class UnisenderProbe extends UrlProbe {}
class PublicUrlProbe extends UrlProbe {}

type Probe = typeof KommoProbe;

@Module({})
class ProbeModule {
  static forTarget(probe: Probe, { findUrl, ...peer }: Target): DynamicModule {
    return {
      module: ProbeModule,
      imports: [HttpClientModule.forPeer(peer, findUrl)],
      providers: [
        {
          provide: probe,
          inject: [HttpClient, Config],
          useFactory: (http: HttpClient, config: Config) => new probe(http, findUrl(config)),
        },
      ],
      exports: [probe],
    };
  }
}

/** Finds out whether Kommo, Unisender and the service itself respond to this machine. Each call takes four seconds at most and never throws. */
@Injectable()
export class ReachabilityProbes {
  constructor(
    private readonly kommo: KommoProbe,
    private readonly unisender: UnisenderProbe,
    private readonly publicUrl: PublicUrlProbe,
  ) {}

  /** Returns why Kommo does not respond, or undefined. */
  async probeKommo(): Promise<string | undefined> {
    return this.kommo.run();
  }

  /** Returns why Unisender does not respond, or undefined. */
  async probeUnisender(): Promise<string | undefined> {
    return this.unisender.run();
  }

  /** Returns why PUBLIC_URL does not respond, or undefined. */
  async probePublicUrl(): Promise<string | undefined> {
    return this.publicUrl.run();
  }
}

/** Provides {@link ReachabilityProbes}. Needs Config, Clock and Logger from global modules. */
@Module({
  imports: [
    ProbeModule.forTarget(KommoProbe, kommo),
    ProbeModule.forTarget(UnisenderProbe, unisender),
    ProbeModule.forTarget(PublicUrlProbe, publicUrl),
  ],
  providers: [ReachabilityProbes],
  exports: [ReachabilityProbes],
})
export class ReachabilityModule {}
