import test from 'ava'
import { useRealStores } from './stores-of-tests.ts'
// The tests of these files, on Redis and MongoDB.
import './choices.test.ts'
import './client-authentication.test.ts'
import './review.test.ts'

test.after.always(useRealStores('clients, scopes, lifetimes, names and reviews over HTTP'))
