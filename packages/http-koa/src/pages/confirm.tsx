import { MAX_DEVICE_NAME } from '@device-grant/core'
import type { VNode } from 'preact'
import { comparePlaces } from '../http/compare-places.ts'
import { Address } from './address.tsx'
import { ClientHomepage, ClientLogo } from './client-profile.tsx'
import { DeviceNameField } from './device-name-field.tsx'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import { LifetimeChoice } from './lifetime-choice.tsx'
import { NOT_TRANSLATED } from './not-translated.ts'
import { Note } from './note.tsx'
import type { ChoiceProblem, ConfirmView, Page } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { Program, ProgramHint, programName } from './program.tsx'
import { ReplaceChoice } from './replace-choice.tsx'
import { ScopeChoice } from './scope-choice.tsx'
import { HIDDEN_ORIGIN, SourceFact } from './source.tsx'
import { FilledIn, fillIn } from './texts/fill-in.tsx'
import { Moment } from './times.tsx'

/**
 * The request to approve or deny (RFC 8628 sections 3.3 and 5.4). Nothing has the focus, and the form's
 * first button does nothing, so Enter never decides.
 */
export const ConfirmPage = ({
  page,
  view: { pending, browser = {}, trustedName, problem, chosen = {} },
}: {
  readonly page: Page
  readonly view: ConfirmView
}): VNode => {
  const { locale, now } = page
  const { confirm: texts, device } = page.texts
  const { device: source } = pending.request
  const { address, webOrigin, userAgent } = source
  const place = comparePlaces(source, browser)
  const { client, replaceable, keyLifetimesMs } = pending
  const { clientId, clientAuthenticated: isAuthenticated, deviceName } = pending.request
  const program = { page, clientId, client, isAuthenticated, trustedName }
  const title = client
    ? fillIn(locale, texts.titleFor, { program: programName(program) })
    : texts.title
  const isOwnName = deviceName !== undefined && (chosen.deviceName ?? deviceName) === deviceName
  const requested = pending.scopes.map(({ name }) => name).join(' ')
  const scopes = pending.scopes.flatMap(({ name, entry }) => (entry ? { name, entry } : []))
  return (
    <Layout page={page} title={title} hasError={problem !== undefined}>
      {problem !== undefined && (
        <div class="message bad" role="alert">
          <p>{problemText(page, problem, scopes.length > 0)}</p>
        </div>
      )}
      {webOrigin !== undefined && (
        <Note id="web-page" tone="bad" title={<WebPageTitle page={page} origin={webOrigin} />}>
          <p>{texts.webPageText}</p>
        </Note>
      )}
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
            {texts.elsewhereYou} <Address>{browser.address ?? ''}</Address>
          </p>
          <p>{texts.elsewhere}</p>
        </Note>
      )}
      {place === 'unknown' && <p class="note">{texts.notComparable}</p>}
      <section class="card" aria-labelledby="request">
        <h2 id="request">{texts.requestDetails}</h2>
        <Facts>
          <Fact name={device.program}>
            <ClientLogo logo={client?.logo} />
            <Program {...program} />
            <br />
            <span class="quiet small">
              <ProgramHint {...program} />
            </span>
            <ClientHomepage homepage={client?.homepage} />
          </Fact>
          {!pending.hasScopeChoice && (
            <Fact name={device.scopes}>
              <Scopes page={page} scope={requested} none={device.noScope} />
            </Fact>
          )}
          <SourceFact page={page} source={place === 'unknown' ? {} : source} />
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
            <KeyName>{fillIn(locale, device.keyName, { userCode: pending.userCode })}</KeyName>
          </Fact>
          {keyLifetimesMs.length === 1 && (
            <Fact name={texts.keyExpires}>
              <Moment page={page} at={now + keyLifetimesMs[0]} />
            </Fact>
          )}
        </Facts>
        <Account page={page} userCode={pending.userCode} />
        <form method="post" action={page.paths.verify}>
          {/* Enter in a field presses the form's first button. Outside a dialog, this one does nothing. */}
          <button type="submit" formmethod="dialog" hidden />
          <CsrfToken page={page} />
          <input type="hidden" name="user_code" value={printableText(pending.userCode)} />
          {pending.hasScopeChoice && (
            <ScopeChoice page={page} scopes={scopes} chosen={chosen.scopes} />
          )}
          <DeviceNameField
            page={page}
            id="device-name"
            name={chosen.deviceName ?? deviceName}
            hint={isOwnName ? device.ownNameHint : device.nameHint}
            isInvalid={problem === 'device_name'}
          />
          {keyLifetimesMs.length > 1 && (
            <LifetimeChoice page={page} offeredMs={keyLifetimesMs} chosenMs={chosen.lifetimeMs} />
          )}
          {replaceable && (
            <ReplaceChoice
              page={page}
              replaceable={replaceable}
              isChosen={
                problem === undefined
                  ? replaceable.isUnused
                  : chosen.replaces === replaceable.key.id
              }
            />
          )}
          <p class="compare-again">
            {texts.myDeviceShows}{' '}
            <strong class="mono whole" {...NOT_TRANSLATED}>
              {printableText(pending.userCode, 40)}
            </strong>
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

/** Why the approval was refused, and what to do. */
const problemText = (
  { locale, texts: { confirm } }: Page,
  problem: ChoiceProblem,
  hasBoxes: boolean,
): string => {
  if (problem === 'no_scope' && hasBoxes) return confirm.noScopeChosen
  return problem === 'device_name'
    ? fillIn(locale, confirm.nameTooLong, { max: MAX_DEVICE_NAME })
    : confirm.choiceRefused
}

/** Says that a web page asked for the code, and which one. */
const WebPageTitle = ({
  page,
  origin,
}: {
  readonly page: Page
  readonly origin: string
}): VNode => {
  const { webPage, hiddenWebPage } = page.texts.confirm
  if (origin === HIDDEN_ORIGIN) return <>{hiddenWebPage}</>
  return (
    <FilledIn
      locale={page.locale}
      text={webPage}
      values={{ origin: <PrintableText>{origin}</PrintableText> }}
    />
  )
}

/** The account that the device is connected to, and the form to choose another one. */
const Account = ({
  page,
  userCode,
}: {
  readonly page: Page
  readonly userCode: string
}): VNode | undefined => {
  const { person, canSignOut, paths } = page
  const texts = page.texts.confirm
  if (person === undefined) return undefined
  return (
    <form method="post" action={paths.switchAccount} class="account-choice">
      <CsrfToken page={page} />
      <input type="hidden" name="user_code" value={printableText(userCode)} />
      <p>
        <FilledIn
          locale={page.locale}
          text={texts.account}
          values={{
            person: (
              <strong>
                <PrintableText maxLength={100}>{person}</PrintableText>
              </strong>
            ),
          }}
        />
        {canSignOut && (
          <>
            <br />
            {texts.notYou}{' '}
            <button type="submit" class="plain">
              {texts.otherAccount}
            </button>
          </>
        )}
      </p>
    </form>
  )
}

/** A user code in large type. Screen readers get it character by character. */
const UserCode = ({ children }: { readonly children: string }): VNode => {
  const code = printableText(children, 40)
  return (
    <p class="code" {...NOT_TRANSLATED}>
      <span aria-hidden="true">{code}</span>
      <span class="visually-hidden">{Array.from(code).join(' ')}</span>
    </p>
  )
}
