import type { VNode } from 'preact'
import { Fact, Facts } from './facts.tsx'
import { Layout } from './layout.tsx'
import type { MessageKind, MessageView, Page } from './pages.ts'
import { Program } from './program.tsx'
import { minutesOf } from './times.tsx'
import { Untrusted } from './untrusted.tsx'

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
  unknown_outcome: 'warn',
  revocation_unknown: 'warn',
  unavailable: 'bad',
  form_refused: 'bad',
  bad_request: 'bad',
  not_found: 'warn',
  not_allowed: 'warn',
  fault: 'bad',
}

/** What the link of `retry` says, where it is more than trying again. */
const LINKS: { readonly [kind in MessageKind]?: 'signIn' | 'goOnSigningOut' | 'seeDevices' } = {
  session_ended: 'signIn',
  signing_out: 'goOnSigningOut',
  revocation_unknown: 'seeDevices',
  not_found: 'seeDevices',
}

type Onward = 'anotherCode' | 'enterCode' | 'signInAgain' | 'seeDevices'

/** Where one may go from here when there is nothing to try again. */
const ONWARD: { readonly [kind in MessageKind]?: Onward } = {
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

/** What happened, and what to do now. */
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
  const onward = ONWARD[kind]
  return (
    <Layout page={page} title={title}>
      <div class={`message ${tone}`} role={tone === 'good' ? 'status' : 'alert'}>
        <p>{text}</p>
        {yours !== undefined && <p>{texts.message[yours]}</p>}
        <p>
          {retryAfterMs !== undefined && <>{texts.message.wait(minutesOf(retryAfterMs))} </>}
          {next}
        </p>
      </div>
      {(userCode !== undefined || clientId !== undefined) && (
        <div class="card">
          <Facts>
            {userCode !== undefined && (
              <Fact name={texts.message.code}>
                <code>
                  <Untrusted most={40}>{userCode}</Untrusted>
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
      {retry === undefined && onward !== undefined && (
        <Action href={onward === 'seeDevices' ? paths.keys : paths.verify}>
          {texts.message[onward]}
        </Action>
      )}
      {retry !== undefined && <Action href={retry}>{texts.message[LINKS[kind] ?? 'retry']}</Action>}
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
