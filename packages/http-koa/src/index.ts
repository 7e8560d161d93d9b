export type {
  AuthenticateClientsOptions,
  ClientRefusalReason,
} from './clients/authenticate-clients.ts'
export { authenticateClients } from './clients/authenticate-clients.ts'
export type { Pause } from './clients/held-answers.ts'
export { DEVICE_CODE_GRANT } from './device/grant-type.ts'
export type {
  ClientEndpoint,
  ClientError,
  ClientIdentification,
  ClientIdentity,
  IdentifyClient,
  KnownClient,
  UnavailableClient,
} from './device/identify-client.ts'
export { bodyField } from './http/body-field.ts'
export { ANY_ORIGIN, type CorsPolicy, frontEndCors } from './http/cors.ts'
export type {
  AddressDescription,
  AddressDescriptions,
  DescribeAddress,
} from './http/describe-addresses.ts'
export { sendJson } from './http/json-response.ts'
export { isHttpsOrLoopback, isLoopback } from './http/loopback.ts'
export { parsePublicUrl } from './http/public-url.ts'
export type { ReportError } from './http/report-error.ts'
export type { Route, RouteMethod, RouteTable } from './http/route-table.ts'
export {
  allowedMethods,
  createRouteTable,
  pathParameter,
  routePathOf,
  sendMethodNotAllowed,
} from './http/route-table.ts'
export { parseVerificationUri } from './http/verification-uri.ts'
export { AccentColorError, accentColorCss } from './pages/accent-color.ts'
export { ConfirmPage } from './pages/confirm.tsx'
export type { Brand, PagesOptions, Template } from './pages/create-pages.tsx'
export { createPages } from './pages/create-pages.tsx'
export { EnterCodePage } from './pages/enter-code.tsx'
export { Fact, Facts } from './pages/facts.tsx'
export { HomePage } from './pages/home.tsx'
export { KeysPage } from './pages/keys.tsx'
export type { KeysQuery } from './pages/keys-query.ts'
export { CsrfToken, Layout } from './pages/layout.tsx'
export { MessagePage } from './pages/message.tsx'
export type {
  Asset,
  BrandLinks,
  ChoiceProblem,
  Choices,
  ConfirmView,
  EnterCodeRefusal,
  EnterCodeView,
  HomeView,
  KeysView,
  LayoutView,
  Logo,
  MessageKind,
  MessageView,
  Page,
  PageContext,
  PageLayout,
  PagePart,
  Pages,
  PageViews,
  ShownEndedKey,
  ShownKey,
  SignInView,
} from './pages/pages.ts'
export { PrintableText as Untrusted } from './pages/printable-text.tsx'
export { SignInPage } from './pages/sign-in.tsx'
export type { Values } from './pages/texts/fill-in.tsx'
export { FilledIn, fillIn } from './pages/texts/fill-in.tsx'
export { languageTagProblem } from './pages/texts/language-tag.ts'
export { missingTexts, type TextProblem, textProblems } from './pages/texts/text-problems.ts'
export type { Pattern, Plural, SomeTexts, Texts } from './pages/texts/texts.ts'
export { textsSchema } from './pages/texts/texts-schema.ts'
export type { Paths } from './paths.ts'
export type { TrustedClients } from './person/trusted-clients.ts'
export type { ApiKeyState, RequireApiKeyOptions } from './require-api-key.ts'
export { requireApiKey } from './require-api-key.ts'
export type { DeviceGrantRouter, DeviceGrantRouterOptions } from './router.ts'
export { createDeviceGrantRouter } from './router.ts'
export type { AddressSet } from './security/client-address.ts'
export { addressSet, clientAddress } from './security/client-address.ts'
export type { Session, Sessions } from './security/sessions.ts'
export type { SignedCookies } from './security/signed-cookies.ts'
export type { CheckForProxiesOptions } from './services/check-for-proxies.ts'
export { checkForProxies } from './services/check-for-proxies.ts'
export type { Introspection, IntrospectionOptions } from './services/introspection.ts'
export { introspection } from './services/introspection.ts'
export type { ProtectedResourceOptions } from './services/protected-resource.ts'
export { protectedResource, protectedResourceUrl } from './services/protected-resource.ts'
export { type DemoSignInOptions, demoSignIn } from './sign-in/demo.ts'
export type { ForwardedGroups, ForwardedSignInOptions } from './sign-in/forwarded.ts'
export { forwardedSignIn } from './sign-in/forwarded.ts'
export type { OidcClaims, OidcSignInFailure, OidcSignInOptions } from './sign-in/oidc.ts'
export { oidcSignIn } from './sign-in/oidc.ts'
export type { Person } from './sign-in/person.ts'
export type { BeginOptions, SignIn, SignInFactory } from './sign-in/sign-in.ts'
export type { SignInHost } from './sign-in/sign-in-host.ts'
