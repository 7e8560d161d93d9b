/** The address and program that a request came from. Self-reported or spoofable, so never a proof. */
export interface DeviceInfo {
  /** IP address as the server saw it. */
  readonly address?: string | undefined
  /** The `User-Agent` header, shortened by the caller. */
  readonly userAgent?: string | undefined
  /**
   * Origin of the web page that sent the request, `null` if the page hides it. Then `address` is the one of
   * the page's visitor. Absent if no web page sent it.
   */
  readonly webOrigin?: string | undefined
  /**
   * Address of a proxy that forwarded the request without being trusted. Then `address` is that proxy's
   * own, and the device's is unknown. Any client can send the headers that lead to this.
   */
  readonly unlistedProxy?: string | undefined
}

/** What a client asked for in its device authorization request (RFC 8628 section 3.1). */
export interface DeviceAuthorizationRequest {
  /** Absent when the client sent none. Only the same client may poll. */
  readonly clientId?: string | undefined
  /** Scopes separated by spaces (RFC 6749 section 3.3). */
  readonly scope?: string | undefined
  /** The resources that the key will be for, as URIs (RFC 8707). Absent: for every resource. */
  readonly resources?: readonly string[] | undefined
  /** The device's own name for itself, as `readDeviceName` cleans it. It proves nothing. */
  readonly deviceName?: string | undefined
  /** True if the client proved who it is. Absent for public clients. */
  readonly clientAuthenticated?: true | undefined
  readonly device: DeviceInfo
}
