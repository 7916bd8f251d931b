// Runs charts on SCION. `node peer.mjs FOLDER`, where FOLDER has the packages of package.json.
//
// Reads lines, each a JSON list of {chart, events}. Answers each line with one: for every chart the
// list of what the start and each event led to, as text that main.rs writes in the same way.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

const require = createRequire(`${resolve(process.argv[2])}/`);
const { BaseInterpreter, Statechart } = require('@scion-scxml/core');

// As in main.rs.
const MICROSTEPS_MAX = 100;

class Restless extends Error {}

// SCION, with four things set right that are against the Recommendation. README.md proves each.
class Scion extends BaseInterpreter {
  constructor(model) {
    // 1. Only a compound state is the domain of a transition. SCION's own switch, which the
    // constructor of Statechart turns off; hence its base class here, and its two methods below.
    super(model, { legacySemantics: true, sessionRegistry: new Map() });
    const flatten = (state) => {
      // 2. States are exited and entered in document order, not level by level.
      state.depth = 0;
      // 3. The actions of transitions taken together run in the order of the leaves that selected
      // them. The sort that reads this number is stable.
      state.transitions.forEach((transition) => { transition.documentOrder = 0; });
      (state.states ?? []).forEach(flatten);
    };
    flatten(this._model);
    this.microsteps = 0;
    this.on('onSmallStepBegin', () => {
      this.microsteps += 1;
      if (this.microsteps > MICROSTEPS_MAX) throw new Restless();
    });
  }

  isDone() {
    return this._configuration.iter().some((state) => state.$type === 'final' && state.parent.$type === 'scxml');
  }

  // 4. The interpreter is left when a child of the root that is final becomes active, not when the
  // active leaves happen to be final.
  _exitInterpreter(event) {
    if (this.isDone()) super._exitInterpreter(event);
  }
}
for (const name of ['_selectTransitions', '_removeConflictingTransition']) {
  Scion.prototype[name] = Statechart.prototype[name];
}

// From the words of a chart to a model of SCION's.
function build(state, log, isIn) {
  const action = (word) => (word[0] === '!'
    ? function raise() { this.raise({ name: word.slice(1) }); }
    : () => { log.push(word); });
  const condition = (word) => {
    const [sense, name] = word.split(':');
    return () => isIn(name) === (sense === 'in');
  };
  const built = {
    id: state.name,
    $type: { compound: 'state', atomic: 'state', shallow: 'history', deep: 'history' }[state.kind] ?? state.kind,
    onEntry: state.entry.map(action),
    onExit: state.exit.map(action),
    transitions: state.transitions.map((it) => {
      const transition = { onTransition: it.actions.map(action) };
      if (it.events) transition.event = it.events.join(' ');
      if (it.guard) transition.cond = condition(it.guard);
      if (it.targets.length) transition.target = it.targets;
      if (it.internal) transition.type = 'internal';
      return transition;
    }),
  };
  if (state.children.length) built.states = state.children.map((child) => build(child, log, isIn));
  const beginning = { target: state.initial, onTransition: state.begin.map(action) };
  if (built.$type === 'history') {
    built.isDeep = state.kind === 'deep';
    built.transitions = [beginning];
  } else if (state.begin.length) {
    built.states.unshift({ $type: 'initial', transitions: [beginning] });
  } else if (state.initial.length) {
    built.initial = state.initial;
  }
  return built;
}

function run({ chart, events }) {
  const log = [];
  const scion = new Scion(function model(x, session, processors, isIn) {
    return { ...build(chart, log, isIn), $type: 'scxml' };
  });
  const stages = [];
  const take = (step) => {
    log.length = 0;
    scion.microsteps = 0;
    try {
      step();
    } catch (error) {
      if (!(error instanceof Restless)) throw error;
      stages.push('does not come to rest');
      return false;
    }
    const active = scion.getFullConfiguration().filter((name) => name !== chart.name && !name.startsWith('$'));
    stages.push(`${log.join(' ')} | ${active.sort().join(' ')}`);
    return !scion.isDone();
  };
  if (take(() => scion.start())) {
    events.every((event) => take(() => scion.gen(event)));
  }
  return stages;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(JSON.parse(line).map(run))}\n`);
}
