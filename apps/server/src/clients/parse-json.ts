/** Thrown if a file holds no JSON text. The message repeats nothing of the file. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/**
 * Parses a JSON file (RFC 8259).
 * @throws {JsonError} if it is no JSON in UTF-8; the message tells where
 */
export const parseJson = (
  bytes: Uint8Array,
): { readonly text: string; readonly value: unknown } => {
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new JsonError('is no text in UTF-8')
  try {
    return { text, value: JSON.parse(text) }
  } catch {
    throw new JsonError(`is no JSON${placeOf(text)}`)
  }
}

/** The text of UTF-8, or `undefined` if the bytes are something else. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The line and column of the first character that no JSON text can have there. */
const placeOf = (text: string): string => {
  // The engine's own message has no position for some errors, and repeats the text for them.
  let [good, bad] = [0, text.length + 1]
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isBeginning(text.slice(0, middle))) good = middle
    else bad = middle
  }
  const lines = text.slice(0, good).split('\n')
  return `, see line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

/** Whether some JSON text begins so. */
const isBeginning = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const { message } = error as SyntaxError
    const [, position] = /at position (\d+)/.exec(message) ?? []
    return position === undefined
      ? !message.startsWith('Unexpected token')
      : Number(position) >= text.length
  }
}
