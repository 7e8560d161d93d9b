import { findings } from '@device-grant/test-support/page-inspection'
import { inServedPages, pages, SIZES, takeScreenshot } from './served-pages.ts'

const { browserTest, open, origin } = inServedPages('the pages in a browser')

// `all-languages.proof.ts` tries all pages in all languages.
browserTest('axe finds nothing on the pages of a code, in light and dark', async (t) => {
  const [page, messages] = await open({ viewport: SIZES.phone })
  for (const name of ['enter-code', 'confirm', 'message-approved']) {
    await page.goto(`${origin()}/en/${name}`)
    t.deepEqual(await findings(page, ['light', 'dark']), [], name)
    await takeScreenshot(page, 'phone', 'dark')
  }
  t.deepEqual(messages, [], 'the policy blocks nothing that the pages need')
  await page.context().close()
})

browserTest('Arabic pages run from right to left, and their codes do not', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  await page.goto(`${origin()}/ar/confirm`)
  const box = (selector: string) => page.locator(selector).first().boundingBox()
  const [heading, deny, approve] = [await box('h1'), await box('.deny'), await box('.approve')]
  const [main] = [await box('main')]
  t.true((deny?.x ?? 0) > (approve?.x ?? 0), 'Deny is the first button from the right')
  t.is((heading?.x ?? 0) + (heading?.width ?? 0), (main?.x ?? 0) + (main?.width ?? 0) - 16)
  t.is(await page.evaluate('getComputedStyle(document.querySelector(".code")).direction'), 'ltr')
  const times = await page.locator('time[data-time]').allTextContents()
  t.true(times.length > 0 && times.every((text) => /2030 .*\d:\d\d/.test(text)), times.join())
  await page.goto(`${origin()}/ar/enter-code`)
  t.is(await page.evaluate('getComputedStyle(document.activeElement).direction'), 'ltr')
  await page.context().close()
})

browserTest('a code turns to upper case as it is typed, and the caret stays', async (t) => {
  const [page] = await open({})
  await page.goto(`${origin()}/en/enter-code`)
  t.is(await page.evaluate('document.activeElement.id'), 'user_code')
  await page.keyboard.type('wdjb-mht')
  t.is(await page.inputValue('#user_code'), 'WDJB-MHT')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.type('j')
  t.is(await page.inputValue('#user_code'), 'WDJB-MJHT')
  t.is(await page.evaluate('document.activeElement.selectionStart'), 7)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${origin()}/oauth/device/verify?user_code=WDJB-MJHT`)
  t.pass()
  await page.context().close()
})

browserTest(
  'after a wrong code its text is selected, so that the next one replaces it',
  async (t) => {
    const [page] = await open({})
    await page.goto(`${origin()}/en/enter-code-invalid`)
    t.is(await page.inputValue('#user_code'), 'WDJB-MJH')
    await page.keyboard.type('wdjb-mjht')
    t.is(await page.inputValue('#user_code'), 'WDJB-MJHT')
    await page.context().close()
    const [bare] = await open({ javaScriptEnabled: false })
    await bare.goto(`${origin()}/en/enter-code-invalid`)
    t.is(await bare.inputValue('#user_code'), '')
    t.true(await bare.getByText('You typed: WDJB-MJH').isVisible())
    await bare.keyboard.type('WDJB-MJHT')
    t.is(await bare.inputValue('#user_code'), 'WDJB-MJHT')
    await bare.context().close()
  },
)

browserTest('Enter in a field or on a box of the confirm page decides nothing', async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const [page] = await open({ javaScriptEnabled })
    let posts = 0
    page.on('request', (request) => {
      if (request.method() === 'POST') posts += 1
    })
    await page.goto(`${origin()}/en/confirm-choices`)
    await page.click('details.card > summary')
    for (const field of ['#device-name', '#replaces', '#scope-1']) {
      await page.press(field, 'Enter')
      t.is(await page.inputValue('#device-name'), 'Maria’s MacBook', field)
    }
    t.is(posts, 0)
    await page.click('button[value=deny]')
    t.is(posts, 1)
    await page.context().close()
  }
})

browserTest('Tab reaches Deny before Approve, and the focus is visible', async (t) => {
  const [page] = await open({ viewport: SIZES.phone })
  await page.goto(`${origin()}/en/confirm`)
  t.is(await page.evaluate('document.activeElement.tagName'), 'BODY')
  const reached: string[] = []
  for (let i = 0; i < 6; i += 1) {
    await page.keyboard.press('Tab')
    const name = 'document.activeElement.labels?.[0] ?? document.activeElement'
    reached.push(String(await page.evaluate(`(${name}).textContent.trim()`)))
    t.is(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
  }
  t.deepEqual(reached, [
    'Connected devices',
    'Sign out',
    'Use another account',
    'Deny',
    'Approve',
    'I did not start this',
  ])
  const deny = await page.locator('button[value=deny]').boundingBox()
  const approve = await page.locator('button[value=approve]').boundingBox()
  t.is(deny?.width, approve?.width)
  t.is(deny?.height, approve?.height)
  t.true((deny?.x ?? 0) < (approve?.x ?? 0))
  await page.goto(`${origin()}/de/confirm`)
  const german = await page.locator('button[value=approve]').boundingBox()
  t.is(german?.height, approve?.height, 'the longer label does not break')
  await page.context().close()
})

browserTest('both buttons are above the fold of a phone, with two permissions', async (t) => {
  const [page] = await open({ viewport: { width: 390, height: 844 } })
  for (const locale of pages.locales) {
    await page.goto(`${origin()}/${locale}/confirm-two-scopes`)
    for (const decision of ['deny', 'approve']) {
      const box = await page.locator(`button[value=${decision}]`).boundingBox()
      t.true((box?.y ?? 0) + (box?.height ?? 0) <= 844, `${locale} ${decision} ends at ${box?.y}`)
    }
    t.false(await page.locator('#device-name').isVisible(), 'the details are folded')
  }
  await page.context().close()
})

browserTest('times are in the zone of the reader, and in UTC without JavaScript', async (t) => {
  for (const [javaScriptEnabled, time, day] of [
    [true, 'Jan 16, 2030, 1:58 AM', 'January 17, 2030'],
    [false, 'Jan 15, 2030, 11:58 AM UTC', 'January 16, 2030'],
  ] as const) {
    const [page] = await open({ javaScriptEnabled, timezoneId: 'Pacific/Kiritimati', locale: 'en' })
    await page.goto(`${origin()}/en/confirm`)
    await page.click('details.card > summary')
    const [until = '', requested = ''] = await page.locator('time').allInnerTexts()
    t.is(until, day)
    t.is(requested.replaceAll(/\s/g, ' '), time)
    await page.context().close()
  }
})

browserTest('the consequence follows the chosen lifetime', async (t) => {
  for (const [timezoneId, first, second] of [
    ['UTC', 'January 16, 2030', 'February 14, 2030'],
    ['Pacific/Kiritimati', 'January 17, 2030', 'February 15, 2030'],
  ] as const) {
    const [page] = await open({ timezoneId, locale: 'en' })
    await page.goto(`${origin()}/en/confirm-choices`)
    const until = page.locator('.until')
    t.is(await until.innerText(), first)
    await page.selectOption('#lifetime', '2592000')
    t.is(await until.innerText(), second)
    t.regex((await until.locator('time').getAttribute('datetime')) ?? '', /^2030-02-14T/)
    await page.selectOption('#lifetime', '86400')
    t.is(await until.innerText(), first)
    await page.context().close()
  }
})
