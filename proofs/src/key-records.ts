import { connect } from '@device-grant/adapter-mongo'
import { secretHashOf } from '@device-grant/core'

/** The document of one API key in MongoDB. */
export interface KeyRecord {
  readonly id: string
  readonly owner: string
  readonly status: string
  readonly secretHash?: string
}

/** Reads every API key from MongoDB, not through the store. */
export const keyRecords = async (mongodbUri: string): Promise<readonly KeyRecord[]> => {
  const db = connect(mongodbUri)
  try {
    const documents = await db.collection('api_keys').find().toArray()
    return documents.map(({ _id, owner, status, secretHash }) => ({
      id: String(_id),
      owner: String(owner),
      status: String(status),
      ...(secretHash === undefined ? {} : { secretHash: String(secretHash) }),
    }))
  } finally {
    await db.client.close()
  }
}

/** Describes what is wrong with the record of a key that was issued. */
export const recordErrorOf = (
  record: KeyRecord | undefined,
  apiKey: string,
): string | undefined => {
  if (!record) return 'there is no record of it'
  if (record.status !== 'claimed' && record.status !== 'active') return `it is ${record.status}`
  return record.secretHash === secretHashOf(apiKey) ? undefined : 'it was replaced'
}
