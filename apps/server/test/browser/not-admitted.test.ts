import { inChromium } from '@device-grant/test-support/chromium'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { inspect } from '@device-grant/test-support/page-inspection'
import { decide, title } from '@device-grant/test-support/page-steps'
import { openPage } from '@device-grant/test-support/watched-page'
import type { Page } from 'playwright-core'
import { startOpenidSetting } from '../openid-setting.ts'

const { browserTest, browser } = inChromium('people who may not connect devices in a browser')

const RULE = { OIDC_ALLOW: 'groups=developers', OIDC_SCOPE: 'openid profile groups' }

/** Only Bob is a developer. */
const claimsOf = (login: string) => ({ groups: login === 'user-bob' ? ['developers'] : ['guests'] })

/** Fills in the provider's login page. */
const logIn = async (page: Page, login: string): Promise<void> => {
  await page.fill('[name=login]', login)
  await page.fill('[name=password]', 'any')
  await page.click('button[type=submit]')
}

for (const { locale, heading, contact, otherAccount } of [
  {
    locale: 'en',
    heading: 'You may not connect devices',
    contact: 'Contact: help@example.com',
    otherAccount: 'Use another account',
  },
  {
    locale: 'de',
    heading: 'Sie dürfen keine Geräte verbinden',
    contact: 'Kontakt: help@example.com',
    otherAccount: 'Anderes Konto verwenden',
  },
]) {
  browserTest(`a person without the group uses another account, in ${locale}`, async (t) => {
    const env = { ...RULE, SUPPORT_CONTACT: 'help@example.com' }
    const { server, provider, publicUrl } = await startOpenidSetting(t, env, {}, claimsOf)
    const page = await openPage(t, browser(), { silent: publicUrl, locale })
    const codes = await authorize(server.url)
    await page.goto(codes.verification_uri_complete)
    await logIn(page, 'user-alice')
    t.is(await title(page), heading)
    const shown = await page.locator('main').innerText()
    t.true(shown.includes(contact), shown)
    t.is(await page.locator('a[href="mailto:help@example.com"]').count(), 1)
    await inspect(t, page, `not-admitted-${locale}`)

    await page.getByRole('button', { name: otherAccount }).click()
    await page.waitForURL(`${provider.issuer}/interaction/*`)
    await logIn(page, 'user-bob')
    await page.waitForURL(codes.verification_uri_complete)
    await decide(page, 'approve')
    t.is(await pollOutcome(server.url, codes.device_code), 'token')
  })
}
