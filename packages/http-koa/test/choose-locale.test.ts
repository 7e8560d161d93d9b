import test from 'ava'
import { askedLocale, chooseLocale } from '#src/pages/choose-locale.js'

const LOCALES = ['en', 'de', 'pt-BR', 'zh-Hant-TW']

const TABLE: readonly (readonly [uiLocales: unknown, acceptLanguage: string, locale: string])[] = [
  [undefined, '', 'en'],
  [undefined, 'de', 'de'],
  [undefined, 'DE', 'de'],
  [undefined, 'de-CH-1996,fr', 'de'],
  [undefined, 'fr, de;q=0.5', 'de'],
  [undefined, 'en;q=0.4, de;q=0.8', 'de'],
  [undefined, 'de;q=0.8, en;q=0.8', 'de'],
  [undefined, 'de;q=0, fr', 'en'],
  [undefined, 'de ; q=0.1', 'de'],
  [undefined, 'fr, *;q=0.1', 'en'],
  [undefined, '*, de;q=0.9', 'en'],
  [undefined, 'pt', 'pt-BR'],
  [undefined, 'pt-PT', 'en'],
  [undefined, 'zh-hant', 'zh-Hant-TW'],
  [undefined, 'deu', 'en'],
  [undefined, 'd', 'en'],
  [undefined, '-', 'en'],
  [undefined, 'de;q=2', 'en'],
  [undefined, 'de;q=abc', 'en'],
  [undefined, ';;;,,,=', 'en'],
  ['de', 'en', 'de'],
  ['fr de', 'en', 'de'],
  ['fr', 'de', 'de'],
  ['de-AT en', '', 'de'],
  ['', 'de', 'de'],
  ['  ', 'de', 'de'],
  ['__proto__', 'de', 'de'],
  [['de'], 'en', 'en'],
]

for (const [uiLocales, acceptLanguage, locale] of TABLE) {
  test(`ui_locales ${JSON.stringify(uiLocales)} and Accept-Language "${acceptLanguage}" give ${locale}`, (t) => {
    t.is(chooseLocale(uiLocales, acceptLanguage, LOCALES), locale)
  })
}

test('a missing Accept-Language gives the first language', (t) => {
  t.is(chooseLocale(undefined, undefined, ['de', 'en']), 'de')
})

test('what comes after the first thousand characters is not read', (t) => {
  t.is(chooseLocale(undefined, `${'x,'.repeat(500)}de`, LOCALES), 'en')
  t.is(chooseLocale('x '.repeat(500).concat('de'), '', LOCALES), 'en')
})

test('a hostile header of a megabyte costs nothing', (t) => {
  const started = performance.now()
  for (const header of [' '.repeat(1e6), 'a-'.repeat(5e5), 'de;q='.repeat(2e5), ','.repeat(1e6)]) {
    t.is(chooseLocale(header, header, ['en', 'fr']), 'en')
  }
  t.true(performance.now() - started < 500)
})

test('what ui_locales alone asks for is known, or nothing', (t) => {
  const locales = ['en', 'de']
  t.is(askedLocale('xx de-CH', locales), 'de')
  for (const none of ['xx', '', undefined, ['de'], 7]) t.is(askedLocale(none, locales), undefined)
})
