/** English, and the shape of every other catalog. */
export const en = {
  page: {
    /** What the service calls itself. */
    product: 'Device sign-in',
    /** How the language is written. */
    direction: 'ltr' as 'ltr' | 'rtl',
    signedInAs: 'Signed in as',
    navigation: 'Your account',
    connectedDevices: 'Connected devices',
    signOut: 'Sign out',
    /** Before the title of a page on which something has to be corrected. */
    error: 'Error:',
    justNow: 'just now',
  },
  /** Words for what is known of a device, on several pages. */
  device: {
    program: 'Program',
    unnamed: 'A program without a name',
    unnamedHint: 'It did not say what it is called.',
    trusted: 'Known to us',
    unverified: 'Unverified',
    unverifiedHint: 'We do not know this program. Any program can use this name.',
    scopes: 'Wants access to',
    noScope: 'It named no particular rights',
    scopeCount: (count: number): string => `${count} rights`,
    address: 'From address',
    unknownAddress: 'Unknown',
    userAgent: 'Software (as it says itself)',
    unknownUserAgent: 'It did not say',
  },
  enterCode: {
    title: 'Connect a device',
    intro: 'Type the code that your device shows.',
    label: 'Code',
    hint: 'Capital or small letters, with or without dashes.',
    submit: 'Continue',
    invalid:
      'This code is not valid. Compare it with your device, letter by letter. If it is some minutes old, ask the device for a new one. If you have just opened it while signed in as somebody else, wait two minutes.',
    expired: 'This code has run out. Ask your device for a new one, and type that.',
    attemptsLeft: (count: number): string =>
      count <= 0
        ? 'This was the last try for now.'
        : count === 1
          ? 'You have one try left.'
          : `You have ${count} tries left.`,
    warning:
      'Only type a code that you see on a device of your own. Nobody from our side ever sends you one.',
  },
  confirm: {
    title: 'Connect this device?',
    compare: 'Compare with your device',
    compareHow: 'Your device must show exactly this code. If it shows another one, or none, deny.',
    warningTitle: 'Did somebody send you this code or link?',
    warning:
      'Then deny. Whoever sent it would get into your account. Approve only what you have just started yourself, on a device in front of you.',
    elsewhereTitle: 'The device asks from another address',
    elsewhereDevice: 'The device asked from',
    elsewhereYou: 'You are at',
    elsewhere:
      'This can be in order: a server far away, a mobile network, a VPN. If you cannot explain it, deny.',
    otherFamily: 'One of you uses IPv4 and the other IPv6, so the places cannot be compared.',
    whoAsks: 'Who is asking',
    requested: 'Started',
    result: 'What happens when you approve',
    resultText:
      'An API key is made for this device, and it can act in your name. You can revoke it at any time under “Connected devices”.',
    keyName: 'Name of the key',
    keyExpires: 'It expires',
    /** Before the code, beside the buttons. */
    myDeviceShows: 'My device shows',
    deny: 'Deny',
    approve: 'Approve',
  },
  /** Words of all pages that only say something. */
  message: {
    code: 'Code',
    approve: 'You had approved it yourself.',
    deny: 'You had denied it yourself.',
    retry: 'Try again',
    signIn: 'Sign in',
    goOnSigningOut: 'Continue signing out',
    anotherCode: 'Enter another code',
    enterCode: 'Enter a code',
    signInAgain: 'Sign in again',
    seeDevices: 'See your connected devices',
    wait: (minutes: number): string =>
      minutes === 1 ? 'Wait one minute.' : `Wait ${minutes} minutes.`,
  },
  /** What happened, and what to do. */
  messages: {
    approved: {
      title: 'Device connected',
      text: 'You approved it. Go back to your device: it continues by itself in a few seconds.',
      next: 'You can close this page.',
    },
    denied: {
      title: 'Device denied',
      text: 'The device gets no access. If you did not start this yourself, nothing more is needed.',
      next: 'You can close this page.',
    },
    expired: {
      title: 'This code has run out',
      text: 'Codes live for a few minutes only. Nothing was approved.',
      next: 'Go back to your device and start again there: it shows a new code. You can close this page.',
    },
    already_processed: {
      title: 'This code has been answered',
      text: 'It was answered before, and a code can be answered only once.',
      next: 'Look at your device. If it still waits, start again there to get a new code. Otherwise you can close this page.',
    },
    too_many_attempts: {
      title: 'Too many wrong codes',
      text: 'To protect everybody’s devices, you cannot enter codes for a while.',
      next: 'Then ask your device for a new code and enter that. Until then you can close this page.',
    },
    sign_in_failed: {
      title: 'You are not signed in',
      text: 'Signing in did not work, or was cancelled. Nothing was approved.',
      next: 'Try again. If it fails again, start once more on your device. Cookies must be allowed.',
    },
    session_ended: {
      title: 'Please sign in again',
      text: 'Your sign-in has ended, so what you sent was not taken. Nothing was changed.',
      next: 'Sign in, and send it again.',
    },
    signed_out: {
      title: 'You are signed out',
      text: 'Your connected devices stay connected.',
      next: 'You can close this page.',
    },
    signing_out: {
      title: 'Signing you out…',
      text: 'You are signed out here, but not yet where you signed in.',
      next: 'If this page does not go on by itself, continue signing out here.',
    },
    key_not_created: {
      title: 'The device is not connected yet',
      text: 'We have trouble on our side and could not make its key. Nothing was approved.',
      next: 'Wait a moment and try again: the code is still good until it runs out.',
    },
    unknown_outcome: {
      title: 'We cannot tell whether it worked',
      text: 'We have trouble on our side, just while your answer was being written down.',
      next: 'Look at your device: if it continues, all is well and you can close this page. Otherwise try again; answering twice does no harm.',
    },
    revocation_unknown: {
      title: 'We cannot tell whether it worked',
      text: 'We have trouble on our side. Some of your devices may have lost their access, others not.',
      next: 'Wait a moment, look at your connected devices and revoke again what is still there. That does no harm.',
    },
    unavailable: {
      title: 'Out of order for a moment',
      text: 'We have trouble on our side. Nothing was changed.',
      next: 'Wait a moment and try again. Your device keeps waiting until its code runs out.',
    },
    form_refused: {
      title: 'Please send that again',
      text: 'The form was too old, you had signed in anew, or it did not come from our own page. Nothing was changed.',
      next: 'Open the page anew and answer there. If you came from somebody else’s page, close it. Cookies must be allowed.',
    },
    bad_request: {
      title: 'We did not understand that',
      text: 'Something was missing from what your browser sent. Nothing was changed.',
      next: 'Go back and try again.',
    },
    not_found: {
      title: 'There is nothing here',
      text: 'This page does not exist, or not any more.',
      next: 'If you were sent here by a device, enter the code that it shows.',
    },
    not_allowed: {
      title: 'This page cannot be opened directly',
      text: 'It only takes what one of our forms sends. Nothing was changed.',
      next: 'If you were sent here by a device, enter the code that it shows.',
    },
    fault: {
      title: 'Something went wrong',
      text: 'The fault is on our side, and it has been written down.',
      next: 'Wait a moment and try again. If your device has stopped waiting, start again there.',
    },
  },
  keys: {
    title: 'Connected devices',
    intro: 'These devices and programs hold a key to your account. Revoke what you do not know.',
    empty: 'No device is connected to your account.',
    enterCode: 'Connect a device',
    waiting: 'Waiting for the device',
    active: 'Active',
    approved: 'Approved',
    scopes: 'Has access to',
    noScope: 'No particular rights named',
    lastUsed: 'Last used',
    neverUsed: 'Not yet',
    expires: 'Expires',
    lapses: 'Must be fetched by',
    revoke: 'Revoke',
    revokeAll: 'Revoke all…',
    revokeAllWarning: (count: number): string =>
      count === 1
        ? 'The one device on this page loses its access at once.'
        : `All ${count} devices on this page lose their access at once.`,
    revokeAllConfirm: 'Yes, revoke all',
    revoked: 'The key is revoked: its device has no access any more.',
    revoked_all: 'All keys are revoked: no device has access any more.',
  },
  signIn: {
    title: 'Sign in',
    intro: 'This is a demonstration: it believes any name and asks for no password.',
    label: 'Your name',
    hint: 'Any name will do. The same name is the same person.',
    submit: 'Sign in',
    nameMissing: 'Please type a name.',
  },
}

/** All that pages say, in one language. */
export type Texts = typeof en
