import Sequencer from '@jest/test-sequencer';

const isSlow = ({ path }) => /test[/\\](e2e|simulation)[/\\]/.test(path);

/** Starts the suites that wait for processes first, so that no worker ends long after the others. */
export default class SlowFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(isSlow), ...sorted.filter((test) => !isSlow(test))];
  }
}
