import { readFile } from 'node:fs/promises'
import test from 'ava'
import { h } from 'preact'
import { createPages } from '#src/pages/create-pages.js'
import { Layout } from '#src/pages/layout.js'
import type { MessageKind } from '#src/pages/pages.js'
import { de } from '#src/pages/texts/de.js'
import { en } from '#src/pages/texts/en.js'
import { distance } from '#src/pages/times.js'
import { plainText } from '#src/pages/untrusted.js'
import { pages as ownPages } from './own-pages.tsx'
import { ALL_MESSAGE_KINDS, allPages, contextOf, KEYS, NOW, PENDING } from './sample-pages.ts'

const pages = createPages()
const LOCALES = ['en', 'de'] as const
const MINUTE = 60_000

/** A page as its reader's eye gets it. */
const textOf = (html: string): string =>
  html
    .replace(/^.*<main>/su, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')

/** The start tags of a document. */
const tagsOf = (html: string): readonly string[] => html.match(/<[a-z](?:"[^"]*"|[^">])*>/gi) ?? []

const HOSTILE: Readonly<Record<string, string>> = {
  'a script': '<script>alert(1)</script>',
  'an image that breaks out of an attribute': '"><img src=x onerror=alert(1)>',
  'an image that breaks out of a quoted attribute': `'><img src=x onerror='alert(1)'>`,
  'an end tag': '</bdi></dd></main><h1>Approved</h1>',
  'a comment': '<!-- -->',
}

for (const locale of LOCALES) {
  for (const [what, value] of Object.entries(HOSTILE)) {
    test(`${what} stays text on every page in ${locale}`, (t) => {
      const harmless = allPages(pages, locale, 'harmless')
      for (const [name, html] of allPages(pages, locale, value)) {
        t.false(html.includes(value), name)
        const tags = tagsOf(html).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'))
        const expected = tagsOf(harmless.get(name) ?? '')
        t.deepEqual(
          tags,
          expected.map((tag) => tag.replaceAll(/"[^"]*"/g, '""')),
          name,
        )
      }
    })
  }

  test(`control and direction signs never reach a page in ${locale}`, (t) => {
    const value = 'good\u202eevil\u2066x\u200b\u0000\u0007\u001b[31m\r\nSet-Cookie: a=b\u2028\ud800'
    for (const [name, html] of allPages(pages, locale, value)) {
      const returnTo = /name="return_to" value="[^"]*"/
      t.notRegex(html.replace(returnTo, ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, name)
    }
  })

  test(`a long value is cut, or a scope that may be broken anywhere, in ${locale}`, (t) => {
    const value = 'W'.repeat(2_048)
    for (const [name, html] of allPages(pages, locale, value)) {
      const shown = html
        .replace(/<ul class="scopes">.*?<\/ul>/gsu, '')
        .replaceAll(/ (?:value|action)="[^"]*"/g, '')
      t.notRegex(shown, /W{121}/, name)
    }
    const confirm = pages.confirm(contextOf({ locale }), {
      pending: { ...PENDING, request: { ...PENDING.request, scope: value } },
    })
    t.true(confirm.includes(value), 'no part of a scope is hidden')
  })

  test(`no page in ${locale} has inline styles, scripts or handlers, or loads from elsewhere`, (t) => {
    for (const [name, html] of allPages(pages, locale)) {
      t.notRegex(html, /<style|\sstyle=|\son[a-z]+=|javascript:|<base|<iframe|<object/i, name)
      for (const script of html.match(/<script[^>]*>.*?<\/script>/gsu) ?? []) {
        t.regex(script, /^<script src="\/oauth\/device\/assets\/[^"]+" defer><\/script>$/, name)
      }
      for (const [, url] of html.matchAll(/\s(?:src|href|action)="([^"]*)"/g)) {
        t.true(url === 'data:,' || /^\/oauth\/device\//.test(url ?? ''), `${name}: ${url}`)
      }
    }
  })

  test(`every page in ${locale} is a document with language, title, one heading and one main part`, (t) => {
    for (const [name, html] of allPages(pages, locale)) {
      t.true(html.startsWith(`<!DOCTYPE html><html lang="${locale}" dir="ltr"><head>`), name)
      t.regex(html, /<title>[^<]+ · [^<]+<\/title>/, name)
      t.is(html.match(/<h1>/g)?.length, 1, name)
      t.is(html.match(/<main>/g)?.length, 1, name)
      t.notRegex(html, /undefined|null|NaN|\[object/, name)
    }
  })

  test(`every form in ${locale} that posts has the CSRF token, and goes to a path of our own`, (t) => {
    let posting = 0
    for (const [name, html] of allPages(pages, locale)) {
      for (const form of html.match(/<form.*?<\/form>/gsu) ?? []) {
        if (form.includes('method="get"')) {
          t.false(form.includes('csrf_token'), name)
        } else {
          t.true(form.includes('name="csrf_token" value="a-csrf-token"'), name)
          posting += 1
        }
      }
    }
    t.true(posting > 10)
  })

  test(`every message in ${locale} says what happened and what to do, and names the device`, (t) => {
    const catalog = locale === 'de' ? de : en
    for (const kind of ALL_MESSAGE_KINDS) {
      const html = pages.message(contextOf({ locale }), {
        kind,
        userCode: 'WDJB-MJHT',
        clientId: 'acme-cli',
      })
      const text = textOf(html)
      const { title, text: what, next } = catalog.messages[kind]
      for (const part of [title, what, next, 'WDJB-MJHT', 'acme-cli']) {
        t.true(text.includes(part), `${kind}: ${part}`)
      }
      t.regex(html, /role="(?:alert|status)"/)
    }
  })
}

test('both catalogs are complete, without an empty text, and differ in every sentence', (t) => {
  const textsOf = (catalog: object): ReadonlyMap<string, string> => {
    const found = new Map<string, string>()
    const walk = (value: unknown, path: string): void => {
      if (typeof value === 'string') found.set(path, value)
      else if (typeof value === 'function') {
        for (const count of [0, 1, 2]) walk(value(count), `${path}(${count})`)
      } else if (typeof value === 'object' && value !== null) {
        for (const [name, inner] of Object.entries(value)) walk(inner, `${path}.${name}`)
      } else t.fail(path)
    }
    walk(catalog, '')
    return found
  }
  const english = textsOf(en)
  const german = textsOf(de)
  t.true(english.size > 100)
  t.deepEqual([...german.keys()], [...english.keys()])
  for (const [path, text] of [...english, ...german]) t.not(text.trim(), '', path)
  const same = [...english].filter(([path, text]) => german.get(path) === text)
  t.deepEqual(
    same.map(([path]) => path),
    ['.page.direction', '.enterCode.label', '.message.code'],
  )
})

test('the confirm page shows who asks, for what, from where, when, and what comes of it', (t) => {
  const html = pages.confirm(contextOf(), { pending: PENDING, personAddress: '203.0.113.7' })
  const text = textOf(html)
  for (const part of [
    'WDJB-MJHT',
    'acme-cli',
    'Unverified',
    'read',
    'write',
    'projects:admin',
    '203.0.113.7',
    'acme-cli/2.1 (Linux x86_64)',
    '2 minutes ago',
    'Jan 15, 2030',
    'Device Link Access Key (WDJB-MJHT)',
    'in 24 hours',
    'Jan 16, 2030',
    en.confirm.warning,
  ]) {
    t.true(text.includes(part), part)
  }
  t.false(text.includes(en.confirm.elsewhereTitle))
})

test('deny comes before approve, and nothing on the confirm page has the focus', (t) => {
  for (const [name, html] of allPages(pages, 'en')) {
    if (!name.startsWith('confirm')) continue
    const buttons = [...html.matchAll(/name="decision" value="([a-z]+)"/g)].map(
      ([, value]) => value,
    )
    t.deepEqual(buttons, ['deny', 'approve'])
    t.notRegex(html, /autofocus|tabindex/i)
  }
})

test('a request from another network is noticed, one from the same network is not', (t) => {
  const isNoticed = (address: string | undefined, personAddress: string): boolean =>
    pages
      .confirm(contextOf(), {
        pending: { ...PENDING, request: { device: { address } } },
        personAddress,
      })
      .includes(en.confirm.elsewhereTitle)
  t.true(isNoticed('203.0.113.7', '203.0.113.8'))
  t.false(isNoticed('203.0.113.7', '203.0.113.7'))
  t.true(isNoticed('2001:db8:1:2::1', '2001:db8:1:3::1'))
  t.false(isNoticed('2001:db8:1:2::1', '2001:db8:1:2::2'))
  t.false(isNoticed(undefined, '203.0.113.7'))
})

test('addresses of two families are not compared, and nobody is warned of that', (t) => {
  for (const [device, person, isTold] of [
    ['2001:db8:1:2::1', '203.0.113.7', true],
    ['203.0.113.7', '2001:db8:1:2::1', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ] as const) {
    const pending = { ...PENDING, request: { device: { address: device } } }
    const html = pages.confirm(contextOf(), { pending, personAddress: person })
    t.is(html.includes(en.confirm.otherFamily), isTold, device)
    t.is(html.includes(en.confirm.elsewhereTitle), !isTold, device)
    t.is(html.match(/class="note warn"/g)?.length, isTold ? 1 : 2)
  }
})

test('a device that says nothing of itself is described in words', (t) => {
  const bare = { ...PENDING, request: { device: {} } }
  const text = textOf(pages.confirm(contextOf(), { pending: bare }))
  for (const part of ['unnamed', 'noScope', 'unknownAddress', 'unknownUserAgent'] as const) {
    t.true(text.includes(en.device[part]), part)
  }
})

test('a client that the operator vouches for is shown by its name, any other as unverified', (t) => {
  const shown = (trustedName?: string): readonly string[] => {
    const named = trustedName === undefined ? {} : { trustedName }
    const device = { userCode: 'WDJB-MJHT', clientId: 'acme-cli', ...named }
    return [
      pages.confirm(contextOf(), { pending: PENDING, ...named }),
      pages.message(contextOf(), { kind: 'approved', ...device }),
      pages.keys(contextOf(), { keys: KEYS.slice(0, 1).map((key) => ({ ...key, ...named })) }),
    ].map(textOf)
  }
  for (const text of shown('Acme CLI')) {
    t.regex(text, /Acme CLI Known to us/)
    t.notRegex(text, /Unverified|acme-cli /)
  }
  for (const text of shown()) t.regex(text, /acme-cli Unverified/)
})

test('a program without a name is unverified too, wherever it is shown', (t) => {
  const unnamed = { ...PENDING, request: { ...PENDING.request, clientId: undefined } }
  const confirm = textOf(pages.confirm(contextOf(), { pending: unnamed }))
  t.true(confirm.includes(`${en.device.unnamed} Unverified ${en.device.unnamedHint}`))
  const keys = pages.keys(contextOf(), { keys: KEYS.slice(2) })
  t.true(textOf(keys).includes(`${en.device.unnamed} Unverified`))
})

test('the cards of connected devices are headed by the programs, and their buttons tell them apart', (t) => {
  const html = pages.keys(contextOf(), { keys: KEYS })
  const headings = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, inner = '']) => textOf(inner))
  t.deepEqual(
    headings.map((one) => one.trim()),
    ['acme-cli', 'television', en.device.unnamed],
  )
  t.regex(
    html,
    /aria-label="Revoke: acme-cli, Device Link Access Key \(WDJB-MJHT\)">Revoke<\/button>/,
  )
})

test('what is read aloud has names: boxes by their titles, pages to be corrected by an error', (t) => {
  for (const locale of LOCALES) {
    for (const [name, html] of allPages(pages, locale)) {
      const error = locale === 'de' ? 'Fehler: ' : 'Error: '
      const isWrong = /^(enter-code-|sign-in-again)/.test(name)
      t.is(html.includes(`<title>${error}`), isWrong, name)
      for (const [, id] of html.matchAll(/role="note"(?: aria-labelledby="([^"]*)")?/g)) {
        t.true(html.includes(`<strong id="${id}">`), `${name}: ${id}`)
      }
    }
  }
})

test('the page that one is on is marked in the navigation', (t) => {
  const isMarked = (html: string): boolean => html.includes('aria-current="page"')
  t.true(isMarked(pages.keys(contextOf(), { keys: [] })))
  t.false(isMarked(pages.enterCode(contextOf(), {})))
})

test('a long list of scopes can be folded away, and is open at first', (t) => {
  const withScopes = (count: number): string => {
    const scope = Array.from({ length: count }, (_, i) => `scope-${i}`).join(' ')
    return pages.confirm(contextOf(), {
      pending: { ...PENDING, request: { ...PENDING.request, scope } },
    })
  }
  t.false(withScopes(10).includes('<details'))
  t.regex(withScopes(11), /<details open><summary>11 rights<\/summary><ul.*scope-10/)
})

test('what happened within the last minute has happened just now', (t) => {
  const asked = (ms: number): string =>
    textOf(pages.confirm(contextOf(), { pending: { ...PENDING, requestedAt: NOW - ms } }))
  t.true(asked(0).includes('Started just now'))
  t.true(asked(59_999).includes('Started just now'))
  t.true(asked(60_000).includes('Started 1 minute ago'))
})

test('the code stands by the two buttons once more', (t) => {
  const html = pages.confirm(contextOf(), { pending: PENDING })
  t.regex(html, /My device shows <strong[^>]*>WDJB-MJHT<\/strong><\/p><div class="answers">/)
})

test('every page that only says something has a link onward', (t) => {
  const wordsOf = (kind: MessageKind, retry?: string): string | undefined => {
    const html = pages.message(contextOf(), { kind, ...(retry === undefined ? {} : { retry }) })
    return /<a class="button" href="\/oauth\/device\/[a-z]+">([^<]*)<\/a>/.exec(html)?.[1]
  }
  // The rest is never shown without a way to try again.
  t.deepEqual(
    ALL_MESSAGE_KINDS.filter((kind) => wordsOf(kind) === undefined),
    [
      'sign_in_failed',
      'session_ended',
      'signing_out',
      'key_not_created',
      'unknown_outcome',
      'revocation_unknown',
      'unavailable',
      'fault',
    ],
  )
  for (const kind of ALL_MESSAGE_KINDS) t.truthy(wordsOf(kind, '/oauth/device/keys'), kind)
  t.is(wordsOf('signed_out'), 'Sign in again')
  t.is(wordsOf('too_many_attempts'), 'See your connected devices')
  t.is(wordsOf('revocation_unknown', '/oauth/device/keys'), 'See your connected devices')
})

test('the code field is for codes: no autofill, capitals, focus, and no script needed', (t) => {
  const html = pages.enterCode(contextOf(), {})
  const [field = ''] = html.match(/<input[^>]*id="user_code"[^>]*>/) ?? []
  for (const attribute of [
    'name="user_code"',
    'autocomplete="off"',
    'autocapitalize="characters"',
    'spellcheck="false"',
    'inputmode="text"',
    'maxlength="64"',
    ' autofocus',
  ]) {
    t.true(field.includes(attribute), attribute)
  }
  t.false(field.includes('pattern'))
  t.true(html.includes('<form method="get" action="/oauth/device/verify">'))
})

test('the tries that are left are shown when they are few', (t) => {
  const shown = (attemptsLeft: number): string =>
    textOf(pages.enterCode(contextOf(), { typed: 'X', problem: 'invalid', attemptsLeft }))
  t.regex(shown(0), /last try/)
  t.regex(shown(1), /one try left/)
  t.regex(shown(3), /3 tries left/)
  t.notRegex(shown(4), /tries left/)
})

test('after the last try there is no form, but how long to wait', (t) => {
  const wrong = { typed: 'X', problem: 'invalid', attemptsLeft: 0 } as const
  const html = pages.enterCode(contextOf(), { ...wrong, retryAfterMs: 10 * MINUTE })
  t.notRegex(html, /user_code|method="get"|<script/)
  t.regex(textOf(html), /last try for now\. Wait 10 minutes\./)
  t.true(html.includes('<a class="button" href="/oauth/device/keys">'))
  const tooMany = (retryAfterMs: number): string =>
    textOf(pages.message(contextOf(), { kind: 'too_many_attempts', retryAfterMs }))
  t.regex(tooMany(15 * MINUTE), /Wait 15 minutes\. Then ask/)
  t.regex(tooMany(MINUTE), /Wait one minute\. Then ask/)
  t.regex(tooMany(MINUTE + 1), /Wait 2 minutes\. Then ask/)
})

test('a wrong code is described to those who hear the page', (t) => {
  const html = pages.enterCode(contextOf(), { typed: 'X', problem: 'invalid' })
  t.regex(html, /role="alert" id="code-problem"/)
  t.regex(html, /aria-describedby="code-problem code-hint"[^>]*aria-invalid="true"/)
})

test('connected devices show every key with its own form, and those that wait as waiting', (t) => {
  const html = pages.keys(contextOf(), { keys: KEYS })
  const text = textOf(html)
  for (const { id, name } of KEYS) {
    t.true(html.includes(`action="/oauth/device/keys/${id}/revoke"`))
    t.true(text.includes(name))
  }
  t.is(html.match(new RegExp(en.keys.waiting, 'g'))?.length, 1)
  t.is(html.match(new RegExp(en.keys.neverUsed, 'g'))?.length, 1)
  t.regex(
    html,
    /<details class="revoke-all">.*action="\/oauth\/device\/keys\/revoke-all".*<\/details>/su,
  )
  const none = pages.keys(contextOf(), { keys: [] })
  t.true(textOf(none).includes(en.keys.empty))
  t.false(none.includes('revoke-all'))
})

test('signing out is offered only where it is ours to offer', (t) => {
  t.true(pages.enterCode(contextOf(), {}).includes('/oauth/device/sign-out'))
  t.false(pages.enterCode(contextOf({ canSignOut: false }), {}).includes('/oauth/device/sign-out'))
})

test('distances in time are in plain words', (t) => {
  t.is(distance('en', NOW, NOW), 'now')
  t.is(distance('en', NOW - 59_000, NOW), 'now')
  t.is(distance('en', NOW - MINUTE, NOW), '1 minute ago')
  t.is(distance('de', NOW + 90 * MINUTE, NOW), 'in 2 Stunden')
  t.is(distance('de', NOW - 119 * MINUTE, NOW), 'vor 1 Stunde')
  t.is(distance('en', NOW + 24 * 60 * MINUTE - 1, NOW), 'in 24 hours')
  t.is(distance('en', NOW + 10 * MINUTE - 1, NOW), 'in 10 minutes')
  t.is(distance('en', NOW + 60 * MINUTE - 1, NOW), 'in 1 hour')
  t.is(distance('en', NOW + 30_000, NOW), 'now')
  t.is(distance('en', NOW + 47 * 60 * MINUTE, NOW), 'in 47 hours')
  t.is(distance('de', NOW - 72 * 60 * MINUTE, NOW), 'vor 3 Tagen')
})

test('a plain text keeps whole characters when it is cut', (t) => {
  t.is(plainText('😀😀😀', 2), '😀…')
  t.is(plainText('abc', 3), 'abc')
})

test('assets carry the version of what is in them', (t) => {
  const [, version] = /style\.css\?v=([\w-]{10})"/.exec(pages.enterCode(contextOf(), {})) ?? []
  const other = createPages({ assets: { 'style.css': { type: 'text/css', body: 'p{}' } } })
  const [, otherVersion] = /style\.css\?v=([\w-]{10})"/.exec(other.enterCode(contextOf(), {})) ?? []
  t.truthy(version)
  t.truthy(otherVersion)
  t.not(version, otherVersion)
  t.is(other.assets.get('style.css')?.body, 'p{}')
  t.true(other.assets.has('enter-code.js'))
})

test('some texts of a language can be replaced, and the rest stays', (t) => {
  const own = createPages({ texts: { de: { page: { product: 'Acme' } } } })
  const german = own.enterCode(contextOf({ locale: 'de' }), {})
  t.regex(german, /<title>Gerät verbinden · Acme<\/title>/)
  t.regex(own.enterCode(contextOf(), {}), /<title>Connect a device · Device sign-in<\/title>/)
})

test('another language can be added, and what it leaves out is English', (t) => {
  const own = createPages({
    texts: {
      fr: { enterCode: { title: 'Connecter un appareil' } },
      en: { page: { product: 'Acme' } },
    },
  })
  t.deepEqual(own.locales, ['en', 'de', 'fr'])
  const html = own.enterCode(contextOf({ locale: 'fr' }), {})
  t.true(html.includes('<html lang="fr"'))
  t.regex(html, /<title>Connecter un appareil · Acme<\/title>/)
  t.true(html.includes(en.enterCode.submit))
})

test('another language can be the default, and an unknown one gets it', (t) => {
  const own = createPages({ defaultLocale: 'de' })
  t.deepEqual(own.locales, ['de', 'en'])
  t.true(own.enterCode(contextOf({ locale: 'xx' }), {}).includes('<html lang="de"'))
})

test('a language tag that is none is refused when the pages are made', (t) => {
  t.throws(() => createPages({ texts: { 'not a tag': {} } }), { instanceOf: RangeError })
  t.throws(() => createPages({ texts: { 'FR-fr': {} } }), { message: /FR-fr/ })
  t.throws(() => createPages({ defaultLocale: 'fr' }), { message: /fr/ })
})

test('a template of elements replaces a page, and is escaped', (t) => {
  const own = createPages({
    templates: {
      message: (page, view) =>
        h(Layout, { page, title: page.texts.messages[view.kind].title }, [
          h('p', null, `For ${view.clientId}`),
        ]),
    },
  })
  const html = own.message(contextOf(), { kind: 'approved', clientId: '<script>x</script>' })
  t.true(html.startsWith('<!DOCTYPE html><html lang="en"'))
  t.true(html.includes('<h1>Device connected</h1><p>For &lt;script>'))
  t.true(own.enterCode(contextOf(), {}).includes(en.enterCode.label), 'other pages stay')
})

test('a template that gives a string is sent as it is', (t) => {
  const own = createPages({ templates: { confirm: (page) => `<!DOCTYPE html>${page.locale}` } })
  t.is(own.confirm(contextOf({ locale: 'de' }), { pending: PENDING }), '<!DOCTYPE html>de')
})

test('the pages that docs/pages.md shows are these', async (t) => {
  const text = await readFile(new URL('../test/own-pages.tsx', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const docs = await readFile(new URL('../../../docs/pages.md', import.meta.url), 'utf8')
  t.true(docs.includes(`\`\`\`tsx\n${shown.trim()}\n\`\`\``))
})

test('they have other words, another language, another look and another page', (t) => {
  t.true(ownPages.enterCode(contextOf(), {}).includes('Acme'))
  t.deepEqual(ownPages.locales, ['en', 'de', 'fr'])
  const french = ownPages.enterCode(contextOf({ locale: 'fr' }), {})
  t.true(french.includes('<h1>Saisissez le code</h1>'))
  t.true(french.includes(en.enterCode.submit))
  t.is(ownPages.assets.get('style.css')?.body, 'body { font: 1.1em serif }')
  t.true(ownPages.message(contextOf(), { kind: 'denied' }).includes('<h1>Acme</h1>denied'))
})

for (const [what, made] of [
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['an element of another library', { type: 'p', props: {} }],
  ['a promise', Promise.resolve('<p>late</p>')],
  ['an element that renders to nothing', h(() => null, null)],
] as const) {
  test(`a template that makes ${what} is a fault, not a blank page`, (t) => {
    const own = createPages({ templates: { message: () => made as string } })
    t.throws(() => own.message(contextOf(), { kind: 'denied' }), { instanceOf: TypeError })
  })
}
