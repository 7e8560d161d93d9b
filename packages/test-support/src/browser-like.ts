import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { formsIn } from './html-form.ts'

/** The answer to a request, with the URL that gave it. */
export interface Visit {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A request of a browser. */
export interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A form, unless the headers say otherwise. */
  readonly body?: URLSearchParams | string
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly host: string
  readonly path: string
}

/** A browser without JavaScript: keeps cookies, follows redirects and sends forms. */
export class BrowserLike {
  #cookies: Cookie[] = []

  /** The cookies that are sent to this URL, in the order in which they were set. */
  cookiesFor(url: string): ReadonlyMap<string, string> {
    const { hostname, pathname } = new URL(url)
    const matching = this.#cookies.filter(
      ({ host, path }) =>
        host === hostname &&
        (pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)),
    )
    return new Map(matching.map(({ name, value }) => [name, value]))
  }

  /** Sets a cookie, or removes it if the value is undefined. */
  setCookie(url: string, name: string, value: string | undefined, path = '/'): void {
    const host = new URL(url).hostname
    const old = this.#cookies.findIndex(
      (cookie) => cookie.name === name && cookie.host === host && cookie.path === path,
    )
    if (value === undefined) {
      if (old >= 0) this.#cookies.splice(old, 1)
      return
    }
    const cookie = { name, value, host, path }
    if (old >= 0) this.#cookies[old] = cookie
    else this.#cookies.push(cookie)
  }

  /** Removes all cookies of a URL's host. */
  forget(url: string): void {
    const { hostname } = new URL(url)
    this.#cookies = this.#cookies.filter(({ host }) => host !== hostname)
  }

  /** A second browser that starts with the same cookies. */
  copy(): BrowserLike {
    const copy = new BrowserLike()
    copy.#cookies = [...this.#cookies]
    return copy
  }

  /** Sends one request. Redirects are not followed. */
  send(url: string, { method = 'GET', headers = {}, body }: Sending = {}): Promise<Visit> {
    const cookies = [...this.cookiesFor(url)].map(([name, value]) => `${name}=${value}`)
    // Not `fetch`, because its Sec-Fetch-Mode is never `navigate`.
    const sent = {
      Accept: 'text/html',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
      ...(cookies.length > 0 ? { Cookie: cookies.join('; ') } : {}),
      ...(body ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
      ...headers,
    }
    return new Promise((resolve, reject) => {
      const sending = request(url, { method, headers: sent, agent: false }, (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) this.#keep(url, line)
        const received = new Headers()
        for (const [name, values] of Object.entries(answer.headersDistinct)) {
          for (const value of values ?? []) received.append(name, value)
        }
        const status = answer.statusCode ?? 0
        text(answer).then((read) => resolve({ url, status, headers: received, text: read }), reject)
      })
      sending.on('error', reject).end(body?.toString())
    })
  }

  /** Sends a request and follows redirects. Stops before a URL that begins with `stopAt`. */
  async open(url: string, sending: Sending = {}, stopAt?: string): Promise<Visit> {
    let visit = await this.send(url, sending)
    for (let hops = 0; hops < 20; hops += 1) {
      const next = onwardFrom(visit)
      if (next === undefined) return visit
      if (stopAt !== undefined && next.startsWith(stopAt)) return { ...visit, url: next }
      visit = await this.send(next)
    }
    throw new Error(`Too many redirects at ${new URL(visit.url).pathname}`)
  }

  /** Sends the form of a page whose `action` contains `action`, with its hidden fields and what is typed. */
  async submit(
    page: Visit,
    action: string,
    typed: Readonly<Record<string, string>>,
    stopAt?: string,
  ): Promise<Visit> {
    const form = formsIn(page.text).find((one) => one.action.includes(action))
    if (!form) throw new Error(`There is no form for ${action} in ${page.status} ${page.text}`)
    const target = new URL(form.action, page.url)
    const { origin } = new URL(page.url)
    return this.open(
      target.href,
      {
        method: 'POST',
        headers: {
          Origin: origin,
          'Sec-Fetch-Site': target.origin === origin ? 'same-origin' : 'cross-site',
        },
        body: new URLSearchParams({ ...form.fields, ...typed }),
      },
      stopAt,
    )
  }

  #keep(url: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const cut = pair.indexOf('=')
    const facts = new Map(
      attributes.map((attribute) => {
        const [name = '', value = ''] = attribute.split('=')
        return [name.toLowerCase(), value]
      }),
    )
    const value = pair.slice(cut + 1)
    const expires = facts.get('expires')
    const gone =
      facts.get('max-age') === '0' ||
      (!facts.has('max-age') && expires !== undefined && Date.parse(expires) <= Date.now())
    this.setCookie(url, pair.slice(0, cut), gone ? undefined : value, facts.get('path') ?? '/')
  }
}

/** The URL to which a redirect or a `Refresh` header leads. */
export const onwardFrom = (visit: Visit): string | undefined => {
  const refresh = /^0; ?url=(.+)$/.exec(visit.headers.get('Refresh') ?? '')?.[1]
  const onward = visit.status >= 300 && visit.status < 400 ? visit.headers.get('Location') : refresh
  return onward ? new URL(onward, visit.url).href : undefined
}
