import { readFile } from 'node:fs/promises'
import type { DeviceInfo } from '@device-grant/core'
import test from 'ava'
import { h } from 'preact'
import { AccentColorError, accentColorCss, BACKGROUNDS } from '#src/pages/accent-color.js'
import { createPages } from '#src/pages/create-pages.js'
import { directionOf } from '#src/pages/direction.js'
import { Layout } from '#src/pages/layout.js'
import type { MessageKind } from '#src/pages/pages.js'
import { printableText } from '#src/pages/printable-text.js'
import { STYLE } from '#src/pages/style.js'
import { ar } from '#src/pages/texts/ar.js'
import { de } from '#src/pages/texts/de.js'
import { en } from '#src/pages/texts/en.js'
import { es } from '#src/pages/texts/es.js'
import { fillIn } from '#src/pages/texts/fill-in.js'
import { fr } from '#src/pages/texts/fr.js'
import { missingTexts, textProblems } from '#src/pages/texts/text-problems.js'
import type { Pattern, SomeTexts, Texts } from '#src/pages/texts/texts.js'
import { duration, relativeTime } from '#src/pages/times.js'
import { pages as ownPages } from './own-pages.tsx'
import {
  ACME,
  ALL_MESSAGE_KINDS,
  allPages,
  CATALOGUE,
  contextOf,
  ENDED_KEYS,
  KEYS,
  MALFORMED,
  NAMED_KEYS,
  NOW,
  PENDING,
  pendingWithChoices,
} from './sample-pages.ts'

const pages = createPages()
const CATALOGS: Readonly<Record<string, Texts>> = { en, de, fr, es, ar }
const LOCALES = Object.keys(CATALOGS)
const MINUTE = 60_000

/** The text of the main part of a page, without tags. */
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
    test(`${what} is escaped on every page in ${locale}`, (t) => {
      const plain = allPages(pages, locale, 'plain')
      for (const [name, html] of allPages(pages, locale, value)) {
        t.false(html.includes(value), name)
        const tags = tagsOf(html).map((tag) => tag.replaceAll(/"[^"]*"/g, '""'))
        const expected = tagsOf(plain.get(name) ?? '')
        t.deepEqual(
          tags,
          expected.map((tag) => tag.replaceAll(/"[^"]*"/g, '""')),
          name,
        )
      }
    })
  }

  test(`control and direction characters never reach a page in ${locale}`, (t) => {
    const value = 'good\u202eevil\u2066x\u200b\u0000\u0007\u001b[31m\r\nSet-Cookie: a=b\u2028\ud800'
    for (const [name, html] of allPages(pages, locale, value)) {
      const returnTo = /name="return_to" value="[^"]*"/
      t.notRegex(html.replace(returnTo, ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u, name)
    }
  })

  test(`a page in ${locale} cuts a long value, but never a scope`, (t) => {
    const value = 'W'.repeat(2_048)
    for (const [name, html] of allPages(pages, locale, value)) {
      const shown = html
        .replace(/<ul class="scopes">.*?<\/ul>/gsu, '')
        .replaceAll(/ (?:value|action|data-typed|href)="[^"]*"/g, '')
      t.notRegex(shown, /W{121}/, name)
    }
    const confirm = pages.confirm(contextOf({ locale }), {
      pending: { ...PENDING, scopes: [{ name: value }] },
    })
    t.true(confirm.includes(value), 'the whole scope is shown')
  })

  test(`no page in ${locale} has inline styles, scripts or handlers, or loads from another origin`, (t) => {
    for (const [name, html] of allPages(pages, locale)) {
      t.notRegex(html, /<style|\sstyle=|\son[a-z]+=|javascript:|<base|<iframe|<object/i, name)
      for (const script of html.match(/<script[^>]*>.*?<\/script>/gsu) ?? []) {
        t.regex(script, /^<script src="\/oauth\/device\/assets\/[^"]+" defer><\/script>$/, name)
      }
      // The link to the home page of a client loads nothing, and its logo stands in the page.
      const ours = html
        .replaceAll(`<a href="${ACME.homepage}" rel="noreferrer">`, '')
        .replaceAll(`<a href="${ENDED_KEYS[0]?.place}" rel="noreferrer">`, '')
        .replaceAll(
          /<img class="logo" src="data:image\/svg\+xml;base64,[\w+/=]+" alt(?:="")?\/>/g,
          '',
        )
      for (const [, url] of ours.matchAll(/\s(?:src|href|action)="([^"]*)"/g)) {
        const isContact = name === 'message-not_admitted' && url === 'mailto:help@example.com'
        const isOwn =
          url === 'data:,' ||
          /^\?(?:user_code=WDJB-MJHT&amp;)?(?:q=laptop&amp;)?ui_locales=[a-z]+$/.test(url ?? '') ||
          /^\/oauth\/device\//.test(url ?? '')
        t.true(isOwn || isContact, `${name}: ${url}`)
      }
    }
  })

  test(`every page in ${locale} is a document with language, title, one heading and one main part`, (t) => {
    for (const [name, html] of allPages(pages, locale)) {
      t.true(
        html.startsWith(
          `<!DOCTYPE html><html lang="${locale}" dir="${directionOf(locale)}"><head>`,
        ),
        name,
      )
      t.regex(html, /<title>[^<]+ · [^<]+<\/title>/, name)
      t.is(html.match(/<h1>/g)?.length, 1, name)
      t.is(html.match(/<main>/g)?.length, 1, name)
      t.notRegex(html, /undefined|null|NaN|\[object/, name)
    }
  })

  test(`every POST form in ${locale} has the CSRF token`, (t) => {
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

  test(`every message in ${locale} says what happened and what to do next, and names the device`, (t) => {
    const catalog = CATALOGS[locale] ?? en
    for (const kind of ALL_MESSAGE_KINDS) {
      const html = pages.message(contextOf({ locale }), {
        kind,
        userCode: 'WDJB-MJHT',
        clientId: 'acme-cli',
      })
      const text = textOf(html)
      const { title, text: happened, next } = catalog.messages[kind]
      for (const part of [title, happened, next, 'WDJB-MJHT', 'acme-cli']) {
        t.true(text.includes(part.replaceAll('\u{a0}', ' ')), `${kind}: ${part}`)
      }
      t.regex(html, /role="(?:alert|status)"/)
    }
  })
}

/** The texts of a catalog by name. A plural text is one text. */
const textsOf = (catalog: object, group = ''): ReadonlyMap<string, unknown> =>
  new Map(
    Object.entries(catalog).flatMap(([name, value]: [string, unknown]) => {
      const path = group === '' ? name : `${group}.${name}`
      return typeof value !== 'object' || value === null || 'other' in value
        ? [[path, value] as const]
        : [...textsOf(value, path)]
    }),
  )

test('all catalogs have the texts and placeholders of the English one', (t) => {
  t.true(textsOf(en).size > 100)
  t.deepEqual(pages.locales, LOCALES)
  for (const [locale, catalog] of Object.entries(CATALOGS)) {
    t.deepEqual(textProblems(catalog), [], locale)
    t.deepEqual(missingTexts(catalog), [], locale)
  }
})

test('catalogs differ in every sentence', (t) => {
  for (const [locale, same] of Object.entries({
    de: ['enterCode.label', 'confirm.details', 'message.code'],
    fr: ['enterCode.label', 'message.code'],
    es: ['page.error'],
    ar: [],
  })) {
    const texts = textsOf(CATALOGS[locale] ?? en)
    const found = [...textsOf(en)].filter(([path, text]) => texts.get(path) === text)
    t.deepEqual(
      found.map(([path]) => path),
      same,
      locale,
    )
  }
})

test('a plural text has a form for every category of its language', (t) => {
  for (const [locale, catalog] of Object.entries(CATALOGS)) {
    const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions()
    // A million and a missing number have the last form. Zero has a form of its own, or is never shown.
    const needed = pluralCategories.filter(
      (name) => name !== 'zero' && (name !== 'many' || locale === 'ar'),
    )
    const { wait } = catalog.message
    const { contested, attemptsLeft } = catalog.enterCode
    const { accessEnds, found } = catalog.keys
    const { answerWithin, consequenceOfMany } = catalog.confirm
    const { scopeCount } = catalog.device
    const texts = [
      wait,
      contested,
      attemptsLeft,
      accessEnds,
      found,
      answerWithin,
      consequenceOfMany,
    ]
    for (const text of [...texts, scopeCount]) {
      const { other } = text
      t.deepEqual(
        needed.filter((name) => text[name] === undefined),
        [],
        `${locale}: ${other}`,
      )
    }
  }
})

test('a plural text has the form of its number, or else of its category', (t) => {
  const wait = { 0: 'none', 2: 'a pair', one: 'one', few: 'few {count}', other: 'other {count}' }
  for (const [locale, forms] of [
    ['en', { 0: 'none', 1: 'one', 2: 'a pair', 3: 'other 3', 1234: 'other 1,234' }],
    ['de', { 1: 'one', 1234: 'other 1.234' }],
    ['pl', { 1: 'one', 2: 'a pair', 3: 'few 3', 5: 'other 5', 22: 'few 22' }],
    ['ar', { 0: 'none', 1: 'one', 3: 'few 3', 11: 'other 11' }],
  ] as const) {
    for (const [count, form] of Object.entries(forms)) {
      t.is(fillIn<'count'>(locale, wait, { count: Number(count) }), form, `${locale} ${count}`)
    }
  }
})

test('values replace placeholders once, wherever they stand', (t) => {
  const fill = (text: Pattern<'a' | 'b'>) => fillIn('en', text, { a: '{b}', b: '<b>' })
  t.is(fill('{b} and {a}, {a}'), '<b> and {b}, {b}')
  t.is(fill('{}{c}{ a }{a'), '{}{c}{ a }{a')
  const own = createPages({ texts: { en: { confirm: { who: '<i>{person}</i> & {person}' } } } })
  const html = own.confirm(contextOf({ person: '<Maria>' }), { pending: PENDING })
  const person = '<strong><bdi translate="no">&lt;Maria></bdi></strong>'
  t.true(html.includes(`&lt;i>${person}&lt;/i> &amp; ${person}`), html)
})

for (const [what, changes, message] of [
  ['an unknown group', { footer: {} }, 'footer is not a text of the pages'],
  ['an unknown text', { page: { titel: 'x' } }, 'page.titel is not a text of the pages'],
  ['a name of all objects', { page: { valueOf: 'x' } }, 'page.valueOf is not a text of the pages'],
  ['a text for a group', { confirm: 'x' }, 'confirm must be an object'],
  ['no catalog', 'x', 'The catalog must be an object'],
  [
    'an empty warning',
    { confirm: { warning: ' ' } },
    'confirm.warning must be a text that is not empty',
  ],
  ['a list', { page: { product: ['x'] } }, 'page.product must be a text that is not empty'],
  [
    'an unknown placeholder',
    { page: { product: '{name}' } },
    'page.product has the unknown placeholder {name}',
  ],
  [
    'a missing placeholder',
    { confirm: { webPage: 'x' } },
    'confirm.webPage lacks the placeholder {origin}',
  ],
  ['one form only', { message: { wait: 'x' } }, 'message.wait must be an object'],
  [
    'no form for other numbers',
    { message: { wait: { one: 'x' } } },
    'message.wait has no form "other"',
  ],
  [
    'an unknown form',
    { message: { wait: { other: 'x', some: 'x' } } },
    'message.wait.some is not a number or one of zero, one, two, few, many, other',
  ],
  [
    'a form without its placeholder',
    { enterCode: { wrongLength: { other: '{kind}' } } },
    'enterCode.wrongLength.other lacks the placeholder {codeLength}',
  ],
] as const) {
  test(`texts with ${what} are refused`, (t) => {
    const texts: SomeTexts = JSON.parse(JSON.stringify(changes))
    t.throws(() => createPages({ texts: { en: texts } }), {
      instanceOf: TypeError,
      message: `en: ${message}`,
    })
  })
}

test('the confirm page shows the client, the permissions, the address, the time and the key', (t) => {
  const html = pages.confirm(contextOf(), {
    pending: PENDING,
    browser: { address: '203.0.113.7' },
  })
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
    'Until January 16, 2030 , it can act in your name: read , write , projects:admin .',
    'Answer within 8 minutes.',
    en.confirm.warning,
  ]) {
    t.true(text.includes(part), part)
  }
  t.false(text.includes(en.confirm.elsewhereTitle))
})

test('the name of a key is in the language of the page, unless a person chose it', (t) => {
  const german = contextOf({ locale: 'de' })
  t.true(
    textOf(pages.confirm(german, { pending: PENDING })).includes('Geräteschlüssel (WDJB-MJHT)'),
  )
  const names = ['Device Link Access Key (WDJB-MJHT)', 'My laptop (old)', 'TV']
  const keys = KEYS.map((key, i) => ({ ...key, name: names[i] ?? '' }))
  const html = pages.keys(german, { revocationDelayMs: 1_000, keys })
  t.false(html.includes('Device Link Access Key'))
  t.true(html.includes('aria-label="Ja, trennen: acme-cli, Geräteschlüssel (WDJB-MJHT)"'))
  for (const name of ['Geräteschlüssel (WDJB-MJHT)', ...names.slice(1)]) {
    t.true(textOf(html).replaceAll(/ +/g, ' ').includes(name), name)
  }
})

test('a text that names a button or a link uses its label', (t) => {
  for (const { page, confirm, message, messages } of Object.values(CATALOGS)) {
    for (const [text, label] of [
      [confirm.warning, confirm.deny],
      [confirm.webPageText, confirm.deny],
      [confirm.elsewhere, confirm.deny],
      [confirm.resultText, page.connectedDevices],
      [messages.signing_out.next, message.continueSigningOut],
      [messages.switching_account.next, message.continueSigningIn],
    ] as const) {
      t.true(text.includes(label), text)
    }
  }
})

test('Deny comes before Approve, and nothing on the confirm page has the focus', (t) => {
  for (const [name, html] of allPages(pages, 'en')) {
    if (!name.startsWith('confirm')) continue
    const buttons = [...html.matchAll(/name="decision" value="([a-z]+)"/g)].map(
      ([, value]) => value,
    )
    t.deepEqual(buttons, ['deny', 'approve', 'report'])
    t.notRegex(html, /autofocus|tabindex/i)
  }
})

/** The confirm page of a request and the browser of the person. */
const confirmOf = (device: DeviceInfo, browser: DeviceInfo): string =>
  pages.confirm(contextOf(), { pending: { ...PENDING, request: { device } }, browser })

test('a request from another network shows a warning, one from the same network does not', (t) => {
  const isWarned = (address: string | undefined, own: string): boolean =>
    confirmOf({ address }, { address: own }).includes(en.confirm.elsewhereTitle)
  t.true(isWarned('203.0.113.7', '203.0.113.8'))
  t.false(isWarned('203.0.113.7', '203.0.113.7'))
  t.true(isWarned('2001:db8:1:2::1', '2001:db8:1:3::1'))
  t.false(isWarned('2001:db8:1:2::1', '2001:db8:1:2::2'))
  t.false(isWarned(undefined, '203.0.113.7'))
})

test('an IPv4 and an IPv6 address get the same advice as two different addresses', (t) => {
  for (const [device, own] of [
    ['2001:db8:1:2::1', '203.0.113.7'],
    ['203.0.113.7', '2001:db8:1:2::1'],
  ] as const) {
    const html = confirmOf({ address: device }, { address: own })
    t.true(html.includes(en.confirm.elsewhereTitle), device)
    t.true(html.includes(en.confirm.elsewhere), device)
    t.false(html.includes(en.confirm.notComparable), device)
  }
})

test('addresses behind the same unlisted proxy are unknown, and cause no warning', (t) => {
  const proxy = { address: '10.0.0.5', unlistedProxy: '10.0.0.5' }
  const html = confirmOf(proxy, proxy)
  t.true(html.includes(en.confirm.notComparable))
  t.false(html.includes(en.confirm.elsewhereTitle))
  t.regex(textOf(html), /IP address Unknown/)
  t.false(html.includes('10.0.0.5'))
})

test('a header of an unlisted proxy removes no warning by itself', (t) => {
  const [device, own] = ['203.0.113.7', '198.51.100.20']
  for (const [source, browser] of [
    [{ address: device, unlistedProxy: device }, { address: own }],
    [{ address: device }, { address: own, unlistedProxy: own }],
    [
      { address: device, unlistedProxy: device },
      { address: own, unlistedProxy: own },
    ],
  ] as const) {
    const html = confirmOf(source, browser)
    t.true(html.includes(en.confirm.elsewhereTitle))
    t.false(html.includes(en.confirm.notComparable))
    t.true(html.includes(device))
  }
})

test('a request of a web page shows the strongest warning, and no address counts', (t) => {
  const own = { address: '203.0.113.7' }
  for (const address of ['203.0.113.7', '198.51.100.20']) {
    const html = confirmOf({ address, webOrigin: 'https://evil.test' }, own)
    t.true(textOf(html).includes('A web page, https://evil.test , asked for this code'), html)
    t.true(html.includes('<bdi translate="no">https://evil.test</bdi>, asked for this code'))
    t.regex(
      html,
      /<main><h1>[^<]*<\/h1><div class="note bad" role="note" aria-labelledby="web-page">/,
    )
    t.true(html.includes(en.confirm.webPageText))
    t.false(html.includes(en.confirm.elsewhereTitle))
    t.false(html.includes(en.confirm.notComparable))
    t.false(html.includes(address))
  }
  const hidden = confirmOf({ ...own, webOrigin: 'null' }, own)
  t.true(textOf(hidden).includes('A web page that hides its address asked for this code'))
  t.false(confirmOf(own, own).includes('note bad'))
})

test('the connected devices name the web page that asked', (t) => {
  const [key] = KEYS
  const shown = (webOrigin: string): string => {
    const request = { ...key?.request, device: { address: '203.0.113.7', webOrigin } }
    const keys = KEYS.slice(0, 1).map((one) => ({ ...one, request }))
    return textOf(pages.keys(contextOf(), { revocationDelayMs: 1_000, keys }))
  }
  t.true(shown('https://evil.test').includes('Requested by a web page https://evil.test'))
  t.false(shown('https://evil.test').includes('203.0.113.7'))
  t.true(shown('null').includes('Requested by a web page It hides its address'))
})

test('a device without client id, scope, address and user agent is described in words', (t) => {
  const bare = { ...PENDING, request: { device: {} }, scopes: [] }
  const text = textOf(pages.confirm(contextOf(), { pending: bare }))
  for (const part of ['unnamed', 'noScope', 'unknownAddress', 'unknownUserAgent'] as const) {
    t.true(text.includes(en.device[part]), part)
  }
})

test('a client is shown by the name that the operator gave it, and no badge vouches for it', (t) => {
  const shown = (trustedName?: string): readonly string[] => {
    const named = trustedName === undefined ? {} : { trustedName }
    const device = { userCode: 'WDJB-MJHT', clientId: 'acme-cli', ...named }
    const keys = KEYS.slice(0, 1).map((key) => ({ ...key, ...named }))
    return [
      pages.confirm(contextOf(), { pending: PENDING, ...named }),
      pages.message(contextOf(), { kind: 'approved', ...device }),
      pages.keys(contextOf(), { revocationDelayMs: 1_000, keys }),
    ]
  }
  for (const html of shown('Acme CLI')) {
    t.regex(textOf(html), /Acme CLI /)
    t.notRegex(textOf(html), /Unverified|Known|acme-cli /)
    t.notRegex(html, /badge good/)
  }
  const [confirm = ''] = shown('Acme CLI').map(textOf)
  t.true(confirm.includes('Acme CLI Any program can use this name.'), confirm)
  const [unknown = ''] = shown().map(textOf)
  t.true(unknown.includes('We don’t know this program. Any program can use this name.'))
  for (const html of shown()) t.regex(textOf(html), /acme-cli Unverified/)
})

test('a program without a name is shown as unverified on every page', (t) => {
  const unnamed = { ...PENDING, request: { ...PENDING.request, clientId: undefined } }
  const confirm = textOf(pages.confirm(contextOf(), { pending: unnamed }))
  t.true(confirm.includes(`${en.device.unnamed} Unverified ${en.device.unnamedHint}`))
  const keys = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS.slice(2) })
  t.true(textOf(keys).includes(`${en.device.unnamed} Unverified`))
})

/** The inputs of a page with this name, as they stand in it. */
const inputsOf = (html: string, name: string): readonly string[] =>
  (html.match(/<input[^>]*>/g) ?? []).filter((input) => input.includes(` name="${name}"`))

test('a registered client is in the title, with its home page and its logo', (t) => {
  const english = pages.confirm(contextOf(), { pending: pendingWithChoices() })
  t.true(english.includes('<h1>Connect <bdi translate="no">Acme CLI</bdi> to your account?</h1>'))
  t.true(english.includes('<title>Connect Acme CLI to your account? · Device sign-in</title>'))
  t.regex(textOf(english), /Acme CLI Verified This program has proved its identity\. acme\.example/)
  t.notRegex(textOf(english), /Any program/)
  t.is(english.match(/<img/g)?.length, 1)
  const german = pages.confirm(contextOf({ locale: 'de' }), { pending: pendingWithChoices() })
  t.true(
    german.includes(
      '<h1><bdi translate="no">Acme-Kommandozeile</bdi> mit Ihrem Konto verbinden?</h1>',
    ),
  )
  for (const own of [
    createPages({ brand: { product: 'Acme' } }),
    createPages({ texts: { en: { page: { product: 'Acme' } } } }),
  ]) {
    const html = own.confirm(contextOf(), { pending: pendingWithChoices() })
    t.true(
      html.includes(
        '<h1>Connect <bdi translate="no">Acme CLI</bdi> to your <bdi>Acme</bdi> account?</h1>',
      ),
    )
  }
})

test('a registered client that proved nothing gets no badge, and any program can use its name', (t) => {
  const verified = pendingWithChoices()
  const { clientAuthenticated: _, ...request } = verified.request
  const html = pages.confirm(contextOf(), { pending: { ...verified, request } })
  t.true(html.includes('<h1>Connect <bdi translate="no">Acme CLI</bdi> to your account?</h1>'))
  t.true(textOf(html).includes(`Acme CLI ${en.device.anyProgram}`), textOf(html))
  t.notRegex(textOf(html), /Verified|Unverified/)
  // Without a registry, the client is unknown, whatever it proved.
  const unknown = {
    ...PENDING,
    request: { ...PENDING.request, clientAuthenticated: true as const },
  }
  t.notRegex(textOf(pages.confirm(contextOf(), { pending: unknown })), /Verified/)
})

test('a home page that is not https and a logo that is no picture are left out', (t) => {
  const shown = (changes: Partial<typeof ACME>): string =>
    pages.confirm(contextOf(), {
      pending: { ...pendingWithChoices(), client: { ...ACME, ...changes } },
    })
  for (const homepage of [
    'http://acme.example',
    'javascript:alert(1)',
    'acme.example',
    undefined,
  ]) {
    t.notRegex(shown({ homepage }), /rel="noreferrer"/, homepage ?? 'none')
  }
  const logo = { mediaType: 'text/html', body: Buffer.from('<script>') }
  t.notRegex(shown({ logo }), /<img/)
})

test('scopes of a catalogue are sentences with boxes, and a required one cannot be taken away', (t) => {
  for (const [locale, sentence] of [
    ['en', 'See your projects Required'],
    ['de', 'Ihre Projekte sehen Erforderlich'],
  ] as const) {
    const html = pages.confirm(contextOf({ locale }), { pending: pendingWithChoices() })
    t.true(textOf(html).includes(sentence), sentence)
    t.is(inputsOf(html, 'scopes_shown').length, 1)
    const [required = '', sent = '', ...others] = inputsOf(html, 'scope:projects:read')
    t.deepEqual(others, [])
    t.regex(required, /type="checkbox".* checked disabled/)
    t.regex(sent, /type="hidden".* value="on"/)
    for (const name of ['scope:projects:write', 'scope:billing.read']) {
      const [box = '', ...more] = inputsOf(html, name)
      t.deepEqual(more, [])
      t.regex(box, /type="checkbox".* value="on" checked/)
      t.notRegex(box, /disabled/)
    }
  }
  const html = pages.confirm(contextOf(), { pending: pendingWithChoices() })
  t.true(textOf(html).includes('Change your projects Sensitive'))
  t.is(html.match(/Sensitive/g)?.length, 1)
})

test('without a catalogue there is nothing to tick, and no scope is full access', (t) => {
  const scoped = pages.confirm(contextOf(), { pending: PENDING })
  t.notRegex(scoped, /checkbox|scopes_shown/)
  for (const [locale, sentence] of [
    ['en', 'Requested permissions Full access: everything your account can do here'],
    ['de', 'Angefragte Berechtigungen Voller Zugriff: alles, was Ihr Konto hier darf'],
  ] as const) {
    const pending = { ...PENDING, request: { device: {} }, scopes: [] }
    t.true(textOf(pages.confirm(contextOf({ locale }), { pending })).includes(sentence))
  }
  const none = { ...PENDING, scopes: [], hasScopeChoice: true }
  t.true(textOf(pages.confirm(contextOf(), { pending: none })).includes('Permissions None'))
})

test('a request for nothing that the catalogue still has says so, and can be denied', (t) => {
  const pending = { ...pendingWithChoices(), scopes: [] }
  for (const [locale, texts] of [
    ['en', en],
    ['de', de],
  ] as const) {
    const html = pages.confirm(contextOf({ locale }), { pending, problem: 'no_scope' })
    t.is(inputsOf(html, 'scopes_shown').length, 1)
    t.true(textOf(html).includes(texts.confirm.nothingOffered))
    t.true(textOf(html).includes(texts.confirm.choiceRefused), 'there is nothing to tick')
    t.false(textOf(html).includes(texts.confirm.noScopeChosen))
    t.true(html.includes('name="decision" value="deny"'))
  }
})

test('several lifetimes are a choice with the first one preselected, and one is none', (t) => {
  const html = pages.confirm(contextOf(), { pending: pendingWithChoices() })
  t.true(
    html.includes(
      '<option value="86400" selected data-until="2030-01-16T12:00:00.000Z">1 day</option>' +
        '<option value="2592000" data-until="2030-02-14T12:00:00.000Z">30 days</option>',
    ),
    html,
  )
  const one = pages.confirm(contextOf(), { pending: PENDING })
  t.notRegex(one, /<select|name="lifetime"/)
  t.regex(textOf(one), /Until January 16, 2030/)
})

test('the name of the device can be changed, and the page says where it comes from', (t) => {
  const named = pages.confirm(contextOf(), { pending: pendingWithChoices() })
  const [field = ''] = inputsOf(named, 'device_name')
  t.regex(field, / value="Maria’s MacBook"/)
  t.regex(field, / maxlength="64"/)
  t.true(textOf(named).includes(en.device.ownNameHint))
  const unnamed = pages.confirm(contextOf(), { pending: PENDING })
  t.regex(inputsOf(unnamed, 'device_name')[0] ?? '', / value(?:="")? /)
  t.false(textOf(unnamed).includes(en.device.ownNameHint))
})

test('an earlier key can be replaced, and is ticked only if it is unused', (t) => {
  const shown = (isUnused: boolean, locale = 'en'): string => {
    const { replaceable, ...pending } = pendingWithChoices()
    return pages.confirm(contextOf({ locale }), {
      pending: { ...pending, replaceable: replaceable && { ...replaceable, isUnused } },
    })
  }
  t.regex(textOf(shown(true)), /Replace Maria’s MacBook ?, connected 21 days ago\?/)
  t.regex(textOf(shown(true, 'de')), /Soll Maria’s MacBook ?, verbunden vor 21 Tagen, ersetzt/)
  t.regex(inputsOf(shown(true), 'replaces')[0] ?? '', / value="4kPqRsTuVwXyZaBcDeFgHi" checked/)
  t.notRegex(inputsOf(shown(false), 'replaces')[0] ?? '', /checked/)
  t.deepEqual(inputsOf(pages.confirm(contextOf(), { pending: PENDING }), 'replaces'), [])
})

test('a refused choice shows the request again, with what was chosen', (t) => {
  const chosen = { scopes: ['projects:read'], lifetimeMs: 30 * 86_400_000, deviceName: 'Mac' }
  const html = pages.confirm(contextOf(), {
    pending: pendingWithChoices(),
    problem: 'lifetime',
    chosen,
  })
  t.regex(html, /<main><h1>.*?<\/h1><div class="message bad" role="alert">/)
  t.true(textOf(html).includes(en.confirm.choiceRefused))
  t.notRegex(inputsOf(html, 'scope:billing.read')[0] ?? '', /checked/)
  t.regex(html, /<option value="2592000" selected /)
  t.regex(textOf(html), /Until February 14, 2030/)
  t.regex(inputsOf(html, 'device_name')[0] ?? '', / value="Mac"/)
  t.notRegex(inputsOf(html, 'replaces')[0] ?? '', /checked/)
  for (const [problem, text] of [
    ['no_scope', en.confirm.noScopeChosen],
    ['device_name', fillIn('en', en.confirm.nameTooLong, { max: 64 })],
  ] as const) {
    const again = pages.confirm(contextOf(), { pending: pendingWithChoices(), problem })
    t.true(textOf(again).includes(text), problem)
    t.is(again.includes('aria-invalid="true"'), problem === 'device_name')
  }
})

test('Enter in a field presses a button that does nothing', (t) => {
  for (const [name, html] of allPages(pages, 'en')) {
    if (!name.startsWith('confirm')) continue
    const [form = ''] =
      html.match(/<form[^>]*action="\/oauth\/device\/verify"[^>]*>.*?<\/form>/s) ?? []
    const [first] = form.match(/<button[^>]*>/g) ?? []
    t.is(first, '<button type="submit" formmethod="dialog" hidden>', name)
  }
})

/** The lines of the list of devices. */
const linesOf = (html: string): string[] =>
  [...html.matchAll(/<details class="key"><summary>(.*?)<\/summary>/gs)].map(([, inner = '']) =>
    textOf(inner).replaceAll(/ +/g, ' ').trim(),
  )

test('a named device has its name on its line, and its program beside it', (t) => {
  const html = pages.keys(contextOf(), {
    revocationDelayMs: 1_000,
    keys: NAMED_KEYS,
    catalogue: CATALOGUE,
  })
  t.deepEqual(linesOf(html), [
    'Maria’s MacBook Acme CLI used 2 days ago',
    'acme-cli Unverified Not valid approved 24 hours ago , not used yet',
  ])
  const text = textOf(html)
  t.true(text.includes('Program Acme CLI'))
  t.true(text.includes('Permissions See your projects Approved'), 'the granted scope only')
  t.true(text.includes('Expires if unused in 5 days'))
  t.true(
    html.includes(
      'aria-label="Yes, disconnect: Maria’s MacBook, Device Link Access Key (MMMM-NNNN)"',
    ),
  )
  t.true(text.includes('Disconnect Maria’s MacBook ? It has to log in again.'), text)
  t.is(html.match(/\/rename"/g)?.length, 1, 'a key that is not valid cannot be renamed')
})

test('a key without scopes is full access, unless there is a catalogue', (t) => {
  const shown = (catalogue?: typeof CATALOGUE): string =>
    textOf(pages.keys(contextOf(), { revocationDelayMs: 0, keys: KEYS.slice(1, 2), catalogue }))
  t.true(shown().includes('Permissions Full access: everything your account can do here'))
  t.true(shown(CATALOGUE).includes('Permissions None'))
})

test('a disconnected device is named, and a renamed one is confirmed', (t) => {
  const view = { revocationDelayMs: 1_000, keys: KEYS } as const
  const named = pages.keys(contextOf(), { ...view, notice: 'revoked', deviceName: 'Tablet' })
  t.true(textOf(named).includes('Tablet is disconnected. It has to log in again.'))
  const renamed = pages.keys(contextOf(), { ...view, notice: 'renamed' })
  t.true(textOf(renamed).includes(en.keys.renamed))
})

test('an approval names the device, and a second one shows what was granted', (t) => {
  const approved = pages.message(contextOf(), { kind: 'approved', deviceName: 'Tablet' })
  t.true(textOf(approved).includes('Name of the device Tablet'))
  const granted = {
    keyId: 'k',
    approvedAt: 0,
    scope: 'read',
    deviceName: 'Tablet',
    lifetimeMs: 30 * 86_400_000,
  }
  const again = textOf(pages.message(contextOf(), { kind: 'already_approved', granted }))
  for (const part of [
    'Name of the device Tablet',
    'Permissions read',
    'Stay connected for 30 days',
  ]) {
    t.true(again.includes(part), part)
  }
})

test('each connected device has a line, and a button with a name of its own', (t) => {
  const html = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS })
  t.deepEqual(
    linesOf(html).map((line) => line.split(' ')[0]),
    ['acme-cli', 'television', 'Unnamed'],
  )
  t.regex(
    html,
    /aria-label="Yes, disconnect: acme-cli, Device Link Access Key \(WDJB-MJHT\)">Yes, disconnect<\/button>/,
  )
})

test('warnings are labelled by their titles, and a page with an error says so in its title', (t) => {
  for (const locale of LOCALES) {
    for (const [name, html] of allPages(pages, locale)) {
      const error = `${CATALOGS[locale]?.page.error} `
      const hasError = /^(enter-code-|sign-in-(?:again|invalid)|confirm-refused)/.test(name)
      t.is(html.includes(`<title>${error}`), hasError, name)
      for (const [, id] of html.matchAll(/role="note"(?: aria-labelledby="([^"]*)")?/g)) {
        t.true(html.includes(`<strong id="${id}">`), `${name}: ${id}`)
      }
    }
  }
})

test('the navigation marks the current page', (t) => {
  const isMarked = (html: string): boolean => html.includes('aria-current="page"')
  t.true(isMarked(pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: [] })))
  t.false(isMarked(pages.enterCode(contextOf(), {})))
})

test('a long list of scopes can be collapsed, and is open at first', (t) => {
  const withScopes = (count: number): string => {
    const scopes = Array.from({ length: count }, (_, i) => ({ name: `scope-${i}` }))
    return pages.confirm(contextOf(), { pending: { ...PENDING, scopes } })
  }
  t.false(withScopes(10).includes('<details open'))
  t.regex(withScopes(11), /<details open><summary>11 permissions<\/summary><ul.*scope-10/)
})

test('an event of the last minute happened just now', (t) => {
  const asked = (ms: number): string =>
    textOf(pages.confirm(contextOf(), { pending: { ...PENDING, requestedAt: NOW - ms } }))
  t.true(asked(0).includes('Started just now'))
  t.true(asked(59_999).includes('Started just now'))
  t.true(asked(60_000).includes('Started 1 minute ago'))
})

test('the confirm page says which account it connects, and offers another one', (t) => {
  const person = 'ann@example.com'
  const html = pages.confirm(contextOf({ person }), { pending: PENDING })
  t.regex(textOf(html), /You are ann@example\.com ?\. Not you\? Use another account/)
  const [form = ''] = html.match(/<form[^>]*switch-account.*?<\/form>/) ?? []
  for (const field of ['name="csrf_token"', 'name="user_code" value="WDJB-MJHT"']) {
    t.true(form.includes(field), form)
  }
  const fixed = pages.confirm(contextOf({ person, canSignOut: false }), { pending: PENDING })
  t.true(textOf(fixed).includes('You are ann@example.com'))
  t.notRegex(textOf(fixed), /Not you|another account/)
})

test('every message has a link to continue', (t) => {
  const labelOf = (kind: MessageKind, retry?: string): string | undefined => {
    const html = pages.message(contextOf(), { kind, ...(retry === undefined ? {} : { retry }) })
    return /<a class="button" href="\/oauth\/device\/[a-z]+">([^<]*)<\/a>/.exec(html)?.[1]
  }
  // The routes always give these a `retry` path.
  t.deepEqual(
    ALL_MESSAGE_KINDS.filter((kind) => labelOf(kind) === undefined),
    [
      'sign_in_again',
      'sign_in_failed',
      'session_ended',
      'signing_out',
      'switching_account',
      'key_not_created',
      'outcome_unknown',
      'revocation_unknown',
      'renaming_unknown',
      'device_name_too_long',
      'unavailable',
      'server_error',
    ],
  )
  for (const kind of ALL_MESSAGE_KINDS) t.truthy(labelOf(kind, '/oauth/device/keys'), kind)
  t.is(labelOf('signed_out'), 'Sign in again')
  t.is(labelOf('too_many_attempts'), 'See your connected devices')
  t.is(labelOf('revocation_unknown', '/oauth/device/keys'), 'See your connected devices')
})

const contactIn = (contact?: string): string | undefined => {
  const html = pages.message(contextOf(), { kind: 'not_admitted', contact })
  return /<p>Contact: (.*?)<\/p>/.exec(html)?.[1]
}

test('a contact is a link if it is an e-mail address or an https URL', (t) => {
  for (const [contact, href] of [
    ['help@x.example', 'mailto:help@x.example'],
    ['it.help+devices@Sub-1.x.example', 'mailto:it.help+devices@Sub-1.x.example'],
    ['https://x.example/help?a=b&c=d', 'https://x.example/help?a=b&amp;c=d'],
  ] as const) {
    t.true(contactIn(contact)?.startsWith(`<a href="${href}"><bdi`), contactIn(contact))
  }
  for (const contact of [
    'the help desk, room 12',
    'help@localhost',
    'a@x.example, b@x.example',
    'a@x.example?cc=b@x.example',
    'javascript:alert(1)//@x.example',
    'http://x.example',
    'https://',
    'https://x.example and others',
    '"><script>@x.example',
  ]) {
    t.regex(contactIn(contact) ?? '', /^<bdi/, contact)
  }
  t.is(contactIn(), undefined)
})

test('a person who is not admitted may use another account, if there are others', (t) => {
  const view = { kind: 'not_admitted', otherAccountFor: 'WDJB-MJHT' } as const
  const [form = ''] =
    pages.message(contextOf(), view).match(/<form[^>]*switch-account.*?<\/form>/) ?? []
  for (const part of [
    'name="csrf_token"',
    'name="user_code" value="WDJB-MJHT"',
    'another account',
  ]) {
    t.true(form.includes(part), form)
  }
  t.notRegex(pages.message(contextOf(), { kind: 'not_admitted' }), /switch-account/)
})

test('with too many devices the page names the least recently used, and links to both', (t) => {
  const retry = '/oauth/device/verify?user_code=WDJB-MJHT'
  const [, used] = KEYS
  const view = { kind: 'too_many_keys', retry, leastRecentlyUsed: used } as const
  const html = pages.message(contextOf(), view)
  t.regex(
    textOf(html),
    /television .*Device Link Access Key \( ?BCDF-GHJK ?\).*Last used 5 minutes ago/,
  )
  for (const href of ['/oauth/device/keys', retry]) {
    t.true(html.includes(`<a class="button" href="${href}">`), html)
  }
  const unused = pages.message(contextOf(), { ...view, leastRecentlyUsed: KEYS[0] })
  t.regex(textOf(unused), /acme-cli .*Approved just now/)
})

test('the code field has no autofill, types capitals, has the focus, and needs no script', (t) => {
  const html = pages.enterCode(contextOf(), {})
  const [field = ''] = html.match(/<input[^>]*id="user_code"[^>]*>/) ?? []
  for (const attribute of [
    'name="user_code"',
    'autocomplete="off"',
    'autocapitalize="characters"',
    'spellcheck="false"',
    'inputmode="text"',
    'maxlength="512"',
    ' autofocus',
  ]) {
    t.true(field.includes(attribute), attribute)
  }
  t.false(field.includes('pattern'))
  t.true(html.includes('<form method="get" action="/oauth/device/verify">'))
})

test('the attempts left are shown when 3 or fewer are left', (t) => {
  const shown = (attemptsLeft: number): string =>
    textOf(
      pages.enterCode(contextOf(), { typed: 'X', refusal: { outcome: 'invalid', attemptsLeft } }),
    )
  t.regex(shown(0), /last attempt/)
  t.regex(shown(1), /1 attempt left/)
  t.regex(shown(3), /3 attempts left/)
  t.notRegex(shown(4), /attempts left/)
})

test('after the last attempt the page shows no form, but how long to wait', (t) => {
  const refusal = { outcome: 'invalid', attemptsLeft: 0, retryAfterMs: 10 * MINUTE } as const
  const html = pages.enterCode(contextOf(), { typed: 'X', refusal })
  t.notRegex(html, /name="user_code"|method="get"|enter-code\.js/)
  t.regex(textOf(html), /last attempt for now\. Wait 10 minutes\./)
  t.true(html.includes('<a class="button" href="/oauth/device/keys">'))
  const tooMany = (retryAfterMs: number): string =>
    textOf(pages.message(contextOf(), { kind: 'too_many_attempts', retryAfterMs }))
  t.regex(tooMany(15 * MINUTE), /Wait 15 minutes\. Then get/)
  t.regex(tooMany(MINUTE), /Wait 1 minute\. Then get/)
  t.regex(tooMany(MINUTE + 1), /Wait 2 minutes\. Then get/)
})

test('a page says exactly what a code has after a text that is no code', (t) => {
  const told = (changes: Partial<typeof MALFORMED>, locale = 'en'): string =>
    textOf(
      pages.enterCode(contextOf({ locale }), {
        typed: 'wdjb',
        refusal: { ...MALFORMED, ...changes },
      }),
    )
  t.true(told({ typedLength: 4 }).includes('A code has 8 letters; you typed 4. You typed: wdjb'))
  t.true(told({ typedLength: 0 }).includes('A code has 8 letters; you typed none.'))
  const digits = { charset: '0123456789', typedLength: 4 }
  t.true(told(digits).includes('A code has 8 digits; you typed 4.'))
  const both = { charset: 'BCDFGH23456789', typedLength: 4 }
  t.true(told(both).includes('A code has 8 characters; you typed 4.'))
  t.true(told({ typedLength: 8 }).includes('A code only has these letters: BCDFGHJKLMNPQRSTVWXZ'))
  t.true(told({ typedLength: 4 }, 'de').includes('Ein Code hat 8 Buchstaben; Sie haben 4 ein'))
  t.notRegex(told({ typedLength: 4 }), /attempt/)
})

test('after a wrong code the field is empty, and the typed code is in the message', (t) => {
  for (const refusal of [MALFORMED, { outcome: 'invalid', attemptsLeft: 4 } as const]) {
    const html = pages.enterCode(contextOf(), { typed: 'WDJB-MJHX', refusal })
    const [field = ''] = html.match(/<input[^>]*id="user_code"[^>]*>/) ?? []
    t.regex(field, / value(?:="")? /)
    t.regex(field, / data-typed="WDJB-MJHX"/)
    t.true(textOf(html).includes('You typed: WDJB-MJHX'))
  }
})

test('a code that another account has open stays in the field', (t) => {
  const contested = (retryAfterMs: number): string =>
    pages.enterCode(contextOf(), {
      typed: 'WDJB-MJHT',
      refusal: { outcome: 'contested', retryAfterMs },
    })
  const html = contested(2 * MINUTE)
  t.true(
    textOf(html).includes('Another account has this code open. Try again in two minutes.'),
    html,
  )
  t.true(textOf(contested(MINUTE)).includes('Try again in one minute.'))
  t.true(html.includes('value="WDJB-MJHT"'))
  t.notRegex(textOf(html), /attempt|You typed/)
})

test('a code that was not looked up yet stays in the field', (t) => {
  const html = pages.enterCode(contextOf(), {
    typed: 'WDJB-MJHT',
    refusal: { outcome: 'attempts_in_progress', retryAfterMs: 1_000 },
  })
  t.true(textOf(html).includes('Earlier codes are still being checked. Try again in a moment.'))
  t.true(html.includes('value="WDJB-MJHT"'))
})

test('screen readers announce a wrong code', (t) => {
  const html = pages.enterCode(contextOf(), { typed: 'X', refusal: MALFORMED })
  t.regex(html, /role="alert" id="code-problem"/)
  t.regex(html, /aria-describedby="code-problem code-hint"[^>]*aria-invalid="true"/)
})

test('the connected devices list every key with its form, and mark those not picked up yet', (t) => {
  const html = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS })
  const text = textOf(html)
  for (const { id, name } of KEYS) {
    t.true(html.includes(`action="/oauth/device/keys/${id}/revoke"`))
    t.true(text.includes(name))
  }
  t.is(html.match(new RegExp(en.keys.waiting, 'g'))?.length, 1)
  t.is(html.match(/Waiting for its first use/g)?.length, 1)
  t.is(html.match(new RegExp(en.keys.lastUsed, 'g'))?.length, 1)
  t.regex(
    html,
    /<details class="revoke-all">.*action="\/oauth\/device\/keys\/revoke-all".*<\/details>/su,
  )
  const none = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: [] })
  t.true(textOf(none).includes(en.keys.empty))
  t.false(none.includes('revoke-all'))
})

test('each connected device shows the first characters of its key', (t) => {
  const text = textOf(pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS }))
  for (const { id } of KEYS) t.true(text.includes(`Key ID ${id.slice(0, 8)}…`), text)
})

test('a list with more devices links to its next page', (t) => {
  const next = '1894708800000.0GSUisErIo4gm6Ox2tFZ4S'
  const html = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS, next })
  t.true(html.includes(`href="/oauth/device/keys?after=${next}">Next page</a>`), html)
  const last = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS })
  t.false(last.includes('Next page'))
})

test('the connected devices say how soon a disconnected device loses access, if it lasts', (t) => {
  const told = (revocationDelayMs: number, notice: 'revoked' | 'revoked_all'): string =>
    textOf(pages.keys(contextOf(), { revocationDelayMs, keys: KEYS, notice }))
  t.true(told(1_500, 'revoked_all').includes('again. Access ends within 2 seconds.'))
  t.true(told(1_500, 'revoked').includes('again. Access ends within 2 seconds.'))
  for (const soon of [0, 1_000]) t.notRegex(told(soon, 'revoked'), /Access ends/)
})

test('a page offers to sign out only if the sign-in method can', (t) => {
  t.true(pages.enterCode(contextOf(), {}).includes('/oauth/device/sign-out'))
  t.false(pages.enterCode(contextOf({ canSignOut: false }), {}).includes('/oauth/device/sign-out'))
})

test('relative times are in words', (t) => {
  t.is(relativeTime('en', NOW, NOW), 'now')
  t.is(relativeTime('en', NOW - 59_000, NOW), 'now')
  t.is(relativeTime('en', NOW - MINUTE, NOW), '1 minute ago')
  t.is(relativeTime('de', NOW + 90 * MINUTE, NOW), 'in 2 Stunden')
  t.is(relativeTime('de', NOW - 119 * MINUTE, NOW), 'vor 1 Stunde')
  t.is(relativeTime('en', NOW + 24 * 60 * MINUTE - 1, NOW), 'in 24 hours')
  t.is(relativeTime('en', NOW + 10 * MINUTE - 1, NOW), 'in 10 minutes')
  t.is(relativeTime('en', NOW + 60 * MINUTE - 1, NOW), 'in 1 hour')
  t.is(relativeTime('en', NOW + 30_000, NOW), 'now')
  t.is(relativeTime('en', NOW + 47 * 60 * MINUTE, NOW), 'in 47 hours')
  t.is(relativeTime('de', NOW - 72 * 60 * MINUTE, NOW), 'vor 3 Tagen')
})

test.serial('the formats of a language are made once, not for each time on a page', (t) => {
  const { RelativeTimeFormat, DateTimeFormat, NumberFormat } = Intl
  let made = 0
  const counting = <
    F extends typeof RelativeTimeFormat | typeof DateTimeFormat | typeof NumberFormat,
  >(
    format: F,
  ): F =>
    new Proxy(format, {
      construct(target, parameters: [string]) {
        made += 1
        return Reflect.construct(target, parameters)
      },
    })
  t.teardown(() => Object.assign(Intl, { RelativeTimeFormat, DateTimeFormat, NumberFormat }))
  Object.assign(Intl, {
    RelativeTimeFormat: counting(RelativeTimeFormat),
    DateTimeFormat: counting(DateTimeFormat),
    NumberFormat: counting(NumberFormat),
  })
  const dutch = createPages({ texts: { nl: {} } })
  const keys = Array.from({ length: 50 }, () => KEYS).flat()
  for (let i = 0; i < 3; i += 1) {
    dutch.keys(contextOf({ locale: 'nl' }), { revocationDelayMs: 1_000, keys })
    dutch.confirm(contextOf({ locale: 'nl' }), { pending: pendingWithChoices() })
  }
  t.is(made, 9)
})

test('durations are in words, in the largest unit that holds them', (t) => {
  for (const [seconds, english, german] of [
    [86_400, '1 day', '1 Tag'],
    [2_592_000, '30 days', '30 Tage'],
    [129_600, '36 hours', '36 Stunden'],
    [5_400, '90 minutes', '90 Minuten'],
    [61, '61 seconds', '61 Sekunden'],
  ] as const) {
    t.is(duration('en', seconds * 1_000), english)
    t.is(duration('de', seconds * 1_000), german)
  }
})

test('an IPv6 address can break across lines between its groups only', (t) => {
  const html = pages.keys(contextOf(), { revocationDelayMs: 1_000, keys: KEYS.slice(0, 1) })
  t.true(
    html.includes(
      '<bdi translate="no">2001:<wbr/>db8:<wbr/>85a3:<wbr/>:<wbr/>8a2e:<wbr/>370:<wbr/>7334</bdi>',
    ),
  )
})

test('browsers translate no code, and no text of a client or a person', (t) => {
  const value = 'compared'
  for (const [name, html] of allPages(pages, 'en', value)) {
    const main = html.replace(/^.*<body>/su, '')
    const shown = [...main.matchAll(/(<[^>]*>)([^<>]*compared)/gu)]
    if (!/^(?:home-signed-out|sign-in|message-.*-bare)/.test(name)) t.true(shown.length > 0, name)
    for (const [, tag] of shown) {
      // The parts of a user code are below a paragraph that says so.
      if (tag?.startsWith('<span')) t.regex(main, /<p class="code" translate="no">/)
      else t.regex(tag ?? '', / translate="no"/, name)
    }
  }
  const field = pages.enterCode(contextOf(), {}).match(/<input[^>]*id="user_code"[^>]*>/)?.[0]
  t.regex(field ?? '', / translate="no"/)
})

test('a text is cut between characters, not inside one', (t) => {
  t.is(printableText('😀😀😀', 2), '😀…')
  t.is(printableText('abc', 3), 'abc')
})

test('the URL of an asset changes with its content', (t) => {
  const [, version] = /style\.css\?v=([\w-]{10})"/.exec(pages.enterCode(contextOf(), {})) ?? []
  const other = createPages({ assets: { 'style.css': { type: 'text/css', body: 'p{}' } } })
  const [, otherVersion] = /style\.css\?v=([\w-]{10})"/.exec(other.enterCode(contextOf(), {})) ?? []
  t.truthy(version)
  t.truthy(otherVersion)
  t.not(version, otherVersion)
  t.is(other.assets.get('style.css')?.body, 'p{}')
  t.true(other.assets.has('enter-code.js'))
})

test('replacing some texts of a language keeps its other texts', (t) => {
  const own = createPages({ texts: { de: { page: { product: 'Acme' } } } })
  const german = own.enterCode(contextOf({ locale: 'de' }), {})
  t.regex(german, /<title>Gerät verbinden · Acme<\/title>/)
  t.regex(own.enterCode(contextOf(), {}), /<title>Connect a device · Device sign-in<\/title>/)
})

test('an added language has English for its missing texts', (t) => {
  const own = createPages({
    texts: {
      nl: { enterCode: { title: 'Een apparaat verbinden' } },
      en: { page: { product: 'Acme' } },
    },
  })
  t.deepEqual(own.locales, [...LOCALES, 'nl'])
  const html = own.enterCode(contextOf({ locale: 'nl' }), {})
  t.true(html.includes('<html lang="nl"'))
  t.regex(html, /<title>Een apparaat verbinden · Acme<\/title>/)
  t.true(html.includes(en.enterCode.submit))
})

test('an unknown language gets the default one', (t) => {
  const own = createPages({ defaultLocale: 'de' })
  t.deepEqual(own.locales, ['de', 'en', 'fr', 'es', 'ar'])
  t.true(own.enterCode(contextOf({ locale: 'xx' }), {}).includes('<html lang="de"'))
})

test('createPages throws at an invalid language tag', (t) => {
  const why = 'is no language tag in canonical form, such as fr or pt-BR'
  for (const tag of ['not a tag', 'FR-fr']) {
    t.throws(() => createPages({ texts: { [tag]: {} } }), {
      instanceOf: RangeError,
      message: `texts: ${tag} ${why}`,
    })
  }
  t.throws(() => createPages({ defaultLocale: 'nl' }), {
    message: 'defaultLocale: nl has no texts',
  })
})

test('pages are offered in the languages of `locales` only', (t) => {
  const one = createPages({ locales: ['de'] })
  t.deepEqual(one.locales, ['de'])
  const html = one.enterCode(contextOf({ locale: 'en' }), {})
  t.true(html.includes('<html lang="de"'))
  t.notRegex(html, /ui_locales/)
  t.deepEqual(createPages({ locales: ['de', 'en'] }).locales, ['en', 'de'])
  const { locales } = createPages({ locales: ['de', 'nl'], texts: { nl: {}, fr: {} } })
  t.deepEqual(locales, ['de', 'nl'])
  t.throws(() => createPages({ locales: [] }), { message: /needs one language/ })
  t.throws(() => createPages({ locales: ['xx'] }), { message: 'locales: xx has no texts' })
  t.throws(() => createPages({ locales: ['de'], defaultLocale: 'en' }), { message: /lacks.* en/ })
})

/** The links to other languages, by the name of the language. */
const languagesOf = (html: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...html.matchAll(/<a href="([^"]*)" lang="[^"]*"[^>]*>([^<]*)</g)].map(
      ([, href = '', name = '']) => [name, href.replaceAll('&amp;', '&')],
    ),
  )

test('a page links to its other languages, and keeps its address', (t) => {
  const own = createPages({ locales: ['en', 'pt-BR', 'ar'], texts: { 'pt-BR': {}, ar: {} } })
  const query = 'ui_locales=de&user_code=WDJB-MJHT'
  t.deepEqual(languagesOf(own.enterCode(contextOf({ query }), {})), {
    English: '?ui_locales=en&user_code=WDJB-MJHT',
    'Português (Brasil)': '?ui_locales=pt-BR&user_code=WDJB-MJHT',
    العربية: '?ui_locales=ar&user_code=WDJB-MJHT',
  })
  const html = own.enterCode(contextOf({ query: '' }), {})
  t.regex(html, /<a href="\?ui_locales=en" lang="en" [^>]*aria-current="true">/)
  t.regex(html, /<a href="\?ui_locales=ar" lang="ar" dir="rtl" hreflang="ar">/)
  t.deepEqual(languagesOf(own.enterCode(contextOf({ query: undefined }), {})), {})
})

test('a language from right to left says so', (t) => {
  const tags = ['ar', 'he', 'ur-PK', 'az-Arab', 'de', 'zh-Hant', 'az']
  t.deepEqual(tags.map(directionOf), ['rtl', 'rtl', 'rtl', 'rtl', 'ltr', 'ltr', 'ltr'])
})

test('a brand has its name, colors, logo and links on every page', (t) => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
  const own = createPages({
    brand: {
      product: 'Acme & <Co>',
      accentColor: '#7a1fa2',
      logo: { type: 'image/svg+xml', body: svg },
      links: { support: 'https://acme.example/help?a=1&b=2', imprint: 'https://acme.example/' },
    },
  })
  t.is(own.assets.get('logo.svg')?.body, svg)
  t.regex(String(own.assets.get('style.css')?.body), /--accent: #7a1fa2; --on-accent: #ffffff;/)
  for (const [name, html] of allPages(own, 'de')) {
    t.regex(html, / · Acme &amp; &lt;Co><\/title>/, name)
    t.regex(html, /<img src="[^"]*\/logo\.svg\?v=[\w-]{10}" alt(="")?\/>/, name)
    t.regex(html, /<link rel="icon" type="image\/svg\+xml" href="[^"]*\/logo\.svg\?v=/, name)
    t.true(html.includes('<a href="https://acme.example/help?a=1&amp;b=2">Hilfe</a>'), name)
    t.true(html.includes('<a href="https://acme.example/">Impressum</a>'), name)
    t.false(html.includes('Datenschutz'), name)
  }
  const html = { type: 'text/html', body: '' }
  t.throws(() => createPages({ brand: { logo: html } }), {
    instanceOf: RangeError,
    message: /^brand\.logo must be image\/svg\+xml or image\/png/,
  })
})

for (const [color, scheme, result] of [
  ['#0b57b5', 'light', '#0b57b5'],
  ['#0b57b5,#8ab8f8', 'dark', '#8ab8f8'],
  ['#0B57B5, #8AB8F8', 'dark', '#8AB8F8'],
  [
    '#ffcc00',
    'light',
    /^brand\.accentColor: #ffcc00 has a contrast of 1\.32 to 1 with #fdeceb in the light scheme/,
  ],
  [
    '#767676',
    'light',
    /^brand\.accentColor: #767676 has a contrast of [34]\.\d\d to 1 with .*: choose a darker color$/,
  ],
  [
    '#0b57b5,#0b57b5',
    'dark',
    /^brand\.accentColor: #0b57b5 has a contrast of 2\.03 to 1 with #262c35 in the dark scheme.*: choose a lighter color$/,
  ],
  ['blue', 'light', /^brand\.accentColor: must be a color such as #0b57b5, or two/],
  ['#0b57b5;}', 'light', /^brand\.accentColor: must be a color such as/],
] as const) {
  test(`an accent color is checked in both schemes: ${color} in ${scheme}`, (t) => {
    const make = (): string =>
      String(createPages({ brand: { accentColor: color } }).assets.get('style.css')?.body)
    if (typeof result !== 'string') {
      t.throws(make, { instanceOf: AccentColorError, message: result })
      return
    }
    const rules = make().match(/--accent: [^;]+/g) ?? []
    t.is(rules.at(scheme === 'dark' ? -1 : -2), `--accent: ${result}`)
  })
}

test('a single accent color becomes light enough for the dark scheme', (t) => {
  for (const color of ['#000000', '#0b57b5', '#7a1fa2', '#8a0000', '#004d00']) {
    const [dark = ''] = accentColorCss(color).match(/#\w{6}(?=; --on-accent: #14171a)/) ?? []
    t.notThrows(() => accentColorCss(`#000000,${dark}`), color)
  }
})

test('the accent color is compared with every background of the style sheet', (t) => {
  const [light = '', dark = ''] = STYLE.split('@media (prefers-color-scheme: dark)')
  for (const [scheme, css] of Object.entries({ light, dark })) {
    const found = [...css.matchAll(/--(?:[a-z]+-)?(?:ground|surface): (#\w+);/g)]
    t.true(found.length > 4, scheme)
    const known = BACKGROUNDS[scheme === 'dark' ? 'dark' : 'light']
    t.deepEqual(new Set(found.map(([, color]) => color).toSorted()), new Set(known.toSorted()))
  }
})

test('an own layout frames the built-in content, without an own template', (t) => {
  const own = createPages({
    layout: ({ page, title, children }) =>
      h(
        'html',
        { lang: page.locale },
        h('body', { class: 'acme' }, h('h2', null, title), children),
      ),
  })
  for (const [name, html] of allPages(own, 'en')) {
    t.regex(html, /^<!DOCTYPE html><html lang="en"><body class="acme"><h2>/, name)
  }
  const html = own.confirm(contextOf(), { pending: PENDING })
  t.true(html.includes('name="decision" value="approve"'))
})

test('an own head, footer and style sheet add to the built-in ones', (t) => {
  const own = createPages({
    head: ({ locale }) => h('meta', { name: 'acme', content: locale }),
    footer: ({ product }) => h('p', null, `<${product}>`),
    css: 'h1 { color: red }',
  })
  const html = own.enterCode(contextOf({ locale: 'de' }), {})
  t.regex(html, /<meta name="acme" content="de"\/><\/head>/)
  t.regex(html, /<\/main><footer class="band">.*<p>&lt;Geräteanmeldung><\/p><\/footer>/)
  const style = String(own.assets.get('style.css')?.body)
  t.true(style.startsWith(STYLE) && style.endsWith('h1 { color: red }'))
})

test('a JSX template replaces a page, and is escaped', (t) => {
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
  t.true(html.includes('<h1>Approved. Go back to your device</h1><p>For &lt;script>'))
  t.true(
    own.enterCode(contextOf(), {}).includes(en.enterCode.label),
    'other pages keep their templates',
  )
})

test('the string of a template is sent unchanged', (t) => {
  const own = createPages({ templates: { confirm: (page) => `<!DOCTYPE html>${page.locale}` } })
  t.is(own.confirm(contextOf({ locale: 'de' }), { pending: PENDING }), '<!DOCTYPE html>de')
})

test('docs/pages.md shows the tested example', async (t) => {
  const text = await readFile(new URL('../test/own-pages.tsx', import.meta.url), 'utf8')
  const [, shown = ''] = text.split(/^\/\/ --- .*$/m)
  const docs = await readFile(new URL('../../../docs/pages.md', import.meta.url), 'utf8')
  t.true(docs.includes(`\`\`\`tsx\n${shown.trim()}\n\`\`\``))
})

test('the example has its texts, language, style sheet and template', (t) => {
  t.true(ownPages.enterCode(contextOf(), {}).includes('Acme'))
  t.deepEqual(ownPages.locales, [...LOCALES, 'nl'])
  const dutch = ownPages.enterCode(contextOf({ locale: 'nl' }), {})
  t.true(dutch.includes('<h1>Vul de code in</h1>'))
  t.true(dutch.includes(en.enterCode.submit))
  t.is(ownPages.assets.get('style.css')?.body, 'body { font: 1.1em serif }')
  t.true(ownPages.message(contextOf(), { kind: 'denied' }).includes('<h1>Acme</h1>denied'))
})

for (const [what, returned] of [
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['an element of another library', { type: 'p', props: {} }],
  ['a promise', Promise.resolve('<p>late</p>')],
  ['an element that renders to nothing', h(() => null, null)],
] as const) {
  test(`a template that returns ${what} throws, rather than show a blank page`, (t) => {
    const own = createPages({ templates: { message: () => returned as string } })
    t.throws(() => own.message(contextOf(), { kind: 'denied' }), { instanceOf: TypeError })
  })
}
