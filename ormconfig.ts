import { loadConfig } from '#config';
import { createDataSource } from '#database';

/** The data source of TypeORM's command line: `npx typeorm migration:show -d dist/ormconfig.js`. */
export default await createDataSource(loadConfig().database);
