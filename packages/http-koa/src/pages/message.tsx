import { MAX_DEVICE_NAME } from '@device-grant/core'
import type { VNode } from 'preact'
import { Contact } from './contact.tsx'
import { DenialForm } from './denial-form.tsx'
import { DeviceNameField } from './device-name-field.tsx'
import { DisconnectForm } from './disconnect-form.tsx'
import { EndedKeyFacts } from './ended-keys.tsx'
import { Fact, Facts, Scopes } from './facts.tsx'
import { KeyFacts } from './key-facts.tsx'
import { KeyName, translateKeyName } from './key-name.tsx'
import { CsrfToken, Layout } from './layout.tsx'
import type { MessageKind, MessageView, Page, ShownKey } from './pages.ts'
import { PrintableText, printableText } from './printable-text.tsx'
import { Program, programName, programOf } from './program.tsx'
import { FilledIn, fillIn } from './texts/fill-in.tsx'
import { Ago, duration, Moment, wholeMinutes } from './times.tsx'

const TONES: Readonly<Record<MessageKind, 'good' | 'warn' | 'bad'>> = {
  approved: 'good',
  connected: 'good',
  disconnected: 'warn',
  denied: 'good',
  reported: 'good',
  approval_reported: 'warn',
  expired: 'warn',
  already_approved: 'warn',
  already_denied: 'warn',
  no_longer_valid: 'warn',
  too_many_attempts: 'bad',
  client_refused: 'bad',
  too_many_keys: 'warn',
  not_admitted: 'bad',
  elsewhere: 'bad',
  sign_in_again: 'warn',
  sign_in_failed: 'bad',
  session_ended: 'warn',
  signed_out: 'good',
  signing_out: 'warn',
  switching_account: 'warn',
  key_not_created: 'bad',
  outcome_unknown: 'warn',
  revocation_unknown: 'warn',
  renaming_unknown: 'warn',
  device_name_too_long: 'bad',
  unavailable: 'bad',
  form_refused: 'bad',
  bad_request: 'bad',
  not_found: 'warn',
  not_allowed: 'warn',
  server_error: 'bad',
}

/** The label of the `retry` link. Default: `retry`. */
const RETRY_LABELS: {
  readonly [kind in MessageKind]?:
    | 'signIn'
    | 'continueSigningOut'
    | 'continueSigningIn'
    | 'seeDevices'
    | 'backToRequest'
} = {
  session_ended: 'signIn',
  sign_in_again: 'signIn',
  signing_out: 'continueSigningOut',
  switching_account: 'continueSigningIn',
  revocation_unknown: 'seeDevices',
  renaming_unknown: 'seeDevices',
  device_name_too_long: 'seeDevices',
  not_found: 'seeDevices',
  too_many_keys: 'backToRequest',
}

type NextLabel = 'anotherCode' | 'enterCode' | 'signInAgain' | 'seeDevices'

/** The link shown when there is nothing to retry, and always for `too_many_keys`. */
const NEXT_LABELS: { readonly [kind in MessageKind]?: NextLabel } = {
  approved: 'seeDevices',
  connected: 'seeDevices',
  disconnected: 'seeDevices',
  denied: 'anotherCode',
  reported: 'seeDevices',
  approval_reported: 'seeDevices',
  expired: 'anotherCode',
  already_approved: 'seeDevices',
  already_denied: 'anotherCode',
  no_longer_valid: 'anotherCode',
  too_many_attempts: 'seeDevices',
  too_many_keys: 'seeDevices',
  client_refused: 'seeDevices',
  not_admitted: 'seeDevices',
  elsewhere: 'anotherCode',
  signed_out: 'signInAgain',
  form_refused: 'enterCode',
  bad_request: 'enterCode',
  not_found: 'enterCode',
  not_allowed: 'enterCode',
}

/** A page that says what happened and what to do next. */
export const MessagePage = ({
  page,
  view,
}: {
  readonly page: Page
  readonly view: MessageView
}): VNode => {
  const { kind, userCode, clientId, client, trustedName, granted } = view
  const { deviceName = granted?.deviceName, retry, retryAfterMs } = view
  const { texts, paths } = page
  const { leastRecentlyUsed, contact, otherAccountFor, deniableCode, rename, reference } = view
  const shownDeviceName = deviceName ?? view.key?.deviceName
  const { key, endedKey, catalogue, recentKeys = [] } = view
  const { title, text, next } = texts.messages[kind]
  const tone = TONES[kind]
  const nextLabel = NEXT_LABELS[kind]
  const waitingMs =
    kind === 'approved' && key ? Math.max(5_000, key.expiresAt - page.now) : undefined
  return (
    <Layout
      page={page}
      title={title}
      {...(waitingMs === undefined ? {} : { script: 'approved.js' })}
    >
      <div
        class={`message ${tone}`}
        role={tone === 'good' ? 'status' : 'alert'}
        data-waiting-ms={waitingMs}
      >
        {granted && (
          <p>
            <FilledIn
              locale={page.locale}
              text={texts.message.approvedAgo}
              values={{ ago: <Ago page={page} at={granted.approvedAt} /> }}
            />
          </p>
        )}
        <p>{text}</p>
        <p>
          {retryAfterMs !== undefined && (
            <>{fillIn(page.locale, texts.message.wait, { count: wholeMinutes(retryAfterMs) })} </>
          )}
          {next}
        </p>
        {contact !== undefined && (
          <p>
            {texts.message.contact} <Contact>{contact}</Contact>
          </p>
        )}
      </div>
      {[userCode, clientId, shownDeviceName, granted, reference].some(
        (fact) => fact !== undefined,
      ) && (
        <div class="card">
          <Facts>
            {userCode !== undefined && (
              <Fact name={texts.message.code}>
                <code>
                  <PrintableText maxLength={40}>{userCode}</PrintableText>
                </code>
              </Fact>
            )}
            {clientId !== undefined && (
              <Fact name={texts.device.program}>
                <Program
                  page={page}
                  clientId={clientId}
                  client={client}
                  trustedName={trustedName}
                />
              </Fact>
            )}
            {shownDeviceName !== undefined && (
              <Fact name={texts.device.deviceName}>
                <PrintableText>{shownDeviceName}</PrintableText>
              </Fact>
            )}
            {granted && (
              <>
                <Fact name={texts.keys.scopes}>
                  <Scopes page={page} scope={granted.scope} none={texts.device.noScope} />
                </Fact>
                <Fact name={texts.confirm.lifetime}>
                  {duration(page.locale, granted.lifetimeMs)}
                </Fact>
              </>
            )}
            {reference !== undefined && (
              <Fact name={texts.message.reference}>
                <PrintableText maxLength={120}>{reference}</PrintableText>
              </Fact>
            )}
          </Facts>
        </div>
      )}
      {rename !== undefined && <RenameAgain page={page} {...rename} />}
      {key && (
        <>
          <Mistake page={page} keyId={key.id} />
          <details class="card">
            <summary>{texts.confirm.details}</summary>
            <KeyFacts page={page} item={key} catalogue={catalogue} />
          </details>
        </>
      )}
      {endedKey && (
        <div class="card">
          <EndedKeyFacts page={page} item={endedKey} />
        </div>
      )}
      {granted && <Mistake page={page} keyId={granted.keyId} />}
      {recentKeys.length > 0 && <RecentKeys page={page} keys={recentKeys} />}
      {leastRecentlyUsed !== undefined && (
        <section class="card" aria-labelledby="least-recent">
          <h2 id="least-recent">{texts.message.leastRecentlyUsed}</h2>
          <LeastRecentKey page={page} item={leastRecentlyUsed} />
        </section>
      )}
      {(retry === undefined || kind === 'too_many_keys') && nextLabel !== undefined && (
        <Action href={nextLabel === 'seeDevices' ? paths.keys : paths.verify}>
          {texts.message[nextLabel]}
        </Action>
      )}
      {retry !== undefined && (
        <Action href={retry}>{texts.message[RETRY_LABELS[kind] ?? 'retry']}</Action>
      )}
      {deniableCode !== undefined && <DenialForm page={page} userCode={deniableCode} />}
      {otherAccountFor !== undefined && <OtherAccount page={page} userCode={otherAccountFor} />}
    </Layout>
  )
}

/** The form that renames a device, with the name that was too long. */
const RenameAgain = ({
  page,
  keyId,
  deviceName,
}: {
  readonly page: Page
  readonly keyId: string
  readonly deviceName: string
}): VNode => (
  <form
    method="post"
    action={`${page.paths.keys}/${encodeURIComponent(keyId)}/rename`}
    class="card"
  >
    <CsrfToken page={page} />
    <DeviceNameField
      page={page}
      id="device-name"
      name={deviceName}
      hint={fillIn(page.locale, page.texts.device.nameLimit, { max: MAX_DEVICE_NAME })}
      isInvalid
    />
    <button type="submit">{page.texts.keys.saveName}</button>
  </form>
)

/** The form that takes an approval back. */
const Mistake = ({ page, keyId }: { readonly page: Page; readonly keyId: string }): VNode => {
  const { mistake, disconnectNow } = page.texts.message
  return (
    <div class="card mistake">
      <p>{mistake}</p>
      <DisconnectForm page={page} keyId={keyId}>
        {disconnectNow}
      </DisconnectForm>
    </div>
  )
}

/** Keys that a person approved shortly before they reported a request. */
const RecentKeys = ({
  page,
  keys,
}: {
  readonly page: Page
  readonly keys: readonly ShownKey[]
}): VNode => {
  const { recentKeys, recentKeysHow } = page.texts.message
  return (
    <section class="card" aria-labelledby="recent">
      <h2 id="recent">{recentKeys}</h2>
      <p>{recentKeysHow}</p>
      <ul class="recent">
        {keys.map((item) => {
          const name = printableText(item.deviceName ?? programName(programOf(page, item)))
          return (
            <li key={item.id}>
              <p>
                <strong>
                  <PrintableText>{name}</PrintableText>
                </strong>
                <br />
                <span class="quiet small">
                  <Moment page={page} at={item.approvedAt} />
                </span>
              </p>
              <DisconnectForm
                page={page}
                keyId={item.id}
                label={`${page.texts.keys.revoke}: ${name}`}
              >
                {page.texts.keys.revoke}
              </DisconnectForm>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** The form that signs in again with another account. It leads back to the code. */
const OtherAccount = ({
  page,
  userCode,
}: {
  readonly page: Page
  readonly userCode: string
}): VNode => (
  <form method="post" action={page.paths.switchAccount} class="actions">
    <CsrfToken page={page} />
    <input type="hidden" name="user_code" value={printableText(userCode)} />
    <button type="submit">{page.texts.confirm.otherAccount}</button>
  </form>
)

/** What a person needs to find a key in the list. */
const LeastRecentKey = ({
  page,
  item: { name, request, client, trustedName, deviceName, approvedAt, lastUsedAt },
}: {
  readonly page: Page
  readonly item: ShownKey
}): VNode => (
  <Facts>
    <Fact name={page.texts.device.program}>
      <Program
        page={page}
        clientId={request.clientId}
        client={client}
        isAuthenticated={request.clientAuthenticated}
        trustedName={trustedName}
      />
    </Fact>
    {deviceName !== undefined && (
      <Fact name={page.texts.device.deviceName}>
        <PrintableText>{deviceName}</PrintableText>
      </Fact>
    )}
    <Fact name={page.texts.confirm.keyName}>
      <KeyName>{translateKeyName(name, page)}</KeyName>
    </Fact>
    <Fact name={lastUsedAt === undefined ? page.texts.keys.approved : page.texts.keys.lastUsed}>
      <Moment page={page} at={lastUsedAt ?? approvedAt} />
    </Fact>
  </Facts>
)

const Action = ({
  href,
  children,
}: {
  readonly href: string
  readonly children: string
}): VNode => (
  <p class="actions">
    <a class="button" href={href}>
      {children}
    </a>
  </p>
)
