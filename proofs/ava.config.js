export default {
  files: ['proofs/src/**/*.test.ts', '{apps,packages}/*/test/**/*.proof.ts'],
  typescript: {
    compile: false,
    rewritePaths: {
      'proofs/src/': 'proofs/dist/',
      'apps/server/test/': 'apps/server/dist-test/',
      'packages/http-koa/test/': 'packages/http-koa/dist-test/',
    },
  },
  nodeArguments: ['--enable-source-maps'],
  // One proof at a time has the whole machine.
  concurrency: 1,
  serial: true,
  timeout: '5m',
}
