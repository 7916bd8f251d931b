// The standard case on XState, beside what the benchmark has just measured.
//
// `node xstate.mjs PACKAGES CRITERION`: the folder with the packages of package.json, and the folder
// into which `cargo bench` wrote. `run` calls it. The chart is that of tests/it/standard_case.rs.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { resolve } from 'node:path';

const [packages, criterion] = process.argv.slice(2);
const { createActor, createMachine, initialTransition, transition } = createRequire(`${resolve(packages)}/`)('xstate');

const EVENTS = ['register', 'accept', 'assign', 'legal_ok', 'technical_ok', 'decide', 'sign', 'close']
  .map((type) => ({ type }));
// The start is a macrostep too.
const MACROSTEPS = 1 + EVENTS.length;
const FIVE_HOURS_MS = 5 * 60 * 60 * 1000;

const opinion = (name) => ({
  initial: 'open',
  states: { open: { on: { [`${name}_ok`]: 'done' } }, done: { type: 'final' } },
});
const machine = createMachine({
  id: 'case',
  initial: 'draft',
  states: {
    draft: { on: { register: 'registered' } },
    registered: { on: { accept: 'in_hand' } },
    in_hand: {
      initial: 'accepted',
      after: { [FIVE_HOURS_MS]: { actions: 'overdue' } },
      states: {
        accepted: { on: { assign: 'review' } },
        review: {
          type: 'parallel',
          states: { legal: opinion('legal'), technical: opinion('technical') },
          onDone: 'reviewed',
        },
        reviewed: { on: { decide: 'decided' } },
        decided: { on: { sign: 'signed' } },
        signed: { on: { close: '#case.closed' } },
      },
    },
    closed: { type: 'final' },
  },
}, { actions: { overdue: () => {} } });

function pure() {
  let [snapshot] = initialTransition(machine);
  let [begun, ended] = [0, 0];
  for (const event of EVENTS) {
    let actions;
    [snapshot, actions] = transition(machine, snapshot, event);
    for (const { type } of actions) {
      if (type === 'xstate.raise') begun += 1;
      if (type === 'xstate.cancel') ended += 1;
    }
  }
  if (snapshot.status !== 'done' || begun !== 1 || ended !== 1) throw new Error('the case did not go as it should');
}

function actor() {
  const running = createActor(machine).start();
  for (const event of EVENTS) running.send(event);
  if (running.getSnapshot().status !== 'done') throw new Error('the case did not go as it should');
}

// The median over 21 samples of at least 100 ms each, in nanoseconds a macrostep.
function measure(once) {
  const sample = () => {
    const start = performance.now();
    let cases = 0;
    do {
      for (let i = 0; i < 100; i += 1) once();
      cases += 100;
    } while (performance.now() - start < 100);
    return ((performance.now() - start) * 1e6) / (cases * MACROSTEPS);
  };
  for (let i = 0; i < 5; i += 1) sample();
  return Array.from({ length: 21 }, sample).sort((a, b) => a - b)[10];
}

function measured(name) {
  const estimates = JSON.parse(readFileSync(`${criterion}/standard case/${name}/new/estimates.json`, 'utf8'));
  return estimates.median.point_estimate / MACROSTEPS;
}

const ours = measured('in place');
const rows = [
  ['ours, in place, with the waits begun and ended', ours],
  ['ours, by value', measured('by value')],
  ['XState, pure transition function', measure(pure)],
  ['XState, actor', measure(actor)],
];
console.log('| standard case, one core, medians | ns a macrostep | macrosteps/s | ours, in place, is faster by |');
console.log('|---|---|---|---|');
for (const [name, ns] of rows) {
  const count = Math.round(1e9 / ns).toLocaleString('en');
  console.log(`| ${name} | ${ns.toFixed(0)} | ${count} | ${(ns / ours).toFixed(1)} |`);
}
