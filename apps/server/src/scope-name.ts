/** RFC 6749 section 3.3. A request has 512 bytes of scopes at most. */
const SCOPE_NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,512}$/

/** Whether a text can be the name of a scope. */
export const isScopeName = (text: string): boolean => SCOPE_NAME.test(text)
