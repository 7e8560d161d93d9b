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
    device: 'Device',
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
    /** The title for a known program. `titleForProduct` is for a service with a name of its own. */
    titleFor: 'Connect {program} to your account?',
    titleForProduct: 'Connect {program} to your {product} account?',
    who: 'You are {person}.',
    /** `{date}` is when the key expires, `{permissions}` a list of texts. */
    consequence: 'Until {date}, it can act in your name: {permissions}.',
    /** For many permissions. */
    consequenceOfMany: {
      one: 'Until {date}, it can act in your name, with {count} permission.',
      other: 'Until {date}, it can act in your name, with {count} permissions.',
    },
    consequenceOfAll: 'Until {date}, it can do everything that your account can do here.',
    noScopeChosen: 'Nothing was approved. Tick at least one permission, or choose Deny.',
    nameTooLong: 'Nothing was approved. The name of the device may have {max} characters at most.',
    choiceRefused:
      'Nothing was approved. One of your choices isn’t possible any more. Check them, then answer again.',
    compare: 'Does your device show this code?',
    warningTitle: 'Did someone send you this code or link?',
    warning:
      'Then choose Deny, or the sender gets access to your account. Also choose Deny if your device shows a different code, or none.',
    webPage: 'A web page, {origin}, asked for this code',
    hiddenWebPage: 'A web page that hides its address asked for this code',
    webPageText:
      'Choose Deny, unless you trust this web page and started this there. If you approve, the web page gets access to your account.',
    elsewhereTitle: 'Your device is in another network',
    /** `{device}` and `{browser}` say where they are. */
    elsewherePlaces: 'Device: {device}. This browser: {browser}.',
    elsewhere: 'That is normal with mobile data, a VPN or a remote server. Otherwise, choose Deny.',
    yourAddress: 'Your IP address',
    notComparable: 'We can’t tell whether your device and this browser are in the same place.',
    requested: 'Started',
    permissions: 'Permissions',
    permissionsHow: 'Untick what the device doesn’t need.',
    /** The catalogue has lost every scope of the request. */
    nothingOffered:
      'The program asks for nothing that this service still offers, so it can’t be connected. Choose Deny.',
    resultText:
      'If you approve, the device gets an API key. You can disconnect the device at any time under “Connected devices”.',
    keyName: 'Key name',
    /** The label of the choice between several durations. */
    lifetime: 'Stay connected for',
    /** `{ago}` is for example `3 days ago`. */
    replace: 'Replace {deviceName}, connected {ago}?',
    replaceHint: 'The earlier connection ends as soon as this one is used.',
    notYou: 'Not you?',
    otherAccount: 'Use another account',
    details: 'Details',
    /** `{count}` is the number of minutes. */
    answerWithin: {
      one: 'Answer within 1 minute.',
      other: 'Answer within {count} minutes.',
    },
    /** The button that denies and reports. */
    report: 'I did not start this',
    deny: 'Deny',
    approve: 'Approve',
  },
  /** Texts about what an operator demands before a person may approve. */
  safeguards: {
    reason: 'Why is your device in another network?',
    reasons: {
      mobile_data: 'It uses mobile data, or this browser does.',
      vpn: 'One of them uses a VPN.',
      remote_server: 'It is a server or a computer far away that I am working on.',
    },
    noReason: 'If none of these is true, choose Deny.',
    reasonMissing:
      'Nothing was approved. Say why your device is in another network, or choose Deny.',
    /** `{count}` is a number of characters. */
    codeEnding: 'The last {count} characters of the code',
    codeEndingHint: 'Read them from your own device. Never use those that someone sent you.',
    codeEndingWrong:
      'Nothing was approved. The characters don’t match. Read them from your own device, or choose Deny.',
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
    /** `{ago}` is for example `2 minutes ago`. */
    approvedAgo: 'You approved this device {ago}.',
    mistake: 'Was that a mistake?',
    disconnectNow: 'Disconnect it now',
    recentKeys: 'Connected in the last day',
    recentKeysHow: 'Disconnect everything that you don’t recognise.',
    /** `{count}` is the number of minutes. */
    wait: { one: 'Wait 1 minute.', other: 'Wait {count} minutes.' },
  },
  /** By kind of message: a title, what happened, and what to do next. */
  messages: {
    approved: {
      title: 'Approved. Go back to your device',
      text: 'Your device continues on its own in a moment.',
      next: 'You can close this page.',
    },
    connected: {
      title: 'Device connected',
      text: 'Your device has its key.',
      next: 'You can close this page.',
    },
    /** What ended the connection stands before `next`. */
    disconnected: {
      title: 'This device is not connected',
      text: 'Its key doesn’t work any more.',
      next: 'To connect it again, log in again on your device.',
    },
    denied: {
      title: 'Request denied',
      text: 'The device doesn’t get access.',
      next: 'Denied by mistake? Run the login again on your device. Otherwise, you can close this page.',
    },
    reported: {
      title: 'Request denied and reported',
      text: 'The device doesn’t get access. We have noted that you didn’t start this.',
      next: 'If someone sent you the code or the link, don’t answer them.',
    },
    approval_reported: {
      title: 'Request reported, but it was approved',
      text: 'You approved this request before, so the device has access. We have noted that you didn’t start it.',
      next: 'Disconnect the device now. If someone sent you the code or the link, don’t answer them.',
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
    elsewhere: {
      title: 'Your device is not near you',
      text: 'This device can’t be approved, because we can’t tell that it is in the same network as this browser. Nothing was approved.',
      next: 'If you didn’t start this, report it. If it is your own device, use this page in the network of the device.',
    },
    sign_in_again: {
      title: 'Sign in again',
      text: 'You signed in a while ago. To connect a device, sign in again. Nothing was approved.',
      next: 'If you are not logging in on a device right now, deny the request instead.',
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
    titleWithCount: 'Connected devices ({count})',
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
    /** Asked once before a device is disconnected. */
    revokeQuestion: 'Disconnect {deviceName}? It has to log in again.',
    revokeConfirm: 'Yes, disconnect',
    search: 'Search devices',
    searchHint: 'Name of a device or program, or code',
    searchSubmit: 'Search',
    unusedFilter: 'Not used for {count} days',
    found: { one: '{count} device found', other: '{count} devices found' },
    nothingFound: 'No device was found.',
    showAll: 'Show all devices',
    olderKeys: 'Devices that you approved earlier',
    /** `{ago}` is for example `2 days ago`. */
    usedAgo: 'used {ago}',
    approvedAgo: 'approved {ago}, not used yet',
    /** `{deviceName}` names the device or its program. */
    leakedTitle: 'A key of {deviceName} was found in a public place',
    leaked: 'The key is revoked, so it no longer works. Remove it from where it was found:',
    /** The heading of the keys that have ended. */
    ended: 'No longer connected',
    endedAt: 'Ended',
    endedBecause: 'Reason',
    endings: {
      owner: 'You disconnected it.',
      operator: 'An operator of this service disconnected it.',
      bearer: 'It logged out, or a program that had its key disconnected it.',
      replacement: 'A newer login of the device replaced it.',
      cut_off: 'It was disconnected together with all devices.',
      secret_scanning: 'Its key was found in a public place and revoked.',
      expired: 'Its key expired.',
      unused: 'Its key was not used for too long.',
      not_picked_up: 'The device did not pick its key up in time.',
      revoked: 'It was disconnected.',
    },
    revokeAll: 'Disconnect all…',
    revokeAllWarning:
      'All your devices have to log in again, also those on other pages of this list.',
    revokeAllConfirm: 'Yes, disconnect all',
    revoked: 'The device is disconnected. It has to log in again.',
    isDisconnected: '{deviceName} is disconnected. It has to log in again.',
    renamed: 'The name is saved.',
    revoked_all: 'All devices are disconnected. They have to log in again.',
    /** Follows the texts above if access does not end at once. `{count}` is the number of seconds. */
    accessEnds: {
      one: 'Access ends within 1 second.',
      other: 'Access ends within {count} seconds.',
    },
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
