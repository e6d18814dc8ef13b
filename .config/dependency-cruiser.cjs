/** Direction: apps → libs/sync → libs/{database,kommo,monitoring,unisender,queue} → libs/{domain,config,clock,http,logging,secrets,widget}. */
const adapters = '^libs/(database|kommo|monitoring|unisender|queue)/';
const foundation = '^libs/(domain|config|clock|http|logging|secrets|widget)/';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^libs/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^libs/domain/', '^(node:)?(buffer|crypto|util)$'] },
    },
    {
      name: 'no-upper-layers-in-foundation',
      severity: 'error',
      from: { path: foundation },
      to: { path: '^(apps|libs/(sync|database|kommo|monitoring|unisender|queue|beanstalkd))/' },
    },
    {
      name: 'no-imports-between-adapters',
      severity: 'error',
      from: { path: '^libs/(database|kommo|monitoring|unisender|queue)/' },
      to: { path: adapters, pathNot: '^libs/$1/' },
    },
    {
      name: 'libs-only-through-their-index',
      severity: 'error',
      comment: '`#config/embedded-queue` is an entry of its own, for a process that must not load Nest.',
      from: { path: '^(apps|libs/([^/]+))/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/[^/]+/src/(?!index\\.ts$)', pathNot: '^libs/$2/|^libs/config/src/embedded-queue\\.ts$' },
    },
    { name: 'no-apps-in-libs', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    { name: 'no-use-cases-in-adapters', severity: 'error', from: { path: adapters }, to: { path: '^libs/(sync|beanstalkd)/' } },
    {
      name: 'no-other-code-of-ours-in-beanstalkd',
      severity: 'error',
      from: { path: '^libs/beanstalkd/', pathNot: '\\.spec\\.ts$|/test/' },
      to: { path: '^(apps|libs/(?!beanstalkd/))' },
    },
    {
      name: 'typeorm-only-in-database',
      severity: 'error',
      from: { path: '^(apps|libs|test)/', pathNot: '^libs/database/' },
      to: { path: 'node_modules/typeorm' },
    },
    {
      name: 'no-nest-in-domain-beanstalkd-secrets',
      severity: 'error',
      from: { path: '^libs/(domain|beanstalkd|secrets)/' },
      to: { path: 'node_modules/@nestjs' },
    },
    {
      name: 'fivebeans-only-in-queue',
      severity: 'error',
      from: { path: '^(apps|libs|test)/', pathNot: '^(libs/queue|test/integration/queue/other-clients)' },
      to: { path: 'node_modules/fivebeans' },
    },
    {
      name: 'axios-only-in-http',
      severity: 'error',
      from: { path: '^(apps|libs|test)/', pathNot: '^(libs/http|test/simulation)/' },
      to: { path: 'node_modules/(@nestjs/)?axios' },
    },
    {
      name: 'sandbox-only-in-tests-and-demo',
      severity: 'error',
      from: { path: '^(apps/(api|worker)|libs)/' },
      to: { path: '^apps/sandbox/' },
    },
    {
      name: 'widget-in-the-browser-only',
      comment: 'The widget runs in Kommo. Its build runs in Node.',
      severity: 'error',
      from: { path: '^widget/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(apps|libs|widget/build)/|^node:' },
    },
    { name: 'no-widget-sources-in-the-service', severity: 'error', from: { path: '^(apps|libs)/' }, to: { path: '^widget/' } },
    {
      name: 'no-imports-between-apps',
      severity: 'error',
      from: { path: '^apps/(?!console/)([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'console-in-the-browser-only',
      comment: 'The console runs in a browser. It shares the response types of the API, in one file that imports nothing.',
      severity: 'error',
      from: { path: '^apps/console/src/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: '^(apps/(?!console/)|libs|widget)/|^node:',
        pathNot: '^apps/api/src/operations/operations-responses\\.ts$',
      },
    },
    {
      name: 'console-shares-types-only',
      severity: 'error',
      from: { path: '^apps/console/src/' },
      to: { path: '^apps/api/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-imports-in-shared-response-types',
      severity: 'error',
      from: { path: '^apps/api/src/operations/operations-responses\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    webpackConfig: { fileName: '.config/dependency-cruiser.resolve.cjs' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
