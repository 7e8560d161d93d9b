import type { VNode } from 'preact'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How far `at` is from `now`, in words: `in 24 hours`, `2 minutes ago`, `now`. */
export const distance = (locale: string, at: number, now: number): string => {
  const away = at - now
  const [unit, size] = unitOf(Math.abs(away))
  const words = new Intl.RelativeTimeFormat(locale, { numeric: size === 0 ? 'auto' : 'always' })
  return words.format(size === 0 ? 0 : Math.trunc(away / size), unit)
}

const unitOf = (length: number): [Intl.RelativeTimeFormatUnit, number] => {
  if (length < MINUTE) return ['second', 0]
  if (length < HOUR) return ['minute', MINUTE]
  if (length < 2 * DAY) return ['hour', HOUR]
  return ['day', DAY]
}

/** A moment in the reader's language: the distance in words first, then date and time in UTC. */
export const Moment = ({
  locale,
  at,
  now,
}: {
  readonly locale: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Epoch milliseconds. */
  readonly now: number
}): VNode => {
  const date = new Date(at)
  const format = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' } as const
  return (
    <>
      {distance(locale, at, now)}{' '}
      <time class="quiet small" datetime={date.toISOString()}>
        ({new Intl.DateTimeFormat(locale, format).format(date)} UTC)
      </time>
    </>
  )
}
