#!/usr/bin/env python3
"""Every developer command of the workspace; needs nothing but Python >= 3.11.

From nothing, each command first makes what it needs: a ``.bootstrap`` environment with pinned, hash-checked
tox and uv, then the tox environment of the command. Both are made again only when their inputs change. The
commands themselves are in tox.ini; this file prepares, calls and times them.

Lines of this file go to stderr, so that stdout holds the output of the command alone.

Exit status: that of the command; 2 for wrong usage; 3 when an environment cannot be made; 127 when ``run``
does not find its command.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent
BOOTSTRAP = ROOT / ".bootstrap"
TOX_WORK = ROOT / ".tox"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
GATES = ("lint", "types", "api", "test", "counterparts", "wheels")

USAGE = """usage: python dev.py COMMAND

  demo [ARGS]            walk through a day at the counter: segur demo comptoir ARGS
  test                   all gates in order: lint, types, api, test, counterparts, wheels
  test -- PYTEST_ARGS    only pytest, with these arguments
  lint                   style, import contracts, declared dependencies, test names
  types                  mypy --strict on everything, tests included
  api                    public API of the SDK against the commit in sdk/api-baseline
  counterparts           OpenID software nobody here wrote, against the sandbox and psc (needs the registry of npm)
  wheels                 every distribution builds reproducibly, installs alone, and plugins pass the kit
  axe                    the conformance report is accessible (needs the registry of npm)
  docs                   build the documentation
  bench [--json]         benchmarks
  run -- COMMAND ...     run COMMAND inside the project's environment
  lock [--upgrade]       refresh requirements/ and say what changed
"""

PYTHON_HEADER = str(Path(sysconfig.get_path("include")) / "Python.h")
COMPILED = "pyscard, by which PC/SC readers are read, is compiled on Linux"
PREFLIGHT = "PDFBox Preflight, which nobody here wrote, says that documents are PDF/A-1b"


class SystemPackage(NamedTuple):
    """A Debian package that some test needs.

    Attributes:
        name: Package name for apt-get.
        proof: Program on the PATH, or absolute path of a file, whose presence shows that nothing has to be installed.
        why: What works only with it.
        command: The command of this file that needs it.
    """

    name: str
    proof: str
    why: str
    command: str = "test"


SYSTEM_PACKAGES = (
    SystemPackage("openssl", "openssl", "tests make certificates and handshakes that no code of ours made"),
    SystemPackage("nodejs", "node", "a host in JavaScript goes through the conformance kit"),
    SystemPackage("nodejs", "node", "the sandbox and psc meet OpenID software nobody here wrote", "counterparts"),
    SystemPackage("npm", "npm", "the sandbox and psc meet OpenID software nobody here wrote", "counterparts"),
    SystemPackage("chromium", "chromium", "somebody signs in by hand on the sandbox's page", "counterparts"),
    SystemPackage("npm", "npm", "axe looks at the conformance report", "axe"),
    SystemPackage("chromium", "chromium", "axe looks at the conformance report in a browser", "axe"),
    SystemPackage("curl", "curl", "tests send requests that no code of ours made"),
    SystemPackage("xmlsec1", "xmlsec1", "a program that is not ours verifies what cards sign"),
    SystemPackage("pcscd", "pcscd", "cards are read through PC/SC"),
    SystemPackage("vsmartcard-vpcd", "/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "PC/SC has a virtual reader"),
    SystemPackage("opensc", "opensc-tool", "a program that is not ours sees the virtual cards"),
    SystemPackage("pcsc-tools", "pcsc_scan", "a program that is not ours sees the virtual cards come and go"),
    SystemPackage("softhsm2", "/usr/lib/softhsm/libsofthsm2.so", "keys are used through PKCS#11"),
    SystemPackage("default-jre-headless", "java", PREFLIGHT),
    SystemPackage("libpdfbox2-java", "/usr/share/java/preflight.jar", PREFLIGHT),
    SystemPackage("libactivation-java", "/usr/share/java/javax.activation.jar", PREFLIGHT),
    SystemPackage("libjaxb-api-java", "/usr/share/java/jaxb-api.jar", PREFLIGHT),
    SystemPackage("gcc", "gcc", COMPILED),
    SystemPackage("libc6-dev", "/usr/include/stdio.h", COMPILED),
    SystemPackage("swig", "swig", COMPILED),
    SystemPackage("libpcsclite-dev", "/usr/include/PCSC/winscard.h", COMPILED),
    SystemPackage(f"python{sys.version_info[0]}.{sys.version_info[1]}-dev", PYTHON_HEADER, COMPILED),
)


class EnvironmentFailedError(Exception):
    """An environment cannot be made; the message says what to do."""


def say(message: str) -> None:
    """Write one line of our own to stderr."""
    print(f"dev: {message}", file=sys.stderr, flush=True)


# --- system packages ------------------------------------------------------------------------------------


def apt_install(names: list[str]) -> bool:
    """Install Debian packages when that is possible here; otherwise print the exact line.

    Returns:
        True when the packages were installed.
    """
    line = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get")):
        say(f"missing system packages, install them with: sudo {line}")
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update", line):
        say(command)
        if subprocess.run(command.split(), env=environment, stdout=sys.stderr, check=False).returncode:
            say(f"failed, going on without: {' '.join(names)}")
            return False
    return True


def is_there(proof: str) -> bool:
    """Tell whether a program or a file is on this machine; daemons are where an ordinary user's PATH does not look."""
    if Path(proof).is_absolute():
        return Path(proof).exists()
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    return shutil.which(proof, path=path) is not None


def ensure_system_packages(command: str) -> None:
    """Install what SYSTEM_PACKAGES lists for a command and this machine lacks; never stops the command."""
    missing = [one for one in SYSTEM_PACKAGES if one.command == command and not is_there(one.proof)]
    for package in missing:
        say(f"{package.proof} is missing: {package.why}")
    if missing:
        apt_install([package.name for package in missing])


# --- environments ---------------------------------------------------------------------------------------


def fingerprint(inputs: list[Path]) -> str:
    """Hash of the inputs' contents, of this interpreter and of the place, which scripts have in them."""
    digest = hashlib.sha256(f"{ROOT}\0{sys.version}\0{sys.base_prefix}".encode())
    for path in inputs:
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_current(stamp: Path, inputs: str) -> bool:
    """Tell whether the environment that holds ``stamp`` was made from these inputs."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs


def attempt(command: list[str], what: str) -> None:
    """Run a preparing command, its output on stderr.

    Raises:
        EnvironmentFailedError: the command failed.
    """
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=False).returncode:
        raise EnvironmentFailedError(f"{what} failed; its output is above")


def ensure_bootstrap() -> Path:
    """Make ``.bootstrap`` when it is missing or out of date.

    Returns:
        The folder of its programs (tox, uv, python).
    """
    requirements = ROOT / "requirements" / "bootstrap.txt"
    stamp, inputs = BOOTSTRAP / "inputs", fingerprint([requirements])
    if not is_current(stamp, inputs):
        say("making .bootstrap (tox, uv)")
        try:
            import ensurepip  # noqa: F401, PLC0415 - Debian keeps it in a package of its own
        except ImportError:
            if not apt_install([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"]):
                raise EnvironmentFailedError("python -m venv needs ensurepip") from None
        shutil.rmtree(BOOTSTRAP, ignore_errors=True)
        attempt([sys.executable, "-m", "venv", str(BOOTSTRAP)], "python -m venv .bootstrap")
        pip = [str(BOOTSTRAP / SCRIPTS / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        attempt([*pip, "--require-hashes", "-r", str(requirements)], "pip install of tox and uv")
        stamp.write_text(inputs, encoding="utf-8")
    return BOOTSTRAP / SCRIPTS


def tox(*arguments: str) -> list[str]:
    """Command line of the bootstrapped tox."""
    return [str(ensure_bootstrap() / "tox"), *arguments]


def ensure_environment(name: str) -> Path:
    """Make the tox environment ``name`` when it is missing or when anything that it is made from changed.

    tox itself does not notice a changed pyproject.toml of an editable distribution, hence our own stamp.

    Returns:
        The environment's folder.
    """
    from tools.workspace import distributions, workspace_requirements  # noqa: PLC0415 - needs Python >= 3.11

    found = distributions(ROOT)
    if (ROOT / "requirements/workspace.txt").read_text(encoding="utf-8") != workspace_requirements(found):
        raise EnvironmentFailedError(
            "requirements/workspace.txt does not list the distributions: run python dev.py lock"
        )
    requirements = sorted((ROOT / "requirements").glob("*.txt"))
    manifests = [distribution.folder / "pyproject.toml" for distribution in found]
    folder = TOX_WORK / name
    stamp, inputs = folder / "inputs", fingerprint([ROOT / "tox.ini", *requirements, *manifests])
    if not is_current(stamp, inputs):
        command = tox("run", "-q", "-r", "-e", name, "--notest")
        say(f"making the environment {name}")
        attempt(command, f"making the environment {name}")
        stamp.write_text(inputs, encoding="utf-8")
    return folder


def ensure_native(folder: Path) -> None:
    """Add what requirements/native.txt names to an environment that can do without, where it can be compiled."""
    requirements = ROOT / "requirements" / "native.txt"
    lacking = [one.proof for one in SYSTEM_PACKAGES if one.why == COMPILED and not is_there(one.proof)]
    stamp, inputs = folder / "native", fingerprint([requirements]) + " ".join(lacking)
    if is_current(stamp, inputs):
        return
    install = [
        str(ensure_bootstrap() / "uv"),
        "pip",
        "install",
        "--quiet",
        "--python",
        str(folder / SCRIPTS / "python"),
    ]
    try:
        if lacking and sys.platform == "linux":
            say(f"going on without PC/SC readers, for lack of {', '.join(lacking)}")
        else:
            attempt([*install, "--require-hashes", "-r", str(requirements)], f"installing {requirements.name}")
    except EnvironmentFailedError as failure:
        say(f"going on without PC/SC readers: {failure}")
        return
    stamp.write_text(inputs, encoding="utf-8")


# --- commands -------------------------------------------------------------------------------------------


def gate(name: str, arguments: list[str]) -> int:
    """Run the commands that tox.ini has for one environment; only their output reaches stdout."""
    ensure_environment(name)
    return subprocess.run(tox("run", "-qq", "-e", name, "--", *arguments), cwd=ROOT, check=False).returncode


def test(arguments: list[str]) -> int:
    """All gates in order, or pytest alone when it is given arguments."""
    if arguments:
        ensure_environment("test")
        command = tox("exec", "-qq", "-e", "test", "--", "python", "-m", "pytest", *arguments)
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    ensure_system_packages("counterparts")
    durations = []
    for name in GATES:
        say(f"{name} ...")
        start = time.monotonic()
        status = gate(name, [])
        durations.append(f"{name} {time.monotonic() - start:.1f} s")
        if status:
            say(f"FAILED: {durations[-1]}; after mending it, run again: python dev.py {again(name)}")
            return status
        say(f"passed: {durations[-1]}")
    say(f"all gates passed: {', '.join(durations)}")
    return 0


def again(name: str) -> str:
    """Arguments that run one gate alone."""
    return "test -- --last-failed" if name == "test" else name


def execute(name: str, command: list[str]) -> int:
    """Run a command inside one environment: its stdin, stdout and status are the command's own.

    Not through tox, which adds a line to stdout when a command fails.
    """
    folder = ensure_environment(name)
    if name == "dev":
        ensure_native(folder)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    environment["VIRTUAL_ENV"] = str(folder)
    environment["PATH"] = os.pathsep.join([str(folder / SCRIPTS), os.environ.get("PATH", os.defpath)])
    program = shutil.which(command[0], path=environment["PATH"])
    if program is None:
        say(f"{command[0]}: not found in the project's environment nor on the PATH")
        return 127
    if os.name != "nt":
        os.execve(program, command, environment)
    return subprocess.run([program, *command[1:]], env=environment, check=False).returncode


def lock(arguments: list[str]) -> int:
    """Refresh the files of requirements/."""
    command = [str(ensure_bootstrap() / "python"), "-m", "tools.lock", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def usage(problem: str = "") -> int:
    """Print what is wrong and how to use this file."""
    if problem:
        say(problem)
    print(USAGE, end="", file=sys.stderr if problem else sys.stdout)
    return 2 if problem else 0


def main(arguments: list[str]) -> int:
    """Carry out one command line; returns the exit status."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if name in {"-h", "--help", "help"}:
        return usage()
    if rest[:1] == ["--"]:
        rest = rest[1:]
    try:
        if name == "lock":
            return lock(rest)
        if name == "bench" or (name == "demo" and "pcsc" in rest):
            ensure_system_packages("test")
        if name == "bench":
            return execute("bench", ["python", "-m", "tests.benchmarks.run", *rest])
        if name == "run" and not rest:
            return usage("run needs a command: python dev.py run -- COMMAND ...")
        if name in {"demo", "run"}:
            return execute("dev", rest if name == "run" else ["segur", "demo", "comptoir", *rest])
        if name in {"test", "counterparts", "axe"}:
            ensure_system_packages(name)
        if name == "test":
            return test(rest)
        if name in {"lint", "types", "api", "counterparts", "wheels", "axe", "docs"}:
            return gate(name, rest) if not rest else usage(f"{name} takes no arguments")
    except EnvironmentFailedError as failure:
        say(str(failure))
        return 3
    return usage(f"unknown command: {name}" if name else "which command?")


def start() -> NoReturn:
    """Entry point of ``python dev.py``."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter must get a sentence, not a traceback
        say(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: {sys.executable}")
        sys.exit(3)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    start()
