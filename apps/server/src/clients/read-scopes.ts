import type { CatalogueScope, CatalogueScopes } from '@device-grant/core'
import { isScopeName } from '../scope-name.ts'
import type { JsonPlace } from './json-place.ts'
import { readLocalized } from './localized-members.ts'

/** The greatest number of characters of a sentence for people. */
const MAX_DESCRIPTION = 300

/** Reads the catalogue of scopes. Each mistake is reported, and the names of the others stay known. */
export const readScopes = (place: JsonPlace): CatalogueScopes | undefined => {
  const members = place.members()
  if (!members) return undefined
  const scopes = members.takeAll()
  if (scopes.length === 0) place.refuse('must have a scope')
  return new Map(scopes.map(([name, scope]) => [name, readScope(name, scope)]))
}

const readScope = (name: string, place: JsonPlace): CatalogueScope => {
  if (!isScopeName(name)) place.refuse('has a name that no scope can have (RFC 6749 section 3.3)')
  const members = place.members()
  const description =
    members && readLocalized(members, 'description', { isRequired: true, most: MAX_DESCRIPTION })
  const scope: CatalogueScope = {
    description: description ?? { text: name },
    required: members?.take('required')?.flag(),
    default: members?.take('default')?.flag(),
    sensitive: members?.take('sensitive')?.flag(),
  }
  members?.refuseOthers()
  return scope
}
