import type { VNode } from 'preact'
import { Fact, Facts } from './facts.tsx'
import { Layout } from './layout.tsx'
import type { MessageKind, MessageView, Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { Program } from './program.tsx'
import { wholeMinutes } from './times.tsx'

const TONES: Readonly<Record<MessageKind, 'good' | 'warn' | 'bad'>> = {
  approved: 'good',
  denied: 'good',
  expired: 'warn',
  already_processed: 'warn',
  too_many_attempts: 'bad',
  sign_in_failed: 'bad',
  session_ended: 'warn',
  signed_out: 'good',
  signing_out: 'warn',
  key_not_created: 'bad',
  outcome_unknown: 'warn',
  revocation_unknown: 'warn',
  unavailable: 'bad',
  form_refused: 'bad',
  bad_request: 'bad',
  not_found: 'warn',
  not_allowed: 'warn',
  server_error: 'bad',
}

/** The label of the `retry` link. Default: `retry`. */
const RETRY_LABELS: {
  readonly [kind in MessageKind]?: 'signIn' | 'continueSigningOut' | 'seeDevices'
} = {
  session_ended: 'signIn',
  signing_out: 'continueSigningOut',
  revocation_unknown: 'seeDevices',
  not_found: 'seeDevices',
}

type NextLabel = 'anotherCode' | 'enterCode' | 'signInAgain' | 'seeDevices'

/** The link shown when there is nothing to retry. */
const NEXT_LABELS: { readonly [kind in MessageKind]?: NextLabel } = {
  approved: 'seeDevices',
  denied: 'anotherCode',
  expired: 'anotherCode',
  already_processed: 'anotherCode',
  too_many_attempts: 'seeDevices',
  signed_out: 'signInAgain',
  form_refused: 'enterCode',
  bad_request: 'enterCode',
  not_found: 'enterCode',
  not_allowed: 'enterCode',
}

/** A page that says what happened and what to do next. */
export const MessagePage = ({
  page,
  view: { kind, userCode, clientId, trustedName, yours, retry, retryAfterMs },
}: {
  readonly page: Page
  readonly view: MessageView
}): VNode => {
  const { texts, paths } = page
  const { title, text, next } = texts.messages[kind]
  const tone = TONES[kind]
  const nextLabel = NEXT_LABELS[kind]
  return (
    <Layout page={page} title={title}>
      <div class={`message ${tone}`} role={tone === 'good' ? 'status' : 'alert'}>
        <p>{text}</p>
        {yours !== undefined && <p>{texts.message[yours]}</p>}
        <p>
          {retryAfterMs !== undefined && <>{texts.message.wait(wholeMinutes(retryAfterMs))} </>}
          {next}
        </p>
      </div>
      {(userCode !== undefined || clientId !== undefined) && (
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
                <Program page={page} clientId={clientId} trustedName={trustedName} />
              </Fact>
            )}
          </Facts>
        </div>
      )}
      {retry === undefined && nextLabel !== undefined && (
        <Action href={nextLabel === 'seeDevices' ? paths.keys : paths.verify}>
          {texts.message[nextLabel]}
        </Action>
      )}
      {retry !== undefined && (
        <Action href={retry}>{texts.message[RETRY_LABELS[kind] ?? 'retry']}</Action>
      )}
    </Layout>
  )
}

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
