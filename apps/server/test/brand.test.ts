import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { textsSchema } from '@device-grant/http-koa'
import { send } from '@device-grant/test-support/http-exchange'
import { Ajv } from 'ajv'
import test, { type ExecutionContext } from 'ava'
import { loadLogo } from '#src/brand/load-logo.js'
import { svgProblem } from '#src/brand/svg-problem.js'
import { ConfigError } from '#src/config.js'
import { configErrorsOf } from './config-errors.ts'
import { startTestServer } from './test-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'device-grant-brand-'))
test.after.always(() => rmSync(folder, { recursive: true }))

/** Writes a file, and returns its path. */
const fileOf = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const SVG = 'xmlns="http://www.w3.org/2000/svg"'
const LOGO = `<svg ${SVG} viewBox="0 0 8 8"><circle cx="4" cy="4" r="3" fill="#69c"/></svg>`
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('settings name the service, and its pages show it', async (t) => {
  const { url, stop } = await startTestServer({
    PRODUCT_NAME: 'Acme',
    ACCENT_COLOR: '#7a1fa2',
    LOGO_FILE: fileOf('logo.svg', LOGO),
    SUPPORT_URL: 'https://acme.example/help',
    PRIVACY_URL: 'https://acme.example/privacy',
    IMPRINT_URL: 'https://acme.example/imprint',
  })
  t.teardown(stop)
  const page = await send(url, { method: 'GET', path: '/', headers: { accept: 'text/html' } })
  t.regex(page.text, / · Acme<\/title>/)
  for (const part of ['help">Help', 'privacy">Privacy', 'imprint">Imprint']) {
    t.true(page.text.includes(`<a href="https://acme.example/${part}</a>`), part)
  }
  const [, path = ''] = /<img src="([^"]*)"/.exec(page.text) ?? []
  const logo = await send(url, { method: 'GET', path })
  t.is(logo.text, LOGO)
  t.is(logo.headers['content-type'], 'image/svg+xml')
  t.is(logo.headers['x-content-type-options'], 'nosniff')
  t.regex(String(logo.headers['content-security-policy']), /^default-src 'none'.*; sandbox$/)
  const [, style = ''] = /rel="stylesheet" href="([^"]*)"/.exec(page.text) ?? []
  t.true((await send(url, { method: 'GET', path: style })).text.includes('--accent: #7a1fa2'))
})

test('a logo in PNG is sent as it is', async (t) => {
  const { url, stop } = await startTestServer({ LOGO_FILE: fileOf('logo.png', PNG) })
  t.teardown(stop)
  const page = await send(url, { method: 'GET', path: '/', headers: { accept: 'text/html' } })
  const [, path = ''] = /<img src="([^"]*)"/.exec(page.text) ?? []
  const logo = await fetch(new URL(path, url))
  t.is(logo.headers.get('content-type'), 'image/png')
  t.deepEqual(Buffer.from(await logo.arrayBuffer()), PNG)
})

for (const [name, value, error] of [
  ['PRODUCT_NAME', 'x'.repeat(41), 'PRODUCT_NAME must be one line of 40 characters at most'],
  ['PRODUCT_NAME', 'Acme\nInc', 'PRODUCT_NAME must be one line of 40 characters at most'],
  [
    'ACCENT_COLOR',
    'red',
    'ACCENT_COLOR must be a color such as #0b57b5, or two for light and dark',
  ],
  [
    'ACCENT_COLOR',
    '#ffcc00',
    'ACCENT_COLOR #ffcc00 has a contrast of 1.32 to 1 with #fdeceb in the light scheme, and text ' +
      'needs 4.5: choose a darker color',
  ],
  ...['SUPPORT_URL', 'PRIVACY_URL', 'IMPRINT_URL'].flatMap((url) =>
    ['http://acme.example', 'javascript:alert(1)', '/help'].map(
      (text) => [url, text, `${url} must be an https URL, or an http URL on loopback`] as const,
    ),
  ),
] as const) {
  test(`${name} is checked: ${value}`, (t) => {
    t.deepEqual(configErrorsOf({ [name]: value }), [error])
  })
}

for (const [what, svg] of Object.entries({
  'a picture': LOGO,
  'a prefix': '<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:path d="M0 0"/></s:svg>',
  'an XML declaration and a DOCTYPE': `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${LOGO}`,
  'own references': `<svg ${SVG} xmlns:xlink="http://www.w3.org/1999/xlink"><g id="a"/><use xlink:href="#a" fill="url(#a)"/><image href="data:image/png;base64,AAAA"/></svg>`,
  'another prefix inside': `<svg ${SVG}><x:g xmlns:x="http://www.w3.org/2000/svg"><x:path/></x:g><g/></svg>`,
  'a style': `<svg ${SVG}><style>path { fill: url(#a) }</style></svg>`,
  'an animation': `<svg ${SVG}><animate attributeName="opacity" to="1"/></svg>`,
})) {
  test(`an SVG logo may have ${what}`, (t) => {
    t.is(svgProblem(svg), undefined)
  })
}

const outside = (name: string): string =>
  `must not have the element ${name}, which is outside the namespace of SVG`

const inSvg = (content: string): string => `<svg ${SVG}>${content}</svg>`

for (const [problem, svg] of [
  ['must have the root element svg of the namespace http://www.w3.org/2000/svg', '<svg/>'],
  ['must have the root element svg of the namespace http://www.w3.org/2000/svg', '<html/>'],
  ['is no well-formed XML, see line 1, column 6', '<svg '],
  ['is no well-formed XML, see line 1, column 41', inSvg('&undefined;')],
  ['must not have the element script', inSvg('<g><script>alert(1)</script></g>')],
  ['must not have the element SCRIPT', inSvg('<SCRIPT/>')],
  ['must not have the element s:script', inSvg(`<s:script xmlns:s="${SVG.slice(7, -1)}"/>`)],
  ['must not have the element foreignObject', inSvg('<foreignObject/>')],
  ['must not have the element a', inSvg('<a href="#x"/>')],
  ['must not have the attribute onload of svg', `<svg ${SVG} onload="alert(1)"/>`],
  ['must not have the attribute OnClick of g', inSvg('<g OnClick="alert(1)"/>')],
  ['must not have the attribute href of image', inSvg('<image href="https://evil.test/x.png"/>')],
  ['must not have the attribute href of use', inSvg('<use href="other.svg#x"/>')],
  ['must not have the attribute x:href of use', inSvg('<use x:href=" javascript:alert(1)"/>')],
  ['must not have the attribute href of image', inSvg('<image href="data:image/svg+xml,x"/>')],
  ['must not have the attribute xml:base of g', inSvg('<g xml:base="https://evil.test/"/>')],
  ['must not have the attribute mask of g', inSvg(`<g mask="image-set('http://evil.test/' 1x)"/>`)],
  ['must not have the attribute fill of g', inSvg('<g fill="url( \'https://evil.test/\')"/>')],
  ['must not have the attribute style of g', inSvg('<g style="fill: u\\72l(x)"/>')],
  ['must not have the attribute fill of g', inSvg('<g fill="u\\72l(//evil.test/)"/>')],
  ['must not have the attribute to of set', inSvg('<set to="u\\72l(//evil.test/)"/>')],
  [outside('h:meta'), inSvg('<g xmlns:h="http://www.w3.org/1999/xhtml"><h:meta/></g>')],
  [outside('div'), inSvg('<div xmlns="http://www.w3.org/1999/xhtml"/>')],
  [outside('x:g'), inSvg('<g><g xmlns:x="urn:x"/><x:g/></g>')],
  [outside('path'), '<s:svg xmlns:s="http://www.w3.org/2000/svg"><path/></s:svg>'],
  ['must not have a style that loads something', inSvg('<style>@import "x"</style>')],
  ['must not have a style that loads something', inSvg('<style><![CDATA[a{b:url(x)}]]></style>')],
  ['must not have the attribute attributeName of set', inSvg('<set attributeName="xlink:href"/>')],
  ['must not have the attribute attributeName of set', inSvg('<set attributeName="onclick"/>')],
  ['must not have the processing instruction xml-stylesheet', `<?xml-stylesheet href="x"?>${LOGO}`],
  ['must not have declarations in its DOCTYPE', `<!DOCTYPE svg [<!ENTITY x "y">]>${LOGO}`],
] as const) {
  test(`an SVG logo ${problem}: ${svg}`, (t) => {
    t.is(svgProblem(svg), problem)
  })
}

test('an SVG of 20 000 nested elements is checked to the innermost', (t) => {
  const nested = (inner: string) => inSvg('<g>'.repeat(20_000) + inner + '</g>'.repeat(20_000))
  t.is(svgProblem(nested('<path/>')), undefined)
  t.is(svgProblem(nested('<script/>')), 'must not have the element script')
})

test('a logo that is no picture is refused', async (t) => {
  t.is(await loadLogo(join(folder, 'none')), 'cannot be read (ENOENT)')
  t.is(await loadLogo(fileOf('a.gif', Buffer.from([0x47, 0x80]))), 'must be an SVG or PNG picture')
  t.is(await loadLogo(fileOf('big.svg', ' '.repeat(262_145))), 'must have 256 KiB at most')
  t.regex(String(await loadLogo(fileOf('a.html', '<html></html>'))), /must have the root element/)
})

const startErrors = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> => {
  const error = await t.throwsAsync(startTestServer(env), { instanceOf: ConfigError })
  return error instanceof ConfigError ? error.errors : []
}

test('a file of texts changes a language and adds another one', async (t) => {
  const { url, log, stop } = await startTestServer({
    TEXTS_FILE: fileOf(
      'texts.json',
      JSON.stringify({
        $schema: 'texts.schema.json',
        de: { home: { title: 'Willkommen & <hallo>' } },
        nl: { home: { title: 'Apparaten verbinden' }, message: { wait: { other: '{count} min' } } },
      }),
    ),
  })
  t.teardown(stop)
  const open = async (locale: string): Promise<string> => {
    const headers = { accept: 'text/html', 'accept-language': locale }
    return (await send(url, { method: 'GET', path: '/', headers })).text
  }
  t.true((await open('de')).includes('<h1>Willkommen &amp; &lt;hallo></h1>'))
  const dutch = await open('nl')
  t.regex(dutch, /^<!DOCTYPE html><html lang="nl" dir="ltr">/)
  t.true(dutch.includes('<h1>Apparaten verbinden</h1>'))
  t.true(dutch.includes('Enter a code'))
  const lines = log.filter((line) => line.includes('TEXTS_FILE lacks'))
  t.is(lines.length, 1)
  const { missing, msg } = JSON.parse(lines[0] ?? '{}')
  t.is(msg, 'TEXTS_FILE lacks texts, which are shown in English')
  t.deepEqual(Object.keys(missing), ['nl'])
  t.true(missing.nl.includes('confirm.warning'))
  t.false(missing.nl.includes('home.title'))
  t.false(missing.nl.includes('message.wait'))
})

test('all mistakes of a file of texts are named at start', async (t) => {
  const texts = {
    FR: {},
    fr: { confirm: { warning: '\u200b' }, home: { titel: 'x' } },
    en: { confirm: { titleFor: 'Connect {programme}?' }, message: { wait: 'x' } },
  }
  const errors = await startErrors(t, {
    LOGO_FILE: join(folder, 'none'),
    TEXTS_FILE: fileOf('wrong.json', `{"x":1,${JSON.stringify(texts).slice(1, -1)},"x":{}}`),
  })
  t.deepEqual(errors, [
    'LOGO_FILE cannot be read (ENOENT)',
    'TEXTS_FILE: x is there twice',
    'TEXTS_FILE: x is no language tag in canonical form, such as fr or pt-BR',
    'TEXTS_FILE: FR is no language tag in canonical form, such as fr or pt-BR',
    'TEXTS_FILE: fr: confirm.warning must be a text that is not empty',
    'TEXTS_FILE: fr: home.titel is not a text of the pages',
    'TEXTS_FILE: en: confirm.titleFor has the unknown placeholder {programme}',
    'TEXTS_FILE: en: confirm.titleFor lacks the placeholder {program}',
    'TEXTS_FILE: en: message.wait must be an object',
  ])
  for (const [content, error] of [
    ['[]', 'must be an object with texts by language'],
    ['{', 'is no JSON, see line 1, column 2'],
  ] as const) {
    const TEXTS_FILE = fileOf('wrong.json', content)
    t.deepEqual(await startErrors(t, { TEXTS_FILE }), [`TEXTS_FILE: ${error}`])
  }
  const TEXTS_FILE = join(folder, 'none')
  t.deepEqual(await startErrors(t, { TEXTS_FILE }), ['TEXTS_FILE: cannot be read (ENOENT)'])
})

test('the schema of texts is that of the catalog, and finds the same mistakes', (t) => {
  const file = readFileSync(new URL('../texts.schema.json', import.meta.url), 'utf8')
  const schema: object = JSON.parse(file)
  t.deepEqual(schema, textsSchema(), 'npm run texts-schema writes it')
  const isValid = new Ajv({ allErrors: true }).compile(schema)
  for (const texts of [
    {},
    { $schema: 'x', fr: { confirm: { webPage: 'Une page web, {origin}' } } },
    { 'pt-BR': { message: { wait: { 0: 'x', one: 'x', other: '{count}' } } } },
  ]) {
    t.true(isValid(texts), JSON.stringify(texts))
  }
  for (const texts of [
    { french: {} },
    { fr: { confirm: { webPage: 'Une page web' } } },
    { fr: { confirm: { warning: ' ' } } },
    { fr: { confirm: { warnung: 'x' } } },
    { fr: { message: { wait: { one: 'x' } } } },
    { fr: { message: { wait: 'x' } } },
  ]) {
    t.false(isValid(texts), JSON.stringify(texts))
  }
})
