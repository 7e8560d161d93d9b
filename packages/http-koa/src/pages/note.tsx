import type { ComponentChildren, VNode } from 'preact'

/** A warning with a title. */
export const Note = ({
  id,
  title,
  tone = 'warn',
  children,
}: {
  /** The id of the title element, unique on the page. */
  readonly id: string
  readonly title: ComponentChildren
  /** `bad` for the strongest warning of a page. */
  readonly tone?: 'warn' | 'bad' | undefined
  readonly children: ComponentChildren
}): VNode => (
  <div class={`note ${tone}`} role="note" aria-labelledby={id}>
    <strong id={id}>{title}</strong>
    {children}
  </div>
)
