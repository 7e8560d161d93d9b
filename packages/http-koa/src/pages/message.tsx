import type { VNode } from 'preact'
import { Fact, Facts } from './facts.tsx'
import { Layout } from './layout.tsx'
import type { MessageKind, MessageView, Page } from './pages.ts'
import { Untrusted } from './untrusted.tsx'

const TONES: Readonly<Record<MessageKind, 'good' | 'warn' | 'bad'>> = {
  approved: 'good',
  denied: 'good',
  expired: 'warn',
  already_processed: 'warn',
  too_many_wrong_codes: 'bad',
  sign_in_failed: 'bad',
  session_ended: 'warn',
  signed_out: 'good',
  signing_out: 'warn',
  key_not_created: 'bad',
  unknown_outcome: 'warn',
  unavailable: 'bad',
  form_refused: 'bad',
  bad_request: 'bad',
  not_found: 'warn',
  fault: 'bad',
}

/** What the link of `retry` says, where it is more than trying again. */
const LINKS: { readonly [kind in MessageKind]?: 'signIn' | 'goOnSigningOut' } = {
  session_ended: 'signIn',
  signing_out: 'goOnSigningOut',
}

/** After these, another code may follow. */
const CODE_NEXT: ReadonlySet<MessageKind> = new Set(['expired', 'already_processed', 'not_found'])

/** What happened, and what to do now. */
export const MessagePage = ({
  page,
  view: { kind, userCode, clientId, yours, retry },
}: {
  readonly page: Page
  readonly view: MessageView
}): VNode => {
  const { texts, paths, person } = page
  const { title, text, next } = texts.messages[kind]
  const tone = TONES[kind]
  const known = userCode !== undefined || clientId !== undefined
  return (
    <Layout page={page} title={title}>
      <div class={`message ${tone}`} role={tone === 'good' ? 'status' : 'alert'}>
        <p>{text}</p>
        {yours !== undefined && <p>{texts.message[yours]}</p>}
        <p>{next}</p>
      </div>
      {known && (
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
                <Untrusted>{clientId}</Untrusted>
              </Fact>
            )}
          </Facts>
        </div>
      )}
      <div class="actions">
        {retry !== undefined && (
          <a class="button" href={retry}>
            {texts.message[LINKS[kind] ?? 'retry']}
          </a>
        )}
        {retry === undefined && CODE_NEXT.has(kind) && (
          <a class="button" href={paths.verify}>
            {texts.message.anotherCode}
          </a>
        )}
        {kind === 'approved' && person !== undefined && (
          <a class="button" href={paths.keys}>
            {texts.message.seeDevices}
          </a>
        )}
      </div>
    </Layout>
  )
}
