import type { ComponentChildren, VNode } from 'preact'

/** A warning with a title. */
export const Note = ({
  id,
  title,
  children,
}: {
  /** The id of the title element, unique on the page. */
  readonly id: string
  readonly title: string
  readonly children: ComponentChildren
}): VNode => (
  <div class="note warn" role="note" aria-labelledby={id}>
    <strong id={id}>{title}</strong>
    {children}
  </div>
)
