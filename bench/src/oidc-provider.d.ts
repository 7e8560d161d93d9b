/** The part of a package without types that the comparison uses. */
declare module 'oidc-provider' {
  import type Koa from 'koa'

  interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  export default class Provider extends Koa {
    readonly Grant: new (
      fields: Readonly<Record<string, unknown>>,
    ) => Grant
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
  }
}
