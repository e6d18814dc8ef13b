import { type Config, embeddedQueueSocketFinder } from '#config';
import type { Endpoint } from './endpoint.js';

/** Finds the queue servers. An abstract class, so that it is its own injection token; a plain object with `find` is one too. */
export abstract class EndpointFinder {
  /** Every queue server. Call it for each new connection: an embedded server may have another socket, or be stopped. */
  abstract find(): readonly Endpoint[];
}

/** Finds the servers of BEANSTALK_URL, or the Unix socket of the embedded server by the file in DATA_DIR. */
export function createEndpointFinder({ beanstalk, dataDir }: Pick<Config, 'beanstalk' | 'dataDir'>): EndpointFinder {
  if (beanstalk.kind === 'servers') return { find: () => beanstalk.endpoints };
  const findSocket = embeddedQueueSocketFinder(dataDir);
  return {
    find: () => {
      const path = findSocket();
      return path === undefined ? [] : [{ path }];
    },
  };
}
