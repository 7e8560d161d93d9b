const packages = ['core', 'adapter-redis', 'adapter-mongo', 'adapter-lmdb', 'http-koa']

export default {
  files: [
    'packages/*/test/**/*.test.ts',
    'apps/*/test/**/*.test.ts',
    'examples/*/src/**/*.test.ts',
  ],
  typescript: {
    compile: false,
    rewritePaths: Object.fromEntries([
      ...packages.map((name) => [`packages/${name}/test/`, `packages/${name}/dist-test/`]),
      ['apps/server/test/', 'apps/server/dist-test/'],
      ['examples/frameworks/src/', 'examples/frameworks/dist/'],
      ['examples/login/src/', 'examples/login/dist/'],
      ['examples/webhook/src/', 'examples/webhook/dist/'],
    ]),
  },
  nodeArguments: ['--enable-source-maps'],
  // Many tests wait for a server, a browser or a time-out, so two cores can do more files at once.
  concurrency: 4,
  timeout: '120s',
}
