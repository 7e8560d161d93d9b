import type { UseCaseDependencies } from '@device-grant/core'
import type { Db, MongoClientOptions } from 'mongodb'
import { connect, createMongoCutOffStore, MongoApiKeyStore } from '#src/index.js'

/** A timeout that no busy machine misses, in milliseconds. */
export const PATIENT_MS: number = 30_000

/** Connects with timeouts that no busy machine misses. */
export const connectPatiently = (uri: string, options: MongoClientOptions = {}): Db =>
  connect(uri, {
    serverSelectionTimeoutMS: PATIENT_MS,
    connectTimeoutMS: PATIENT_MS,
    waitQueueTimeoutMS: PATIENT_MS,
    ...options,
  })

/** A store whose commands may take so long too. */
export const patientStore = (db: Db): MongoApiKeyStore =>
  new MongoApiKeyStore(db, { timeoutMs: PATIENT_MS })

/** The stores of the use cases that are in MongoDB. */
export type MongoStores = Pick<UseCaseDependencies, 'apiKeys' | 'cutOffs'>

/** All of them, with commands that may take so long too. */
export const patientStores = (db: Db): MongoStores => ({
  apiKeys: patientStore(db),
  cutOffs: createMongoCutOffStore(db, { timeoutMs: PATIENT_MS }),
})
