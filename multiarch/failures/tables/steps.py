r"""The table of what the commands of RUN steps print, and what it means.

A RUN step that fails is the user's build failing, whatever words its output holds: unit tests print `503`, `timeout`
and `connection refused` too. So it is permanent, unless a tool that fetches things says, in its own wording, that the
network let it down: then the step may be tried again, once.

`DECIDED` holds what decides wherever it stands in the step's output, in this order. Of `FETCHED` and `OWN_FAULT` the
last line decides, for a tool that was cut off and went on is not the reason for what failed after it.
"""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT

_STEP = "look at the last lines of the step, and correct it: {step}"
_ROOM = "take a larger CodeBuild compute type, or free the cache: docker system prune -af; docker buildx prune -af"


def _own(name: str, pattern: str, cause: str, why: str, advice: str = _STEP, *, echo: bool = False) -> FailureRule:
    return FailureRule(name, FailurePhase.RUN_STEP, PERMANENT, pattern, cause, advice, why, echo=echo)


DECIDED: tuple[FailureRule, ...] = (
    FailureRule(
        "step-disk-full",
        FailurePhase.RUN_STEP, CONFIG, r"no space left on device|disk quota exceeded|\benospc\b"
        r"|you don't have enough free space|not enough (?:free |disk )space",
        "the disk of the build host is full", _ROOM, "space does not come back by itself",
    ),
    FailureRule(
        "step-emulation-missing",
        FailurePhase.QEMU, CONFIG,
        r"exec format error|cannot execute binary file|invalid elf image|qemu-\S+: (?:could not open|no such file)"
        r"|rosetta error: failed to open elf",
        "the step's program is for another platform, and no emulation is set up",
        "run docker run --privileged --rm tonistiigi/binfmt --install all, or build the platform natively; check "
            "--platform",
        "emulation does not appear by itself",
    ),
    FailureRule(
        "step-emulator-crashed",
        FailurePhase.QEMU, PERMANENT,
        r"qemu: uncaught target signal|qemu internal sig\w+|qemu-\w+: .{0,80}(?:segmentation"
        r"|unhandled|uncaught)"
        r"|ecdsa\s+verification failure"
        r"|exit code: 139|illegal instruction.{0,40}core dumped",
        "the program crashed under emulation (QEMU), or the emulator did",
            "update it (tonistiigi/binfmt), or build the platform natively",
        "an emulator's bug comes again", given=r"qemu|emulat|ecdsa\s+verification|linux/(?!amd64)",
    ),
    FailureRule(
        "step-out-of-memory",
        FailurePhase.RUN_STEP, CONFIG,
        r"exit (?:code|status):? 137|non-zero code: 137|cannot allocate memory|heap out of memory|outofmemoryerror"
        r"|\boom[- ]?kill|std::bad_alloc|killed signal terminated"
        r"|signal: killed|signal: 9, sigkill|\bkilled$|out of memory|virtual memory exhausted|resourceexhausted"
        r"|exited with (?:code|status) 137",
        "the step ran out of memory, and was killed", "take a larger CodeBuild compute type, or run fewer jobs at once",
        "it needs the same memory again", given=r"exit code: (?:137|134|1|2|101)\b|\b137\b|killed|memory|sigkill",
    ),
    FailureRule(
        "step-clock-wrong",
        FailurePhase.RUN_STEP, CONFIG, r"release file .{1,200}is\s+not\s+valid\s+yet|certificate is not yet valid",
        "the build host's clock is wrong", "synchronise the clock (chronyd, ntpd)", "the clock stays wrong",
    ),
    FailureRule(
        "step-host-restricted",
        FailurePhase.RUN_STEP, CONFIG, r"can't mask (?:dir|path)|error mounting|mount src=|failed to (?:fulfil|mount)"
        r"|apparmor|seccomp.{0,80}(?:fail|denied|not)|cgroup.{0,120}(?:no such file|not (?:found|supported)|invalid"
        r"|read-only|permission denied)"
        r"|selinux.{0,60}(?:denied|fail)",
        "the host's security set-up does not let the step start",
            "correct AppArmor, seccomp or cgroups of the build host, or run privileged",
        "a host does not change by itself",
    ),
    FailureRule(
        "step-proxy-failed",
        FailurePhase.RUN_STEP, CONFIG, r"proxyconnect tcp|proxy authentication required|could not resolve proxy"
        r"|response \d+ from proxy after connect|curl: \((?:5|97)\)",
        "the step's proxy refuses or is not there", "check the build arguments HTTP_PROXY, HTTPS_PROXY and NO_PROXY",
            "a proxy setting",
    ),
    FailureRule(
        "step-ipv6-unreachable",
        FailurePhase.RUN_STEP, CONFIG, r"cannot assign requested address",
        "{host} was asked over IPv6, which does not work here", "switch IPv6 off for the builder, or route it",
            "a route stays missing",
    ),
    _own(
        "step-tests-failed",
        r"^fail\s+\S+\.(?:test|spec)|^\s*● |--- fail: |^failed \S*tests?/|tests run: \d+, failures?: "
        r"|^test suites?: [1-9]\d* failed"
        r"|^\d+ failing\b|test result: failed|^e {3,}\w|^\s*✕ ",
        "the step's own tests failed", "tests that ran had fetched what they need; the network in them is theirs",
    ),
    FailureRule(
        "step-container-not-started",
        FailurePhase.RUN_STEP, PERMANENT,
        r"read init-p:|runc run failed|unable to start container process|oci runtime (?:create|exec) failed"
        r"|error during container init",
        "the step's container could not be started", _STEP, "its words may look like the network's; there is none yet",
    ),
)  # fmt: skip

# A misspelt name, unless the index itself could not be fetched: then it is the consequence of that.
MISSING: tuple[FailureRule, ...] = (
    _own(
        "step-package-missing",
        r"has no installation candidate|unable to locate package|no such package|unable to select packages"
        r"|could not find a version that satisfies|no matching distribution found"
        r"|no package .{1,80} available|unable to find a match|nothing provides|failed to resolve: "
        r"|e: couldn't find any package|required by: world|from versions: none|unsatisfiable constraints"
        r"|nu1101\b|no packages exist with this id",
        "the step wants a package that the index does not have: {package}",
        "a misspelt name, unless the index itself could not be fetched",
        "correct the package's name or version, for this release and this platform; the step is {step}",
        echo=True,
    ),
)

OWN_FAULT: tuple[FailureRule, ...] = (
    *MISSING,
    _own(
        "step-lockfile-outdated",
        r"lock ?file.{0,120}(?:out of date|not up to date|in sync|needs to be updated|would have been modified"
        r"|not compatible|incompatible|missing|broken|doesn't match)|err_pnpm_(?:outdated_)?lockfile|outdated_lockfile"
        r"|npm ci.{0,80}can only install|frozen[- ]lockfile|changed significantly since",
        "the lock file does not fit the manifest, or the tool's version", "the same files again",
        "make the lock file anew with the tool's version of the image, and commit it; the step is {step}",
    ),
    _own(
        "step-versions-conflict",
        r"requires a different python|resolutionimpossible|eresolve|could not resolve dependency|conflicting"
        r"|unmet dependencies|held broken packages|does not match|mismatch|do not match the hashes|eintegrity"
        r"|version solving failed|does not satisfy that requirement|go\.mod requires go|breaks: world",
        "the versions that the step wants do not fit together", "the same versions again",
        "change the versions, or the base image that brings one of them; the step is {step}",
    ),
    _own(
        "step-mirror-retired",
        r"(?:could not resolve host|curl#6).{0,80}mirrorlist\.centos|mirrorlist\.centos\.org.{0,120}(?:curl#6"
        r"|could not resolve)|valid baseurl for repo|no urls in mirrorlist|does not have a release file"
        r"|release file .{1,200} is expired",
        "the mirrors no longer serve this release of the distribution", "it has ended, and does not come back",
        "take a base image that is still supported, or its archive (vault.centos.org, archive.debian.org, "
        "old-releases.ubuntu.com)",
    ),
    _own(
        "step-signature-unknown",
        r"no_pubkey|at least one invalid signature|untrusted signature|bad signature",
        "the package index is not signed by a key that the image knows", "the key stays missing",
        "install the repository's key before the step, update the base image, or look for a full disk or a proxy",
    ),
    _own(
        "step-access-denied",
        r"curl: \(22\).{0,80}\b40[13]\b|error 40[13]: |\b40[13]:? (?:forbidden|unauthorized)|code e40[13]"
        r"|status code: 40[13]|\b40[13] \(|http/[\d.]+ 40[13]|could not read username|permission denied \(publickey"
        r"|authentication ?(?:exception|failed)|could not authenticate|host key verification failed|access denied\."
        r"|requested url returned error: 40[13]",
        "the server refused what the step wants to fetch", "it wants a login, or another one",
        "hand the credential over as a secret: docker build --secret id=NAME, RUN --mount=type=secret,id=NAME (or "
        "--ssh)",
    ),
    _own(
        "step-download-missing",
        r"curl: \(22\).{0,80}\b4(?!29)\d\d\b|error 40[0-9]: |\b40[04]:? not found|code e40[0-9]|404 client error"
        r"|status code: 40\d|repository .{1,200}not found|http/[\d.]+ 40\d|410 gone|notarget|fetch_404",
        "what the step wants to fetch is not there", "the server answered, and said no",
        "correct the address or the version in the step: {step}",
    ),
    FailureRule(
        "step-certificate-untrusted",
        FailurePhase.RUN_STEP, CONFIG, r"curl: \(60\)|ssl certificate problem|certificate[_ ]verify[_ ]failed"
        r"|self[-_ ]signed[-_ ]cert|unable_to_(?:get|verify)_\w+|x509: |server certificate verification failed"
        r"|pkix path building",
        "the certificate of {host} is not trusted inside the step",
            "give the proxy's CA to the image before the step, or use a proxy that does not intercept",
        "a CA does not appear by itself",
    ),
    _own(
        "step-python-externally-managed",
        r"externally-managed-environment",
        "the image's Python lets nobody install packages beside the distribution's own", "PEP 668",
        "install into a virtual environment (python -m venv), or take a python: base image",
    ),
    _own(
        "step-program-failed",
        r"^(?:.{0,20}: )?(?:assertionerror|syntaxerror|typeerror|modulenotfounderror|importerror|nameerror|keyerror"
        r"|valueerror|filenotfounderror|referenceerror)\b|^e {2,}|--- fail|^fail\b|^failed\b(?! (?:to|with)\b)"
        r"|failed tests?/"
        r"|tests? failed"
        r"|(?<!of )\b[1-9]\d* (?:tests? )?fail(?:ed|ing|ures?)\b|failures?: [1-9]|npm (?:err!|error) (?:test failed"
        r"|lifecycle|code elifecycle)|test suites?: [1-9]\d* failed|test failed|there were failing tests|● |✕"
        r"|\bpanicked at\b",
        "the step's own tests or program failed", "the same code fails again",
    ),
    _own(
        "step-command-missing",
        r"(?:\b(?:ba|da|a|z)?sh: (?:line )?(?:\d+: )?|exec: \\?\"?|^(?!unknown: "
        r"|\S+:\d))(?P<command>[\w.+/-]+)\\?\"?: (?:(?:command )?"
        r"not found\b|executable file not found"
        r"|cannot execute: required file not found)|executable not found",
        "the image does not have the command {command}", "it stays missing",
        "install it in a step before, or take a base image that has it; the step is {step}",
    ),
    _own(
        "step-compile-failed",
        r"error ts\d+|error cs\d+|^error\[e\d+\]|undefined reference|fatal error: .{1,200}(?:no such file|killed)?"
        r"|compilation (?:error|failed|terminated)|cannot find (?:module|symbol|package|-l)|could not compile"
        r"|failed to compile|: error: |\.go:\d+:\d+: |failed to build gem native|failed building wheel"
        r"|internal compiler error",
        "the step's code does not compile", "the same code again",
        "correct the code, or install what it is built with (headers, compilers); the step is {step}",
    ),
    _own(
        "step-command-failed",
        r"(?<!caused by): error[: ]|command not found|not found in \$path"
        r"|no such file or directory|permission denied|eacces|unknown (?:option|command|flag)|invalid option"
        r"|no rule to make target|dpkg: error|is not recognized",
        "the step's own command failed", "the same command fails again",
    ),
    _own(
        "step-tool-failed",
        r"^make(?:\[\d+\])?: \*\*\* |is not signed|ninja: build stopped|build fail(?:ure|ed)|metadata-generation-failed"
        r"|subprocess-exited-with-error|error: command .{1,200}failed|returned error exit status",
        "the step's own command failed", "a tool that repeats that another one failed", echo=True,
    ),
)  # fmt: skip

UNEXPLAINED = _own(
    "step-failed",
    r"did not complete successfully|executor failed running|returned a non-zero code|did not terminate success?fully"
    r"|exit (?:code|status):? [1-9]\d*|\berror\b|\bfail",
    "the step {step} failed", "nothing in its output speaks of the network",
)  # fmt: skip

# A step that runs tests and fetches nothing: network words in its output are the tests' own.
TESTS = (
    r"\b(?:pytest|tox|nox|jest|vitest|mocha|rspec|phpunit|ctest|unittest|(?:npm|yarn|pnpm|go|cargo|make|mvnw?"
    r"|gradlew?|dotnet|bundle exec) (?:run |-\S+ )*(?:test|check|verify|e2e)\b)"
)
FETCHES = (
    r"\b(?:install|ci|add|update|upgrade|curl|wget|git|clone|fetch|download|restore|sync|get|apt|apk|dnf|yum"
    r"|pip|poetry|uv)\b"
)
