/** What these tests use of a package that has no types of its own. */
declare module 'oidc-provider' {
  import type Koa from 'koa'

  export default class Provider extends Koa {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
  }
}
