const ERRORS: Readonly<Record<string, readonly [status: string, description: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time'],
}

/**
 * Answers bytes that are not a valid request. A person whose browser sends too many cookies gets a page,
 * because only browsers send such long headers. All others get the JSON of every other error.
 * @param code the code of the error of Node's parser
 * @param packet the bytes that the parser failed at; they may begin in the middle of the headers
 * @returns the whole response
 */
export const errorResponse = (code: string | undefined, packet: Buffer | undefined): string => {
  const [status, description] = ERRORS[code ?? ''] ?? [
    '400 Bad Request',
    'The request is not valid HTTP',
  ]
  const text = packet?.toString('latin1') ?? ''
  if (code === 'HPE_HEADER_OVERFLOW' && isOfBrowser(text)) {
    return response(status, 'text/html', tooManyCookies(text), PAGE_HEADERS)
  }
  const json = JSON.stringify({ error: 'invalid_request', error_description: description })
  return response(status, 'application/json', json)
}

/** Without its request line the sender of a request is unknown, and mostly it is a browser. */
const isOfBrowser = (text: string): boolean =>
  !/^[A-Z]+ \S+ HTTP\/\d/.test(text) || /^accept:.*text\/html/im.test(text)

const PAGE_HEADERS = [
  "Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'X-Frame-Options: DENY',
  'Referrer-Policy: no-referrer',
]

const response = (
  status: string,
  type: string,
  body: string,
  more: readonly string[] = [],
): string => {
  const headers = [
    `Content-Type: ${type}; charset=utf-8`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    ...more,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

const TEXTS = {
  en: {
    title: 'Your browser sends too many cookies',
    text: 'The cookies of this site are too long for us to read your request. Nothing was changed.',
    next: 'Delete the cookies of this site in your browser, then open the page again.',
  },
  de: {
    title: 'Ihr Browser sendet zu viele Cookies',
    text: 'Die Cookies dieser Website sind so lang, dass wir Ihre Anfrage nicht lesen können. Es wurde nichts geändert.',
    next: 'Löschen Sie in Ihrem Browser die Cookies dieser Website und öffnen Sie die Seite dann erneut.',
  },
} as const

const tooManyCookies = (text: string): string => {
  const locale = /^accept-language: *de\b/im.test(text) ? 'de' : 'en'
  const { title, text: happened, next } = TEXTS[locale]
  return `<!DOCTYPE html><html lang="${locale}"><head><meta charset="utf-8"/><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"/><meta name="color-scheme" content="light dark"/></head><body><main><h1>${title}</h1><p>${happened}</p><p>${next}</p></main></body></html>`
}
