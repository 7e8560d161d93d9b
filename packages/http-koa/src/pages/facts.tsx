import { type CatalogueScopes, textIn } from '@device-grant/core'
import type { ComponentChildren, VNode } from 'preact'
import type { Page } from './pages.ts'
import { PrintableText } from './printable-text.tsx'
import { fillIn } from './texts/fill-in.tsx'

/** A list of names and values. */
export const Facts = ({ children }: { readonly children: ComponentChildren }): VNode => (
  <dl class="facts">{children}</dl>
)

/** One name with its value. */
export const Fact = ({
  name,
  children,
}: {
  readonly name: string
  readonly children: ComponentChildren
}): VNode => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** Longer lists can be collapsed. */
const MANY_SCOPES = 10

/**
 * Every scope of a `scope` parameter (RFC 6749 section 3.3), none cut or left out. A scope of the
 * catalogue is a sentence.
 */
export const Scopes = ({
  page,
  scope,
  none,
  catalogue,
}: {
  readonly page: Page
  readonly scope?: string | undefined
  readonly catalogue?: CatalogueScopes | undefined
  /** Shown when there are no scopes. */
  readonly none: string
}): VNode => {
  const scopes = (scope ?? '').split(/\s+/).filter((name) => name !== '')
  if (scopes.length === 0) return <>{none}</>
  const list = (
    <ul class="scopes">
      {scopes.map((name) => {
        const entry = catalogue?.get(name)
        return (
          <li key={name}>
            {entry ? (
              textIn(entry.description, page.locale)
            ) : (
              <code>
                <PrintableText maxLength={Number.POSITIVE_INFINITY}>{name}</PrintableText>
              </code>
            )}
          </li>
        )
      })}
    </ul>
  )
  if (scopes.length <= MANY_SCOPES) return list
  return (
    <details open>
      <summary>
        {fillIn(page.locale, page.texts.device.scopeCount, { count: scopes.length })}
      </summary>
      {list}
    </details>
  )
}
