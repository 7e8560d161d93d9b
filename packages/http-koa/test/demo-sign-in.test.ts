import { demoSignIn } from '@device-grant/http-koa'
import test from 'ava'

test.serial('a sign-in without passwords is refused in production unless it is allowed', (t) => {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    t.throws(() => demoSignIn(), { message: /checks no password/ })
    t.is(typeof demoSignIn({ allowInProduction: true }), 'function')
    process.env['NODE_ENV'] = 'test'
    t.is(typeof demoSignIn(), 'function')
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
})
