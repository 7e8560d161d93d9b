import {
  compareNetworks,
  type DeviceInfo,
  endingOf,
  MAX_DEVICE_NAME,
  type PendingAuthorization,
  textIn,
  withoutEnding,
} from '@device-grant/core'
import type { VNode } from 'preact'
import { Fragment } from 'preact'
import type { AddressDescription } from '../http/describe-addresses.ts'
import { ClientHomepage, ClientLogo } from './client-profile.tsx'
import { CodeEndingField } from './code-ending-field.tsx'
import { DeviceNameField } from './device-name-field.tsx'
import { ElsewhereReasonChoice } from './elsewhere-reason.tsx'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import { LifetimeChoice } from './lifetime-choice.tsx'
import { NOT_TRANSLATED } from './not-translated.ts'
import { Note } from './note.tsx'
import type { ChoiceProblem, ConfirmView, Page } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { Program, ProgramHint, ProgramName, type ProgramProps, programName } from './program.tsx'
import { ReplaceChoice } from './replace-choice.tsx'
import { ScopeChoice } from './scope-choice.tsx'
import { HIDDEN_ORIGIN, SourceFact } from './source.tsx'
import { FilledIn, fillIn } from './texts/fill-in.tsx'
import { Day, Moment } from './times.tsx'
import { Whereabouts } from './whereabouts.tsx'

/** More permissions are counted in the consequence, and listed below it. */
const MANY_PERMISSIONS = 4

/**
 * The request to approve or deny (RFC 8628 sections 3.3 and 5.4). Nothing has the focus, and the form's
 * first button does nothing, so Enter never decides.
 */
export const ConfirmPage = ({
  page,
  view: { pending, browser = {}, places, trustedName, typedMark, problem, chosen = {} },
}: {
  readonly page: Page
  readonly view: ConfirmView
}): VNode => {
  const { locale } = page
  const { confirm: texts, device } = page.texts
  const { device: source } = pending.request
  const place = compareNetworks(source, browser)
  const { client, replaceable, keyLifetimesMs, needs } = pending
  const needsEnding = needs.includes('code_ending')
  const asksForEnding = needsEnding && typedMark === undefined
  const shownCode = asksForEnding ? withoutEnding(pending.userCode) : pending.userCode
  const { clientId, clientAuthenticated: isAuthenticated, deviceName } = pending.request
  const program = { page, clientId, client, isAuthenticated, trustedName }
  const requested = pending.scopes.map(({ name }) => name).join(' ')
  const scopes = pending.scopes.flatMap(({ name, entry }) => (entry ? { name, entry } : []))
  const minutes = Math.max(1, Math.floor((pending.expiresAt - page.now) / 60_000))
  return (
    <Layout
      page={page}
      title={titleOf(program)}
      heading={<Heading {...program} />}
      hasError={problem !== undefined}
      script="confirm.js"
    >
      {problem !== undefined && (
        <div class="message bad" role="alert">
          <p>{problemText(page, problem, scopes.length > 0)}</p>
        </div>
      )}
      {source.webOrigin !== undefined && (
        <Note
          id="web-page"
          tone="bad"
          title={<WebPageTitle page={page} origin={source.webOrigin} />}
        >
          <p>{texts.webPageText}</p>
        </Note>
      )}
      <Account page={page} userCode={pending.userCode} typedMark={typedMark} />
      <p>
        <Consequence page={page} pending={pending} lifetimeMs={chosen.lifetimeMs} />
      </p>
      <section class="code-card" aria-labelledby="compare">
        <h2 id="compare">{texts.compare}</h2>
        <UserCode>{shownCode}</UserCode>
      </section>
      <form method="post" action={page.paths.verify} class="decision">
        {/* Enter in a field presses the form's first button. Outside a dialog, this one does nothing. */}
        <button type="submit" formmethod="dialog" hidden />
        <CsrfToken page={page} />
        <TypedCode userCode={pending.userCode} typedMark={typedMark} />
        <Facts>
          {!client && (
            <Fact name={device.program}>
              <Program {...program} />
            </Fact>
          )}
          {deviceName !== undefined && (
            <Fact name={device.device}>
              <PrintableText>{deviceName}</PrintableText>
            </Fact>
          )}
          {!pending.hasScopeChoice && (
            <Fact name={device.scopes}>
              <Scopes page={page} scope={requested} none={device.noScope} />
            </Fact>
          )}
        </Facts>
        {pending.hasScopeChoice && (
          <ScopeChoice page={page} scopes={scopes} chosen={chosen.scopes} />
        )}
        {keyLifetimesMs.length > 1 && (
          <LifetimeChoice page={page} offeredMs={keyLifetimesMs} chosenMs={chosen.lifetimeMs} />
        )}
        {replaceable && (
          <ReplaceChoice
            page={page}
            replaceable={replaceable}
            isChosen={
              problem === undefined ? replaceable.isUnused : chosen.replaces === replaceable.key.id
            }
          />
        )}
        <Note id="warning" title={texts.warningTitle}>
          <p>{texts.warning}</p>
        </Note>
        {place === 'elsewhere' && (
          <Elsewhere
            page={page}
            device={places?.get(source.address ?? '')}
            browser={places?.get(browser.address ?? '')}
          />
        )}
        {needs.includes('elsewhere_reason') && (
          <ElsewhereReasonChoice
            page={page}
            chosen={chosen.elsewhereReason}
            isMissing={problem === 'elsewhere_reason'}
          />
        )}
        {asksForEnding && <CodeEndingField page={page} isWrong={problem === 'code_ending'} />}
        {needsEnding && !asksForEnding && (
          <input type="hidden" name="code_ending" value={endingOf(pending.userCode)} />
        )}
        {place === 'unknown' && <p class="info small">{texts.notComparable}</p>}
        <div class="answers">
          <button type="submit" class="deny" name="decision" value="deny">
            {texts.deny}
          </button>
          <button type="submit" class="approve" name="decision" value="approve">
            {texts.approve}
          </button>
        </div>
        <div class="after-answers">
          <span class="quiet small">{fillIn(locale, texts.answerWithin, { count: minutes })}</span>{' '}
          <button type="submit" class="plain small" name="decision" value="report">
            {texts.report}
          </button>
        </div>
        <details class="card" open={problem === 'device_name'}>
          <summary>{texts.details}</summary>
          <p>{texts.resultText}</p>
          <DeviceNameField
            page={page}
            id="device-name"
            name={chosen.deviceName ?? deviceName}
            hint={
              deviceName !== undefined && (chosen.deviceName ?? deviceName) === deviceName
                ? device.ownNameHint
                : device.nameHint
            }
            isInvalid={problem === 'device_name'}
          />
          <Details
            page={page}
            pending={pending}
            shownCode={shownCode}
            program={program}
            source={place === 'unknown' ? {} : source}
            browser={place === 'elsewhere' ? browser : {}}
            places={places}
          />
        </details>
      </form>
    </Layout>
  )
}

/** The question, with the name of a program that the operator knows, and with that of the service. */
const titleOf = (program: ProgramProps): string => {
  const { page, client } = program
  const { confirm: texts } = page.texts
  if (!client) return texts.title
  const { product } = page
  const names = { program: programName(program) }
  return page.hasOwnProduct
    ? fillIn(page.locale, texts.titleForProduct, { ...names, product })
    : fillIn(page.locale, texts.titleFor, names)
}

/** The same question, with names that keep their own direction. */
const Heading = (program: ProgramProps): VNode => {
  const { page, client } = program
  const { confirm: texts } = page.texts
  if (!client) return <>{texts.title}</>
  const { locale } = page
  const names = { program: <ProgramName {...program} />, product: <bdi>{page.product}</bdi> }
  return page.hasOwnProduct ? (
    <FilledIn locale={locale} text={texts.titleForProduct} values={names} />
  ) : (
    <FilledIn locale={locale} text={texts.titleFor} values={names} />
  )
}

/** What an approval allows, and until when. */
const Consequence = ({
  page,
  pending: { scopes, hasScopeChoice, keyLifetimesMs },
  lifetimeMs = keyLifetimesMs[0],
}: {
  readonly page: Page
  readonly pending: PendingAuthorization
  readonly lifetimeMs?: number | undefined
}): VNode => {
  const { locale, now, texts } = page
  const { consequence, consequenceOfMany, consequenceOfAll } = texts.confirm
  const date = (
    <span class="until">
      <Day page={page} at={now + lifetimeMs} />
    </span>
  )
  const count = scopes.length
  if (count === 0 && !hasScopeChoice) {
    return <FilledIn locale={locale} text={consequenceOfAll} values={{ date }} />
  }
  if (count > MANY_PERMISSIONS) {
    return <FilledIn locale={locale} text={consequenceOfMany} values={{ date, count }} />
  }
  const permissions = (
    <span>
      {count === 0 && texts.device.noPermissions}
      {scopes.map(({ name, entry }, i) => (
        <Fragment key={name}>
          {i > 0 && ', '}
          {entry ? textIn(entry.description, locale) : <PrintableText>{name}</PrintableText>}
        </Fragment>
      ))}
    </span>
  )
  return <FilledIn locale={locale} text={consequence} values={{ date, permissions }} />
}

/**
 * Says that the device is in another network, and what is normal. Places say more to people than addresses,
 * which stand in the details.
 */
const Elsewhere = ({
  page: { locale, texts },
  device,
  browser,
}: {
  readonly page: Page
  readonly device: AddressDescription | undefined
  readonly browser: AddressDescription | undefined
}): VNode => {
  const { elsewhereTitle, elsewherePlaces, elsewhere } = texts.confirm
  const nameOf = ({ place, network }: AddressDescription = {}) => place ?? network
  const [deviceAt, browserAt] = [nameOf(device), nameOf(browser)]
  return (
    <div class="info small" role="note" aria-labelledby="elsewhere">
      <strong id="elsewhere">{elsewhereTitle}</strong>
      {deviceAt !== undefined && browserAt !== undefined && deviceAt !== browserAt && (
        <p>
          <FilledIn
            locale={locale}
            text={elsewherePlaces}
            values={{
              device: <PrintableText maxLength={60}>{deviceAt}</PrintableText>,
              browser: <PrintableText maxLength={60}>{browserAt}</PrintableText>,
            }}
          />
        </p>
      )}
      <p>{elsewhere}</p>
    </div>
  )
}

/** What a careful person wants to know before they decide. */
const Details = ({
  page,
  pending,
  shownCode,
  program,
  source,
  browser,
  places,
}: {
  readonly page: Page
  readonly pending: PendingAuthorization
  /** The user code, as far as the page shows it. */
  readonly shownCode: string
  readonly program: ProgramProps
  readonly source: DeviceInfo
  /** Shown if the device is elsewhere. */
  readonly browser: DeviceInfo
  readonly places: ConfirmView['places']
}): VNode => {
  const { confirm: texts, device } = page.texts
  const { client, request, hasScopeChoice } = pending
  const { userAgent } = request.device
  const requested = pending.scopes.map(({ name }) => name).join(' ')
  return (
    <Facts>
      <Fact name={device.program}>
        <ClientLogo logo={client?.logo} />
        <Program {...program} />
        <br />
        <ProgramHint {...program} />
        <ClientHomepage homepage={client?.homepage} />
      </Fact>
      {hasScopeChoice && (
        <Fact name={device.scopes}>
          <Scopes page={page} scope={requested} none={device.noPermissions} />
        </Fact>
      )}
      <SourceFact page={page} source={source} places={places} />
      {browser.address !== undefined && (
        <Fact name={texts.yourAddress}>
          <Whereabouts address={browser.address} description={places?.get(browser.address)} />
        </Fact>
      )}
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
      <Fact name={texts.keyName}>
        <KeyName>{fillIn(page.locale, device.keyName, { userCode: shownCode })}</KeyName>
      </Fact>
    </Facts>
  )
}

/** Why the approval was refused, and what to do. */
const problemText = (
  { locale, texts: { confirm, safeguards } }: Page,
  problem: ChoiceProblem,
  hasBoxes: boolean,
): string => {
  if (problem === 'no_scope' && hasBoxes) return confirm.noScopeChosen
  if (problem === 'elsewhere_reason') return safeguards.reasonMissing
  if (problem === 'code_ending') return safeguards.codeEndingWrong
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
  ...code
}: {
  readonly page: Page
} & TypedCodeProps): VNode | undefined => {
  const { person, canSignOut, paths } = page
  const texts = page.texts.confirm
  if (person === undefined) return undefined
  return (
    <form method="post" action={paths.switchAccount} class="account-choice">
      <CsrfToken page={page} />
      <TypedCode {...code} />
      <p>
        <FilledIn
          locale={page.locale}
          text={texts.who}
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
            {' '}
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

interface TypedCodeProps {
  readonly userCode: string
  readonly typedMark: string | undefined
}

/** The hidden fields of a form about a request: its code, and that the person typed it. */
const TypedCode = ({ userCode, typedMark }: TypedCodeProps): VNode => (
  <>
    <input type="hidden" name="user_code" value={printableText(userCode)} />
    {typedMark !== undefined && <input type="hidden" name="typed" value={typedMark} />}
  </>
)

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
