/** Defines `writeTime`, which writes a `<time>` in the reader's language and time zone. */
export const WRITE_TIME: string = `const writeTime = (time) => {
  const { style: dateStyle, time: timeStyle } = time.dataset
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle, timeStyle })
  time.textContent = format.format(new Date(time.dateTime))
}`

/** Writes times in the reader's time zone. Without it, pages show them in UTC. */
export const TIMES_SCRIPT: string = `{
${WRITE_TIME}
for (const time of document.querySelectorAll('time[data-style]')) writeTime(time)
}
`
