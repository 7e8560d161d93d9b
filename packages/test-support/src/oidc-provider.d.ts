/** The part of a package without types that these tests use. */
declare module 'oidc-provider' {
  import type Koa from 'koa'

  export default class Provider extends Koa {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
  }
}
