import { withDatabase } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { MongoClient } from 'mongodb'

for (const [uri, expected] of [
  ['mongodb://localhost', 'mongodb://localhost/own'],
  ['mongodb://one,two/keys?replicaSet=rs', 'mongodb://one,two/own?replicaSet=rs'],
  ['mongodb://ann:pw@localhost/?w=1', 'mongodb://ann:pw@localhost/own?w=1&authSource=admin'],
  ['mongodb://ann:pw@localhost/keys', 'mongodb://ann:pw@localhost/own?authSource=keys'],
  ['mongodb://ann:pw@localhost/keys?authSource=x', 'mongodb://ann:pw@localhost/own?authSource=x'],
] as const) {
  test(`the database that ${uri} names is replaced`, (t) => {
    t.is(withDatabase(uri, 'own'), expected)
    const [before, after] = [new MongoClient(uri), new MongoClient(expected)]
    t.is(after.db().databaseName, 'own')
    t.is(after.options.credentials?.source, before.options.credentials?.source)
  })
}
