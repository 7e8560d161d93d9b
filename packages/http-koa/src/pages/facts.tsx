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

/** What a device asked for: every scope of a scope parameter (RFC 6749 section 3.3), none left out. */
export const Scopes = ({
  page,
  scope,
}: {
  readonly page: Page
  readonly scope?: string | undefined
}): VNode => {
  const scopes = (scope ?? '').split(/\s+/).filter((one) => one !== '')
  if (scopes.length === 0) return <>{page.texts.device.noScope}</>
  return (
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
}
