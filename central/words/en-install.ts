/** The command line's words about installing, in English. */
export const installing = {
  help: {
    install: 'put a node on this machine, wholly or not at all; again to upgrade or to change settings',
    installCentre: 'install the centre whose program this is',
    installEdge:
      'install the appliance built by "npm run appliance": the same as its install.sh, whose options follow',
    uninstall: 'take a node off this machine: its writers are deregistered, its data stays',
    uninstallCentre: 'take the centre off this machine',
    uninstallEdge: 'take the edge off this machine',
    identity: 'identity.json from "holdfast centre enrol"',
    set: 'a setting for centre.env, such as HOLDFAST_SNAPSHOT_EVERY=6h; an empty value takes it out',
    noStart: 'do not start it now',
    removeData: 'remove settings, identity, databases and snapshots as well',
    edgeOptions: 'options of install.sh: --identity FILE --centre HOST:PORT ...',
  },
  steps: {
    folders: 'folders',
    identity: 'identity',
    settings: 'settings',
    databases: 'databases',
    migrations: 'migrations',
    vaults: 'vault keys',
    writers: 'snapshot writers',
    trial: 'trial snapshot',
    units: 'systemd units',
    enable: 'start at boot',
  },
  installed: (count: number): string =>
    count === 0
      ? 'The centre is installed, and nothing had to be changed.'
      : `The centre is installed; ${String(count)} files and folders were made or changed.`,
  registered: (name: string, instance: string): string =>
    `${name} ${instance}: registered, trial snapshot passed`,
  recovered: 'An installation that had been interrupted was undone first.',
  wasUndone: 'Nothing was installed: the machine is as it was.',
  wasUndoneBut: 'Nothing was installed: the machine is as it was, except:',
  noSchedule:
    'No snapshots are scheduled yet: --set HOLDFAST_SNAPSHOT_EVERY=6h, with HOLDFAST_SNAPSHOT_RECIPIENTS=age1... or HOLDFAST_SNAPSHOT_PLAIN=yes.',
  running: 'It is running: journalctl -u holdfast-centre',
  startItself: 'It starts with the machine, or now by: systemctl start holdfast-centre',
  didNotStart: (why: string): string => `The centre is installed and did not start: ${why}`,
  seeJournal: 'journalctl -u holdfast-centre says why.',
  uninstalled: (count: number): string => `${String(count)} files were removed.`,
  dataStays: (folder: string): string =>
    `Settings and data stay (${folder}); --remove-data removes them as well.`,
  notInstalled: 'No centre is installed here.',
  applianceMissing: (file: string): string => `${file} is not there.`,
  buildAppliance: 'Build the appliance first: npm run appliance.',
  edgeMissing: 'No edge is installed here.',
};
