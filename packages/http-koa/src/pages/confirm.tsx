import { isIPv4, isIPv6 } from 'node:net'
import { keyNameOf } from '@device-grant/core'
import type { VNode } from 'preact'
import { networkOf } from '../http/network-of.ts'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import { Note } from './note.tsx'
import type { ConfirmView, Page } from './pages.ts'
import { Program } from './program.tsx'
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
  const { now } = page
  const { confirm: texts, device } = page.texts
  const { address, userAgent } = pending.request.device
  const distance = compareAddresses(address, personAddress)
  return (
    <Layout page={page} title={texts.title}>
      <section class="card" aria-labelledby="compare">
        <h2 id="compare">{texts.compare}</h2>
        <UserCode>{pending.userCode}</UserCode>
        <p>{texts.compareHow}</p>
      </section>
      <Note id="warning" title={texts.warningTitle}>
        <p>{texts.warning}</p>
      </Note>
      {distance === 'elsewhere' && (
        <Note id="elsewhere" title={texts.elsewhereTitle}>
          <p>
            {texts.elsewhereDevice} <Untrusted>{address ?? ''}</Untrusted>
            <br />
            {texts.elsewhereYou} <Untrusted>{personAddress ?? ''}</Untrusted>
          </p>
          <p>{texts.elsewhere}</p>
        </Note>
      )}
      {distance === 'unknown' && <p class="note">{texts.otherFamily}</p>}
      <section class="card" aria-labelledby="asks">
        <h2 id="asks">{texts.whoAsks}</h2>
        <Facts>
          <Fact name={device.program}>
            <Program page={page} clientId={pending.request.clientId} trustedName={trustedName} />
            {trustedName === undefined && (
              <>
                <br />
                <span class="quiet small">
                  {pending.request.clientId === undefined
                    ? device.unnamedHint
                    : device.unverifiedHint}
                </span>
              </>
            )}
          </Fact>
          <Fact name={device.scopes}>
            <Scopes page={page} scope={pending.request.scope} none={device.noScope} />
          </Fact>
          <Fact name={device.address}>
            {address === undefined ? device.unknownAddress : <Untrusted>{address}</Untrusted>}
          </Fact>
          <Fact name={device.userAgent}>
            {userAgent === undefined ? device.unknownUserAgent : <Untrusted>{userAgent}</Untrusted>}
          </Fact>
          <Fact name={texts.requested}>
            <Moment page={page} at={pending.requestedAt} />
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
            <Moment page={page} at={now + pending.keyLifetimeMs} />
          </Fact>
        </Facts>
        <form method="post" action={page.paths.verify}>
          <CsrfToken page={page} />
          <input type="hidden" name="user_code" value={plainText(pending.userCode)} />
          <p class="compare-again">
            {texts.myDeviceShows}{' '}
            <strong class="mono whole">{plainText(pending.userCode, 40)}</strong>
          </p>
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

/** Whether the device asks from another network than the person's, as far as that can be told. */
const compareAddresses = (
  device: string | undefined,
  person: string | undefined,
): 'same' | 'elsewhere' | 'unknown' => {
  if (device === undefined || person === undefined) return 'same'
  if ((isIPv4(device) && isIPv6(person)) || (isIPv6(device) && isIPv4(person))) return 'unknown'
  return networkOf(device) === networkOf(person) ? 'same' : 'elsewhere'
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
