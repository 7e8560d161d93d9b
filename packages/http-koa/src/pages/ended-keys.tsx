import type { VNode } from 'preact'
import { Fact, Facts } from './facts.tsx'
import { KeyName, translateKeyName } from './key-name.tsx'
import { Note } from './note.tsx'
import type { Page, ShownEndedKey } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { Program, ProgramName, programName, programOf } from './program.tsx'
import { FilledIn } from './texts/fill-in.tsx'
import { Ago, Moment } from './times.tsx'

/** Warns of keys that were found in a public place. */
export const LeakedKeys = ({
  page,
  ended,
}: {
  readonly page: Page
  readonly ended: readonly ShownEndedKey[]
}): VNode => {
  const { leakedTitle, leaked } = page.texts.keys
  return (
    <>
      {ended
        .filter(({ ending }) => ending === 'secret_scanning')
        .map((item) => {
          const name = item.deviceName ?? programName(programOf(page, item))
          const deviceName = <PrintableText>{name}</PrintableText>
          return (
            <Note
              key={item.id}
              id={`leaked-${item.id}`}
              tone="bad"
              title={<FilledIn locale={page.locale} text={leakedTitle} values={{ deviceName }} />}
            >
              <p>
                {leaked} <Place>{item.place ?? '?'}</Place>
              </p>
            </Note>
          )
        })}
    </>
  )
}

/** The keys that have ended, each as a line that opens to what is known of it. */
export const EndedKeys = ({
  page,
  ended,
}: {
  readonly page: Page
  readonly ended: readonly ShownEndedKey[]
}): VNode | undefined => {
  const texts = page.texts.keys
  if (ended.length === 0) return undefined
  return (
    <section aria-labelledby="ended">
      <h2 id="ended">{texts.ended}</h2>
      <ul class="keys">
        {ended.map((item) => {
          const { id, deviceName, endedAt, ending } = item
          return (
            <li class="card" key={id}>
              <details class="key">
                <summary>
                  <strong>
                    {deviceName === undefined ? (
                      <ProgramName {...programOf(page, item)} />
                    ) : (
                      <PrintableText>{deviceName}</PrintableText>
                    )}
                  </strong>
                  <span class="key-line quiet small">
                    <span>{texts.endings[ending]}</span>
                    {endedAt !== undefined && (
                      <span>
                        <Ago page={page} at={endedAt} />
                      </span>
                    )}
                  </span>
                </summary>
                <EndedKeyFacts page={page} item={item} />
              </details>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** What is known of a key that has ended. */
export const EndedKeyFacts = ({
  page,
  item,
}: {
  readonly page: Page
  readonly item: ShownEndedKey
}): VNode => {
  const { keys: texts, confirm, device } = page.texts
  const { ending, place, endedAt, deviceName, lastUsedAt } = item
  return (
    <Facts>
      <Fact name={texts.endedBecause}>
        {texts.endings[ending]} {place !== undefined && <Place>{place}</Place>}
      </Fact>
      {deviceName !== undefined && (
        <Fact name={device.deviceName}>
          <PrintableText>{deviceName}</PrintableText>
        </Fact>
      )}
      <Fact name={device.program}>
        <Program {...programOf(page, item)} />
      </Fact>
      <Fact name={confirm.keyName}>
        <KeyName>{translateKeyName(item.name, page)}</KeyName>
      </Fact>
      <Fact name={texts.approved}>
        <Moment page={page} at={item.approvedAt} />
      </Fact>
      {lastUsedAt !== undefined && (
        <Fact name={texts.lastUsed}>
          <Moment page={page} at={lastUsedAt} />
        </Fact>
      )}
      {endedAt !== undefined && (
        <Fact name={texts.endedAt}>
          <Moment page={page} at={endedAt} />
        </Fact>
      )}
    </Facts>
  )
}

/** A place where a key was found. An https URL is a link. */
const Place = ({ children }: { readonly children: string }): VNode => {
  const url = URL.canParse(children) ? new URL(children) : undefined
  const text = <PrintableText>{children}</PrintableText>
  if (url?.protocol !== 'https:') return text
  return (
    <a href={url.href} rel="noreferrer">
      {text}
    </a>
  )
}
