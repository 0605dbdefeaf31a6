"""Mutation testing of the modules that decide: each operator, number, default or text is changed, and a test must fail.

    python scripts/mutations.py                        # all modules of MODULES
    python scripts/mutations.py statistics/noise       # some of them
    python scripts/mutations.py --again                # only what the last run left alive, or what has changed since

The mutants are those of mutmut's operators (mutmut 3), one at a time, of whole modules with their constants. The tests
of a module are collected once. Each mutant is a fork of that process: it puts the mutated code into the module's
functions, and runs the tests that run the mutated statement until one fails, with and without the compiled loops.

A mutant that no test can tell from the original is in ``scripts/mutation_survivors.txt``, with the reason. Others that
survive are printed. The exit status is 1 if there are any, or if a survivor of that file is killed or no longer exists.
"""

import argparse
import ast
import difflib
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import types
from collections import Counter, defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import libcst as cst
import numpy as np
import pytest
from coverage import Coverage
from hypothesis import HealthCheck, Phase, settings
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ccdproc_darks"
# This checkout, and no other that may be installed.
sys.path.insert(0, str(ROOT))
from ccdproc_darks._compute import loops  # noqa: E402

LOOPS = [name for name in loops.__all__ if name != "MOST_EXPOSURES"]
SURVIVORS = ROOT / "scripts" / "mutation_survivors.txt"
# Modules that decide, and the tests that are quick and strong.
MODULES = {
    "statistics/noise": ["statistics/test_noise.py"],
    "statistics/rate_fit": ["statistics/test_rate_fit.py"],
    "rates/rate_fit_complete": ["rates/test_rate_fit_complete.py", "_compute/test_loops.py"],
    "rates/rejection": ["rates/test_rejection.py", "_compute/test_loops.py", "rates/test_stack_files.py"],
    "comparison/two_rates": ["comparison/test_two_rates_formulas.py"],
    "comparison/crossing_rate": ["comparison/test_crossing_rate.py"],
    "masks/flagging": ["masks/test_flagging.py", "masks/test_flagging_proportionality.py"],
    "masks/hot_pixels": ["masks/test_hot_pixels.py", "masks/test_hot_pixels_threshold.py"],
    "frames/headers": ["frames/test_headers_values.py", "frames/test_headers.py"],
    "frames/belonging": ["frames/test_belonging_values.py", "frames/test_belonging.py"],
}
# Tests by many draws, and of other things than numbers.
WITHOUT = "not (statistics or memory or cluster or benchmarks)"
# Processor time (s) after which a mutant is taken for an endless loop: so many times that of the original, and more.
TIMES, MORE = 4, 5
# Slower tests (s) are left out.
SLOWEST = 0.5


@dataclass
class Mutant:
    """One change of a module: the source with it, where it is, and what became of it.

    ``line`` is None where the change is outside of functions: all tests may see it.
    """

    place: str
    old: str
    new: str
    source: str
    lines: range | None
    outside: bool
    number: int = 0
    verdict: str = ""
    seconds: float = 0.0

    @property
    def key(self):
        """Text that finds the mutant again when lines have moved."""
        text = f"{self.place}\n- {self.old}\n+ {self.new}"
        return f"{text}\n# {self.number}" if self.number else text


class Mutator(cst.CSTVisitor):
    """Collects the mutants of mutmut's operators, but not in types, decorators, imports and lists of names."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self):
        self.found, self._line = [], 1

    def on_visit(self, node):
        """Collect the mutants of a node; go on to what is in it, unless it is left out."""
        position = self.get_metadata(PositionProvider, node, None)
        if position is not None and not isinstance(node, cst.Module):
            self._line = position.start.line
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return False
        if isinstance(node, cst.Assign) and getattr(node.targets[0].target, "value", None) == "__all__":
            return False
        # As mutmut: these fail loudly.
        if isinstance(node, cst.Call) and getattr(node.func, "value", None) in ("len", "isinstance"):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found.extend((self._line, node, mutated) for mutated in operator(node))
        return True


def mutants_of(path):
    """All `Mutant` of a module."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    visitor = Mutator()
    wrapper = MetadataWrapper(cst.parse_module(source))
    wrapper.visit(visitor)
    before, found, seen = source.splitlines(), [], Counter()
    for line, node, mutated in visitor.found:
        text = wrapper.module.deep_replace(node, mutated).code
        try:
            compile(text, str(path), "exec")
        except SyntaxError:
            continue
        place, lines, outside = _place(tree, line)
        changed = [row for row in difflib.ndiff(before, text.splitlines()) if row[:1] in "-+"]
        old, new = (" ".join(row[2:].strip() for row in changed if row[0] == sign) for sign in "-+")
        mutant = Mutant(place, old, new, text, lines, outside)
        mutant.number = seen[mutant.key]
        seen[mutant.key] += 1
        found.append(mutant)
    return found


def _place(tree, line):
    """Name of the function around a line; lines whose tests may see a change of it; whether they are outside of any."""
    names, within, function, statement = [], tree.body, None, None
    while True:
        inner = [node for node in within if _first_line(node) <= line <= node.end_lineno]
        if not inner:
            break
        statement = inner[0]
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names.append(statement.name)
            function = statement if isinstance(statement, ast.FunctionDef) else function
        within = [child for child in ast.walk(statement) if isinstance(child, ast.stmt) and child is not statement]
        within = [child for child in within if _first_line(child) <= line <= child.end_lineno][:1]
    place = ".".join(names) or "module"
    if function is None:
        return place, None, True
    if statement is function:
        return place, range(function.body[0].lineno, function.end_lineno + 1), True
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if isinstance(body, list) and not isinstance(statement, ast.FunctionDef) else None
    return place, range(statement.lineno, (end or statement.end_lineno) + 1), isinstance(statement, ast.FunctionDef)


def _first_line(node):
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def patch(module, source, outside):
    """Put mutated code into a module that others have imported already; with ``outside``, other values too."""
    new = types.ModuleType(module.__name__)
    new.__dict__.update(__file__=module.__file__, __package__=module.__package__, __spec__=module.__spec__)
    # Dataclasses look for their module.
    sys.modules[module.__name__] = new
    try:
        exec(compile(source, module.__file__, "exec"), new.__dict__)
    finally:
        sys.modules[module.__name__] = module
    for name, value in vars(new).items():
        old = vars(module).get(name)
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
            _patch_function(old, value)
        elif isinstance(value, type) and value.__module__ == module.__name__:
            _patch_class(old, value, module.__file__)
        elif outside and not name.startswith("__") and not isinstance(value, type | types.ModuleType):
            _rebind(name, old, value)


def _patch_function(old, new):
    for name in ("__code__", "__defaults__", "__kwdefaults__"):
        setattr(old, name, getattr(new, name))


def _patch_class(old, new, file):
    for name, value in vars(new).items():
        before = vars(old).get(name)
        if isinstance(value, types.FunctionType) and value.__code__.co_filename == file:
            _patch_function(before, value)
        elif isinstance(value, property):
            _patch_function(before.fget, value.fget)
        elif isinstance(value, staticmethod | classmethod):
            _patch_function(before.__func__, value.__func__)
        elif isinstance(value, types.FunctionType) and name in ("__init__", "__eq__", "__repr__"):
            setattr(old, name, value)
        elif isinstance(value, int | float | str | tuple | list | np.ndarray | None):
            with suppress(AttributeError, TypeError):
                setattr(old, name, value)


def _rebind(name, old, value):
    """Set a constant of a module, there and where it has been imported."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is old and old is not value:
            setattr(module, name, value)


@dataclass
class Tests:
    """What is known of the tests with the original: times (s), those of each line, those that call a compiled loop."""

    seconds: dict
    lines: dict
    calls: set
    kills: Counter = field(default_factory=Counter)

    def choose(self, mutant, items):
        """Tests that may see a mutant, the most promising ones first."""
        chosen = set(self.seconds)
        if mutant.lines is not None:
            chosen &= set().union(*(self.lines.get(line, ()) for line in mutant.lines))
        return sorted((item for item in items if item.nodeid in chosen), key=lambda item: self._order(mutant, item))

    def _order(self, mutant, item):
        seconds = self.seconds[item.nodeid] + 0.01
        return -self.kills[mutant.place, item.nodeid] / seconds, seconds


class Plugin:
    """Runs the mutants in place of the tests, in forks of the process that has collected these."""

    def __init__(self, name, mutants, jobs, folder, verbose):
        self.verbose = verbose
        self.path, self.mutants, self.jobs, self.folder = ROOT / PACKAGE / f"{name}.py", mutants, jobs, folder
        self.module_name = f"{PACKAGE}.{name.replace('/', '.')}"
        self.failed, self.error = None, None

    def pytest_runtest_logreport(self, report):
        """Remember the test that failed."""
        if report.failed:
            self.failed = report.nodeid

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        """Run the original once, then all mutants."""
        items = list(session.items)
        compiled, plain = (self._baseline(items, compiled) for compiled in (True, False))
        # Tests that need no compiled loop are the same without.
        plain.seconds = {
            test: seconds
            for test, seconds in plain.seconds.items()
            if test in compiled.calls or test not in compiled.seconds
        }
        self.tests = compiled, plain
        if not any(tests.seconds for tests in self.tests):
            self.error = "no test passes with the original"
            return True
        control = Mutant("original", "", "", self.path.read_text(encoding="utf-8"), None, True)
        for mutants in ([control], self.mutants, [control]):
            self._run_all(items, mutants)
            if control.verdict.startswith("killed"):
                self.error = f"without a change: {control.verdict}"
                break
        return True

    def _baseline(self, items, compiled):
        """`Tests`, from a run of the original in a fork."""
        place = self.folder / f"baseline{compiled:d}.json"
        pid = os.fork()
        if not pid:
            with _child(self.folder / "baseline"), _without_loops(not compiled):
                place.write_text(json.dumps(self._measured(items)))
        os.waitpid(pid, 0)
        seconds, lines, calls = json.loads(place.read_text())
        return Tests(seconds, {int(line): tests for line, tests in lines.items()}, set(calls))

    def _measured(self, items):
        """Times of the tests that pass and are quick, which of them run each line, and which call a compiled loop."""
        seconds, calls = {}, set()
        coverage = Coverage(data_file=None, include=[str(self.path)], config_file=False)
        shared = defaultdict(set)

        class Contexts:
            """What a fixture of several tests runs is run by all of them."""

            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef, request):
                outer, shares = current[0], fixturedef.scope != "function"
                current[0] = f"fixture {fixturedef.argname}" if shares else outer
                coverage.switch_context(current[0])
                result = yield
                current[0] = outer
                coverage.switch_context(outer)
                return result

        def noted(loop):
            def call(*args):
                calls.add(current[0])
                return loop(*args)

            return call

        for name in LOOPS:
            if getattr(loops, name) is not None:
                setattr(loops, name, noted(getattr(loops, name)))
        current, contexts = [""], Contexts()
        items[0].config.pluginmanager.register(contexts)
        coverage.start()
        for item, following in zip(items, [*items[1:], None], strict=False):
            current[0] = item.nodeid
            coverage.switch_context(item.nodeid)
            for name in item.fixturenames:
                shared[f"fixture {name}"].add(item.nodeid)
            self.failed, start = None, time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            spent = time.process_time() - start
            if self.failed is None and spent < SLOWEST:
                seconds[item.nodeid] = spent
        coverage.stop()

        def tests_of(contexts):
            return sorted(set().union(*(shared.get(context, {context}) for context in contexts)))

        found = coverage.get_data().contexts_by_lineno(str(self.path))
        return seconds, {line: tests_of(contexts) for line, contexts in found.items()}, tests_of(calls)

    def _run_all(self, items, mutants):
        """Run forks, so many at a time; set the mutants' verdicts."""
        waiting, running = list(enumerate(mutants))[::-1], {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                number, mutant = waiting.pop()
                place = self.folder / f"{mutant.place[0]}{number}"
                running[self._start(items, mutant, place)] = mutant, place, time.monotonic()
            for pid in list(running):
                mutant, place, start = running[pid]
                done, status, used = os.wait4(pid, os.WNOHANG)
                if not done and time.monotonic() - start < 300:
                    continue
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                if not done:
                    os.waitpid(pid, 0)
                mutant.seconds = used.ru_utime + used.ru_stime
                del running[pid]
                self._judge(mutant, place / "verdict", status if done else None)
                if self.verbose:
                    print(f"{mutant.seconds:.2f} s, {mutant.verdict}\n{mutant.key}\n", flush=True)
                shutil.rmtree(place, ignore_errors=True)
            time.sleep(0.002)

    def _judge(self, mutant, verdict, status):
        """Set a mutant's verdict, from what its process wrote, or from its end."""
        text = verdict.read_text() if verdict.exists() else ""
        if mutant.place == "original" and not text:
            error = verdict.with_name("error")
            print(f"without a change: {error.read_text() if error.exists() else status}")
        if status == 0 and text:
            mutant.verdict = text
        else:
            ends = {None: "out of time", signal.SIGXCPU: "out of time", signal.SIGKILL: "out of time", 0: "an error"}
            number = None if status is None else os.WTERMSIG(status)
            mutant.verdict = f"killed: {ends.get(number) or signal.Signals(number).name}"
        for tests in self.tests:
            tests.kills[mutant.place, mutant.verdict.removeprefix("killed: ")] += 1

    def _start(self, items, mutant, place):
        """Process id of the fork that runs a mutant."""
        chosen = [tests.choose(mutant, items) for tests in self.tests]
        seconds = sum(
            tests.seconds[item.nodeid] for tests, some in zip(self.tests, chosen, strict=True) for item in some
        )
        pid = os.fork()
        if not pid:
            os.setsid()
            limit = int(TIMES * seconds + MORE + time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            with _child(place):
                (place / "verdict").write_text(self._verdict(mutant, chosen))
        return pid

    def _verdict(self, mutant, chosen):
        if not any(chosen):
            return "survived: no test runs it"
        try:
            patch(sys.modules[self.module_name], mutant.source, mutant.outside)
        except Exception as error:
            return f"killed: {type(error).__name__} where it is put into the module"
        self.failed = None
        for items, compiled in zip(chosen, (True, False), strict=True):
            with _without_loops(not compiled):
                for item, following in zip(items, [*items[1:], None], strict=False):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                    if self.failed is not None:
                        return f"killed: {self.failed}"
        return "survived"


class _child(ExitStack):
    """A forked process: silent, with a folder of its own, ends with the block and never goes back to the parent's."""

    def __init__(self, folder):
        super().__init__()
        folder.mkdir(exist_ok=True)
        self.folder = folder

    def __enter__(self):
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(silent, descriptor)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.folder)
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            (self.folder / "error").write_text(f"{kind.__name__}: {error}")
        os._exit(0 if error is None else 1)


def _without_loops(wanted):
    """Context without the compiled loops, if ``wanted``."""
    stack = ExitStack()
    if wanted:
        stack.enter_context(mock.patch.multiple(loops, **dict.fromkeys(LOOPS)))
    return stack


def run(name, mutants, jobs, verbose=False):
    """Set the verdicts of a module's mutants."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        plugin = Plugin(name, mutants, jobs, Path(folder), verbose)
        files = [str(ROOT / "tests" / file) for file in MODULES[name] if (ROOT / "tests" / file).exists()]
        options = ["-q", "-s", "-m", WITHOUT, "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=native",
                   "-o", "addopts=--import-mode=importlib --strict-markers", f"--rootdir={ROOT}",
                   f"--basetemp={folder}/pytest", "--no-header", "--no-summary",
                   "-W", "ignore::pytest.PytestAssertRewriteWarning"]  # fmt: skip
        status = pytest.main([*options, *files], plugins=[plugin])
        if plugin.error or status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise SystemExit(f"{name}: {plugin.error or status}")


def known_survivors():
    """``{module: {key: reason}}`` of the file of survivors that no test can kill."""
    found, reason, module = defaultdict(dict), "", ""
    for part in re.split(r"\n\s*\n", SURVIVORS.read_text(encoding="utf-8")) if SURVIVORS.exists() else ():
        rows = part.strip().splitlines()
        if rows and rows[0].startswith("== "):
            module = rows.pop(0)[3:]
        texts = [row[2:] for row in rows if row.startswith("# ") and not row[2:].isdigit()]
        reason = " ".join(texts) or reason
        key = "\n".join(row for row in rows if not row.startswith("# ") or row[2:].isdigit())
        if key:
            found[module][key] = reason
    return found


def main(arguments=None):
    """Run the mutants and print what survived; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; default: all")
    parser.add_argument("--again", action="store_true", help="only mutants that survived the last time, or are new")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (default: 1)")
    parser.add_argument("--match", default="", help="only mutants whose function and text have this in them")
    parser.add_argument("--verbose", action="store_true", help="print what becomes of each mutant, and in which time")
    given = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.update(HYPOTHESIS_PROFILE="mutations", COVERAGE_CORE="ctrace")
    # A failure is enough: it need not be made simple.
    settings.register_profile(
        "mutations", max_examples=15, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    known, store, bad = known_survivors(), ROOT / "build" / "mutations", 0
    store.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in given.modules or MODULES:
        name, start = name.removeprefix(f"{PACKAGE}/").removesuffix(".py"), time.monotonic()
        result = store / f"{name.replace('/', '.')}.json"
        mutants = mutants_of(ROOT / PACKAGE / f"{name}.py")
        last = json.loads(result.read_text()) if result.exists() else {}
        todo = [mutant for mutant in mutants if given.match in mutant.key]
        if given.again:
            todo = [mutant for mutant in todo if not last.get(mutant.key, "").startswith("killed")]
        pid = os.fork()
        if not pid:
            # A process for each module: the tests of one must not see those of another.
            if todo:
                run(name, todo, given.jobs, given.verbose)
            last = {mutant.key: last.get(mutant.key, "") for mutant in mutants}
            result.write_text(json.dumps(last | {mutant.key: mutant.verdict for mutant in todo}, indent=1))
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            return 2
        verdicts = json.loads(result.read_text())
        survived = [key for key, verdict in verdicts.items() if verdict and not verdict.startswith("killed")]
        new = [key for key in survived if key not in known[name]]
        stale = [key for key in known[name] if key not in survived]
        for text, keys in (("survived", new), ("killed or gone, but among the known survivors", stale)):
            for key in keys:
                print(f"{name}: {text}{': no test runs it' if 'no test' in verdicts.get(key, '') else ''}: {key}")
        bad += len(new) + len(stale)
        killed = len(verdicts) - len(survived)
        rows.append((name, len(verdicts), killed, len(survived) - len(new), len(new)))
        print(f"{name}: {_row(rows[-1])}; {len(todo)} run in {time.monotonic() - start:.0f} s", flush=True)
    if len(rows) > 1:
        print(f"all: {_row(('', *(sum(column) for column in list(zip(*rows, strict=True))[1:])))}")
    return int(bad > 0)


def _row(row):
    _, mutants, killed, known, new = row
    share = f"{killed / mutants:.1%} killed" if mutants else "none"
    return f"{mutants} mutants, {killed} killed ({share}), {known} known survivors, {new} others"


if __name__ == "__main__":
    sys.exit(main())
