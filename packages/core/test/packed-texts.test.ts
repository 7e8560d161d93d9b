import test from 'ava'
import fc from 'fast-check'
import { PackedTexts } from '#src/stores/packed-texts.js'

test('every slot keeps its own text, and one that is given back is taken again', (t) => {
  const operation = fc.oneof(
    fc.record({ write: fc.nat(), text: fc.string({ unit: 'grapheme', maxLength: 80 }) }),
    fc.record({ give: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
      const texts = new PackedTexts()
      const kept: { slot: number; bytes: number; text: string }[] = []
      let most = 0
      for (const each of operations) {
        if ('give' in each) {
          const [given] = kept.splice(each.give % (kept.length || 1), 1)
          if (given) texts.give(given.slot)
          continue
        }
        const slot = texts.take()
        const bytes = texts.write(slot, each.text)
        if (bytes !== undefined) kept.push({ slot, bytes, text: each.text })
        else texts.give(slot)
        most = Math.max(most, kept.length + 1)
        t.true(slot < most)
      }
      for (const { slot, bytes, text } of kept) t.is(texts.read(slot, bytes), text)
    }),
  )
})

test('a text of 512 bytes fits, and a longer one is refused', (t) => {
  const texts = new PackedTexts()
  const [first, second] = [texts.take(), texts.take()]
  t.is(texts.write(second, 'second'), 6)
  t.is(texts.write(first, 'ä'.repeat(256)), 512)
  t.is(texts.read(first, 512), 'ä'.repeat(256))
  t.is(texts.write(first, `${'ä'.repeat(256)}a`), undefined)
  t.is(texts.read(second, 6), 'second')
})

test('thousands of texts are kept in pages', (t) => {
  const texts = new PackedTexts()
  const kept = Array.from({ length: 3_000 }, (_, i) => {
    const slot = texts.take()
    return { slot, bytes: texts.write(slot, `text ${i}`) ?? 0 }
  })
  for (const [i, { slot, bytes }] of kept.entries()) t.is(texts.read(slot, bytes), `text ${i}`)
})
