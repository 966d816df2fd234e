// What stands around the sentences of an alert, in German.
export const letter = {
  test: 'Eine Testnachricht von Portico',
  testIntro: 'Diese Nachricht kam, weil jemand auf den Knopf gedrückt hat. Meldungen kommen hier an.',
  digestWell: 'Zusammenfassung: alles in Ordnung',
  digestWellIntro:
    'Soweit zu sehen ist, fehlt nichts, und auch seit der letzten Zusammenfassung fehlte nichts.',
  digestOne: 'Zusammenfassung: {what}',
  digestMore: 'Zusammenfassung: {count} Dinge sind nicht in Ordnung',
  over: 'Vorbei: {what}',
  passed: 'Kam und ging: {what}',
  andMore: ' (und {count} weitere)',
  severities: {
    down: 'Etwas ist nicht erreichbar oder nicht bekannt.',
    degraded: 'Es geht, aber schlechter oder weniger sicher, als es sollte.',
    notice: 'Alles geht; es ist gut zu wissen.',
  },
  toDo: 'Was zu tun ist: {next}',
  touches: 'Betroffen: {names}.',
  touched: 'Betroffen war: {names}.',
  since: 'Seit {when}.',
  lasted: 'Es dauerte {time}, von {since} bis {until}.',
  days: '{count} Tage',
  foot: 'Portico, Homelab {name}',
};
