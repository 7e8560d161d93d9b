import {
  type CreatePair,
  type Test,
  testApiKeyStore,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import type { Db } from 'mongodb'
import { apiKeyCollection } from '#src/api-key-collection.js'
import { MongoApiKeyStore } from '#src/index.js'
import { MongoDriver } from '#src/mongo-driver.js'
import { cutPair } from './cut-pair.ts'
import { PATIENT_MS } from './patient.ts'
import { sampleDriver, sampleStore } from './samples.ts'

/** Where the kits run: two clients of one database, and the port of the server if it is ours. */
export interface KitServer {
  readonly dbs: readonly [Db, Db]
  readonly port?: number | undefined
}

const pairs =
  <Store>(
    { dbs: [one, two], port }: KitServer,
    make: (db: Db, timeoutMs: number) => Store,
  ): CreatePair<Store> =>
  async ({ cut }) => {
    const peer = make(two, PATIENT_MS)
    const database = two.databaseName
    if (cut && port !== undefined) return cutPair({ port, database }, peer, make)
    const forgetsAt = async (id: string): Promise<number | undefined> =>
      (await apiKeyCollection(two, {}).findOne({ _id: id }))?.keepUntil.getTime()
    return { store: make(one, PATIENT_MS), peer, forgetsAt }
  }

/** Runs the kit for API key stores. */
export const runApiKeyKit = (test: Test, server: KitServer): void =>
  testApiKeyStore(
    test,
    pairs(server, (db, timeoutMs) => new MongoApiKeyStore(db, { timeoutMs })),
  )

/** Runs the kit for state stores on samples in API keys. */
export const runStateKit = (test: Test, server: KitServer): void =>
  testStateStore(
    test,
    pairs(server, (db, timeoutMs) => sampleStore(new MongoApiKeyStore(db, { timeoutMs }))),
  )

/** Runs the kit for drivers on samples in API keys. */
export const runDriverKit = (test: Test, server: KitServer): void =>
  testDriver(
    test,
    pairs(server, (db, timeoutMs) =>
      sampleDriver(new MongoDriver(apiKeyCollection(db, {}), timeoutMs)),
    ),
  )
