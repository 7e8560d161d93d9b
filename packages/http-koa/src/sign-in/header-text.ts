/**
 * The text of a header, or `undefined` if it is not UTF-8. Node decodes headers as Latin-1, but proxies
 * send UTF-8. Different bytes are never the same text, so no byte order mark is removed.
 */
export const headerText = (header: string): string | undefined => {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return decoder.decode(Buffer.from(header, 'latin1'))
  } catch {
    return undefined
  }
}
