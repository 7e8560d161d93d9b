import type { Texts } from './en.ts'

/** German. */
export const de: Texts = {
  page: {
    product: 'Geräte-Anmeldung',
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
    unnamed: 'Ein Programm ohne Namen',
    unnamedHint: 'Es hat nicht gesagt, wie es heißt.',
    trusted: 'Uns bekannt',
    unverified: 'Ungeprüft',
    unverifiedHint: 'Wir kennen dieses Programm nicht. Jedes Programm kann diesen Namen verwenden.',
    scopes: 'Möchte Zugriff auf',
    noScope: 'Es hat keine bestimmten Rechte genannt',
    scopeCount: (count) => `${count} Rechte`,
    address: 'Von der Adresse',
    unknownAddress: 'Unbekannt',
    userAgent: 'Software (nach eigener Angabe)',
    unknownUserAgent: 'Keine Angabe',
  },
  enterCode: {
    title: 'Gerät verbinden',
    intro: 'Geben Sie den Code ein, den Ihr Gerät anzeigt.',
    label: 'Code',
    hint: 'Groß oder klein geschrieben, mit oder ohne Bindestriche.',
    submit: 'Weiter',
    invalid:
      'Dieser Code ist nicht gültig. Vergleichen Sie ihn Buchstabe für Buchstabe mit Ihrem Gerät. Ist er schon einige Minuten alt, dann fordern Sie dort einen neuen an. Haben Sie ihn eben unter einem anderen Namen geöffnet, dann warten Sie zwei Minuten.',
    expired:
      'Dieser Code ist abgelaufen. Fordern Sie auf Ihrem Gerät einen neuen an und geben Sie diesen ein.',
    attemptsLeft: (count) =>
      count <= 0
        ? 'Das war vorerst der letzte Versuch.'
        : count === 1
          ? 'Sie haben noch einen Versuch.'
          : `Sie haben noch ${count} Versuche.`,
    warning:
      'Geben Sie nur einen Code ein, den Sie auf einem eigenen Gerät sehen. Wir schicken Ihnen niemals einen.',
  },
  confirm: {
    title: 'Dieses Gerät verbinden?',
    compare: 'Vergleichen Sie mit Ihrem Gerät',
    compareHow:
      'Ihr Gerät muss genau diesen Code anzeigen. Zeigt es einen anderen oder keinen, dann lehnen Sie ab.',
    warningTitle: 'Hat Ihnen jemand diesen Code oder Link geschickt?',
    warning:
      'Dann lehnen Sie ab. Sonst bekommt der Absender Zugriff auf Ihr Konto. Stimmen Sie nur zu, wenn Sie den Vorgang gerade selbst begonnen haben, auf einem Gerät vor Ihnen.',
    elsewhereTitle: 'Das Gerät fragt von einer anderen Adresse',
    elsewhereDevice: 'Das Gerät fragt von',
    elsewhereYou: 'Sie sind bei',
    elsewhere:
      'Das kann in Ordnung sein: ein entfernter Server, ein Mobilfunknetz, ein VPN. Können Sie es sich nicht erklären, dann lehnen Sie ab.',
    otherFamily: 'Ein Gerät nutzt IPv4, das andere IPv6; die Orte lassen sich nicht vergleichen.',
    whoAsks: 'Wer fragt',
    requested: 'Begonnen',
    result: 'Was geschieht, wenn Sie zustimmen',
    resultText:
      'Für dieses Gerät entsteht ein API-Schlüssel, mit dem es in Ihrem Namen handeln kann. Unter „Verbundene Geräte“ können Sie ihn jederzeit widerrufen.',
    keyName: 'Name des Schlüssels',
    keyExpires: 'Er läuft ab',
    myDeviceShows: 'Mein Gerät zeigt',
    deny: 'Ablehnen',
    approve: 'Zustimmen',
  },
  message: {
    code: 'Code',
    approve: 'Sie selbst hatten zugestimmt.',
    deny: 'Sie selbst hatten abgelehnt.',
    retry: 'Noch einmal versuchen',
    signIn: 'Anmelden',
    goOnSigningOut: 'Abmeldung fortsetzen',
    anotherCode: 'Anderen Code eingeben',
    enterCode: 'Code eingeben',
    signInAgain: 'Wieder anmelden',
    seeDevices: 'Verbundene Geräte ansehen',
    wait: (minutes) =>
      minutes === 1 ? 'Warten Sie eine Minute.' : `Warten Sie ${minutes} Minuten.`,
  },
  messages: {
    approved: {
      title: 'Gerät verbunden',
      text: 'Sie haben zugestimmt. Gehen Sie zurück zu Ihrem Gerät: Dort geht es in wenigen Sekunden von selbst weiter.',
      next: 'Sie können diese Seite schließen.',
    },
    denied: {
      title: 'Gerät abgelehnt',
      text: 'Das Gerät bekommt keinen Zugriff. Haben Sie das nicht selbst begonnen, so ist nichts weiter zu tun.',
      next: 'Sie können diese Seite schließen.',
    },
    expired: {
      title: 'Dieser Code ist abgelaufen',
      text: 'Codes gelten nur wenige Minuten. Es wurde nichts freigegeben.',
      next: 'Gehen Sie zurück zu Ihrem Gerät und beginnen Sie dort von vorn: Es zeigt dann einen neuen Code. Diese Seite können Sie schließen.',
    },
    already_processed: {
      title: 'Dieser Code ist schon beantwortet',
      text: 'Er wurde bereits beantwortet, und das geht nur einmal.',
      next: 'Sehen Sie auf Ihr Gerät. Wartet es noch, dann beginnen Sie dort von vorn, um einen neuen Code zu erhalten. Sonst können Sie diese Seite schließen.',
    },
    too_many_attempts: {
      title: 'Zu viele falsche Codes',
      text: 'Zum Schutz aller Geräte können Sie eine Zeit lang keine Codes eingeben.',
      next: 'Fordern Sie dann auf Ihrem Gerät einen neuen Code an und geben Sie diesen ein. Bis dahin können Sie diese Seite schließen.',
    },
    sign_in_failed: {
      title: 'Sie sind nicht angemeldet',
      text: 'Die Anmeldung ist fehlgeschlagen oder wurde abgebrochen. Es wurde nichts freigegeben.',
      next: 'Versuchen Sie es noch einmal. Gelingt es wieder nicht, dann beginnen Sie auf Ihrem Gerät von vorn. Cookies müssen erlaubt sein.',
    },
    session_ended: {
      title: 'Bitte melden Sie sich noch einmal an',
      text: 'Ihre Anmeldung ist abgelaufen, deshalb wurde nicht angenommen, was Sie gesendet haben. Es wurde nichts geändert.',
      next: 'Melden Sie sich an und senden Sie es noch einmal.',
    },
    signed_out: {
      title: 'Sie sind abgemeldet',
      text: 'Ihre verbundenen Geräte bleiben verbunden.',
      next: 'Sie können diese Seite schließen.',
    },
    signing_out: {
      title: 'Sie werden abgemeldet …',
      text: 'Hier sind Sie abgemeldet, aber noch nicht dort, wo Sie sich angemeldet haben.',
      next: 'Geht es nicht von selbst weiter, dann setzen Sie die Abmeldung hier fort.',
    },
    key_not_created: {
      title: 'Das Gerät ist noch nicht verbunden',
      text: 'Wir haben eine Störung und konnten den Schlüssel nicht anlegen. Es wurde nichts freigegeben.',
      next: 'Warten Sie einen Augenblick und versuchen Sie es noch einmal: Der Code gilt weiter, bis er abläuft.',
    },
    unknown_outcome: {
      title: 'Wir wissen nicht, ob es gelungen ist',
      text: 'Wir haben eine Störung, gerade als Ihre Antwort gespeichert wurde.',
      next: 'Sehen Sie auf Ihr Gerät: Geht es dort weiter, ist alles gut und Sie können diese Seite schließen. Sonst versuchen Sie es noch einmal; zweimal zu antworten schadet nicht.',
    },
    revocation_unknown: {
      title: 'Wir wissen nicht, ob es gelungen ist',
      text: 'Wir haben eine Störung. Manche Ihrer Geräte haben vielleicht keinen Zugriff mehr, andere noch.',
      next: 'Warten Sie einen Augenblick, sehen Sie Ihre verbundenen Geräte an und widerrufen Sie noch einmal, was noch da ist. Das schadet nicht.',
    },
    unavailable: {
      title: 'Gerade nicht verfügbar',
      text: 'Wir haben eine Störung. Es wurde nichts geändert.',
      next: 'Warten Sie einen Augenblick und versuchen Sie es noch einmal. Ihr Gerät wartet, bis sein Code abläuft.',
    },
    form_refused: {
      title: 'Bitte noch einmal senden',
      text: 'Das Formular war zu alt, Sie hatten sich neu angemeldet, oder es kam nicht von unserer eigenen Seite. Es wurde nichts geändert.',
      next: 'Öffnen Sie die Seite neu und antworten Sie dort. Kamen Sie von einer fremden Seite, dann schließen Sie diese. Cookies müssen erlaubt sein.',
    },
    bad_request: {
      title: 'Das haben wir nicht verstanden',
      text: 'In dem, was Ihr Browser gesendet hat, fehlte etwas. Es wurde nichts geändert.',
      next: 'Gehen Sie zurück und versuchen Sie es noch einmal.',
    },
    not_found: {
      title: 'Hier ist nichts',
      text: 'Diese Seite gibt es nicht oder nicht mehr.',
      next: 'Hat ein Gerät Sie hierher geschickt, dann geben Sie den Code ein, den es anzeigt.',
    },
    not_allowed: {
      title: 'Diese Seite lässt sich nicht direkt öffnen',
      text: 'Sie nimmt nur entgegen, was eines unserer Formulare sendet. Es wurde nichts geändert.',
      next: 'Hat ein Gerät Sie hierher geschickt, dann geben Sie den Code ein, den es anzeigt.',
    },
    fault: {
      title: 'Etwas ist schiefgegangen',
      text: 'Der Fehler liegt bei uns und wurde aufgezeichnet.',
      next: 'Warten Sie einen Augenblick und versuchen Sie es noch einmal. Wartet Ihr Gerät nicht mehr, dann beginnen Sie dort von vorn.',
    },
  },
  keys: {
    title: 'Verbundene Geräte',
    intro:
      'Diese Geräte und Programme haben einen Schlüssel zu Ihrem Konto. Widerrufen Sie, was Sie nicht kennen.',
    empty: 'Mit Ihrem Konto ist kein Gerät verbunden.',
    enterCode: 'Gerät verbinden',
    waiting: 'Wartet auf das Gerät',
    active: 'Aktiv',
    approved: 'Freigegeben',
    scopes: 'Hat Zugriff auf',
    noScope: 'Keine bestimmten Rechte genannt',
    lastUsed: 'Zuletzt benutzt',
    neverUsed: 'Noch nicht',
    expires: 'Läuft ab',
    lapses: 'Muss abgeholt werden bis',
    revoke: 'Widerrufen',
    revokeAll: 'Alle widerrufen …',
    revokeAllWarning: (count) =>
      count === 1
        ? 'Das eine Gerät auf dieser Seite verliert sofort seinen Zugriff.'
        : `Alle ${count} Geräte auf dieser Seite verlieren sofort ihren Zugriff.`,
    revokeAllConfirm: 'Ja, alle widerrufen',
    revoked: 'Der Schlüssel ist widerrufen: Sein Gerät hat keinen Zugriff mehr.',
    revoked_all: 'Alle Schlüssel sind widerrufen: Kein Gerät hat mehr Zugriff.',
  },
  signIn: {
    title: 'Anmelden',
    intro: 'Dies ist eine Vorführung: Sie glaubt jeden Namen und fragt nach keinem Passwort.',
    label: 'Ihr Name',
    hint: 'Jeder Name ist recht. Derselbe Name ist dieselbe Person.',
    submit: 'Anmelden',
    nameMissing: 'Bitte geben Sie einen Namen ein.',
  },
}
