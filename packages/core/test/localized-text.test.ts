import { textIn } from '@device-grant/core'
import test from 'ava'

test('a text is given in the language, else its base language, else the default', (t) => {
  const name = { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile', 'pt-BR': 'Linha' } }
  for (const [locale, text] of [
    ['en', 'Acme CLI'],
    ['de', 'Acme-Kommandozeile'],
    ['de-AT', 'Acme-Kommandozeile'],
    ['pt-BR', 'Linha'],
    ['pt', 'Acme CLI'],
    ['constructor', 'Acme CLI'],
  ] as const) {
    t.is(textIn(name, locale), text, locale)
  }
  t.is(textIn({ text: 'Acme CLI' }, 'de'), 'Acme CLI')
})
