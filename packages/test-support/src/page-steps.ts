import type { Page } from 'playwright-core'

/** Fills in the demo sign-in. */
export const signIn = async (page: Page, name: string): Promise<void> => {
  await page.fill('[name=name]', name)
  await page.click('main button')
}

/** Types a code on the page that asks for one. */
export const enterCode = async (page: Page, code: string): Promise<void> => {
  await page.fill('[name=user_code]', code)
  await page.click('main button')
}

/** Presses one of the two buttons. */
export const decide = async (page: Page, decision: 'approve' | 'deny'): Promise<void> => {
  await page.click(`button[value=${decision}]`)
}

/** The heading of the page. */
export const title = (page: Page): Promise<string> => page.locator('h1').innerText()

/** The user code as the confirmation page shows it. */
export const shownCode = (page: Page): Promise<string> =>
  page.locator('.code [aria-hidden]').innerText()

/** The heading after an approval, before or after the device has come. */
export const APPROVED: RegExp = /^(?:Approved\. Go back to your device|Device connected)$/

/** Opens the details of the request, or of the key. */
export const openDetails = (page: Page): Promise<void> =>
  page.getByText('Details', { exact: true }).click()
