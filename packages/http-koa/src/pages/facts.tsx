import type { ComponentChildren, VNode } from 'preact'
import type { Page } from './pages.ts'
import { Untrusted } from './untrusted.tsx'

/** Names and values, one below the other. */
export const Facts = ({ children }: { readonly children: ComponentChildren }): VNode => (
  <dl class="facts">{children}</dl>
)

/** One name and its value. */
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

/** More can be folded away. */
const MANY_SCOPES = 10

/** What a device asked for: every scope of a scope parameter (RFC 6749 section 3.3), none left out. */
export const Scopes = ({
  page,
  scope,
  none,
}: {
  readonly page: Page
  readonly scope?: string | undefined
  /** What stands there when there are none. */
  readonly none: string
}): VNode => {
  const scopes = (scope ?? '').split(/\s+/).filter((one) => one !== '')
  if (scopes.length === 0) return <>{none}</>
  const list = (
    <ul class="scopes">
      {scopes.map((one) => (
        <li key={one}>
          <code>
            <Untrusted most={Number.POSITIVE_INFINITY}>{one}</Untrusted>
          </code>
        </li>
      ))}
    </ul>
  )
  if (scopes.length <= MANY_SCOPES) return list
  return (
    <details open>
      <summary>{page.texts.device.scopeCount(scopes.length)}</summary>
      {list}
    </details>
  )
}
