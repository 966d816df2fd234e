// Wer Server und wer Worker ist, als Bild, und was für welche Aufteilung spricht.
import type { lanes as en } from '../en/lanes';
import type { Widened } from '../widened';

export const lanes: Widened<typeof en> = {
  label: 'Server und Worker',
  hint: 'Zieh einen Rechner in die andere Spur oder klicke ihn an. Mit der Tastatur verschiebt ihn eine Pfeiltaste oder Enter.',
  titles: { server: 'Server', agent: 'Worker' },
  duties: {
    control: 'Steuerung des Clusters',
    services: 'Deine Dienste',
    lan: 'LAN-Verkehr an ihre Adressen',
  },
  empty: {
    server: 'Ein Cluster braucht einen Server. Schieb einen Rechner hierher.',
    agent: 'Keine Worker. Die Server betreiben auch deine Dienste.',
  },
  moved: { server: '{name} ist jetzt Server.', agent: '{name} ist jetzt Worker.' },
  servers: ['Server', 'Server'],
  workers: ['Worker', 'Worker'],
  lost: ['Server', 'Servern'],
  advice: 'Aufteilung',
  standings: {
    none: {
      title: 'noch kein Server',
      text: 'Ein Rechner muss den Cluster steuern; erst dann können die anderen beitreten.',
    },
    alone: {
      title: 'ein Rechner macht alles',
      text: '{names} steuert den Cluster und betreibt deine Dienste. Ist er aus, ist alles aus. Weitere Rechner können später dazukommen.',
    },
    simple: {
      title: 'einfach',
      text: 'An {names} hängt alles. Ist er aus, laufen die Dienste vielleicht weiter, aber nichts kann geändert werden, und nichts zieht auf einen anderen Rechner um.',
    },
    two: {
      title: 'schlechter als ein Server',
      text: '{names} müssen sich bei jeder Änderung einig sein. Ist einer aus, darf der andere nicht allein handeln.',
    },
    even: {
      title: 'ein Server zu viel',
      text: '{majority} von {servers} müssen sich einig sein. Das übersteht nicht mehr Ausfälle, als es ein Server weniger täte.',
    },
    safe: {
      title: 'übersteht den Ausfall von {lost}',
      text: '{majority} von {servers} müssen sich einig sein. Auch beim Ausfall von {lost} arbeitet der Cluster weiter.',
    },
  },
  why: {
    title: 'Warum nicht zwei Server, oder vier?',
    text: 'Server entscheiden mit Mehrheit. Bei zweien müssen sich beide einig sein: Ist einer aus, steht der Cluster, und das geschieht öfter als bei einem. Vier überstehen den Ausfall von einem, genau wie drei, haben aber einen mehr, der ausfallen kann.',
    table: 'Server und Mehrheit',
    columns: { servers: 'Server', majority: 'Müssen sich einig sein', spare: 'Dürfen aus sein' },
  },
  offers: 'Aufteilungen für deine Rechner',
  offer: {
    1: 'Einfach. Server sollte der Rechner sein, der am seltensten aus ist.',
    3: 'Sicherer. Einer der Server darf aus sein, gleich welcher.',
  },
  whoServes: 'Server: {names}.',
};
