import { isPersonId } from './person.ts'

/**
 * The person's id in a header, or `undefined` if it is none. Node decodes headers as Latin-1, but
 * proxies send UTF-8. Different bytes are never the same id, so no byte order mark is removed.
 */
export const personIdOf = (header: string): string | undefined => {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const id = decoder.decode(Buffer.from(header, 'latin1'))
    return isPersonId(id) ? id : undefined
  } catch {
    return undefined
  }
}
