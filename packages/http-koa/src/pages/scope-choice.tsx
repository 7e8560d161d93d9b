import { type CatalogueScope, textIn } from '@device-grant/core'
import type { VNode } from 'preact'
import type { Page } from './pages.ts'

/** A scope of the catalogue that a client asks for. */
export interface ChoosableScope {
  readonly name: string
  readonly entry: CatalogueScope
}

/** Scopes in sentences, with a box for each. A required one cannot be taken away. */
export const ScopeChoice = ({
  page,
  scopes,
  chosen,
}: {
  readonly page: Page
  readonly scopes: readonly ChoosableScope[]
  /** The names of the ticked scopes. Absent: all are ticked. */
  readonly chosen?: readonly string[] | undefined
}): VNode => {
  const { confirm: texts, device } = page.texts
  return (
    <fieldset>
      <legend>{texts.permissions}</legend>
      <input type="hidden" name="scopes_shown" value="1" />
      {scopes.length === 0 && (
        <>
          <p>{device.noPermissions}</p>
          <p>{texts.nothingOffered}</p>
        </>
      )}
      {scopes.map(({ name, entry }, i) => {
        const { required = false, sensitive = false } = entry
        const id = `scope-${i}`
        const field = `scope:${name}`
        return (
          <div class="choice" key={name}>
            <input
              type="checkbox"
              id={id}
              name={field}
              value="on"
              checked={required || (chosen?.includes(name) ?? true)}
              disabled={required}
              autocomplete="off"
            />
            {required && <input type="hidden" name={field} value="on" />}
            <label for={id}>
              {textIn(entry.description, page.locale)}
              {required && (
                <>
                  {' '}
                  <span class="badge">{device.required}</span>
                </>
              )}
              {sensitive && (
                <>
                  {' '}
                  <span class="badge warn">{device.sensitive}</span>
                </>
              )}
            </label>
          </div>
        )
      })}
      {scopes.some(({ entry }) => !entry.required) && (
        <p class="quiet small">{texts.permissionsHow}</p>
      )}
    </fieldset>
  )
}
