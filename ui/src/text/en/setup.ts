// The words of the page Set-up.
import type { Stop } from '../../setup/journey';

export const setup = {
  title: 'From bare machines to a service that you can open',
  intro:
    'Eight steps. Each can be left and taken up again, also after the window was closed: what is done is seen by looking. Nothing is changed before you have seen what will happen and said yes.',
  choose: 'How do you want to begin?',
  home: 'Find my machines',
  homeText: 'Look at your own network. Looking changes nothing.',
  practise: 'Practise first',
  practiseText:
    'A whole homelab inside this program: six machines, a Cloudflare account, name servers. Nothing is real, and everything can be broken.',
  begin: 'Begin',
  line: 'The steps of the set-up',
  states: { done: 'Done', now: 'Next', open: 'To come', optional: 'Whenever you like' },
  steps: {
    find: {
      title: 'Find machines',
      text: 'Portico asks every address of your network who is there, and says which machines are fit. Pick one or more.',
      act: 'Find machines',
    },
    connect: {
      title: 'Connect',
      text: 'Over SSH, once you have compared the fingerprint. Your machines, their logins and sudoers stay as they are.',
      act: 'Connect to them',
    },
    check: {
      title: 'Check',
      text: 'Memory, clocks, firewalls, leftovers and more, on every machine. What stands in the way is named, with its remedy. It only looks.',
      act: 'Check them',
    },
    roles: {
      title: 'Roles',
      text: 'One machine does everything. With more, one server and the rest workers; with five or more, three servers survive the loss of one. Two are worse than one: if either fails, neither can decide.',
      act: 'Choose roles',
    },
    preview: {
      title: 'Preview',
      text: 'Every step of the build with its exact command, before anything is changed.',
      act: 'To the preview',
    },
    build: {
      title: 'Build',
      text: 'K3s on every machine, and each step seen to be true. The build can be stopped, and goes on where it stopped, also after a power cut.',
      act: 'To the build',
    },
    names: {
      title: 'Names and certificates',
      text: 'Through Cloudflare, with a token: names in your zone, certificates that every browser trusts, a tunnel for public services; records that you made are never touched. Or without it, for your LAN alone, with an authority of your own.',
      act: 'Choose',
    },
    service: {
      title: 'First service',
      text: 'A name for a program in your cluster, for your LAN alone or for the internet. The flow shows the whole way to it.',
      act: 'Add a service',
    },
  } satisfies Record<Stop, { title: string; text: string; act: string }>,
  found: ['machine found', 'machines found'],
  picked: '{count} picked',
  connected: ['machine connected', 'machines connected'],
  hindrances: ['thing stops the build', 'things stop the build'],
  cluster: '{name} runs K3s {version}',
  unfinished: 'A build has not ended well: it can go on.',
  doneTitle: 'Everything is set up',
  doneText: 'Look at how traffic flows, or add another service.',
  toFlow: 'See the flow',
  another: 'Add another service',
} as const;
