export default {
  files: ['proofs/src/**/*.test.ts'],
  typescript: {
    compile: false,
    rewritePaths: { 'proofs/src/': 'proofs/dist/' },
  },
  nodeArguments: ['--enable-source-maps'],
  // Each of them has the machine for itself.
  concurrency: 1,
  serial: true,
  timeout: '5m',
}
