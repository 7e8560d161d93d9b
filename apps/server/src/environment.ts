/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Reads environment variables, and collects an error for each one that is invalid. */
export class Environment {
  /** Says what is wrong with each invalid variable. */
  readonly errors: string[] = []
  readonly #variables: Variables
  readonly #secrets: Variables

  /** @param secrets variables that a file holds */
  constructor(variables: Variables, secrets: Variables = {}) {
    this.#variables = variables
    this.#secrets = secrets
  }

  /** The text of a variable without spaces around it, or `undefined` if nothing is left. */
  text(name: string): string | undefined {
    return (this.#secrets[name] ?? this.#variables[name])?.trim() || undefined
  }

  /** A decimal number without sign and fraction, from `min` to `max`. */
  wholeNumber<D extends number | undefined>(
    name: string,
    { byDefault, min, max }: { byDefault: D; min: number; max: number },
  ): number | D {
    const text = this.text(name)
    if (text === undefined) return byDefault
    return this.#wholeNumber(text, name, { min, max }) ?? byDefault
  }

  /** The numbers of a list that is separated by commas. Entries that are wrong are left out. */
  wholeNumbers(name: string, limits: { min: number; max: number }): number[] {
    return this.list(name).flatMap(
      (text, i) => this.#wholeNumber(text, `${name}: entry ${i + 1}`, limits) ?? [],
    )
  }

  #wholeNumber(
    text: string,
    place: string,
    { min, max }: { min: number; max: number },
  ): number | undefined {
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    this.errors.push(`${place} must be a whole number from ${min} to ${max}, not ${quote(text)}`)
    return undefined
  }

  oneOf<T extends string>(name: string, values: readonly T[], byDefault: T): T {
    const text = this.text(name) ?? byDefault
    const found = values.find((value) => value === text)
    if (found === undefined) {
      this.errors.push(`${name} must be one of ${values.join(', ')}, not ${quote(text)}`)
    }
    return found ?? byDefault
  }

  /** The entries of a list that is separated by commas. */
  list(name: string): string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean)
  }

  /** The text of a variable that another setting makes necessary. */
  required(name: string, setting: string): string {
    const text = this.text(name)
    if (text === undefined) this.errors.push(`${name} is required for ${setting}`)
    return text ?? ''
  }
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
