/**
 * Which module may import which: one row per module, top to bottom as the request goes. A machine checks it
 * (`npm run boundaries`), so the map in ARCHITECTURE.md stays true.
 */
const MAY_IMPORT = {
  common: [],
  config: ['common'],
  database: ['common', 'config'],
  crypto: ['common', 'config', 'events'],
  lwa: ['common', 'config'],
  signals: ['common', 'config'],
  events: ['common', 'config'],
  applications: ['common', 'config', 'crypto', 'lwa', 'signals', 'events'],
  'api-keys': ['common', 'config', 'signals', 'events'],
  sellers: ['common', 'config', 'events'],
  tokens: ['common', 'config', 'crypto', 'lwa', 'signals', 'events', 'applications', 'api-keys', 'sellers'],
  mail: ['common', 'config', 'lwa', 'events', 'applications', 'sellers', 'tokens'],
  auth: ['common', 'config', 'lwa', 'events', 'applications', 'sellers', 'tokens'],
  renewal: ['common', 'config', 'events', 'mail', 'applications', 'sellers', 'tokens'],
  admin: [
    'common',
    'config',
    'crypto',
    'lwa',
    'events',
    'applications',
    'api-keys',
    'sellers',
    'tokens',
    'auth',
    'renewal',
  ],
  health: ['common', 'config'],
};

const boundaries = Object.entries(MAY_IMPORT).map(([module, allowed]) => ({
  name: `${module}-imports`,
  comment: `src/${module} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/', pathNot: [module, ...allowed].map((name) => `^src/${name}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...boundaries,
    {
      name: 'tokens-knows-sellers-only-by-their-table',
      comment: 'an authorization belongs to a seller row; nothing else about people matters to tokens',
      severity: 'error',
      from: { path: '^src/tokens/' },
      to: { path: '^src/sellers/', pathNot: '^src/sellers/seller\\.entity\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'simulator-stands-alone',
      severity: 'error',
      from: { path: '^simulator/' },
      to: { path: '^src/' },
    },
    {
      name: 'nothing-knows-the-simulator',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^simulator/' },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$|/testing/' },
      to: { path: '^test/|/testing/|\\.spec\\.ts$' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '(main|migrate)\\.ts$|/testing/' },
      to: {},
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require'],
    },
  },
};
