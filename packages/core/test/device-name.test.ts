import test from 'ava'
import fc from 'fast-check'
import { readDeviceName } from '#src/rules/device-name.js'

const nameOf = (text: string | undefined): string | undefined => {
  const read = readDeviceName(text)
  return read.outcome === 'ok' ? read.name : read.outcome
}

test('a name is kept, without what could make it look like another text', (t) => {
  for (const [text, name] of [
    [undefined, undefined],
    ['', undefined],
    [' \t\n ', undefined],
    ['Maria’s MacBook', 'Maria’s MacBook'],
    ['  two   words\n', 'two words'],
    ['a\u0000b\u001b[31mc', 'a b [31mc'],
    ['evil\u202egnp.exe', 'evil gnp.exe'],
    ['a\u2028b\u2029c', 'a b c'],
    ['\ufeffbom', 'bom'],
    ['half \ud800 pair', 'half pair'],
    // Joiners hold a word and an emoji together, and alone they are nothing.
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👩\u200d👩\u200d👧', '👩\u200d👩\u200d👧'],
    ['\u200d\u200c', undefined],
  ] as const) {
    t.is(nameOf(text), name, JSON.stringify(text))
  }
})

test('a name has 64 characters at most, and an emoji is one', (t) => {
  t.is(nameOf('x'.repeat(64)), 'x'.repeat(64))
  t.is(nameOf(` ${'x'.repeat(64)} `), 'x'.repeat(64))
  t.is(nameOf('x'.repeat(65)), 'too_long')
  t.is(nameOf('📱'.repeat(64)), '📱'.repeat(64))
})

test('a name that was read stays as it is', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (text) => {
      const name = nameOf(text)
      t.is(nameOf(name), name)
    }),
  )
})
