/** What is wrong with the URI of a resource (RFC 8707 section 2), if anything. */
export const resourceProblem = (text: string): string | undefined =>
  /^[a-z][a-z\d+.-]*:[^\s#]+$/i.test(text) && URL.canParse(text)
    ? undefined
    : 'must be an absolute URI without fragment'
