import { type Config, embeddedQueuePortFinder } from '#config';
import type { Endpoint } from './endpoint.js';

/** Finds the queue servers. An abstract class, so that it is its own injection token; a plain object with `find` is one too. */
export abstract class EndpointFinder {
  /** Every queue server. Call it for each new connection: an embedded server may have restarted on another port, or be stopped. */
  abstract find(): readonly Endpoint[];
}

/** Finds the servers of BEANSTALK_URL, or the embedded server by the port file in DATA_DIR. */
export function createEndpointFinder({ beanstalk, dataDir }: Pick<Config, 'beanstalk' | 'dataDir'>): EndpointFinder {
  if (beanstalk.kind === 'servers') return { find: () => beanstalk.endpoints };
  const findPort = embeddedQueuePortFinder(dataDir);
  return {
    find: () => {
      const port = findPort();
      return port === undefined ? [] : [{ host: '127.0.0.1', port }];
    },
  };
}
