import type { VNode } from 'preact'
import { directionOf } from './direction.ts'
import type { Page } from './pages.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * The time from `now` to `at` in words: `in 24 hours`, `2 minutes ago`, `now`.
 * @param at epoch milliseconds
 * @param now epoch milliseconds
 */
export const relativeTime = (locale: string, at: number, now: number): string => {
  const difference = at - now
  // Future times are rounded to minutes, so a code issued a second ago still expires in 10 minutes.
  const [unit, size] = unitOf(
    difference < MINUTE ? Math.abs(difference) : Math.round(difference / MINUTE) * MINUTE,
  )
  const { nowInWords, words: inWords } = formatsOf(locale)
  const words = size === 0 ? nowInWords : inWords
  const count = size === 0 ? 0 : difference / size
  return words.format(difference < 0 ? Math.trunc(count) : Math.round(count), unit)
}

/**
 * A duration in words, in the largest unit that holds it exactly: `30 days`.
 * @param ms a whole number of seconds, in milliseconds
 */
export const duration = (locale: string, ms: number): string => {
  const [unit, size] = DURATION_UNITS.find(([, length]) => ms % length === 0) ?? ['second', SECOND]
  return formatsOf(locale).durations[unit].format(ms / size)
}

type DurationUnit = 'day' | 'hour' | 'minute' | 'second'

const DURATION_UNITS: readonly (readonly [DurationUnit, number])[] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
]

interface Formats {
  /** Formats a time of less than a minute as `now`. */
  readonly nowInWords: Intl.RelativeTimeFormat
  readonly words: Intl.RelativeTimeFormat
  readonly dateAndTime: Intl.DateTimeFormat
  readonly date: Intl.DateTimeFormat
  readonly durations: Readonly<Record<DurationUnit, Intl.NumberFormat>>
}

/** The shorter Arabic form of a date is a row of numbers with invisible direction marks. */
const dateStyleOf = (locale: string): 'medium' | 'long' =>
  directionOf(locale) === 'rtl' ? 'long' : 'medium'

const formats = new Map<string, Formats>()

/** The formats of a locale. Each is made once, because making one takes longer than a whole page. */
const formatsOf = (locale: string): Formats => {
  const known = formats.get(locale)
  if (known) return known
  const made: Formats = {
    nowInWords: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
    words: new Intl.RelativeTimeFormat(locale, { numeric: 'always' }),
    dateAndTime: new Intl.DateTimeFormat(locale, {
      dateStyle: dateStyleOf(locale),
      timeStyle: 'short',
      timeZone: 'UTC',
    }),
    date: new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }),
    durations: {
      day: durationFormat(locale, 'day'),
      hour: durationFormat(locale, 'hour'),
      minute: durationFormat(locale, 'minute'),
      second: durationFormat(locale, 'second'),
    },
  }
  formats.set(locale, made)
  return made
}

const durationFormat = (locale: string, unit: DurationUnit): Intl.NumberFormat =>
  new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })

const unitOf = (length: number): [Intl.RelativeTimeFormatUnit, number] => {
  if (length < MINUTE) return ['second', 0]
  if (length < HOUR) return ['minute', MINUTE]
  if (length < 2 * DAY) return ['hour', HOUR]
  return ['day', DAY]
}

/** A duration in milliseconds as whole minutes, rounded up, at least 1. */
export const wholeMinutes = (ms: number): number => Math.max(1, Math.ceil(ms / MINUTE))

/** A moment in the reader's language: the relative time first, then date and time in UTC. */
export const Moment = ({
  page,
  at,
}: {
  readonly page: Page
  /** Epoch milliseconds. */
  readonly at: number
}): VNode => {
  const { locale } = page
  const date = new Date(at)
  return (
    <>
      {agoInWords(page, at)}{' '}
      <span class="quiet small whole">
        (
        <time datetime={date.toISOString()} data-style={dateStyleOf(locale)} data-time="short">
          {formatsOf(locale).dateAndTime.format(date)} UTC
        </time>
        )
      </span>
    </>
  )
}

/** A day in the reader's language, in UTC: `26 December 2026`. */
export const Day = ({
  page: { locale },
  at,
}: {
  readonly page: Page
  /** Epoch milliseconds. */
  readonly at: number
}): VNode => {
  const date = new Date(at)
  return (
    <time datetime={date.toISOString()} data-style="long">
      {formatsOf(locale).date.format(date)}
    </time>
  )
}

/** How long ago a moment was, in words. */
export const Ago = ({ page, at }: { readonly page: Page; readonly at: number }): VNode => (
  <time datetime={new Date(at).toISOString()}>{agoInWords(page, at)}</time>
)

/** How long ago a moment was: `2 minutes ago`. */
const agoInWords = ({ locale, now, texts }: Page, at: number): string =>
  at <= now && now - at < MINUTE ? texts.page.justNow : relativeTime(locale, at, now)
