/** The databases of the stores. */
export const STATE_DATABASES = [
  'grants',
  'user_codes',
  'code_attempts',
  'used_assertions',
  'api_keys',
  'cut_offs',
] as const

/** The database in which states are found by their `keepUntil` and other members. */
export const INDEX = 'index'
