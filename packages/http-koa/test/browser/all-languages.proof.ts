import { findings } from '@device-grant/test-support/page-inspection'
import {
  inServedPages,
  KINDS_OF_PAGE,
  LONGEST,
  pages,
  SIZES,
  takeScreenshot,
} from './served-pages.ts'

const { browserTest, open, origin } = inServedPages('all pages in all languages in a browser')

browserTest('axe finds nothing on any page in any language, in light and dark', async (t) => {
  t.timeout(900_000)
  const [page, messages] = await open({ viewport: SIZES.phone })
  for (const locale of pages.locales) {
    // The messages of one tone differ in their texts only, and so do the two front pages.
    const kinds = KINDS_OF_PAGE.filter((name) => name !== 'home-signed-out')
    for (const name of locale === 'en' ? LONGEST : kinds) {
      await page.goto(`${origin()}/${locale}/${name}`)
      t.deepEqual(await findings(page, ['light', 'dark']), [], `${locale} ${name}`)
      if (locale === 'en') await takeScreenshot(page, 'phone', 'dark')
      if (locale === 'ar') await takeScreenshot(page, 'phone', 'light')
    }
  }
  t.deepEqual(messages, [], 'the policy blocks nothing that the pages need')
  await page.context().close()
})

browserTest('no page in any language scrolls sideways on a narrow or a wide screen', async (t) => {
  t.timeout(600_000)
  const [page] = await open({})
  for (const size of ['narrow', 'desk'] as const) {
    await page.setViewportSize(SIZES[size])
    for (const locale of pages.locales) {
      for (const name of LONGEST) {
        await page.goto(`${origin()}/${locale}/${name}`)
        const wide = await page.evaluate('document.documentElement.scrollWidth')
        t.is(wide, SIZES[size].width, `${locale} ${name}`)
        if (KINDS_OF_PAGE.includes(name)) await takeScreenshot(page, size, 'light')
      }
    }
  }
  await page.setViewportSize(SIZES.narrow)
  for (const name of KINDS_OF_PAGE) {
    await page.goto(`${origin()}/en-long/${name}`)
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    t.is(wide, SIZES.narrow.width, `long words: ${name}`)
  }
  await page.context().close()
})
