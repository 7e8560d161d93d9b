// Makes its keys first, because all tests of a file must be declared at once.
await import('./sample-clients.ts')
await import('./rows-on-real-stores.ts')
