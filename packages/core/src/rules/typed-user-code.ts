import { type UserCodeFormat, userCodeLength } from './user-code-format.ts'

/** What a person typed or pasted, read as a user code. */
export type TypedText =
  | {
      readonly outcome: 'code'
      /** The user code as it is stored. */
      readonly userCode: string
    }
  | {
      /** None, or several different codes. */
      readonly outcome: 'malformed'
      /** How many characters a user code has. */
      readonly codeLength: number
      /** How many characters were typed, separators aside. */
      readonly typedLength: number
    }

const MAX_TYPED = 512

/** Escape sequences and control characters that a copy from a terminal may contain. */
const ESCAPE = String.fromCharCode(0x1b)
const BELL = String.fromCharCode(0x07)
const TERMINAL_CODES = new RegExp(
  `${ESCAPE}\\[[0-?]*[ -/]*[@-~]|${ESCAPE}\\][^${BELL}${ESCAPE}]*(?:${BELL}|${ESCAPE}\\\\)?|${ESCAPE}[ -/]+[0-~]|(?!\\s)\\p{Cc}`,
  'gu',
)

/** Dashes, and the minus sign that some programs make of them. */
const DASH = '\\p{Pd}\\u2212'
const DOT = '.\\uff0e'

/** Spaces, dashes, dots and invisible characters, which may stand between the characters of a code. */
const SEPARATORS = new RegExp(`[\\s\\p{Z}\\p{Cf}${DASH}${DOT}]`, 'gu')

const LINKED_CODE = /[?&]user_code=([^&\s#"'<>]*)/gi

/**
 * Reads typed text as a user code (RFC 8628 section 6.1). In this order: the `user_code` of a link; the
 * whole text, if it is one code without its separators; the words that have the mask's shape or are
 * unbroken codes. One distinct code counts. Case and full-width letters do not matter. O, I and L count
 * as 0 and 1 if the charset has only the digits.
 */
export const readTypedText = (typed: string, format: UserCodeFormat): TypedText => {
  const text = typed.slice(0, MAX_TYPED).replace(TERMINAL_CODES, '')
  const codes = linkedCodes(text, format) ?? wholeCode(text, format) ?? wordCodes(text, format)
  const [userCode, ...others] = codes
  if (userCode !== undefined && others.length === 0) return { outcome: 'code', userCode }
  return {
    outcome: 'malformed',
    codeLength: userCodeLength(format),
    typedLength: Array.from(text.replace(SEPARATORS, '')).length,
  }
}

/** The codes of all links in the text, or `undefined` if it has no such link. */
const linkedCodes = (text: string, format: UserCodeFormat): readonly string[] | undefined => {
  const values = Array.from(text.matchAll(LINKED_CODE), ([, value = '']) => decode(value))
  if (values.length === 0) return undefined
  return distinct(values.flatMap((value) => wholeCode(value, format) ?? wordCodes(value, format)))
}

const decode = (value: string): string => {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

/** The text as one code, or `undefined` if it is something else. */
const wholeCode = (text: string, format: UserCodeFormat): readonly [string] | undefined => {
  const code = readSigns(text, format.userCodeCharset)
  return code?.length === userCodeLength(format) ? [code] : undefined
}

/** The characters of the charset that a text stands for, or `undefined` if it has another one. */
export const readSigns = (text: string, charset: string): string | undefined => {
  let signs = ''
  for (const sign of text.replace(SEPARATORS, '')) {
    const meant = meantBy(sign, charset)
    if (meant === undefined) return undefined
    signs += meant
  }
  return signs
}

/** The distinct codes among the words of the text. */
const wordCodes = (text: string, format: UserCodeFormat): readonly string[] => {
  const signs = Array.from(text, (sign) => meantBy(sign, format.userCodeCharset) ?? sign).join('')
  const sign = `[${format.userCodeCharset}]`
  const shape = Array.from(format.userCodeMask, (part) => SHAPES[part] ?? sign).join('')
  const unbroken = `${sign}{${userCodeLength(format)}}`
  const word = new RegExp(
    `(?<=^|[\\s\\p{Ps}:=]|(?<![\\p{L}\\p{N}])[^\\p{L}\\p{N}])(?:${shape}|${unbroken})(?!\\S?[\\p{L}\\p{N}])`,
    'gu',
  )
  return distinct(Array.from(signs.matchAll(word), ([found]) => found.replace(SEPARATORS, '')))
}

/** The separators of a mask, as they may be typed. */
const SHAPES: Readonly<Record<string, string>> = {
  '-': `[${DASH}]`,
  '.': `[${DOT}]`,
  ' ': '[\\t\\p{Zs}]',
}

const distinct = (codes: readonly string[]): readonly string[] => [...new Set(codes)]

/** The character of the charset that a typed one stands for. */
const meantBy = (sign: string, charset: string): string | undefined => {
  const ascii = toAsciiUpperCase(sign)
  if (charset.includes(ascii)) return ascii
  if (ascii === 'O' && charset.includes('0')) return '0'
  return (ascii === 'I' || ascii === 'L') && charset.includes('1') ? '1' : undefined
}

// toUpperCase would map other letters to ASCII, and depends on the locale in some engines.
const toAsciiUpperCase = (sign: string): string => {
  const point = sign.codePointAt(0) ?? 0
  const narrow = point >= 0xff01 && point <= 0xff5e ? point - 0xfee0 : point
  return String.fromCodePoint(narrow >= 0x61 && narrow <= 0x7a ? narrow - 0x20 : narrow)
}
