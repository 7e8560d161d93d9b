export default {
  files: ['proofs/src/**/*.test.ts'],
  typescript: {
    compile: false,
    rewritePaths: { 'proofs/src/': 'proofs/dist/' },
  },
  nodeArguments: ['--enable-source-maps'],
  // One proof at a time has the whole machine.
  concurrency: 1,
  serial: true,
  timeout: '5m',
}
