import { headerText } from './header-text.ts'
import { isPersonId } from './person.ts'

/** The person's id in a header, or `undefined` if it is none. */
export const personIdOf = (header: string): string | undefined => {
  const id = headerText(header)
  return id !== undefined && isPersonId(id) ? id : undefined
}
