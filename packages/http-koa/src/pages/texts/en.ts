/**
 * The English texts. They are the type of every other catalog: the groups, the texts, their placeholders,
 * and which of them have plural forms.
 */
export const en = {
  page: {
    /** The name of the service. */
    product: 'Device sign-in',
    signedInAs: 'Signed in as',
    navigation: 'Your account',
    connectedDevices: 'Connected devices',
    signOut: 'Sign out',
    /** Before the page title when the form has an error. */
    error: 'Error:',
    justNow: 'just now',
    languages: 'Languages',
    support: 'Help',
    privacy: 'Privacy',
    imprint: 'Imprint',
  },
  /** Texts about a device and its key, shared by several pages. */
  device: {
    program: 'Program',
    unnamed: 'Unnamed program',
    unnamedHint: 'It didn’t give a name.',
    verified: 'Verified',
    verifiedProgram: 'This program has proved its identity.',
    unverified: 'Unverified',
    unknownProgram: 'We don’t know this program.',
    anyProgram: 'Any program can use this name.',
    scopes: 'Requested permissions',
    /** A key without scopes, where there is no catalogue of scopes. */
    noScope: 'Full access: everything your account can do here',
    /** A key without scopes, where a catalogue says which scopes there are. */
    noPermissions: 'None',
    required: 'Required',
    sensitive: 'Sensitive',
    scopeCount: { one: '{count} permission', other: '{count} permissions' },
    address: 'IP address',
    unknownAddress: 'Unknown',
    /** The origin of the web page that asked for the code. */
    webPage: 'Requested by a web page',
    hiddenWebPage: 'It hides its address',
    userAgent: 'Software (self-reported)',
    unknownUserAgent: 'Not reported',
    deviceName: 'Name of the device',
    nameHint: 'It helps you find the device in your list.',
    nameLimit: 'A name can have {max} characters at most.',
    ownNameHint: 'The device gave itself this name. You can change it.',
    /** The name of a key that has no other name than its user code. */
    keyName: 'Device Link Access Key ({userCode})',
  },
  home: {
    title: 'Connect devices to your account',
    intro:
      'Command-line tools, TVs and other devices get access to your account here, without your password. You see what a device asks for before you approve it.',
    start: 'When you log in on a device, it shows a code. Enter that code here.',
    devices: 'Your devices',
  },
  enterCode: {
    title: 'Connect a device',
    intro: 'Enter the code that your device shows.',
    label: 'Code',
    hint: 'Upper or lower case, with or without dashes.',
    submit: 'Continue',
    invalid:
      'This code isn’t valid. Compare it with your device, character by character. If it is a few minutes old, get a new code on your device.',
    /** The text has another number of characters than a code. `{count}` is how many. */
    wrongLength: {
      0: 'A code has {codeLength} {kind}; you typed none.',
      other: 'A code has {codeLength} {kind}; you typed {count}.',
    },
    /** Followed by the characters. */
    wrongCharacters: 'A code only has these {kind}:',
    /** The characters of codes: the `{kind}` of the two texts above. */
    kinds: { letters: 'letters', digits: 'digits', characters: 'characters' },
    /** `{count}` is the number of minutes. */
    contested: {
      one: 'Another account has this code open. Try again in one minute.',
      2: 'Another account has this code open. Try again in two minutes.',
      other: 'Another account has this code open. Try again in {count} minutes.',
    },
    inProgress: 'Earlier codes are still being checked. Try again in a moment.',
    /** Followed by the text. */
    youTyped: 'You typed:',
    attemptsLeft: {
      0: 'That was your last attempt for now.',
      one: 'You have 1 attempt left.',
      other: 'You have {count} attempts left.',
    },
    warning: 'Only enter a code that your own device shows right now. We never send you codes.',
  },
  confirm: {
    title: 'Connect this device?',
    /** The title if the program is registered. */
    titleFor: 'Connect {program}?',
    noScopeChosen: 'Nothing was approved. Tick at least one permission, or choose Deny.',
    nameTooLong: 'Nothing was approved. The name of the device may have {max} characters at most.',
    choiceRefused:
      'Nothing was approved. One of your choices isn’t possible any more. Check them, then answer again.',
    compare: 'Compare with your device',
    compareHow:
      'Your device must show exactly this code. If it shows a different code, or no code, choose Deny.',
    warningTitle: 'Did someone send you this code or link?',
    warning:
      'If so, choose Deny, or the sender gets access to your account. Choose Approve only if you have just started this yourself, on a device in front of you.',
    webPage: 'A web page, {origin}, asked for this code',
    hiddenWebPage: 'A web page that hides its address asked for this code',
    webPageText:
      'Choose Deny, unless you trust this web page and started this there. If you approve, the web page gets access to your account.',
    elsewhereTitle: 'The request comes from a different IP address',
    elsewhereDevice: 'IP address of the device:',
    elsewhereYou: 'Your IP address:',
    elsewhere:
      'This can be normal, for example with a remote server, a mobile network or a VPN. If you can’t explain it, choose Deny.',
    notComparable: 'We can’t tell whether your device and this browser are in the same place.',
    requestDetails: 'Request details',
    requested: 'Started',
    permissions: 'Permissions',
    permissionsHow: 'Untick what the device doesn’t need.',
    /** The catalogue has lost every scope of the request. */
    nothingOffered:
      'The program asks for nothing that this service still offers, so it can’t be connected. Choose Deny.',
    result: 'If you approve',
    resultText:
      'The device gets an API key. It can act on your behalf until the key expires. You can disconnect the device at any time under “Connected devices”.',
    keyName: 'Key name',
    keyExpires: 'Key expires',
    /** The label of the choice between several durations. */
    lifetime: 'Stay connected for',
    /** `{ago}` is for example `3 days ago`. */
    replace: 'Replace {deviceName}, connected {ago}?',
    replaceHint: 'The earlier connection ends as soon as this one is used.',
    account: 'You are connecting it to {person}.',
    notYou: 'Not you?',
    otherAccount: 'Use another account',
    /** Followed by the code, beside the buttons. */
    myDeviceShows: 'My device shows',
    deny: 'Deny',
    approve: 'Approve',
  },
  /** Texts shared by all messages. */
  message: {
    code: 'Code',
    retry: 'Try again',
    signIn: 'Sign in',
    continueSigningOut: 'Continue signing out',
    continueSigningIn: 'Continue to sign-in',
    anotherCode: 'Enter another code',
    enterCode: 'Enter a code',
    signInAgain: 'Sign in again',
    seeDevices: 'See your connected devices',
    backToRequest: 'Back to the request',
    leastRecentlyUsed: 'Not used for the longest time',
    /** Followed by an e-mail address, a link or a text of the operator. */
    contact: 'Contact:',
    reference: 'Reference',
    /** `{count}` is the number of minutes. */
    wait: { one: 'Wait 1 minute.', other: 'Wait {count} minutes.' },
  },
  /** By kind of message: a title, what happened, and what to do next. */
  messages: {
    approved: {
      title: 'Device connected',
      text: 'You approved the request. Go back to your device. It continues on its own in a moment.',
      next: 'You can close this page.',
    },
    denied: {
      title: 'Request denied',
      text: 'The device doesn’t get access. If you didn’t start this, you don’t need to do anything else.',
      next: 'You can close this page.',
    },
    expired: {
      title: 'This code has expired',
      text: 'Codes only work for a short time. Nothing was approved.',
      next: 'Start again on your device to get a new code. You can close this page.',
    },
    already_approved: {
      title: 'You already approved this request',
      text: 'It is already approved with these settings.',
      next: 'To change them, disconnect the device and start again there.',
    },
    already_denied: {
      title: 'You already denied this request',
      text: 'Each code works only once. Your first answer counts.',
      next: 'To connect the device, start again there to get a new code.',
    },
    no_longer_valid: {
      title: 'This code no longer works',
      text: 'It has expired, or it has already been used.',
      next: 'Check your device. If it is still waiting, start again there to get a new code. Otherwise, you can close this page.',
    },
    too_many_attempts: {
      title: 'Too many wrong codes',
      text: 'To protect all devices, you can’t enter codes for a while.',
      /** Follows `message.wait`. */
      next: 'Then get a new code on your device. You can close this page until then.',
    },
    client_refused: {
      title: 'This device can’t be connected',
      text: 'This service doesn’t allow what the program asks for any more. Nothing was approved.',
      next: 'If you need it, ask the people who run this service.',
    },
    too_many_keys: {
      title: 'Too many connected devices',
      text: 'Nothing was approved, because your account can’t have more connected devices.',
      next: 'Disconnect one that you no longer use. Then go back to the request, or deny it there.',
    },
    not_admitted: {
      title: 'You may not connect devices',
      text: 'Your account may not use this service. Nothing was approved.',
      next: 'To get access, ask the people who run this service.',
    },
    sign_in_failed: {
      title: 'You’re not signed in',
      text: 'Signing in failed or was cancelled. Nothing was approved.',
      next: 'Try again. If it fails again, start again on your device. Make sure that your browser allows cookies.',
    },
    session_ended: {
      title: 'Sign in again',
      text: 'You’re no longer signed in. Nothing was changed.',
      next: 'Sign in, then try again.',
    },
    signed_out: {
      title: 'You’re signed out',
      text: 'Your connected devices stay connected.',
      next: 'You can close this page.',
    },
    signing_out: {
      title: 'Signing you out…',
      text: 'You’re signed out here, but not yet at your sign-in provider.',
      next: 'If nothing happens, choose Continue signing out.',
    },
    switching_account: {
      title: 'Choose another account',
      text: 'You’re signed out here. Nothing was approved.',
      next: 'If nothing happens, choose Continue to sign-in. Your code is kept.',
    },
    key_not_created: {
      title: 'The device isn’t connected yet',
      text: 'Something went wrong on our side, and we couldn’t create its key. Nothing was approved.',
      next: 'Wait a moment, then try again. The code works until it expires.',
    },
    outcome_unknown: {
      title: 'We can’t tell whether it worked',
      text: 'Something went wrong on our side while we were saving your answer.',
      next: 'Check your device. If it continues, everything is fine and you can close this page. Otherwise, try again. It’s safe to answer twice.',
    },
    revocation_unknown: {
      title: 'We can’t tell whether it worked',
      text: 'Something went wrong on our side. Some of your devices may already be disconnected.',
      next: 'Wait a moment, then check your connected devices. If a device that you disconnected is still listed, disconnect it again.',
    },
    renaming_unknown: {
      title: 'We can’t tell whether it worked',
      text: 'Something went wrong on our side while we were saving the name.',
      next: 'Wait a moment, then check your connected devices. It’s safe to rename the device again.',
    },
    device_name_too_long: {
      title: 'This name is too long',
      text: 'Nothing was changed.',
      next: 'Enter a shorter name, then save it.',
    },
    unavailable: {
      title: 'Temporarily unavailable',
      text: 'Something went wrong on our side. Nothing was changed.',
      next: 'Wait a moment, then try again. Your device keeps waiting until its code expires.',
    },
    form_refused: {
      title: 'That didn’t go through',
      text: 'The page was out of date, or it wasn’t ours. This happens, for example, when you sign in again in another tab. Nothing was changed.',
      next: 'Open the page again and try once more. If another site sent you here, close this page instead. Make sure that your browser allows cookies.',
    },
    bad_request: {
      title: 'We couldn’t read that',
      text: 'Your browser sent an incomplete or invalid request. Nothing was changed.',
      next: 'Go back and try again.',
    },
    not_found: {
      title: 'Page not found',
      text: 'This page doesn’t exist, or no longer exists.',
      next: 'If a device sent you here, enter the code that it shows.',
    },
    not_allowed: {
      title: 'You can’t open this page directly',
      text: 'It only works with one of our forms. Nothing was changed.',
      next: 'If a device sent you here, enter the code that it shows.',
    },
    server_error: {
      title: 'Something went wrong',
      text: 'The problem is on our side. We have logged it.',
      next: 'Wait a moment, then try again. If your device has stopped waiting, start again there.',
    },
  },
  keys: {
    title: 'Connected devices',
    intro:
      'These devices and programs have a key to your account. Disconnect any that you don’t recognise.',
    empty: 'No device is connected to your account.',
    enterCode: 'Connect a device',
    waiting: 'Waiting for the device',
    unused: 'Waiting for its first use',
    active: 'Active',
    unknown: 'Not valid',
    approved: 'Approved',
    scopes: 'Permissions',
    lastUsed: 'Last used',
    expires: 'Expires',
    idleExpires: 'Expires if unused',
    pickUpBy: 'Device must pick it up by',
    /** Followed by its first characters, which stand in the key after its prefix. */
    keyId: 'Key ID',
    nextPage: 'Next page',
    rename: 'Rename',
    saveName: 'Save name',
    revoke: 'Disconnect',
    revokeAll: 'Disconnect all…',
    revokeAllWarning:
      'All your devices lose access {delay}, also those on other pages of this list.',
    revokeAllConfirm: 'Yes, disconnect all',
    revoked: 'Disconnected. The device loses access {delay}.',
    isDisconnected: '{deviceName} is disconnected. It loses access {delay}.',
    renamed: 'The name is saved.',
    revoked_all: 'All devices are disconnected. They lose access {delay}.',
    /** The `{delay}` of the texts above. `{count}` is the number of seconds. */
    delay: { 0: 'at once', one: 'within one second', other: 'within {count} seconds' },
  },
  signIn: {
    title: 'Sign in',
    intro: 'This is a demo. Any name works, and there is no password.',
    label: 'Your name',
    hint: 'Use the same name next time to see the same devices.',
    submit: 'Sign in',
    nameMissing: 'Enter a name.',
    nameInvalid: 'A name can have {max} characters at most, all of them visible.',
  },
} as const
