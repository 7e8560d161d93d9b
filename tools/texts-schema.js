// Writes the JSON Schema of TEXTS_FILE, whenever the English texts have changed: npm run texts-schema
import { writeFileSync } from 'node:fs'
import { textsSchema } from '../packages/http-koa/dist/index.js'

const text = `${JSON.stringify(textsSchema(), undefined, 2)}\n`
writeFileSync('apps/server/texts.schema.json', text)
