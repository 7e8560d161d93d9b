import {
  type CreatePair,
  type Sample,
  type Test,
  testApiKeyStore,
  testDriver,
  testStateScan,
  testStateStore,
} from '@device-grant/core/testing'
import type { Collection, Db } from 'mongodb'
import { apiKeyCollection, cutOffCollection } from '#src/collections.js'
import type { StateDocument } from '#src/document.js'
import { createMongoCutOffStore, MongoApiKeyStore } from '#src/index.js'
import { MongoDriver } from '#src/mongo-driver.js'
import { cutPair } from './cut-pair.ts'
import { PATIENT_MS } from './patient.ts'
import { samplesInCutOffs, samplesInKeys } from './samples.ts'

/** Where the kits run: two clients of one database, and the port of the server if it is ours. */
export interface KitServer {
  readonly dbs: readonly [Db, Db]
  readonly port?: number | undefined
}

type CollectionIn = (db: Db) => Collection<StateDocument>
const keysIn: CollectionIn = (db) => apiKeyCollection(db, {})
const cutOffsIn: CollectionIn = (db) => cutOffCollection(db, {})

const pairs =
  <Store>(
    { dbs: [one, two], port }: KitServer,
    collectionIn: CollectionIn,
    make: (db: Db, timeoutMs: number) => Store,
  ): CreatePair<Store> =>
  async ({ cut }) => {
    const peer = make(two, PATIENT_MS)
    const database = two.databaseName
    if (cut && port !== undefined) return cutPair({ port, database }, peer, make)
    const forgetsAt = async (id: string): Promise<number | undefined> =>
      (await collectionIn(two).findOne({ _id: id }))?.keepUntil.getTime()
    return { store: make(one, PATIENT_MS), peer, forgetsAt }
  }

/** Runs the kit for API key stores. */
export const runApiKeyKit = (test: Test, server: KitServer): void =>
  testApiKeyStore(
    test,
    pairs(server, keysIn, (db, timeoutMs) => new MongoApiKeyStore(db, { timeoutMs })),
  )

/** Runs the kit for state stores on samples in API keys. */
export const runStateKit = (test: Test, server: KitServer): void =>
  testStateStore(
    test,
    pairs(server, keysIn, (db, timeoutMs) =>
      samplesInKeys(new MongoApiKeyStore(db, { timeoutMs })),
    ),
  )

/** Runs the kit for state stores on samples in cut-offs. */
export const runCutOffKit = (test: Test, server: KitServer): void => {
  const create = pairs(server, cutOffsIn, (db, timeoutMs) =>
    samplesInCutOffs(createMongoCutOffStore(db, { timeoutMs })),
  )
  testStateStore(test, create)
  testStateScan((title, run) => test(`scan: ${title}`, run), create)
}

/** Runs the kit for drivers. */
export const runDriverKit = (test: Test, server: KitServer): void =>
  testDriver(
    test,
    pairs(server, keysIn, (db, timeoutMs) => new MongoDriver<Sample>(keysIn(db), timeoutMs)),
  )
