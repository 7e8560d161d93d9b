import { keyNameOf } from '@device-grant/core'
import type { VNode } from 'preact'
import { networkOf } from '../authorize-limit.ts'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { ConfirmView, Page } from './pages.ts'
import { Moment } from './times.tsx'
import { plainText, Untrusted } from './untrusted.tsx'

/** What is being approved, and the two answers (RFC 8628 sections 3.3 and 5.4). Nothing has the focus. */
export const ConfirmPage = ({
  page,
  view: { pending, personAddress, trustedName },
}: {
  readonly page: Page
  readonly view: ConfirmView
}): VNode => {
  const { locale, now } = page
  const { confirm: texts, device } = page.texts
  const { address, userAgent } = pending.origin
  const elsewhere =
    address !== undefined &&
    personAddress !== undefined &&
    networkOf(address) !== networkOf(personAddress)
  return (
    <Layout page={page} title={texts.title}>
      <section class="card" aria-labelledby="compare">
        <h2 id="compare">{texts.compare}</h2>
        <UserCode>{pending.userCode}</UserCode>
        <p>{texts.compareHow}</p>
      </section>
      <div class="note warn" role="note">
        <strong>{texts.warningTitle}</strong>
        <p>{texts.warning}</p>
      </div>
      {elsewhere && (
        <div class="note warn" role="note">
          <strong>{texts.elsewhereTitle}</strong>
          <p>
            {texts.elsewhereDevice} <Untrusted>{address}</Untrusted>
            <br />
            {texts.elsewhereYou} <Untrusted>{personAddress}</Untrusted>
          </p>
          <p>{texts.elsewhere}</p>
        </div>
      )}
      <section class="card" aria-labelledby="asks">
        <h2 id="asks">{texts.whoAsks}</h2>
        <Facts>
          <Fact name={device.program}>
            <Client page={page} clientId={pending.clientId} trustedName={trustedName} />
          </Fact>
          <Fact name={device.scopes}>
            <Scopes page={page} scope={pending.scope} />
          </Fact>
          <Fact name={device.address}>
            {address === undefined ? device.unknownAddress : <Untrusted>{address}</Untrusted>}
          </Fact>
          <Fact name={device.userAgent}>
            {userAgent === undefined ? device.unknownUserAgent : <Untrusted>{userAgent}</Untrusted>}
          </Fact>
          <Fact name={texts.requested}>
            <Moment locale={locale} at={pending.requestedAt} now={now} />
          </Fact>
        </Facts>
      </section>
      <section class="card" aria-labelledby="result">
        <h2 id="result">{texts.result}</h2>
        <p>{texts.resultText}</p>
        <Facts>
          <Fact name={texts.keyName}>
            <KeyName>{keyNameOf(pending.userCode)}</KeyName>
          </Fact>
          <Fact name={texts.keyExpires}>
            <Moment locale={locale} at={now + pending.keyLifetimeMs} now={now} />
          </Fact>
        </Facts>
        <form method="post" action={page.paths.verify}>
          <CsrfToken page={page} />
          <input type="hidden" name="user_code" value={plainText(pending.userCode)} />
          <div class="answers">
            <button type="submit" class="deny" name="decision" value="deny">
              {texts.deny}
            </button>
            <button type="submit" class="approve" name="decision" value="approve">
              {texts.approve}
            </button>
          </div>
        </form>
      </section>
    </Layout>
  )
}

/** A code large enough to be compared, and spelled for those who hear it. */
const UserCode = ({ children }: { readonly children: string }): VNode => {
  const code = plainText(children, 40)
  return (
    <p class="code">
      <span aria-hidden="true">{code}</span>
      <span class="visually-hidden">{Array.from(code).join(' ')}</span>
    </p>
  )
}

const Client = ({
  page: {
    texts: { device },
  },
  clientId,
  trustedName,
}: {
  readonly page: Page
  readonly clientId: string | undefined
  readonly trustedName: string | undefined
}): VNode => {
  if (trustedName !== undefined) {
    return (
      <>
        <strong>
          <Untrusted>{trustedName}</Untrusted>
        </strong>{' '}
        <span class="badge good">{device.trusted}</span>
      </>
    )
  }
  if (clientId === undefined) return <>{device.unnamed}</>
  return (
    <>
      <strong>
        <Untrusted>{clientId}</Untrusted>
      </strong>{' '}
      <span class="badge warn">{device.unverified}</span>
      <br />
      <span class="quiet small">{device.unverifiedHint}</span>
    </>
  )
}
