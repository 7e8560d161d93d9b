import { isIPv4, isIPv6 } from 'node:net'
import type { VNode } from 'preact'
import { networkOf } from '../http/network-of.ts'
import { Address } from './address.tsx'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import { Note } from './note.tsx'
import type { ConfirmView, Page } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { Program } from './program.tsx'
import { Moment } from './times.tsx'

/**
 * The request to approve or deny (RFC 8628 sections 3.3 and 5.4). Nothing has the focus, so Enter alone
 * never approves.
 */
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
  const place = comparePlaces(address, personAddress)
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
      {place === 'elsewhere' && (
        <Note id="elsewhere" title={texts.elsewhereTitle}>
          <p>
            {texts.elsewhereDevice} <Address>{address ?? ''}</Address>
            <br />
            {texts.elsewhereYou} <Address>{personAddress ?? ''}</Address>
          </p>
          <p>{texts.elsewhere}</p>
        </Note>
      )}
      {place === 'unknown' && <p class="note">{texts.notComparable}</p>}
      <section class="card" aria-labelledby="request">
        <h2 id="request">{texts.requestDetails}</h2>
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
            {address === undefined ? device.unknownAddress : <Address>{address}</Address>}
          </Fact>
          <Fact name={device.userAgent}>
            {userAgent === undefined ? (
              device.unknownUserAgent
            ) : (
              <PrintableText>{userAgent}</PrintableText>
            )}
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
            <KeyName>{device.keyName(pending.userCode)}</KeyName>
          </Fact>
          <Fact name={texts.keyExpires}>
            <Moment page={page} at={now + pending.keyLifetimeMs} />
          </Fact>
        </Facts>
        <form method="post" action={page.paths.verify}>
          <CsrfToken page={page} />
          <input type="hidden" name="user_code" value={printableText(pending.userCode)} />
          <p class="compare-again">
            {texts.myDeviceShows}{' '}
            <strong class="mono whole">{printableText(pending.userCode, 40)}</strong>
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

/** Compares the networks of two addresses. Those of IPv4 and IPv6 cannot be compared. */
const comparePlaces = (
  device: string | undefined,
  person: string | undefined,
): 'same' | 'elsewhere' | 'unknown' => {
  if (device === undefined || person === undefined) return 'same'
  if ((isIPv4(device) && isIPv6(person)) || (isIPv6(device) && isIPv4(person))) return 'unknown'
  return networkOf(device) === networkOf(person) ? 'same' : 'elsewhere'
}

/** A user code in large type. Screen readers get it character by character. */
const UserCode = ({ children }: { readonly children: string }): VNode => {
  const code = printableText(children, 40)
  return (
    <p class="code">
      <span aria-hidden="true">{code}</span>
      <span class="visually-hidden">{Array.from(code).join(' ')}</span>
    </p>
  )
}
