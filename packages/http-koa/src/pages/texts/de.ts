import type { CharacterKind, Texts } from './en.ts'

const KINDS: Readonly<Record<CharacterKind, string>> = {
  letters: 'Buchstaben',
  digits: 'Ziffern',
  characters: 'Zeichen',
}

const within = (seconds: number): string => {
  if (seconds === 0) return 'sofort'
  return seconds === 1 ? 'innerhalb einer Sekunde' : `innerhalb von ${seconds} Sekunden`
}

/** The German texts. */
export const de: Texts = {
  page: {
    product: 'Geräteanmeldung',
    direction: 'ltr',
    signedInAs: 'Angemeldet als',
    navigation: 'Ihr Konto',
    connectedDevices: 'Verbundene Geräte',
    signOut: 'Abmelden',
    error: 'Fehler:',
    justNow: 'gerade eben',
  },
  device: {
    program: 'Programm',
    unnamed: 'Programm ohne Namen',
    unnamedHint: 'Es hat keinen Namen angegeben.',
    verified: 'Verifiziert',
    verifiedProgram: 'Dieses Programm hat seine Identität nachgewiesen.',
    unverified: 'Nicht verifiziert',
    unknownProgram: 'Wir kennen dieses Programm nicht.',
    anyProgram: 'Jedes Programm kann diesen Namen verwenden.',
    scopes: 'Angefragte Berechtigungen',
    noScope: 'Voller Zugriff: alles, was Ihr Konto hier darf',
    noPermissions: 'Keine',
    required: 'Erforderlich',
    sensitive: 'Sensibel',
    scopeCount: (count) => `${count} Berechtigungen`,
    address: 'IP-Adresse',
    unknownAddress: 'Unbekannt',
    webPage: 'Angefordert von einer Webseite',
    hiddenWebPage: 'Sie verbirgt ihre Adresse',
    userAgent: 'Software (eigene Angabe)',
    unknownUserAgent: 'Keine Angabe',
    deviceName: 'Name des Geräts',
    nameHint: 'Damit finden Sie das Gerät in Ihrer Liste wieder.',
    nameLimit: (max) => `Ein Name kann höchstens ${max} Zeichen haben.`,
    ownNameHint: 'Das Gerät nennt sich selbst so. Sie können den Namen ändern.',
    keyName: (userCode) => `Geräteschlüssel (${userCode})`,
  },
  enterCode: {
    title: 'Gerät verbinden',
    intro: 'Geben Sie den Code ein, den Ihr Gerät anzeigt.',
    label: 'Code',
    hint: 'Groß- oder Kleinbuchstaben, mit oder ohne Bindestriche.',
    submit: 'Weiter',
    invalid:
      'Dieser Code ist ungültig. Vergleichen Sie ihn Zeichen für Zeichen mit Ihrem Gerät. Ist er schon ein paar Minuten alt, fordern Sie auf dem Gerät einen neuen an.',
    wrongLength: ({ codeLength, typedLength, kind }) =>
      `Ein Code hat ${codeLength} ${KINDS[kind]}; Sie haben ${typedLength === 0 ? 'nichts' : typedLength} eingegeben.`,
    wrongCharacters: ({ kind }) => `Ein Code hat nur diese ${KINDS[kind]}:`,
    contested: (minutes) =>
      `Ein anderes Konto hat diesen Code geöffnet. Versuchen Sie es in ${minutes === 1 ? 'einer Minute' : minutes === 2 ? 'zwei Minuten' : `${minutes} Minuten`} erneut.`,
    inProgress: 'Frühere Codes werden noch geprüft. Versuchen Sie es gleich noch einmal.',
    youTyped: 'Ihre Eingabe:',
    attemptsLeft: (count) =>
      count <= 0
        ? 'Das war vorerst Ihr letzter Versuch.'
        : count === 1
          ? 'Sie haben noch einen Versuch.'
          : `Sie haben noch ${count} Versuche.`,
    warning:
      'Geben Sie nur einen Code ein, den Ihr eigenes Gerät gerade anzeigt. Wir verschicken keine Codes.',
  },
  confirm: {
    title: 'Dieses Gerät verbinden?',
    titleFor: (program) => `${program} verbinden?`,
    noScopeChosen:
      'Es wurde nichts freigegeben. Wählen Sie mindestens eine Berechtigung aus, oder wählen Sie „Ablehnen“.',
    nameTooLong: (max) =>
      `Es wurde nichts freigegeben. Der Name des Geräts darf höchstens ${max} Zeichen haben.`,
    choiceRefused:
      'Es wurde nichts freigegeben. Eine Ihrer Angaben ist nicht mehr möglich. Prüfen Sie sie und antworten Sie dann erneut.',
    compare: 'Code mit dem Gerät vergleichen',
    compareHow:
      'Ihr Gerät muss genau diesen Code anzeigen. Zeigt es einen anderen oder gar keinen Code, wählen Sie „Ablehnen“.',
    warningTitle: 'Hat Ihnen jemand diesen Code oder Link geschickt?',
    warning:
      'Dann wählen Sie „Ablehnen“, sonst erhält der Absender Zugriff auf Ihr Konto. Wählen Sie „Zustimmen“ nur, wenn Sie den Vorgang gerade selbst gestartet und das Gerät vor sich haben.',
    webPageBefore: 'Eine Webseite,',
    webPageAfter: ', hat diesen Code angefordert',
    hiddenWebPage: 'Eine Webseite, die ihre Adresse verbirgt, hat diesen Code angefordert',
    webPageText:
      'Wählen Sie „Ablehnen“, es sei denn, Sie vertrauen dieser Webseite und haben den Vorgang dort gestartet. Wenn Sie zustimmen, erhält die Webseite Zugriff auf Ihr Konto.',
    elsewhereTitle: 'Die Anfrage kommt von einer anderen IP-Adresse',
    elsewhereDevice: 'IP-Adresse des Geräts:',
    elsewhereYou: 'Ihre IP-Adresse:',
    elsewhere:
      'Das kann normal sein, zum Beispiel bei einem entfernten Server, im Mobilfunknetz oder mit VPN. Wenn Sie es sich nicht erklären können, wählen Sie „Ablehnen“.',
    notComparable: 'Wir können nicht erkennen, ob Ihr Gerät und dieser Browser am selben Ort sind.',
    requestDetails: 'Details zur Anfrage',
    requested: 'Gestartet',
    permissions: 'Berechtigungen',
    permissionsHow: 'Entfernen Sie die Häkchen bei allem, was das Gerät nicht braucht.',
    nothingOffered:
      'Das Programm verlangt nichts, was dieser Dienst noch anbietet, und kann daher nicht verbunden werden. Wählen Sie „Ablehnen“.',
    result: 'Wenn Sie zustimmen',
    resultText:
      'Das Gerät erhält einen API-Schlüssel. Damit kann es in Ihrem Namen handeln, bis der Schlüssel abläuft. Unter „Verbundene Geräte“ können Sie das Gerät jederzeit trennen.',
    keyName: 'Name des Schlüssels',
    keyExpires: 'Schlüssel läuft ab',
    lifetime: 'Verbunden bleiben für',
    replaceBefore: 'Soll',
    replaceAfter: (ago) => `, verbunden ${ago}, ersetzt werden?`,
    replaceHint: 'Die frühere Verbindung endet, sobald die neue verwendet wird.',
    accountBefore: 'Sie verbinden es mit dem Konto',
    accountAfter: '.',
    notYou: 'Nicht Ihr Konto?',
    otherAccount: 'Anderes Konto verwenden',
    myDeviceShows: 'Mein Gerät zeigt',
    deny: 'Ablehnen',
    approve: 'Zustimmen',
  },
  message: {
    code: 'Code',
    retry: 'Erneut versuchen',
    signIn: 'Anmelden',
    continueSigningOut: 'Abmeldung fortsetzen',
    continueSigningIn: 'Weiter zur Anmeldung',
    anotherCode: 'Anderen Code eingeben',
    enterCode: 'Code eingeben',
    signInAgain: 'Erneut anmelden',
    seeDevices: 'Verbundene Geräte ansehen',
    backToRequest: 'Zurück zur Anfrage',
    leastRecentlyUsed: 'Am längsten nicht verwendet',
    contact: 'Kontakt:',
    reference: 'Referenz',
    wait: (minutes) =>
      minutes === 1 ? 'Warten Sie eine Minute.' : `Warten Sie ${minutes} Minuten.`,
  },
  messages: {
    approved: {
      title: 'Gerät verbunden',
      text: 'Sie haben der Anfrage zugestimmt. Auf Ihrem Gerät geht es gleich automatisch weiter.',
      next: 'Sie können diese Seite schließen.',
    },
    denied: {
      title: 'Anfrage abgelehnt',
      text: 'Das Gerät erhält keinen Zugriff. Wenn die Anfrage nicht von Ihnen kam, müssen Sie nichts weiter tun.',
      next: 'Sie können diese Seite schließen.',
    },
    expired: {
      title: 'Dieser Code ist abgelaufen',
      text: 'Codes gelten nur für kurze Zeit. Es wurde nichts freigegeben.',
      next: 'Starten Sie den Vorgang auf Ihrem Gerät neu, um einen neuen Code zu erhalten. Diese Seite können Sie schließen.',
    },
    already_approved: {
      title: 'Sie haben dieser Anfrage bereits zugestimmt',
      text: 'Mit diesen Einstellungen ist sie bereits freigegeben.',
      next: 'Um sie zu ändern, trennen Sie das Gerät und starten den Vorgang dort neu.',
    },
    already_denied: {
      title: 'Sie haben diese Anfrage bereits abgelehnt',
      text: 'Jeder Code funktioniert nur einmal. Ihre erste Antwort zählt.',
      next: 'Um das Gerät zu verbinden, starten Sie den Vorgang dort neu, um einen neuen Code zu erhalten.',
    },
    no_longer_valid: {
      title: 'Dieser Code gilt nicht mehr',
      text: 'Er ist abgelaufen oder wurde bereits verwendet.',
      next: 'Sehen Sie auf Ihrem Gerät nach. Wartet es noch, starten Sie den Vorgang dort neu, um einen neuen Code zu erhalten. Andernfalls können Sie diese Seite schließen.',
    },
    too_many_attempts: {
      title: 'Zu viele falsche Codes',
      text: 'Zum Schutz aller Geräte können Sie vorübergehend keine Codes eingeben.',
      next: 'Fordern Sie danach auf Ihrem Gerät einen neuen Code an. Bis dahin können Sie diese Seite schließen.',
    },
    client_refused: {
      title: 'Dieses Gerät kann nicht verbunden werden',
      text: 'Dieser Dienst erlaubt nicht mehr, was das Programm anfordert. Es wurde nichts freigegeben.',
      next: 'Wenn Sie es brauchen, wenden Sie sich an die Betreiber dieses Dienstes.',
    },
    too_many_keys: {
      title: 'Zu viele verbundene Geräte',
      text: 'Es wurde nichts freigegeben, denn mit Ihrem Konto können nicht noch mehr Geräte verbunden sein.',
      next: 'Trennen Sie eines, das Sie nicht mehr verwenden. Gehen Sie dann zurück zur Anfrage, oder lehnen Sie sie dort ab.',
    },
    not_admitted: {
      title: 'Sie dürfen keine Geräte verbinden',
      text: 'Ihr Konto darf diesen Dienst nicht nutzen. Es wurde nichts freigegeben.',
      next: 'Wenn Sie Zugang brauchen, wenden Sie sich an die Betreiber dieses Dienstes.',
    },
    sign_in_failed: {
      title: 'Sie sind nicht angemeldet',
      text: 'Die Anmeldung ist fehlgeschlagen oder wurde abgebrochen. Es wurde nichts freigegeben.',
      next: 'Versuchen Sie es erneut. Klappt es wieder nicht, starten Sie den Vorgang auf Ihrem Gerät neu. Achten Sie darauf, dass Ihr Browser Cookies zulässt.',
    },
    session_ended: {
      title: 'Melden Sie sich erneut an',
      text: 'Sie sind nicht mehr angemeldet. Es wurde nichts geändert.',
      next: 'Melden Sie sich an und versuchen Sie es dann noch einmal.',
    },
    signed_out: {
      title: 'Sie sind abgemeldet',
      text: 'Ihre verbundenen Geräte bleiben verbunden.',
      next: 'Sie können diese Seite schließen.',
    },
    signing_out: {
      title: 'Sie werden abgemeldet …',
      text: 'Hier sind Sie abgemeldet, bei Ihrem Anmeldedienst noch nicht.',
      next: 'Wenn nichts passiert, wählen Sie „Abmeldung fortsetzen“.',
    },
    switching_account: {
      title: 'Anderes Konto wählen',
      text: 'Hier sind Sie abgemeldet. Es wurde nichts freigegeben.',
      next: 'Wenn nichts passiert, wählen Sie „Weiter zur Anmeldung“. Ihr Code bleibt erhalten.',
    },
    key_not_created: {
      title: 'Das Gerät ist noch nicht verbunden',
      text: 'Wegen eines Problems bei uns konnten wir den Schlüssel nicht anlegen. Es wurde nichts freigegeben.',
      next: 'Warten Sie einen Moment und versuchen Sie es dann erneut. Der Code gilt, bis er abläuft.',
    },
    outcome_unknown: {
      title: 'Wir wissen nicht, ob es geklappt hat',
      text: 'Beim Speichern Ihrer Antwort ist bei uns etwas schiefgegangen.',
      next: 'Sehen Sie auf Ihrem Gerät nach. Geht es dort weiter, ist alles in Ordnung und Sie können diese Seite schließen. Andernfalls versuchen Sie es erneut. Sie können gefahrlos zweimal antworten.',
    },
    revocation_unknown: {
      title: 'Wir wissen nicht, ob es geklappt hat',
      text: 'Bei uns ist etwas schiefgegangen. Einige Ihrer Geräte sind vielleicht schon getrennt.',
      next: 'Warten Sie einen Moment und prüfen Sie dann Ihre verbundenen Geräte. Ist ein Gerät noch aufgeführt, das Sie getrennt haben, trennen Sie es erneut.',
    },
    renaming_unknown: {
      title: 'Wir wissen nicht, ob es geklappt hat',
      text: 'Beim Speichern des Namens ist bei uns etwas schiefgegangen.',
      next: 'Warten Sie einen Moment und prüfen Sie dann Ihre verbundenen Geräte. Sie können das Gerät gefahrlos noch einmal umbenennen.',
    },
    device_name_too_long: {
      title: 'Dieser Name ist zu lang',
      text: 'Es wurde nichts geändert.',
      next: 'Geben Sie einen kürzeren Namen ein und speichern Sie ihn.',
    },
    unavailable: {
      title: 'Vorübergehend nicht verfügbar',
      text: 'Bei uns ist etwas schiefgegangen. Es wurde nichts geändert.',
      next: 'Warten Sie einen Moment und versuchen Sie es dann erneut. Ihr Gerät wartet weiter, bis sein Code abläuft.',
    },
    form_refused: {
      title: 'Das hat nicht geklappt',
      text: 'Die Seite war veraltet oder stammte nicht von uns. Das passiert zum Beispiel, wenn Sie sich in einem anderen Tab neu anmelden. Es wurde nichts geändert.',
      next: 'Öffnen Sie die Seite noch einmal und versuchen Sie es dort erneut. Wenn eine fremde Website Sie hierher geführt hat, schließen Sie diese Seite. Achten Sie darauf, dass Ihr Browser Cookies zulässt.',
    },
    bad_request: {
      title: 'Das konnten wir nicht lesen',
      text: 'Ihr Browser hat eine unvollständige oder ungültige Anfrage gesendet. Es wurde nichts geändert.',
      next: 'Gehen Sie zurück und versuchen Sie es erneut.',
    },
    not_found: {
      title: 'Seite nicht gefunden',
      text: 'Diese Seite gibt es nicht oder nicht mehr.',
      next: 'Wenn ein Gerät Sie hierher geführt hat, geben Sie den Code ein, den es anzeigt.',
    },
    not_allowed: {
      title: 'Diese Seite lässt sich nicht direkt öffnen',
      text: 'Sie funktioniert nur über eines unserer Formulare. Es wurde nichts geändert.',
      next: 'Wenn ein Gerät Sie hierher geführt hat, geben Sie den Code ein, den es anzeigt.',
    },
    server_error: {
      title: 'Etwas ist schiefgegangen',
      text: 'Das Problem liegt bei uns. Wir haben es protokolliert.',
      next: 'Warten Sie einen Moment und versuchen Sie es dann erneut. Wartet Ihr Gerät nicht mehr, starten Sie den Vorgang dort neu.',
    },
  },
  keys: {
    title: 'Verbundene Geräte',
    intro:
      'Diese Geräte und Programme haben einen Schlüssel zu Ihrem Konto. Trennen Sie alle, die Sie nicht kennen.',
    empty: 'Mit Ihrem Konto ist kein Gerät verbunden.',
    enterCode: 'Gerät verbinden',
    waiting: 'Wartet auf das Gerät',
    unused: 'Wartet auf die erste Verwendung',
    active: 'Aktiv',
    unknown: 'Ungültig',
    approved: 'Freigegeben',
    scopes: 'Berechtigungen',
    lastUsed: 'Zuletzt verwendet',
    expires: 'Läuft ab',
    idleExpires: 'Läuft bei Nichtnutzung ab',
    pickUpBy: 'Vom Gerät abzuholen bis',
    keyId: 'Kennung des Schlüssels',
    nextPage: 'Nächste Seite',
    rename: 'Umbenennen',
    saveName: 'Namen speichern',
    revoke: 'Trennen',
    revokeAll: 'Alle trennen …',
    revokeAllWarning: (seconds) =>
      `Alle Ihre Geräte verlieren ${within(seconds)} den Zugriff, auch die auf anderen Seiten dieser Liste.`,
    revokeAllConfirm: 'Ja, alle trennen',
    revoked: (seconds) => `Getrennt. Das Gerät verliert ${within(seconds)} den Zugriff.`,
    isDisconnected: (seconds) => `ist getrennt. Das Gerät verliert ${within(seconds)} den Zugriff.`,
    renamed: () => 'Der Name ist gespeichert.',
    revoked_all: (seconds) =>
      `Alle Geräte sind getrennt. Sie verlieren ${within(seconds)} den Zugriff.`,
  },
  signIn: {
    title: 'Anmelden',
    intro: 'Dies ist eine Demo: Jeder Name genügt, ein Passwort gibt es nicht.',
    label: 'Ihr Name',
    hint: 'Mit demselben Namen sehen Sie beim nächsten Mal dieselben Geräte.',
    submit: 'Anmelden',
    nameMissing: 'Geben Sie einen Namen ein.',
    nameInvalid: (max) => `Ein Name kann höchstens ${max} Zeichen haben, die alle sichtbar sind.`,
  },
}
